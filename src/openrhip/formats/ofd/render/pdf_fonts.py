"""Fonts in a PDF: Type 0 with the used glyphs, and the way back from glyph to text."""

from __future__ import annotations

import zlib
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream

from openrhip.formats.ofd.render.faces import Face


def embed(pdf: Pdf, face: Face, name: str) -> tuple[Dictionary, dict[int, int]]:
    """The face as a Type 0 font with its used glyphs; old glyph → code."""
    face.used.setdefault(0, "")
    data, mapping = face.subset()
    label = f"{_tag(data)}+{name}"
    file = Stream(pdf, zlib.compress(data, 6))
    file.Filter = Name.FlateDecode
    if face.is_cff:
        file.Subtype = Name.OpenType
    else:
        file.Length1 = len(data)
    box: Any = [-200, -300, 1200, 1100]
    descriptor = Dictionary(
        Type=Name.FontDescriptor, FontName=Name(f"/{label}"), Flags=4,
        FontBBox=Array(box), ItalicAngle=0, Ascent=880, Descent=-120,
        CapHeight=733, StemV=80,
    )  # fmt: skip
    descriptor["/FontFile3" if face.is_cff else "/FontFile2"] = pdf.make_indirect(file)
    widths: list[Any] = []
    for old, new in sorted(mapping.items(), key=lambda pair: pair[1]):
        widths += [new, Array(width(face, old))]
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType0 if face.is_cff else Name.CIDFontType2,
        BaseFont=Name(f"/{label}"),
        CIDSystemInfo=Dictionary(
            Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String("Identity"), Supplement=0
        ),
        FontDescriptor=pdf.make_indirect(descriptor),
        DW=1000,
        W=Array(widths),
    )
    if not face.is_cff:
        descendant.CIDToGIDMap = Name.Identity
    names = Stream(pdf, to_unicode({mapping[old]: text for old, text in face.used.items()}))
    font = Dictionary(
        Type=Name.Font, Subtype=Name.Type0, BaseFont=Name(f"/{label}"),
        Encoding=Name("/Identity-H"), DescendantFonts=Array([pdf.make_indirect(descendant)]),
        ToUnicode=pdf.make_indirect(names),
    )  # fmt: skip
    return pdf.make_indirect(font), mapping


def width(face: Face, glyph: int) -> Any:
    """A glyph's width in 1/1000 em, alone in a list."""
    return [round(face.advance(glyph) * 1000, 1)]


def _tag(data: bytes) -> str:
    """Six letters that name the subset (ISO 32000-1 §9.6.4)."""
    value = zlib.crc32(data)
    return "".join(chr(65 + value // 26**i % 26) for i in range(6))


def to_unicode(codes: dict[int, str]) -> bytes:
    """A ToUnicode CMap (ISO 32000-1 §9.10.3)."""
    lines = [
        f"<{code:04x}> <{text.encode('utf-16-be').hex()}>"
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
