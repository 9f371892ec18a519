"""Stores of the ledger: SQLite in a home folder, or PostgreSQL."""
