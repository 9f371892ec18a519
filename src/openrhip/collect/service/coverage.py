"""The coverage of a month (采集情况): what was received, by unit, day and table.

Everything is read from the small rows that `cells` keeps with each batch: some ten thousand for a
city's month, however many rows of data there are. Definitions: docs/collect.md, "Coverage".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from openrhip.collect import models
from openrhip.collect.rules import covering, scoring
from openrhip.collect.rules.lines import (
    Coverage,
    DayCell,
    Earlier,
    Line,
    Silence,
    TableCell,
    in_print_order,
)
from openrhip.collect.rules.scoring import Counts
from openrhip.collect.rules.states import Unit
from openrhip.collect.rules.tables import Catalogue, Owner, Period
from openrhip.collect.service import doors, faults, registry, terms
from openrhip.kernel import clock, statements
from openrhip.kernel.periods import Month, city_day

VISIT, DISCHARGE, CHARGE = "visit", "discharge", "charge"
SILENT_DAYS = 3  # a table or unit that came regularly is silent after so many days without
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _TableMonth:
    """A row of CoverageMonth."""

    table: str
    cells: int
    filled: int
    timely: tuple[int, int, int]
    received: int
    rows: int
    live: int
    quarantined: int
    marked: int
    refused: int
    last: date | None


@dataclass(frozen=True, slots=True)
class _Known:
    """What a month is computed from. until: the last day that is due. declared: by unit. before:
    of the month before, by unit and table: how many cells came, the last day. due: table-days of
    a table, by how often it is owed.
    """

    month: Month
    until: date
    catalogue: Catalogue
    declared: Mapping[str, frozenset[str]]
    tables: Mapping[str, Mapping[str, _TableMonth]]
    before: Mapping[str, Mapping[str, tuple[int, date | None]]]
    days: Mapping[str, Sequence[DayCell]]
    uploads: Mapping[str, tuple[int, date]]
    persons: Mapping[str, tuple[tuple[str, int], ...]]
    doubtful: Mapping[str, int]
    faults: Mapping[str, int]
    owed: Mapping[Owner, frozenset[str]]
    due: Mapping[Period, int]

    def basis(self, unit: Unit) -> frozenset[str]:
        """The tables a unit is judged by: those it declared, or those it owes if it never did."""
        declared = self.declared.get(unit.code)
        return self.owed[unit.owner] if declared is None else declared


def coverage_of(
    month: Month, *, unit: str | None = None, owner: Owner | None = None, until: date | None = None
) -> Coverage:
    """Coverage of a month, as of now. until: the last day that is due, for questions about the
    past; else yesterday, or the end of the month if that was before. Raises NotFound for a unit.
    """
    chosen = [registry.unit(unit)] if unit else list(registry.units(owner=owner))
    known = _known(month, until or due_until(month), unit)
    counts = {one.code: _counts(one, known) for one in chosen}
    lines = in_print_order(tuple(_line(one, known, counts[one.code]) for one in chosen), month)
    by_code = {one.code: one for one in chosen}
    order = [by_code[line.unit] for line in lines]
    return Coverage(
        month=month,
        until=known.until,
        limits=terms.limits(),
        lines=lines,
        days={one.code: _days(one, known) for one in order},
        tables={one.code: _tables(one, known) for one in order},
        silent=tuple(silence for one in order for silence in _silent(one, known)),
        city=scoring.scores(scoring.total(list(counts.values()))),
    )


def due_until(month: Month) -> date:
    """The last day of the month that is over by now; the day before its first if none is."""
    days = list(month.days())
    return max(min(days[-1], city_day(clock.now()) - _DAY), days[0] - _DAY)


def _known(month: Month, until: date, unit: str | None) -> _Known:
    first, after = _first(month), _first(month.next())
    previous = (first - _DAY).replace(day=1)
    catalogue = doors.catalogue()
    return _Known(
        month=month,
        until=until,
        catalogue=catalogue,
        declared=_declared(month, unit),
        tables=_table_months(first, unit),
        before=_before(previous, unit),
        days=_day_cells(first, after, unit),
        uploads=_uploads(first, unit),
        persons=_persons(first, unit),
        doubtful=faults.doubtful(month),
        faults=faults.open_counts(month),
        owed={one: frozenset(table.code for table in catalogue.owed(one)) for one in Owner},
        due={one: covering.expected_each(one, month=month, until=until) for one in Period},
    )


def _line(unit: Unit, known: _Known, counts: Counts) -> Line:
    tables = known.tables.get(unit.code, {})
    came = {code: one for code, one in tables.items() if one.cells}
    owed, basis = known.owed[unit.owner], known.basis(unit)
    declared = known.declared.get(unit.code)
    upload_days, last = known.uploads.get(unit.code, (0, None))
    charges = [code for code, table in known.catalogue.tables.items() if table.domain == CHARGE]
    return Line(
        unit=unit.code,
        name=unit.name,
        owner=unit.owner,
        declared=None if declared is None else len(declared),
        owed=len(owed),
        uploaded=len(came),
        rows=sum(one.rows for one in tables.values()),
        upload_days=upload_days,
        visits=_live(tables, known.catalogue, VISIT),
        discharges=_live(tables, known.catalogue, DISCHARGE),
        with_rows=sum(one.filled > 0 for one in came.values()),
        received=sum(one.received for one in tables.values()),
        quarantined=sum(one.quarantined for one in tables.values()),
        marked=sum(one.marked for one in tables.values()),
        refused=sum(one.refused for one in tables.values()),
        data_days=sum(cell.rows > 0 for cell in known.days.get(unit.code, ())),
        charges=sum(came[code].rows for code in charges if code in came) if charges else None,
        persons=known.persons.get(unit.code, ()),
        not_sent=tuple(sorted((declared or frozenset()) - came.keys())),
        not_declared=() if declared is None else tuple(sorted(came.keys() - declared)),
        empty=tuple(sorted(code for code, one in came.items() if not one.filled)),
        expected=counts.expected,
        actual=counts.actual,
        timely=counts.timely,
        doubtful=counts.doubtful,
        open_faults=known.faults.get(unit.code, 0),
        scores=scoring.scores(counts) if basis else None,
        last_day=last,
    )


def _counts(unit: Unit, known: _Known) -> Counts:
    """Table-days due and come of the tables a unit is judged by; rows of all its tables."""
    found = known.tables.get(unit.code, {})
    expected = actual = 0
    timely = [0, 0, 0]
    for code in known.basis(unit):
        table = known.catalogue.tables.get(code)
        if table is None:
            continue
        due = known.due[table.period]
        expected += due
        one = found.get(code)
        if one is None:
            continue
        # Today's data that came today is not due yet: never more than what is due counts.
        actual += min(one.cells, due)
        timely = [sum_ + min(new, due) for sum_, new in zip(timely, one.timely, strict=True)]
    return Counts(
        expected=expected,
        actual=actual,
        timely=tuple(timely),
        received=sum(one.received for one in found.values()),
        loaded=sum(one.rows for one in found.values()),
        doubtful=min(actual, known.doubtful.get(unit.code, 0)),
    )


def _days(unit: Unit, known: _Known) -> tuple[DayCell, ...]:
    daily = sum(
        known.catalogue.tables[code].period is Period.DAY
        for code in known.basis(unit)
        if code in known.catalogue.tables
    )
    found = {cell.day: cell for cell in known.days.get(unit.code, ())}
    return tuple(
        replace(
            found.get(day, DayCell(day, 0, 0, 0, 0, 0)),
            expected=daily if day <= known.until else 0,
        )
        for day in known.month.days()
    )


def _tables(unit: Unit, known: _Known) -> tuple[TableCell, ...]:
    """Every table the unit owes, declared or sent."""
    found = known.tables.get(unit.code, {})
    owed = known.owed[unit.owner]
    declared = known.declared.get(unit.code) or frozenset()
    codes = sorted({*owed, *declared, *(code for code, one in found.items() if one.cells)})
    due = {
        code: known.due[known.catalogue.tables[code].period]
        for code in codes
        if code in known.catalogue.tables
    }
    none = _TableMonth("", 0, 0, (0, 0, 0), 0, 0, 0, 0, 0, 0, None)
    return tuple(
        TableCell(
            table=code,
            declared=code in declared,
            owed=code in owed,
            days=(one := found.get(code, none)).cells,
            expected=due.get(code, 0),
            rows=one.rows,
            quarantined=one.quarantined,
            last=one.last,
        )
        for code in codes
    )


def _silent(unit: Unit, known: _Known) -> Iterable[Silence]:
    """The unit as a whole, or single daily tables that came regularly and no longer do."""
    _, last = known.uploads.get(unit.code, (0, None))
    found, before = known.tables.get(unit.code, {}), known.before.get(unit.code, {})
    if not any(one.cells for one in found.values()):
        since = max((day for _, day in before.values() if day), default=last)
        days = (known.until - since).days if since else None
        if days is None or days >= SILENT_DAYS:
            yield Silence(unit.code, unit.name, "", since, days)
        return
    for code in sorted({*found, *before}):
        table = known.catalogue.tables.get(code)
        if table is None or table.period is not Period.DAY:
            continue
        since = _silent_table(found.get(code), before.get(code), known)
        if since is not None:
            yield Silence(unit.code, unit.name, code, since, (known.until - since).days)


def _silent_table(
    now: _TableMonth | None, before: tuple[int, date | None] | None, known: _Known
) -> date | None:
    """The last day of a daily table, if it came on three quarters of the days up to it, over this
    month and the one before, and then for three days no more.
    """
    cells, last_before = before or (0, None)
    lasts = [day for day in (now.last if now else None, last_before) if day]
    if not lasts or (known.until - max(lasts)).days < SILENT_DAYS:
        return None
    last = max(lasts)
    start = _first(known.month)
    if cells:
        start = (start - _DAY).replace(day=1)
    usual = (last - start).days + 1
    came = cells + (now.cells if now else 0)
    return last if usual >= 7 and came * 4 >= usual * 3 else None


def _live(tables: Mapping[str, _TableMonth], catalogue: Catalogue, counted: str) -> int:
    return sum(one.live for code, one in tables.items() if _counted(catalogue, code) == counted)


def _counted(catalogue: Catalogue, code: str) -> str:
    table = catalogue.tables.get(code)
    return table.counts if table else ""


def _declared(month: Month, unit: str | None) -> dict[str, frozenset[str]]:
    """The declarations that stood at the end of the month (now, if it still runs). Of a unit that
    had made none by then, the first it made: an answer that came late is an answer.
    """
    at = min(clock.now(), month.bounds()[1])
    rows = models.Declaration.objects.order_by("unit_id", "since")
    if unit is not None:
        rows = rows.filter(unit_id=unit)
    kept: defaultdict[str, set[str]] = defaultdict(set)
    first: dict[str, Any] = {}
    for code, table, since, until in rows.values_list("unit_id", "table", "since", "until"):
        when = max(at, first.setdefault(code, since))
        if since <= when and (until is None or until > when):
            kept[code].add(table)
    return {code: frozenset(kept[code]) for code in first}


def earlier(month: Month) -> dict[str, Earlier]:
    """What oddities compare with: rows and persons of a month, by unit that sent anything."""
    first, persons = _first(month), _persons(_first(month), None)
    return {
        row[0]: Earlier(int(row[1]), persons.get(row[0], ()))
        for row in statements.ask(_EARLIER, first)
    }


def _table_months(first: date, unit: str | None) -> dict[str, dict[str, _TableMonth]]:
    found: defaultdict[str, dict[str, _TableMonth]] = defaultdict(dict)
    for row in _ask(_TABLE_MONTHS, unit, first):
        code, table, cells, filled, *timely = row[:7]
        received, rows, live, quarantined, marked, refused, last = row[7:]
        found[code][table] = _TableMonth(
            table,
            cells,
            filled,
            (timely[0], timely[1], timely[2]),
            received,
            rows,
            live,
            quarantined,
            marked,
            refused,
            _date(last),
        )
    return found


def _before(first: date, unit: str | None) -> dict[str, dict[str, tuple[int, date | None]]]:
    found: defaultdict[str, dict[str, tuple[int, date | None]]] = defaultdict(dict)
    for code, table, cells, last in _ask(_BEFORE, unit, first):
        found[code][table] = (cells, _date(last))
    return found


def _day_cells(first: date, after: date, unit: str | None) -> dict[str, list[DayCell]]:
    found: defaultdict[str, list[DayCell]] = defaultdict(list)
    for code, day, tables, timely, rows, quarantined in _ask(_DAYS, unit, first, after):
        at = _date(day)
        if at is not None:
            found[code].append(DayCell(at, tables, 0, int(rows), int(quarantined), timely))
    return found


def _uploads(first: date, unit: str | None) -> dict[str, tuple[int, Any]]:
    return {row[0]: (row[1], _date(row[2])) for row in _ask(_UPLOADS, unit, first)}


def _persons(first: date, unit: str | None) -> dict[str, tuple[tuple[str, int], ...]]:
    found: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for code, kind, number in _ask(_PERSONS, unit, first):
        found[code].append((kind, int(number)))
    return {code: tuple(rows) for code, rows in found.items()}


def _ask(statement: str, unit: str | None, *values: Any) -> list[tuple[Any, ...]]:
    """A statement over all units, or over one."""
    if unit is None:
        return statements.ask(statement.format(""), *values)
    return statements.ask(statement.format("AND unit = %s "), *values, unit)


def _date(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _first(month: Month) -> date:
    return date(month.year, month.month, 1)


_TABLE_MONTHS = (
    'SELECT unit, "table", cells, filled, timely_1, timely_2, timely_3, received, "rows", live, '
    'quarantined, marked, refused, "last" FROM collect_coveragemonth WHERE month = %s {}'
)
_BEFORE = 'SELECT unit, "table", cells, "last" FROM collect_coveragemonth WHERE month = %s {}'
_EARLIER = (
    'SELECT unit, SUM("rows") FROM collect_coveragemonth WHERE month = %s '
    "GROUP BY unit HAVING SUM(cells) > 0"
)
_DAYS = (
    'SELECT unit, day, tables, timely, "rows", quarantined FROM collect_coverageday '
    "WHERE day >= %s AND day < %s {}ORDER BY unit, day"
)
_UPLOADS = "SELECT unit, COUNT(*), MAX(day) FROM collect_uploadday WHERE month = %s {}GROUP BY unit"
_PERSONS = (
    "SELECT unit, kind, persons FROM collect_personcount WHERE month = %s {}ORDER BY unit, kind"
)
