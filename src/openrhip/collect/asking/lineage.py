"""Where an answer's columns come from (血缘): what is personal, what is counted, what is derived.

By name, over the whole query: a name that is personal in one of the tables, or that stands anywhere
for something personal, is personal everywhere. Where names do not tell (whole rows, columns by
number, a star that renames, expressions without a name), all is. That hides too much rather than
too little.
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
_SEVERAL = ("SET_OPERATION_NODE", "RECURSIVE_CTE_NODE")
ANY = "*"  # stands for a column that no name tells; personal if any is
ALL = "**"  # among the personal names: everything is
_SAME = frozenset({"coalesce", "ifnull", "sum", "max", "min", "round"})


@dataclass(frozen=True, slots=True)
class Told:
    """Names, in lower case; columns: what is known of each output by its place, if it is."""

    personal: frozenset[str]
    derived: frozenset[str]
    counted: frozenset[str]
    columns: tuple[tuple[bool, bool, bool], ...] | None

    @property
    def everything(self) -> bool:
        """Whether all is personal, since names do not tell."""
        return ALL in self.personal

    def column(self, place: int, name: str, kind: str) -> Column:
        low = name.lower()
        by_name = (low in self.personal, low in self.derived, low in self.counted)
        known = self.columns[place] if self.columns else by_name
        return Column(name, kind, known[0] or self.everything, *known[1:])


def told(judged: Judged) -> Told:
    """What is known of the names in a query."""
    personal = {
        field.name.lower()
        for use in judged.uses
        for field in use.relation.fields
        if field.personal in _HIDDEN
    }
    personal |= {ANY} if personal else set()
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
    places = _by_place(judged.tree, personal, derived, counted)
    if personal and _is_opaque(judged.tree, personal, whole=places is not None):
        personal.add(ALL)
    return Told(frozenset(personal), frozenset(derived), frozenset(counted), places)


def _by_place(
    found: Tree, personal: set[str], derived: set[str], counted: set[str]
) -> tuple[tuple[bool, bool, bool], ...] | None:
    """None where a star or unnest() makes several columns of one expression."""
    lists = _lists(found["statements"][0])
    if any(map(_makes_several, lists[0])):
        return None
    told = [_tell(one, personal, derived, counted) for one in lists[0]]
    if any(_tell(one, personal, derived, counted)[0] for more in lists[1:] for one in more):
        told = [(True, *one[1:]) for one in told]
    return tuple(told)


def _makes_several(expression: Tree) -> bool:
    return any(
        node.get("class") == "STAR" or node.get("function_name") == "unnest"
        for node in tree.walk(expression)
    )


def _is_opaque(found: Tree, personal: set[str], *, whole: bool) -> bool:
    """Whether something personal stands under a name that cannot be told. whole: the answer's own
    columns are known by their places.
    """
    own = {id(one) for one in outputs(found)} if whole else set()
    aliases = _aliases(found) - personal
    return any(
        _is_unnamed(node, aliases)
        or _renames(node, personal)
        or any(_is_lost(one, personal, own) for one in node.get("select_list") or ())
        for node in tree.walk(found)
    )


def _is_unnamed(node: Tree, aliases: set[str]) -> bool:
    """A column by its number, a whole row, a star that renames."""
    if node.get("class") == "POSITIONAL_REFERENCE":
        return True
    if node.get("class") == "STAR":
        return any(node.get(one) for one in ("rename_list", "replace_list", "alias"))
    names: Sequence[object] = node["column_names"] if node.get("class") == "COLUMN_REF" else []
    return len(names) == 1 and str(names[0]).lower() in aliases


def _renames(node: Tree, personal: set[str]) -> bool:
    """A source whose columns have names that nothing in the query tells."""
    if "class" in node or node.get("subquery") or node.get("query"):
        return False
    if node.get("type") in ("TABLE_FUNCTION", "EXPRESSION_LIST"):
        return bool(set(_columns(node, all_=True)) & personal)
    return bool(node.get("column_name_alias"))


def _is_lost(one: Tree, personal: set[str], own: set[int]) -> bool:
    """Something selected, whose name is the engine's choice."""
    inner = list(tree.walk(one))
    if one.get("alias") and any(node.get("class") == "STAR" for node in inner):
        return True
    if not set(_columns(one)) & personal:
        return False
    nameless = not one.get("alias") and one.get("class") not in ("COLUMN_REF", "STAR")
    unnested = any(node.get("function_name") == "unnest" for node in inner)
    return unnested or (nameless and id(one) not in own)


def _aliases(found: Tree) -> set[str]:
    """Names that stand for whole rows of a table or subquery."""
    return {
        str(node.get("alias") or node.get("table_name") or "").lower()
        for node in tree.walk(found)
        if node.get("type") in ("BASE_TABLE", "SUBQUERY", "JOIN") and "class" not in node
    }


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
            yield from _paired([str(name) for name in aliases], _lists(inner))
        if node.get("type") in _SEVERAL:
            lists = _lists({"node": node})
            yield from _paired([_name(one) for one in lists[0]], lists[1:])


def _paired(names: Sequence[str], lists: Sequence[Sequence[Tree]]) -> Iterable[tuple[str, Tree]]:
    """Each name with what stands in its place; with all of a list whose places are not known."""
    for listed in lists:
        if any(map(_makes_several, listed)):
            star = {"class": "COLUMN_REF", "column_names": [ANY]}
            yield from ((name.lower(), one) for name in names for one in (*listed, star) if name)
        else:
            pairs = zip(names, listed, strict=False)
            yield from ((name.lower(), one) for name, one in pairs if name)


def _name(expression: Tree) -> str:
    return str(expression.get("alias") or (expression.get("column_names") or [""])[-1])


def _lists(query: Mapping[str, Any]) -> list[Sequence[Tree]]:
    """What each of the queries that are put together selects."""
    node = query.get("node") or {}
    if node.get("type") not in _SEVERAL:
        return [list(node.get("select_list") or ())]
    parts = [node[side] for side in ("left", "right") if node.get(side)]
    return [one for part in (*parts, *node.get("children", ())) for one in _lists({"node": part})]


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
