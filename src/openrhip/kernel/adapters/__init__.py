"""Implementations of kernel ports for outside engines."""
