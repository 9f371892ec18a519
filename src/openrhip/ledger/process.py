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
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from granian.constants import Interfaces
from granian.server.embed import Server

from openrhip.kernel.errors import Malformed, Misconfigured, Problem, TooLarge
from openrhip.ledger.adapters.postgres import PostgresStore
from openrhip.ledger.adapters.sqlite import SqliteStore
from openrhip.ledger.api import MAX_BODY, Answer, Api, Asked
from openrhip.ledger.home import Home
from openrhip.ledger.log import Head, Log, check_not_behind
from openrhip.ledger.ports import Store
from openrhip.ledger.reader import Reader
from openrhip.ledger.rules.hashing import Profile
from openrhip.ledger.sequencer import Sequencer

T = TypeVar("T")
_NOTE_EVERY = 0.5
_log = logging.getLogger(__name__)


def store_of(home: Home, url: str = "") -> Store:
    """PostgreSQL at the url, else SQLite in the folder of the ledger."""
    return PostgresStore(url) if url else SqliteStore(home.folder / "log.sqlite3")


class Reading:
    """A reader on its own connection and thread, opened when first used."""

    def __init__(self, store: Store, profile: Profile) -> None:
        self._reader = Reader(store, profile)
        self._open = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger-reader")

    async def __call__(self, deed: Callable[[Reader], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, deed)

    def _do(self, deed: Callable[[Reader], T]) -> T:
        if not self._open:
            self._reader.store.open(write=False)
            self._open = True
        return deed(self._reader)

    def close(self) -> None:
        self._thread.submit(self._reader.store.close).result()
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
                raise TooLarge(f"a body has at most {MAX_BODY} bytes")
            data: bytes = await protocol()
            return data

        asked = Asked(scope.method, scope.path, scope.query_string, scope.headers, body)
        try:
            answer = await self._api.answer(asked)
        except Exception:
            _log.exception("a request ended in a fault of the ledger")
            answer = Answer(500, "application/problem+json", b'{"code":"fault","status":500}')
        protocol.response_bytes(answer.status, answer.headers(), answer.body)


async def serve(
    home: Home, *, listen: str, store_url: str = "", ready: Callable[[str], None]
) -> None:
    """Serve until SIGTERM or SIGINT. Raises Problem if the log cannot be opened."""
    log = Log(store_of(home, store_url), home.signer())
    last_written = 0.0

    def note_down(head: Head) -> None:
        nonlocal last_written
        if time.monotonic() - last_written > _NOTE_EVERY:
            home.note_down(head.note)
            last_written = time.monotonic()

    sequencer = Sequencer(log, on_head=note_down)
    await sequencer.open()
    if (last := home.last(log.signer.key)) is not None:
        check_not_behind(log.reader, log.frontier.size, last)
    reading = Reading(store_of(home, store_url), log.profile)
    host, port = await asyncio.to_thread(_address, listen)
    server = Server(
        Rsgi(Api(sequencer, reading, home.token())),
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        log_enabled=False,
        websockets=False,
        backlog=1024,
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(deed) for deed in (sequencer.run(), server.serve(), stop.wait())]
    ready(f"http://{host}:{port}")
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        server.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await sequencer.close()
        reading.close()
        if sequencer.head is not None:
            home.note_down(sequencer.head.note)


def main(
    home: Path, listen: str, *, store_url: str = "", ready: Callable[[str], None] | None = None
) -> None:
    """Run the process; returns when it was told to stop."""
    sys.setswitchinterval(0.001)
    asyncio.run(
        serve(Home.of(home), listen=listen, store_url=store_url, ready=ready or (lambda url: None))
    )


def _address(listen: str) -> tuple[str, int]:
    """host:port; port 0 is replaced by a free one."""
    host, _, port = listen.rpartition(":")
    if not (host and port.isdecimal() and int(port) < 1 << 16):
        raise Misconfigured(f"{listen[:60]!r} is not host:port", where="listen")
    if port != "0":
        return host, int(port)
    with contextlib.closing(socket.create_server((host, 0))) as probe:
        return host, probe.getsockname()[1]


__all__ = ["Problem", "main", "serve"]
