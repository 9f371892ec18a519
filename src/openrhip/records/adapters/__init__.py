"""Implementations of the ports of records, named in settings."""
