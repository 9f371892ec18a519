"""What preservation works with: algorithms, margins, the authority, one worker at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from typing import TypeVar

from django.conf import settings
from django.utils.module_loading import import_string

from openrhip.formats.gm import digests
from openrhip.formats.gm.digests import Digest
from openrhip.formats.gm.ers.policy import Policy
from openrhip.formats.gm.revocation import Revocation
from openrhip.formats.gm.tsp import DigestTimestamper
from openrhip.kernel import clock
from openrhip.kernel.config import current
from openrhip.kernel.errors import Conflict, Misconfigured, Problem
from openrhip.kernel.files import make_folder

Value = TypeVar("Value")
_TIMESTAMPER = "openrhip.records.adapters.authority.timestamper"
_REVOCATION = "openrhip.formats.gm.transport.HttpRevocation"


def algorithm() -> Digest:
    """The digest of new evidence. Raises Misconfigured."""
    return _read("evidence_algorithm", digests.by_name)


def policy() -> Policy:
    """Until when algorithms count. Raises Misconfigured."""
    return _read("evidence_algorithm_ends", Policy.parse)


def margin() -> timedelta:
    """How long before an end evidence is renewed. Raises Misconfigured."""
    return _read("evidence_margin_days", lambda text: timedelta(days=_days(text)))


def last_due(now: datetime) -> datetime:
    """The newest instant at which a nightly run was due. Raises Misconfigured."""
    at = _read("evidence_at", time.fromisoformat)
    here = now.astimezone(clock.CITY_ZONE)
    due = datetime.combine(here.date(), at, clock.CITY_ZONE)
    return due if due <= here else due - timedelta(days=1)


def timestamper() -> DigestTimestamper:
    """The authority, by the setting RECORDS_TIMESTAMPER (dotted path). Raises Misconfigured."""
    path = getattr(settings, "RECORDS_TIMESTAMPER", _TIMESTAMPER)
    made: DigestTimestamper = import_string(path)()
    return made


def revocation_port() -> Revocation:
    """Where lists and answers about authorities come from, by the setting RECORDS_REVOCATION."""
    path = getattr(settings, "RECORDS_REVOCATION", _REVOCATION)
    made: Revocation = import_string(path)()
    return made


@contextmanager
def alone() -> Iterator[None]:
    """Only one process preserves at a time; another gets Conflict, and nothing happens."""
    make_folder(current().home)
    handle = os.open(current().home / "evidence.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise Conflict(
            "evidence is being made by another process", remedy="wait for it, then ask again"
        ) from error
    try:
        yield
    finally:
        os.close(handle)


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= 3650:
        raise ValueError
    return days


def _read(name: str, reader: Callable[[str], Value]) -> Value:
    text = current()[name]
    try:
        return reader(text)
    except (ValueError, Problem) as error:
        raise Misconfigured(f"the setting is {text[:60]!r}", where=name) from error
