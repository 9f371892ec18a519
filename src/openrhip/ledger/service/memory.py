"""A whole ledger in this process (内存账本) for tests: same rules and receipts, not durable."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from openrhip.kernel.errors import Problem, Unavailable
from openrhip.ledger.log import Head, Log, Request
from openrhip.ledger.ports import MemoryStore
from openrhip.ledger.rules import (
    Entry,
    InclusionProof,
    LogKey,
    NoteSigner,
    Profile,
    Receipt,
)
from openrhip.ledger.rules.hashing import GM


class MemoryLedger:
    """entries: what was appended, for assertions; fail: a Problem that every append raises."""

    def __init__(self, *, origin: str = "ledger.test/memory", profile: Profile = GM) -> None:
        self._log = Log(MemoryStore(), NoteSigner.generate(origin, profile))
        self._log.open()
        self._lock = threading.Lock()
        self.fail: Problem | None = None

    @property
    def entries(self) -> list[Entry]:
        size = self._head().checkpoint.size
        return [Entry.parse(leaf) for leaf in self._log.store.entries(0, size)]

    def append(self, entry: Entry, *, key: str = "") -> Receipt:
        return self.append_many([entry], key=key)[0]

    def append_many(self, entries: Sequence[Entry], *, key: str = "") -> list[Receipt]:
        if self.fail is not None:
            raise self.fail
        if not entries:
            return []
        leaves = tuple(entry.leaf for entry in entries)
        with self._lock:
            [place] = self._log.append([Request(leaves, key)])
            if isinstance(place, Problem):
                raise place
            head = self._head()
            return [head.receipt(place.first + i, leaf) for i, leaf in enumerate(leaves)]

    def receipt(self, index: int) -> Receipt:
        with self._lock:
            return self._head().receipt(index, self._log.reader.entry(index))

    def prove(self, index: int, *, size: int | None = None) -> InclusionProof:
        with self._lock:
            size = self._head().checkpoint.size if size is None else size
            return self._log.reader.prove(index, size)

    def entry(self, index: int) -> Entry:
        return Entry.parse(self._log.reader.entry(index))

    def checkpoint(self) -> str:
        return self._head().note

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        with self._lock:
            return tuple(self._log.reader.tree(new).consistency(old)) if old else ()

    def key(self) -> LogKey:
        return self._log.signer.key

    def _head(self) -> Head:
        if self._log.head is None:
            raise Unavailable("the log is not open")
        return self._log.head
