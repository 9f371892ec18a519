"""Parquet files of a checked batch (写出): loaded rows and quarantine, durable when done."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from openrhip.collect.engine.forms import is_text
from openrhip.collect.rules.jobs import Written
from openrhip.collect.rules.tables import Column, Personal, Table, Type
from openrhip.kernel.files import sync_folder

_TYPES = {
    Type.INTEGER: pa.int64(),
    Type.DATE: pa.date32(),
    Type.DATETIME: pa.timestamp("us"),
    Type.FLAG: pa.bool_(),
}


def loaded_type(column: Column) -> pa.DataType:
    """The Arrow type of a column once it is loaded."""
    if column.type is Type.DECIMAL:
        return pa.decimal128(column.precision or 18, column.scale)
    return _TYPES.get(column.type, pa.string())


def loaded_schema(table: Table) -> pa.Schema:
    """The columns of loaded rows: the catalogue's, typed, then those of loading."""
    return pa.schema(
        [
            *(pa.field(column.name, loaded_type(column)) for column in table.columns),
            pa.field("_unit", pa.string()),
            pa.field("_day", pa.date32()),
            pa.field("_batch", pa.string()),
            pa.field("_line", pa.int64()),
            pa.field("_marks", pa.string()),
        ]
    )


def quarantine_schema(table: Table) -> pa.Schema:
    """The columns of quarantined rows: all of the catalogue's as text."""
    return pa.schema(
        [
            pa.field("_line", pa.int64()),
            pa.field("_rules", pa.string()),
            *(pa.field(column.name, pa.string()) for column in table.columns),
        ]
    )


class Writer:
    """One Parquet file, created with its first rows."""

    def __init__(self, path: Path, schema: pa.Schema, dictionaries: list[str]) -> None:
        self.path, self.schema = path, schema
        self.rows = 0
        self._dictionaries = dictionaries
        self._writer: pq.ParquetWriter | None = None
        self._done: Written | None = None

    def write(self, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self.path,
                rows.schema,
                compression="lz4",
                use_dictionary=self._dictionaries,
                write_statistics=True,
                store_schema=False,
                store_decimal_as_integer=True,
            )
        self._writer.write_table(rows)
        self.rows += rows.num_rows

    def close(self) -> Written | None:
        """Makes the file durable, once; None if nothing was written."""
        if self._writer is None or self._done is not None:
            return self._done
        self._writer.close()
        handle = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        sync_folder(self.path.parent)
        self._done = Written(self.path, self.rows, self.path.stat().st_size)
        return self._done


def repeated_columns(table: Table) -> list[str]:
    """Columns whose values repeat so that a dictionary pays."""
    return [
        column.name
        for column in table.columns
        if column.type in (Type.CODE, Type.DATE, Type.FLAG)
        or (is_text(column) and (column.values or column.name_of))
        or column.personal is Personal.NAME
    ] + ["org_code", "_unit", "_day", "_batch", "_marks"]


def constant(value: str | date, count: int, kind: pa.DataType) -> pa.Array:
    """One value for all rows; text as a dictionary of one, which is written as such."""
    if not pa.types.is_string(kind):
        return pa.repeat(pa.scalar(value, kind), count)
    indices = pa.array(np.zeros(count, np.int32))
    return pa.DictionaryArray.from_arrays(indices, pa.array([value], kind))
