"""When a rule is broken, as SQL (违反规则的条件): one maker a kind, true is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

from openrhip.collect.engine import forms, numbers
from openrhip.collect.engine.sqltext import among, literal, name, whole
from openrhip.collect.rules.kinds import Kind, Rule
from openrhip.collect.rules.tables import Catalogue, Column, Table, Type, ValueSet

LISTED = 400  # codes of a value set that stand in the SQL text; more go into a relation
SEPARATOR = "\x1f"  # between code and name; no text of good form holds it
_OPERATORS = {
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "=": "<>",
    "==": "<>",
    "!=": "=",
    "<>": "=",
}
_DATED = (Type.DATE, Type.DATETIME)
_NUMBERS = (Type.INTEGER, Type.DECIMAL)


def staged(column: Column) -> str:
    """The name of a column's value behind the first stage."""
    return column.name if forms.is_text(column) else forms.typed_name(column.name)


def key_text(column: Column) -> str:
    """A key column as text in one way of writing; NULL where its form is broken."""
    value = name(staged(column))
    return value if forms.sql_type(column) == "VARCHAR" else f"CAST({value} AS VARCHAR)"


@dataclass(frozen=True, slots=True)
class Member:
    """Whether a text is one of many: a staged BOOLEAN `name` (NULL where sql is), for the engine to
    find as it can (IN over a relation, a join). relation: a key of `Compiled.relations`.
    """

    name: str
    sql: str
    relation: str


class Maker:
    """Makes the condition of each rule of one table. relations: value sets it could not list, for
    `members`.
    """

    def __init__(self, table: Table, catalogue: Catalogue) -> None:
        self.table = table
        self.catalogue = catalogue
        self.relations: dict[str, tuple[str, ...]] = {}
        self.members: dict[tuple[str, str], Member] = {}
        self._reads: set[str] = set()

    def fault(self, rule: Rule) -> tuple[str, frozenset[str]]:
        """The condition and the columns it reads. Raises KeyError for what the catalogue lacks."""
        self._reads = set()
        sql = _MAKERS[rule.kind](self, rule)
        return sql, frozenset(self._reads)

    def raw(self, column: str) -> str:
        """A column as it was sent."""
        self._reads.add(self.table.column(column).name)
        return name(column)

    def typed(self, column: str) -> str:
        """A column's typed value."""
        staged_name = staged(self.table.column(column))
        self._reads.add(staged_name)
        return name(staged_name)

    def day(self, column: str) -> str:
        """A date or datetime as a day."""
        value = self.typed(column)
        if self.table.column(column).type is Type.DATETIME:
            return f"CAST({value} AS DATE)"
        return value

    def context(self, column: str) -> str:
        self._reads.add(column)
        return name(column)

    def in_set(self, expression: str, key: str, entries: tuple[str, ...]) -> str:
        """Whether the expression is one of many texts: a list, or a relation of their own."""
        if len(entries) <= LISTED:
            return among(expression, entries)
        self.relations.setdefault(key, tuple(sorted(set(entries))))
        member = self.members.setdefault(
            (expression, key), Member(f"_m{len(self.members)}", expression, key)
        )
        self._reads.add(member.name)
        return name(member.name)

    def when(self, rule: Rule) -> str:
        """The condition of when/among, "" without one."""
        column = rule.get("when")
        if not column:
            return ""
        value = self.raw(column)
        codes = rule.get_all("among")
        return f"({among(value, codes)})" if codes else f"{value} IS NOT NULL"


def _required(maker: Maker, rule: Rule) -> str:
    return f"{maker.raw(rule.columns[0])} IS NULL"


def _form(maker: Maker, rule: Rule) -> str:
    column = maker.table.column(rule.columns[0])
    raw = maker.raw(column.name)
    if forms.is_text(column):
        return forms.text_fault(column)
    return f"{raw} IS NOT NULL AND {maker.typed(column.name)} IS NULL"


def _length(maker: Maker, rule: Rule) -> str:
    value = maker.raw(rule.columns[0])
    least, most = int(rule.get("least")), int(rule.get("most"))
    if least <= 1:
        return f"length({value}) > {most}"
    return f"length({value}) NOT BETWEEN {least} AND {most}"


def _pattern(maker: Maker, rule: Rule) -> str:
    return f"NOT {whole(maker.raw(rule.columns[0]), rule.get('pattern'))}"


def _values(maker: Maker, rule: Rule) -> str:
    value, found = maker.raw(rule.columns[0]), maker.catalogue.values[rule.get("values")]
    codes = tuple(code for code, _ in found.codes)
    accepted = []
    if not found.shape and not (codes and found.complete):
        return "FALSE"  # nothing says what an unknown code looks like
    if codes:
        accepted.append(maker.in_set(value, f"values {found.key}", codes))
    if found.shape and (not codes or not found.complete):
        accepted.append(whole(value, found.shape))
    return f"{value} IS NOT NULL AND NOT ({' OR '.join(accepted) or 'FALSE'})"


def _range(maker: Maker, rule: Rule) -> str:
    column = maker.table.column(rule.columns[0])
    found = []
    for argument, operator in (("minimum", "<"), ("maximum", ">")):
        text = rule.get(argument)
        if not text:
            continue
        as_day = column.type is Type.DATETIME and len(text) <= len("YYYY-MM-DD")
        value = maker.day(column.name) if as_day else maker.typed(column.name)
        bound = forms.literal_of(column, text)
        found.append(f"{value} {operator} {f'CAST({bound} AS DATE)' if as_day else bound}")
    return " OR ".join(found) or "FALSE"


def _identity(maker: Maker, rule: Rule) -> str:
    fault = numbers.identity_fault(maker.raw(rule.columns[0]), maker.context("_today"))
    return _both(maker.when(rule), fault)


def _credit_code(maker: Maker, rule: Rule) -> str:
    return _both(maker.when(rule), numbers.credit_code_fault(maker.raw(rule.columns[0])))


def _phone(maker: Maker, rule: Rule) -> str:
    return _both(maker.when(rule), numbers.phone_fault(maker.raw(rule.columns[0])))


def _name_agrees(maker: Maker, rule: Rule) -> str:
    code_column = maker.table.column(rule.get("code"))
    found: ValueSet = maker.catalogue.values[code_column.values]
    named, code = maker.raw(rule.columns[0]), maker.raw(code_column.name)
    codes = tuple(item for item, _ in found.codes)
    pairs = tuple(f"{item}{SEPARATOR}{text}" for item, text in (*found.codes, *found.other_names))
    known = maker.in_set(code, f"values {found.key}", codes)
    joined = f"({code} || {literal(SEPARATOR)} || {named})"
    return f"{known} AND NOT ({maker.in_set(joined, f'names {found.key}', pairs)})"


def _order(maker: Maker, rule: Rule) -> str:
    columns = rule.get_all("columns")
    types = {maker.table.column(item).type for item in columns}
    take = maker.day if Type.DATE in types else maker.typed
    values = [take(item) for item in columns]
    return " OR ".join(f"{one} > {other}" for one, other in combinations(values, 2))


def _compare(maker: Maker, rule: Rule) -> str:
    left = maker.table.column(rule.get("left"))
    operator = _OPERATORS[rule.get("op")]
    if not rule.get("right"):
        right = forms.literal_of(left, rule.get("value"))
        return f"{maker.typed(left.name)} {operator} {right}"
    other = maker.table.column(rule.get("right"))
    mixed = {left.type, other.type} == set(_DATED)
    if mixed:
        return f"{maker.day(left.name)} {operator} {maker.day(other.name)}"
    if left.type is not other.type and not {left.type, other.type} <= set(_NUMBERS):
        return f"{maker.raw(left.name)} {operator} {maker.raw(other.name)}"
    return f"{maker.typed(left.name)} {operator} {maker.typed(other.name)}"


def _needed(maker: Maker, rule: Rule) -> str:
    return _both(maker.when(rule), f"{maker.raw(rule.get('column'))} IS NULL")


def _absent(maker: Maker, rule: Rule) -> str:
    return _both(maker.when(rule), f"{maker.raw(rule.get('column'))} IS NOT NULL")


def _sum(maker: Maker, rule: Rule) -> str:
    """Exact in decimals wide enough; a part that is there but of broken form lets it pass."""
    total, parts = rule.get("total"), rule.get_all("parts")
    columns = [maker.table.column(item) for item in (total, *parts)]
    scale = max(column.scale for column in columns)
    wide = max(_digits(column) for column in columns) + len(str(len(columns))) + scale
    kind = f"DECIMAL({min(max(wide, 18), forms.MAX_PRECISION)}, {scale})"
    whole_parts = " - ".join(f"coalesce(CAST({maker.typed(part)} AS {kind}), 0)" for part in parts)
    broken = [
        f"NOT ({maker.raw(part)} IS NOT NULL AND {maker.typed(part)} IS NULL)" for part in parts
    ]
    tolerance = rule.get("tolerance") or "0"
    off = f"CAST({maker.typed(total)} AS {kind}) - {whole_parts}"
    return " AND ".join([f"abs({off}) > {_decimal(tolerance)}", *broken])


def _digits(column: Column) -> int:
    """Digits before the point."""
    return 18 if column.type is Type.INTEGER else forms.precision(column) - column.scale


def _decimal(text: str) -> str:
    return f"CAST({literal(text)} AS DECIMAL(18, {len(text.partition('.')[2])}))"


def _identity_agrees(maker: Maker, rule: Rule) -> str:
    column = maker.table.column(rule.get("identity"))
    value = maker.raw(column.name)
    found = []
    if rule.get("birth"):
        born = f"replace(CAST({maker.day(rule.get('birth'))} AS VARCHAR), '-', '')"
        found.append(f"substr({value}, 7, 8) <> {born}")
    if rule.get("sex"):
        sex, place = maker.raw(rule.get("sex")), f"ascii(substr({value}, 17, 1)) % 2"
        found.append(f"({sex} = '1' AND {place} = 0) OR ({sex} = '2' AND {place} = 1)")
    checks = [whole(value, numbers.IDENTITY_SHAPE), f"({' OR '.join(found) or 'FALSE'})"]
    when, codes = column.check_when
    if when:
        checks.insert(0, f"({among(maker.raw(when), codes)})")
    return " AND ".join(checks)


def _day(maker: Maker, rule: Rule) -> str:
    """Rows that amend or withdraw may be of days before; none is of a day to come."""
    first, last = maker.context("_first"), maker.context("_last")
    day = maker.day(rule.columns[0])
    if not any(column.name == "amend_flag" for column in maker.table.columns):
        return f"{day} NOT BETWEEN {first} AND {last}"
    new = f"COALESCE({maker.raw('amend_flag')}, '1') NOT IN ('2', '3')"
    return f"{day} > {last} OR ({day} < {first} AND {new})"


def _both(condition: str, fault: str) -> str:
    return f"{condition} AND ({fault})" if condition else fault


_MAKERS: dict[Kind, Callable[[Maker, Rule], str]] = {
    Kind.REQUIRED: _required,
    Kind.FORM: _form,
    Kind.LENGTH: _length,
    Kind.PATTERN: _pattern,
    Kind.VALUES: _values,
    Kind.RANGE: _range,
    Kind.IDENTITY: _identity,
    Kind.CREDIT_CODE: _credit_code,
    Kind.PHONE: _phone,
    Kind.NAME_AGREES: _name_agrees,
    Kind.ORDER: _order,
    Kind.COMPARE: _compare,
    Kind.NEEDED: _needed,
    Kind.ABSENT: _absent,
    Kind.SUM: _sum,
    Kind.IDENTITY_AGREES: _identity_agrees,
    Kind.DAY: _day,
}
