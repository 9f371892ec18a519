"""Font files taken apart and put together again (sfnt): tables that lack are made up.

For fonts of foreign files: a wrong length, no hmtx, no head, more glyphs in loca than maxp admits.
And for the browser, which wants every table and a cmap that says which glyph each character is.
Sources: OpenType 1.9 (head, hhea, hmtx, maxp, cmap, OS/2, post, name).
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Mapping

_MAGIC = (b"\0\1\0\0", b"true", b"OTTO", b"typ1")
_MOST_TABLES = 100
_MOST_FACES = 64


def faces_in(data: bytes) -> int:
    """How many fonts the file holds: several in a TrueType collection."""
    if data[:4] != b"ttcf" or len(data) < 16:
        return 1
    return int(min(max(struct.unpack_from(">I", data, 8)[0], 1), _MOST_FACES))


def tables(data: bytes, index: int = 0) -> dict[str, bytes]:
    """The tables of a font as far as the file has them; empty if it is no sfnt."""
    try:
        at = struct.unpack_from(">I", data, 12 + 4 * index)[0] if data[:4] == b"ttcf" else 0
        if data[at : at + 4] not in _MAGIC:
            return {}
        count = min(struct.unpack_from(">H", data, at + 4)[0], _MOST_TABLES)
        found: dict[str, bytes] = {}
        for number in range(count):
            tag, _, start, size = struct.unpack_from(">4sIII", data, at + 12 + 16 * number)
            content = data[start : start + size]
            if content:
                found.setdefault(tag.decode("latin-1"), content)
    except struct.error:
        return {}
    return found


def build(parts: Mapping[str, bytes]) -> bytes:
    """A font file of these tables."""
    flavour = b"OTTO" if "CFF " in parts or "CFF2" in parts else b"\0\1\0\0"
    count = len(parts)
    power = max(count.bit_length() - 1, 0)
    reach = 16 << power
    head = struct.pack(">4sHHHH", flavour, count, reach, power, count * 16 - reach)
    at = 12 + 16 * count
    listed: list[bytes] = []
    body: list[bytes] = []
    for tag in sorted(parts):
        content = parts[tag]
        padded = content + b"\0" * (-len(content) % 4)
        listed.append(struct.pack(">4sIII", tag.encode("latin-1"), _sum(padded), at, len(content)))
        body.append(padded)
        at += len(padded)
    return head + b"".join(listed) + b"".join(body)


def _sum(padded: bytes) -> int:
    words = array("I", padded)
    if sys.byteorder == "little":
        words.byteswap()
    return sum(words) & 0xFFFFFFFF


def completed(parts: dict[str, bytes], *, upem: int = 0, count: int = 0) -> dict[str, bytes]:
    """With head, maxp, hhea and hmtx, made up where they lack or cannot be true."""
    made = dict(parts)
    upem = upem or _upem(parts.get("head", b""))
    glyf, loca = parts.get("glyf", b""), parts.get("loca", b"")
    long = _long_offsets(parts.get("head", b""), glyf, loca)
    count = count or min(len(loca) // (4 if long else 2) - 1, 0xFFFF)
    count = count if count > 0 else _count(parts.get("maxp", b""))
    if len(made.get("head", b"")) < 54:
        made["head"] = head(upem, long)
    if _count(made.get("maxp", b"")) != count:
        old = made.get("maxp", b"")
        if len(old) >= 32:
            made["maxp"] = old[:4] + struct.pack(">H", count) + old[6:]
        else:
            made["maxp"] = maxp(count, outlines=bool(glyf))
    if len(made.get("hhea", b"")) < 36 or len(made.get("hmtx", b"")) < 4:
        made["hhea"] = hhea(upem, 1)
        made["hmtx"] = struct.pack(">Hh", upem, 0) + b"\0\0" * max(count - 1, 0)
    return made


def _upem(table: bytes) -> int:
    upem = int(struct.unpack_from(">H", table, 18)[0]) if len(table) >= 20 else 0
    return upem if 16 <= upem <= 16384 else 1000


def _count(table: bytes) -> int:
    return int(struct.unpack_from(">H", table, 4)[0]) if len(table) >= 6 else 0


def _long_offsets(table: bytes, glyf: bytes, loca: bytes) -> bool:
    if len(table) >= 54:
        return bool(struct.unpack_from(">h", table, 50)[0])
    return len(loca) >= 4 and struct.unpack_from(">I", loca, len(loca) - 4)[0] == len(glyf)


def head(upem: int, long: bool = False) -> bytes:
    return struct.pack(
        ">IIIIHHqqhhhhHHhhh",
        0x10000, 0x10000, 0, 0x5F0F3CF5, 3, upem, 0, 0,
        -upem // 5, -upem // 3, upem * 6 // 5, upem * 11 // 10, 0, 8, 2, int(long), 0,
    )  # fmt: skip


def maxp(count: int, *, outlines: bool) -> bytes:
    if not outlines:
        return struct.pack(">IH", 0x5000, count)
    return struct.pack(">IH13H", 0x10000, count, 0xFFF, 0xFF, 0xFFF, 0xFF, 2, *[0] * 6, 0xFF, 8)


def hhea(upem: int, metrics: int) -> bytes:
    up, down = upem * 88 // 100, -upem * 12 // 100
    return struct.pack(">IhhhH11hH", 0x10000, up, down, 0, upem, *[0] * 11, metrics)


def cmap(glyphs: Mapping[int, int]) -> bytes:
    """Unicode → glyph as a table with one subtable of format 12 and, for the plane 0, of 4."""
    codes = sorted(glyphs)
    groups: list[list[int]] = []
    for code in codes:
        last = groups[-1] if groups else None
        if last and code == last[1] + 1 and glyphs[code] == last[2] + code - last[0]:
            last[1] = code
        else:
            groups.append([code, code, glyphs[code]])
    body = b"".join(struct.pack(">III", *group) for group in groups)
    wide = struct.pack(">HHIII", 12, 0, 16 + len(body), 0, len(groups)) + body
    narrow = _format4([g for g in groups if g[1] <= 0xFFFE])
    records = [(3, 1, narrow), (3, 10, wide)] if narrow else [(3, 10, wide)]
    at = 4 + 8 * len(records)
    out = struct.pack(">HH", 0, len(records))
    for platform, encoding, table in records:
        out += struct.pack(">HHI", platform, encoding, at)
        at += len(table)
    return out + b"".join(table for _, _, table in records)


def _format4(groups: list[list[int]]) -> bytes:
    if not 0 < len(groups) < 8000:
        return b""
    segments = [*groups, [0xFFFF, 0xFFFF, 0]]
    count = len(segments)
    power = count.bit_length() - 1
    reach = 2 << power
    deltas = [(g - a) & 0xFFFF for a, _, g in segments]
    deltas[-1] = 1
    size = 16 + 8 * count
    return struct.pack(
        f">7H{count}HH{count}H{count}H{count}H",
        4, size, 0, count * 2, reach, power, count * 2 - reach,
        *(b for _, b, _ in segments), 0, *(a for a, _, _ in segments), *deltas, *[0] * count,
    )  # fmt: skip


def os2(upem: int, codes: list[int]) -> bytes:
    """Version 3 with plain values."""
    first, last = (min(codes[0], 0xFFFF), min(codes[-1], 0xFFFF)) if codes else (32, 32)
    up, down = upem * 88 // 100, upem * 12 // 100
    return struct.pack(
        ">HhHHH10hh10sIIII4sHHHhhhHHIIhhHHH",
        3, upem, 400, 5, 0, *[upem // 2] * 8, upem // 20, upem // 3, 0, b"\0" * 10,
        1, 1 << 27, 0, 0, b"OFD ", 0x40, first, last, up, -down, 0, up, down, 1, 0,
        upem // 2, upem * 7 // 10, 0, 32, 1,
    )  # fmt: skip


def post() -> bytes:
    return struct.pack(">IIhhIIIII", 0x30000, 0, -100, 50, 0, 0, 0, 0, 0)


def name(family: str) -> bytes:
    words = [(1, family), (2, "Regular"), (4, family), (6, family)]
    texts = [text.encode("utf-16-be") for _, text in words]
    out = struct.pack(">HHH", 0, len(words), 6 + 12 * len(words))
    at = 0
    for (number, _), text in zip(words, texts, strict=True):
        out += struct.pack(">HHHHHH", 3, 1, 0x409, number, len(text), at)
        at += len(text)
    return out + b"".join(texts)


def for_web(data: bytes, glyphs: Mapping[int, int], family: str) -> bytes:
    """A subset as browsers take it: with all tables they ask for, and this cmap."""
    kept = ("CFF ", "glyf", "loca", "head", "hhea", "hmtx", "maxp", "cvt ", "fpgm", "prep", "gasp")
    parts = {tag: content for tag, content in tables(data).items() if tag in kept}
    parts = completed(parts, count=_count(tables(data).get("maxp", b"")))
    upem = _upem(parts["head"])
    parts["cmap"] = cmap(glyphs)
    parts["OS/2"] = os2(upem, sorted(glyphs))
    parts["post"], parts["name"] = post(), name(family)
    return build(parts)
