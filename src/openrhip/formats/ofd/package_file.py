"""A file that is read in pieces (按需读取): what is not asked for takes no memory.

A memory map would count towards it page by page, and a file cut short meanwhile would end the
process; here a short read is a part that is damaged.
"""

from __future__ import annotations

import os
from pathlib import Path

from openrhip.kernel.errors import Malformed, NotFound

_PIECE = 1 << 20
_SMALL, _BLOCK = 512, 8192


class OnDisk:
    """The bytes of a file as far as containers need them: length, slices, search from the end."""

    __slots__ = ("_block", "_size", "descriptor")

    def __init__(self, path: Path) -> None:
        self.descriptor = -1
        self._block = (0, b"")
        try:
            self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            found = os.fstat(self.descriptor)
        except FileNotFoundError as error:
            raise NotFound("no such file", where=str(path)) from error
        except OSError as error:
            raise Malformed("the file cannot be read", where=str(path)) from error
        if found.st_mode & 0o170000 != 0o100000:
            raise Malformed("not a file", where=str(path))
        self._size = found.st_size

    def __del__(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, wanted: slice) -> bytes:
        start, stop, _ = wanted.indices(self._size)
        if stop - start <= _SMALL:
            return self._small(start, stop)
        pieces: list[bytes] = []
        while start < stop:
            piece = os.pread(self.descriptor, min(stop - start, _PIECE), start)
            if not piece:
                break
            pieces.append(piece)
            start += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _small(self, start: int, stop: int) -> bytes:
        """Headers stand close to each other in many files: the next may be here already."""
        begin, block = self._block
        if not begin <= start <= stop <= begin + len(block):
            begin, block = start, os.pread(self.descriptor, _BLOCK, start)
            self._block = begin, block
        return block[start - begin : stop - begin]

    def __bytes__(self) -> bytes:
        return self[0 : self._size]

    def rfind(self, mark: bytes, start: int = 0) -> int:
        """Where the mark stands last, from `start` on; -1 if nowhere."""
        found = self[start : self._size].rfind(mark)
        return found + start if found >= 0 else -1


def window(data: bytes, start: int, end: int) -> bytes | memoryview:
    """A stretch of the bytes, without a copy where there need be none."""
    return memoryview(data)[start:end] if isinstance(data, bytes) else data[start:end]
