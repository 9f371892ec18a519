"""The days that a SELECT asks for (日期下推): files of other months are not even opened.

Only conditions that every row must meet count: those joined by AND at the top of WHERE, which
compare a table's day with an expression that has no columns. Whatever is not understood here is no
bound; the condition itself stays in the query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from openrhip.collect.asking import allowed, tree
from openrhip.collect.asking.relations import Relation
from openrhip.collect.asking.tree import Tree

Find = Callable[[str], Relation | None]
_TURNED = {
    "COMPARE_GREATERTHANOREQUALTO": "COMPARE_LESSTHANOREQUALTO",
    "COMPARE_GREATERTHAN": "COMPARE_LESSTHAN",
    "COMPARE_LESSTHANOREQUALTO": "COMPARE_GREATERTHANOREQUALTO",
    "COMPARE_LESSTHAN": "COMPARE_GREATERTHAN",
    "COMPARE_EQUAL": "COMPARE_EQUAL",
}
_PLAIN = frozenset({"CONSTANT", "PARAMETER", "CAST", "FUNCTION"})
_CALENDAR = (date(1900, 1, 1), date(2200, 1, 1))


@dataclass(frozen=True, slots=True)
class Days:
    """From and to, both included; None: open."""

    since: date | None = None
    until: date | None = None

    def and_(self, other: Days) -> Days:
        sinces = [day for day in (self.since, other.since) if day]
        untils = [day for day in (self.until, other.until) if day]
        return Days(max(sinces, default=None), min(untils, default=None))


@dataclass(frozen=True, slots=True)
class _Condition:
    """column, how it compares, with what."""

    names: Sequence[str]
    compare: str
    value: Tree


def of_select(node: Tree, find: Find, values: Mapping[str, Any]) -> dict[str, Days]:
    """alias in lower case → the days its rows must fall on."""
    where = node.get("where_clause")
    if node.get("type") != "SELECT_NODE" or not where:
        return {}
    sources = dict(_sources(node.get("from_table") or {}, find))
    found: dict[str, Days] = {}
    for condition in _conditions(where):
        alias = _alias(condition.names, sources)
        relation = sources.get(alias) if alias else None
        days = _days(condition, relation, values) if relation else None
        if alias and days:
            found[alias] = found.get(alias, Days()).and_(days)
    return found


def _sources(source: Tree, find: Find) -> Iterator[tuple[str, Relation | None]]:
    """Every source of a FROM by alias; None for what is no table of the catalogue."""
    if source.get("type") == "JOIN":
        yield from _sources(source["left"], find)
        yield from _sources(source["right"], find)
    elif source.get("type") == "BASE_TABLE":
        name = str(source.get("table_name", ""))
        yield str(source.get("alias") or name).lower(), find(name)
    elif source.get("type") != "EMPTY":
        yield str(source.get("alias") or "").lower(), None


def _alias(names: Sequence[str], sources: Mapping[str, Relation | None]) -> str:
    if len(names) == 2:
        return names[0].lower()
    return next(iter(sources)) if len(names) == 1 and len(sources) == 1 else ""


def _conditions(where: Tree) -> Iterator[_Condition]:
    if where.get("type") == "CONJUNCTION_AND":
        for child in where.get("children", []):
            yield from _conditions(child)
    elif where.get("type") in _TURNED:
        left, right = where["left"], where["right"]
        if left.get("class") == "COLUMN_REF":
            yield _Condition(left["column_names"], where["type"], right)
        elif right.get("class") == "COLUMN_REF":
            yield _Condition(right["column_names"], _TURNED[where["type"]], left)
    elif where.get("type") == "COMPARE_BETWEEN" and where["input"].get("class") == "COLUMN_REF":
        names = where["input"]["column_names"]
        yield _Condition(names, "COMPARE_GREATERTHANOREQUALTO", where["lower"])
        yield _Condition(names, "COMPARE_LESSTHANOREQUALTO", where["upper"])


def _days(condition: _Condition, relation: Relation, values: Mapping[str, Any]) -> Days | None:
    column = condition.names[-1].lower()
    if not relation.day or column not in (relation.day, relation.event) or not column:
        return None
    if not _folds(condition.value):
        return None
    at = tree.evaluate(condition.value, values)
    if at is None or not _CALENDAR[0] <= at.date() <= _CALENDAR[1]:
        return None
    days = _range(condition.compare, at)
    if relation.monthly and days.since:
        return Days(days.since.replace(day=1), days.until)
    return days


def _range(compare: str, at: datetime) -> Days:
    day = at.date()
    if compare == "COMPARE_EQUAL":
        return Days(day, day)
    if compare.startswith("COMPARE_GREATERTHAN"):
        return Days(since=day)
    before = compare == "COMPARE_LESSTHAN" and at.time() == time()
    return Days(until=day - timedelta(days=1) if before else day)


def _folds(expression: Tree) -> bool:
    """Made of constants and marks alone, by a few functions that cost nothing."""
    for node in tree.walk(expression):
        if "class" in node and node["class"] not in _PLAIN:
            return False
        if node.get("function_name", "+") not in allowed.FOLDED:
            return False
    return True
