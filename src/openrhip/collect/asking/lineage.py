"""Where an answer's columns come from (血缘): what is personal, what is counted, what is derived.

By name, over the whole query: a name that is personal in one of the tables, or that stands anywhere
for something personal, is personal everywhere. That hides too much rather than too little.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openrhip.collect.asking import allowed, tree
from openrhip.collect.asking.judging import Judged, outputs
from openrhip.collect.asking.tree import Tree
from openrhip.collect.rules.questions import Column
from openrhip.collect.rules.tables import Personal

_HIDDEN = frozenset(Personal) - {Personal.NO}
_SAME = frozenset({"coalesce", "ifnull", "sum", "max", "min", "round"})


@dataclass(frozen=True, slots=True)
class Told:
    """Names, in lower case; columns: what is known of each output by its place, if it is."""

    personal: frozenset[str]
    derived: frozenset[str]
    counted: frozenset[str]
    columns: tuple[tuple[bool, bool, bool], ...] | None

    def column(self, place: int, name: str, kind: str) -> Column:
        low = name.lower()
        by_name = (low in self.personal, low in self.derived, low in self.counted)
        known = self.columns[place] if self.columns else by_name
        return Column(name, kind, *known)


def told(judged: Judged) -> Told:
    """What is known of the names in a query."""
    personal = {
        field.name.lower()
        for use in judged.uses
        for field in use.relation.fields
        if field.personal in _HIDDEN
    }
    derived: set[str] = set()
    counted: set[str] = set()
    named = list(_named(judged.tree))
    for _ in range(len(named) + 1):
        before = len(personal) + len(derived) + len(counted)
        for name, expression in named:
            is_personal, is_derived, is_counted = _tell(expression, personal, derived, counted)
            personal |= {name} if is_personal else set()
            derived |= {name} if is_derived else set()
            counted |= {name} if is_counted else set()
        if len(personal) + len(derived) + len(counted) == before:
            break
    return Told(
        frozenset(personal),
        frozenset(derived),
        frozenset(counted),
        _by_place(outputs(judged.tree), personal, derived, counted),
    )


def _by_place(
    expressions: Sequence[Tree], personal: set[str], derived: set[str], counted: set[str]
) -> tuple[tuple[bool, bool, bool], ...] | None:
    """None where a star or unnest() makes several columns of one expression."""
    for one in expressions:
        for node in tree.walk(one):
            if node.get("class") == "STAR" or node.get("function_name") == "unnest":
                return None
    return tuple(_tell(one, personal, derived, counted) for one in expressions)


def _named(found: Any) -> Iterable[tuple[str, Tree]]:
    """Everything that has a name in any SELECT of the query, also by columns of WITH x(a, b)."""
    for node in tree.walk(found):
        for expression in node.get("select_list") or ():
            name = expression.get("alias") or (expression.get("column_names") or [""])[-1]
            if name:
                yield str(name).lower(), expression
        aliases = node.get("column_name_alias") or node.get("aliases")
        inner = node.get("subquery") or node.get("query")
        if isinstance(aliases, list) and aliases and isinstance(inner, Mapping):
            listed = _first_list(inner)
            for name, expression in zip(aliases, listed, strict=False):
                yield str(name).lower(), expression


def _first_list(query: Mapping[str, Any]) -> Sequence[Tree]:
    node = query.get("node") or {}
    while node.get("type") in ("SET_OPERATION_NODE", "RECURSIVE_CTE_NODE"):
        node = node.get("left") or (node.get("children") or [{}])[0]
    return list(node.get("select_list") or ())


def _tell(
    expression: Tree, personal: set[str], derived: set[str], counted: set[str]
) -> tuple[bool, bool, bool]:
    names = set(_columns(expression))
    functions = {str(node.get("function_name", "")) for node in tree.walk(expression)}
    return (
        bool(names & personal),
        bool(functions & allowed.AGGREGATES)
        or bool(set(_columns(expression, all_=True)) & derived),
        _is_count(expression, counted),
    )


def _columns(expression: Any, *, all_: bool = False) -> Iterable[str]:
    """Names of the columns in it; those that are only counted do not show what they hold."""
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            if not all_ and node.get("function_name") in allowed.COUNTS:
                continue
            if node.get("class") == "COLUMN_REF":
                yield from (str(name).lower() for name in node["column_names"])
            waiting += node.values()


def _is_count(expression: Tree, counted: set[str]) -> bool:
    """count(…), a sum of counts or of ones, or such a thing by name."""
    kind, function = expression.get("class"), str(expression.get("function_name", ""))
    if kind == "COLUMN_REF":
        return str(expression["column_names"][-1]).lower() in counted
    if kind == "CAST":
        return _is_count(expression["child"], counted)
    if function in allowed.COUNTS:
        return True
    if function in _SAME or kind == "WINDOW":
        inner = [one for one in expression.get("children") or () if isinstance(one, dict)]
        return bool(inner) and (_is_count(inner[0], counted) or inner[0].get("class") == "CASE")
    return False
