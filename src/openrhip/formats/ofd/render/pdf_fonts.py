"""Fonts in a PDF: Type 0 with the used glyphs, and the way back from glyph to text.

Glyphs keep the numbers they have in the font, which are the codes in the text: so text can be
written before it is known which glyphs the document will use (ISO 32000-1 §9.7).
"""

from __future__ import annotations

import zlib

import uharfbuzz as hb

from openrhip.formats.ofd.render.faces import Face
from openrhip.formats.ofd.render.pdf_file import File, n

_FLAGS = (
    hb.SubsetFlags.NO_HINTING
    | hb.SubsetFlags.NO_LAYOUT_CLOSURE
    | hb.SubsetFlags.CFF_IDENTITY_CHARSET
    | hb.SubsetFlags.RETAIN_GIDS
)
_DROPPED = [
    int.from_bytes(tag.encode(), "big")
    for tag in ("GSUB", "GPOS", "GDEF", "DSIG", "VORG", "BASE", "kern", "EBDT", "EBLC", "hdmx",
                "name", "cmap", "vhea", "vmtx", "STAT", "meta")
]  # fmt: skip


def embed(file: File, face: Face, label: str, number: int) -> None:
    """Write the face as object `number`: a Type 0 font with its used glyphs."""
    face.used.setdefault(0, "")
    data = _subset(face)
    name = f"{_tag(data)}+{label}"
    if face.is_cff:
        program = file.stream("/Subtype/OpenType", data)
    else:
        program = file.stream(f"/Length1 {len(data)}", data)
    descriptor = file.put(
        f"<</Type/FontDescriptor/FontName/{name}/Flags 4/FontBBox[-200 -300 1200 1100]"
        "/ItalicAngle 0/Ascent 880/Descent -120/CapHeight 733/StemV 80"
        f"/{'FontFile3' if face.is_cff else 'FontFile2'} {program} 0 R>>"
    )
    kind = "CIDFontType0" if face.is_cff else "CIDFontType2/CIDToGIDMap/Identity"
    below = file.put(
        f"<</Type/Font/Subtype/{kind}/BaseFont/{name}/CIDSystemInfo<</Registry(Adobe)"
        f"/Ordering(Identity)/Supplement 0>>/FontDescriptor {descriptor} 0 R/DW 1000"
        f"/W[{_widths(face)}]>>"
    )
    names = file.stream("", to_unicode(face.used))
    file.put(
        f"<</Type/Font/Subtype/Type0/BaseFont/{name}/Encoding/Identity-H"
        f"/DescendantFonts[{below} 0 R]/ToUnicode {names} 0 R>>",
        number,
    )


def _subset(face: Face) -> bytes:
    """The font file with the used glyphs alone, under their own numbers."""
    wanted = hb.SubsetInput()
    wanted.glyph_set.update(face.used)
    wanted.layout_feature_tag_set.clear()
    wanted.drop_table_tag_set.update(_DROPPED)
    wanted.flags = _FLAGS
    if face.weight:
        wanted.pin_axis_location(face.face, "wght", float(face.weight))
        wanted.flags = _FLAGS | hb.SubsetFlags.DOWNGRADE_CFF2
    try:
        made = wanted.subset(face.face)
    except (RuntimeError, hb.HarfBuzzError):  # tables that no subset can be made of
        made = face.face
    return bytes(made.blob.data)


def _widths(face: Face) -> str:
    """Widths in 1/1000 em, neighbours together."""
    out: list[str] = []
    last = -2
    for glyph in sorted(face.used):
        word = n(round(face.advance(glyph) * 1000, 1))
        out.append(f" {word}" if glyph == last + 1 else f"{']' if out else ''}{glyph}[{word}")
        last = glyph
    return "".join(out) + "]"


def _tag(data: bytes) -> str:
    """Six letters that name the subset (ISO 32000-1 §9.6.4)."""
    value = zlib.crc32(data)
    return "".join(chr(65 + value // 26**i % 26) for i in range(6))


def to_unicode(codes: dict[int, str]) -> bytes:
    """A ToUnicode CMap (ISO 32000-1 §9.10.3)."""
    lines = [
        f"<{code:04x}> <{text.encode('utf-16-be', 'replace').hex()}>"
        for code, text in sorted(codes.items())
        if text
    ]
    blocks = "".join(
        f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar\n"
        for part in (lines[i : i + 100] for i in range(0, len(lines), 100))
    )
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{blocks}endcmap CMapName currentdict /CMap defineresource pop end end\n"
    ).encode("ascii")
