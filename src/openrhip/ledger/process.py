"""The ledger process (账本进程): one event loop, one writer thread, one reader thread, HTTP.

It is a process of its own so that nothing else competes for its interpreter: beside threads that
encrypt and render, an append would take ten times as long.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from openrhip.kernel.errors import Malformed, Misconfigured, TooLarge, Unavailable
from openrhip.ledger.adapters.postgres import PostgresStore
from openrhip.ledger.adapters.sqlite import SqliteStore
from openrhip.ledger.api import MAX_BODY, Api, Asked
from openrhip.ledger.home import Home
from openrhip.ledger.log import Head, Log, check_not_behind
from openrhip.ledger.ports import Store
from openrhip.ledger.reader import Reader
from openrhip.ledger.rules.hashing import Profile
from openrhip.ledger.sequencer import Sequencer

T = TypeVar("T")
_NOTE_EVERY = 0.5
_START_WITHIN = 10.0
_log = logging.getLogger(__name__)


def store_of(home: Home, url: str = "") -> Store:
    """PostgreSQL at the url, else SQLite in the folder of the ledger."""
    return PostgresStore(url) if url else SqliteStore(home.folder / "log.sqlite3")


def main(
    home: Path,
    listen: str,
    *,
    store_url: str = "",
    ready: Callable[[str], None] | None = None,
) -> None:
    """Run the process; returns when it was told to stop. Raises Problem if the log cannot open.

    home: the home folder of the installation; listen: host:port; ready: is told the address.
    """
    # The writer thread must not hold the interpreter for long while answers wait to be sent.
    sys.setswitchinterval(0.001)
    asyncio.run(serve(Home.of(home), listen=listen, store_url=store_url, ready=ready))


async def serve(
    home: Home, *, listen: str, store_url: str = "", ready: Callable[[str], None] | None = None
) -> None:
    """Serve until SIGTERM or SIGINT; what was accepted before is still answered."""
    host, port = await asyncio.to_thread(_address, listen)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with _running(home, store_url) as (sequencer, writing, api):
        server: Any = Server(
            Rsgi(api),
            address=host,
            port=port,
            interface=Interfaces.RSGI,
            http=HTTPModes.http1,
            log_enabled=False,
            websockets=False,
            backlog=1024,
        )
        serving = asyncio.create_task(server.serve())
        stopping = asyncio.create_task(stop.wait())
        try:
            await _listening(host, port, serving)
            if ready is not None:
                ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
            tasks = {serving, stopping, writing}
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            stopping.cancel()
            server.stop()
            await asyncio.gather(serving, stopping, return_exceptions=True)
        if sequencer.head is not None:
            home.note_down(sequencer.head.note)


@contextlib.asynccontextmanager
async def _running(
    home: Home, store_url: str
) -> AsyncIterator[tuple[Sequencer, asyncio.Task[None], Api]]:
    """The log, opened and compared with what was signed before, and its sequencer at work."""
    log = Log(store_of(home, store_url), home.signer())
    sequencer = Sequencer(log, on_head=NoteDown(home))
    reading = Reading(store_of(home, store_url), log.profile)
    try:
        last = home.last(log.signer.key)
        await sequencer.open()
        if last is not None:
            check_not_behind(log.reader, log.frontier.size, last)
        writing = asyncio.create_task(sequencer.run())
        try:
            yield sequencer, writing, Api(sequencer, reading, home.token())
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
    finally:
        await sequencer.close()
        reading.close()


class NoteDown:
    """Keeps the newest checkpoint beside the store, at most twice a second."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._next = 0.0

    def __call__(self, head: Head) -> None:
        if time.monotonic() >= self._next:
            self._home.note_down(head.note)
            self._next = time.monotonic() + _NOTE_EVERY


class Reading:
    """A reader on its own connection and thread, opened when first used and after a failure."""

    def __init__(self, store: Store, profile: Profile) -> None:
        self._store = store
        self._reader = Reader(store, profile)
        self._open = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger-reader")

    async def __call__(self, deed: Callable[[Reader], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, deed)

    def _do(self, deed: Callable[[Reader], T]) -> T:
        if not self._open:
            self._store.open(write=False)
            self._open = True
        try:
            return deed(self._reader)
        except Unavailable:
            self._open = False
            raise

    def close(self) -> None:
        self._thread.submit(self._store.close).result()
        self._thread.shutdown()


class Rsgi:
    """Joins the API to granian's RSGI."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        async def body() -> bytes:
            length = scope.headers.get("content-length", "")
            if not length.isdecimal():
                raise Malformed("the length of the body is missing", where="Content-Length")
            if int(length) > MAX_BODY:
                raise TooLarge(f"a body has at most {MAX_BODY} bytes", where="Content-Length")
            data: bytes = await protocol()
            return data

        asked = Asked(scope.method, scope.path, scope.query_string, scope.headers, body)
        answer = await self._api.answer(asked)
        protocol.response_bytes(answer.status, answer.headers(), answer.body)


async def _listening(host: str, port: int, serving: asyncio.Task[None]) -> None:
    """Wait until connections are taken. Raises Misconfigured if the server gives up."""
    end = time.monotonic() + _START_WITHIN
    while time.monotonic() < end:
        if serving.done():
            reason = type(serving.exception()).__name__
            raise Misconfigured(f"cannot listen on {host}:{port} ({reason})", where="listen")
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return
    raise Misconfigured(f"nothing listens on {host}:{port}", where="listen")


def _address(listen: str) -> tuple[str, int]:
    """host:port; port 0 is replaced by a free one. Raises Misconfigured."""
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if not (host and port.isdecimal() and int(port) < 1 << 16):
        raise Misconfigured(f"{listen[:60]!r} is not host:port", where="listen")
    try:
        with contextlib.closing(socket.create_server((host, int(port)), family=family)) as probe:
            return host, probe.getsockname()[1]
    except OSError as error:
        raise Misconfigured(
            f"cannot listen on {listen} ({error.strerror})", where="listen"
        ) from error
