"""From TOML to the catalogue (目录读取); what is wrong is said with file and place."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields as names_of
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from openrhip.collect.catalogue import fields
from openrhip.collect.catalogue.borrowing import of_documents
from openrhip.collect.rules import checking
from openrhip.collect.rules.flaws import Flaw
from openrhip.collect.rules.tables import (
    COMMON,
    Catalogue,
    Column,
    CrossRule,
    Owner,
    Period,
    Personal,
    Reference,
    Severity,
    Table,
    Type,
    ValueSet,
)
from openrhip.kernel.errors import Malformed, NotFound, Problem, TooLarge

SHIPPED = Path(__file__).parent
MAX_FILE = 4_000_000
MAX_FILES = 5_000
MAX_COLUMNS = 400
MAX_RULES = 300
SETTINGS = "catalogue.toml"  # beside tables/ and values/: how many tables each kind of unit owes
_COLUMN_FIELDS = ({field.name for field in names_of(Column)} - {"length"}) | {"min", "max"}
_TABLE_FIELDS = {field.name for field in names_of(Table)} | {"remove"}
_VALUE_FIELDS = {field.name for field in names_of(ValueSet)} | {"remove", "from_cda"}
# flaws that keep no table from working
_HARMLESS = frozenset(
    [
        "count",
        "not-owed",
        "not-the-key",
        "zh-twice",
        "empty-words",
        "element",
        "form",
        "cda",
        "slug",
        "owed-by-nobody",
    ]
)
_RULE_WORDS = frozenset({"id", "kind", "severity", "zh", "en", "fix_zh", "fix_en"})
_Files = tuple[tuple[tuple[str, str], Path], ...]


def load(own: Path | None = None) -> Catalogue:
    """The shipped catalogue, with a centre's own folder laid over it. Raises Problem for what
    cannot be read or could not work, such as a rule of a column that is not there.
    """
    found, problems = survey(own)
    if problems:
        raise problems[0].with_traceback(None)
    usable, flaws = _usable(_files(own), found.digest)
    if flaws:
        raise Malformed(flaws[0].en, where=flaws[0].where, remedy=flaws[0].remedy)
    return usable


@lru_cache(maxsize=8)
def _usable(files: _Files, _digest: str) -> tuple[Catalogue, tuple[Flaw, ...]]:
    """The catalogue without what refers to tables that a centre has taken away."""
    found, _ = _survey(files, _stamp(files))
    tables = {
        code: replace(
            table,
            references=tuple(one for one in table.references if one.table in found.tables),
            rules=tuple(one for one in table.rules if one.get("table", code) in found.tables),
        )
        for code, table in found.tables.items()
    }
    usable = replace(found, tables=tables)
    return usable, tuple(flaw for flaw in checking.check(usable) if flaw.code not in _HARMLESS)


def survey(own: Path | None = None) -> tuple[Catalogue, tuple[Problem, ...]]:
    """What can be read of the catalogue, and everything that keeps the rest from being read."""
    files = _files(own)
    return _survey(files, _stamp(files))


def _stamp(files: _Files) -> tuple[tuple[int, int], ...]:
    return tuple((path.stat().st_mtime_ns, path.stat().st_size) for _, path in files)


def _files(own: Path | None) -> _Files:
    if own is not None and not own.is_dir():
        raise NotFound("no such catalogue folder", where=str(own))
    found: dict[tuple[str, str], Path] = {}
    for folder in (SHIPPED, own) if own else (SHIPPED,):
        for kind in ("tables", "values"):
            found |= {(kind, path.name): path for path in (folder / kind).glob("*.toml")}
        if (folder / SETTINGS).is_file():
            found["settings", SETTINGS] = folder / SETTINGS
    if len(found) > MAX_FILES:
        raise TooLarge(f"a catalogue has at most {MAX_FILES} files", where=str(own))
    return tuple(sorted(found.items()))


@lru_cache(maxsize=8)
def _survey(files: _Files, _stamp: object) -> tuple[Catalogue, tuple[Problem, ...]]:
    tables: dict[str, Table] = {}
    values: dict[str, ValueSet] = {}
    expected: tuple[tuple[Owner, int], ...] = ()
    problems: list[Problem] = []
    digest = hashlib.new("sm3")
    for (kind, name), path in files:
        place = name if kind == "settings" else f"{kind}/{name}"
        try:
            content = _content(path, place)
            digest.update(f"{place}\n{len(content)}\n".encode() + content)
            data = _parse(content, place)
            if data.get("remove") is True:
                continue
            if kind == "settings":
                expected = _expected(data, place)
            elif kind == "tables":
                table = read_table(data, where=place)
                tables[_named(table.code, name, place)] = table
            else:
                one = read_values(data, where=place)
                values[_named(one.key, name, place)] = one
                digest.update(repr(one.codes).encode() if "from_cda" in data else b"")
        except Problem as problem:
            problems.append(problem)
    return Catalogue(tables, values, digest.hexdigest(), expected), tuple(problems)


def file_of(key: str) -> str:
    """The name of the file that holds a table or value set: GB/T 2261.1 → GB-T-2261.1.toml."""
    return key.replace("/", "-").replace(" ", "-") + ".toml"


def read_table(data: Mapping[str, Any], *, where: str) -> Table:
    """A table as its file states it, the common columns added. Raises Malformed."""
    fields.known(data, _TABLE_FIELDS, where)
    own = tuple(_column(*one) for one in fields.tables(data, "columns", where, MAX_COLUMNS))
    named = {column.name for column in own}
    owners = fields.texts(data, "owed_by", where)
    return Table(
        code=fields.text(data, "code", where),
        zh=fields.text(data, "zh", where),
        en=fields.text(data, "en", where),
        purpose_zh=fields.text(data, "purpose_zh", where, ""),
        purpose_en=fields.text(data, "purpose_en", where, ""),
        domain=fields.text(data, "domain", where),
        source=fields.text(data, "source", where),
        owed_by=frozenset(fields.word(Owner, one, f"{where}/owed_by") for one in owners),
        period=fields.word(Period, fields.text(data, "period", where, "day"), f"{where}/period"),
        key=fields.texts(data, "key", where),
        columns=(*own, *(column for column in COMMON if column.name not in named)),
        day_column=fields.text(data, "day_column", where, ""),
        counts=fields.text(data, "counts", where, ""),
        person=fields.text(data, "person", where, ""),
        unique_in_store=fields.flag(data, "unique_in_store", where, default=False),
        cda=fields.text(data, "cda", where, ""),
        references=tuple(_reference(*one) for one in fields.tables(data, "references", where, 50)),
        rules=tuple(_rule(*one) for one in fields.tables(data, "rules", where, MAX_RULES)),
    )


def read_values(data: Mapping[str, Any], *, where: str) -> ValueSet:
    """A value set as its file states it; `from_cda` takes the codes of the shared documents'
    table of that name, the file's own added. Raises Malformed.
    """
    fields.known(data, _VALUE_FIELDS, where)
    lent = of_documents(data["from_cda"], where) if "from_cda" in data else None
    own = fields.pairs(data, "codes", where)
    return ValueSet(
        key=fields.text(data, "key", where),
        zh=fields.text(data, "zh", where),
        en=fields.text(data, "en", where),
        version=fields.text(data, "version", where),
        source=fields.text(data, "source", where),
        codes=(*lent.codes, *own) if lent else own,
        complete=fields.flag(data, "complete", where, default=lent.complete if lent else True),
        shape=fields.text(data, "shape", where, lent.shape if lent else ""),
        other_names=fields.pairs(data, "other_names", where),
    )


def _column(item: Mapping[str, Any], where: str) -> Column:
    name = fields.text(item, "name", where)
    where = f"{where} ({name})"
    fields.known(item, _COLUMN_FIELDS, where)

    def text(entry: str) -> str:
        return fields.text(item, entry, where, "")

    return Column(
        name=name,
        zh=fields.text(item, "zh", where),
        en=fields.text(item, "en", where),
        type=fields.word(Type, fields.text(item, "type", where, "text"), where),
        required=fields.flag(item, "required", where, default=False),
        length=(fields.whole(item, "min", where, 65_536), fields.whole(item, "max", where, 65_536)),
        precision=fields.whole(item, "precision", where, 18),
        scale=fields.whole(item, "scale", where, 18),
        values=text("values"),
        name_of=text("name_of"),
        pattern=text("pattern"),
        pattern_zh=text("pattern_zh"),
        minimum=text("minimum"),
        maximum=text("maximum"),
        element=text("element"),
        form=text("form"),
        personal=fields.word(Personal, text("personal"), where),
        check=text("check"),
        check_when=_when(item, where),
        multiline=fields.flag(item, "multiline", where, default=False),
        warn=frozenset(fields.texts(item, "warn", where, ())),
        note_zh=text("note_zh"),
    )


def _when(item: Mapping[str, Any], where: str) -> tuple[str, tuple[str, ...]]:
    value = item.get("check_when")
    if value is None:
        return ("", ())
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], str):
        raise fields.wrong("check_when", 'a pair: ["column", ["code", …]]', value, where)
    return (value[0], fields.texts({"codes": value[1]}, "codes", f"{where}/check_when"))


def _reference(item: Mapping[str, Any], where: str) -> Reference:
    fields.known(item, (field.name for field in names_of(Reference)), where)
    columns = fields.texts(item, "columns", where)
    return Reference(
        columns=columns,
        table=fields.text(item, "table", where),
        key=fields.texts(item, "key", where, columns),
        scope=fields.text(item, "scope", where, "unit"),
        severity=fields.word(Severity, fields.text(item, "severity", where, "warning"), where),
    )


def _rule(item: Mapping[str, Any], where: str) -> CrossRule:
    arguments = tuple(
        (name, fields.texts(item, name, where))
        if isinstance(item[name], list)
        else (name, fields.text(item, name, where))
        for name in item
        if name not in _RULE_WORDS
    )
    return CrossRule(
        id=fields.text(item, "id", where),
        kind=fields.text(item, "kind", where),
        arguments=arguments,
        severity=fields.word(Severity, fields.text(item, "severity", where, "error"), where),
        zh=fields.text(item, "zh", where, ""),
        en=fields.text(item, "en", where, ""),
        fix_zh=fields.text(item, "fix_zh", where, ""),
        fix_en=fields.text(item, "fix_en", where, ""),
    )


def _expected(data: Mapping[str, Any], where: str) -> tuple[tuple[Owner, int], ...]:
    """[owed] district = 129, hospital = 83; a kind that is not named may owe any number."""
    fields.known(data, ("owed",), where)
    owed = data.get("owed", {})
    if not isinstance(owed, dict):
        raise fields.wrong("owed", "a table", owed, where)
    return tuple(
        (fields.word(Owner, name, f"{where}/owed"), fields.whole(owed, name, where, MAX_FILES))
        for name in sorted(owed)
    )


def _named(key: str, name: str, where: str) -> str:
    """The file's name says what it holds: that is how a centre's file finds the one it replaces."""
    if file_of(key) != name:
        raise Malformed(
            f"the file holds {key!r} and is named otherwise",
            where=where,
            remedy=f"name it {file_of(key)}",
        )
    return key


def _content(path: Path, where: str) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE:
            raise TooLarge(f"a catalogue file has at most {MAX_FILE} bytes", where=where)
        return path.read_bytes()
    except OSError as error:
        raise NotFound(
            f"the catalogue file cannot be read: {error.strerror}", where=where
        ) from error


def _parse(content: bytes, where: str) -> dict[str, Any]:
    parse: Callable[[str], dict[str, Any]] = tomllib.loads
    try:
        return parse(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Malformed(f"no TOML: {error}", where=where) from error
    except RecursionError as error:
        raise Malformed("no TOML of a catalogue: nested too deeply", where=where) from error
