"""Rows on their way (数据块): what the doors hand to the check, a piece of a file at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from openrhip.collect.rules.jobs import InputFile, Limits
from openrhip.collect.rules.tables import Table
from openrhip.kernel.errors import Malformed, TooLarge

_SHOWN = re.compile(r"(?!.*[0-9]{4})[A-Za-z_][A-Za-z0-9_]{0,59}")
"""What looks like a column's name. Without a header the first row stands there: it is not told."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A row that does not have as many fields as the header. row: its place in the chunk, from 0;
    fields: how many it has, 0 where quotes or a carriage return hide that.
    """

    row: int
    fields: int


@dataclass(slots=True)
class Chunk:
    """Some rows in a file's order. raw: the catalogue's columns as text, empty is NULL. first: line
    number of the first row in the batch, set once the chunks before it were counted. own: what
    steps tell later ones about its rows.
    """

    raw: pa.Table
    shapes: tuple[Shape, ...] = ()
    first: int = 1
    own: dict[str, Any] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Rows received, those without shape included."""
        return int(self.raw.num_rows) + len(self.shapes)

    def lines(self) -> npt.NDArray[np.int64]:
        """The line number of each row of `raw`."""
        lines = np.arange(self.first, self.first + self.count, dtype=np.int64)
        if self.shapes:
            lines = np.delete(lines, [shape.row for shape in self.shapes])
        return lines


def check_header(found: Sequence[str], table: Table, file: InputFile, limits: Limits) -> None:
    """The columns of a file against those of the catalogue. Raises Malformed or TooLarge."""
    if len(found) > limits.columns:
        raise TooLarge(f"a file has at most {limits.columns} columns", where=file.name)
    known: Mapping[str, bool] = {column.name: column.required for column in table.columns}
    seen: set[str] = set()
    for at, name in enumerate(found, 1):
        where = f"{file.name}, header, column {at}"
        shown = name[:60] if _SHOWN.fullmatch(name) else "…"
        if name not in known:
            near = next((item for item in known if item == name.strip().lower()), "")
            remedy = f"write {near}" if near else f"columns of {table.code}: {', '.join(known)}"
            raise Malformed(f"{table.code} has no column {shown!r}", where=where, remedy=remedy)
        if name in seen:
            raise Malformed(f"the column {shown!r} comes twice", where=where)
        seen.add(name)
    missing = [name for name, required in known.items() if required and name not in seen]
    if missing:
        raise Malformed(
            f"required columns are missing: {', '.join(missing)}",
            where=f"{file.name}, header",
            remedy="write every required column, even where values are missing",
        )


def in_order(found: pa.Table, table: Table) -> pa.Table:
    """The catalogue's columns in its order; those the file lacks are NULL."""
    names = set(found.column_names)
    columns = [
        found[column.name] if column.name in names else pa.nulls(found.num_rows, pa.string())
        for column in table.columns
    ]
    return pa.table(columns, names=[column.name for column in table.columns])
