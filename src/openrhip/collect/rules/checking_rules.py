"""The catalogue check of rules across columns (跨列规则检查): kinds, arguments, columns, types."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from openrhip.collect.rules import checking_columns
from openrhip.collect.rules.flaws import Flaw
from openrhip.collect.rules.kinds import Kind
from openrhip.collect.rules.tables import Catalogue, Column, CrossRule, Table, Type

_SLUG = re.compile(r"[a-z][a-z0-9_-]{0,80}")
OPERATORS = ("<", "<=", ">", ">=", "=", "!=")


@dataclass(frozen=True, slots=True)
class _Form:
    """The arguments of a kind: needed, optional, those that are lists, those that name columns."""

    needed: frozenset[str]
    optional: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    columns: frozenset[str] = frozenset()


def _form(needed: str, optional: str = "", lists: str = "", columns: str = "") -> _Form:
    return _Form(*(frozenset(text.split()) for text in (needed, optional, lists, columns)))


ACROSS = {
    Kind.ORDER: _form("columns", "", "columns", "columns"),
    Kind.COMPARE: _form("left op", "right value", "", "left right"),
    Kind.NEEDED: _form("column when", "among", "among", "column when"),
    Kind.ABSENT: _form("column when", "among", "among", "column when"),
    Kind.SUM: _form("total parts", "tolerance", "parts", "total parts"),
    Kind.IDENTITY_AGREES: _form("identity", "birth sex", "", "identity birth sex"),
    Kind.TOTAL_OF: _form("total part table key", "tolerance", "key", "total key"),
}
"""The kinds that a table's file may state in [[rules]], with their arguments."""


def of_rules(table: Table, catalogue: Catalogue) -> Iterator[Flaw]:
    """Every flaw of a table's rules across columns."""
    where = f"tables/{table.code}/rules"
    taken = {f"{column.name}.{kind}" for column in table.columns for kind in Kind} | {"day"}
    for name, times in Counter(rule.id for rule in table.rules).items():
        if times > 1 or name in taken or not _SLUG.fullmatch(name):
            yield Flaw(where, "rule-id", f"{name!r} is taken, occurs twice or is no slug")
    for rule in table.rules:
        yield from _rule(table, rule, catalogue, f"{where}/{rule.id}")


def _rule(table: Table, rule: CrossRule, catalogue: Catalogue, where: str) -> Iterator[Flaw]:
    form = ACROSS.get(Kind(rule.kind)) if rule.kind in {kind.value for kind in Kind} else None
    if form is None:
        allowed = ", ".join(kind.value for kind in ACROSS)
        yield Flaw(where, "rule-kind", f"{rule.kind!r} is not one of: {allowed}")
        return
    found = [*_arguments(table, rule, form, where)]
    yield from found
    if not found:
        yield from _TYPES[Kind(rule.kind)](table, rule, catalogue, where)


def _arguments(table: Table, rule: CrossRule, form: _Form, where: str) -> Iterator[Flaw]:
    given = dict(rule.arguments)
    for name in sorted(form.needed - set(given)):
        yield Flaw(where, "rule-argument", f"{name} is missing")
    for name in sorted(set(given) - form.needed - form.optional):
        yield Flaw(where, "rule-argument", f"{name} is no argument of {rule.kind}")
    known = {column.name for column in table.columns}
    for name, value in given.items():
        if isinstance(value, tuple) != (name in form.lists):
            shape = "a list" if name in form.lists else "a text"
            yield Flaw(where, "rule-argument", f"{name} is {shape}")
        for column in value if isinstance(value, tuple) else (value,):
            if name in form.columns and column not in known:
                yield Flaw(where, "unknown-column", f"{name} names {column!r}, which is no column")


def _order(table: Table, rule: CrossRule, _: Catalogue, where: str) -> Iterator[Flaw]:
    names = rule.get_all("columns")
    if len(names) < 2 or len(set(names)) != len(names):
        yield Flaw(where, "rule-argument", "an order has two different columns or more")
    families = {_family(table.column(name)) for name in names}
    if len(families) > 1 or families & {"text", "flag"}:
        yield Flaw(where, "rule-type", "an order is of dates, times or numbers")


def _compare(table: Table, rule: CrossRule, catalogue: Catalogue, where: str) -> Iterator[Flaw]:
    left, given = table.column(rule.get("left")), dict(rule.arguments)
    if rule.get("op") not in OPERATORS:
        yield Flaw(where, "rule-argument", f"op is one of {' '.join(OPERATORS)}")
    if ("right" in given) == ("value" in given):
        yield Flaw(where, "rule-argument", "give either right or value")
    elif "right" in given:
        if _family(left) != _family(table.column(rule.get("right"))):
            yield Flaw(where, "rule-type", "the columns are of different types")
    elif checking_columns.typed(left, rule.get("value")) is None:
        yield Flaw(where, "rule-argument", f"{rule.get('value')!r} is no {left.type}")
    elif left.values:
        value = (rule.get("value"),)
        yield from checking_columns.foreign_codes(value, left, catalogue, where, "rule-argument")


def _needed(table: Table, rule: CrossRule, catalogue: Catalogue, where: str) -> Iterator[Flaw]:
    when, codes = table.column(rule.get("when")), rule.get_all("among")
    if "among" in dict(rule.arguments) and not codes:
        yield Flaw(where, "rule-argument", "among is empty: the rule would never ask")
    if when.name == rule.get("column"):
        yield Flaw(where, "rule-argument", "a column is no condition of itself")
    for code in codes:
        if checking_columns.typed(when, code) is None:
            yield Flaw(where, "rule-argument", f"{code!r} is no {when.type}")
    yield from checking_columns.foreign_codes(codes, when, catalogue, where, "rule-argument")
    if rule.kind == Kind.NEEDED and table.column(rule.get("column")).required:
        yield Flaw(where, "rule-argument", f"{rule.get('column')} is required anyway")


def _sum(table: Table, rule: CrossRule, _: Catalogue, where: str) -> Iterator[Flaw]:
    names = (rule.get("total"), *rule.get_all("parts"))
    if len(names) < 2 or len(set(names)) != len(names):
        yield Flaw(where, "rule-argument", "a sum has parts, each once, and not the total")
    if any(_family(table.column(name)) != "number" for name in names):
        yield Flaw(where, "rule-type", "a sum is of numbers")
    yield from _tolerance(rule, where)


def _tolerance(rule: CrossRule, where: str) -> Iterator[Flaw]:
    tolerance = rule.get("tolerance", "0")
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", tolerance):
        yield Flaw(where, "rule-argument", f"the tolerance {tolerance!r} is no number")


def _identity(table: Table, rule: CrossRule, _: Catalogue, where: str) -> Iterator[Flaw]:
    given = dict(rule.arguments)
    if "birth" not in given and "sex" not in given:
        yield Flaw(where, "rule-argument", "give birth, sex or both")
    if table.column(rule.get("identity")).check != "identity":
        yield Flaw(where, "rule-type", "the identity number is not checked as one")
    if "birth" in given and _family(table.column(rule.get("birth"))) != "moment":
        yield Flaw(where, "rule-type", "birth is no date")
    if "sex" in given and table.column(rule.get("sex")).values != "GB/T 2261.1":
        yield Flaw(where, "rule-type", "sex is no code of GB/T 2261.1")


def _total(table: Table, rule: CrossRule, catalogue: Catalogue, where: str) -> Iterator[Flaw]:
    other = catalogue.tables.get(rule.get("table"))
    if other is None:
        yield Flaw(where, "unknown-table", f"there is no table {rule.get('table')}")
        return
    there = {column.name: column for column in other.columns}
    for name in (rule.get("part"), *rule.get_all("key")):
        if name not in there:
            yield Flaw(where, "unknown-column", f"{other.code} has no column {name}")
            return
    if {_family(table.column(rule.get("total"))), _family(there[rule.get("part")])} != {"number"}:
        yield Flaw(where, "rule-type", "a total is of numbers")
    if not rule.get_all("key"):
        yield Flaw(where, "rule-argument", "the key is empty")
    yield from _tolerance(rule, where)
    if not table.owed_by <= other.owed_by:
        yield Flaw(where, "not-owed", f"not every unit that owes {table.code} owes {other.code}")


def _family(column: Column) -> str:
    if column.type in (Type.INTEGER, Type.DECIMAL):
        return "number"
    if column.type in (Type.DATE, Type.DATETIME):
        return "moment"
    return "text" if column.type in (Type.TEXT, Type.CODE) else column.type.value


_TYPES = {
    Kind.ORDER: _order,
    Kind.COMPARE: _compare,
    Kind.NEEDED: _needed,
    Kind.ABSENT: _needed,
    Kind.SUM: _sum,
    Kind.IDENTITY_AGREES: _identity,
    Kind.TOTAL_OF: _total,
}
