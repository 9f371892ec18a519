"""Text of a PDF gathered into text objects: one for a line in one look (文字成行).

Sources: GB/T 33190-2016 §11 (TextObject, TextCode, CGTransform).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from openrhip.formats.ofd.edit.pdf_numbers import short
from openrhip.formats.ofd.edit.pdf_program import Program
from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.parts import escape
from openrhip.formats.ofd.render.geometry import Matrix, invert

_WIDE = "\u2e80"
_LOST = "\ufffd"
_LIGATURES = ("ff", "fi", "fl", "ffi", "ffl", "st", "st")
_WORD = 0.16  # em: a gap from here on is a blank between words
_FAR = 0.8  # em: and from here on another text
_LONGEST = 2_000


class Look(NamedTuple):
    """What all characters of a text object share. axes: the em's axes in mm on the page (ax, ay of
    the advance; bx, by upwards)."""

    font: int
    program: Program | None
    axes: tuple[float, float, float, float]
    paint: str
    flags: str
    vertical: bool
    reach: tuple[float, float]
    clip: object


class Char(NamedTuple):
    """A glyph where it stands on the page in mm; advance: in em along the line."""

    x: float
    y: float
    text: str
    glyph: int | None
    advance: float


@dataclass
class Lines:
    """Collects characters and writes an object when a line ends. emit: takes (object without its
    beginning `<ofd:TextObject ID="…"`, box on the page, clip)."""

    emit: Callable[[str, Box, object, Matrix | None], None]
    _look: Look | None = None
    _chars: list[Char] = field(default_factory=list)

    def add(self, look: Look, char: Char) -> None:
        before = self._look
        if before is not None:
            along, across = self._along(before, char)
            joins = -0.6 < along < _FAR and abs(across) < (0.6 if before.vertical else 0.02)
            if joins and look != before and char.text.isspace():
                self._chars.append(char._replace(text=" ", glyph=None))
                return  # a blank in a look of its own goes with what is before it
            if joins and along > _WORD and not before.vertical:
                self._blank(before, char, along)
            if not joins or look != before or len(self._chars) > _LONGEST:
                self.flush()
        if self._look is None:
            self._look = look
        self._chars.append(char)

    def _along(self, look: Look, char: Char) -> tuple[float, float]:
        """How far the character stands from where the last one ended: along the line and across
        it, in em."""
        last = self._chars[-1]
        ax, ay, bx, by = look.axes
        dx, dy = char.x - last.x, char.y - last.y
        whole = ax * by - ay * bx
        if not whole:
            return 9.0, 9.0
        u, v = (dx * by - dy * bx) / whole, (ax * dy - ay * dx) / whole
        if look.vertical:
            return -v - last.advance, u
        return u - last.advance, v

    def _blank(self, look: Look, char: Char, gap: float) -> None:
        """A blank where a gap separates words and the PDF has none."""
        last = self._chars[-1]
        if last.text.endswith((" ", "\xa0")) or char.text.startswith((" ", "\xa0")):
            return
        if last.text[-1:] >= _WIDE and char.text[:1] >= _WIDE:
            return
        ax, ay = look.axes[:2]
        place = last.x + ax * last.advance, last.y + ay * last.advance
        self._chars.append(Char(*place, " ", None, gap))

    def flush(self) -> None:
        look, chars = self._look, self._chars
        self._look, self._chars = None, []
        if look is not None and any(not char.text.isspace() for char in chars):
            self._write(look, chars)

    def _write(self, look: Look, chars: list[Char]) -> None:
        ax, ay, bx, by = look.axes
        size = math.hypot(bx, by)
        across = math.hypot(ax, ay)
        if size < 1e-4 or across < 1e-4:
            return
        box = _box(look, chars)
        upright = abs(ay) < 1e-6 * across and abs(bx) < 1e-6 * size and ax > 0 and by < 0
        ctm: Matrix | None = None
        attributes = f' Font="{look.font}" Size="{short(size, 3)}"'
        if upright:
            stretch = across / size
            if abs(stretch - 1) > 0.002:
                attributes += f' HScale="{short(stretch, 4)}"'
            local = [(char.x - box[0], char.y - box[1]) for char in chars]
        else:
            ctm = (ax / size, ay / size, -bx / size, -by / size, 0.0, 0.0)
            back = invert(ctm)
            if back is None:
                return
            attributes += f' CTM="{" ".join(short(value, 5) for value in ctm)}"'
            local = [
                (
                    back[0] * (char.x - box[0]) + back[2] * (char.y - box[1]),
                    back[1] * (char.x - box[0]) + back[3] * (char.y - box[1]),
                )
                for char in chars
            ]
        body = _code(look, chars, local, 3 if size < 1.5 else 2)
        self.emit(f"{attributes}{look.flags}>{look.paint}{body}", box, look.clip, ctm)


def _box(look: Look, chars: list[Char]) -> Box:
    """Around all glyphs, with room for what hangs over."""
    ax, ay, bx, by = look.axes
    low, high = look.reach
    xs: list[float] = []
    ys: list[float] = []
    for char in (chars[0], chars[-1]) if len(chars) > 1 else (chars[0],):
        end = (-0.6, 0.6) if look.vertical else (-0.25, max(char.advance, 0.6) + 0.25)
        for u in end:
            for v in (low - (1.0 if look.vertical else 0.0), high):
                xs.append(char.x + u * ax + v * bx)
                ys.append(char.y + u * ay + v * by)
    left, top = min(xs), min(ys)
    left, top = math.floor(left * 100) / 100, math.floor(top * 100) / 100
    return left, top, math.ceil((max(xs) - left) * 10) / 10, math.ceil((max(ys) - top) * 10) / 10


def _code(look: Look, chars: list[Char], local: list[tuple[float, float]], places: int) -> str:
    """TextCode with the glyphs that its characters do not tell."""
    text: list[str] = []
    xs: list[float] = []
    ys: list[float] = []
    fixed: list[tuple[int, int, list[int]]] = []
    for char, (x, y) in zip(chars, local, strict=True):
        shown = _clean(char.text)
        at = len(text)
        count = len(shown)
        if char.glyph is not None and look.program is not None:
            known = look.program.chars
            if count == 1 and ord(shown) not in known and shown != _LOST and char.glyph:
                known[ord(shown)] = char.glyph
            if count != 1 or known.get(ord(shown)) != char.glyph:
                _fix(fixed, at, count, char.glyph)
        for i in range(count):
            share = i / count
            text.append(shown[i])
            xs.append(x + (_step(look, char, 0) * share if i else 0.0))
            ys.append(y + (_step(look, char, 1) * share if i else 0.0))
    first = f' X="{short(xs[0], places)}" Y="{short(ys[0], places)}"'
    steps = _deltas("DeltaX", xs, places) + _deltas("DeltaY", ys, places)
    shown = escape("".join(text))
    code = f"<ofd:TextCode{first}{steps}>{shown}</ofd:TextCode>"
    return f"{_transforms(fixed)}{code}</ofd:TextObject>"


def _step(look: Look, char: Char, axis: int) -> float:
    ax, ay, bx, by = look.axes
    size = math.hypot(bx, by)
    if look.vertical:
        return char.advance * size if axis else 0.0
    del ay
    stretch = math.hypot(ax, look.axes[1])
    return 0.0 if axis else char.advance * stretch


def _clean(text: str) -> str:
    """What XML can carry on one line."""
    if len(text) == 1 and "\ufb00" <= text <= "\ufb06":
        return _LIGATURES[ord(text) - 0xFB00]  # so that words are found
    if text.isalnum():
        return text
    made = "".join(" " if char in "\t\n\r\x0b\x0c\u2028\u2029" else char for char in text)
    made = "".join(
        char
        if char >= " " and not 0xD800 <= ord(char) <= 0xDFFF and char not in "\ufffe\uffff\x7f"
        else ""
        for char in made
    )
    return made or _LOST


def _fix(fixed: list[tuple[int, int, list[int]]], at: int, count: int, glyph: int) -> None:
    """Characters one by one are joined with those before them."""
    if fixed and count == 1:
        begin, many, glyphs = fixed[-1]
        if many == len(glyphs) and begin + many == at:
            glyphs.append(glyph)
            fixed[-1] = (begin, many + 1, glyphs)
            return
    fixed.append((at, count, [glyph]))


def _transforms(fixed: list[tuple[int, int, list[int]]]) -> str:
    return "".join(
        f'<ofd:CGTransform CodePosition="{at}" CodeCount="{count}" GlyphCount="{len(glyphs)}">'
        f"<ofd:Glyphs>{' '.join(map(str, glyphs))}</ofd:Glyphs></ofd:CGTransform>"
        for at, count, glyphs in fixed
    )


def _deltas(name: str, values: list[float], places: int) -> str:
    """The steps between places; each is rounded as the place is, so that errors do not add up.

    Even steps are written in the short form "g n d".
    """
    grid = 10**places
    if all(abs(value - values[0]) < 0.5 / grid for value in values):
        return ""
    out: list[str] = []
    at, last = 0, len(values) - 1
    mark = round(values[0] * grid)
    while at < last:
        step = values[at + 1] - values[at]
        end = at + 1
        while end < last and abs(values[end + 1] - values[at] - (end + 1 - at) * step) < 0.4 / grid:
            end += 1
        if end - at > 3:
            step = (values[end] - mark / grid) / (end - at)
            out.append(f"g {end - at} {short(step, places + 2)}")
            mark = round(values[end] * grid)
        else:
            end = at + 1
            after = round(values[end] * grid)
            out.append(short((after - mark) / grid, places))
            mark = after
        at = end
    return f' {name}="{" ".join(out)}"'
