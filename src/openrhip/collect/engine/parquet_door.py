"""The door for Parquet files (Parquet 入口): columns become the text that CSV would hold."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from openrhip.collect.engine.chunks import Chunk, check_header, in_order
from openrhip.collect.rules.jobs import InputFile, Limits
from openrhip.collect.rules.tables import Table
from openrhip.kernel.errors import Malformed, TooLarge

ROWS_AT_ONCE = 65_536
MAX_GROUP = 1 << 30  # bytes of one row group, unpacked
MAX_FOOTER = 16 << 20
PIECE = 64 << 20  # bytes of folded values that are written out at once
MAX_UNFOLDED, UNFOLDED_RATIO = 512 << 20, 100  # of a file, in bytes and to its size
_FORMATS = {pa.types.is_date: "%Y-%m-%d", pa.types.is_timestamp: "%Y-%m-%d %H:%M:%S"}


class ParquetFile:
    """One Parquet file of a batch, read in pieces of rows."""

    def __init__(self, file: InputFile, table: Table, limits: Limits) -> None:
        self.file, self.table, self.limits = file, table, limits
        self._unfolded = 0

    def chunks(self) -> Iterator[Chunk]:
        """Raises Malformed (no Parquet, other columns, values that are no text) or TooLarge."""
        self._footer()
        try:
            folded = self._folded()
            with pq.ParquetFile(self.file.path, memory_map=False, read_dictionary=folded) as source:
                self._bounded(source)
                for batch in source.iter_batches(batch_size=ROWS_AT_ONCE, use_threads=False):
                    for piece in self._pieces(batch):
                        yield Chunk(in_order(self._text(piece), self.table))
        except (pa.ArrowException, OSError, ValueError) as error:
            what = f"the Parquet file cannot be read: {type(error).__name__}"
            raise Malformed(what, where=self.file.name) from error

    def _footer(self) -> None:
        with self.file.path.open("rb") as source:
            head = source.read(4)
            size = source.seek(0, 2)
            source.seek(max(size - 8, 0))
            tail = source.read(8)
        if size < 12 or head != b"PAR1" or tail[4:] != b"PAR1":
            raise Malformed("the file is no Parquet", where=self.file.name)
        if int.from_bytes(tail[:4], "little") > min(MAX_FOOTER, size):
            raise TooLarge("the Parquet footer is too large", where=self.file.name)

    def _bounded(self, source: pq.ParquetFile) -> None:
        check_header(source.schema_arrow.names, self.table, self.file, self.limits)
        meta = source.metadata
        if meta.num_rows > self.limits.rows:
            raise TooLarge(f"a batch has at most {self.limits.rows} rows", where=self.file.name)
        for at in range(meta.num_row_groups):
            if meta.row_group(at).total_byte_size > MAX_GROUP:
                raise TooLarge("a row group unpacks to more than 1 GB", where=self.file.name)

    def _folded(self) -> list[str]:
        """Columns of few values, which stay folded until it is known how large they are."""
        with pq.ParquetFile(self.file.path, memory_map=False) as source:
            meta, kinds = source.metadata, source.schema_arrow
            return [
                name
                for at, name in enumerate(kinds.names)
                if at < meta.num_columns
                and pa.types.is_string(kinds.field(at).type)
                and any(
                    meta.row_group(group).column(at).has_dictionary_page
                    for group in range(meta.num_row_groups)
                )
            ]

    def _pieces(self, batch: pa.RecordBatch) -> Iterator[pa.Table]:
        """The rows in pieces that stay small when their folded values are written out."""
        found = pa.Table.from_batches([batch])
        sizes = np.zeros(batch.num_rows, np.int64)
        for column in batch.columns:
            if pa.types.is_dictionary(column.type):
                column.dictionary.validate(full=True)
                lengths = pc.fill_null(pc.binary_length(column.dictionary), 0)
                taken = pc.fill_null(lengths.take(column.indices), 0)
                sizes += taken.to_numpy(zero_copy_only=False)
            else:
                column.validate(full=True)
        self._unfolded += int(sizes.sum())
        most = max(MAX_UNFOLDED, UNFOLDED_RATIO * self.file.path.stat().st_size)
        if self._unfolded > most or (len(sizes) and sizes.max() > self.limits.line_bytes):
            raise TooLarge("values repeated in the file unpack to too much", where=self.file.name)
        ends = np.cumsum(sizes)
        start = 0
        while start < batch.num_rows:
            before = int(ends[start - 1]) if start else 0
            end = int(np.searchsorted(ends, before + PIECE, side="right"))
            end = max(end, start + 1)
            yield found.slice(start, end - start)
            start = end

    def _text(self, found: pa.Table) -> pa.Table:
        columns = [self._column(found[name].combine_chunks(), name) for name in found.column_names]
        return pa.table(columns, names=found.column_names)

    def _column(self, column: pa.Array, name: str) -> pa.Array:
        """A column as the text CSV would hold; empty text is NULL."""
        kind = column.type
        if pa.types.is_dictionary(kind):
            column, kind = column.dictionary_decode(), kind.value_type
        if pa.types.is_boolean(kind):
            return pc.if_else(column, "1", "0")
        for test, form in _FORMATS.items():
            if test(kind):
                naive = pa.timestamp("s") if pa.types.is_timestamp(kind) else kind
                return pc.strftime(column.cast(naive), format=form)
        texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_null)
        numbers = (pa.types.is_integer, pa.types.is_decimal, pa.types.is_floating)
        if not any(test(kind) for test in texts + numbers):
            raise Malformed(
                f"the column is of type {str(kind)[:60]}",
                where=f"{self.file.name}, {name}",
                remedy="text, numbers, dates, timestamps and truth values are read",
            )
        text = column.cast(pa.string())
        return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
