"""The clock (时钟): the one place that asks for the time, so that tests can set it.

Instants are aware datetimes in UTC. Days and months of the city are in Asia/Shanghai: `periods`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

CITY_ZONE = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Something that tells the time."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at.astimezone(UTC)

    def now(self) -> datetime:
        return self.at


_current: ContextVar[Clock | None] = ContextVar("openrhip_clock", default=None)
_system = SystemClock()


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return (_current.get() or _system).now()


@contextmanager
def using(clock: Clock) -> Iterator[Clock]:
    """Within the block (and its context) `now()` asks this clock."""
    token = _current.set(clock)
    try:
        yield clock
    finally:
        _current.reset(token)


def frozen(at: datetime) -> AbstractContextManager[Clock]:
    """Within the block the time is `at`."""
    return using(FixedClock(at))


def rfc3339(at: datetime) -> str:
    """An instant as text, to the microsecond, always UTC with Z: 2020-11-05T08:00:00.000000Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
