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


def font(characters: Iterable[str]) -> bytes:
    """A font file in which all these characters have the one glyph."""
    codes = sorted({ord(char) for char in characters} - {0})
    speck = _triangle()
    tables = {
        "glyf": speck + speck,
        "loca": struct.pack(">HHH", 0, len(speck) // 2, len(speck)),
        "head": faces_sfnt.head(_UPEM),
        "maxp": faces_sfnt.maxp(2, outlines=True),
        "hhea": faces_sfnt.hhea(_UPEM, 1),
        "hmtx": struct.pack(">Hhh", _UPEM, 0, 0),
        "cmap": faces_sfnt.cmap(dict.fromkeys(codes or [32], 1)),
        "OS/2": faces_sfnt.os2(_UPEM, codes or [32]),
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
