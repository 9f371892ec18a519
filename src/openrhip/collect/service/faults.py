"""Faults (问题清单): opened by the batch that breaks a rule, closed by the one that mends it.

What counts is the newest checked batch of a unit, table and day. A loaded one closes every fault it
no longer shows; a refused one mends nothing, since what stood before still stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from openrhip.collect import models
from openrhip.collect.rules.findings import Finding
from openrhip.collect.rules.jobs import RuleHits
from openrhip.collect.rules.kinds import Level, Rule
from openrhip.collect.rules.tables import Catalogue, Severity
from openrhip.collect.service import doors, terms
from openrhip.kernel import clock, statements
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Malformed, NotFound, Refused
from openrhip.kernel.periods import Month, city_day

MOST = 1_000
ROW = str(Level.ROW)
LOOKED_ACROSS = (str(Level.DAY),)  # settled by `crosschecks`, not by the batch itself


@dataclass(frozen=True, slots=True)
class Fault:
    """An open or closed fault. count: rows at fault in the last batch; days_open: whole days since
    it was first seen, to now or to its closing; first_batch, last_batch: those that showed it.
    """

    id: int
    unit: str
    unit_name: str
    table: str
    table_zh: str
    day: date
    rule: str
    level: Level
    severity: Severity
    count: int
    zh: str
    en: str
    fix_zh: str
    fix_en: str
    first_at: datetime
    first_batch: str
    last_batch: str
    days_open: int
    closed_at: datetime | None
    closed_by: str
    why: str


@dataclass(frozen=True, slots=True)
class FaultGroup:
    """The open faults of a unit and rule: on so many days, so many rows, the oldest since."""

    unit: str
    unit_name: str
    table: str
    table_zh: str
    rule: str
    level: Level
    severity: Severity
    days: int
    rows: int
    first_at: datetime
    days_open: int
    last_day: date
    zh: str
    en: str
    fix_zh: str
    fix_en: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What is said of a batch: rule → (count, the finding, or None for a rule of the catalogue)."""

    batch: str
    at: datetime
    loaded: bool
    broken: Mapping[str, tuple[int, Finding | None]]


def judge(
    *,
    batch: str,
    at: datetime,
    loaded: bool,
    hits: Sequence[RuleHits],
    found: Iterable[Finding],
) -> Judged:
    """The faults of a batch: the rules its rows broke, and findings about it as a whole."""
    broken: dict[str, tuple[int, Finding | None]] = {
        one.rule: (one.count, None) for one in hits if one.count > 0
    }
    broken |= {one.rule: (one.count, one) for one in found}
    return Judged(batch, at, loaded, broken)


def follow(
    key: tuple[str, str, date],
    judged: Judged,
    *,
    rules: Mapping[str, Rule],
    levels: Sequence[str] | None = None,
) -> None:
    """Open, count and close the faults of a unit, table and day. Inside `writing()`; idempotent.

    levels: only faults of these levels are closed; all but those across tables where it is None.
    """
    rows = statements.ask(_OPEN, *key)
    known = {row[1]: row for row in rows}
    fresh = []
    for rule, (count, finding) in judged.broken.items():
        row = known.get(rule)
        if row is None:
            fresh.append(_fresh(key, rule, count, finding, judged, rules.get(rule)))
        elif (row[2], row[3]) != (count, judged.batch):
            words = (finding.zh, finding.en) if finding else ("", "")
            statements.change(_COUNT, count, judged.batch, *words, row[0])
    # A finding that somebody confirmed is not opened again by the same batch.
    if fresh:
        confirmed = {row[0] for row in statements.ask(_CONFIRMED, *key, judged.batch)}
        statements.insert([one for one in fresh if one.rule not in confirmed])
    if not judged.loaded:
        return
    for pk, rule, _count, _batch, level in rows:
        mine = level in levels if levels is not None else level not in LOOKED_ACROSS
        if mine and rule not in judged.broken:
            statements.change(_CLOSE, judged.at, judged.batch, pk)


def _fresh(
    key: tuple[str, str, date],
    rule: str,
    count: int,
    finding: Finding | None,
    judged: Judged,
    known: Rule | None,
) -> models.Fault:
    severity = finding or known
    return models.Fault(
        unit=key[0],
        table=key[1],
        day=key[2],
        rule=rule,
        level=str(finding.level) if finding else ROW,
        severity=str(severity.severity if severity else Severity.ERROR),
        count=count,
        zh=finding.zh if finding else "",
        en=finding.en if finding else "",
        fix_zh=finding.fix_zh if finding else "",
        fix_en=finding.fix_en if finding else "",
        first_at=judged.at,
        first_batch=judged.batch,
        last_batch=judged.batch,
    )


def confirm_fault(*, fault: int, by: str, why: str) -> None:
    """Close a finding that is as it should be (a holiday, a closed ward). Raises Refused for a
    rule that rows broke: those are mended by sending again.
    """
    reason = " ".join(why.split())
    if not 2 <= len(reason) <= 300 or not by:
        raise Malformed("a confirmation says who and why, in 2 to 300 characters", where="why")
    with writing():
        row = models.Fault.objects.select_for_update().filter(pk=fault).first()
        if row is None or row.closed_at is not None:
            raise NotFound("no such open fault", where=str(fault))
        if row.level == ROW or row.severity == Severity.ERROR:
            raise Refused(
                "rows at fault cannot be confirmed away",
                where=row.rule,
                remedy="correct them and send the batch again",
            )
        row.closed_at, row.closed_by, row.why = clock.now(), by, reason
        row.save(update_fields=["closed_at", "closed_by", "why"])


def list_faults(
    *,
    unit: str | None = None,
    table: str | None = None,
    rule: str | None = None,
    batch: str | None = None,
    month: Month | None = None,
    closed: bool = False,
    page: int = 1,
) -> tuple[Fault, ...]:
    """Open faults (or closed ones), those open longest first; at most 1,000 on a page."""
    if not 1 <= page <= 10_000:
        raise Malformed("pages begin with 1", where="page")
    rows = _chosen(unit=unit, table=table, rule=rule, month=month, closed=closed)
    if batch is not None:
        rows = rows.filter(last_batch=batch)
    order = ("-closed_at", "pk") if closed else ("first_at", "pk")
    shown = list(rows.order_by(*order)[(page - 1) * MOST : page * MOST])
    catalogue, names = doors.catalogue(), terms.names()
    now = clock.now()
    return tuple(_view(row, catalogue, names, now) for row in shown)


def fault_groups(*, unit: str | None = None, month: Month | None = None) -> tuple[FaultGroup, ...]:
    """Open faults by unit and rule, errors first, then those open longest."""
    rows = (
        _chosen(unit=unit, month=month)
        .values("unit", "table", "rule", "level", "severity")
        .annotate(
            days=Count("id"),
            number=Sum("count"),
            first=Min("first_at"),
            last=Max("day"),
            newest=Max("id"),
        )
    )
    found = list(rows)
    words = {
        row.pk: row
        for row in models.Fault.objects.filter(
            pk__in=[row["newest"] for row in found if row["level"] != ROW][:MOST]
        )
    }
    catalogue, names = doors.catalogue(), terms.names()
    now = clock.now()
    groups = [
        FaultGroup(
            unit=row["unit"],
            unit_name=names.get(row["unit"], row["unit"]),
            table=row["table"],
            table_zh=terms.table_name(catalogue, row["table"]),
            rule=row["rule"],
            level=Level(row["level"]),
            severity=Severity(row["severity"]),
            days=row["days"],
            rows=row["number"],
            first_at=row["first"],
            days_open=_days(row["first"], now),
            last_day=row["last"],
            **terms.words(catalogue, row["table"], row["rule"], words.get(row["newest"])),
        )
        for row in found
    ]
    return tuple(
        sorted(
            groups,
            key=lambda one: (one.unit, one.severity is not Severity.ERROR, one.first_at, one.rule),
        )
    )


def open_counts(month: Month | None = None) -> dict[str, int]:
    """How many faults are open, by unit."""
    rows = _chosen(month=month).values_list("unit").annotate(Count("id"))
    return dict(rows.order_by("unit"))


def doubtful(month: Month) -> dict[str, int]:
    """Table-days with an open finding across tables or against the history, by unit."""
    rows = (
        _chosen(month=month)
        .filter(level__in=(Level.DAY, Level.HISTORY))
        .values_list("unit", "table", "day")
        .distinct()
    )
    counts: dict[str, int] = {}
    for unit, _table, _day in rows:
        counts[unit] = counts.get(unit, 0) + 1
    return counts


def _chosen(
    *,
    unit: str | None = None,
    table: str | None = None,
    rule: str | None = None,
    month: Month | None = None,
    closed: bool = False,
) -> QuerySet[models.Fault]:
    wanted = Q(closed_at__isnull=not closed)
    if unit is not None:
        wanted &= Q(unit=unit)
    if table is not None:
        wanted &= Q(table=table)
    if rule is not None:
        wanted &= Q(rule=rule)
    if month is not None:
        days = list(month.days())
        wanted &= Q(day__gte=days[0], day__lte=days[-1])
    return models.Fault.objects.filter(wanted)


def _view(
    row: models.Fault, catalogue: Catalogue, names: Mapping[str, str], now: datetime
) -> Fault:
    return Fault(
        id=row.pk,
        unit=row.unit,
        unit_name=names.get(row.unit, row.unit),
        table=row.table,
        table_zh=terms.table_name(catalogue, row.table),
        day=row.day,
        rule=row.rule,
        level=Level(row.level),
        severity=Severity(row.severity),
        count=row.count,
        **terms.words(catalogue, row.table, row.rule, row),
        first_at=row.first_at,
        first_batch=row.first_batch,
        last_batch=row.last_batch,
        days_open=_days(row.first_at, row.closed_at or now),
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        why=row.why,
    )


def _days(since: datetime, until: datetime) -> int:
    return max(0, (city_day(until) - city_day(since)).days)


_OPEN = (
    "SELECT id, rule, count, last_batch, level FROM collect_fault "
    'WHERE unit = %s AND "table" = %s AND day = %s AND closed_at IS NULL'
)
_CONFIRMED = (
    "SELECT rule FROM collect_fault "
    "WHERE unit = %s AND \"table\" = %s AND day = %s AND last_batch = %s AND why <> ''"
)
_COUNT = "UPDATE collect_fault SET count = %s, last_batch = %s, zh = %s, en = %s WHERE id = %s"
_CLOSE = "UPDATE collect_fault SET closed_at = %s, closed_by = %s WHERE id = %s"
