"""Fonts while rendering: glyphs of a font resource, its metrics, and a subset fit for embedding.

A font that is not embedded, or that nobody can read, is replaced by ours of the same kind (宋体 or
黑体 look), slanted and emboldened as asked, and narrowed to the steps of the text where the file's
font was a Latin one. Each replacement is noted once. A character that no font has is drawn as 〓.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import uharfbuzz as hb

from openrhip.formats.ofd.fonts import GETA, Font, loaded
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package import Package
from openrhip.formats.ofd.render.faces_house import Like, like
from openrhip.formats.ofd.render.faces_open import open_font
from openrhip.formats.ofd.render.geometry import Segment
from openrhip.formats.ofd.render.scene_items import FontRes, TextItem
from openrhip.formats.ofd.render.scene_text import Glyph
from openrhip.kernel.errors import Problem

SLANT = 0.2126  # tangent of 12 degrees
STRONG = 0.028  # em: width of the line that makes an outline bold
_WIDE = "\u2e80"
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
        self._halves: dict[str, int] = {}
        self._advances: dict[int, float] = {}

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


class Run(NamedTuple):
    """Glyphs of one face shown together: numbers of the glyphs, and how they are drawn.

    narrow: factor across; slant: tangent by which they lean; strong: em of a line around them.
    """

    face: Face
    glyphs: Sequence[Glyph]
    numbers: Sequence[int]
    narrow: float = 1.0
    slant: float = 0.0
    strong: float = 0.0


class Faces:
    """The faces of one document, opened when first needed."""

    def __init__(self, package: Package, notices: Notices | None = None) -> None:
        self._package = package
        self._own: dict[str, Face | None] = {}
        self._house: dict[tuple[Font, bool], Face] = {}
        self._likes: dict[FontRes, Like] = {}
        self.notices = Notices() if notices is None else notices

    def pick(self, item: TextItem, glyph: Glyph) -> tuple[Face, int]:
        """The face and glyph number to draw.

        A number fixed by the file counts only in the font of the file; else the character is
        looked up there, in ours of the same kind, and in those with more characters.
        """
        char = glyph.char
        text = char if glyph.text is None else glyph.text
        own = self.embedded(item.font)
        if own is not None:
            if glyph.index and glyph.index < own.count:
                return own, own.use(glyph.index, text)
            if number := own.lookup(char):
                return own, own.use(number, text)
        return self._replaced(item, char, text, own)

    def _replaced(self, item: TextItem, char: str, text: str, own: Face | None) -> tuple[Face, int]:
        wanted = self._wanted(item)
        if not visible(char):
            face = self.house(wanted)
            return face, face.use(face.lookup(char) or face.lookup(" "), text)
        for font in (wanted, Font.SERIF, Font.RARE):
            face = self.house(font)
            if number := face.lookup(char):
                self._note_replaced(item.font, font, partly=own is not None)
                return face, face.use(number, text)
        self.notices.note(
            "glyph.missing",
            f"没有字体含有字符“{char}”(U+{ord(char):04X})，显示为〓",
            f"no font has the character U+{ord(char):04X}; it is drawn as 〓",
            item.font.name,
        )
        face = self.house(Font.SERIF)
        return face, face.use(face.lookup(GETA), text)

    def _like(self, res: FontRes) -> Like:
        found = self._likes.get(res)
        if found is None:
            found = self._likes[res] = like(res)
        return found

    def _wanted(self, item: TextItem) -> Font:
        found = self._like(item.font)
        strong = item.bold or found.bold
        return Font.BOLD if strong and found.font is Font.SANS else found.font

    def embedded(self, res: FontRes) -> Face | None:
        """The font of the file, if it is there and can be read."""
        part = res.part
        if not part:
            return None
        if part not in self._own:
            self._own[part] = self._open(res)
        return self._own[part]

    def _open(self, res: FontRes) -> Face | None:
        try:
            found = open_font(self._package.read(res.part), (res.name, res.label))
        except Problem:
            found = None
        if found is not None:
            return Face(found, own=True)
        self.notices.note(
            "font.unreadable",
            f"嵌入的字体“{res.name}”无法读取",
            f"the embedded font {res.name!r} cannot be read",
            res.part,
        )
        return None

    def house(self, font: Font, *, half: bool = False) -> Face:
        """One of ours; half: apart, for its Latin letters of half an em."""
        face = self._house.get((font, half))
        if face is None:
            source, weight = loaded(font)
            face = self._house[font, half] = Face(source, weight)
        return face

    def advance(self, item: TextItem) -> Callable[[str], float]:
        """Widths in em of characters as the item shows them, for texts without steps."""

        def width(char: str) -> float:
            own = self.embedded(item.font)
            face, number = own, own.lookup(char) if own else 0
            if face is None or not number:
                face = self.house(self._wanted(item))
                number = face.lookup(char)
            return face.advance(number) if number else 1.0

        return width

    def runs(self, item: TextItem, line: Sequence[Glyph], *, level: bool = True) -> Iterator[Run]:
        """The glyphs in groups that are shown together; level: each on one baseline."""
        picked = [self._cell(item, line, at) for at in range(len(line))]
        start = 0
        for at in range(1, len(line) + 1):
            face, _, narrow = picked[start]
            if at < len(line) and picked[at][0] is face and picked[at][2] == narrow:
                same = not level or line[at].y == line[start].y
                if same and (face.own or _latin(line[at]) == _latin(line[start])):
                    continue
            glyphs = line[start:at]
            numbers = [number for _, number, _ in picked[start:at]]
            if not narrow:
                narrow = _fit(item, face, line[start : at + 1], numbers)
            slant, strong = self._manner(item, face)
            yield Run(face, glyphs, numbers, narrow, slant, strong)
            start = at

    def _cell(self, item: TextItem, line: Sequence[Glyph], at: int) -> tuple[Face, int, float]:
        """Face, glyph and width factor of one character; 0: to be fitted to the steps."""
        face, number = self.pick(item, line[at])
        if face.own or not _latin(line[at]) or not item.font.id:
            return face, number, 1.0
        kind = self._like(item.font)
        if kind.half or kind.fixed:
            em = item.size * item.stretch
            step = _step(line, at) / em if em else 0.0
            near = abs(step - 0.5) < 0.03 if kind.half else 0.4 < step < 0.75
            if near and (glyph := face.half(line[at].char)):
                font = next(font for (font, _), one in self._house.items() if one is face)
                twin = self.house(font, half=True)
                twin.use(glyph, line[at].char)
                return twin, glyph, 1.0 if kind.half else round(step * 2, 2)
        return face, number, 0.0

    def _manner(self, item: TextItem, face: Face) -> tuple[float, float]:
        """Lean and line of glyphs that are not slanted or bold by themselves."""
        if face.own:
            slant = item.italic and not item.font.italic
            strong = item.bold and not item.font.bold
        else:
            found = self._like(item.font)
            slant = item.italic or found.italic
            strong = (item.bold or found.bold) and face.face is not loaded(Font.BOLD)[0]
        return SLANT if slant else 0.0, STRONG if strong else 0.0

    def _note_replaced(self, res: FontRes, font: Font, *, partly: bool) -> None:
        if not res.id:
            return
        name = res.name or res.id
        if partly:
            self.notices.note(
                "font.replaced",
                f"嵌入的字体“{name}”缺少部分字符，以 {font.label} 代替",
                f"the embedded font {name!r} lacks characters, drawn in {font.label}",
                res.part,
            )
        elif not res.part:
            self.notices.note(
                "font.replaced",
                f"字体“{name}”没有嵌入，以 {font.label} 代替",
                f"the font {name!r} is not embedded, drawn in {font.label}",
                name,
            )
        else:
            self.notices.note(
                "font.replaced",
                f"字体“{name}”以 {font.label} 代替",
                f"the font {name!r} is drawn in {font.label}",
                res.part,
            )


def _latin(glyph: Glyph) -> bool:
    return glyph.char < _WIDE


def _step(line: Sequence[Glyph], at: int) -> float:
    """How far it is to the next character; of the last one, from the one before."""
    at = min(at, len(line) - 2)
    return line[at + 1].x - line[at].x if at >= 0 else 0.0


def _fit(item: TextItem, face: Face, line: Sequence[Glyph], numbers: Sequence[int]) -> float:
    """How wide the file's own font was beside ours, by the steps between the glyphs."""
    unit = item.size * item.stretch
    steps = sum(abs(after.x - glyph.x) for glyph, after in pairwise(line))
    pairs = min(len(line) - 1, len(numbers))
    ours = sum(face.advance(number) for number in numbers[:pairs]) * unit
    if pairs < 2 or not ours or not steps:
        return 1.0
    ratio = steps / ours
    return 1.0 if ratio > 0.985 else max(ratio, 0.6)


__all__ = ["Face", "Faces", "Run", "visible"]
