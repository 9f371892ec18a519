"""A month of sendings (一个月的上传计划): from a unit's figures to the batches that add up to them.

A plan says what is sent for which day and when it arrives; `collecting` and the golden month make
the rows. The data of a day arrives on the next; where a month shows more upload days than it has
days, the first day's data is sent on that very day too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from openrhip.collect.rules.tables import Catalogue, Owner, Period, Table
from openrhip.kernel.errors import Malformed
from openrhip.kernel.periods import Month

_DAY = timedelta(days=1)
_FEW = 2  # batches of a table that is not sent daily
CUMULATIVE = ("basic-record", "hypertension", "diabetes")


@dataclass(frozen=True, slots=True)
class UnitMonth:
    """What a unit's line of the bulletin says. declared: None where it never declared. rows:
    loaded in the month; days: on which something arrived; persons: counts → people so far.
    """

    code: str
    name: str
    owner: Owner
    declared: int | None
    uploaded: int
    rows: int
    days: int
    visits: int
    discharges: int
    persons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Sending:
    """One batch to come: its table and day, when it arrives, how many rows."""

    unit: str
    table: str
    day: date
    arrives: date
    rows: int


def scaled(unit: UnitMonth, scale: float) -> UnitMonth:
    """The unit's line at a share of its size; tables and days stay."""
    persons = {name: round(count * scale) for name, count in unit.persons.items()}
    return UnitMonth(
        unit.code,
        unit.name,
        unit.owner,
        unit.declared,
        unit.uploaded,
        round(unit.rows * scale),
        unit.days,
        round(unit.visits * scale),
        round(unit.discharges * scale),
        persons,
    )


def declared(unit: UnitMonth, catalogue: Catalogue) -> tuple[str, ...] | None:
    """The tables that the unit declares: first those that it sends, then others that it owes."""
    if unit.declared is None:
        return None
    sent = [table.code for table in _chosen(unit, catalogue)]
    rest = [table.code for table in catalogue.owed(unit.owner) if table.code not in sent]
    return tuple((*sent, *rest)[: unit.declared])


def plan(unit: UnitMonth, month: Month, catalogue: Catalogue) -> list[Sending]:
    """The sendings of a month, in the order in which they arrive.

    Raises Malformed where the figures cannot be: fewer rows than tables or days.
    """
    return sorted(
        (*_before(unit, month, catalogue), *_within(unit, month, catalogue)),
        key=lambda one: (one.arrives, one.table, one.day),
    )


def _before(unit: UnitMonth, month: Month, catalogue: Catalogue) -> Iterator[Sending]:
    """The people known so far came in the month before."""
    day = date(month.year, month.month, 1) - 15 * _DAY
    for counts, people in unit.persons.items():
        if people:
            yield Sending(unit.code, _counting(counts, catalogue).code, day, day + _DAY, people)


def _within(unit: UnitMonth, month: Month, catalogue: Catalogue) -> Iterator[Sending]:
    tables = _chosen(unit, catalogue)
    days = list(month.days())
    if not unit.rows:
        for table in tables:
            yield Sending(unit.code, table.code, days[0], days[0] + _DAY, 0)
        return
    early = max(0, unit.days - len(days))
    slots = [(day, day + _DAY) for day in days[: unit.days]]
    shares = _shares(unit, tables, len(slots))
    for at, (table, rows) in enumerate(zip(tables, shares, strict=True)):
        # the table that carries most is sent on every day, so that no day is without rows
        daily = table.counts in ("visit", "discharge") or rows >= max(shares)
        times = min(rows, len(slots) if daily else _FEW) if table.period is Period.DAY else 1
        chosen = [slots[(at + step * len(slots) // times) % len(slots)] for step in range(times)]
        if early and not daily:  # this one is sent on the very day, before all others
            early, chosen = early - 1, [(days[0], days[0])]
        for (day, arrives), part in zip(chosen, _split(rows, len(chosen)), strict=True):
            yield Sending(unit.code, table.code, _day_of(table, day), arrives, part)
    if early:
        raise Malformed("more upload days than a month and a day have", where=unit.code)


def _chosen(unit: UnitMonth, catalogue: Catalogue) -> list[Table]:
    """The tables that the unit sends: those that are counted, then daily ones, then others."""
    wanted = {"visit": unit.visits, "discharge": unit.discharges}
    counted = [
        table for table in catalogue.owed(unit.owner) if unit.rows and wanted.get(table.counts)
    ]
    others = [table for table in catalogue.owed(unit.owner) if not table.counts]
    others.sort(key=lambda table: (table.period is not Period.DAY, table.code))
    found = [*counted, *others][: unit.uploaded]
    if len(found) < unit.uploaded:
        raise Malformed("a unit sends more tables than the catalogue has", where=unit.code)
    return found


def _shares(unit: UnitMonth, tables: Sequence[Table], days: int) -> list[int]:
    """Rows of each table; one table carries half of those that are not counted."""
    counted = {"visit": unit.visits, "discharge": unit.discharges}
    own = [counted.get(table.counts, 0) for table in tables]
    free = [at for at, rows in enumerate(own) if not rows]
    rest = unit.rows - sum(own)
    half = max(days, rest - rest // 2)
    if not free or rest < half + len(free) - 1:
        raise Malformed("fewer rows than tables and days", where=unit.code)
    for at, rows in zip(free[1:], _split(rest - half, len(free) - 1), strict=True):
        own[at] = rows
    own[free[0]] = half if len(free) > 1 else rest
    return own


def _day_of(table: Table, day: date) -> date:
    return day.replace(day=1) if table.period is Period.MONTH else day


def _split(rows: int, parts: int) -> list[int]:
    """Even parts that add up."""
    marks = [rows * at // parts for at in range(parts + 1)] if parts else []
    return [after - before for before, after in pairwise(marks)]


def _counting(counts: str, catalogue: Catalogue) -> Table:
    return next(table for table in catalogue.tables.values() if table.counts == counts)
