"""Samples as the files that units send (示例文件): CSV in UTF-8 or GB18030, Parquet."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from openrhip.kernel.errors import Refused

ENCODINGS = ("utf-8", "gb18030")


def write(rows: pa.Table, path: Path, *, encoding: str = "utf-8", delimiter: str = ",") -> None:
    """Write as the name of the file says: .parquet, else CSV with a header."""
    if path.suffix == ".parquet":
        pq.write_table(rows, path, compression="zstd")
    elif encoding == "utf-8":
        options = pacsv.WriteOptions(
            include_header=False, delimiter=delimiter, quoting_style="needed"
        )
        with path.open("wb") as file:
            file.write(delimiter.join(rows.column_names).encode() + b"\n")
            pacsv.write_csv(rows, file, options)
    elif encoding == "gb18030":
        _write_slowly(rows, path, delimiter)
    else:
        raise Refused(f"no such encoding: {encoding}", remedy=f"one of: {', '.join(ENCODINGS)}")


def _write_slowly(rows: pa.Table, path: Path, delimiter: str) -> None:
    with path.open("w", encoding="gb18030", newline="") as file:
        out = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        out.writerow(rows.column_names)
        for batch in rows.to_batches(max_chunksize=50_000):
            out.writerows(zip(*(_texts(column) for column in batch.columns), strict=True))


def _texts(column: pa.Array) -> Sequence[str]:
    return [value or "" for value in column.to_pylist()]
