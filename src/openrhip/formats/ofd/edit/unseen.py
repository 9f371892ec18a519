"""A font whose glyphs are next to nothing (隐形字体): text that is there to be found, not seen.

Recognised text lies over its scan. It is not filled (Fill="false"); a reader that fills it all the
same draws specks of a thousandth of the type size. Source: OpenType 1.9 (glyf, loca).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from openrhip.formats.ofd.edit.book import FontLook
from openrhip.formats.ofd.render import faces_sfnt

LOOK = FontLook("OpenRHIP Unseen", "OpenRHIP Unseen")
_UPEM = 1000
_MOST = 65_000


def font(characters: Iterable[str]) -> bytes:
    """A font file in which each of these characters has a glyph of its own, all alike: a
    converter that goes by glyphs can still tell them apart."""
    codes = sorted({ord(char) for char in characters} - {0})[:_MOST] or [32]
    speck, count = _triangle(), len(codes) + 1
    tables = {
        "glyf": speck * count,
        "loca": struct.pack(f">{count + 1}I", *(at * len(speck) for at in range(count + 1))),
        "head": faces_sfnt.head(_UPEM, long=True),
        "maxp": faces_sfnt.maxp(count, outlines=True),
        "hhea": faces_sfnt.hhea(_UPEM, 1),
        "hmtx": struct.pack(">Hh", _UPEM, 0) + b"\0\0" * (count - 1),
        "cmap": faces_sfnt.cmap({code: at for at, code in enumerate(codes, 1)}),
        "OS/2": faces_sfnt.os2(_UPEM, codes),
        "post": faces_sfnt.post(),
        "name": faces_sfnt.name(LOOK.name),
    }
    return faces_sfnt.build(tables)


def _triangle() -> bytes:
    """A glyph of one contour with the corners 0 0, 1 0, 0 1."""
    head = struct.pack(">hhhhh", 1, 0, 0, 1, 1)
    flags = bytes((0x31, 0x33, 0x27))
    body = struct.pack(">HH", 2, 0) + flags + bytes((1, 1, 1))
    glyph = head + body
    return glyph + b"\0" * (-len(glyph) % 4)
