"""The store of a ledger (账本存储) as the sequencer needs it; `MemoryStore` for tests.

One process writes. `commit` is the only write: all of a group or nothing, durable when it returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from openrhip.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class Group:
    """What one commit writes.

    first: index of the first entry; entries: their bytes; tiles: (level, index, 8,192 bytes) that
    became full; requests: (idempotency key, first, count); size and note: the signed checkpoint.
    """

    first: int
    entries: Sequence[bytes]
    tiles: Sequence[tuple[int, int, bytes]]
    requests: Sequence[tuple[str, int, int]]
    size: int
    note: str


class Store(Protocol):
    """A place that keeps entries, full tiles, request keys and signed checkpoints for good."""

    def open(self, *, write: bool) -> None:
        """Connect; a writer excludes every other writer. Raises Conflict, Unavailable."""

    def close(self) -> None: ...

    def latest(self) -> tuple[int, str] | None:
        """Size and note of the newest checkpoint; None in a log that was never started."""

    def checkpoint(self, size: int) -> str | None:
        """The note signed at this size, if one was."""

    def checkpoints(self, after: int, most: int) -> Sequence[tuple[int, str]]:
        """Notes of sizes above `after`, rising."""

    def entries(self, first: int, count: int) -> list[bytes]:
        """Entries in order; fewer at the end of the log."""

    def tile(self, level: int, index: int) -> bytes:
        """A full tile. Raises NotFound."""

    def requests(self, keys: Iterable[str]) -> dict[str, tuple[int, int]]:
        """First index and count of the requests that are known."""

    def commit(self, group: Group) -> None:
        """Write the group. Raises Unavailable, and then it is unknown whether it was written."""


class MemoryStore:
    """Keeps everything in this process: for tests and for `MemoryLedger`."""

    def __init__(self) -> None:
        self._entries: list[bytes] = []
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._requests: dict[str, tuple[int, int]] = {}
        self._notes: dict[int, str] = {}

    def open(self, *, write: bool) -> None:
        del write

    def close(self) -> None:
        pass

    def latest(self) -> tuple[int, str] | None:
        size = max(self._notes, default=None)
        return None if size is None else (size, self._notes[size])

    def checkpoint(self, size: int) -> str | None:
        return self._notes.get(size)

    def checkpoints(self, after: int, most: int) -> Sequence[tuple[int, str]]:
        return sorted((s, n) for s, n in self._notes.items() if s > after)[:most]

    def entries(self, first: int, count: int) -> list[bytes]:
        return self._entries[first : first + count]

    def tile(self, level: int, index: int) -> bytes:
        try:
            return self._tiles[level, index]
        except KeyError as error:
            raise NotFound(f"there is no full tile {index} at level {level}") from error

    def requests(self, keys: Iterable[str]) -> dict[str, tuple[int, int]]:
        return {key: self._requests[key] for key in keys if key in self._requests}

    def commit(self, group: Group) -> None:
        self._entries[group.first :] = group.entries
        self._tiles.update({(level, index): data for level, index, data in group.tiles})
        self._requests.update({key: (first, count) for key, first, count in group.requests})
        self._notes[group.size] = group.note
