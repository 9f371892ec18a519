"""The worker (后台进程): delivers events from the outbox and does chores, until told to stop."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable

from django.db import close_old_connections

from openrhip.collect import service as collect
from openrhip.directory import service as directory
from openrhip.kernel import events
from openrhip.records import service as records

IDLE_SECONDS = 0.3
CHORES: tuple[tuple[float, Callable[[], int]], ...] = (
    # every so many seconds: what a crash left between row and ledger; uploads nobody finishes;
    # the night's evidence, renewals
    (5.0, records.finish_pending),
    (300.0, records.sweep_uploads),
    (300.0, directory.sweep_nonces),
    # batches put down in the watched folder; announced ones that nobody finishes
    (2.0, collect.watch_inbox),
    (300.0, collect.sweep_incoming),
    (30.0, records.keep_evidence),
)
_log = logging.getLogger(__name__)


def run() -> None:
    """Until SIGTERM or SIGINT. A database or ledger that is away for a while is waited for."""
    stopping = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stopping.set())
    due = [0.0] * len(CHORES)
    while not stopping.is_set():
        delivered = _attempt(events.deliver_due)
        for number, (pause, chore) in enumerate(CHORES):
            if time.monotonic() >= due[number]:
                _attempt(chore)
                due[number] = time.monotonic() + pause
        if not delivered:
            close_old_connections()
            stopping.wait(IDLE_SECONDS)


def _attempt(work: Callable[[], int]) -> int:
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - the worker outlives a restart of what it needs
        _log.warning("%s failed: %s", work.__name__, type(error).__name__)
        return 0
