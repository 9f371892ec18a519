"""What records need from outside: a keeper of the keys that encrypt document keys.

The embedded default keeps them in files; an HSM (PKCS#11, GM/T 0018) takes over behind the same
two verbs, since a document key enters and leaves only wrapped.
"""

from __future__ import annotations

import secrets
from typing import Protocol

from openrhip.formats.gm import sm4
from openrhip.kernel.errors import NotFound


class KeyKeeper(Protocol):
    """Wraps and unwraps document keys (DEK) under a key-encryption key (KEK) it never gives out."""

    def wrap(self, key: bytes, *, context: bytes) -> tuple[str, bytes]:
        """The id of the KEK and the wrapped key, bound to the context."""
        ...

    def unwrap(self, key_id: str, wrapped: bytes, *, context: bytes) -> bytes:
        """The key. Raises NotFound for an unknown KEK, NotVerified for another context."""
        ...


class MemoryKeeper:
    """A keeper for tests: its KEK ends with the process."""

    def __init__(self) -> None:
        self._kek = secrets.token_bytes(16)

    def wrap(self, key: bytes, *, context: bytes) -> tuple[str, bytes]:
        return "memory", seal_key(self._kek, key, context)

    def unwrap(self, key_id: str, wrapped: bytes, *, context: bytes) -> bytes:
        if key_id != "memory":
            raise NotFound("no such key-encryption key", where=key_id)
        return open_key(self._kek, wrapped, context)


def seal_key(kek: bytes, key: bytes, context: bytes) -> bytes:
    """nonce 12 || SM4-GCM(kek, key), authenticated with the context."""
    nonce = secrets.token_bytes(12)
    return nonce + sm4.gcm_encrypt(kek, nonce, key, b"openrhip-dek|" + context)


def open_key(kek: bytes, wrapped: bytes, context: bytes) -> bytes:
    """The inverse. Raises NotVerified."""
    return sm4.gcm_decrypt(kek, wrapped[:12], wrapped[12:], b"openrhip-dek|" + context)
