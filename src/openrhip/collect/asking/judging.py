"""Is this question allowed, and what does it read? (审查) Every node of the tree is looked at.

What is not named in `allowed` is refused, whatever it may do. Each table that is named becomes a
view of its own, over the files of the days that the query asks for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from openrhip.collect.asking import allowed, bounds, tree
from openrhip.collect.asking.relations import Relation
from openrhip.collect.asking.tree import Tree
from openrhip.kernel.errors import Refused

VIEWS = "v{}"  # the schema of each view: nobody can name it, names with a schema are refused
GROUP_SIZE = "__group_size"
_NAME = re.compile(r"\w{1,64}")
_SYSTEM = re.compile(r"duckdb_|pg_|sqlite_|pragma|information_schema")


@dataclass(frozen=True, slots=True)
class Use:
    """A relation where it is named; only rows of these days are read."""

    schema: str
    relation: Relation
    since: date | None = None
    until: date | None = None


@dataclass(slots=True)
class Judged:
    """tree: with the names of the views in it. uses: one for each place. final: the schemas of the
    views, where they are in the tree already.
    """

    tree: Tree
    uses: list[Use] = field(default_factory=list)
    final: frozenset[str] = frozenset()

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(sorted({use.relation.name for use in self.uses}))


def judge(found: Tree, known: Mapping[str, Relation], values: Mapping[str, Any]) -> Judged:
    """Raises Refused. known: what may be asked, by name; values: of the marks."""
    judged = Judged(found)
    _Judge(known, values, judged).node(found["statements"][0], frozenset(), _Bounds())
    return judged


def written(judged: Judged) -> str:
    """The checked tree as the text that runs. What is read back from it is looked at once more: a
    name that is not written as it should be would make another query of it. Raises Refused.
    """
    text = tree.text_of(judged.tree)
    again = Judged(tree.read(text), final=frozenset(use.schema for use in judged.uses))
    known = {use.relation.name: use.relation for use in judged.uses}
    _Judge(known, {}, again).node(again.tree["statements"][0], frozenset(), _Bounds())
    return text


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Of the SELECT that is being looked at: alias → days."""

    days: Mapping[str, bounds.Days] = field(default_factory=dict)


class _Judge:
    def __init__(
        self, known: Mapping[str, Relation], values: Mapping[str, Any], judged: Judged
    ) -> None:
        self.known = known
        self.values = values
        self.judged = judged

    def node(self, item: Any, names: frozenset[str], days: _Bounds) -> None:
        """names: of WITH that can be seen from here."""
        if isinstance(item, list):
            for one in item:
                self.node(one, names, days)
        elif isinstance(item, dict):
            self._object(item, names, days)

    def _object(self, item: Tree, names: frozenset[str], days: _Bounds) -> None:
        kind = _kind(item)
        if "class" in item:
            self._expression(item)
        elif kind in allowed.NODES:
            names, days = self._query(item, names)
        elif kind in allowed.SOURCES:
            self._source(item, names, days)
        elif kind and kind not in allowed.OTHERS:
            raise Refused(f"{_plain(kind)} is not allowed in a query")
        if isinstance(item.get("id"), str) and item["id"] not in allowed.TYPES:
            raise Refused(f"the type {_plain(item['id'])} is not allowed in a query")
        seen = {"cte_map"} if kind in allowed.NODES else set()
        if item.get("class") == "CONSTANT":
            seen = {"value"}
        if kind == "RECURSIVE_CTE_NODE":
            # the part it begins with does not see the name that the rest goes on with
            seen |= {"right"}
            self.node(item["right"], names | {_low(item["cte_name"])}, days)
        for name, value in item.items():
            if name not in seen:
                self.node(value, names, days)

    def _query(self, item: Tree, names: frozenset[str]) -> tuple[frozenset[str], _Bounds]:
        for entry in item.get("cte_map", {}).get("map", []):
            name = _low(entry["key"])
            if not _NAME.fullmatch(name):
                raise Refused(
                    f"{_plain(entry['key'])} is no name for what stands in WITH",
                    remedy="letters, digits and underscores",
                )
            if name.upper() in self.known:
                raise Refused(
                    f"{_plain(entry['key'])} is the name of a table",
                    remedy="give what stands in WITH a name of its own",
                )
            if _SYSTEM.match(name):
                raise Refused(f"{_plain(entry['key'])} is a name of the engine's own")
            self.node(entry["value"], names, _Bounds())
            names |= {name}
        if self.judged.final:
            return names, _Bounds()
        return names, _Bounds(bounds.of_select(item, self._relation, self.values))

    def _relation(self, name: str) -> Relation | None:
        return self.known.get(name.upper())

    def _source(self, item: Tree, names: frozenset[str], days: _Bounds) -> None:
        if item["type"] == "TABLE_FUNCTION":
            name = item["function"].get("function_name", "")
            if name not in allowed.TABLE_FUNCTIONS:
                raise Refused(f"the function {_plain(name)} is not allowed in FROM")
        if item["type"] == "BASE_TABLE":
            self._table(item, names, days)

    def _table(self, item: Tree, names: frozenset[str], days: _Bounds) -> None:
        name = str(item.get("table_name", ""))
        bare = not item.get("catalog_name") and not item.get("at_clause")
        if item.get("schema_name") in self.judged.final and name in self.known and bare:
            return
        if item.get("schema_name") or item.get("catalog_name") or item.get("at_clause"):
            raise Refused(
                "tables are named without a schema", remedy="write OP_VISIT, not main.OP_VISIT"
            )
        if _low(name) in names:
            return
        relation = None if self.judged.final else self._relation(name)
        if relation is None:
            raise Refused(
                f"there is no table {_plain(name)}",
                where=_plain(name),
                remedy="see the list of tables beside the editor",
            )
        alias = str(item.get("alias") or name)
        asked = days.days.get(alias.lower(), bounds.Days())
        use = Use(VIEWS.format(len(self.judged.uses)), relation, asked.since, asked.until)
        item["alias"] = alias
        item["schema_name"], item["table_name"] = use.schema, relation.name
        self.judged.uses.append(use)

    def _expression(self, item: Tree) -> None:
        kind = item["class"]
        if kind not in allowed.CLASSES:
            raise Refused(f"{_plain(kind)} is not allowed in a query")
        name = item.get("function_name")
        if name is None:
            return
        place = (item.get("schema") or "main", item.get("catalog") or "system")
        if name.lower() not in allowed.FUNCTIONS or place != ("main", "system"):
            raise Refused(
                f"the function {_plain(name)} is not allowed in a query",
                where=_plain(name),
                remedy="see the list of functions in the documentation",
            )


def outputs(found: Tree) -> Sequence[Tree]:
    """The expressions of the answer's columns, of the first of several queries put together."""
    node = found["statements"][0]["node"]
    while node["type"] == "SET_OPERATION_NODE":
        node = node.get("left") or node["children"][0]
    return list(node.get("select_list", []))


def limit(found: Tree, rows: int) -> None:
    """No more rows than this are worked out, unless the query says so itself."""
    node = found["statements"][0]["node"]
    modifiers = node.setdefault("modifiers", [])
    if not any(str(one["type"]).startswith("LIMIT") for one in modifiers):
        modifiers.append({"type": "LIMIT_MODIFIER", "limit": _number(rows), "offset": None})


def count_groups(found: Tree, uses: Sequence[Use]) -> bool:
    """Let the size of each group come with the answer, where the groups are of rows of tables."""
    node = found["statements"][0]["node"]
    if node["type"] != "SELECT_NODE" or not _aggregates(node) or not _of_tables(node, uses):
        return False
    if any(one["type"] == "DISTINCT_MODIFIER" for one in node.get("modifiers", [])):
        return False
    node["select_list"].append(_count_star())
    return True


def _aggregates(node: Tree) -> bool:
    if node.get("group_expressions") or node.get("aggregate_handling") == "FORCE_AGGREGATES":
        return True
    return any(
        one.get("function_name") in allowed.AGGREGATES
        for expression in node["select_list"]
        for one in _without_subqueries(expression)
    )


def _without_subqueries(expression: Any) -> Sequence[Tree]:
    found, waiting = [], [expression]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if one.get("class") in ("SUBQUERY", "WINDOW"):
                continue
            found.append(one)
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return found


def _of_tables(node: Tree, uses: Sequence[Use]) -> bool:
    mine = {use.schema for use in uses if use.relation.day and use.relation.key}
    sources = [
        one
        for one in tree.walk(node["from_table"])
        if _kind(one) in allowed.SOURCES and "class" not in one and _kind(one) != "JOIN"
    ]
    kinds = {one["type"] for one in sources}
    return kinds == {"BASE_TABLE"} and any(one.get("schema_name") in mine for one in sources)


def _count_star() -> Tree:
    made = tree.parse(f"SELECT count(*) AS {GROUP_SIZE}")
    return dict(outputs(made)[0])


def _number(value: int) -> Tree:
    return dict(outputs(tree.parse(f"SELECT {value}"))[0])


def _kind(item: Tree) -> str:
    """What an object is; types of values are objects themselves."""
    kind = item.get("type")
    return kind if isinstance(kind, str) else ""


def _low(name: object) -> str:
    """As the engine compares names: only the letters A to Z have two forms."""
    return "".join(sign.lower() if sign.isascii() else sign for sign in str(name))


def _plain(name: object) -> str:
    """A name out of the query, short enough for a message."""
    return "".join(sign if sign.isprintable() else "?" for sign in str(name)[:60])
