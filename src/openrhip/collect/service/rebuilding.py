"""Coverage worked out anew from the batches (重新计算采集情况)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Any

from django.db import connection

from openrhip.collect import models
from openrhip.collect.rules import covering
from openrhip.collect.rules.covering import Sent
from openrhip.collect.rules.tables import Catalogue, Period
from openrhip.collect.service import crosschecks, doors, terms
from openrhip.collect.service.cells import DAY_SUMS, KEPT, SENT, SUMS, Key, month_of, quoted
from openrhip.kernel import statements
from openrhip.kernel.database import writing
from openrhip.kernel.periods import Month

_CHUNK = 2_000


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
        cells: list[tuple[Any, ...]] = []
        arrivals: set[tuple[date, date]] = set()
        number = 0
        for key, batches in _all_batches(unit):
            table = catalogue.tables.get(key[1])
            if table is None:
                continue
            found = covering.cell(batches, table=table, day=key[2])
            cells.append((*key, *(getattr(found, name, 0) for name in KEPT)))
            arrivals |= {(month_of(key[2]), day) for day in covering.arrival_days(batches)}
            number += 1
            if len(cells) == _CHUNK:
                _insert(cells)
                cells = []
        _insert(cells)
        statements.insert(
            [models.UploadDay(unit=unit, month=month, day=day) for month, day in sorted(arrivals)]
        )
        sum_up(unit, catalogue)
        crosschecks.ask_anew(unit, catalogue)
    return number


def _all_batches(unit: str) -> Iterator[tuple[Key, list[Sent]]]:
    rows = (
        models.Batch.objects.filter(unit_id=unit, state__in=(covering.LOADED, covering.REFUSED))
        .order_by("table", "day", "sequence")
        .values_list("table", "day", *SENT)
    )
    for (table, day), group in groupby(rows.iterator(chunk_size=_CHUNK), key=lambda row: row[:2]):
        yield (unit, table, day), [Sent(*row[2:]) for row in group]


def sum_up(unit: str, catalogue: Catalogue) -> None:
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


def _insert(cells: list[tuple[Any, ...]]) -> None:
    """Cells by the thousand; `superseded` is nothing until it is asked for."""
    if cells:
        with connection.cursor() as cursor:
            cursor.executemany(_INSERT, cells)


def _first_of(month: Month) -> date:
    return date(month.year, month.month, 1)


def _date(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


_INSERT = (
    f'INSERT INTO collect_coveragecell (unit, "table", day, {quoted(KEPT)}) '  # noqa: S608
    f"VALUES ({', '.join(['%s'] * (len(KEPT) + 3))})"
)
_CAME = "SUM(CASE WHEN came{} THEN 1 ELSE 0 END)"
_SUM_MONTH = (
    f'INSERT INTO collect_coveragemonth (unit, "table", month, {quoted(SUMS)}, "last") '  # noqa: S608
    f'SELECT unit, "table", %s, {_CAME.format("")}, {_CAME.format(" AND rows > 0")}, '
    + ", ".join([_CAME.format(" AND late <= %s")] * 3)
    + ', SUM(received), SUM("rows"), SUM(live - superseded), SUM(quarantined), SUM(marked), '
    "SUM(refused), MAX(CASE WHEN came THEN day END) FROM collect_coveragecell "
    'WHERE unit = %s AND day >= %s AND day < %s GROUP BY unit, "table"'
)
_SUM_DAYS = (
    f"INSERT INTO collect_coverageday (unit, day, {quoted(DAY_SUMS)}) "  # noqa: S608
    f"SELECT unit, day, {_CAME.format('')}, {_CAME.format(' AND late <= %s')}, "
    'SUM("rows"), SUM(quarantined) FROM collect_coveragecell '
    'WHERE unit = %s AND "table" IN ({}) GROUP BY unit, day '
    f"HAVING {_CAME.format('')} > 0"
)
