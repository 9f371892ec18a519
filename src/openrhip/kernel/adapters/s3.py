"""Content-addressed files in an S3-compatible store (extra `openrhip[s3]`), through obstore."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import NotFoundError

from openrhip.kernel.errors import NotFound, NotVerified, TooLarge
from openrhip.kernel.files import CHUNK, Stored, check_key

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_IN_MEMORY = 8 << 20


class S3Files:
    """The FileStore port over any obstore store: S3, and for tests its in-memory one."""

    def __init__(self, store: ObjectStore, *, prefix: str = "") -> None:
        self.store: Any = store
        self.prefix = prefix

    def put(self, content: bytes | Iterable[bytes], *, limit: int | None = None) -> Stored:
        """Hash first (to a spooled file), upload under the digest; the store acknowledges."""
        parts = (content,) if isinstance(content, bytes) else content
        digest = hashlib.new("sm3")
        size = 0
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
            for part in parts:
                size += len(part)
                if limit is not None and size > limit:
                    raise TooLarge(f"more than {limit} bytes")
                digest.update(part)
                spool.write(part)
            key = digest.hexdigest()
            if not self.has(key):
                spool.seek(0)
                obstore.put(self.store, self._name(key), iter(lambda: spool.read(CHUNK), b""))
        return Stored(key, size)

    def read(self, key: str) -> bytes:
        data = b"".join(self.chunks(key))
        if hashlib.new("sm3", data).hexdigest() != key:
            raise NotVerified("the stored bytes no longer match their digest", where=key)
        return data

    def chunks(self, key: str) -> Iterator[bytes]:
        try:
            answer = obstore.get(self.store, self._name(key))
            for part in answer.stream(min_chunk_size=CHUNK):
                yield bytes(part)
        except (NotFoundError, FileNotFoundError) as error:
            raise NotFound("no such file in the store", where=key) from error

    def has(self, key: str) -> bool:
        try:
            obstore.head(self.store, self._name(key))
        except (NotFoundError, FileNotFoundError):
            return False
        return True

    def delete(self, key: str) -> None:
        if self.has(key):
            obstore.delete(self.store, self._name(key))

    def _name(self, key: str) -> str:
        return f"{self.prefix}{check_key(key)[:2]}/{key[2:4]}/{key}"
