"""From TOML to the catalogue (目录读取); what is wrong is said with file and place."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

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
from openrhip.kernel.errors import Malformed, NotFound, TooLarge

SHIPPED = Path(__file__).parent
MAX_FILE = 4_000_000
_Word = TypeVar("_Word", bound=StrEnum)
_COLUMN_FIELDS = frozenset(field.name for field in fields(Column)) | {"min", "max"}
_TABLE_FIELDS = frozenset(field.name for field in fields(Table)) | {"remove"}
_VALUE_FIELDS = frozenset(field.name for field in fields(ValueSet)) | {"remove"}


def load(own: Path | None = None) -> Catalogue:
    """The shipped catalogue, with a centre's own folder laid over it. Raises Malformed."""
    folders = (SHIPPED, own) if own else (SHIPPED,)
    files = {
        (kind, path.name): path
        for folder in folders
        for kind in ("tables", "values")
        for path in sorted((folder / kind).glob("*.toml"))
    }
    stamp = tuple((str(path), path.stat().st_mtime_ns) for path in files.values())
    return _load(tuple(files.items()), stamp)


@lru_cache(maxsize=8)
def _load(files: tuple[tuple[tuple[str, str], Path], ...], _stamp: object) -> Catalogue:
    tables: dict[str, Table] = {}
    values: dict[str, ValueSet] = {}
    digest = hashlib.new("sm3")
    for (kind, name), path in sorted(files):
        content = _content(path)
        digest.update(f"{kind}/{name}\n{len(content)}\n".encode() + content)
        data = _parse(content, name)
        if data.get("remove"):
            continue
        if kind == "tables":
            table = read_table(data, where=name)
            tables[table.code] = table
        else:
            value_set = read_values(data, where=name)
            values[value_set.key] = value_set
    return Catalogue(tables, values, digest.hexdigest())


def read_table(data: Mapping[str, Any], *, where: str) -> Table:
    """A table as its file states it, the common columns added. Raises Malformed."""
    _known(data, _TABLE_FIELDS, where)
    own = [
        _column(item, f"{where}/columns/{at}") for at, item in enumerate(data.get("columns", ()))
    ]
    names = {column.name for column in own}
    try:
        return Table(
            code=data["code"],
            zh=data["zh"],
            en=data["en"],
            purpose_zh=data.get("purpose_zh", ""),
            purpose_en=data.get("purpose_en", ""),
            domain=data["domain"],
            source=data["source"],
            owed_by=frozenset(_word(Owner, item, where) for item in data["owed_by"]),
            period=_word(Period, data.get("period", "day"), where),
            key=tuple(data["key"]),
            columns=(*own, *(column for column in COMMON if column.name not in names)),
            day_column=data.get("day_column", ""),
            counts=data.get("counts", ""),
            person=data.get("person", ""),
            unique_in_store=bool(data.get("unique_in_store", False)),
            cda=data.get("cda", ""),
            references=tuple(_reference(item, where) for item in data.get("references", ())),
            rules=tuple(_rule(item, where) for item in data.get("rules", ())),
        )
    except KeyError as error:
        raise Malformed(f"a table needs {error}", where=where) from error


def read_values(data: Mapping[str, Any], *, where: str) -> ValueSet:
    """A value set as its file states it. Raises Malformed."""
    _known(data, _VALUE_FIELDS, where)
    try:
        return ValueSet(
            key=data["key"],
            zh=data["zh"],
            en=data["en"],
            version=data["version"],
            source=data["source"],
            codes=_pairs(data.get("codes", ()), f"{where}/codes"),
            complete=bool(data.get("complete", True)),
            shape=data.get("shape", ""),
            other_names=_pairs(data.get("other_names", ()), f"{where}/other_names"),
        )
    except KeyError as error:
        raise Malformed(f"a value set needs {error}", where=where) from error


def _column(item: Mapping[str, Any], where: str) -> Column:
    _known(item, _COLUMN_FIELDS, where)
    given = dict(item)
    length = (int(given.pop("min", 0)), int(given.pop("max", 0)))
    try:
        given["type"] = _word(Type, given.get("type", "text"), where)
        given["personal"] = _word(Personal, given.get("personal", ""), where)
        given["warn"] = frozenset(given.get("warn", ()))
        if "check_when" in given:
            name, codes = given["check_when"]
            given["check_when"] = (name, tuple(codes))
        return Column(**{"length": length, **given})
    except (TypeError, ValueError) as error:
        raise Malformed(f"a column cannot be read: {error}", where=where) from error


def _reference(item: Mapping[str, Any], where: str) -> Reference:
    try:
        return Reference(
            columns=tuple(item["columns"]),
            table=item["table"],
            key=tuple(item.get("key", item["columns"])),
            scope=item.get("scope", "unit"),
            severity=_word(Severity, item.get("severity", "warning"), where),
        )
    except KeyError as error:
        raise Malformed(f"a reference needs {error}", where=f"{where}/references") from error


def _rule(item: Mapping[str, Any], where: str) -> CrossRule:
    known = {"id", "kind", "severity", "zh", "en", "fix_zh", "fix_en"}
    arguments = tuple(
        (name, tuple(map(str, value)) if isinstance(value, list) else str(value))
        for name, value in item.items()
        if name not in known
    )
    try:
        return CrossRule(
            id=item["id"],
            kind=item["kind"],
            arguments=arguments,
            severity=_word(Severity, item.get("severity", "error"), where),
            zh=item.get("zh", ""),
            en=item.get("en", ""),
            fix_zh=item.get("fix_zh", ""),
            fix_en=item.get("fix_en", ""),
        )
    except KeyError as error:
        raise Malformed(f"a rule needs {error}", where=f"{where}/rules") from error


def _pairs(items: Sequence[Any], where: str) -> tuple[tuple[str, str], ...]:
    for at, item in enumerate(items):
        if len(item) != 2 or not all(isinstance(part, str) for part in item):
            raise Malformed("a code is a pair of texts: code, name", where=f"{where}/{at}")
    return tuple((code, name) for code, name in items)


def _word(words: type[_Word], text: str, where: str) -> _Word:
    try:
        return words(text)
    except ValueError as error:
        raise Malformed(
            f"{text!r} is not one of: {', '.join(item for item in words if item)}", where=where
        ) from error


def _known(item: Mapping[str, Any], names: frozenset[str], where: str) -> None:
    for name in item:
        if name not in names:
            raise Malformed(f"unknown entry {name!r}", where=where, remedy="see docs/collect.md")


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE:
            raise TooLarge(f"a catalogue file has at most {MAX_FILE} bytes", where=path.name)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound("no such catalogue file", where=path.name) from error


def _parse(content: bytes, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Malformed(f"no TOML: {error}", where=where) from error
