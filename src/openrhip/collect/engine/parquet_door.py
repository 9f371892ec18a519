"""The door for Parquet files (Parquet 入口): columns become the text that CSV would hold."""

from __future__ import annotations

from collections.abc import Iterator

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
_FORMATS = {pa.types.is_date: "%Y-%m-%d", pa.types.is_timestamp: "%Y-%m-%d %H:%M:%S"}


class ParquetFile:
    """One Parquet file of a batch, read in pieces of rows."""

    def __init__(self, file: InputFile, table: Table, limits: Limits) -> None:
        self.file, self.table, self.limits = file, table, limits

    def chunks(self) -> Iterator[Chunk]:
        """Raises Malformed (no Parquet, other columns, values that are no text) or TooLarge."""
        self._footer()
        try:
            with pq.ParquetFile(self.file.path, memory_map=False) as source:
                self._bounded(source)
                for batch in source.iter_batches(batch_size=ROWS_AT_ONCE, use_threads=False):
                    yield Chunk(in_order(self._text(pa.Table.from_batches([batch])), self.table))
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
                f"the column is of type {kind}",
                where=f"{self.file.name}, {name}",
                remedy="text, numbers, dates, timestamps and truth values are read",
            )
        text = column.cast(pa.string())
        return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
