"""What the rules of a table ask of its rows (造数计划): who, in which order, where not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from openrhip.collect.rules.deriving import rules_of
from openrhip.collect.rules.kinds import Kind, Rule
from openrhip.collect.rules.tables import Catalogue, Column, Personal, Table, Type
from openrhip.collect.sampling.ordering import Edge

MOMENTS = (Type.DATE, Type.DATETIME)
NUMBERS = (Type.INTEGER, Type.DECIMAL)
MICRO = 6  # decimals of the common unit in which numbers are compared
_OWN_NAMES = ("name", "patient_name", "person_name")


@dataclass(frozen=True, slots=True)
class Person:
    """The columns that tell of one person."""

    identity: str
    birth: str = ""
    sex: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """column is needed (or absent) where `when` has one of `among` (any value, without it)."""

    column: str
    when: str
    among: tuple[str, ...]
    needed: bool


@dataclass(frozen=True, slots=True)
class Sum:
    total: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Literal:
    """column op value."""

    column: str
    op: str
    value: str


@dataclass(frozen=True, slots=True)
class Plan:
    people: tuple[Person, ...]
    names: tuple[str, ...]  # columns with the name of the first person
    moments: tuple[Edge, ...]
    numbers: tuple[Edge, ...]
    times: tuple[Edge, ...]
    equal: tuple[tuple[str, str], ...]
    literals: tuple[Literal, ...]
    conditions: tuple[Condition, ...]
    sums: tuple[Sum, ...]
    lines: tuple[str, ...]  # key columns that count within the others
    referred: tuple[tuple[str, tuple[str, str]], ...]  # column → (table, key column)


def plan_of(table: Table, catalogue: Catalogue) -> Plan:
    return _cached(table, tuple(sorted(catalogue.tables)))


@lru_cache(maxsize=512)
def _cached(table: Table, known: tuple[str, ...]) -> Plan:
    rules = [rule for rule in rules_of(table) if rule.row_level]
    people = tuple(_people(table, rules))
    edges = [*_edges(table, rules)]
    return Plan(
        people=people,
        names=tuple(name for name in _OWN_NAMES if any(c.name == name for c in table.columns)),
        moments=tuple(edge for kind, edge in edges if kind in MOMENTS),
        numbers=tuple(edge for kind, edge in edges if kind in NUMBERS),
        times=tuple(edge for kind, edge in edges if kind is Type.TIME),
        equal=tuple(
            (rule.get("left"), rule.get("right"))
            for rule in rules
            if rule.kind is Kind.COMPARE and rule.get("op") == "=" and rule.get("right")
        ),
        literals=tuple(
            Literal(rule.get("left"), rule.get("op"), rule.get("value"))
            for rule in rules
            if rule.kind is Kind.COMPARE and not rule.get("right")
        ),
        conditions=tuple(
            Condition(
                rule.columns[0], rule.get("when"), rule.get_all("among"), rule.kind is Kind.NEEDED
            )
            for rule in rules
            if rule.kind in (Kind.NEEDED, Kind.ABSENT)
        ),
        sums=tuple(
            Sum(rule.get("total"), rule.get_all("parts")) for rule in rules if rule.kind is Kind.SUM
        ),
        lines=lines_of(table),
        referred=tuple(_referred(table, known)),
    )


def _people(table: Table, rules: list[Rule]) -> Iterator[Person]:
    """First the table's own person, then others that have a number or a date of birth."""
    agreeing = {
        rule.get("identity"): Person(rule.get("identity"), rule.get("birth"), rule.get("sex"))
        for rule in rules
        if rule.kind is Kind.IDENTITY_AGREES
    }
    numbers = [
        column.name
        for column in table.columns
        if column.check == "identity" or column.personal is Personal.IDENTITY
    ]
    for name in sorted(numbers, key=lambda one: one != table.person):
        yield agreeing.get(name) or Person(name)


def _edges(table: Table, rules: list[Rule]) -> Iterator[tuple[Type, Edge]]:
    for rule in rules:
        if rule.kind is Kind.ORDER:
            names = rule.get_all("columns")
            for less, more in pairwise(names):
                yield table.column(less).type, Edge(less, more)
        elif rule.kind is Kind.COMPARE and rule.get("right"):
            left, op, right = rule.get("left"), rule.get("op"), rule.get("right")
            kind = table.column(left).type
            step = 0 if "=" in op else _step(table.column(left), table.column(right))
            if op in ("<", "<="):
                yield kind, Edge(left, right, step)
            elif op in (">", ">="):
                yield kind, Edge(right, left, step)


def _step(left: Column, right: Column) -> int:
    """The least difference that two columns can show: of dates a day, of numbers a unit."""
    if left.type in MOMENTS:
        return 86_400 if Type.DATE in (left.type, right.type) else 1
    if left.type in NUMBERS:
        return int(10 ** (MICRO - min(left.scale, right.scale)))
    return 1


def lines_of(table: Table) -> tuple[str, ...]:
    """Of a key of several columns those that count: integers, codes and moments."""
    counting = tuple(name for name in table.key if _counts(table.column(name)))
    return counting if len(table.key) > 1 or len(counting) == len(table.key) else ()


def _counts(column: Column) -> bool:
    return column.type not in (Type.TEXT, Type.CODE) or bool(column.values)


def _referred(table: Table, known: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, str]]]:
    seen = set()
    for reference in table.references:
        if reference.table not in known:
            continue
        for column, key in zip(reference.columns, reference.key, strict=True):
            if column not in seen and (reference.table, key) != (table.code, column):
                seen.add(column)
                yield column, (reference.table, key)
