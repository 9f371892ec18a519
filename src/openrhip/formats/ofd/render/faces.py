"""Fonts while rendering: glyphs of a font resource, its metrics, and a subset fit for embedding.

Fonts that are not embedded in the file are replaced by ours of the same kind (宋体 or 黑体 look).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import uharfbuzz as hb

from openrhip.formats.ofd.fonts import Font, loaded
from openrhip.formats.ofd.package import Package
from openrhip.formats.ofd.render.scene import FontRes
from openrhip.kernel.errors import NotFound

_SERIF_NAMES = ("宋", "song", "sun", "serif", "ming", "仿", "楷", "fang", "kai", "times")
_SANS_NAMES = ("sans", "黑", "hei", "yahei", "arial", "圆")
_FLAGS = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NO_LAYOUT_CLOSURE
_DROPPED = [
    int.from_bytes(tag.encode(), "big") for tag in ("GSUB", "GPOS", "GDEF", "DSIG", "VORG", "BASE")
]


@dataclass
class Face:
    """One font as it is drawn. `used`: glyph → the text it stands for."""

    face: hb.Face
    weight: int = 0
    used: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.shaper = hb.Font(self.face)
        if self.weight:
            self.shaper.set_variations({"wght": float(self.weight)})
        self.upem = self.face.upem or 1000
        tags = self.face.table_tags
        self.is_cff = "CFF " in tags or "CFF2" in tags
        self._glyphs: dict[str, int] = {}

    def glyph(self, char: str, index: int | None = None) -> int:
        """The glyph of a character (or the given one), marked as used; 0 if there is none."""
        found = self._glyphs.get(char) if index is None else index
        if found is None:
            found = self._glyphs[char] = self.shaper.get_nominal_glyph(ord(char)) or 0
        if found < self.face.glyph_count:
            self.used.setdefault(found, char)
            return found
        return 0

    def advance(self, glyph: int) -> float:
        """In em."""
        return float(self.shaper.get_glyph_h_advance(glyph)) / self.upem

    def subset(self) -> tuple[bytes, dict[int, int]]:
        """A font file with the used glyphs, and old glyph → new glyph (its CID for CFF)."""
        wanted = hb.SubsetInput()
        wanted.glyph_set.update(self.used)
        wanted.unicode_set.update({ord(c) for text in self.used.values() for c in text})
        wanted.layout_feature_tag_set.clear()
        wanted.drop_table_tag_set.update(_DROPPED)
        wanted.flags = _FLAGS | hb.SubsetFlags.CFF_IDENTITY_CHARSET
        if self.weight:
            wanted.pin_axis_location(self.face, "wght", float(self.weight))
            wanted.flags |= hb.SubsetFlags.DOWNGRADE_CFF2
        plan = hb.SubsetPlan(self.face, wanted)
        made = plan.execute()
        mapping = plan.old_to_new_glyph_mapping
        return bytes(made.blob.data), {old: mapping[old] for old in self.used}

    def outline(self, glyph: int) -> str:
        """The glyph as SVG path data in font units, y up."""
        parts: list[str] = []
        funcs = hb.DrawFuncs()
        funcs.set_move_to_func(lambda x, y, out: out.append(f"M{x:g} {y:g}"))
        funcs.set_line_to_func(lambda x, y, out: out.append(f"L{x:g} {y:g}"))
        funcs.set_quadratic_to_func(lambda a, b, x, y, out: out.append(f"Q{a:g} {b:g} {x:g} {y:g}"))
        funcs.set_cubic_to_func(
            lambda a, b, c, d, x, y, out: out.append(f"C{a:g} {b:g} {c:g} {d:g} {x:g} {y:g}")
        )
        funcs.set_close_path_func(lambda out: out.append("Z"))
        self.shaper.draw_glyph(glyph, funcs, parts)
        return "".join(parts)


class Faces:
    """The faces of one document, opened when first needed."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._own: dict[str, Face | None] = {}
        self._house: dict[Font, Face] = {}

    def of(self, res: FontRes, *, bold: bool = False) -> Face:
        """The face of a font resource: the embedded one, else ours."""
        key = res.part
        if key and key not in self._own:
            self._own[key] = _open(self._package, key)
        embedded = self._own.get(key) if key else None
        return embedded or self.house(_like(res, bold=bold))

    def house(self, font: Font) -> Face:
        face = self._house.get(font)
        if face is None:
            source, weight = loaded(font)
            face = self._house[font] = Face(source, weight)
        return face

    def for_char(self, res: FontRes, char: str, *, bold: bool = False) -> Face:
        """A face that has the character; the wanted one where none has."""
        wanted = self.of(res, bold=bold)
        if wanted.shaper.get_nominal_glyph(ord(char)):
            return wanted
        for font in (Font.SERIF, Font.RARE):
            face = self.house(font)
            if face.shaper.get_nominal_glyph(ord(char)):
                return face
        return wanted

    def all(self) -> list[Face]:
        """The faces that have drawn something."""
        faces = [face for face in self._own.values() if face is not None]
        return [face for face in (*faces, *self._house.values()) if face.used]


def _open(package: Package, part: str) -> Face | None:
    try:
        data = package.read(part)
    except NotFound:
        return None
    face = hb.Face(data)
    tags = set(face.table_tags)
    if not face.glyph_count or not tags & {"glyf", "CFF ", "CFF2"}:
        return None  # a bare CFF or a damaged file: ours is drawn instead
    if not face.unicodes:
        return None
    return Face(face)


def _like(res: FontRes, *, bold: bool) -> Font:
    if bold or res.bold:
        return Font.BOLD
    name = res.name.lower()
    if any(word in name for word in _SANS_NAMES):
        return Font.SANS
    if res.serif or any(word in name for word in _SERIF_NAMES):
        return Font.SERIF
    return Font.SANS if name else Font.SERIF


__all__ = ["Face", "Faces"]
