"""The door for CSV files (CSV 入口): hostile bytes end here, rows go on in chunks.

Bounded memory whatever the file: it is read in blocks, a line has a bound, columns have one. What
is no CSV of this table is refused whole (Malformed, TooLarge) with the line; a row with another
number of fields than the header is a `Shape`, counted and quarantined, never lost.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv

from openrhip.collect.engine.chunks import Chunk, Shape, check_header, in_order
from openrhip.collect.rules.jobs import InputFile, Limits
from openrhip.collect.rules.tables import Table
from openrhip.kernel.csvrows import cut
from openrhip.kernel.errors import Malformed, TooLarge

BLOCK = 16 << 20
PARSED_AT_ONCE = 1 << 20
MOST_SHAPES = 1_000_000  # rows of a batch that are no rows of its table
DELIMITERS = {",": "comma", ";": "semicolon", "|": "vertical bar", "\t": "tab"}
_MAGIC = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"PK\x05\x06": "an empty zip archive",
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"PAR1": "Parquet",
    b"ARROW1": "Arrow",
    b"%PDF": "PDF",
    b"SQLite format 3": "a SQLite file",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
    b"<?xml": "XML",
}
_MARKS = {"utf-8": codecs.BOM_UTF8, "gb18030": b"\x84\x31\x95\x33"}


@dataclass(frozen=True, slots=True)
class Block:
    """Whole rows as UTF-8. broken: places of lines that are no rows, among all of the block."""

    content: bytes
    broken: tuple[int, ...]
    quoted: bool
    number: int


class CsvFile:
    """One CSV file of a batch: `blocks` reads it in order, `parse` may run beside it."""

    def __init__(self, file: InputFile, table: Table, limits: Limits) -> None:
        self.file, self.table, self.limits = file, table, limits
        self.header: tuple[str, ...] = ()
        if file.encoding not in _MARKS:
            raise Malformed(f"no such encoding: {file.encoding[:40]!r}", where=file.name)
        if file.delimiter not in DELIMITERS:
            named = ", ".join(DELIMITERS.values())
            raise Malformed("no such delimiter", where=file.name, remedy=f"one of {named}")

    def blocks(self) -> Iterator[Block]:
        """Blocks of whole rows behind the header. Raises Malformed or TooLarge."""
        with self.file.path.open("rb") as source:
            texts = self._texts(source)
            rest = self._read_header(texts)
            number = 0
            for piece, last in _with_last(texts):
                rest += piece
                self._bounded(rest)
                found = cut(
                    rest,
                    delimiter=self.file.delimiter,
                    last=last,
                    line_bytes=self.limits.line_bytes,
                )
                if not found.end and len(rest) > self.limits.line_bytes:
                    raise self._line_too_long()
                if found.clean or found.broken:
                    yield Block(found.clean, found.broken, found.quoted, number)
                    number += 1
                rest = rest[found.end :]

    def parse(self, block: Block) -> Chunk:
        """A block's rows as columns of text. Raises Malformed (bytes that are no text)."""
        refused: list[tuple[int, int]] = []

        def refuse(row: pyarrow.csv.InvalidRow) -> str:
            refused.append((row.number - 1, row.actual_columns))
            return "skip" if len(refused) <= MOST_SHAPES else "error"

        try:
            found = self._arrow(block, refuse, PARSED_AT_ONCE)
        except pa.ArrowInvalid as error:
            if len(refused) > MOST_SHAPES:
                raise too_many_shapes(self.file.name) from error
            if "straddling" not in str(error):
                raise self._no_text(block, error) from error
            refused.clear()
            found = self._arrow(block, refuse, len(block.content))
        if len(refused) + len(block.broken) > MOST_SHAPES:
            raise too_many_shapes(self.file.name)
        return Chunk(in_order(found, self.table), _merged(refused, block.broken))

    def _arrow(self, block: Block, refuse: object, size: int) -> pa.Table:
        names = list(self.header)
        if not block.content.strip(b"\r\n"):
            return pa.table({name: pa.array([], pa.string()) for name in names})
        return pyarrow.csv.read_csv(
            pa.BufferReader(pa.py_buffer(block.content)),
            read_options=pyarrow.csv.ReadOptions(
                column_names=names, use_threads=False, block_size=max(size, 1 << 10)
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=self.file.delimiter,
                quote_char='"' if block.quoted else False,
                newlines_in_values=block.quoted,
                invalid_row_handler=refuse,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={name: pa.string() for name in names},
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )

    def _texts(self, source: BinaryIO) -> Iterator[bytes]:
        """The file as UTF-8 pieces without a byte order mark. Raises Malformed."""
        first = source.read(BLOCK)
        for magic, what in _MAGIC.items():
            if first.startswith(magic):
                raise Malformed(
                    f"the file is {what}, not CSV",
                    where=self.file.name,
                    remedy="export as CSV in UTF-8 or GB18030",
                )
        mark = _MARKS[self.file.encoding]
        piece = first.removeprefix(mark)
        if self.file.encoding == "utf-8":
            while piece:
                yield piece
                piece = source.read(BLOCK)
            return
        decoder = codecs.getincrementaldecoder("gb18030")("strict")
        lines = 1
        while True:
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                line = lines + error.object[: error.start].count(b"\n")
                raise self._bad_bytes("GB18030", line) from error
            lines += text.count("\n")
            if text:
                yield text.encode("utf-8", "surrogatepass")
            if not piece:
                return
            piece = source.read(BLOCK)

    def _read_header(self, texts: Iterator[bytes]) -> bytes:
        """Takes the first line and keeps its columns; answers what was read behind it."""
        rest = next(texts, b"")
        if not rest:
            raise Malformed("the file is empty", where=self.file.name, remedy="write the header")
        self._bounded(rest)
        while b"\n" not in rest:
            if len(rest) > self.limits.line_bytes:
                raise self._line_too_long()
            more = next(texts, b"")
            if not more:
                break
            rest += more
        line, _, behind = rest.partition(b"\n")
        if len(line) > self.limits.line_bytes:
            raise self._line_too_long()
        try:
            text = line.decode("utf-8").removesuffix("\r")
        except UnicodeDecodeError as error:
            raise self._bad_bytes("UTF-8", 1) from error
        self.header = self._columns(text)
        return behind

    def _columns(self, text: str) -> tuple[str, ...]:
        sign = self.file.delimiter
        try:
            rows = list(csv.reader([text], delimiter=sign, strict=True))
        except csv.Error as error:
            raise Malformed(f"no header: {error}", where=f"{self.file.name}, line 1") from error
        found = tuple(rows[0]) if rows else ()
        if len(found) == 1 < len(self.table.columns):
            for other, named in DELIMITERS.items():
                if other != sign and other in text:
                    raise Malformed(
                        f"the header is not delimited by {DELIMITERS[sign]} as the manifest says",
                        where=f"{self.file.name}, line 1",
                        remedy=f"it looks delimited by {named}: say so in the manifest",
                    )
        check_header(found, self.table, self.file, self.limits)
        return found

    def _bounded(self, rest: bytes) -> None:
        """No NUL bytes and no line over the bound. Raises Malformed or TooLarge."""
        if b"\0" in rest:
            line = self._line_of(lambda piece: piece.find(b"\0"))
            raise Malformed(
                "the file holds NUL bytes: it is no text",
                where=f"{self.file.name}, line {line}",
                remedy="export as CSV in UTF-8 or GB18030",
            )
        most = self.limits.line_bytes
        step = max(most // 2, 1)
        for start in range(0, len(rest) - step + 1, step):
            if rest.find(b"\n", start, start + step) < 0:
                begin, end = rest.rfind(b"\n", 0, start) + 1, rest.find(b"\n", start + step)
                if (end if end >= 0 else len(rest)) - begin > most:
                    raise self._line_too_long()

    def _line_too_long(self) -> TooLarge:
        return TooLarge(
            f"a line has at most {self.limits.line_bytes} bytes",
            where=self.file.name,
            remedy="check line ends and quotes",
        )

    def _bad_bytes(self, encoding: str, line: int) -> Malformed:
        return Malformed(
            f"the bytes are no {encoding}",
            where=f"{self.file.name}, line {line}",
            remedy="say the file's encoding in the manifest: utf-8 or gb18030",
        )

    def _no_text(self, block: Block, error: Exception) -> Malformed:
        """What a block that could not be parsed suffers from."""
        try:
            block.content.decode("utf-8")
        except UnicodeDecodeError:
            return self._bad_bytes("UTF-8", self._line_of(_first_bad_byte))
        return Malformed(f"no CSV: {error}"[:300], where=self.file.name)

    def _line_of(self, find: object) -> int:
        """The line of the first fault in the file, looked up only once there is one."""
        return line_of(self.file.path, find)


def too_many_shapes(name: str) -> TooLarge:
    return TooLarge(
        f"more than {MOST_SHAPES} rows have another number of fields than the header",
        where=name,
        remedy="check delimiter, quotes and line ends",
    )


def line_of(path: Path, find: object) -> int:
    """1-based line of the first place that `find` names in a piece of the file (-1: none)."""
    lines, rest = 1, b""
    with path.open("rb") as source:
        while piece := source.read(BLOCK):
            rest += piece
            at = find(rest)  # type: ignore[operator]
            if at >= 0:
                return lines + rest.count(b"\n", 0, at)
            whole = rest.rfind(b"\n") + 1
            lines += rest.count(b"\n", 0, whole)
            rest = rest[whole:] if len(rest) - whole < BLOCK else b""
    return lines


def _first_bad_byte(piece: bytes) -> int:
    try:
        piece.decode("utf-8")
    except UnicodeDecodeError as error:
        return -1 if error.reason == "unexpected end of data" else error.start
    return -1


def _with_last(pieces: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each piece, and whether it is the last one; an empty last one if there was none."""
    before = b""
    for piece in pieces:
        if before:
            yield before, False
        before = piece
    yield before, True


def _merged(refused: list[tuple[int, int]], broken: tuple[int, ...]) -> tuple[Shape, ...]:
    """Rows the parser refused, counted among the rows it was given, and lines that never went to
    it, counted among all: both counted among all.
    """
    if not broken:
        return tuple(Shape(row, fields) for row, fields in refused)
    found = [Shape(row, 0) for row in broken]
    removed = sorted(broken)
    before = 0
    for row, fields in sorted(refused):
        while before < len(removed) and removed[before] <= row + before:
            before += 1
        found.append(Shape(row + before, fields))
    return tuple(sorted(found, key=lambda shape: shape.row))
