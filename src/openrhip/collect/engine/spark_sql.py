"""The compiled rules as Spark SQL (规则转 Spark SQL): one plan a batch, each rule evaluated once.

The expressions are those of `compiling`, put into Spark's dialect by sqlglot. Only constructs that
the conformance cases prove are let through: a translator that is silently wrong is worse than none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import sqlglot
from sqlglot import exp

from openrhip.collect.engine.compiling import Compiled, Lookup
from openrhip.collect.engine.masking import KEPT_LOADED, masked_sql
from openrhip.collect.engine.spark_staging import sealed_columns
from openrhip.collect.engine.sqltext import select
from openrhip.collect.rules.jobs import CheckJob
from openrhip.collect.rules.kinds import Kind
from openrhip.collect.rules.tables import Column, Period, Severity
from openrhip.kernel.errors import Misconfigured

PROVEN = (
    *(exp.Literal, exp.Identifier, exp.Column, exp.Null, exp.Boolean, exp.Paren, exp.Alias),
    *(exp.DataType, exp.DataTypeParam, exp.Cast, exp.TryCast, exp.Case, exp.If, exp.Coalesce),
    *(exp.And, exp.Or, exp.Not, exp.Is, exp.In, exp.Between, exp.BitwiseOr, exp.Neg),
    *(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE),
    *(exp.Add, exp.Sub, exp.Mul, exp.Mod, exp.Abs),
    *(exp.RegexpLike, exp.Length, exp.Substring, exp.Right, exp.Replace, exp.DPipe),
    *(exp.StrPosition, exp.Ascii, exp.Select),
)


def name(text: str) -> str:
    """A quoted identifier."""
    return "`" + text.replace("`", "``") + "`"


def literal(text: str) -> str:
    """A quoted text value."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fault_name(bit: int) -> str:
    """The column that tells whether a row breaks a rule."""
    return f"_f{bit}"


@lru_cache(maxsize=4096)
def translated(sql: str) -> str:
    """An expression of `compiling` in Spark's dialect. Raises Misconfigured for unproven ones."""
    tree = sqlglot.parse_one(f"SELECT {sql}", read="duckdb")
    for node in tree.walk():
        if not isinstance(node, PROVEN):
            raise Misconfigured(
                f"{type(node).__name__} is not proven to mean the same on Spark",
                where="collect_engine",
                remedy="add a conformance case for it first",
            )
    return tree.sql("spark").removeprefix("SELECT ")


@dataclass(frozen=True, slots=True)
class Relation:
    """Keys that a plan joins: double ones, or those a look-up knows. bit: the rule's. keys: over
    the staged rows. sql: what gives them, as columns k0, k1 …, each key once.
    """

    bit: int
    keys: tuple[str, ...]
    sql: str


class Plan:
    """The statements of one batch. text: view of its rows as text, with `_line` and, for columns
    that are kept as tokens, `name:s`.
    """

    def __init__(self, job: CheckJob, compiled: Compiled, text: str) -> None:
        self.job, self.compiled, self.text = job, compiled, text
        self.members = {
            member.relation: f"{text}_values_{at}" for at, member in enumerate(compiled.members)
        }
        self.relations: list[Relation] = []

    def source(self) -> str:
        first, last = days_of(self.job)
        context = {"_today": self.job.today, "_first": first, "_last": last}
        made = ", ".join(f"DATE'{day}' AS {name(column)}" for column, day in context.items())
        return select(["*", made], name(self.text))

    def staged(self) -> str:
        """Text, typed values, and whether values are in the large sets."""
        made = [
            f"{translated(item.sql)} AS {name(item.name)}"
            for item in self.compiled.typed
            if item.name != item.column
        ]
        sql = select(["*", *made], f"({self.source()})")
        for member in self.compiled.members:
            known, view = name(f"{member.name}:code"), name(self.members[member.relation])
            value = translated(member.sql)
            codes = select([f"DISTINCT code AS {known}"], view)
            found = f"CASE WHEN {value} IS NOT NULL THEN {known} IS NOT NULL END"
            sql = select(
                ["t.*", f"{found} AS {name(member.name)}"],
                f"({sql}) AS t LEFT JOIN ({codes}) AS v ON {value} = {known}",
            )
        return sql

    def asked(self, lookup: Lookup) -> str:
        """The distinct keys that a look-up is asked about."""
        keys = self._keys(lookup)
        listed = ", ".join(f"{key} AS k{at}" for at, key in enumerate(keys))
        where = [f"{key} IS NOT NULL" for key in keys]
        where += [translated(lookup.only)] if lookup.only else []
        return select([f"DISTINCT {listed}"], f"({self.staged()})", " AND ".join(where))

    def double(self, lookup: Lookup) -> str:
        """The keys that come more than once."""
        keys = self._keys(lookup)
        made = [f"{key} AS k{at}" for at, key in enumerate(keys)]
        where = " AND ".join(f"{key} IS NOT NULL" for key in keys)
        group = ", ".join(f"k{at}" for at in range(len(keys)))
        given = select(made, f"({self.staged()})", where)
        return f"{select([group], f'({given})')} GROUP BY {group} HAVING count(*) > 1"

    def join(self, lookup: Lookup, relation: str) -> None:
        """Take keys into the plan. relation: SQL that gives k0, k1 …, each key once."""
        self.relations.append(Relation(lookup.bit, self._keys(lookup), relation))

    def _keys(self, lookup: Lookup) -> tuple[str, ...]:
        """The key's parts; what the tables keep as tokens is looked up as tokens."""
        sealed = () if lookup.rule.kind is Kind.UNIQUE else sealed_columns(self.job)
        return tuple(
            name(f"{column}:s") if column in sealed else translated(key)
            for column, key in zip(lookup.rule.columns, lookup.key, strict=True)
        )

    def checked(self) -> str:
        """Every row, and for each rule (`_f` and its bit) whether the row breaks it.

        A column a rule, and no word of bits: Java compiles an expression of moderate size, and
        never one method of hundreds of conditions.
        """
        sql = self.staged()
        for relation in self.relations:
            keys = [name(f"_l{relation.bit}:{at}") for at in range(len(relation.keys))]
            on = " AND ".join(
                f"{own} = {key}" for own, key in zip(relation.keys, keys, strict=True)
            )
            met = select([f"k{at} AS {key}" for at, key in enumerate(keys)], f"({relation.sql})")
            sql = select(
                ["t.*", f"{keys[0]} IS NOT NULL AS {name(f'_l{relation.bit}')}"],
                f"({sql}) AS t LEFT JOIN ({met}) AS r ON {on}",
            )
        found = [
            f"coalesce({translated(fault.sql)}, FALSE) AS {fault_name(fault.bit)}"
            for fault in self.compiled.faults
        ]
        found += [
            f"coalesce({self._looked_up(lookup)}, FALSE) AS {fault_name(lookup.bit)}"
            for lookup in self.compiled.lookups
            if lookup.bit in self._joined()
        ]
        return select(["*", *found], f"({sql})")

    def _joined(self) -> set[int]:
        return {relation.bit for relation in self.relations}

    def _looked_up(self, lookup: Lookup) -> str:
        met = name(f"_l{lookup.bit}")
        if lookup.rule.kind is Kind.REFERENCE:
            there = " AND ".join(f"{key} IS NOT NULL" for key in self._keys(lookup))
            return f"{there} AND NOT {met}"
        return f"{met} AND {translated(lookup.only)}" if lookup.only else met

    def faulty(self, severity: Severity) -> str:
        """Whether a row breaks a rule of this severity."""
        found = [
            self.breaks(bit)
            for bit, rule in enumerate(self.compiled.rules)
            if rule.severity is severity
        ]
        return f"({' OR '.join(found)})" if found else "FALSE"

    def ids(self, severities: Sequence[Severity]) -> str:
        """The ids of the broken rules, comma-separated, NULL if none."""
        listed = [
            f"CASE WHEN {self.breaks(bit)} THEN {literal(rule.id)} END"
            for bit, rule in enumerate(self.compiled.rules)
            if rule.severity in severities
        ]
        return (
            f"nullif(concat_ws(',', {', '.join(listed)}), '')" if listed else "CAST(NULL AS STRING)"
        )

    def breaks(self, bit: int) -> str:
        """Whether a row breaks a rule, over what `checked` gave."""
        asked = {fault.bit for fault in self.compiled.faults} | self._joined()
        return fault_name(bit) if bit in asked else "FALSE"

    def totals(self, view: str) -> str:
        """One row: rows, quarantined, marked, amended, withdrawn, then how many break each rule."""
        flag = name("amend_flag")
        counted = ["_bad", "NOT _bad AND _odd"]
        counted += [f"NOT _bad AND {flag} = '{each}'" for each in ("2", "3")]
        counted += [self.breaks(bit) for bit in range(len(self.compiled.rules))]
        sums = ", ".join(
            f"coalesce(sum(CASE WHEN {each} THEN 1 ELSE 0 END), 0) AS n{at}"
            for at, each in enumerate(counted)
        )
        bad = f"{self.faulty(Severity.ERROR)} AS _bad"
        odd = f"{self.faulty(Severity.WARNING)} AS _odd"
        rows = select(["*", bad, odd], name(view))
        return select(["count(*) AS received", sums], f"({rows})")

    def good(self, view: str) -> str:
        """The rows that are loaded, as the tables keep them."""
        kept = [f"{self._kept(column)} AS {name(column.name)}" for column in self.job.table.columns]
        kept += [
            f"{literal(self.job.unit)} AS _unit",
            f"DATE'{self.job.day}' AS _day",
            f"{literal(self.job.batch)} AS _batch",
            "_line",
            f"{self.ids((Severity.WARNING,))} AS _marks",
        ]
        return select(kept, name(view), f"NOT {self.faulty(Severity.ERROR)}")

    def _kept(self, column: Column) -> str:
        if column.name in sealed_columns(self.job):
            return name(f"{column.name}:s")
        if column.personal not in KEPT_LOADED:
            return translated(masked_sql(column))
        staged = next(item.name for item in self.compiled.typed if item.column == column.name)
        return name(staged)

    def quarantine(self, view: str) -> str:
        """The rows that are kept out, as text, personal values masked."""
        shown = [
            f"{translated(masked_sql(column))} AS {name(column.name)}"
            for column in self.job.table.columns
        ]
        ids = self.ids((Severity.ERROR, Severity.WARNING))
        listed = ["_line", f"{ids} AS _rules", *shown]
        return select(listed, name(view), self.faulty(Severity.ERROR))

    def examples(self, view: str, bits: Sequence[int]) -> str:
        """For each of these rules the lines of the first rows at fault: bit, line."""
        broken = (f"CASE WHEN {self.breaks(bit)} THEN {bit} ELSE -1 END" for bit in bits)
        some = f"{self.faulty(Severity.ERROR)} OR {self.faulty(Severity.WARNING)}"
        pairs = select(["_line", f"explode(array({', '.join(broken)})) AS bit"], name(view), some)
        place = "row_number() OVER (PARTITION BY bit ORDER BY _line) AS place"
        placed = select(["bit", "_line", place], f"({pairs})", "bit >= 0")
        return select(["bit", "_line"], f"({placed})", f"place <= {self.job.limits.examples}")

    def lines(self, view: str, lines: Sequence[int], columns: Sequence[str]) -> str:
        """Some rows as they were sent."""
        shown = ["_line", *map(name, columns)]
        return select(shown, name(view), f"_line IN ({', '.join(map(str, lines))})")


def days_of(job: CheckJob) -> tuple[date, date]:
    """The first and the last day that a batch may hold."""
    if job.table.period is not Period.MONTH:
        return job.day, job.day
    first = job.day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
