"""Fonts while rendering: glyphs of a font resource, its metrics, and a subset fit for embedding.

A font that is not embedded, or that nobody can read, is replaced by ours of the same kind (宋体 or
黑体 look), slanted and emboldened as asked, and narrowed to the steps of the text where the file's
font was a Latin one. Each replacement is noted once. A character that no font has is drawn as 〓.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from openrhip.formats.ofd.fonts import GETA, Font, loaded
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package import Package
from openrhip.formats.ofd.render.faces_face import Face, visible
from openrhip.formats.ofd.render.faces_house import Like, like
from openrhip.formats.ofd.render.faces_open import open_font
from openrhip.formats.ofd.render.scene_items import FontRes, TextItem
from openrhip.formats.ofd.render.scene_text import Code, Glyph
from openrhip.kernel.errors import Problem

SLANT = 0.2126  # tangent of 12 degrees
STRONG = 0.028  # em: width of the line that makes an outline bold
_WIDE = "\u2e80"


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
            if glyph.index and (number := own.numbered(glyph.index, char)):
                return own, own.use(number, text)
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

        kind = self._like(item.font)

        def width(char: str) -> float:
            own = self.embedded(item.font)
            number = own.lookup(char) if own else 0
            if own is not None and number:
                return own.advance(number)
            face = self.house(self._wanted(item))
            if (kind.half or kind.fixed) and item.font.id and char < _WIDE and face.half(char):
                return 0.5 if kind.half else 0.6
            number = face.lookup(char)
            return face.advance(number) if number else 1.0

        return width

    def line(self, item: TextItem, code: Code) -> Sequence[Glyph]:
        """The glyphs of a text code where they stand. Without the font of the file its glyph
        numbers mean nothing: what they stood for is spelled out in their place."""
        scale = item.size * item.stretch
        found = code.glyphs(scale, item.read_direction, self.advance(item))
        if not code.fixed or self.embedded(item.font) is not None:
            return found
        return tuple(_spelled(found, item.size))

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


def _spelled(line: Sequence[Glyph], size: float) -> Iterator[Glyph]:
    for at, glyph in enumerate(line):
        text = glyph.char if glyph.text is None else glyph.text
        if len(text) < 2:
            if text:
                yield Glyph(glyph.char, glyph.x, glyph.y)
            continue
        after = next((one for one in line[at + 1 :] if one.text != ""), None)
        across = after.x - glyph.x if after else size * 0.5 * len(text)
        down = after.y - glyph.y if after else 0.0
        for number, char in enumerate(text):
            part = number / len(text)
            yield Glyph(char, glyph.x + across * part, glyph.y + down * part)


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
