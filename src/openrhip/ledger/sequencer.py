"""The sequencer (定序器): many requests at once become few commits.

While one group is being written, the next one gathers. Nothing is answered before it is durable.
After a failure of the store the group is answered with Unavailable, the store is opened anew and
compared with what was signed before; a client asks again under the same idempotency key.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from openrhip.kernel.errors import Misconfigured, Problem, Unavailable
from openrhip.ledger.log import Head, Log, Placed, Request, unavailable

MAX_GROUP = 4_000
MAX_WAITING = 20_000
_REST = 0.5
_log = logging.getLogger(__name__)

Render = Callable[[Head, Placed, Request], bytes]
"""Makes the answer to a request in the sequencer's thread, while the head is the newest."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    request: Request
    render: Render
    answer: asyncio.Future[bytes]


class Sequencer:
    """Owns the log and its thread. `submit` from the event loop; `run` as a task beside it."""

    def __init__(self, log: Log, *, on_head: Callable[[Head], None] | None = None) -> None:
        self.log = log
        self.head: Head | None = None
        self.failed: Problem | None = None
        self._on_head = on_head
        self._waiting: deque[_Waiting] = deque()
        self._entries = 0
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger-writer")

    async def open(self) -> None:
        """Open the log. Raises Problem."""
        loop = asyncio.get_running_loop()
        self._publish(await loop.run_in_executor(self._thread, self.log.open))

    def submit(self, request: Request, render: Render) -> asyncio.Future[bytes]:
        """Queue a request; the future brings its answer or a Problem. Raises Unavailable."""
        if self.failed is not None:
            raise unavailable(self.failed.what)
        if self._entries + len(request.leaves) > MAX_WAITING:
            raise Unavailable("too many entries wait for the ledger", remedy="ask again later")
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(request, render, future))
        self._entries += len(request.leaves)
        self._wake.set()
        return future

    async def run(self) -> None:
        """Commit group after group until cancelled; ends only if the log may not go on."""
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            group = self._take()
            try:
                answers = await loop.run_in_executor(self._thread, self._commit, group)
            except Problem as problem:
                _log.error("a commit failed: %s", problem)
                _answer(group, [unavailable(problem.what)] * len(group))
                await self._recover(problem)
                continue
            self._publish(self.log.head)
            _answer(group, answers)

    async def close(self) -> None:
        """Answer what waits with Unavailable and close the store."""
        self.failed = self.failed or Unavailable("the ledger is stopping")
        _answer(list(self._waiting), [unavailable(self.failed.what)] * len(self._waiting))
        self._waiting.clear()
        await asyncio.get_running_loop().run_in_executor(self._thread, self.log.store.close)
        self._thread.shutdown()

    def _take(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        entries = 0
        while self._waiting and (not group or entries < MAX_GROUP):
            waiting = self._waiting.popleft()
            entries += len(waiting.request.leaves)
            group.append(waiting)
        self._entries -= entries
        if not self._waiting:
            self._wake.clear()
        return group

    def _commit(self, group: list[_Waiting]) -> list[bytes | Problem]:
        """In the sequencer's thread."""
        places = self.log.append([waiting.request for waiting in group])
        head = self.log.head
        if head is None:
            raise Unavailable("the log is not open")
        return [
            place if isinstance(place, Problem) else waiting.render(head, place, waiting.request)
            for place, waiting in zip(places, group, strict=True)
        ]

    async def _recover(self, problem: Problem) -> None:
        self.failed = problem
        while True:
            try:
                await self.open()
            except Misconfigured:
                raise
            except Problem as again:
                _log.error("the store does not open: %s", again)
                self.failed = again
                await asyncio.sleep(_REST)
            else:
                self.failed = None
                return

    def _publish(self, head: Head | None) -> None:
        if head is not None and head is not self.head:
            self.head = head
            if self._on_head is not None:
                self._on_head(head)


def _answer(group: list[_Waiting], answers: list[bytes | Problem] | list[Unavailable]) -> None:
    for waiting, answer in zip(group, answers, strict=True):
        if waiting.answer.done():
            continue
        if isinstance(answer, Problem):
            waiting.answer.set_exception(answer)
        else:
            waiting.answer.set_result(answer)
