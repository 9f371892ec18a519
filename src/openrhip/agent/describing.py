"""What a manifest says of a file (文件描述): size, digest, rows, encoding, delimiter.

One reading of the file in pieces; memory does not grow with it. Whether the rows are right is not
judged here.
"""

from __future__ import annotations

import codecs
import hashlib
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Self

from openrhip.agent.manifest import DELIMITERS, ENCODINGS, BatchFile, check_name
from openrhip.kernel.errors import Malformed

FORMATS = {".csv": "csv", ".txt": "csv", ".tsv": "csv", ".parquet": "parquet"}
FORMATS |= {".xml": "cda", ".zip": "cda"}  # a zip archive of documents
_PIECE = 1 << 20
_LONGEST_HEADER = 1 << 20


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
        return BatchFile(
            name,
            form,
            rows=text.rows,
            size=size,
            sm3=digest.hexdigest(),
            encoding=encoding or text.encoding(name),
            delimiter=delimiter or text.delimiter(),
        )
    rows = 1
    if form == "parquet":
        rows = _parquet_rows(source, name)
    elif name.lower().endswith(".zip"):
        rows = _documents(source, name)
    return BatchFile(name, form, rows=rows, size=size, sm3=digest.hexdigest())


@dataclass(slots=True)
class _Text:
    """What can be told of CSV while it passes: data rows, header, encoding.

    Rows end at line feeds outside quotes; blank lines are none. In both encodings the bytes of
    line feed, return and quote never are a part of another character.
    """

    header: bytes = b""
    lines: int = 0
    inside: bool = False
    written: bool = False  # the line at hand has something on it
    decoders: dict[str, codecs.IncrementalDecoder] = field(
        default_factory=lambda: {
            name: codecs.getincrementaldecoder(name)("strict") for name in ENCODINGS
        }
    )

    def feed(self, piece: bytes) -> None:
        if b"\n" not in self.header and len(self.header) < _LONGEST_HEADER:
            self.header += piece
        for name in list(self.decoders):
            try:
                self.decoders[name].decode(piece)
            except UnicodeDecodeError:
                del self.decoders[name]
        for number, part in enumerate(piece.split(b'"')):
            if number:
                self.inside = not self.inside
                self.written = True
            if not self.inside:
                self._count(part)

    def _count(self, part: bytes) -> None:
        first, *others = part.replace(b"\r", b"").split(b"\n")
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
