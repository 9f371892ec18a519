"""From a table to its rules (规则清单): in a fixed order; the place of a rule is its bit."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from openrhip.collect.rules.kinds import Kind, Rule
from openrhip.collect.rules.tables import Column, CrossRule, Severity, Table, Type
from openrhip.collect.rules.wording import worded


@lru_cache(maxsize=1024)
def rules_of(table: Table) -> tuple[Rule, ...]:
    """Every rule of a table: by column, across columns, key, references, then the whole."""
    found = [rule for column in table.columns for rule in _of_column(table, column)]
    found += [_cross(table, rule) for rule in table.rules]
    if table.day_column:
        found.append(_make(table, "day", Kind.DAY, Severity.ERROR, (table.day_column,)))
    if table.key:
        found.append(_make(table, "key.unique", Kind.UNIQUE, Severity.ERROR, table.key))
        if table.unique_in_store:
            name = "key.unique-store"
            found.append(_make(table, name, Kind.UNIQUE_STORE, Severity.ERROR, table.key))
    for at, reference in enumerate(table.references):
        slug = f"{reference.columns[0]}.reference" + (f"-{at}" if _again(table, at) else "")
        arguments = (
            ("table", reference.table),
            ("key", reference.key),
            ("scope", reference.scope),
        )
        found.append(
            _make(table, slug, Kind.REFERENCE, reference.severity, reference.columns, arguments)
        )
    return tuple(found)


def row_rules(table: Table) -> tuple[Rule, ...]:
    """The rules that are decided row by row, in the order of their bits."""
    return tuple(rule for rule in rules_of(table) if rule.row_level)


def kinds_of(column: Column) -> tuple[Kind, ...]:
    """The kinds of rule that a column's attributes make."""
    return tuple(kind for kind, _ in _kinds(column))


def _again(table: Table, at: int) -> bool:
    first = table.references[at].columns[0]
    return any(other.columns[0] == first for other in table.references[:at])


def _of_column(table: Table, column: Column) -> Iterator[Rule]:
    for kind, arguments in _kinds(column):
        severity = Severity.WARNING if kind.value in column.warn else Severity.ERROR
        name = f"{column.name}.{kind.value}"
        read = (column.name, column.name_of) if kind is Kind.NAME_AGREES else (column.name,)
        yield _make(table, name, kind, severity, read, arguments)


def _kinds(column: Column) -> Iterator[tuple[Kind, tuple[tuple[str, str | tuple[str, ...]], ...]]]:
    if column.required:
        yield Kind.REQUIRED, ()
    if column.check:
        yield Kind(column.check), _when(column)
    if column.values:
        yield Kind.VALUES, (("values", column.values),)
    elif not column.check or column.check_when[0]:
        yield Kind.FORM, ()
        if column.type in (Type.TEXT, Type.CODE):
            least, most = column.length
            yield Kind.LENGTH, (("least", str(least)), ("most", str(most or 1000)))
    if column.pattern:
        yield Kind.PATTERN, (("pattern", column.pattern),)
    if column.minimum or column.maximum:
        yield Kind.RANGE, (("minimum", column.minimum), ("maximum", column.maximum))
    if column.name_of:
        yield Kind.NAME_AGREES, (("code", column.name_of),)


def _when(column: Column) -> tuple[tuple[str, str | tuple[str, ...]], ...]:
    name, codes = column.check_when
    return (("when", name), ("among", codes)) if name else ()


def _cross(table: Table, rule: CrossRule) -> Rule:
    columns = tuple(dict.fromkeys(_read_by(rule)))
    made = _make(table, rule.id, Kind(rule.kind), rule.severity, columns, rule.arguments)
    return Rule(
        made.id,
        made.kind,
        made.severity,
        made.columns,
        made.arguments,
        rule.zh or made.zh,
        rule.en or made.en,
        rule.fix_zh or made.fix_zh,
        rule.fix_en or made.fix_en,
    )


def _read_by(rule: CrossRule) -> Iterator[str]:
    """The columns of its own table that a cross rule reads, the one to correct first."""
    for name in ("column", "total", "left", "identity"):
        yield from rule.get_all(name)
    for name in ("columns", "right", "birth", "sex", "when"):
        yield from rule.get_all(name)
    if rule.kind == Kind.SUM:
        yield from rule.get_all("parts")


def _make(
    table: Table,
    name: str,
    kind: Kind,
    severity: Severity,
    columns: tuple[str, ...],
    arguments: tuple[tuple[str, str | tuple[str, ...]], ...] = (),
) -> Rule:
    zh, en, fix_zh, fix_en = worded(table, kind, columns, arguments)
    return Rule(f"{table.code}.{name}", kind, severity, columns, arguments, zh, en, fix_zh, fix_en)
