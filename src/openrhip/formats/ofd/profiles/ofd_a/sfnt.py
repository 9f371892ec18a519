"""Font files of archived copies: which tables they need, and the small ones made up (6.2.6c).

Sources: OpenType 1.9 (font file, cmap, name, OS/2, post); GB/T 42133-2022 6.2.6c (tables kept).
"""

from __future__ import annotations

from collections.abc import Mapping

import uharfbuzz as hb

from openrhip.formats.ofd.render import faces_open, faces_sfnt
from openrhip.kernel.errors import Malformed

ALWAYS = ("cmap", "head", "hhea", "hmtx", "maxp", "name", "OS/2", "post")
TRUETYPE = ("glyf", "loca")
_COMPACT = ("CFF ", "CFF2")


def tables(data: bytes) -> dict[str, bytes]:
    """Tag → table. Raises Malformed for anything that is not an OpenType font."""
    found = faces_sfnt.tables(data)
    if not found:
        raise Malformed("no OpenType font", where="font", remedy="embed an OpenType font")
    return found


def lacking(data: bytes) -> tuple[str, ...]:
    """The tables that an archived subset needs and this one lacks.

    The list of the standard is that of TrueType outlines; with CFF outlines the table CFF stands
    for glyf and loca. Raises Malformed.
    """
    have = tables(data)
    outlines = () if any(tag in have for tag in _COMPACT) else TRUETYPE
    return tuple(name for name in (*ALWAYS, *outlines) if name not in have)


def opened(data: bytes, name: str) -> tuple[hb.Face, bytes]:
    """A font as it comes (TrueType, OpenType, bare CFF, Type 1), and its bytes as OpenType.

    Raises Malformed if nothing can be drawn with it.
    """
    face = faces_open.open_font(data, (name,))
    if face is None:
        raise Malformed("a font without outlines", where="font", remedy="embed another font")
    return face, bytes(face.blob.data)


def completed(data: bytes, *, name: str, glyphs: Mapping[int, int]) -> bytes:
    """The font with cmap, name, OS/2 and post where it lacks them. glyphs: code point → glyph."""
    have = tables(data)
    missing = [tag for tag in lacking(data) if tag in ("cmap", "name", "OS/2", "post", "glyf")]
    if not missing:
        return data
    head = have.get("head", b"")
    upem = int.from_bytes(head[18:20], "big") or 1000
    made = dict(have)
    for tag in missing:
        if tag == "cmap":
            made[tag] = faces_sfnt.cmap(glyphs or {0x20: 0})
        elif tag == "name":
            made[tag] = faces_sfnt.name(name[:60])
        elif tag == "OS/2":
            made[tag] = faces_sfnt.os2(upem, sorted(glyphs) or [0x20])
        elif tag == "glyf":
            made[tag] = bytes(2)  # nothing that is used leaves ink: loca is all zero
        else:
            made[tag] = faces_sfnt.post()
    return faces_sfnt.build(made)
