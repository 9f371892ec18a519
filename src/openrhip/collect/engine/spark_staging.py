"""What a Spark cluster is given (Spark 暂存): a batch's rows as Parquet of text columns.

The same doors as for the embedded engine let them in, so that encodings, quotes, and what counts as
empty are settled before any cluster sees a row. Personal numbers that the tables keep as tokens get
these beside them here: the key never leaves this process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from openrhip.collect.engine.chunks import Chunk, Shape
from openrhip.collect.engine.looking_up import sealed_with
from openrhip.collect.engine.masking import TOKENS
from openrhip.collect.engine.reading import chunks_of
from openrhip.collect.rules.jobs import CheckJob
from openrhip.kernel.errors import TooLarge

ROWS_A_FILE = 500_000  # so that several executors read at once


@dataclass(slots=True)
class Staged:
    """rows: in the files; shapes: lines that are no rows, by their number in the batch."""

    rows: int = 0
    shapes: list[tuple[int, Shape]] = field(default_factory=list)

    @property
    def received(self) -> int:
        return self.rows + len(self.shapes)


def stage(job: CheckJob, folder: Path) -> Staged:
    """Write the batch's rows into a folder. Raises Malformed or TooLarge, as the doors do."""
    folder.mkdir()
    schema = staged_schema(job)
    staged = Staged()
    writer: pq.ParquetWriter | None = None
    files = in_file = 0
    try:
        for chunk in chunks_of(job):
            _bounded(job, chunk.raw)
            staged.shapes += [(chunk.first + shape.row, shape) for shape in chunk.shapes]
            staged.rows += chunk.raw.num_rows
            if writer is not None and in_file >= ROWS_A_FILE:
                writer.close()
                writer, in_file = None, 0
            if writer is None:
                writer = pq.ParquetWriter(folder / f"{files:05d}.parquet", schema)
                files += 1
            writer.write_table(_with_tokens(job, chunk, schema))
            in_file += chunk.raw.num_rows
        if writer is None:
            pq.write_table(schema.empty_table(), folder / "00000.parquet")
    finally:
        if writer is not None:
            writer.close()
    return staged


def sealed_columns(job: CheckJob) -> tuple[str, ...]:
    """The columns that loaded rows keep as tokens."""
    if job.seal is None:
        return ()
    return tuple(column.name for column in job.table.columns if column.personal in TOKENS)


def staged_schema(job: CheckJob) -> pa.Schema:
    names = [column.name for column in job.table.columns]
    names += [f"{name}:s" for name in sealed_columns(job)]
    return pa.schema([("_line", pa.int64()), *((name, pa.string()) for name in names)])


def _with_tokens(job: CheckJob, chunk: Chunk, schema: pa.Schema) -> pa.Table:
    tokens = [sealed_with(job, chunk.raw[name].combine_chunks()) for name in sealed_columns(job)]
    lines = pa.array(chunk.lines(), pa.int64())
    return pa.table([lines, *chunk.raw.columns, *tokens], schema=schema)


def _bounded(job: CheckJob, raw: pa.Table) -> None:
    most = job.limits.field_chars
    for column in raw.column_names:
        if _longest(pc.binary_length(raw[column])) > most and (
            _longest(pc.utf8_length(raw[column])) > most
        ):
            raise TooLarge(f"a field has at most {most} characters", where=column)


def _longest(lengths: Any) -> int:
    return int(pc.max(lengths).as_py() or 0)


def write_keys(keys: pa.Table, folder: Path) -> None:
    """Keys that a look-up knows, as columns k0, k1 …, each once."""
    folder.mkdir()
    renamed = keys.rename_columns([f"k{at}" for at in range(keys.num_columns)])
    text = renamed.cast(pa.schema([(name, pa.string()) for name in renamed.column_names]))
    distinct = text.group_by(text.column_names).aggregate([])
    pq.write_table(distinct, folder / "00000.parquet")


def write_codes(codes: tuple[str, ...], folder: Path) -> None:
    """The codes of a large value set, one column `code`."""
    folder.mkdir()
    pq.write_table(pa.table({"code": pa.array(codes, pa.string())}), folder / "00000.parquet")
