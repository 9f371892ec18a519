"""Received files, kept as they came and sealed (原始文件): zstd, then SM4-GCM in frames.

Each batch has a key of its own, wrapped by the directory's key ring; each file of it is sealed
under a key derived from that one. They lie in `<home>/collect/originals/<month>/`.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from openrhip.agent.manifest import BatchFile
from openrhip.collect.service import doors
from openrhip.directory import service as directory
from openrhip.formats.gm import frames, sm3
from openrhip.kernel.errors import NotFound, NotVerified
from openrhip.kernel.files import CHUNK, make_folder, sync_folder


class _Tap:
    """A file for pyarrow to write to: what came since the last look can be taken out."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> int:
        self.parts.append(bytes(data))
        return len(data)

    def take(self) -> list[bytes]:
        taken, self.parts = self.parts, []
        return taken

    def flush(self) -> None: ...

    def close(self) -> None:
        self.closed = True


class _Source:
    """A file for pyarrow to read from: the pieces of an iterator."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._rest) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._rest += piece
        size = len(self._rest) if size < 0 else size
        answer, self._rest = self._rest[:size], self._rest[size:]
        return answer

    def close(self) -> None:
        self.closed = True


def wrap(key: bytes, batch_id: str) -> bytes:
    """A batch's key, sealed under the newest key of the directory's ring."""
    return directory.key_ring().seal(key, aad=_context(batch_id))


def unwrap(wrapped: bytes | memoryview, batch_id: str) -> bytes:
    """Raises NotVerified."""
    return directory.key_ring().open(bytes(wrapped), aad=_context(batch_id))


def keep(
    source: BinaryIO, file: BatchFile, *, number: int, key: bytes, batch_id: str, at: datetime
) -> Path:
    """Seal one file; its bytes are durable on return, its name once `settle` was called.

    Raises NotVerified where size or digest are not those of the manifest.
    """
    target = path_of(batch_id, number, at)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as out:
            plain = _packed(_checked(source, file))
            own, context = _own_key(key, number), _context(batch_id)
            for piece in frames.encrypt(plain, key=own, context=context):
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(target)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    return target


def settle(at: datetime) -> None:
    """The names of what was kept are durable, too."""
    sync_folder(_folder(at))


def forget(batch_id: str, count: int, at: datetime) -> None:
    """Take away what was kept of a batch that is not to be."""
    for number in range(count):
        with suppress(FileNotFoundError):
            path_of(batch_id, number, at).unlink()


def open_original(
    batch_id: str, number: int, *, wrapped: bytes | memoryview, at: datetime
) -> Iterator[bytes]:
    """The bytes of a file as they came. Raises NotFound, NotVerified."""
    import pyarrow as pa  # noqa: PLC0415 - only who opens one pays for it

    key = _own_key(unwrap(wrapped, batch_id), number)
    path = path_of(batch_id, number, at)
    if not path.exists():
        raise NotFound("the original is no longer kept", where=f"{batch_id}/{number}")
    pieces = frames.decrypt(_chunks(path), key=key, context=_context(batch_id))
    source = pa.PythonFile(cast("Any", _Source(pieces)), "r")
    with pa.CompressedInputStream(source, "zstd") as stream:
        while part := stream.read(CHUNK * 4):
            yield part


def path_of(batch_id: str, number: int, at: datetime) -> Path:
    """Where a file of a batch that came at this instant lies. at: of its receipt."""
    return _folder(at) / f"{batch_id}-{number}.sealed"


def _folder(at: datetime) -> Path:
    path = doors.folder("originals") / f"{at:%Y-%m}"
    make_folder(path)
    return path


def _context(batch_id: str) -> bytes:
    return f"collect-original|{batch_id}".encode()


def _own_key(key: bytes, number: int) -> bytes:
    return sm3.hmac(key, f"file {number}".encode())[:16]


def _checked(source: BinaryIO, file: BatchFile) -> Iterator[bytes]:
    """What is read, which must turn out to be what the manifest says."""
    digest, size = hashlib.new("sm3"), 0
    while part := source.read(CHUNK * 4):
        size += len(part)
        if size > file.size:
            break
        digest.update(part)
        yield part
    if size != file.size or digest.hexdigest() != file.sm3:
        raise NotVerified(
            "the file is not the one that was signed: size or digest differ",
            where=f"files/{file.name}",
            remedy="sign what is sent, and send it again",
        )


def _packed(parts: Iterable[bytes]) -> Iterator[bytes]:
    import pyarrow as pa  # noqa: PLC0415 - only who seals pays for it

    tap = _Tap()
    with pa.CompressedOutputStream(pa.PythonFile(cast("Any", tap), "w"), "zstd") as out:
        for part in parts:
            out.write(part)
            yield from tap.take()
    yield from tap.take()


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(CHUNK * 4):
            yield part
