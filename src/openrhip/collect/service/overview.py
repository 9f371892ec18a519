"""What the pages ask beyond coverage and faults: lists of batches, what waits, cells of a unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Min

from openrhip.collect import models
from openrhip.collect.rules.states import BatchState, State
from openrhip.collect.service import reading
from openrhip.kernel import clock, statements
from openrhip.kernel.periods import Month, city_day, day_bounds

COUNTED = 10_000  # batches of a list beyond this are not counted: the list goes on


@dataclass(frozen=True, slots=True)
class BatchPage:
    """A page of a list. total: of batches, COUNTED at most."""

    items: tuple[BatchState, ...]
    number: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is not settled yet. oldest: when the first of it arrived."""

    received: int
    checking: int
    oldest: datetime | None

    @property
    def batches(self) -> int:
        return self.received + self.checking


@dataclass(frozen=True, slots=True)
class TableDay:
    """What stands for a unit, table and day. late: minutes after the end of its period."""

    table: str
    day: date
    came: bool
    rows: int
    quarantined: int
    sends: int
    refused: int
    late: int


@dataclass(frozen=True, slots=True)
class PersonTotal:
    """Persons of all districts with a kind of health record, to the end of a month."""

    month: Month
    kind: str
    persons: int


def batch_page(
    *,
    unit: str | None = None,
    table: str | None = None,
    state: State | None = None,
    month: Month | None = None,
    day: date | None = None,
    number: int = 1,
) -> BatchPage:
    """Newest first, 50 a page, without hits. month, day: of the batch's data."""
    rows = models.Batch.objects.all()
    if unit is not None:
        rows = rows.filter(unit_id=unit)
    if table is not None:
        rows = rows.filter(table=table)
    if state is not None:
        rows = rows.filter(state=state.value)
    if day is not None:
        rows = rows.filter(day=day)
    elif month is not None:
        days = list(month.days())
        rows = rows.filter(day__gte=days[0], day__lte=days[-1])
    total = rows[:COUNTED].count()
    pages = max(1, -(-total // reading.PAGE))
    number = max(1, min(number, pages))
    start = reading.PAGE * (number - 1)
    shown = rows.order_by("-sequence")[start : start + reading.PAGE]
    return BatchPage(tuple(reading.view(row) for row in shown), number, pages, total)


def waiting(*, unit: str | None = None) -> Waiting:
    """Batches that are received or being checked."""
    rows = models.open_batches()
    if unit is not None:
        rows = rows.filter(unit_id=unit)
    found = rows.values_list("state").annotate(Count("pk"), Min("received_at")).order_by("state")
    counts = {state: number for state, number, _ in found}
    return Waiting(
        received=counts.get(State.RECEIVED.value, 0),
        checking=counts.get(State.CHECKING.value, 0),
        oldest=min((at for _, _, at in found), default=None),
    )


def refused_today(*, unit: str | None = None, most: int = 20) -> tuple[int, tuple[BatchState, ...]]:
    """How many batches that arrived on this city day were refused whole, and the newest of them."""
    since = day_bounds(city_day(clock.now()))[0]
    rows = models.Batch.objects.filter(state=State.REFUSED.value, received_at__gte=since)
    if unit is not None:
        rows = rows.filter(unit_id=unit)
    newest = rows.order_by("-received_at")[:most]
    return rows.count(), tuple(reading.view(row) for row in newest)


def first_month() -> Month | None:
    """The month of the oldest data that came, if any."""
    found = models.CoverageMonth.objects.order_by("month").values_list("month", flat=True).first()
    return Month(found.year, found.month) if found else None


def table_days(*, unit: str, month: Month) -> tuple[TableDay, ...]:
    """The cells of a unit's month."""
    days = list(month.days())
    rows = statements.ask(_CELLS, unit, days[0], days[-1])
    return tuple(TableDay(row[0], _date(row[1]), bool(row[2]), *map(int, row[3:])) for row in rows)


def person_totals(*, until: Month, months: int = 12) -> tuple[PersonTotal, ...]:
    """The city's persons by month and kind, oldest first."""
    last = date(until.year, until.month, 1)
    at = until.year * 12 + until.month - months
    since = date(at // 12, at % 12 + 1, 1)
    rows = statements.ask(_PERSONS, since, last)
    return tuple(
        PersonTotal(Month((day := _date(row[0])).year, day.month), row[1], int(row[2]))
        for row in rows
    )


def _date(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


_CELLS = (
    'SELECT "table", day, came, "rows", quarantined, sends, refused, late '
    "FROM collect_coveragecell WHERE unit = %s AND day >= %s AND day <= %s"
)
_PERSONS = (
    "SELECT month, kind, SUM(persons) FROM collect_personcount WHERE month >= %s AND month <= %s "
    "GROUP BY month, kind ORDER BY month, kind"
)
