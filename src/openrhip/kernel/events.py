"""Events (事件): how news travels upwards, from a room to the rooms above it.

A room publishes; `site` wires subscribers. The event is written to the outbox in the same
transaction as its cause, and a worker delivers it at least once: handlers must be idempotent.
An event that fails waits longer each time (up to an hour) and is never dropped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import F

from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.kernel.models import Outbox

Handler = Callable[[Mapping[str, Any]], None]

_LONGEST_WAIT = timedelta(hours=1)
_log = logging.getLogger(__name__)
_subscribers: dict[str, dict[str, Handler]] = {}


def subscribe(kind: str, *, name: str, handler: Handler) -> None:
    """Deliver events of this kind to the handler. Called by `site` when the program starts."""
    _subscribers.setdefault(kind, {})[name] = handler


def publish(kind: str, payload: Mapping[str, Any]) -> None:
    """Put the event into the outbox, once per subscriber. Must run inside `writing()`."""
    now = clock.now()
    with writing():
        for name in _subscribers.get(kind, {}):
            Outbox.objects.create(
                kind=kind, subscriber=name, payload=dict(payload), made_at=now, due_at=now
            )


def deliver_due(*, most: int = 100) -> int:
    """Deliver what is due; answers how many were delivered. For the worker and for tests."""
    done = 0
    for row in Outbox.objects.filter(due_at__lte=clock.now()).order_by("id")[:most]:
        handler = _subscribers.get(row.kind, {}).get(row.subscriber)
        if handler is None:
            _postpone(row, "no such subscriber is wired")
            continue
        try:
            with writing():
                # The row goes in the handler's own transaction; a worker that lost the race sees 0.
                if Outbox.objects.filter(pk=row.pk).delete()[0]:
                    handler(row.payload)
                    done += 1
        except Exception as error:  # noqa: BLE001 - a handler may fail in any way; the event stays
            _log.warning(
                "event %s for %s failed: %s", row.kind, row.subscriber, type(error).__name__
            )
            _postpone(row, f"{type(error).__name__}")
    return done


def _postpone(row: Outbox, why: str) -> None:
    wait = min(timedelta(seconds=2 ** min(row.attempts, 12)), _LONGEST_WAIT)
    with writing():
        Outbox.objects.filter(pk=row.pk).update(
            attempts=F("attempts") + 1, due_at=clock.now() + wait, last_error=why[:300]
        )
