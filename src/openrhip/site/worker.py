"""The worker (后台进程): delivers events from the outbox and does chores, until told to stop."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable

from django.db import close_old_connections

from openrhip.collect import service as collect
from openrhip.collect.service import asking
from openrhip.directory import service as directory
from openrhip.kernel import events
from openrhip.records import service as records

IDLE_SECONDS = 0.3
Chores = tuple[tuple[float, Callable[[], int]], ...]
CHORES: Chores = (
    # every so many seconds: what a crash left between row and ledger; uploads nobody finishes;
    # the night's evidence, renewals
    (5.0, records.finish_pending),
    (300.0, records.sweep_uploads),
    (300.0, directory.sweep_nonces),
    (30.0, records.keep_evidence),
)
COLLECTING: Chores = (
    # batches put down in the watched folder (one process at a time); announced ones nobody finishes
    (2.0, collect.watch_inbox),
    (300.0, collect.sweep_incoming),
    # of the processes that check and load batches: entries a crash left open, checks across tables,
    # what crashes left on the disk, the night's merging and clearing, keys after a rotation
    (5.0, collect.finish_pending),
    (5.0, collect.check_days),
    (300.0, collect.sweep_leftovers),
    (600.0, collect.keep_lake),
    (3600.0, collect.sweep_old_originals),
    (3600.0, collect.keep_keys),
    # persons with health records, once a day
    (600.0, collect.count_persons_due),
    # analysts' queries that nobody looks after, answers older than a day
    (10.0, asking.keep_queries),
)
_log = logging.getLogger(__name__)


def run() -> None:
    """Deliver events and do chores until told to stop."""
    _run(events.deliver_due, CHORES)


def collecting() -> None:
    """Check and load batches until told to stop. Several processes may do it at once."""
    _run(collect.process_due, COLLECTING)


def _run(steady: Callable[[], int], chores: Chores) -> None:
    """Until SIGTERM or SIGINT. A database or ledger that is away for a while is waited for."""
    stopping = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stopping.set())
    due = [0.0] * len(chores)
    while not stopping.is_set():
        delivered = _attempt(steady)
        for number, (pause, chore) in enumerate(chores):
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
