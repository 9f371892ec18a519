"""Fonts in a PDF: Type 0 with the used glyphs, and the way back from glyph to text.

The codes in the text are the glyphs' numbers in the whole font: so text can be written before it
is known which glyphs the document will use. A subset of a small font keeps the numbers; one of a
large font has its own, which an embedded CMap leads to (ISO 32000-1 §9.7).
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
)
_KEEP = 3000  # glyphs of a font whose subsets keep their numbers
_DROPPED = [
    int.from_bytes(tag.encode(), "big")
    for tag in ("GSUB", "GPOS", "GDEF", "DSIG", "VORG", "BASE", "kern", "EBDT", "EBLC", "hdmx",
                "name", "cmap", "vhea", "vmtx", "STAT", "meta")
]  # fmt: skip


def embed(file: File, face: Face, label: str, number: int) -> None:
    """Write the face as object `number`: a Type 0 font with its used glyphs."""
    face.used.setdefault(0, "")
    data, places = _subset(face)
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
        f"<</Type/Font/Subtype/{kind}/BaseFont/{name}/CIDSystemInfo{_SYSTEM}"
        f"/FontDescriptor {descriptor} 0 R/DW 1000/W[{_widths(face, places)}]>>"
    )
    names = file.stream("", to_unicode(face.used))
    encoding = "/Identity-H"
    if places is not None:
        head = f"/Type/CMap/CMapName/OFD-{label}/CIDSystemInfo{_SYSTEM}"
        encoding = f" {file.stream(head, _code_map(places, label))} 0 R"
    file.put(
        f"<</Type/Font/Subtype/Type0/BaseFont/{name}/Encoding{encoding}"
        f"/DescendantFonts[{below} 0 R]/ToUnicode {names} 0 R>>",
        number,
    )


_SYSTEM = "<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"


def _subset(face: Face) -> tuple[bytes, dict[int, int] | None]:
    """The font file with the used glyphs alone; where they are in it, if not where they were."""
    wanted = hb.SubsetInput()
    wanted.glyph_set.update(face.used)
    wanted.layout_feature_tag_set.clear()
    wanted.drop_table_tag_set.update(_DROPPED)
    keep = face.count <= _KEEP
    flags = _FLAGS | hb.SubsetFlags.RETAIN_GIDS if keep else _FLAGS
    if face.weight:
        wanted.pin_axis_location(face.face, "wght", float(face.weight))
        flags |= hb.SubsetFlags.DOWNGRADE_CFF2
    wanted.flags = flags
    try:
        plan = hb.SubsetPlan(face.face, wanted)
        made = plan.execute()
    except (RuntimeError, hb.HarfBuzzError):  # tables that no subset can be made of
        return bytes(face.face.blob.data), None
    data = bytes(made.blob.data)
    if keep:
        return data, None
    moved = dict(plan.old_to_new_glyph_mapping.items())
    return data, {glyph: moved.get(glyph, 0) for glyph in face.used}


def _widths(face: Face, places: dict[int, int] | None) -> str:
    """Widths in 1/1000 em, neighbours together."""
    out: list[str] = []
    last = -2
    listed = sorted((places[g], g) for g in face.used) if places else [(g, g) for g in face.used]
    for place, glyph in sorted(listed):
        word = n(round(face.advance(glyph) * 1000, 1))
        out.append(f" {word}" if place == last + 1 else f"{']' if out else ''}{place}[{word}")
        last = place
    return "".join(out) + "]"


def _blocks(lines: list[str], kind: str) -> str:
    return "".join(
        f"{len(part)} begin{kind}\n" + "\n".join(part) + f"\nend{kind}\n"
        for part in (lines[i : i + 100] for i in range(0, len(lines), 100))
    )


def _code_map(places: dict[int, int], label: str) -> bytes:
    """A CMap from codes to the numbers in the subset (ISO 32000-1 §9.7.5)."""
    lines = [f"<{code:04x}> {place}" for code, place in sorted(places.items())]
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        f"/CIDSystemInfo {_SYSTEM.replace('<<', '<< ')} def\n/CMapName /OFD-{label} def"
        " /CMapType 1 def\n1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{_blocks(lines, 'cidchar')}endcmap"
        " CMapName currentdict /CMap defineresource pop end end\n"
    ).encode("ascii")


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
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{_blocks(lines, 'bfchar')}endcmap CMapName currentdict /CMap defineresource pop end end\n"
    ).encode("ascii")
