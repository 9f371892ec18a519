"""Font files of foreign packages opened, as damaged as they come (字型文件).

TrueType and OpenType with broken or missing tables, collections, bare CFF, Type 1. What HarfBuzz
cannot read is repaired first; what then has no outlines is not a font.
"""

from __future__ import annotations

import struct

import uharfbuzz as hb

from openrhip.formats.ofd.render import faces_cff, faces_sfnt, faces_type1

LARGEST = 64 << 20
_NEEDED = frozenset({"head", "maxp", "hhea", "hmtx"})


def open_font(data: bytes, names: tuple[str, ...] = ()) -> hb.Face | None:
    """The font; of a collection the one with one of the names. None if nothing can be drawn."""
    if not 16 < len(data) <= LARGEST:
        return None
    try:
        if faces_cff.looks_like(data):
            data = faces_cff.wrapped(data)
        elif faces_type1.looks_like(data):
            data = faces_type1.wrapped(data)
        return _sound(data, _chosen(data, names))
    except (faces_cff.Broken, hb.HarfBuzzError, RuntimeError, struct.error, UnicodeDecodeError):
        return None


def _sound(data: bytes, index: int) -> hb.Face | None:
    """The face as it is, or put together anew from what is usable of it."""
    face = hb.Face(data, index)
    tags = set(face.table_tags)
    outlines = "CFF " in tags or "CFF2" in tags or {"glyf", "loca"} <= tags
    if not (outlines and tags >= _NEEDED and face.glyph_count > 0 and _consistent(face)):
        parts = faces_sfnt.tables(data, index)
        if not ({"glyf", "loca"} <= parts.keys() or "CFF " in parts):
            return None
        if "CFF " in parts:
            font = faces_cff.wrapped(parts["CFF "])
            parts = {**faces_sfnt.tables(font), **{t: parts[t] for t in ("cmap",) if t in parts}}
        face = hb.Face(faces_sfnt.build(faces_sfnt.completed(parts)))
    return face if face.glyph_count > 0 else None


def _consistent(face: hb.Face) -> bool:
    """Whether maxp and loca agree: HarfBuzz draws nothing where loca is too short."""
    tags = face.table_tags
    if "glyf" not in tags:
        return True
    head = bytes(face.reference_table("head").data)
    loca = len(face.reference_table("loca").data)
    if len(head) < 54:
        return False
    each = 4 if struct.unpack_from(">h", head, 50)[0] else 2
    return bool(loca // each - 1 == face.glyph_count)


def _chosen(data: bytes, names: tuple[str, ...]) -> int:
    count = faces_sfnt.faces_in(data)
    if count == 1:
        return 0
    wanted = {_squeezed(name) for name in names if name}
    for index in range(count):
        face = hb.Face(data, index)
        for number in (1, 4, 6, 16):
            for name in (face.get_name(number, "zh"), face.get_name(number, "en")):
                if name and _squeezed(name) in wanted:
                    return index
    return 0


def _squeezed(name: str) -> str:
    return name.lower().replace(" ", "").replace("-", "").replace("_", "")
