"""The catalogue check (目录检查): everything that is wrong with tables and value sets, with remedy.

Pure: the reader (`catalogue.survey`) says what cannot be read; here is what was read and still
could not work: names, keys, references, value sets, patterns, bounds, rules across columns, counts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from openrhip.collect.rules import checking_columns, checking_rules
from openrhip.collect.rules.deriving import rules_of
from openrhip.collect.rules.expressions import fault_of
from openrhip.collect.rules.flaws import Flaw
from openrhip.collect.rules.tables import Catalogue, Owner, Period, Reference, Table, Type, ValueSet
from openrhip.formats.cda.kinds import BY_CODE

_TABLE_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,40}")
_SLUG = re.compile(r"[a-z][a-z0-9-]{1,40}")
_MOMENTS = (Type.DATE, Type.DATETIME)
_TOLD = {Owner.DISTRICT: "区县", Owner.HOSPITAL: "医院"}


def check(catalogue: Catalogue) -> tuple[Flaw, ...]:
    """Every flaw of a catalogue, by file; an empty answer means that it can be used."""
    found = [*_of_counts(catalogue)]
    for _, table in sorted(catalogue.tables.items()):
        found += of_table(table, catalogue)
    for _, one in sorted(catalogue.values.items()):
        found += of_values(one)
    return tuple(found)


def of_table(table: Table, catalogue: Catalogue) -> Iterator[Flaw]:
    """Every flaw of one table."""
    where = f"tables/{table.code}"
    yield from _names(table, where)
    yield from _key(table, where)
    yield from _day(table, where)
    yield from _person(table, where)
    for column in table.columns:
        yield from checking_columns.of_column(table, column, catalogue)
    for at, reference in enumerate(table.references):
        yield from _reference(table, reference, catalogue, f"{where}/references/{at}")
    yield from checking_rules.of_rules(table, catalogue)


def of_values(one: ValueSet) -> Iterator[Flaw]:
    """Every flaw of one value set."""
    where = f"values/{one.key}"
    if not all((one.zh, one.en, one.version, one.source)):
        yield Flaw(where, "empty-words", "a value set has names, a version and a source")
    for code, times in Counter(code for code, _ in one.codes).items():
        if times > 1:
            yield Flaw(where, "code-twice", f"the code {code} occurs {times} times")
    for code, name in (*one.codes, *one.other_names):
        if not code or code != code.strip() or not name or name != name.strip():
            yield Flaw(where, "code-blank", f"code {code!r} or name {name!r} is empty or padded")
    known = {code for code, _ in one.codes}
    for code, _ in one.other_names:
        if code not in known:
            yield Flaw(where, "other-name", f"another name of {code}, which is no code")
    yield from _shape(one, where)


def _shape(one: ValueSet, where: str) -> Iterator[Flaw]:
    if one.complete and not one.codes:
        yield Flaw(where, "no-codes", "a complete value set without codes takes nothing")
    if not one.complete and not one.shape:
        yield Flaw(where, "no-shape", "an open value set needs the shape of the codes it takes")
    if not one.shape:
        return
    if problem := fault_of(one.shape):
        yield Flaw(where, "shape", problem)
        return
    shape = re.compile(one.shape)
    for code, _ in one.codes:
        if not shape.fullmatch(code):
            yield Flaw(where, "code-shape", f"the code {code} has not the shape {one.shape}")


def _of_counts(catalogue: Catalogue) -> Iterator[Flaw]:
    for owner, expected in catalogue.expected:
        actual = len(catalogue.owed(owner))
        if actual != expected:
            text = f"{owner} units ({_TOLD[owner]}) owe {actual} tables, {expected} are declared"
            yield Flaw("catalogue.toml", "count", text)


def _names(table: Table, where: str) -> Iterator[Flaw]:
    if not _TABLE_CODE.fullmatch(table.code):
        yield Flaw(where, "table-code", f"{table.code!r} is no code of a table")
    words = (table.zh, table.en, table.purpose_zh, table.purpose_en, table.source)
    if not all(words):
        yield Flaw(where, "empty-words", "a table has names, a purpose in both languages, a source")
    if not _SLUG.fullmatch(table.domain):
        yield Flaw(where, "slug", f"the domain {table.domain!r} is no slug")
    if table.counts and not _SLUG.fullmatch(table.counts):
        yield Flaw(where, "slug", f"counts {table.counts!r} is no slug")
    if not table.owed_by:
        yield Flaw(where, "owed-by-nobody", "nobody owes the table")
    if table.cda and table.cda not in BY_CODE:
        yield Flaw(where, "cda", f"{table.cda} is no kind of shared document")
    for name, times in Counter(column.name for column in table.columns).items():
        if times > 1:
            yield Flaw(where, "column-twice", f"the column {name} occurs {times} times")
    for zh, times in Counter(column.zh for column in table.columns).items():
        if times > 1:
            yield Flaw(where, "zh-twice", f"{times} columns are called {zh}")


def _key(table: Table, where: str) -> Iterator[Flaw]:
    columns = {column.name: column for column in table.columns}
    if not table.key:
        yield Flaw(where, "no-key", "the table has no key")
    if len(set(table.key)) != len(table.key):
        yield Flaw(where, "key-twice", "a column occurs twice in the key")
    for name in table.key:
        if name not in columns:
            yield Flaw(where, "unknown-column", f"the key names {name}, which is no column")
        elif not columns[name].required:
            yield Flaw(where, "key-optional", f"{name} is part of the key and not required")
    if table.unique_in_store and table.period is Period.SNAPSHOT:
        yield Flaw(where, "snapshot-store", "a snapshot repeats its keys every time")


def _day(table: Table, where: str) -> Iterator[Flaw]:
    columns = {column.name: column for column in table.columns}
    name = table.day_column
    if table.period is Period.SNAPSHOT:
        if name:
            yield Flaw(where, "snapshot-day", "a snapshot has no day column")
        return
    if name not in columns:
        yield Flaw(where, "day-column", f"the day column {name!r} is no column")
    elif columns[name].type not in _MOMENTS:
        yield Flaw(where, "day-type", f"the day column {name} is no date or datetime")
    elif not columns[name].required:
        yield Flaw(where, "day-optional", f"the day column {name} is not required")


def _person(table: Table, where: str) -> Iterator[Flaw]:
    if not table.person:
        return
    found = next((one for one in table.columns if one.name == table.person), None)
    if found is None:
        yield Flaw(where, "unknown-column", f"person names {table.person}, which is no column")
    elif found.personal != "identity" or found.type not in (Type.TEXT, Type.CODE):
        yield Flaw(where, "person-column", f"{table.person} is not marked as an identity number")


def _reference(
    table: Table, reference: Reference, catalogue: Catalogue, where: str
) -> Iterator[Flaw]:
    target = catalogue.tables.get(reference.table)
    here = {column.name: column for column in table.columns}
    for name in reference.columns:
        if name not in here:
            yield Flaw(where, "unknown-column", f"{name} is no column of {table.code}")
    if reference.scope not in {"unit", "city"}:
        yield Flaw(where, "scope", f"the scope {reference.scope!r} is neither unit nor city")
    if target is None:
        yield Flaw(where, "unknown-table", f"there is no table {reference.table}")
        return
    if not reference.columns or len(reference.columns) != len(reference.key):
        yield Flaw(where, "key-length", "a reference has as many columns as its key")
        return
    there = {column.name: column for column in target.columns}
    if not set(reference.key) <= set(there):
        missing = ", ".join(sorted(set(reference.key) - set(there)))
        yield Flaw(where, "unknown-column", f"{target.code} has no column {missing}")
        return
    yield from _matches(table, reference, target, where)


def _matches(table: Table, reference: Reference, target: Table, where: str) -> Iterator[Flaw]:
    """What is referred to names one row, is of the same type, and is owed where it is needed."""
    if set(reference.key) != set(target.key):
        key = ", ".join(target.key)
        yield Flaw(where, "not-the-key", f"the key of {target.code} is {key}")
    here = {column.name: column for column in table.columns}
    there = {column.name: column for column in target.columns}
    for name, other in zip(reference.columns, reference.key, strict=True):
        if name in here and _family(here[name].type) != _family(there[other].type):
            yield Flaw(where, "key-type", f"{name} and {target.code}.{other} differ in type")
    if reference.scope == "unit" and not table.owed_by <= target.owed_by:
        without = ", ".join(sorted(table.owed_by - target.owed_by))
        yield Flaw(where, "not-owed", f"{without} units do not owe {target.code}: no scope unit")


def _family(kind: Type) -> str:
    return "text" if kind in (Type.TEXT, Type.CODE) else kind.value


@dataclass(frozen=True, slots=True)
class Summary:
    """What a catalogue holds. owed: tables by kind of unit; rules: row rules and others."""

    tables: int
    columns: int
    rules: int
    references: int
    values: int
    codes: int
    owed: tuple[tuple[str, int], ...]


def summary(catalogue: Catalogue) -> Summary:
    """The size of a catalogue that was checked."""
    tables = catalogue.tables.values()
    return Summary(
        tables=len(tables),
        columns=sum(len(table.columns) for table in tables),
        rules=sum(len(rules_of(table)) for table in tables),
        references=sum(len(table.references) for table in tables),
        values=len(catalogue.values),
        codes=sum(len(one.codes) for one in catalogue.values.values()),
        owed=tuple((owner.value, len(catalogue.owed(owner))) for owner in Owner),
    )
