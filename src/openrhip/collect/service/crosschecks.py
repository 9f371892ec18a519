"""Checks that need more than one batch (跨表、跨日核对): totals of a day, rows amended elsewhere.

They read the lake, so they are asked for in the transaction of a batch and done by the worker after
it (`check_days`). What a killed worker left is done by the next: a request goes with its answer.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from openrhip.collect import asking, models
from openrhip.collect.rules import findings
from openrhip.collect.rules.covering import Cell
from openrhip.collect.rules.findings import Finding
from openrhip.collect.rules.kinds import Kind, Level, Rule
from openrhip.collect.rules.tables import Catalogue, Table
from openrhip.collect.service import cells, doors, faults, terms
from openrhip.collect.service.cells import Key
from openrhip.kernel import clock, statements
from openrhip.kernel.database import writing
from openrhip.kernel.periods import Month

MOST = 200  # at a time
LONGEST_WAIT = timedelta(hours=1)
_kept_totals: dict[str, dict[str, tuple[str, ...]]] = {}
_log = logging.getLogger(__name__)


def ask(key: Key, now: Cell, old: Cell, *, table: Table, catalogue: Catalogue) -> None:
    """Note what is to be looked at because this cell changed. Inside `writing()`."""
    unit, code, day = key
    wanted = set(_totals(catalogue).get(code, ()))
    if _counts_rows(table) and (now.changed or old.changed or _any_changed(unit, code)):
        wanted.add(code)
    for one in sorted(wanted):
        statements.change(_ASK, unit, one, day, clock.now())


def ask_anew(unit: str, catalogue: Catalogue) -> None:
    """Ask again for what only the lake knows of a unit: rows amended on other days."""
    for code, table in sorted(catalogue.tables.items()):
        if _counts_rows(table):
            rows = statements.ask(_CHANGED, unit, code)
            if rows:
                statements.change(_ASK, unit, code, rows[0][0], clock.now())


def check_days(*, limit: int = MOST) -> int:
    """Do what was asked for; answers how many checks were done. A chore of the worker; several
    may run it: an answer is kept only if the request is still there.
    """
    due = models.DayCheck.objects.filter(asked_at__lte=clock.now()).order_by("asked_at", "pk")
    done = 0
    for row in list(due[:limit]):
        try:
            done += _check(row)
        except Exception as error:  # noqa: BLE001 - one unit's day must not keep others waiting
            _log.warning("a check across tables failed: %s", type(error).__name__)
            wait = min(timedelta(seconds=2 ** min(row.attempts, 12)), LONGEST_WAIT)
            with writing():
                models.DayCheck.objects.filter(pk=row.pk).update(
                    attempts=row.attempts + 1, asked_at=clock.now() + wait
                )
    return done


def _check(row: models.DayCheck) -> int:
    catalogue = doors.catalogue()
    table = catalogue.tables.get(row.table)
    if table is None:
        return models.DayCheck.objects.filter(pk=row.pk).delete()[0]
    key = (row.unit, row.table, row.day)
    stands = _standing(key)
    rules = [rule for rule in terms.rules(catalogue, table.code).values() if _is_total(rule)]
    found = _wrong_totals(key, table, rules, catalogue) if stands else None
    taken = _superseded(row.unit, table) if _counts_rows(table) else {}
    with writing():
        if not models.DayCheck.objects.filter(pk=row.pk, asked_at=row.asked_at).delete()[0]:
            return 0  # asked for again meanwhile, or done by another
        if _standing(key) != stands:
            # Another batch stands there by now: its own request is in the queue.
            return 0
        if found is not None and stands is not None:
            judged = faults.judge(batch=stands, at=clock.now(), loaded=True, hits=(), found=found)
            faults.follow(key, judged, rules={}, levels=(str(Level.DAY),))
        _keep_superseded(row.unit, table, taken)
    return 1


def _standing(key: Key) -> str | None:
    rows = statements.ask(_STANDS, *key)
    return rows[0][0] if rows else None


def _wrong_totals(
    key: Key, table: Table, rules: Sequence[Rule], catalogue: Catalogue
) -> list[Finding] | None:
    """Findings of the totals that can be compared now; None where no other table is there yet."""
    unit, _, day = key
    judged: list[Finding] | None = None
    for rule in rules:
        other = catalogue.tables.get(rule.get("table"))
        if other is None or _standing((unit, other.code, day)) is None:
            continue
        judged = judged or []
        ours, theirs = (
            doors.lake().sql(one, units=[unit], since=day, until=day) for one in (table, other)
        )
        with asking.opened() as connection:
            wrong, line = compare_totals(connection, rule, ours, theirs)
        if wrong:
            words = (rule.zh, rule.en, rule.fix_zh, rule.fix_en)
            judged.append(findings.of_total(rule.id, rule.severity, words, wrong=wrong, line=line))
    return judged


def compare_totals(connection: Any, rule: Rule, ours: str, theirs: str) -> tuple[int, int]:
    """How many rows of a SELECT hold a total that is not the sum of their parts in the other, and
    the first of their lines. A row without parts has the sum 0.
    """
    keys = [asking.name(column) for column in rule.get_all("key")]
    joined = " AND ".join(f"own.{column} = parts.{column}" for column in keys)
    total = f"CAST(own.{asking.name(rule.get('total'))} AS DECIMAL(38, 4))"
    part = rule.get("part")
    summed = f"SUM(CAST({asking.name(part)} AS DECIMAL(38, 4)))" if part else "COUNT(*)"
    statement = (
        f"SELECT COUNT(*), MIN(own._line) FROM ({ours}) AS own "  # noqa: S608 - our own names
        f"LEFT JOIN (SELECT {', '.join(keys)}, {summed} AS summed FROM ({theirs}) "
        f"GROUP BY {', '.join(keys)}) AS parts ON {joined} WHERE {total} IS NOT NULL "
        f"AND ABS({total} - COALESCE(parts.summed, 0)) > CAST($tolerance AS DECIMAL(38, 4))"
    )
    values = {"tolerance": rule.get("tolerance", "0")}
    ((wrong, line),) = asking.ask(connection, statement, values)
    return int(wrong), int(line or 0)


def _superseded(unit: str, table: Table) -> dict[date, int]:
    """By day, the live rows that other days' batches amended or withdrew: the cell's less those
    that the lake still reads.
    """
    cells_ = models.CoverageCell.objects.filter(unit=unit, table=table.code, live__gt=0)
    live = dict(cells_.values_list("day", "live"))
    source = doors.lake().sql(table, units=[unit], columns=["_day"])
    statement = f"SELECT _day, COUNT(*) FROM ({source}) GROUP BY _day"  # noqa: S608 - our own names
    with asking.opened() as connection:
        read = dict(asking.ask(connection, statement, {}))
    return {
        day: number - int(read.get(day, 0))
        for day, number in live.items()
        if number > int(read.get(day, 0))
    }


def _keep_superseded(unit: str, table: Table, taken: Mapping[date, int]) -> None:
    kept = models.CoverageCell.objects.filter(unit=unit, table=table.code, superseded__gt=0)
    for day in sorted({*taken, *kept.values_list("day", flat=True)}):
        cells.set_superseded((unit, table.code, day), taken.get(day, 0))


def _is_total(rule: Rule) -> bool:
    return rule.kind is Kind.TOTAL_OF


def _counts_rows(table: Table) -> bool:
    """Whether a row may be amended on another day, and it matters how many there are."""
    return bool(table.counts and table.unique_in_store and table.key)


def _any_changed(unit: str, table: str) -> bool:
    return bool(statements.ask(_CHANGED, unit, table))


def _totals(catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    """By table, the tables whose totals are to be compared when it came."""
    kept = _kept_totals.get(catalogue.digest) if catalogue.digest else None
    if kept is None:
        found: dict[str, set[str]] = {}
        for code, table in catalogue.tables.items():
            for rule in table.rules:
                if rule.kind == Kind.TOTAL_OF:
                    found.setdefault(code, set()).add(code)
                    found.setdefault(rule.get("table"), set()).add(code)
        kept = {code: tuple(sorted(tables)) for code, tables in found.items()}
        _kept_totals.clear()
        _kept_totals[catalogue.digest] = kept
    return kept


def months_open(month: Month) -> int:
    """How many checks of a month are still to be done."""
    days = list(month.days())
    return models.DayCheck.objects.filter(day__gte=days[0], day__lte=days[-1]).count()


_ASK = (
    'INSERT INTO collect_daycheck (unit, "table", day, asked_at, attempts) '
    'VALUES (%s, %s, %s, %s, 0) ON CONFLICT (unit, "table", day) '
    "DO UPDATE SET asked_at = excluded.asked_at, attempts = 0"
)
_STANDS = (
    'SELECT id FROM collect_batch WHERE unit_id = %s AND "table" = %s AND day = %s AND current'
)
_CHANGED = (
    'SELECT day FROM collect_coveragecell WHERE unit = %s AND "table" = %s AND changed > 0 LIMIT 1'
)
