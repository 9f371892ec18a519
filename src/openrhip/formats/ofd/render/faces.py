"""Fonts while rendering: glyphs of a font resource, its metrics, and a subset fit for embedding.

Fonts that are not embedded in the file are replaced by ours of the same kind (宋体 or 黑体 look).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import uharfbuzz as hb

from openrhip.formats.ofd.fonts import Font, loaded
from openrhip.formats.ofd.package import Package
from openrhip.formats.ofd.render.scene import FontRes, Glyph, TextItem
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
        self.drawable = self.face.glyph_count > 0 and (self.is_cff or "glyf" in tags)
        self._glyphs: dict[str, int] = {}

    def lookup(self, char: str) -> int:
        """The glyph of a character, 0 if there is none."""
        found = self._glyphs.get(char)
        if found is None:
            found = self._glyphs[char] = self.shaper.get_nominal_glyph(ord(char)) or 0
        return found

    def use(self, glyph: int, char: str) -> int:
        """Note that the glyph is drawn, and for what."""
        self.used.setdefault(glyph, char)
        return glyph

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
        try:
            plan = hb.SubsetPlan(self.face, wanted)
            made = plan.execute()
        except (RuntimeError, hb.HarfBuzzError):  # tables that no subset can be made of
            return bytes(self.face.blob.data), {old: old for old in self.used}
        mapping = dict(plan.old_to_new_glyph_mapping.items())
        return bytes(made.blob.data), {old: mapping.get(old, 0) for old in self.used}

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

    def pick(self, item: TextItem, glyph: Glyph) -> tuple[Face, int]:
        """The face and glyph number to draw.

        A number fixed by the file counts only in the font of the file; else the character is
        looked up there, in ours of the same kind, and in those with more characters.
        """
        own = self._embedded(item.font.part)
        if own is not None:
            if glyph.index is not None and glyph.index < own.face.glyph_count:
                return own, own.use(glyph.index, glyph.char)
            if number := own.lookup(glyph.char):
                return own, own.use(number, glyph.char)
        wanted = self.house(_like(item.font, bold=item.bold))
        for face in (wanted, self.house(Font.SERIF), self.house(Font.RARE)):
            if number := face.lookup(glyph.char):
                return face, face.use(number, glyph.char)
        return wanted, wanted.use(0, glyph.char)

    def _embedded(self, part: str) -> Face | None:
        if part and part not in self._own:
            self._own[part] = _open(self._package, part)
        return self._own.get(part)

    def house(self, font: Font) -> Face:
        face = self._house.get(font)
        if face is None:
            source, weight = loaded(font)
            face = self._house[font] = Face(source, weight)
        return face


def _open(package: Package, part: str) -> Face | None:
    try:
        data = package.read(part)
    except NotFound:
        return None
    try:
        face = Face(hb.Face(data))
    except (hb.HarfBuzzError, RuntimeError, UnicodeDecodeError):
        return None
    return face if face.drawable else None  # a bare CFF or a damaged file: ours is drawn instead


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
