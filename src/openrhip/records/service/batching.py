"""Group commit inside a process (成组提交): concurrent callers share one piece of work.

There is no thread of its own: whoever comes first works for all who wait (leader and followers).
A single caller pays nothing; sixteen pay one round trip and one fsync between them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class _Slot(Generic[Item, Answer]):
    __slots__ = ("answer", "done", "item")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.done = False
        self.answer: Answer | BaseException | None = None


class Batcher(Generic[Item, Answer]):
    """`work(items)` answers one value or exception for each item; `most` bounds a batch."""

    def __init__(
        self, work: Callable[[Sequence[Item]], Sequence[Answer | BaseException]], *, most: int = 64
    ) -> None:
        self._work = work
        self._most = most
        self._queue: list[_Slot[Item, Answer]] = []
        self._guard = threading.Lock()
        self._turn = threading.Lock()

    def submit(self, item: Item) -> Answer:
        """The answer for this item; raises what the work raised for it."""
        slot: _Slot[Item, Answer] = _Slot(item)
        with self._guard:
            self._queue.append(slot)
        while not slot.done:
            with self._turn:
                if not slot.done:
                    self._lead()
        if isinstance(slot.answer, BaseException):
            raise slot.answer
        return slot.answer  # type: ignore[return-value]

    def _lead(self) -> None:
        with self._guard:
            batch, self._queue = self._queue[: self._most], self._queue[self._most :]
        try:
            answers = self._work([slot.item for slot in batch])
        except BaseException as error:  # noqa: BLE001 - each caller gets it
            answers = [error] * len(batch)
        for slot, answer in zip(batch, answers, strict=True):
            slot.answer = answer
            slot.done = True
