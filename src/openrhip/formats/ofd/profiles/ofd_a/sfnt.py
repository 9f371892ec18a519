"""Font files as tables (OpenType): which they have, and adding small ones that are missing.

Sources: OpenType 1.9 (font file, cmap, name, OS/2, post); GB/T 42133-2022 6.2.6c (tables kept).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from openrhip.kernel.errors import Malformed

_DIRECTORY = struct.Struct(">4sHHHH")
_RECORD = struct.Struct(">4sIII")
_MOST = 64
ALWAYS = ("cmap", "head", "hhea", "hmtx", "maxp", "name", "OS/2", "post")
TRUETYPE = ("glyf", "loca")
_VERSIONS = (b"\0\1\0\0", b"OTTO", b"true")


def is_sfnt(data: bytes) -> bool:
    return data[:4] in _VERSIONS


def tables(data: bytes) -> dict[str, bytes]:
    """Tag → table. Raises Malformed for anything that is not one whole font."""
    if not is_sfnt(data) or len(data) < _DIRECTORY.size:
        raise Malformed("no OpenType font", where="font", remedy="embed an OpenType font")
    count = _DIRECTORY.unpack_from(data)[1]
    if not 0 < count <= _MOST or len(data) < _DIRECTORY.size + count * _RECORD.size:
        raise Malformed("a font with a broken directory", where="font")
    found: dict[str, bytes] = {}
    for at in range(count):
        tag, _, offset, size = _RECORD.unpack_from(data, _DIRECTORY.size + at * _RECORD.size)
        if offset + size > len(data):
            raise Malformed("a font table outside of the file", where="font")
        found[tag.decode("latin-1").rstrip()] = data[offset : offset + size]
    return found


def lacking(data: bytes) -> tuple[str, ...]:
    """The tables that an archived subset needs and this one lacks.

    The list of the standard is that of TrueType outlines; with CFF outlines the table CFF stands
    for glyf and loca. Raises Malformed.
    """
    have = tables(data)
    outlines = () if "CFF" in have or "CFF2" in have else TRUETYPE
    return tuple(name for name in (*ALWAYS, *outlines) if name not in have)


def assemble(version: bytes, parts: Mapping[str, bytes]) -> bytes:
    """A font file of these tables; checksums right."""
    listed = sorted((tag.ljust(4).encode("latin-1"), body) for tag, body in parts.items())
    power = max(len(listed).bit_length() - 1, 0)
    search = 16 << power
    head = _DIRECTORY.pack(version, len(listed), search, power, len(listed) * 16 - search)
    offset = len(head) + _RECORD.size * len(listed)
    records, bodies, head_at = [], [], -1
    for tag, body in listed:
        if tag == b"head" and len(body) >= 12:
            body = body[:8] + bytes(4) + body[12:]  # noqa: PLW2901 -- its sum is over the whole
            head_at = offset
        records.append(_RECORD.pack(tag, _sum(body), offset, len(body)))
        bodies.append(body + bytes(-len(body) % 4))
        offset += len(bodies[-1])
    whole = bytearray(b"".join((head, *records, *bodies)))
    if head_at >= 0:
        struct.pack_into(">I", whole, head_at + 8, (0xB1B0AFBA - _sum(bytes(whole))) & 0xFFFFFFFF)
    return bytes(whole)


def _sum(data: bytes) -> int:
    padded = data + bytes(-len(data) % 4)
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}I", padded)
    return sum(words) & 0xFFFFFFFF


def completed(data: bytes, *, name: str, glyphs: Mapping[int, int]) -> bytes:
    """The font with cmap, name, OS/2 and post where it lacks them. glyphs: code point → glyph.

    Raises Malformed if it lacks what cannot be made up.
    """
    have = tables(data)
    hard = [tag for tag in lacking(data) if tag not in ("cmap", "name", "OS/2", "post")]
    if hard:
        raise Malformed(f"a font without {' '.join(hard)}", where="font")
    made = dict(have)
    made.setdefault("cmap", _cmap(glyphs))
    made.setdefault("name", _name(name))
    made.setdefault("OS/2", _os2(have, glyphs))
    made.setdefault("post", struct.pack(">IIhhIIIII", 0x00030000, 0, -100, 50, 0, 0, 0, 0, 0))
    return data if made.keys() == have.keys() else assemble(data[:4], made)


def _cmap(glyphs: Mapping[int, int]) -> bytes:
    """Format 12: one group for each run of codes whose glyphs run along."""
    groups: list[list[int]] = []
    for code, glyph in sorted(glyphs.items()):
        last = groups[-1] if groups else None
        if last and code == last[1] + 1 and glyph == last[2] + code - last[0]:
            last[1] = code
        else:
            groups.append([code, code, glyph])
    body = b"".join(struct.pack(">III", *group) for group in groups)
    table = struct.pack(">HHIII", 12, 0, 16 + len(body), 0, len(groups)) + body
    return struct.pack(">HHHHI", 0, 1, 3, 10, 12) + table


def _name(text: str) -> bytes:
    """Family, style, full and PostScript name in Windows Unicode."""
    plain = "".join(char for char in text if char.isascii() and char.isalnum()) or "Embedded"
    words = ((1, text), (2, "Regular"), (4, text), (6, plain[:63]))
    strings, records = b"", b""
    for number, word in words:
        encoded = word[:120].encode("utf-16-be", "replace")
        records += struct.pack(">6H", 3, 1, 0x409, number, len(encoded), len(strings))
        strings += encoded
    return struct.pack(">HHH", 0, len(words), 6 + len(records)) + records + strings


def _os2(have: Mapping[str, bytes], glyphs: Mapping[int, int]) -> bytes:
    """Version 4 with the metrics of hhea."""
    hhea = have["hhea"]
    if len(hhea) < 10:
        raise Malformed("a font table is too short", where="font/hhea")
    ascent, descent, gap = struct.unpack_from(">hhh", hhea, 4)
    codes = sorted(code for code in glyphs if code <= 0xFFFF) or [0x20]
    return b"".join(
        (
            struct.pack(">HhHHH", 4, 1000, 400, 5, 0),
            struct.pack(">11h", 650, 600, 0, 75, 650, 600, 0, 350, 50, 250, 0),
            bytes(10),
            struct.pack(">4I", 0, 0, 0, 0),
            b"NONE",
            struct.pack(">HHH", 0x40, codes[0], codes[-1]),
            struct.pack(">hhhHH", ascent, descent, gap, max(ascent, 0), max(-descent, 0)),
            struct.pack(">2I", 0, 0),
            struct.pack(">hhHHH", 500, 700, 0, 0x20, 0),
        )
    )
