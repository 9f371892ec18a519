"""SM3 digest (GB/T 32905-2016, GM/T 0004) and HMAC over it, from the kept OpenSSL of `hashlib`."""

from __future__ import annotations

import hashlib
import hmac as _hmac
from typing import TYPE_CHECKING

from openrhip.kernel.errors import Misconfigured

if TYPE_CHECKING:
    from hashlib import _Hash

SIZE = 32


def new(data: bytes = b"") -> _Hash:
    """A running digest with update(), digest(), hexdigest(). Raises Misconfigured without SM3."""
    try:
        return hashlib.new("sm3", data)
    except ValueError as error:
        raise Misconfigured(
            "this Python's OpenSSL offers no SM3",
            remedy="use a Python that is linked with OpenSSL 1.1.1 or later, SM3 enabled",
        ) from error


def digest(data: bytes) -> bytes:
    """The 32-byte digest."""
    return new(data).digest()


def hexdigest(data: bytes) -> str:
    """The digest as 64 lower-case hex digits."""
    return new(data).hexdigest()


def hmac(key: bytes, data: bytes) -> bytes:
    """HMAC-SM3 (GB/T 15852.2, RFC 2104), 32 bytes."""
    return _hmac.digest(key, data, "sm3")
