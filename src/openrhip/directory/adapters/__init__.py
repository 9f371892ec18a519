"""Implementations of the directory's ports; named in settings, never imported by the service."""
