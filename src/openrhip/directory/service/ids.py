"""Ids and codes from outside, checked before they reach a query."""

from __future__ import annotations

import re

from openrhip.kernel import ids
from openrhip.kernel.errors import NotFound

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def checked(text: str, what: str) -> str:
    """An id of the platform; what has another form is nobody's id. Raises NotFound."""
    if not ids.is_id(text):
        raise NotFound(f"no such {what}")
    return text


def checked_code(text: str, what: str) -> str:
    """A code of an institution or member of staff. Raises NotFound."""
    if not CODE.fullmatch(text):
        raise NotFound(f"no {what} of this code")
    return text
