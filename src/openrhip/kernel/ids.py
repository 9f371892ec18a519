"""Opaque identifiers (不透明标识): they say nothing about what, who or when."""

from __future__ import annotations

import re
import secrets

_ID = re.compile(r"[0-9a-f]{32}")


def new_id() -> str:
    """128 random bits as 32 lower-case hex digits."""
    return secrets.token_hex(16)


def is_id(text: str) -> bool:
    """Whether the text has the shape of an id made here."""
    return bool(_ID.fullmatch(text))
