"""A unit's own history of a table (历史数据), and what is odd about a day against it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from openrhip.collect.rules import changes, findings
from openrhip.collect.rules.changes import Past
from openrhip.collect.rules.covering import Cell
from openrhip.collect.rules.findings import Finding
from openrhip.collect.rules.tables import Period, Table
from openrhip.kernel import statements

MONTHS = timedelta(days=366)


def past(*, unit: str, table: Table, before: date) -> tuple[Past, ...]:
    """What stands for the days before, oldest first: of daily tables as far as it is compared."""
    span = MONTHS if table.period is Period.MONTH else changes.WINDOW
    rows = statements.ask(_PAST, unit, table.code, before - span, before)
    return tuple(Past(_date(day), int(number)) for day, number in rows)


def odd(*, unit: str, table: Table, day: date, cell: Cell) -> Finding | None:
    """What is odd about the rows that stand for a day. Registers have no days to compare."""
    if table.period is Period.SNAPSHOT or not cell.came:
        return None
    found = changes.change(
        day=day,
        rows=cell.rows,
        past=past(unit=unit, table=table, before=day),
        monthly=table.period is Period.MONTH,
    )
    return findings.of_change(table, found) if found else None


def _date(value: Any) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


_PAST = (
    'SELECT day, "rows" FROM collect_coveragecell '
    'WHERE unit = %s AND "table" = %s AND day >= %s AND day < %s AND came ORDER BY day'
)
