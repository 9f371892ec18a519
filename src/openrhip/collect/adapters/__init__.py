"""Implementations of the ports of collection, named in settings."""
