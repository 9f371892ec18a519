"""Base64 (RFC 4648 section 4), strictly: one value has one text: no byte may change unseen."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error
from functools import lru_cache

from openrhip.kernel.errors import Malformed


def to_base64(data: bytes) -> str:
    """Standard alphabet with padding."""
    return b64encode(data).decode("ascii")


@lru_cache(maxsize=1 << 13)
def hash_text(hash_: bytes) -> str:
    """`to_base64` for the hashes of paths: those high in the tree stand in every receipt."""
    return to_base64(hash_)


def from_base64(text: str, *, where: str = "") -> bytes:
    """The inverse; other alphabets, spaces and stray bits behind the last byte are Malformed."""
    try:
        data = b64decode(text, validate=True)
    except (Error, ValueError) as error:
        raise Malformed("not base64", where=where) from error
    if to_base64(data) != text:
        raise Malformed("not canonical base64", where=where)
    return data
