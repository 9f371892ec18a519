"""From rules to SQL (规则编译): each table once, in one form for every engine.

A source has the catalogue's columns as text (empty is NULL) and the batch's `_today`, `_first` and
`_last` (DATE: no birth lies after the first; the day column lies between the others). Stage by
stage, a SELECT adds columns to those before it: typed values (`name:t`), then one expression a
rule, true where the rule is broken (NULL and false pass), gathered in words of 63 bits. Rules with
look-ups (UNIQUE, UNIQUE_STORE, REFERENCE) are no expressions: `lookups` names their keys.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from openrhip.collect.engine import faults, forms
from openrhip.collect.engine.faults import Member
from openrhip.collect.engine.sqltext import name, select
from openrhip.collect.rules.deriving import row_rules
from openrhip.collect.rules.kinds import Kind, Rule
from openrhip.collect.rules.tables import Catalogue, Column, Severity, Table
from openrhip.kernel.errors import Misconfigured

BITS = 63  # of a signed word of 64
CONTEXT = ("_today", "_first", "_last")


@dataclass(frozen=True, slots=True)
class Typed:
    """A typed value. column: of the catalogue; name: of the staged value (the column's own for
    text, which is staged as it is); sql: over the source; type: in SQL.
    """

    column: str
    name: str
    sql: str
    type: str


@dataclass(frozen=True, slots=True)
class Fault:
    """When a rule is broken. bit: its place among the table's row rules. sql: over the source and
    the typed values. reads: the columns, source ones and typed ones, that it looks at.
    """

    rule: Rule
    bit: int
    sql: str
    reads: frozenset[str]


@dataclass(frozen=True, slots=True)
class Lookup:
    """A rule that looks keys up. key: typed columns as canonical text, over source and typed values
    (UNIQUE takes the text as it was sent). only: rows it asks about, or "".
    """

    rule: Rule
    bit: int
    key: tuple[str, ...]
    only: str


@dataclass(frozen=True)
class Compiled:
    """A table's row rules as SQL. rules: in the order of their bits. members: staged beside typed
    values. relations: value sets too large for a list, name → codes (one text column `code`).
    errors, warnings: a mask a word.
    """

    table: Table
    rules: tuple[Rule, ...]
    typed: tuple[Typed, ...]
    faults: tuple[Fault, ...]
    lookups: tuple[Lookup, ...]
    members: tuple[Member, ...] = ()
    relations: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The table's columns by name."""
        return {column.name: column for column in self.table.columns}

    @property
    def words(self) -> int:
        return max(1, -(-len(self.rules) // BITS))

    @property
    def errors(self) -> tuple[int, ...]:
        return self.mask(Severity.ERROR)

    @property
    def warnings(self) -> tuple[int, ...]:
        return self.mask(Severity.WARNING)

    def mask(self, severity: Severity) -> tuple[int, ...]:
        """Per word the bits of the rules of this severity."""
        found = [0] * self.words
        for bit, rule in enumerate(self.rules):
            if rule.severity is severity:
                found[bit // BITS] |= 1 << bit % BITS
        return tuple(found)

    def word_sql(self, word: int, faults: Sequence[Fault] | None = None) -> str:
        """One word: the bits of the rules broken (of these faults alone, if given), as BIGINT."""
        terms = [
            f"CASE WHEN {fault.sql} THEN {1 << fault.bit % BITS} ELSE 0 END"
            for fault in (self.faults if faults is None else faults)
            if fault.bit // BITS == word
        ]
        return " | ".join(f"CAST({term} AS BIGINT)" for term in terms) or "CAST(0 AS BIGINT)"

    def staged_sql(self, source: str, only: Collection[str] | None = None) -> str:
        """Source columns, typed values, members (of these names alone, if given).

        source: SQL of a relation.
        """
        made = [
            f"{one.sql} AS {name(one.name)}"
            for one in self.typed
            if one.name != one.column and (only is None or one.name in only)
        ]
        for member in self.members:
            if only is not None and member.name not in only:
                continue
            codes = select([name("code")], name(member.relation))
            made.append(f"{member.sql} IN ({codes}) AS {name(member.name)}")
        return select(["*", *made], source)

    def checked_sql(self, source: str) -> str:
        """Source columns, typed values, and the words `_w0`, `_w1` … of the rules broken."""
        words = [f"{self.word_sql(word)} AS {name(f'_w{word}')}" for word in range(self.words)]
        return select(["*", *words], f"({self.staged_sql(source)}) AS staged")


def compile_rules(table: Table, catalogue: Catalogue) -> Compiled:
    """The rules of a table. Raises Misconfigured where the catalogue contradicts itself."""
    key = (catalogue.digest, table.code) if catalogue.digest else None
    if key is None or catalogue.tables.get(table.code) is not table:
        return _compile(table, catalogue)
    return _cached(key, _Held(table, catalogue))


class _Held:
    """Carries what a cache's key stands for, and compares as equal: the key alone decides."""

    def __init__(self, table: Table, catalogue: Catalogue) -> None:
        self.table, self.catalogue = table, catalogue

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=1024)
def _cached(_key: tuple[str, str], held: _Held) -> Compiled:
    return _compile(held.table, held.catalogue)


def _compile(table: Table, catalogue: Catalogue) -> Compiled:
    typed = tuple(
        Typed(
            column.name,
            faults.staged(column),
            forms.typed(column),
            forms.sql_type(column),
        )
        for column in table.columns
    )
    made: list[Fault] = []
    lookups: list[Lookup] = []
    maker = faults.Maker(table, catalogue)
    rules = row_rules(table)
    try:
        for bit, rule in enumerate(rules):
            if rule.kind in _LOOKED_UP:
                lookups.append(_lookup(table, rule, bit))
            else:
                sql, reads = maker.fault(rule)
                made.append(Fault(rule, bit, sql, reads))
    except KeyError as error:
        raise Misconfigured(
            f"the catalogue lacks {error}",
            where=table.code,
            remedy="openrhip collect catalogue check",
        ) from error
    return Compiled(
        table,
        rules,
        typed,
        tuple(made),
        tuple(lookups),
        tuple(maker.members.values()),
        maker.relations,
    )


_LOOKED_UP = (Kind.UNIQUE, Kind.UNIQUE_STORE, Kind.REFERENCE)


def _lookup(table: Table, rule: Rule, bit: int) -> Lookup:
    columns = [table.column(item) for item in rule.columns]
    if rule.kind is Kind.UNIQUE:
        return Lookup(rule, bit, tuple(name(column.name) for column in columns), "")
    only = f"{name('amend_flag')} = '1'" if rule.kind is Kind.UNIQUE_STORE else ""
    return Lookup(rule, bit, tuple(faults.key_text(column) for column in columns), only)
