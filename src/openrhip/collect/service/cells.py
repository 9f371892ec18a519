"""Coverage kept with each batch (采集情况的登记): a small row a unit, table and day, and its sums.

A cell is worked out anew from all batches of its unit, table and day whenever one of them changes;
what changed is added to the sums of its month and day in the same transaction. So a batch noted
twice changes nothing, and `rebuild_coverage` makes the same rows out of the batches alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import connection

from openrhip.collect import models
from openrhip.collect.rules import covering
from openrhip.collect.rules.covering import Cell, Sent
from openrhip.collect.rules.tables import Catalogue, Period, Table
from openrhip.collect.service import doors, terms
from openrhip.kernel import statements
from openrhip.kernel.database import writing
from openrhip.kernel.periods import Month

Key = tuple[str, str, date]  # unit, table, day
Before = tuple[Cell, int]  # what was kept of a cell, and how many of its rows were superseded

_KEPT = (
    *("came", "received", "rows", "live", "superseded", "quarantined", "marked", "changed"),
    *("sends", "refused", "late"),
)
SENT = (
    *("id", "state", "received_at", "received", "loaded", "quarantined", "marked"),
    *("amended", "withdrawn", "current"),
)
_SUMS = (
    *("cells", "filled", "timely_1", "timely_2", "timely_3"),
    *("received", "rows", "live", "quarantined", "marked", "refused"),
)
_DAY_SUMS = ("tables", "timely", "rows", "quarantined")
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
    values = [0 if name == "superseded" else getattr(kept, name) for name in _KEPT]
    statements.change(_KEEP_CELL, *values, *key)
    limits = terms.limits()
    _add(key, _share(now, 0, limits), _share(old, superseded, limits), table=table)
    for day in covering.arrival_days(batches):
        statements.change(_UPLOAD_DAY, key[0], _first(key[2]), day)
    return now


def set_superseded(key: Key, number: int) -> None:
    """How many live rows of a cell other days' batches replaced. Inside `writing()`."""
    cell, before = begin(key)
    number = min(number, cell.live)
    if number == before:
        return
    statements.change(_SUPERSEDE, number, *key)
    delta = [0] * len(_SUMS)
    delta[_SUMS.index("live")] = before - number
    statements.change(_ADD_MONTH, key[0], key[1], _first(key[2]), *delta, None)


def rebuild_coverage(*, unit: str | None = None) -> int:
    """Work all coverage out anew from the batches; answers how many cells there are.

    One transaction for each unit. What other days superseded is asked for again.
    """
    catalogue = doors.catalogue()
    codes = models.Unit.objects.order_by("code").values_list("code", flat=True)
    return sum(_rebuild_unit(code, catalogue) for code in codes if unit in (None, code))


def _rebuild_unit(unit: str, catalogue: Catalogue) -> int:
    with writing():
        if connection.vendor == "postgresql":
            statements.change("LOCK TABLE collect_coveragecell IN SHARE ROW EXCLUSIVE MODE")
        for name in ("cell", "month", "day"):
            statements.change(f"DELETE FROM collect_coverage{name} WHERE unit = %s", unit)  # noqa: S608
        statements.change("DELETE FROM collect_uploadday WHERE unit = %s", unit)
        cells: list[models.CoverageCell] = []
        arrivals: set[tuple[date, date]] = set()
        number = 0
        for key, batches in _all_batches(unit):
            table = catalogue.tables.get(key[1])
            if table is None:
                continue
            found = covering.cell(batches, table=table, day=key[2])
            cells.append(_model(key, found))
            arrivals |= {(_first(key[2]), day) for day in covering.arrival_days(batches)}
            number += 1
            if len(cells) == _CHUNK:
                statements.insert(cells)
                cells = []
        statements.insert(cells)
        statements.insert(
            [models.UploadDay(unit=unit, month=month, day=day) for month, day in sorted(arrivals)]
        )
        _sum_up(unit, catalogue)
    return number


def _all_batches(unit: str) -> Iterator[tuple[Key, list[Sent]]]:
    rows = (
        models.Batch.objects.filter(unit_id=unit, state__in=(covering.LOADED, covering.REFUSED))
        .order_by("table", "day", "sequence")
        .values_list("table", "day", *SENT)
    )
    for (table, day), group in groupby(rows.iterator(chunk_size=_CHUNK), key=lambda row: row[:2]):
        yield (unit, table, day), [Sent(*row[2:]) for row in group]


def _sum_up(unit: str, catalogue: Catalogue) -> None:
    """The sums of a unit's months and days, out of its cells."""
    span = statements.ask("SELECT MIN(day), MAX(day) FROM collect_coveragecell WHERE unit=%s", unit)
    first, last = (_date(value) for value in span[0])
    if first is None or last is None:
        return
    minutes = [int(limit * 1440) for limit in terms.limits()]
    month, end = Month(first.year, first.month), Month(last.year, last.month)
    while month <= end:
        since, until = _first_of(month), _first_of(month.next())
        statements.change(_SUM_MONTH, since, *minutes, unit, since, until)
        month = month.next()
    daily = [code for code, table in catalogue.tables.items() if table.period is Period.DAY]
    marks = ", ".join(["%s"] * len(daily)) or "''"
    statements.change(_SUM_DAYS.format(marks), minutes[0], unit, *daily)


def _add(key: Key, now: Sequence[int], old: Sequence[int], *, table: Table) -> None:
    delta = [a - b for a, b in zip(now, old, strict=True)]
    last = key[2] if now[0] else None
    statements.change(_ADD_MONTH, key[0], key[1], _first(key[2]), *delta, last)
    if table.period is not Period.DAY:
        return
    named = dict(zip(_SUMS, delta, strict=True))
    day = (named["cells"], named["timely_1"], named["rows"], named["quarantined"])
    if any(day):
        statements.change(_ADD_DAY, key[0], key[2], *day)


def _share(cell: Cell, superseded: int, limits: Sequence[Decimal]) -> tuple[int, ...]:
    """What a cell adds to its month, in the order of _SUMS."""
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
    found = dict(zip(_KEPT, row, strict=True))
    superseded = int(found.pop("superseded"))
    found["came"] = bool(found["came"])
    return Cell(**found), superseded


def _model(key: Key, cell: Cell) -> models.CoverageCell:
    kept = {name: getattr(cell, name) for name in _KEPT if name != "superseded"}
    return models.CoverageCell(unit=key[0], table=key[1], day=key[2], **kept)


def _first(day: date) -> date:
    return day.replace(day=1)


def _first_of(month: Month) -> date:
    return date(month.year, month.month, 1)


def _date(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _for_update() -> str:
    return " FOR UPDATE" if connection.vendor == "postgresql" else ""


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _marks(names: Sequence[str]) -> str:
    return ", ".join(["%s"] * len(names))


_OF_CELL = 'WHERE unit = %s AND "table" = %s AND day = %s'
# Names are those of our own models; values are bound.
_BEGIN_CELL = (
    'INSERT INTO collect_coveragecell (unit, "table", day, '  # noqa: S608
    f"{_quoted(_KEPT)}) VALUES (%s, %s, %s, FALSE, {', '.join(['0'] * (len(_KEPT) - 1))}) "
    'ON CONFLICT (unit, "table", day) DO NOTHING'
)
_LOCK_CELL = f"SELECT {_quoted(_KEPT)} FROM collect_coveragecell {_OF_CELL}"  # noqa: S608
_KEEP_CELL = (
    "UPDATE collect_coveragecell SET "  # noqa: S608
    + ", ".join(f'"{name}" = %s' for name in _KEPT)
    + f" {_OF_CELL}"
)
_SUPERSEDE = f"UPDATE collect_coveragecell SET superseded = %s {_OF_CELL}"  # noqa: S608
_UPLOAD_DAY = (
    "INSERT INTO collect_uploadday (unit, month, day) VALUES (%s, %s, %s) "
    "ON CONFLICT (month, unit, day) DO NOTHING"
)
_ADD_MONTH = (
    f'INSERT INTO collect_coveragemonth AS kept (unit, "table", month, {_quoted(_SUMS)}, "last") '  # noqa: S608
    f"VALUES (%s, %s, %s, {_marks(_SUMS)}, %s) "
    'ON CONFLICT (month, unit, "table") DO UPDATE SET '
    + ", ".join(f'"{name}" = kept."{name}" + excluded."{name}"' for name in _SUMS)
    + ', "last" = CASE WHEN kept."last" IS NULL OR excluded."last" > kept."last" '
    'THEN excluded."last" ELSE kept."last" END'
)
_ADD_DAY = (
    f"INSERT INTO collect_coverageday AS kept (unit, day, {_quoted(_DAY_SUMS)}) "  # noqa: S608
    f"VALUES (%s, %s, {_marks(_DAY_SUMS)}) ON CONFLICT (day, unit) DO UPDATE SET "
    + ", ".join(f'"{name}" = kept."{name}" + excluded."{name}"' for name in _DAY_SUMS)
)
_CAME = "SUM(CASE WHEN came{} THEN 1 ELSE 0 END)"
_SUM_MONTH = (
    f'INSERT INTO collect_coveragemonth (unit, "table", month, {_quoted(_SUMS)}, "last") '  # noqa: S608
    f'SELECT unit, "table", %s, {_CAME.format("")}, {_CAME.format(" AND rows > 0")}, '
    + ", ".join([_CAME.format(" AND late <= %s")] * 3)
    + ', SUM(received), SUM("rows"), SUM(live - superseded), SUM(quarantined), SUM(marked), '
    "SUM(refused), MAX(CASE WHEN came THEN day END) FROM collect_coveragecell "
    'WHERE unit = %s AND day >= %s AND day < %s GROUP BY unit, "table"'
)
_SUM_DAYS = (
    f"INSERT INTO collect_coverageday (unit, day, {_quoted(_DAY_SUMS)}) "  # noqa: S608
    f"SELECT unit, day, {_CAME.format('')}, {_CAME.format(' AND late <= %s')}, "
    'SUM("rows"), SUM(quarantined) FROM collect_coveragecell '
    'WHERE unit = %s AND "table" IN ({}) GROUP BY unit, day '
    f"HAVING {_CAME.format('')} > 0"
)
