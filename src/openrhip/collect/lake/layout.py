"""Names, columns and places of the lake's files (文件布局)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from openrhip.collect.lake.log import Entry
from openrhip.collect.rules.jobs import Part
from openrhip.collect.rules.tables import Column, Table, Type
from openrhip.kernel.errors import Malformed
from openrhip.kernel.files import make_folder, sync_folder

if TYPE_CHECKING:
    from openrhip.collect.lake.log import Log

LOADED = (
    pa.field("_unit", pa.string()),
    pa.field("_day", pa.date32()),
    pa.field("_batch", pa.string()),
    pa.field("_line", pa.int64()),
    pa.field("_marks", pa.string()),
)
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_TYPES = {
    Type.TEXT: pa.string(),
    Type.CODE: pa.string(),
    Type.INTEGER: pa.int64(),
    Type.DATE: pa.date32(),
    Type.DATETIME: pa.timestamp("us"),
    Type.TIME: pa.string(),
    Type.FLAG: pa.bool_(),
}


def kept_type(column: Column) -> pa.DataType:
    """How the lake keeps a column: what an engine writes has this type."""
    if column.type is Type.DECIMAL:
        return pa.decimal128(column.precision or 18, column.scale)
    return _TYPES[column.type]


def schema_of(table: Table) -> pa.Schema:
    """The columns of a table of the lake."""
    own = [pa.field(column.name, kept_type(column)) for column in table.columns]
    return pa.schema([*own, *LOADED])


def fault_schema_of(table: Table) -> pa.Schema:
    """The columns of a table of rows at fault, as they came."""
    own = [pa.field(column.name, pa.string()) for column in table.columns]
    return pa.schema([pa.field("_line", pa.int64()), pa.field("_rules", pa.string()), *own])


def checked(code: str) -> str:
    """The code itself if it can be a folder's name. Raises Malformed."""
    if not _CODE.fullmatch(code):
        raise Malformed("no code of a table", where="table")
    return code


def month(day: date) -> str:
    return f"{day:%Y-%m}"


def name_of(part: Part, number: int) -> str:
    return f"{month(part.day)}/{part.batch}-{number}.parquet"


def move_in(source: Path, target: Path) -> None:
    """Give a durable file its place; done again it changes nothing."""
    if not target.parent.is_dir():
        make_folder(target.parent)
    if source.exists() or not target.exists():
        source.replace(target)


def touch(path: Path) -> None:
    """From now on a file is out of its table: its age in the history counts from here."""
    if path.exists():
        os.utime(path)


def moved(log: Log, part: Part) -> Iterator[Entry]:
    """The files of a part in their places. Rows that stand always have a file, be it an empty one:
    which batch stands can be read from the log for a day without rows, too.
    """
    if not part.files and not log.parted:
        yield _entry(part, 0, _empty(log, part), 0)
    for number, written in enumerate(part.files):
        target = log.folder / name_of(part, number)
        move_in(written.path, target)
        amends = not log.parted and amends_in(target)
        yield _entry(part, number, target.stat().st_size, written.rows, amends=amends)


def amends_in(path: Path) -> bool:
    """Whether a file holds rows with amend flag 2 or 3, by its own bounds."""
    found = pq.read_metadata(path)
    at = found.schema.names.index("amend_flag") if "amend_flag" in found.schema.names else -1
    for number in range(found.num_row_groups if at >= 0 else 0):
        bounds = found.row_group(number).column(at).statistics
        if bounds is None or not bounds.has_min_max or bounds.max != "1":
            return True
    return False


def _entry(part: Part, number: int, size: int, rows: int, *, amends: bool = False) -> Entry:
    name = name_of(part, number)
    return Entry(name, size, rows, part.unit, part.day, part.day, part.batch, amends)


def _empty(log: Log, part: Part) -> int:
    target = log.folder / name_of(part, 0)
    make_folder(target.parent)
    schema = log.schema() or pa.schema(LOADED)
    handle = os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        pq.write_table(schema.empty_table(), file)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(target.parent)
    return target.stat().st_size
