"""Answers of signature checks, remembered by the digests of both sides.

A chain is checked for every document, its certificates hardly change: each pair is verified once.
Only digests are kept, so what a hostile file carries is not held in memory.
"""

from __future__ import annotations

from collections.abc import Callable

MOST = 16_384


class Verdicts:
    """A bounded memory of booleans. Threads may share it: at worst an answer is found twice."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], bool] = {}

    def ask(self, what: str, by: str, check: Callable[[], bool]) -> bool:
        """The answer for this pair of digests, found by `check` the first time."""
        answer = self._known.get((what, by))
        if answer is None:
            answer = check()
            if len(self._known) >= MOST:
                self._known = {}
            self._known[what, by] = answer
        return answer
