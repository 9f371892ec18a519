"""What is read of a PDF at most, and how its streams are read (PDF 输入的限制).

Hostile files end in Malformed, TooLarge or Refused: bounded are the file, each stream when it is
unpacked, the sum of all, operators, depth, pixels and the time.
"""

from __future__ import annotations

import io
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pikepdf

from openrhip.formats.ofd.edit.pdf_numbers import name_of
from openrhip.kernel.errors import Malformed, Refused, TooLarge

_GATE = threading.RLock()
_BROKEN = (pikepdf.PdfError, RuntimeError, ValueError, TypeError, KeyError, OverflowError)


@dataclass(frozen=True, slots=True)
class PdfLimits:
    """Sizes in bytes, seconds for the whole conversion."""

    file: int = 256 << 20
    stream: int = 128 << 20
    content: int = 64 << 20
    total: int = 1 << 30
    pages: int = 20_000
    operators: int = 40_000_000
    depth: int = 16
    pixels: int = 60_000_000
    fonts: int = 4_000
    seconds: float = 600.0


@dataclass
class Meter:
    """Counts what a conversion has used. Raises TooLarge."""

    limits: PdfLimits
    operators: int = 0
    unpacked: int = 0
    _end: float = field(default=0.0)

    def __post_init__(self) -> None:
        self._end = time.monotonic() + self.limits.seconds

    def operator(self, count: int = 1) -> None:
        """Count operators, or characters."""
        before = self.operators
        self.operators += count
        if self.operators > self.limits.operators:
            raise TooLarge(f"more than {self.limits.operators} drawing operators", where="content")
        if self.operators >> 10 != before >> 10:
            self.tick()

    def tick(self) -> None:
        if time.monotonic() > self._end:
            raise TooLarge(f"the conversion takes longer than {self.limits.seconds:g} s")

    def read(self, stream: pikepdf.Object, most: int = 0) -> bytes:
        """A stream unpacked. Raises Malformed, TooLarge."""
        most = most or self.limits.stream
        self.tick()
        try:
            check(stream, most)
            data = bytes(stream.read_bytes())
        except _BROKEN as error:
            raise Malformed("a stream of the PDF cannot be unpacked", where="stream") from error
        self.unpacked += len(data)
        if len(data) > most or self.unpacked > self.limits.total:
            raise TooLarge("the streams of the PDF unpack to too much", where="stream")
        return data


def check(stream: pikepdf.Object, most: int) -> int:
    """About how many bytes a stream unpacks to, without keeping them. Raises TooLarge."""
    filters = [name_of(one) for one in as_list(stream.get("/Filter"))]
    raw = bytes(stream.read_raw_bytes())
    if len(filters) > 4:
        raise TooLarge("a stream is packed too often", where="stream")
    for at, kind in enumerate(filters):
        last = at == len(filters) - 1
        if kind in ("FlateDecode", "Fl"):
            size, raw = _inflated(raw, most, keep=not last)
            if last:
                return size
        elif kind in ("ASCIIHexDecode", "AHx"):
            raw = _from_hex(raw)
        elif kind in ("ASCII85Decode", "A85") and not last:
            raw = _from_85(raw)
        elif kind in ("LZWDecode", "LZW", "RunLengthDecode", "RL"):
            if len(raw) * 200 > most:
                raise TooLarge("a stream may unpack to too much", where="stream")
            return len(raw) * 20
        else:
            break
    if len(raw) > most:
        raise TooLarge("a stream is too large", where="stream")
    return len(raw)


def _inflated(raw: bytes, most: int, *, keep: bool) -> tuple[int, bytes]:
    inflater = zlib.decompressobj()
    out: list[bytes] = []
    size, waiting = 0, raw
    try:
        while waiting and not inflater.eof:
            piece = inflater.decompress(waiting, 1 << 20)
            waiting = inflater.unconsumed_tail
            size += len(piece)
            if size > most:
                raise TooLarge("a stream unpacks to too much", where="stream")
            if keep:
                out.append(piece)
            if not piece and not waiting:
                break
    except zlib.error:
        return size, b"".join(out)  # what qpdf makes of damaged data is no larger
    return size, b"".join(out)


def _from_hex(raw: bytes) -> bytes:
    digits = bytes(char for char in raw.partition(b">")[0] if char in b"0123456789abcdefABCDEF")
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())


def _from_85(raw: bytes) -> bytes:
    import base64  # noqa: PLC0415 -- rarely needed

    body = raw.partition(b"~>")[0].removeprefix(b"<~")
    return base64.a85decode(body, ignorechars=b" \t\n\r\v\0\f")


def as_list(value: object) -> list[object]:
    """One object or an array of them as a list."""
    if value is None:
        return []
    if isinstance(value, pikepdf.Array):
        return [*value.as_list()][:64]
    return [value]


@contextmanager
def opened(data: bytes, password: str, limits: PdfLimits) -> Iterator[pikepdf.Pdf]:
    """The PDF. Raises Malformed, TooLarge, Refused (encrypted)."""
    if len(data) > limits.file:
        raise TooLarge(f"a PDF of {len(data)} bytes; at most {limits.file} are read")
    if b"%PDF-" not in data[:1024]:
        raise Malformed("the file is no PDF", where="header")
    with _bounded(limits):
        try:
            pdf = pikepdf.open(io.BytesIO(data), password=password)
        except pikepdf.PasswordError as error:
            raise Refused(
                "the PDF is encrypted", where="Encrypt", remedy="give its password"
            ) from error
        except _BROKEN as error:
            raise Malformed("the PDF is damaged beyond reading", where="structure") from error
        try:
            yield pdf
        finally:
            pdf.close()


@contextmanager
def _bounded(limits: PdfLimits) -> Iterator[None]:
    """qpdf's own limits, which hold for the whole process, are set while a PDF is read."""
    with _GATE:
        before = pikepdf.settings.set_qpdf_limits(
            flate_max_memory=limits.stream,
            png_max_memory=limits.stream,
            run_length_max_memory=limits.stream,
            tiff_max_memory=limits.stream,
            doc_max_warnings=10_000,
            parser_max_container_size=5_000_000,
        )
        try:
            yield
        finally:
            pikepdf.settings.set_qpdf_limits(**cast("Any", before))
