"""Keys derived from the home folder's secret: sealing (SM4-GCM) and keyed digests (HMAC-SM3)."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from django.conf import settings

from openrhip.formats.gm import sm4
from openrhip.kernel.errors import NotVerified

_NONCE = 12


def _key(purpose: str) -> bytes:
    secret = str(settings.SECRET_KEY).encode()
    return hmac.new(secret, f"openrhip accounts {purpose}".encode(), "sm3").digest()


def digest(purpose: str, *parts: str) -> str:
    """64 hex digits that say nothing without the key; parts cannot run into each other."""
    message = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    return hmac.new(_key(purpose), message, "sm3").hexdigest()


def same(one: str, other: str) -> bool:
    """Comparison in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


def seal(text: str, *, purpose: str, owner: str) -> bytes:
    """Encrypt a secret at rest, bound to its owner."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + sm4.gcm_encrypt(_key(purpose)[:16], nonce, text.encode(), owner.encode())


def unseal(data: bytes, *, purpose: str, owner: str) -> str:
    """Raises NotVerified if the bytes were changed or belong to another."""
    if len(data) <= _NONCE:
        raise NotVerified("a sealed secret is too short")
    nonce, body = data[:_NONCE], data[_NONCE:]
    return sm4.gcm_decrypt(_key(purpose)[:16], nonce, body, owner.encode()).decode()


assert "sm3" in hashlib.algorithms_available, "OpenSSL without SM3"  # noqa: S101 - told at start
