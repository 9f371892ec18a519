"""The full audit (重放审计): everything that the store says, derived again from the entries alone.

Every entry is read, checked and hashed; every full tile is compared; at the size of every stored
checkpoint the root is computed and the signature verified. It reads beside a running ledger.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from openrhip.formats.gm.findings import Finding
from openrhip.kernel.errors import Malformed, NotFound, Problem
from openrhip.ledger.ports import Store
from openrhip.ledger.rules.checkpoints import Checkpoint
from openrhip.ledger.rules.encoding import to_base64
from openrhip.ledger.rules.entries import check_leaf
from openrhip.ledger.rules.merkle import Tree
from openrhip.ledger.rules.notes import LogKey, open_note
from openrhip.ledger.rules.tiles import Frontier, Tile

_STEP = 2_048
_MOST_FINDINGS = 50
_TEXTS = {
    "entries": ("条目齐全、格式规范", "the entries are complete and canonical"),
    "tiles": ("瓦片与条目一致", "the tiles follow from the entries"),
    "checkpoint-signature": ("检查点由账本签名", "the checkpoints are signed by the log"),
    "checkpoint-root": ("检查点与条目一致", "the checkpoints follow from the entries"),
    "not-behind": ("账本没有回退", "the log has not gone back"),
}


@dataclass(frozen=True, slots=True)
class Audit:
    """What was read and found. root: of the whole log in base64; seconds: how long it took."""

    size: int
    root: str
    tiles: int
    checkpoints: int
    seconds: float
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return all(finding.ok for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "size": self.size,
            "root": self.root,
            "tiles": self.tiles,
            "checkpoints": self.checkpoints,
            "seconds": round(self.seconds, 3),
            "entries_per_second": round(self.size / self.seconds) if self.seconds else 0,
            "findings": [finding.as_dict() for finding in self.findings],
        }


def audit(
    store: Store,
    key: LogKey,
    *,
    last: Checkpoint | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Audit:
    """Replay the log of an open store. Raises NotFound for a log that was never started.

    last: a checkpoint seen elsewhere, which the log must still contain; progress: done, of.
    """
    latest = store.latest()
    if latest is None:
        raise NotFound("the store holds no log")
    return _Replay(store, key, latest[0], last).run(progress or _quiet)


def _quiet(done: int, of: int) -> None:
    del done, of


def _no_tile(level: int, index: int) -> Tile:
    # The root at the right edge needs open tiles only.
    raise NotFound(f"tile {index} at level {level} is not at hand")


class _Replay:
    def __init__(self, store: Store, key: LogKey, size: int, last: Checkpoint | None) -> None:
        self.store, self.key, self.size, self.last = store, key, size, last
        self.frontier = Frontier(key.profile)
        self.problems: list[tuple[str, Problem, str]] = []
        self.tiles = self.checkpoints = 0

    def run(self, progress: Callable[[int, int], None]) -> Audit:
        begin = time.perf_counter()
        for size, note in self._notes():
            self._advance(size, progress)
            if self.frontier.size < size:
                break
            self._check(size, note)
        if self.last is not None and self.last.size > self.size:
            self._found("not-behind", Malformed("a newer checkpoint was signed"), "last.note")
        root = to_base64(self._root()) if self.frontier.size == self.size else ""
        seconds = time.perf_counter() - begin
        return Audit(
            self.frontier.size, root, self.tiles, self.checkpoints, seconds, self._findings()
        )

    def _notes(self) -> Iterator[tuple[int, str]]:
        after = -1
        while page := self.store.checkpoints(after, _STEP):
            for size, note in page:
                if size > self.size:
                    return
                if self.last is not None and after < self.last.size < size:
                    yield self.last.size, ""
                yield size, note
                after = size

    def _advance(self, size: int, progress: Callable[[int, int], None]) -> None:
        """Take in the entries up to `size`, and compare the tiles that become full."""
        while (at := self.frontier.size) < size:
            entries = self.store.entries(at, min(_STEP, size - at))
            if not entries:
                self._found("entries", NotFound("an entry is missing"), f"entry {at}")
                return
            for index, entry in enumerate(entries, at):
                self._take(partial(check_leaf, entry), "entries", f"entry {index}")
            hashes = self.key.profile.leaf_hashes(entries)
            for level, index, tile in self.frontier.add(hashes).full:
                self._compare(level, index, tile)
            progress(self.frontier.size, self.size)

    def _compare(self, level: int, index: int, tile: Tile) -> None:
        self.tiles += 1
        place = f"tile {level}/{index}"
        stored = self._take(lambda: self.store.tile(level, index), "tiles", place)
        if stored is not None and stored != tile.data():
            self._found("tiles", Malformed("the tile holds other hashes"), place)

    def _check(self, size: int, note: str) -> None:
        if not note and self.last is not None:
            if self._root() != self.last.root:
                self._found("not-behind", Malformed("the log was rewritten"), f"size {size}")
            return
        self.checkpoints += 1
        place = f"checkpoint {size}"
        text = self._take(lambda: open_note(note, [self.key]), "checkpoint-signature", place)
        if text is None:
            return
        point = self._take(lambda: Checkpoint.parse(text), "checkpoint-signature", place)
        if point is None:
            return
        if (point.origin, point.size, point.root) != (self.key.name, size, self._root()):
            self._found("checkpoint-root", Malformed("the checkpoint shows another log"), place)

    def _root(self) -> bytes:
        def node(height: int, index: int) -> bytes:
            return self.frontier.node(height, index, _no_tile)

        return Tree(self.key.profile, self.frontier.size, node).root()

    def _take(self, deed: Callable[[], Any], code: str, place: str) -> Any:
        try:
            return deed()
        except Problem as problem:
            self._found(code, problem, place)
            return None

    def _found(self, code: str, problem: Problem, place: str) -> None:
        if len(self.problems) < _MOST_FINDINGS:
            self.problems.append((code, problem, place))

    def _findings(self) -> tuple[Finding, ...]:
        bad = {code for code, _, _ in self.problems}
        good = [Finding(code, True, *texts) for code, texts in _TEXTS.items() if code not in bad]
        return (
            *good,
            *(
                Finding(
                    code,
                    False,
                    f"不成立:{_TEXTS[code][0]}",
                    f"does not hold: {_TEXTS[code][1]} ({problem.what})",
                    place,
                )
                for code, problem, place in self.problems
            ),
        )
