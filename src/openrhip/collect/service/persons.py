"""Persons with a health record (健康档案人数): cumulative, each counted once, by district.

Counted in one statement over the tokens of the lake: a person's identity number is a keyed token
there, and the directory says which tokens belong to one person. Amended rows count as they are now,
withdrawn ones not at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from openrhip.collect import asking, models
from openrhip.collect.rules.lines import PERSONS
from openrhip.collect.rules.tables import Owner, Table
from openrhip.collect.service import doors
from openrhip.directory import service as directory
from openrhip.kernel import clock, statements
from openrhip.kernel.config import current
from openrhip.kernel.database import writing
from openrhip.kernel.periods import Month, city_day, day_bounds

MEMORY = "1500MB"


def count_persons(month: Month) -> dict[str, dict[str, int]]:
    """Count the persons of every unit and kind up to the end of the month, and keep the figures.

    Answers unit → kind → persons. A chore of the night, and of `openrhip collect coverage --count`.
    """
    until = list(month.days())[-1]
    found: dict[str, dict[str, int]] = defaultdict(dict)
    with asking.opened(
        spill=current().home / "collect" / "work" / "spill", memory=MEMORY
    ) as connection:
        tell_joined(connection, directory.joined_numbers(doors.seal()))
        for kind in PERSONS:
            tables = _tables(kind)
            for unit, number in _count(connection, tables, until) if tables else ():
                found[unit][kind] = number
    _keep(month, found)
    return dict(found)


def up_to_date(month: Month) -> bool:
    """Whether the month was counted, and no record came since that it holds."""
    rows = models.PersonCount.objects.filter(month=date(month.year, month.month, 1))
    return rows.exists() and not rows.filter(stale=True).exists()


def count_persons_due() -> int:
    """Count anew what is out of date: this month and the last once a day, since the directory may
    have merged people; any month an hour after records came for it. Answers how many months.
    """
    now = clock.now()
    today = city_day(now)
    if not models.Unit.objects.filter(owner=Owner.DISTRICT.value).exists():
        return 0
    running = [today.replace(day=1), (today.replace(day=1) - timedelta(days=1)).replace(day=1)]
    fresh = models.PersonCount.objects.filter(
        month__in=running, counted_at__gte=day_bounds(today)[0]
    )
    due = set(running) - set(fresh.values_list("month", flat=True))
    stale = models.PersonCount.objects.filter(stale=True, counted_at__lt=now - timedelta(hours=1))
    due |= set(stale.values_list("month", flat=True))
    for month in sorted(due):
        count_persons(Month(month.year, month.month))
    return len(due)


def note_records(unit: str, table: Table, day: date) -> None:
    """Records came: months from theirs on are to be counted anew. Inside `writing()`."""
    if table.counts in PERSONS:
        statements.change(_STALE, unit, day.replace(day=1))


def distinct_persons(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[str]
) -> list[tuple[Any, ...]]:
    """By unit, the distinct persons of SELECTs that give `unit` and `token`; needs `joined`.

    Within a unit a token counts once; tokens of one person count as the first of them.
    """
    together = " UNION ALL ".join(sources)
    return asking.ask(
        connection,
        "SELECT unit, COUNT(*) FROM (SELECT DISTINCT r.unit, COALESCE(joined.person, r.token) "  # noqa: S608 - our own names
        f"AS person FROM ({together}) AS r LEFT JOIN joined USING (token) "
        "WHERE r.token IS NOT NULL) GROUP BY unit ORDER BY unit",
        {},
    )


def tell_joined(connection: duckdb.DuckDBPyConnection, groups: Iterable[tuple[str, ...]]) -> None:
    """Make the table `joined`: token → the token that stands for its person."""
    tokens: list[str] = []
    persons: list[str] = []
    for group in groups:
        tokens += group
        persons += [group[0]] * len(group)
    told = pa.table(
        {"token": pa.array(tokens, pa.string()), "person": pa.array(persons, pa.string())}
    )
    connection.register("told", told)
    connection.execute("CREATE TABLE joined AS SELECT token, person FROM told")
    connection.unregister("told")


def _count(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[Table], until: date
) -> list[tuple[Any, ...]]:
    sources = [
        f"SELECT _unit AS unit, {_person(table)} AS token FROM ("  # noqa: S608 - our own names
        + doors.lake().sql(table, until=until, columns=["_unit", table.person, *table.key])
        + ")"
        for table in tables
    ]
    return distinct_persons(connection, sources)


def _person(table: Table) -> str:
    """The token of the identity number; a record without one is a person by its own key."""
    key = " || CHR(31) || ".join(f"CAST({asking.name(name)} AS VARCHAR)" for name in table.key)
    return f"COALESCE({asking.name(table.person)}, CHR(31) || {key})"


def _tables(kind: str) -> list[Table]:
    known = doors.catalogue().tables.values()
    return [table for table in known if table.counts == kind and table.person]


def _keep(month: Month, found: dict[str, dict[str, int]]) -> None:
    first, now = date(month.year, month.month, 1), clock.now()
    units = models.Unit.objects.filter(owner=Owner.DISTRICT.value).values_list("code", flat=True)
    rows = [
        models.PersonCount(
            unit=unit,
            month=first,
            kind=kind,
            persons=found.get(unit, {}).get(kind, 0),
            counted_at=now,
        )
        for unit in units
        for kind in PERSONS
    ]
    with writing():
        models.PersonCount.objects.filter(month=first).delete()
        models.PersonCount.objects.bulk_create(rows)


_STALE = "UPDATE collect_personcount SET stale = TRUE WHERE unit = %s AND month >= %s AND NOT stale"
