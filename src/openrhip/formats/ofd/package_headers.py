"""Headers of the ZIP container (ZIP 文件头): their fields, the extra ones, and the end record.

Sources: PKWARE APPNOTE 6.3.10 §4.3-4.5.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from openrhip.kernel.errors import Malformed

END = struct.Struct("<4s4H2IH")
CENTRAL = struct.Struct("<4s6H3I5H2I")
LOCAL = struct.Struct("<4s5H3I2H")
_EXTRA = struct.Struct("<HH")
_LOCATOR = struct.Struct("<4sIQI")
_END64 = struct.Struct("<4sQ2H2I4Q")

STORED, DEFLATED = 0, 8
VERSION = 20
"""Version 2.0, made on FAT: what this module writes and calls canonical."""
DATE = 0x21
"""1980-01-01: containers carry no time of their own; signatures and metadata do."""
UTF8 = 0x0800
DESCRIPTOR = 0x0008
ENCRYPTED = 0x0001 | 0x0040 | 0x2000
KNOWN_FLAGS = DESCRIPTOR | UTF8 | 0x0006
MAX32 = 0xFFFFFFFF
_ZIP64 = 0x0001
_UNICODE_PATH = 0x7075
_HARMLESS = frozenset({0x000A, 0x5455, 0x5855, 0x7855, 0x7875, 0xA220, 0xCAFE, 0xD935})
"""Extra fields that say nothing of name, size or place: times, owners, marks, padding."""


class Directory(NamedTuple):
    """Where the directory stands: count of entries, its size and offset; wide: by ZIP64."""

    parts: int
    size: int
    offset: int
    wide: bool


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


def end_record(data: bytes, *, exact: bool) -> Directory:
    """The end record. A comment must end with the file; exact: ZIP64 is refused."""
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - END.size - 0xFFFF))
    if at < 0 or at + END.size > len(data):
        raise Malformed(
            "not a ZIP container, or cut short",
            where="end record",
            remedy="an OFD file is a ZIP package; see that it came whole, and that it is one",
        )
    _, disk, first, here, count, size, offset, comment = END.unpack(data[at : at + END.size])
    if at + END.size + comment != len(data):
        raise Malformed("data follows the end of the container", where="end record")
    if disk or first or here != count:
        raise Malformed("the end record is not that of a single whole file", where="end record")
    found = Directory(count, size, offset, wide=False)
    limit = at
    if data[max(0, at - _LOCATOR.size) : at][:4] == b"PK\x06\x07" or count == 0xFFFF:
        found, limit = _wide_end(data, at, found)
    if MAX32 in (found.size, found.offset) or (exact and found.wide):
        raise Malformed("ZIP64 is not read", where="end record", remedy="keep below 4 GiB")
    if found.offset + found.size != limit:
        raise Malformed("data stands before, between or behind the entries", where="end record")
    return found


def _wide_end(data: bytes, at: int, plain: Directory) -> tuple[Directory, int]:
    """The end record of ZIP64, which must say what the plain one says wherever that says it."""
    locator = data[max(0, at - _LOCATOR.size) : at]
    if len(locator) < _LOCATOR.size or locator[:4] != b"PK\x06\x07":
        raise Malformed("ZIP64 is announced and missing", where="end record")
    _, disk, begin, disks = _LOCATOR.unpack(locator)
    record = data[begin : begin + _END64.size]
    if disk or disks > 1 or begin + _END64.size + _LOCATOR.size != at or record[:4] != b"PK\6\6":
        raise Malformed("the ZIP64 end record is damaged", where="end record")
    _, length, _, _, number, first, here, count, size, offset = _END64.unpack(record)
    if length != _END64.size - 12 or number or first or here != count:
        raise Malformed("the ZIP64 end record is damaged", where="end record")
    for small, large, full in zip(
        plain[:3], (count, size, offset), (0xFFFF, MAX32, MAX32), strict=True
    ):
        if small not in (large, full):
            raise Malformed("the two end records differ", where="end record")
    return Directory(count, size, offset, wide=True), begin


def wide_fields(extra: bytes, fields: tuple[int, ...], name: str) -> tuple[bytes, list[int]]:
    """Sizes and offset of a directory entry from its ZIP64 field; the other extra fields.

    fields: size, packed, begin as in the header. Only those that do not fit stand in the field.
    """
    at = 0
    while len(extra) - at >= _EXTRA.size:
        kind, length = _EXTRA.unpack_from(extra, at)
        body = extra[at + _EXTRA.size : at + _EXTRA.size + length]
        if kind == _ZIP64:
            needed = [value == MAX32 for value in fields]
            if len(body) != length or length != 8 * sum(needed):
                raise Malformed("the ZIP64 field is damaged", where=name)
            values = iter(struct.unpack(f"<{sum(needed)}Q", body))
            found = [
                next(values) if wide else value for wide, value in zip(needed, fields, strict=True)
            ]
            return extra[:at] + extra[at + _EXTRA.size + length :], found
        at += _EXTRA.size + length
    raise Malformed("ZIP64 is announced and missing", where=name)


def check_extra(
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
