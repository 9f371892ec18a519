"""Chunks between the first and the second look (暂存): in memory as long as it lasts, then on disk.

Whether a key comes twice is known only when the last row was read; what is read waits here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from openrhip.collect.engine.chunks import Chunk
from openrhip.kernel.errors import Misconfigured

_UNITS = {
    "": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KIB": 1 << 10,
    "MIB": 1 << 20,
    "GIB": 1 << 30,
}


def bytes_of(memory: str) -> int:
    """A bound such as 1GB in bytes. Raises Misconfigured."""
    found = re.fullmatch(r"([0-9]{1,6}) ?([KMG]I?B)?", memory.strip().upper())
    if not found:
        raise Misconfigured(f"no amount of memory: {memory[:20]!r}", remedy="such as 1GB")
    return int(found[1]) * _UNITS[found[2] or ""]


class Held:
    """Chunks in their order. Beyond the budget their rows wait in files of `folder`."""

    def __init__(self, folder: Path, budget: int) -> None:
        self.chunks: list[Chunk] = []
        self.sizes: list[int] = []  # rows of each chunk's table
        self._folder, self._left = folder, budget
        self._files: dict[int, Path] = {}

    def add(self, chunk: Chunk) -> None:
        size = chunk.raw.nbytes
        self.sizes.append(chunk.raw.num_rows)
        if size > self._left and self.chunks:
            path = self._folder / f".held-{len(self.chunks)}.arrow"
            with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, chunk.raw.schema) as out:
                out.write_table(chunk.raw)
            self._files[len(self.chunks)] = path
            chunk.raw = chunk.raw.schema.empty_table()
        else:
            self._left -= size
        self.chunks.append(chunk)

    def rows(self, at: int) -> pa.Table:
        """The rows of a chunk."""
        path = self._files.get(at)
        if path is None:
            return self.chunks[at].raw
        with pa.OSFile(str(path), "rb") as source:
            return pa.ipc.open_file(source).read_all()

    def __iter__(self) -> Iterator[Chunk]:
        """Every chunk with its rows, once: they are let go of."""
        for at, chunk in enumerate(self.chunks):
            rows = self.rows(at)
            self._drop(at)
            yield Chunk(rows, chunk.shapes, chunk.first, chunk.own)
            del rows

    def _drop(self, at: int) -> None:
        path = self._files.pop(at, None)
        if path is not None:
            path.unlink()
        self.chunks[at].raw = self.chunks[at].raw.schema.empty_table()

    def close(self) -> None:
        """Removes what was left on disk."""
        for at in list(self._files):
            self._drop(at)
