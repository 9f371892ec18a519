"""What has come from a unit for a table and a day (采集情况的单元格), worked out from its batches.

A cell is a pure function of the batches of one unit, table and day: what is kept can always be
worked out anew. Nothing is ever taken from somebody saying "complete".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from openrhip.collect.rules.tables import Period, Table
from openrhip.kernel.errors import Misconfigured
from openrhip.kernel.periods import Month, city_day, day_bounds

LOADED, REFUSED = "loaded", "refused"
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Sent:
    """One batch that was checked. loaded, quarantined …: rows; current: it stands in the lake."""

    id: str
    state: str
    received_at: datetime
    received: int = 0
    loaded: int = 0
    quarantined: int = 0
    marked: int = 0
    amended: int = 0
    withdrawn: int = 0
    current: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands for a unit, table and day. came: a batch was accepted. first_at: the arrival by
    which timeliness is judged: of the first accepted batch with rows, or of the first accepted one
    where all were empty. late: minutes from the end of the period to it; negative before its end.
    sends: accepted batches; refused: refused ones. live: loaded rows that are not withdrawn.
    """

    came: bool = False
    batch: str = ""
    received: int = 0
    rows: int = 0
    live: int = 0
    quarantined: int = 0
    marked: int = 0
    changed: int = 0
    sends: int = 0
    refused: int = 0
    first_at: datetime | None = None
    late: int = 0


def cell(batches: Iterable[Sent], *, table: Table, day: date) -> Cell:
    """The cell that these batches make, all of one unit, table and day."""
    known = sorted(batches, key=lambda batch: (batch.received_at, batch.id))
    accepted = [batch for batch in known if batch.state == LOADED]
    refused = sum(batch.state == REFUSED for batch in known)
    if not accepted:
        return Cell(refused=refused)
    stands = next((batch for batch in accepted if batch.current), accepted[-1])
    first = next((batch for batch in accepted if batch.loaded), accepted[0]).received_at
    return Cell(
        came=True,
        batch=stands.id,
        received=stands.received,
        rows=stands.loaded,
        live=max(0, stands.loaded - stands.withdrawn),
        quarantined=stands.quarantined,
        marked=stands.marked,
        changed=stands.amended + stands.withdrawn,
        sends=len(accepted),
        refused=refused,
        first_at=first,
        late=lateness(first, table=table, day=day),
    )


def lateness(at: datetime, *, table: Table, day: date) -> int:
    """Minutes from the end of the period to an arrival; 0 for snapshots, which are of their day."""
    if table.period is Period.SNAPSHOT:
        return 0
    return (at - period_end(table, day)) // MINUTE


def period_end(table: Table, day: date) -> datetime:
    """The instant after which a table's rows of that day (or month) can be complete, in UTC."""
    if table.period is Period.MONTH:
        return Month(day.year, day.month).bounds()[1]
    return day_bounds(day)[1]


def arrival_days(batches: Iterable[Sent]) -> set[date]:
    """The city days on which accepted batches with rows arrived (数据上传天数 counts these)."""
    return {
        city_day(batch.received_at) for batch in batches if batch.state == LOADED and batch.loaded
    }


def limits_of(text: str) -> tuple[Decimal, ...]:
    """Timeliness limits in days, fractions allowed, ascending: "1,3,7". Raises Misconfigured."""
    try:
        limits = tuple(Decimal(part.strip()) for part in text.split(","))
    except InvalidOperation:
        limits = ()
    good = all(limit.is_finite() and 0 < limit <= 366 for limit in limits)
    if not good or len(limits) != 3 or sorted(set(limits)) != list(limits):
        raise Misconfigured(
            "timeliness needs three ascending numbers of days",
            where="collect_timely_days",
            remedy="for example 1,3,7 or 0.5,1,3",
        )
    return limits


def within(late: int, limits: Sequence[Decimal]) -> tuple[bool, ...]:
    """Whether an arrival so many minutes after the period's end is within each limit."""
    return tuple(Decimal(late) <= limit * 1440 for limit in limits)


def expected(tables: Iterable[Table], *, month: Month, until: date) -> int:
    """How many table-days are due in a month by the end of day `until`, that day included.

    A daily table: one for each day; a monthly table: one, due when the month is over; a register
    (snapshot): one a month, due when the month is over.
    """
    return sum(expected_each(table.period, month=month, until=until) for table in tables)


def expected_each(period: Period, *, month: Month, until: date) -> int:
    """The same of one table."""
    days = list(month.days())
    if period is Period.DAY:
        return sum(day <= until for day in days)
    return int(until >= days[-1])
