"""A unit's line in the month's coverage (采集情况统计行), and the city's coverage as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from openrhip.collect.rules.scoring import Scores
from openrhip.collect.rules.tables import Owner
from openrhip.kernel.periods import Month

BASIC, HYPERTENSION, DIABETES = "basic-record", "hypertension", "diabetes"
PERSONS = (BASIC, HYPERTENSION, DIABETES)  # health-record kinds, cumulative by person


@dataclass(frozen=True, slots=True)
class Line:
    """What one unit did in a month. declared: None where it never declared its tables (未反馈).

    uploaded: tables with an accepted batch, empty ones included; with_rows: those with rows.
    rows: loaded rows of the batches that stand; received, quarantined, marked: of the same batches.
    upload_days: city days on which accepted batches with rows for the month arrived; data_days:
    days of the month with rows of daily tables. visits, discharges: rows that count as such,
    withdrawn and superseded ones not. charges: loaded rows of tables that count as charge, None
    where nobody counts them. refused: batches refused whole. persons: by kind, cumulative.
    not_sent: declared tables without an accepted batch; not_declared: the other way round; empty:
    tables that came, always without rows. expected, actual, timely, doubtful: see `scoring.Counts`.
    last_day: the city day on which data for the month arrived last.
    """

    unit: str
    name: str
    owner: Owner
    declared: int | None
    owed: int
    uploaded: int
    rows: int
    upload_days: int
    visits: int
    discharges: int
    with_rows: int | None = None
    received: int = 0
    quarantined: int = 0
    marked: int = 0
    refused: int = 0
    data_days: int | None = None
    charges: int | None = None
    persons: tuple[tuple[str, int], ...] = ()
    not_sent: tuple[str, ...] = ()
    not_declared: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    expected: int = 0
    actual: int = 0
    timely: tuple[int, ...] = ()
    doubtful: int = 0
    open_faults: int = 0
    scores: Scores | None = None
    last_day: date | None = None

    def person_count(self, kind: str) -> int | None:
        return dict(self.persons).get(kind)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a unit's line is compared with: rows and persons of the month before."""

    rows: int
    persons: tuple[tuple[str, int], ...] = ()

    def person_count(self, kind: str) -> int | None:
        return dict(self.persons).get(kind)


@dataclass(frozen=True, slots=True)
class DayCell:
    """A unit's day on the heat map: daily tables that came, of those expected."""

    day: date
    tables: int
    expected: int
    rows: int
    quarantined: int
    timely: int


@dataclass(frozen=True, slots=True)
class TableCell:
    """A unit's table on the heat map: table-days that came, of those expected."""

    table: str
    declared: bool
    owed: bool
    days: int
    expected: int
    rows: int
    quarantined: int
    last: date | None


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing came. table: empty for the unit as a whole. since: last day that came, or None."""

    unit: str
    name: str
    table: str
    since: date | None
    days: int | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """The city's month. until: the last day that was due when this was asked; limits: in days.

    days, tables: heat maps by unit. before: the month before, by unit, for comparison.
    """

    month: Month
    until: date
    limits: tuple[Decimal, ...]
    lines: tuple[Line, ...]
    days: dict[str, tuple[DayCell, ...]] = field(default_factory=dict)
    tables: dict[str, tuple[TableCell, ...]] = field(default_factory=dict)
    silent: tuple[Silence, ...] = ()
    city: Scores | None = None

    @property
    def rows(self) -> int:
        return sum(line.rows for line in self.lines)

    def line(self, unit: str) -> Line | None:
        return next((line for line in self.lines if line.unit == unit), None)


def in_print_order(lines: tuple[Line, ...], month: Month) -> tuple[Line, ...]:
    """As the bulletin has them: those with more upload days than the month has first (they are to
    be looked at), then by rows, most first.
    """
    days = len(list(month.days()))
    return tuple(sorted(lines, key=lambda one: (one.upload_days <= days, -one.rows, one.unit)))
