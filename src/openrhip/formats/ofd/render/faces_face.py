"""One font as it is drawn: lookups, advances, outlines, and a subset fit for embedding."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Any

import uharfbuzz as hb

from openrhip.formats.ofd.render import faces_cff
from openrhip.formats.ofd.render.geometry import Segment

_FLAGS = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NO_LAYOUT_CLOSURE
_DROPPED = [
    int.from_bytes(tag.encode(), "big")
    for tag in ("GSUB", "GPOS", "GDEF", "DSIG", "VORG", "BASE", "kern", "EBDT", "EBLC", "hdmx")
]
_INKLESS = frozenset(("Cc", "Cf", "Cs", "Zs", "Zl", "Zp"))
_SYMBOLS = 0xF000  # where symbol fonts have their first 256 characters


@dataclass
class Face:
    """One font as it is drawn. `used`: glyph → the text it stands for; own: it is the file's."""

    face: hb.Face
    weight: int = 0
    own: bool = False
    used: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.shaper = hb.Font(self.face)
        if self.weight:
            self.shaper.set_variations({"wght": float(self.weight)})
        self.upem = self.face.upem or 1000
        tags = self.face.table_tags
        self.is_cff = "CFF " in tags or "CFF2" in tags
        self.count: int = self.face.glyph_count
        self._glyphs: dict[str, int] = {}
        self._cids: dict[int, int] | None = None
        self._halves: dict[str, int] = {}
        self._advances: dict[int, float] = {}

    def numbered(self, number: int, char: str) -> int:
        """The glyph that a number in the file means, 0 if there is none.

        Fonts keyed by character identifiers have their glyphs named by those in files made from
        PDF, unless the number is that of the character's own glyph.
        """
        if self._cids is None:
            keyed = self.own and "CFF " in self.face.table_tags
            table = self.face.reference_table("CFF ").data if keyed else b""
            self._cids = faces_cff.cids(bytes(table)) if table else {}
        if number in self._cids and self.lookup(char) != number:
            return self._cids[number]
        return number if number < self.count else 0

    def lookup(self, char: str) -> int:
        """The glyph of a character, 0 if there is none or it is empty where it should not be."""
        found = self._glyphs.get(char)
        if found is None:
            found = self._glyphs[char] = self._find(char)
        return found

    def _find(self, char: str) -> int:
        code = ord(char)
        found = int(self.shaper.get_nominal_glyph(code) or 0)
        if not found and self.own:
            if _SYMBOLS <= code < _SYMBOLS + 256:
                found = int(self.shaper.get_nominal_glyph(code - _SYMBOLS) or 0)
            elif code < 256:
                found = int(self.shaper.get_nominal_glyph(code + _SYMBOLS) or 0)
        if found and self.own and visible(char) and self.empty(found):
            return 0  # a subset that kept its cmap
        return found

    def empty(self, glyph: int) -> bool:
        """Whether nothing is drawn for it."""
        box = self.shaper.get_glyph_extents(glyph)
        return box is None or not (box.width and box.height)

    def half(self, char: str) -> int:
        """The glyph of half an em for a Latin character, 0 if there is none."""
        found = self._halves.get(char)
        if found is None:
            buffer = hb.Buffer()
            buffer.add_str(char)
            buffer.guess_segment_properties()
            hb.shape(self.shaper, buffer, {"hwid": True})
            infos, places = buffer.glyph_infos, buffer.glyph_positions
            fits = len(infos) == 1 and abs(places[0].x_advance * 2 - self.upem) < 2
            found = self._halves[char] = int(infos[0].codepoint) if fits else 0
        return found

    def use(self, glyph: int, text: str) -> int:
        """Note that the glyph is drawn, and for what."""
        if not self.used.get(glyph):
            self.used[glyph] = text
        return glyph

    def advance(self, glyph: int) -> float:
        """In em."""
        found = self._advances.get(glyph)
        if found is None:
            found = self.shaper.get_glyph_h_advance(glyph) / self.upem
            self._advances[glyph] = found
        return found

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

    def segments(self, glyph: int) -> tuple[Segment, ...]:
        """The glyph's outline in font units, y up."""
        parts: list[Segment] = []
        self.shaper.draw_glyph(glyph, _pen(), parts)
        return tuple(parts)

    def outline(self, glyph: int) -> str:
        """The glyph as SVG path data in font units, y up."""
        return "".join(
            _VERBS[verb] + " ".join(f"{number:g}" for number in numbers)
            for verb, numbers in self.segments(glyph)
        )


_VERBS = {"M": "M", "L": "L", "B": "C", "C": "Z"}


def _pen() -> Any:
    funcs = hb.DrawFuncs()
    funcs.set_move_to_func(lambda x, y, out: out.append(("M", (x, y))))
    funcs.set_line_to_func(lambda x, y, out: out.append(("L", (x, y))))
    funcs.set_quadratic_to_func(_quadratic)
    funcs.set_cubic_to_func(lambda a, b, c, d, x, y, out: out.append(("B", (a, b, c, d, x, y))))
    funcs.set_close_path_func(lambda out: out.append(("C", ())))
    return funcs


def _quadratic(a: float, b: float, x: float, y: float, out: list[Segment]) -> None:
    u, v = out[-1][1][-2:] if out and out[-1][1] else (a, b)
    third = 2 / 3
    out.append(
        (
            "B",
            (
                u + third * (a - u), v + third * (b - v),
                x + third * (a - x), y + third * (b - y), x, y,
            ),
        )
    )  # fmt: skip


def visible(char: str) -> bool:
    """Whether a character is one that ink is expected for."""
    return not char.isspace() and unicodedata.category(char) not in _INKLESS
