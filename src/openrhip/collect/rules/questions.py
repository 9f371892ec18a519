"""Questions of analysts (数据查询): rights, parameters, saved queries, what became of a run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from openrhip.kernel.errors import Malformed
from openrhip.kernel.periods import Month

MOST_TEXT = 20_000  # characters of a query
MOST_MARKS = 20  # parameters of a query
Value = date | str | int | Decimal | None


class Right(StrEnum):
    """What somebody may do with the tables."""

    ASK = "collect.ask"
    FREE = "collect.free"
    """read columns of free words, which may name anybody"""
    SMALL = "collect.small"
    """take small numbers and masked personal columns away"""


class State(StrEnum):
    """What became of a run (查询状态)."""

    RUNNING = "running"
    ANSWERED = "answered"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"
    OVERTIME = "overtime"


class Sort(StrEnum):
    """What a parameter is: month and day become dates, an empty unit or text becomes NULL."""

    MONTH = "month"
    DAY = "day"
    UNIT = "unit"
    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"


_SORTS = {
    **dict.fromkeys(("month", "month_from", "month_to"), Sort.MONTH),
    **dict.fromkeys(("day", "since", "until", "day_from", "day_to"), Sort.DAY),
    **dict.fromkeys(("unit", "district", "hospital"), Sort.UNIT),
    **dict.fromkeys(("count", "days", "least", "most", "top"), Sort.INTEGER),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A mark of a query such as :month. default: as it is typed; "" asks each time."""

    name: str
    sort: Sort = Sort.TEXT
    zh: str = ""
    en: str = ""
    default: str = ""

    @classmethod
    def named(cls, name: str) -> Parameter:
        """A mark of a query that says no more: its name tells what it is."""
        return cls(name, _SORTS.get(name, Sort.TEXT), name, name)


class ChartKind(StrEnum):
    NONE = ""
    BAR = "bar"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class ChartPlan:
    """x: the column of the names or days; y: of the numbers; series: of what is told apart."""

    kind: ChartKind = ChartKind.NONE
    x: str = ""
    y: str = ""
    series: str = ""


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query with a name. id: a slug for shipped ones. owner: empty for shipped ones.

    headings: column of the answer → (zh, en).
    """

    id: str
    zh: str
    en: str
    sql: str
    about_zh: str = ""
    about_en: str = ""
    parameters: tuple[Parameter, ...] = ()
    chart: ChartPlan = ChartPlan()
    headings: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    owner: str = ""
    shared: bool = True


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an answer. type: DuckDB's name. personal, derived (out of an aggregate), count:
    what exports mask.
    """

    name: str
    type: str
    personal: bool = False
    derived: bool = False
    count: bool = False

    @property
    def is_number(self) -> bool:
        return self.type.startswith(_NUMBERS)


_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UINTEGER", "UBIGINT", "UHUGE",
            "FLOAT", "DOUBLE", "DECIMAL", "USMALLINT", "UTINYINT")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """A query that was asked. tables: what it reads, by name. problem: why there is no answer, in
    words for whoever asked. truncated: there were more rows than are kept.
    """

    id: str
    at: datetime
    by: str
    sql: str
    parameters: Mapping[str, str]
    state: State
    query: str = ""
    digest: str = ""
    tables: tuple[str, ...] = ()
    rows: int = 0
    truncated: bool = False
    seconds: float = 0.0
    progress: int | None = None
    columns: tuple[Column, ...] = ()
    problem: str = ""
    where: str = ""
    reason: str = ""
    """of the ledger's entry, where there is no answer: syntax, not-allowed, memory, …"""
    kept: bool = False
    """its answer is there and may be shown"""
    entry: int | None = None
    """place of its entry in the ledger"""

    @property
    def done(self) -> bool:
        return self.state is not State.RUNNING


_MARK = re.compile(r":([a-z_][a-z0-9_]{0,30})(?![A-Za-z0-9_])")
_SKIPPED = re.compile(
    r"--[^\n]*|/\*.*?(?:\*/|$)|'(?:[^']|'')*(?:'|$)|\"(?:[^\"]|\"\")*(?:\"|$)"
    r"|\$([A-Za-z_]*)\$.*?(?:\$\1\$|$)|::",
    re.DOTALL,
)


def marks(text: str) -> tuple[str, ...]:
    """Names of the marks (:month) outside of texts and comments, in order, once each.

    Raises Malformed for too many.
    """
    found = tuple(dict.fromkeys(name for name, _, _ in _marks(text)))
    if len(found) > MOST_MARKS:
        raise Malformed(f"a query has at most {MOST_MARKS} parameters", where="sql")
    return found


def with_dollars(text: str) -> str:
    """:month as $month, as the engine writes marks."""
    made, last = [], 0
    for name, start, end in _marks(text):
        made += [text[last:start], "$", name]
        last = end
    return "".join([*made, text[last:]])


def _marks(text: str) -> list[tuple[str, int, int]]:
    found, at = [], 0
    while at < len(text):
        skipped = _SKIPPED.match(text, at)
        if skipped and skipped.end() > at:
            at = skipped.end()
            continue
        mark = _MARK.match(text, at)
        before = text[at - 1] if at else " "
        if mark and not (before.isalnum() or before in "_]"):
            found.append((mark[1], at, mark.end()))
            at = mark.end()
        else:
            at += 1
    return found


def typed(parameter: Parameter, given: str) -> Value:
    """What was typed as a value of its sort. Raises Malformed, which names the parameter."""
    text = given.strip() or parameter.default
    if len(text) > 200:
        raise Malformed("a parameter has at most 200 characters", where=parameter.name)
    if not text:
        if parameter.sort in (Sort.UNIT, Sort.TEXT):
            return None
        raise Malformed("a value is missing", where=parameter.name)
    try:
        value: Value = _READ[parameter.sort](text)
    except (ValueError, InvalidOperation, Malformed) as error:
        form = _FORMS[parameter.sort]
        raise Malformed(
            f"this is no {parameter.sort.value}", where=parameter.name, remedy=form
        ) from error
    return value


def _month(text: str) -> date:
    found = Month.parse(text)
    return date(found.year, found.month, 1)


def _number(text: str) -> Decimal:
    found = Decimal(text)
    if not found.is_finite() or abs(found) >= 10**18:
        raise ValueError("no number of this size")
    return found


def _integer(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise ValueError("no whole number")
    return int(text)


_READ: dict[Sort, Any] = {
    Sort.MONTH: _month,
    Sort.DAY: date.fromisoformat,
    Sort.UNIT: str,
    Sort.TEXT: str,
    Sort.INTEGER: _integer,
    Sort.NUMBER: _number,
}
_FORMS = {
    Sort.MONTH: "as 2026-11",
    Sort.DAY: "as 2026-11-25",
    Sort.UNIT: "the code of a unit",
    Sort.TEXT: "a text",
    Sort.INTEGER: "a whole number",
    Sort.NUMBER: "a number",
}
