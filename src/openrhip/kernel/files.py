"""Durable content-addressed files (内容寻址文件库): the key of a file is the SM3 of its bytes.

`LocalFiles` is the embedded default; `adapters.s3.S3Files` serves any S3-compatible store through
the same port. When `put` returns, the bytes survive a power cut: the file is fsynced before the
rename and its folder after it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from openrhip.kernel.errors import Malformed, NotFound, NotVerified, TooLarge

CHUNK = 1 << 18
_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Stored:
    """key: 64 hex digits, the SM3 of the content; size in bytes."""

    key: str
    size: int


class FileStore(Protocol):
    """A store of immutable files under the digest of their content."""

    def put(self, content: bytes | Iterable[bytes], *, limit: int | None = None) -> Stored: ...
    def read(self, key: str) -> bytes: ...
    def chunks(self, key: str) -> Iterator[bytes]: ...
    def has(self, key: str) -> bool: ...
    def delete(self, key: str) -> None: ...


class LocalFiles:
    """Files below a folder: ab/cd/abcd…, written once, never changed."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, content: bytes | Iterable[bytes], *, limit: int | None = None) -> Stored:
        """Store and make durable. Raises TooLarge past `limit` bytes and then leaves nothing."""
        make_folder(self.root)
        parts = (content,) if isinstance(content, bytes) else content
        digest = hashlib.new("sm3")
        size = 0
        handle, name = tempfile.mkstemp(dir=self.root, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as file:
                for part in parts:
                    size += len(part)
                    if limit is not None and size > limit:
                        raise TooLarge(f"more than {limit} bytes")
                    digest.update(part)
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            key = digest.hexdigest()
            target = self._path(key)
            make_folder(target.parent)
            Path(name).replace(target)
            sync_folder(target.parent)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(name).unlink()
            raise
        return Stored(key, size)

    def read(self, key: str) -> bytes:
        """The whole content. Raises NotFound, or NotVerified if the disk changed it."""
        try:
            data = self._path(key).read_bytes()
        except FileNotFoundError as error:
            raise NotFound("no such file in the store", where=key) from error
        if hashlib.new("sm3", data).hexdigest() != key:
            raise NotVerified("the stored bytes no longer match their digest", where=key)
        return data

    def chunks(self, key: str) -> Iterator[bytes]:
        """The content in parts, unchecked: for large files whose reader checks them."""
        try:
            file = self._path(key).open("rb")
        except FileNotFoundError as error:
            raise NotFound("no such file in the store", where=key) from error
        with file:
            while part := file.read(CHUNK):
                yield part

    def has(self, key: str) -> bool:
        return self._path(key).exists()

    def delete(self, key: str) -> None:
        """Forget a file; nothing happens if it is not there."""
        path = self._path(key)
        with suppress(FileNotFoundError):
            path.unlink()
            sync_folder(path.parent)

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)[:2] / key[2:4] / key


def check_key(key: str) -> str:
    """The key itself if it is one; else Malformed. No path can be smuggled in through a key."""
    if not _KEY.fullmatch(key):
        raise Malformed("a file key is 64 hex digits")
    return key


def write_durably(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replace a file at once and for good: a power cut leaves the old or the new, never less."""
    make_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    sync_folder(path.parent)


def create_durably(path: Path, data: bytes, *, mode: int = 0o600) -> bool:
    """Write a new file at once and for good; False, and nothing changed, if there is one already.

    Of several processes that create the same file one wins and the others read what it wrote.
    """
    make_folder(path.parent)
    # A lock and not a hard link: not every file system has those.
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    with os.fdopen(os.open(path.parent / f".{path.name}.lock", flags, 0o600), "rb+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            write_durably(path, data, mode=mode)
            return True
    # What the winner wrote is used from now on: it must not vanish in a power cut.
    sync_folder(path.parent)
    return False


def make_folder(path: Path) -> None:
    """Create a folder and its parents so that they survive a power cut."""
    missing: list[Path] = []
    at = path
    while not at.is_dir():
        missing.append(at)
        at = at.parent
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(path: Path) -> None:
    """fsync a folder: the names in it become durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
