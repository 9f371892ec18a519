"""Many cases as one wide table: one plan on a cluster instead of dozens, and rules of many words."""

from dataclasses import replace

from openrhip.collect.engine.conformance import CODE, Case
from openrhip.collect.rules.tables import COMMON, Catalogue, Period

_COMMON = {column.name for column in COMMON}
_NAMING = (
    "left",
    "right",
    "column",
    "columns",
    "when",
    "total",
    "parts",
    "identity",
    "birth",
    "sex",
)


def apart(case: Case) -> bool:
    """Whether a case asks something of the table as a whole."""
    table = case.table
    return bool(table.key or table.day_column or table.period is Period.MONTH)


def merged(cases: list[Case]) -> Case:
    """Each case's columns, value sets and rules under a prefix; its rows fill its own columns, and
    a required one has the value of its case's first row elsewhere.
    """
    columns, rules, references, values, rows, broken = [], [], [], {}, [], []
    everywhere, known = {}, {}
    for at, case in enumerate(cases):
        prefix = f"c{at}_"
        columns += [
            _column(column, prefix) for column in case.table.columns if column.name not in _COMMON
        ]
        rules += [_rule(rule, prefix) for rule in case.table.rules]
        references += [
            replace(each, columns=tuple(_own(name, prefix) for name in each.columns))
            for each in case.table.references
        ]
        known |= {_id(rule, prefix): keys for rule, keys in case.known.items()}
        for column in case.table.columns:
            kept = case.rows[0][column.name] if column.required else None
            everywhere[_own(column.name, prefix)] = kept
        for key, found in case.catalogue.values.items():
            name = key if key.startswith("OR-") else prefix + key
            values[name] = replace(found, key=name)
        rows += [{_own(name, prefix): value for name, value in row.items()} for row in case.rows]
        broken += [frozenset(_id(each, prefix) for each in found) for found in case.broken]
    first = cases[0]
    table = replace(first.table, columns=(*columns, *COMMON), rules=tuple(rules))
    table = replace(table, references=tuple(references))
    return replace(
        first,
        name="all in one table",
        catalogue=Catalogue({CODE: table}, values),
        table=table,
        rows=tuple(everywhere | row for row in rows),
        broken=tuple(broken),
        known=known,
    )


def _own(name: str, prefix: str) -> str:
    return name if not name or name in _COMMON else prefix + name


def _id(rule: str, prefix: str) -> str:
    slug = rule.removeprefix(f"{CODE}.")
    return rule if slug.split(".")[0] in _COMMON else f"{CODE}.{prefix}{slug}"


def _column(column, prefix):
    when, among = column.check_when
    return replace(
        column,
        name=prefix + column.name,
        name_of=_own(column.name_of, prefix),
        values=prefix + column.values if column.values else "",
        check_when=(_own(when, prefix), among),
    )


def _rule(rule, prefix):
    def renamed(name, value):
        if name not in _NAMING:
            return value
        if isinstance(value, str):
            return _own(value, prefix)
        return tuple(_own(each, prefix) for each in value)

    arguments = tuple((name, renamed(name, value)) for name, value in rule.arguments)
    return replace(rule, id=prefix + rule.id, arguments=arguments)
