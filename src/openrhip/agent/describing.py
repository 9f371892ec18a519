"""What a manifest says of a file (文件描述): size, digest, rows, encoding, delimiter.

One reading of the file in pieces; memory does not grow with it. Whether the rows are right is not
judged here.
"""

from __future__ import annotations

import codecs
import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Self

from openrhip.agent.manifest import DELIMITERS, ENCODINGS, BatchFile, check_name
from openrhip.kernel.errors import Malformed, TooLarge

FORMATS = {".csv": "csv", ".txt": "csv", ".tsv": "csv", ".parquet": "parquet"}
FORMATS |= {".xml": "cda", ".zip": "cda"}  # a zip archive of documents
_PIECE = 4 << 20
_LONGEST_LINE = 1 << 20


def describe(
    path: Path,
    *,
    source: BinaryIO | None = None,
    name: str = "",
    encoding: str = "",
    delimiter: str = "",
) -> BatchFile:
    """The facts of a file; what is not said of a CSV file is found out. source: the open file, if
    it is open already; else `path` is opened.

    Raises Malformed.
    """
    name = check_name(name or path.name)
    form = FORMATS.get(Path(name).suffix.lower())
    if form is None:
        raise Malformed(
            "this kind of file is not sent",
            where=name,
            remedy="send .csv (or .txt, .tsv), .parquet, or CDA documents: .xml, or a .zip of them",
        )
    if source is None:
        with path.open("rb") as file:
            return _described(file, name, form, encoding, delimiter)
    return _described(source, name, form, encoding, delimiter)


def _described(source: BinaryIO, name: str, form: str, encoding: str, delimiter: str) -> BatchFile:
    source.seek(0)
    digest, size = hashlib.new("sm3"), 0
    text = _Text() if form == "csv" else None
    for piece in iter(lambda: source.read(_PIECE), b""):
        digest.update(piece)
        size += len(piece)
        if text is not None:
            text.feed(piece)
    if text is not None:
        encoding = encoding or text.encoding(name)
        delimiter = delimiter or text.delimiter()
        # Quotes and lone returns hide where rows end: they are looked for as the check does it.
        rows = _quoted_rows(source, name, encoding, delimiter) if text.intricate else text.rows
        return BatchFile(name, form, rows, size, digest.hexdigest(), encoding, delimiter)
    rows = 1
    if form == "parquet":
        rows = _parquet_rows(source, name)
    elif name.lower().endswith(".zip"):
        rows = _documents(source, name)
    return BatchFile(name, form, rows=rows, size=size, sm3=digest.hexdigest())


@dataclass(slots=True)
class _Text:
    """What can be told of CSV while it passes: lines, header, encoding.

    Blank lines are no rows. In both encodings the bytes of line feed, return and quote never are a
    part of another character.
    """

    header: bytes = b""
    lines: int = 0
    written: bool = False  # the line at hand has something on it
    intricate: bool = False  # quotes or lone returns
    decoders: dict[str, codecs.IncrementalDecoder] = field(
        default_factory=lambda: {
            name: codecs.getincrementaldecoder(name)("strict") for name in ENCODINGS
        }
    )

    def feed(self, piece: bytes) -> None:
        if b"\n" not in self.header and len(self.header) < _LONGEST_LINE:
            self.header += piece
        for name in list(self.decoders):
            try:
                self.decoders[name].decode(piece)
            except UnicodeDecodeError:
                del self.decoders[name]
        lone = piece.count(b"\r") != piece.count(b"\r\n")
        self.intricate = self.intricate or lone or b'"' in piece
        first, *others = piece.replace(b"\r", b"").split(b"\n")
        self.written = self.written or bool(first)
        if others:
            self.lines += self.written + sum(map(bool, others[:-1]))
            self.written = bool(others[-1])

    @property
    def rows(self) -> int:
        """Lines with something on them, the header not counted."""
        return max(0, self.lines + self.written - 1)

    def encoding(self, name: str) -> str:
        for one in ENCODINGS:
            try:
                if one in self.decoders:
                    self.decoders[one].decode(b"", final=True)
                    return one
            except UnicodeDecodeError:
                continue
        raise Malformed(
            "the file is neither UTF-8 nor GB18030",
            where=name,
            remedy="export it as CSV in UTF-8 or GB18030",
        )

    def delimiter(self) -> str:
        """The one of the known delimiters that the header has most of."""
        line = self.header.partition(b"\n")[0].decode("latin-1")
        return max(DELIMITERS, key=line.count)


def _quoted_rows(source: BinaryIO, name: str, encoding: str, delimiter: str) -> int:
    """Data rows, where fields may hold line feeds and lines may be broken: each of those is one."""
    from openrhip.kernel.csvrows import cut  # noqa: PLC0415 - only who has quotes pays for it

    rows, rest = 0, b""
    for piece, last in _behind_header(source, encoding):
        rest += piece
        found = cut(rest, delimiter=delimiter, last=last, line_bytes=_LONGEST_LINE)
        if not found.end and len(rest) > _LONGEST_LINE:
            raise TooLarge(
                f"a line has at most {_LONGEST_LINE} bytes",
                where=name,
                remedy="check line ends and quotes",
            )
        rows += len(found.broken) + _ends(found.clean)
        rest = rest[found.end :]
    return rows


def _ends(clean: bytes) -> int:
    """How many rows these whole, well-formed rows are."""
    rows, inside, written = 0, False, False
    for number, part in enumerate(clean.split(b'"')):
        if number:
            inside, written = not inside, True
        if inside:
            continue
        first, *others = part.replace(b"\r", b"").split(b"\n")
        written = written or bool(first)
        if others:
            rows += written + sum(map(bool, others[:-1]))
            written = bool(others[-1])
    return rows + written


def _behind_header(source: BinaryIO, encoding: str) -> Iterator[tuple[bytes, bool]]:
    """The text behind the first line as UTF-8, in pieces; whether a piece is the last one."""
    source.seek(0)
    source.readline(_LONGEST_LINE)
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    while piece := source.read(_PIECE):
        utf8 = encoding == "utf-8"
        yield piece if utf8 else decoder.decode(piece).encode(errors="replace"), False
    yield b"", True


def _documents(source: BinaryIO, name: str) -> int:
    source.seek(0)
    try:
        with zipfile.ZipFile(source) as archive:
            return sum(one.filename.lower().endswith(".xml") for one in archive.infolist())
    except (zipfile.BadZipFile, ValueError) as error:
        raise Malformed(
            "the archive cannot be read", where=name, remedy="pack the documents anew"
        ) from error


def _parquet_rows(source: BinaryIO, name: str) -> int:
    import pyarrow as pa  # noqa: PLC0415 - only who sends Parquet pays for it
    import pyarrow.parquet as pq  # noqa: PLC0415

    source.seek(0)
    try:
        return int(pq.ParquetFile(source).metadata.num_rows)
    except (pa.ArrowException, OSError) as error:
        raise Malformed("the file is no Parquet", where=name) from error


class Reading:
    """Files of a batch by their place in the manifest, one of them open at a time."""

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths
        self._place = -1
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def read(self, place: int, offset: int, size: int) -> bytes:
        """Bytes of the file at this place."""
        if place != self._place or self._file is None:
            self._close()
            self._file, self._place = self._paths[place].open("rb"), place
        self._file.seek(offset)
        return self._file.read(size)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
