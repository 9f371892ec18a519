"""A plain ZIP writer (APPNOTE 6.3.10): fixed times, known order, the same bytes every time."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

_LOCAL = struct.Struct("<IHHHHHIIIHH")
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_END = struct.Struct("<IHHHHIIH")
_DATE = (1980 - 1980) << 9 | 1 << 5 | 1
_UTF8 = 0x800
_STORED, _DEFLATED = 0, 8
_LEVEL = 6
_PACKED = (".otf", ".ttf", ".png", ".jpg", ".jpeg")  # does not shrink enough to be worth the time


def pack(parts: Iterable[tuple[str, bytes]]) -> bytes:
    """A ZIP file of the parts in their order."""
    out: list[bytes] = []
    central: list[bytes] = []
    offset = 0
    for name, data in parts:
        raw = name.encode()
        flags = 0 if raw.isascii() else _UTF8
        method, body = _STORED, data
        if not name.endswith(_PACKED) and len(data) > 64:
            squeezer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
            squeezed = squeezer.compress(data) + squeezer.flush()
            if len(squeezed) < len(data):
                method, body = _DEFLATED, squeezed
        crc = zlib.crc32(data)
        facts = (20, flags, method, 0, _DATE, crc, len(body), len(data), len(raw))
        out += (_LOCAL.pack(0x04034B50, *facts, 0), raw, body)
        central.append(_CENTRAL.pack(0x02014B50, 20, *facts, 0, 0, 0, 0, 0, offset) + raw)
        offset += 30 + len(raw) + len(body)
    table = b"".join(central)
    end = _END.pack(0x06054B50, 0, 0, len(central), len(central), len(table), offset, 0)
    return b"".join((*out, table, end))
