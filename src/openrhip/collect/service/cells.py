"""Coverage kept with each batch (采集情况的登记): a small row a unit, table and day, and its sums.

A cell is worked out anew from all batches of its unit, table and day whenever one of them changes;
what changed is added to the sums of its month and day in the same transaction. So a batch noted
twice changes nothing, and `rebuilding` makes the same rows out of the batches alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from openrhip.collect.rules import covering
from openrhip.collect.rules.covering import Cell, Sent
from openrhip.collect.rules.tables import Period, Table
from openrhip.collect.service import terms
from openrhip.kernel import statements

Key = tuple[str, str, date]  # unit, table, day
Before = tuple[Cell, int]  # what was kept of a cell, and how many of its rows were superseded

KEPT = (
    *("came", "received", "rows", "live", "superseded", "quarantined", "marked", "changed"),
    *("sends", "refused", "late"),
)
SENT = (
    *("id", "state", "received_at", "received", "loaded", "quarantined", "marked"),
    *("amended", "withdrawn", "current"),
)
SUMS = (
    *("cells", "filled", "timely_1", "timely_2", "timely_3"),
    *("received", "rows", "live", "quarantined", "marked", "refused"),
)
DAY_SUMS = ("tables", "timely", "rows", "quarantined")
_CHUNK = 2_000


def begin(key: Key) -> Before:
    """Lock a cell, and say what it is; then read its batches and `keep`. Inside `writing()`."""
    statements.change(_BEGIN_CELL, *key)
    return _row(statements.ask(_LOCK_CELL + _for_update(), *key)[0])


def keep(key: Key, before: Before, batches: Sequence[Sent], *, table: Table) -> Cell:
    """Bring a cell and its sums up to what its batches say; answers the cell."""
    now = covering.cell(batches, table=table, day=key[2])
    old, superseded = before
    if replace(now, batch="", first_at=None) == old:
        return now
    # What another day's amendments took away is asked anew by `crosschecks` for a changed cell.
    kept = replace(now, batch="", first_at=None)
    values = [0 if name == "superseded" else getattr(kept, name) for name in KEPT]
    statements.change(_KEEP_CELL, *values, *key)
    limits = terms.limits()
    _add(key, _share(now, 0, limits), _share(old, superseded, limits), table=table)
    for day in covering.arrival_days(batches):
        statements.change(_UPLOAD_DAY, key[0], month_of(key[2]), day)
    return now


def set_superseded(key: Key, number: int) -> None:
    """How many live rows of a cell other days' batches replaced. Inside `writing()`."""
    cell, before = begin(key)
    number = min(number, cell.live)
    if number == before:
        return
    statements.change(_SUPERSEDE, number, *key)
    delta = [0] * len(SUMS)
    delta[SUMS.index("live")] = before - number
    statements.change(_ADD_MONTH, key[0], key[1], month_of(key[2]), *delta, None)


def _add(key: Key, now: Sequence[int], old: Sequence[int], *, table: Table) -> None:
    delta = [a - b for a, b in zip(now, old, strict=True)]
    last = key[2] if now[0] else None
    statements.change(_ADD_MONTH, key[0], key[1], month_of(key[2]), *delta, last)
    if table.period is not Period.DAY:
        return
    named = dict(zip(SUMS, delta, strict=True))
    day = (named["cells"], named["timely_1"], named["rows"], named["quarantined"])
    if any(day):
        statements.change(_ADD_DAY, key[0], key[2], *day)


def _share(cell: Cell, superseded: int, limits: Sequence[Decimal]) -> tuple[int, ...]:
    """What a cell adds to its month, in the order of SUMS."""
    timely = covering.within(cell.late, limits)
    return (
        int(cell.came),
        int(cell.rows > 0),
        *(int(cell.came and one) for one in timely),
        cell.received,
        cell.rows,
        cell.live - superseded,
        cell.quarantined,
        cell.marked,
        cell.refused,
    )


def _row(row: Sequence[Any]) -> tuple[Cell, int]:
    """A cell as it was kept, without what the batches know better, and what was superseded."""
    found = dict(zip(KEPT, row, strict=True))
    superseded = int(found.pop("superseded"))
    found["came"] = bool(found["came"])
    return Cell(**found), superseded


def month_of(day: date) -> date:
    return day.replace(day=1)


def _for_update() -> str:
    return " FOR UPDATE" if connection.vendor == "postgresql" else ""


def quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _marks(names: Sequence[str]) -> str:
    return ", ".join(["%s"] * len(names))


_OF_CELL = 'WHERE unit = %s AND "table" = %s AND day = %s'
# Names are those of our own models; values are bound.
_BEGIN_CELL = (
    'INSERT INTO collect_coveragecell (unit, "table", day, '  # noqa: S608
    f"{quoted(KEPT)}) VALUES (%s, %s, %s, FALSE, {', '.join(['0'] * (len(KEPT) - 1))}) "
    'ON CONFLICT (unit, "table", day) DO NOTHING'
)
_LOCK_CELL = f"SELECT {quoted(KEPT)} FROM collect_coveragecell {_OF_CELL}"  # noqa: S608
_KEEP_CELL = (
    "UPDATE collect_coveragecell SET "  # noqa: S608
    + ", ".join(f'"{name}" = %s' for name in KEPT)
    + f" {_OF_CELL}"
)
_SUPERSEDE = f"UPDATE collect_coveragecell SET superseded = %s {_OF_CELL}"  # noqa: S608
_UPLOAD_DAY = (
    "INSERT INTO collect_uploadday (unit, month, day) VALUES (%s, %s, %s) "
    "ON CONFLICT (month, unit, day) DO NOTHING"
)
_ADD_MONTH = (
    f'INSERT INTO collect_coveragemonth AS kept (unit, "table", month, {quoted(SUMS)}, "last") '  # noqa: S608
    f"VALUES (%s, %s, %s, {_marks(SUMS)}, %s) "
    'ON CONFLICT (month, unit, "table") DO UPDATE SET '
    + ", ".join(f'"{name}" = kept."{name}" + excluded."{name}"' for name in SUMS)
    + ', "last" = CASE WHEN kept."last" IS NULL OR excluded."last" > kept."last" '
    'THEN excluded."last" ELSE kept."last" END'
)
_ADD_DAY = (
    f"INSERT INTO collect_coverageday AS kept (unit, day, {quoted(DAY_SUMS)}) "  # noqa: S608
    f"VALUES (%s, %s, {_marks(DAY_SUMS)}) ON CONFLICT (day, unit) DO UPDATE SET "
    + ", ".join(f'"{name}" = kept."{name}" + excluded."{name}"' for name in DAY_SUMS)
)
