"""The worker (后台进程): delivers events from the outbox until it is told to stop."""

from __future__ import annotations

import logging
import signal
import threading

from django.db import close_old_connections

from openrhip.kernel import events

IDLE_SECONDS = 0.3
_log = logging.getLogger(__name__)


def run() -> None:
    """Until SIGTERM or SIGINT. A database that is away for a while is waited for."""
    stopping = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stopping.set())
    while not stopping.is_set():
        try:
            delivered = events.deliver_due()
        except Exception as error:  # noqa: BLE001 - the worker outlives a database restart
            _log.warning("outbox not reachable: %s", type(error).__name__)
            delivered = 0
        if not delivered:
            close_old_connections()
            stopping.wait(IDLE_SECONDS)
