"""Tidying up (善后): what crashes left, what the night has to do; chores, idempotent."""

from __future__ import annotations

import logging
import re
import shutil
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from openrhip.collect import models
from openrhip.collect.lake.locks import held
from openrhip.collect.service import choosing, doors, originals
from openrhip.collect.service.room import guarded
from openrhip.kernel import clock
from openrhip.kernel.clock import CITY_ZONE
from openrhip.kernel.config import current
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Misconfigured
from openrhip.kernel.statements import ask

ORPHAN_SECONDS = 3_600.0
SETTLE_DAYS = 10
"""A month is merged this many days after its end, when late batches have mostly come."""
_SEALED = re.compile(r"([0-9a-f]{32})-\d+\.sealed")
_OLDER = (
    "SELECT sequence, id, wrapped_key FROM collect_batch "
    "WHERE substr(wrapped_key, 1, 2) <> %s ORDER BY sequence LIMIT 500"
)
_looked: dict[Path, float] = {}
_log = logging.getLogger(__name__)


def sweep_leftovers() -> int:
    """Remove work folders nobody works in, and sealed files no batch has; answers how many."""
    return sum(_sweep_work()) + sum(_sweep_originals())


def keep_lake() -> int:
    """By night: merge closed months, clear what the history needs no longer; answers how many
    tables were seen to. Each is seen to once a night, by whichever worker comes first.
    """
    local = clock.now().astimezone(CITY_ZONE)
    if f"{local:%H:%M}" < _from_hour():
        return 0
    return sum(_keep(table, local.date()) for table in doors.lake().sources())


def keep_keys() -> int:
    """Keys of originals that an older key of the ring wrapped are wrapped by the newest."""
    newest = originals.wrap(bytes(16), "0" * 32)[:2]
    done = 0
    for sequence, batch_id, wrapped in ask(_OLDER, newest):
        fresh = originals.wrap(originals.unwrap(wrapped, batch_id), batch_id)
        with writing():
            done += models.Batch.objects.filter(pk=sequence).update(wrapped_key=fresh)
    return done


def sweep_old_originals() -> int:
    """Sealed originals older than the setting `collect_originals_days` go, a month at a time."""
    days = _days("collect_originals_days")
    if not days:
        return 0
    oldest = clock.now() - timedelta(days=days)
    old = [
        path
        for path in doors.folder("originals").iterdir()
        # A month is over when the next has begun.
        if path.is_dir() and _month_after(path.name) <= f"{oldest:%Y-%m}"
    ]
    for path in old:
        shutil.rmtree(path, ignore_errors=True)
    return len(old)


def _sweep_work() -> Iterator[int]:
    for folder in doors.folder("work").iterdir():
        # Settled or not: a crash may have come between the end of a batch and that of its folder.
        row = models.Batch.objects.filter(id=folder.name).first()
        if row is None:
            # Rows being revealed have folders of their own, for moments.
            if _age(folder) > ORPHAN_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
                yield 1
            continue
        with held(choosing.turn_of(row.table), wait=False) as mine:
            if mine:
                shutil.rmtree(folder, ignore_errors=True)
                yield 1


def _sweep_originals() -> Iterator[int]:
    """Files older than an hour: a batch that is being received has its row before that.

    What was looked at once is not looked at again: a month holds a hundred thousand files.
    """
    root, now = doors.folder("originals"), time.time()
    newest = now - _looked.get(root, 0.0) + 3 * ORPHAN_SECONDS
    _looked[root] = now
    for month in sorted(root.iterdir())[-2:]:
        old = [path for path in month.iterdir() if ORPHAN_SECONDS < _age(path) < newest]
        named = {path: match[1] for path in old if (match := _SEALED.fullmatch(path.name))}
        for path in old:
            if path not in named:
                path.unlink(missing_ok=True)
                yield 1
        wanted = sorted(set(named.values()))
        known: set[str] = set()
        for at in range(0, len(wanted), 500):
            part = wanted[at : at + 500]
            known |= set(models.Batch.objects.filter(id__in=part).values_list("id", flat=True))
        for path, batch in named.items():
            if batch not in known:
                path.unlink(missing_ok=True)
                yield 1


def _keep(table: str, today: date) -> int:
    mark = doors.folder("locks") / f"{table}.kept"
    if mark.exists() and mark.read_text("ascii") == today.isoformat():
        return 0
    with held(doors.folder("locks") / f"{table}.keeping", wait=False) as mine:
        if not mine:
            return 0
        lake = doors.lake()
        with guarded():
            before = (today - timedelta(days=SETTLE_DAYS)).replace(day=1)
            merged = lake.compact(table=table, before=before)
            gone = lake.vacuum(table=table, keep_days=_days("collect_keep_days"))
        mark.write_text(today.isoformat(), "ascii")
        if merged or gone:
            _log.info("%s: %d files merged, %d removed", table, merged, gone)
    return 1


def _days(name: str) -> int:
    text = current()[name]
    if not text.isdecimal():
        raise Misconfigured("this setting is a number of days", where=name)
    return int(text)


def _from_hour() -> str:
    text = current()["collect_keep_at"]
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise Misconfigured("this setting is a time of day, such as 01:30", where="collect_keep_at")
    return text


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _month_after(name: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d", name):
        return "9999-99"
    following = date(int(name[:4]), int(name[5:]), 28) + timedelta(days=4)
    return f"{following:%Y-%m}"
