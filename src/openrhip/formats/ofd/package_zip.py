"""The ZIP container of a package (ZIP 容器), read with suspicion.

Every byte of the file must belong to exactly one entry, the directory or its end record (with the
comment that some writers leave there): nothing before, between or behind. Local headers must say
what the directory says. What the limits bound is bounded before anything is unpacked.

Sources: PKWARE APPNOTE 6.3.10 §4.3-4.4; GB/T 33190-2016 §6 (the container is ZIP with Deflate).
"""

from __future__ import annotations

import io
import re
import struct
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from openrhip.formats.ofd.package_file import window
from openrhip.formats.ofd.package_headers import (
    CENTRAL,
    DATE,
    DEFLATED,
    DESCRIPTOR,
    ENCRYPTED,
    END,
    KNOWN_FLAGS,
    LOCAL,
    MAX32,
    STORED,
    UTF8,
    VERSION,
    check_extra,
    end_record,
    headers,
    wide_fields,
)
from openrhip.kernel.errors import Malformed, TooLarge

__all__ = [
    "CENTRAL", "DATE", "DEFLATED", "END", "LOCAL", "STORED", "UTF8", "VERSION", "Entry", "Limits",
    "headers", "part_name", "pieces", "read_directory", "unpack",
]  # fmt: skip

_UNIX = (3, 19)
_NO_PATH = re.compile(r"[\x00-\x1f\x7f\\:]")
_PLAIN = re.compile(r"(?:[\w\-]+(?:\.[\w\-]+)*/)*[\w\-]+(?:\.[\w\-]+)*/?")
"""Names that need no closer look."""
_ENTRY = 4096
"""Bytes of the directory per part at most, names, extra fields and comments on the average."""
_SMALL = 1 << 20
"""Below this size a high compression ratio is normal (empty pages) and harmless."""
_PIECE = 16 << 10
"""Bytes of compressed data that are inflated at a time."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read at most. Sizes in bytes; the defaults hold any real record of a patient.

    xml bounds one XML part, xml_total all parts that are parsed; pages and items what a document
    lists; nodes the marks (`<`) of one XML part: a tree takes some 250 bytes for each. `large()`
    is for files of one's own that are opened by their path.
    """

    file: int = 256 << 20
    total: int = 512 << 20
    part: int = 256 << 20
    ratio: int = 200
    parts: int = 100_000
    pages: int = 50_000
    items: int = 50_000
    xml: int = 32 << 20
    xml_total: int = 256 << 20
    nodes: int = 1_000_000
    depth: int = 64
    name: int = 400

    @classmethod
    def large(cls) -> Limits:
        """For scanned volumes of some gigabytes: nothing is held in memory whole."""
        return cls(file=8 << 30, total=16 << 30, parts=300_000, xml_total=2 << 30, nodes=2_000_000)


class Entry(NamedTuple):
    """One part: name as in the package without leading slash; `begin`..`end` bound its record.

    canonical: whether every header field has the one value that this package writes.
    """

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    begin: int
    start: int
    end: int
    canonical: bool


Odd = Callable[[str, str], None]
"""Takes what is odd about a name: its kind and the name."""


def read_directory(data: bytes, limits: Limits, *, odd: Odd | None = None) -> tuple[Entry, ...]:
    """All entries in the order of the directory. Raises Malformed or TooLarge.

    odd: given, what other readers may see differently (ZIP64, names with backslashes, names in
    another encoding than stated) is read and told; else it is refused.
    """
    if len(data) > limits.file:
        raise TooLarge(f"a file of {len(data)} bytes; at most {limits.file} are read")
    count, size, offset, _ = end_record(data, exact=odd is None)
    if count > limits.parts:
        raise TooLarge(f"{count} parts; at most {limits.parts} are read", where="directory")
    if size > count * _ENTRY:
        raise TooLarge(f"a directory of {size} bytes for {count} parts", where="directory")
    reader = _Reader(data, data[offset : offset + size], limits, odd)
    entries: list[Entry] = []
    at = 0
    for _ in range(count):
        if at + CENTRAL.size > size:
            raise Malformed("the directory ends within an entry", where="directory")
        entry, at = reader.entry(at)
        entries.append(entry)
    if at != size:
        raise Malformed("the directory holds more than its entries", where="directory")
    _refuse_twins(entries)
    return tuple(_bound(data, entries, offset, limits))


def unpack(data: bytes, entry: Entry) -> bytes:
    """The content of one entry, checked against size and CRC. Raises Malformed."""
    if entry.size <= _SMALL:
        return b"".join(pieces(data, entry))
    whole = io.BytesIO()  # grows in place: joining pieces would take twice the size
    for piece in pieces(data, entry):
        whole.write(piece)
    return whole.getvalue()


def pieces(data: bytes, entry: Entry) -> Iterator[bytes | memoryview]:
    """The same piece by piece: only after the last one is known that they are good."""
    packed = window(data, entry.start, entry.start + entry.packed)
    size = crc = 0
    for piece in (packed,) if entry.method == STORED else _inflated(packed, entry):
        size += len(piece)
        if size > entry.size:
            raise Malformed("the compressed data is cut short or too long", where=entry.name)
        crc = zlib.crc32(piece, crc)
        yield piece
    if size != entry.size:
        raise Malformed("the size differs from the directory's", where=entry.name)
    if crc != entry.crc:
        raise Malformed("the checksum differs from the directory's", where=entry.name)


def _inflated(packed: bytes | memoryview, entry: Entry) -> Iterator[bytes]:
    """A piece of input gives about a thousand times as much at most."""
    inflater = zlib.decompressobj(-15)
    ends = Malformed("the compressed data is cut short or too long", where=entry.name)
    for at in range(0, len(packed), _PIECE):
        if inflater.eof:
            raise ends
        try:
            yield inflater.decompress(packed[at : at + _PIECE])
        except zlib.error as error:
            raise Malformed("the compressed data is damaged", where=entry.name) from error
    if not inflater.eof or inflater.unused_data:
        raise ends


class _Reader:
    """Reads entries of one directory."""

    def __init__(self, data: bytes, directory: bytes, limits: Limits, odd: Odd | None) -> None:
        self._data = data
        self._directory = directory
        self._limits = limits
        self._odd = odd

    def entry(self, at: int) -> tuple[Entry, int]:
        data, directory, limits = self._data, self._directory, self._limits
        head = directory[at : at + CENTRAL.size]
        fields = CENTRAL.unpack(head)
        magic, made, version, flags, method, time, date, crc, packed, size = fields[:10]
        name_length, extra_length, comment_length, disk, inner, outer, begin = fields[10:]
        names = at + CENTRAL.size
        following = names + name_length + extra_length + comment_length
        if magic != b"PK\x01\x02" or following > len(directory):
            raise Malformed("the directory is damaged", where="directory")
        if name_length > limits.name:
            raise TooLarge(
                f"a name of {name_length} bytes; at most {limits.name}", where="directory"
            )
        raw_name = directory[names : names + name_length]
        name = self._name(raw_name, flags)
        _check_kind(name, flags, method, made, outer)
        extra = directory[names + name_length : names + name_length + extra_length]
        if disk or MAX32 in (packed, size, begin):
            if disk or self._odd is None:
                raise Malformed("ZIP64 and split archives are not read", where=name)
            extra, (size, packed, begin) = wide_fields(extra, (size, packed, begin), name)
        self._check_sizes(name, method, packed, size)
        if extra:
            check_extra(extra, name)
        start = begin + LOCAL.size + name_length
        local = data[begin:start]
        # all fields but "made by" stand in both headers in the same order
        if local[:4] == b"PK\3\4" and local[4:30] == head[6:32] and not extra_length:
            if local[30:] != raw_name:
                raise Malformed(_OTHER_NAME, where=name)
        else:
            start = _check_local(data, begin, raw_name, (*fields[:7], crc, packed, size), name)
        expected = 0 if raw_name.isascii() else UTF8
        canonical = (
            (made, version, flags, time, date) == (VERSION, VERSION, expected, 0, DATE)
            and not (extra_length or comment_length or inner or outer)
            and start == begin + LOCAL.size + name_length
            and local[4:30] == head[6:32]
        )
        end = start + packed
        return Entry(
            name, flags, method, crc, packed, size, begin, start, end, canonical
        ), following

    def _check_sizes(self, name: str, method: int, packed: int, size: int) -> None:
        limits = self._limits
        if size > limits.part:
            raise TooLarge(f"a part of {size} bytes; at most {limits.part} are read", where=name)
        if size > _SMALL and size > packed * limits.ratio:
            raise TooLarge(f"compressed more than {limits.ratio} to one", where=name)
        if method == STORED and size != packed:
            raise Malformed("a stored part has two sizes", where=name)

    def _name(self, raw: bytes, flags: int) -> str:
        name = _decode(raw, flags, self._odd)
        if self._odd is not None and "\\" in name:
            name = name.replace("\\", "/")
            self._odd("backslash", name)
        return name if _PLAIN.fullmatch(name) else part_name(name)


def _check_kind(name: str, flags: int, method: int, made: int, outer: int) -> None:
    if flags & ENCRYPTED:
        raise Malformed("the entry is encrypted by the container", where=name)
    if flags & ~KNOWN_FLAGS:
        raise Malformed(f"unknown flags {flags:#06x}", where=name)
    if method not in (STORED, DEFLATED):
        raise Malformed(f"compression method {method} is not read", where=name)
    if made >> 8 in _UNIX and (outer >> 28) not in (0, 8, 4):
        raise Malformed("a link or device, not a file", where=name)


_OTHER_NAME = "the local header names another file than the directory"


def _check_local(
    data: bytes, begin: int, raw_name: bytes, central: tuple[int, ...], name: str
) -> int:
    """The offset of the data, once the local header agrees with the directory."""
    if begin + LOCAL.size > len(data):
        raise Malformed("the local header lies outside the file", where=name)
    magic, _, flags, method, time, date, crc, packed, size, name_length, extra_length = (
        LOCAL.unpack(data[begin : begin + LOCAL.size])
    )
    at = begin + LOCAL.size + name_length
    same = data[begin + LOCAL.size : at] == raw_name
    if magic != b"PK\x03\x04" or not same:
        raise Malformed(_OTHER_NAME, where=name)
    loose = UTF8 if raw_name.isascii() else 0  # some writers set this flag in one place only
    if (flags | loose, method, time, date) != (central[3] | loose, *central[4:7]):
        raise Malformed("the local header differs from the directory", where=name)
    later = bool(flags & DESCRIPTOR)
    wide = MAX32 in (packed, size)
    check_extra(
        data[at : at + extra_length], name, sizes=central[7:10] if wide else (), later=later
    )
    for here, there in zip((crc, packed, size), central[7:10], strict=True):
        if here != there and not (later and here == 0) and not (wide and here == MAX32):
            raise Malformed("the local header differs from the directory", where=name)
    return int(at + extra_length)


def _decode(raw: bytes, flags: int, odd: Odd | None) -> str:
    if raw.isascii():
        return raw.decode("ascii")
    stated = bool(flags & UTF8)
    for codec in ("utf-8",) if stated and odd is None else ("utf-8", "gb18030"):
        try:
            name = raw.decode(codec)
        except UnicodeDecodeError:
            continue
        if odd is not None and stated is (codec != "utf-8"):
            odd("encoding", name)
        return name
    raise Malformed("a name that is no text", where="directory")


def part_name(name: str) -> str:
    """The name itself, if it cannot lead anywhere outside the package. Raises Malformed."""
    steps = name.removesuffix("/").split("/")
    if not name or _NO_PATH.search(name):
        raise Malformed("a part has a name that is no path", where="directory")
    if any(step != step.rstrip(" .") or not step for step in steps):
        raise Malformed("a part's path is absolute or leads outside the package", where="directory")
    return name


def folded(name: str) -> str:
    """What file systems that know neither case nor normal form take a name for."""
    return (name if name.isascii() else unicodedata.normalize("NFKC", name)).casefold()


def _refuse_twins(entries: list[Entry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        key = folded(entry.name.removesuffix("/"))
        if key in seen:
            raise Malformed("two parts share a name (case and normal form aside)", where=entry.name)
        seen.add(key)


def _bound(data: bytes, entries: list[Entry], directory: int, limits: Limits) -> list[Entry]:
    """Entries with the true end of their records; they must tile the file up to the directory."""
    total = sum(entry.size for entry in entries)
    if total > limits.total:
        raise TooLarge(f"{total} bytes unpacked; at most {limits.total} are read")
    order = sorted(range(len(entries)), key=lambda number: entries[number].begin)
    if order and entries[order[0]].begin != 0:
        raise Malformed("data stands before the first part")
    for place, number in enumerate(order):
        entry = entries[number]
        following = entries[order[place + 1]].begin if place + 1 < len(order) else directory
        if entry.size and entry.name.endswith("/"):
            raise Malformed("a folder with content", where=entry.name)
        if entry.end == following and not entry.flags & DESCRIPTOR:
            continue
        if entry.end > following:
            raise Malformed("two parts overlap", where=entry.name)
        tail = data[entry.end : following]
        if tail and not _is_descriptor(tail, entry):
            raise Malformed("data stands between the parts", where=entry.name)
        if not tail and entry.flags & DESCRIPTOR:
            raise Malformed("the data descriptor is missing", where=entry.name)
        entries[number] = entry._replace(end=following, canonical=False)
    return entries


def _is_descriptor(tail: bytes, entry: Entry) -> bool:
    if not entry.flags & DESCRIPTOR or len(tail) > 24:
        return False
    for head in (b"PK\x07\x08", b""):
        for shape in ("<III", "<IQQ"):
            if shape == "<III" and max(entry.packed, entry.size) > MAX32:
                continue
            if tail == head + struct.pack(shape, entry.crc, entry.packed, entry.size):
                return True
    return False
