"""The ZIP container of a package (ZIP 容器), read with suspicion.

Every byte of the file must belong to exactly one entry, the directory or its end record (with the
comment that some writers leave there): nothing before, between or behind. Local headers must say
what the directory says. What the limits bound is bounded before anything is unpacked.

Sources: PKWARE APPNOTE 6.3.10 §4.3-4.4; GB/T 33190-2016 §6 (the container is ZIP with Deflate).
"""

from __future__ import annotations

import re
import struct
import unicodedata
import zlib
from dataclasses import dataclass, replace
from functools import lru_cache

from openrhip.kernel.errors import Malformed, TooLarge

END = struct.Struct("<4s4H2IH")
CENTRAL = struct.Struct("<4s6H3I5H2I")
LOCAL = struct.Struct("<4s5H3I2H")
_EXTRA = struct.Struct("<HH")

STORED, DEFLATED = 0, 8
VERSION = 20
"""Version 2.0, made on FAT: what this module writes and calls canonical."""
DATE = 0x21
"""1980-01-01: containers carry no time of their own; signatures and metadata do."""
UTF8 = 0x0800
_DESCRIPTOR = 0x0008
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
_KNOWN_FLAGS = _DESCRIPTOR | UTF8 | 0x0006
_ZIP64 = 0x0001
_UNICODE_PATH = 0x7075
_HARMLESS = frozenset({0x000A, 0x5455, 0x5855, 0x7855, 0x7875, 0xA220, 0xCAFE, 0xD935})
"""Extra fields that say nothing of name, size or place: times, owners, marks, padding."""
_UNIX = (3, 19)
_NO_PATH = re.compile(r"[\x00-\x1f\x7f\\:]")
_MAX32 = 0xFFFFFFFF
_SMALL = 1 << 20
"""Below this size a high compression ratio is normal (empty pages) and harmless."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read at most. Sizes in bytes; the defaults hold any real record of a patient.

    xml bounds one XML part, xml_total all that are parsed, parts also pages and attachments.
    """

    file: int = 256 << 20
    total: int = 512 << 20
    part: int = 256 << 20
    ratio: int = 200
    parts: int = 10_000
    xml: int = 32 << 20
    xml_total: int = 64 << 20
    depth: int = 64
    name: int = 400


@dataclass(frozen=True, slots=True)
class Entry:
    """One part: name as in the package without leading slash; `begin`..`end` bound its record."""

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
    """Whether every header field has the one value that this package writes."""


def read_directory(data: bytes, limits: Limits) -> tuple[Entry, ...]:
    """All entries in the order of the directory. Raises Malformed or TooLarge."""
    if len(data) > limits.file:
        raise TooLarge(f"a file of {len(data)} bytes; at most {limits.file} are read")
    count, size, offset = _end_record(data)
    if count > limits.parts:
        raise TooLarge(f"{count} parts; at most {limits.parts} are read", where="directory")
    entries: list[Entry] = []
    at = offset
    for _ in range(count):
        if at + CENTRAL.size > offset + size:
            raise Malformed("the directory ends within an entry", where="directory")
        entry, at = _entry(data, at, offset + size, limits)
        entries.append(entry)
    if at != offset + size:
        raise Malformed("the directory holds more than its entries", where="directory")
    _refuse_twins(entries)
    return tuple(_bound(data, entries, offset, limits))


def headers(
    name: bytes, *, method: int, crc: int, packed: int, size: int, begin: int
) -> tuple[bytes, bytes]:
    """The canonical local header and directory entry: what this package writes, to the byte."""
    flags = 0 if name.isascii() else UTF8
    sizes = (crc, packed, size, len(name), 0)
    local = LOCAL.pack(b"PK\x03\x04", VERSION, flags, method, 0, DATE, *sizes)
    central = CENTRAL.pack(
        b"PK\x01\x02", VERSION, VERSION, flags, method, 0, DATE, *sizes, 0, 0, 0, 0, begin
    )
    return local + name, central + name


def unpack(data: bytes, entry: Entry) -> bytes:
    """The content of one entry, checked against size and CRC. Raises Malformed."""
    packed = memoryview(data)[entry.start : entry.start + entry.packed]
    if entry.method == STORED:
        content = bytes(packed)
    else:
        inflater = zlib.decompressobj(-15)
        try:
            content = inflater.decompress(packed, entry.size + 1)
        except zlib.error as error:
            raise Malformed("the compressed data is damaged", where=entry.name) from error
        if not inflater.eof or inflater.unused_data or inflater.unconsumed_tail:
            raise Malformed("the compressed data is cut short or too long", where=entry.name)
    if len(content) != entry.size:
        raise Malformed("the size differs from the directory's", where=entry.name)
    if zlib.crc32(content) != entry.crc:
        raise Malformed("the checksum differs from the directory's", where=entry.name)
    return content


def _end_record(data: bytes) -> tuple[int, int, int]:
    """Count of entries, size and offset of the directory. A comment must end with the file."""
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - END.size - 0xFFFF))
    if at < 0 or at + END.size > len(data):
        raise Malformed("not a ZIP container, or cut short", where="end record")
    _, disk, first, here, count, size, offset, comment = END.unpack_from(data, at)
    if at + END.size + comment != len(data):
        raise Malformed("data follows the end of the container", where="end record")
    if disk or first or here != count:
        raise Malformed("the end record is not that of a single whole file", where="end record")
    if count == 0xFFFF or _MAX32 in (size, offset):
        raise Malformed("ZIP64 is not read", where="end record", remedy="keep below 4 GiB")
    if offset + size != at:
        raise Malformed("data stands before, between or behind the entries", where="end record")
    return count, size, offset


def _entry(data: bytes, at: int, limit: int, limits: Limits) -> tuple[Entry, int]:
    fields = CENTRAL.unpack_from(data, at)
    magic, made, _, flags, method, _, _, crc, packed, size = fields[:10]
    name_length, extra_length, comment_length, disk, _, outer, begin = fields[10:]
    following = at + CENTRAL.size + name_length + extra_length + comment_length
    if magic != b"PK\x01\x02" or following > limit:
        raise Malformed("the directory is damaged", where="directory")
    if name_length > limits.name:
        raise TooLarge(f"a name of {name_length} bytes; at most {limits.name}", where="directory")
    raw_name = data[at + CENTRAL.size : at + CENTRAL.size + name_length]
    name = part_name(_decode(raw_name, flags))
    _check_kind(name, flags, method, made, outer)
    if disk or _MAX32 in (packed, size, begin):
        raise Malformed("ZIP64 and split archives are not read", where=name)
    if size > limits.part:
        raise TooLarge(f"a part of {size} bytes; at most {limits.part} are read", where=name)
    if size > _SMALL and size > packed * limits.ratio:
        raise TooLarge(f"compressed more than {limits.ratio} to one", where=name)
    if method == STORED and size != packed:
        raise Malformed("a stored part has two sizes", where=name)
    _check_extra(data[following - comment_length - extra_length : following - comment_length], name)
    start = _check_local(data, begin, raw_name, fields, name)
    proper = headers(raw_name, method=method, crc=crc, packed=packed, size=size, begin=begin)
    canonical = proper == (data[begin:start], data[at:following])
    entry = Entry(name, flags, method, crc, packed, size, begin, start, start + packed, canonical)
    return entry, following


def _check_kind(name: str, flags: int, method: int, made: int, outer: int) -> None:
    if flags & _ENCRYPTED:
        raise Malformed("the entry is encrypted by the container", where=name)
    if flags & ~_KNOWN_FLAGS:
        raise Malformed(f"unknown flags {flags:#06x}", where=name)
    if method not in (STORED, DEFLATED):
        raise Malformed(f"compression method {method} is not read", where=name)
    if made >> 8 in _UNIX and (outer >> 28) not in (0, 8, 4):
        raise Malformed("a link or device, not a file", where=name)


def _check_local(
    data: bytes, begin: int, raw_name: bytes, central: tuple[int, ...], name: str
) -> int:
    """The offset of the data, once the local header agrees with the directory."""
    if begin + LOCAL.size > len(data):
        raise Malformed("the local header lies outside the file", where=name)
    magic, _, flags, method, time, date, crc, packed, size, name_length, extra_length = (
        LOCAL.unpack_from(data, begin)
    )
    at = begin + LOCAL.size + name_length
    same = data[begin + LOCAL.size : at] == raw_name
    if magic != b"PK\x03\x04" or not same:
        raise Malformed("the local header names another file than the directory", where=name)
    loose = UTF8 if raw_name.isascii() else 0  # some writers set this flag in one place only
    if (flags | loose, method, time, date) != (central[3] | loose, *central[4:7]):
        raise Malformed("the local header differs from the directory", where=name)
    later = bool(flags & _DESCRIPTOR)
    wide = _MAX32 in (packed, size)
    _check_extra(
        data[at : at + extra_length], name, sizes=central[7:10] if wide else (), later=later
    )
    for here, there in zip((crc, packed, size), central[7:10], strict=True):
        if here != there and not (later and here == 0) and not (wide and here == _MAX32):
            raise Malformed("the local header differs from the directory", where=name)
    return int(at + extra_length)


def _check_extra(
    extra: bytes, name: str, *, sizes: tuple[int, ...] = (), later: bool = False
) -> None:
    """Only fields that no reader takes for another name, size or place.

    sizes: checksum, packed and whole size that a needed ZIP64 field must repeat; later: or leave
    to the data descriptor.
    """
    at, seen = 0, set()
    while len(extra) - at >= _EXTRA.size:
        kind, length = _EXTRA.unpack_from(extra, at)
        body = extra[at + _EXTRA.size : at + _EXTRA.size + length]
        at += _EXTRA.size + length
        if kind == _UNICODE_PATH:
            raise Malformed("a second name in an extra field (Unicode Path)", where=name)
        if kind in seen or len(body) < length:
            raise Malformed("the extra fields are damaged", where=name)
        seen.add(kind)
        if kind == _ZIP64 and sizes:
            if body != struct.pack("<QQ", sizes[2], sizes[1]) and not (later and not any(body)):
                raise Malformed("the ZIP64 field differs from the directory", where=name)
        elif kind not in _HARMLESS:
            raise Malformed(f"an extra field {kind:#06x} that is not read", where=name)
    if any(extra[at:]):
        raise Malformed("the extra fields are damaged", where=name)
    if sizes and _ZIP64 not in seen:
        raise Malformed("the local header differs from the directory", where=name)


def _decode(raw: bytes, flags: int) -> str:
    for codec in ("utf-8",) if flags & UTF8 or raw.isascii() else ("utf-8", "gb18030"):
        try:
            return raw.decode(codec)
        except UnicodeDecodeError:
            continue
    raise Malformed("a name that is no text", where="directory")


@lru_cache(maxsize=4096)
def part_name(name: str) -> str:
    """The name itself, if it cannot lead anywhere outside the package. Raises Malformed."""
    steps = name.removesuffix("/").split("/")
    if not name or _NO_PATH.search(name):
        raise Malformed("a part has a name that is no path", where="directory")
    if any(step != step.rstrip(" .") or not step for step in steps):
        raise Malformed("a part's path is absolute or leads outside the package", where="directory")
    return name


def _refuse_twins(entries: list[Entry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        name = entry.name.removesuffix("/")
        key = name if name.isascii() else unicodedata.normalize("NFKC", name)
        key = key.casefold()
        if key in seen:
            raise Malformed("two parts share a name (case and normal form aside)", where=name)
        seen.add(key)


def _bound(data: bytes, entries: list[Entry], directory: int, limits: Limits) -> list[Entry]:
    """Entries with the true end of their records; they must tile the file up to the directory."""
    total = sum(entry.size for entry in entries)
    if total > limits.total:
        raise TooLarge(f"{total} bytes unpacked; at most {limits.total} are read")
    ordered = sorted(entries, key=lambda entry: entry.begin)
    if ordered and ordered[0].begin != 0:
        raise Malformed("data stands before the first part")
    ends: dict[str, int] = {}
    for entry, following in zip(
        ordered, [*(entry.begin for entry in ordered[1:]), directory], strict=True
    ):
        if entry.end > following:
            raise Malformed("two parts overlap", where=entry.name)
        tail = data[entry.end : following]
        if tail and not _is_descriptor(tail, entry):
            raise Malformed("data stands between the parts", where=entry.name)
        if not tail and entry.flags & _DESCRIPTOR:
            raise Malformed("the data descriptor is missing", where=entry.name)
        ends[entry.name] = following
        if entry.name.endswith("/") and entry.size:
            raise Malformed("a folder with content", where=entry.name)
    return [
        entry
        if ends[entry.name] == entry.end
        else replace(entry, end=ends[entry.name], canonical=False)
        for entry in entries
    ]


def _is_descriptor(tail: bytes, entry: Entry) -> bool:
    if not entry.flags & _DESCRIPTOR:
        return False
    for head in (b"PK\x07\x08", b""):
        for shape in ("<III", "<IQQ"):
            if tail == head + struct.pack(shape, entry.crc, entry.packed, entry.size):
                return True
    return False
