"""Text in a PDF: glyphs of one face and baseline are shown together, positions kept exactly.

Most texts are characters of one font in steps along one line: these go through tables, character
by character. All others are placed glyph by glyph.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from openrhip.formats.ofd.render.faces import Face, Faces, Run
from openrhip.formats.ofd.render.geometry import Matrix, multiply
from openrhip.formats.ofd.render.pdf_canvas import Canvas
from openrhip.formats.ofd.render.pdf_file import n, ns
from openrhip.formats.ofd.render.scene_items import FontRes, TextItem, flat
from openrhip.formats.ofd.render.scene_text import Code, Glyph

_NEAR = 0.6  # 1/1000 em: positions closer than this are the same
_WIDE = "\u2e80"
_FILL, _STROKE, _BOTH, _INVISIBLE, _CLIP = 0, 1, 2, 3, 7


class _Entry(NamedTuple):
    """A character in its face: its code, its width in 1/1000 em."""

    code: str
    width: float
    face: Face


class _Kit(dict[str, "_Entry | None"]):
    """Characters of a font as one kind of text shows them; None where a line must be looked at
    as a whole."""

    def __init__(self, faces: Faces, item: TextItem) -> None:
        super().__init__()
        self._faces = faces
        self._item = item
        self.font: FontRes = item.font
        self.first: Face | None = None
        self.mixed = False
        self.slant = 0.0
        self.strong = 0.0

    def __missing__(self, char: str) -> _Entry | None:
        run = next(iter(self._faces.runs(self._item, (Glyph(char, 0.0, 0.0),))))
        made: _Entry | None = None
        face, number = run.face, run.numbers[0]
        if self.first is None:
            self.first, self.slant, self.strong = face, run.slant, run.strong
        if face is not self.first:
            self.mixed = True
        same = (run.slant, run.strong) == (self.slant, self.strong)
        if same and (face.own or char >= _WIDE or not self.font.id):
            made = _Entry(f"{number:04x}", face.advance(number) * 1000, face)
        self[char] = made
        return made


class Texts:
    """Draws the texts of one document. name: gives a face its name and object on a canvas."""

    def __init__(self, faces: Faces, name: Callable[[Canvas, Face], str]) -> None:
        self._faces = faces
        self._name = name
        self._kits: dict[tuple[int, bool, bool], _Kit] = {}

    def draw(self, canvas: Canvas, item: TextItem, *, clip: bool = False) -> None:
        """The glyphs; paints and line are set already. clip: they become part of the clip."""
        if clip:
            mode = _CLIP
        elif item.fill is None:
            mode = _INVISIBLE if item.stroke is None else _STROKE
        else:
            mode = _FILL if item.stroke is None else _BOTH
        kit = self._kit(item)
        for code in item.codes:
            if not code.text:
                continue
            if code.fixed or item.char_direction or not self._quick(canvas, item, code, kit, mode):
                self._slow(canvas, item, code, mode)

    def _kit(self, item: TextItem) -> _Kit:
        key = (id(item.font), item.bold, item.italic)
        kit = self._kits.get(key)
        if kit is None or kit.font is not item.font:
            kit = self._kits[key] = _Kit(self._faces, item)
        return kit

    def _quick(self, canvas: Canvas, item: TextItem, code: Code, kit: _Kit, mode: int) -> bool:
        """A line of characters in one face; False if it is none."""
        text = code.text
        entries = [kit[char] for char in text]
        first = entries[0]
        if first is None or None in entries:
            return False
        if kit.mixed and any(entry.face is not first.face for entry in entries if entry):
            return False
        across, down = code.steps()
        if any(down) or (item.read_direction and not across):
            return False
        x, y = code.place()
        unit = item.size * item.stretch
        self._begin(canvas, item, first.face, mode, kit.slant, kit.strong)
        matrix = _glyph_matrix(item, kit.slant, x, y)
        canvas.out.append(f"{ns(matrix)} Tm ")
        shown = [entry for entry in entries if entry]
        if len(shown) == 1 or not across:
            canvas.spacing("0")
            canvas.out.append(f"<{''.join([entry.code for entry in shown])}> Tj ")
            return True
        scale = 1000 / unit
        steps = [step * scale for step in across[: len(shown) - 1]]  # some files give one more
        widths = [entry.width for entry in shown]
        shifts = [width - step for width, step in zip(widths, steps, strict=False)]
        show(canvas, [entry.code for entry in shown], shifts, item.size)
        return True

    def _begin(
        self, canvas: Canvas, item: TextItem, face: Face, mode: int, slant: float, strong: float
    ) -> None:
        del slant
        canvas.begin_text()
        canvas.font(self._name(canvas, face), item.size)
        if strong and mode == _FILL and item.fill is not None:
            mode = _BOTH
            canvas.stroke(flat(item.fill))
            canvas.line_width(strong * item.size * _growth(item.matrix))
        canvas.mode(mode)

    def _slow(self, canvas: Canvas, item: TextItem, code: Code, mode: int) -> None:
        """Glyph by glyph: several faces, baselines, numbers fixed by the file, turned glyphs."""
        for run in self._faces.runs(item, self._faces.line(item, code), level=False):
            self._run(canvas, item, run, mode)

    def _run(self, canvas: Canvas, item: TextItem, run: Run, mode: int) -> None:
        self._begin(canvas, item, run.face, mode, run.slant, run.strong)
        turn = math.radians(item.char_direction)
        cos, sin = round(math.cos(turn), 9), round(math.sin(turn), 9)
        unit = item.size * item.stretch * run.narrow
        places = [(g.x * cos + g.y * sin, g.y * cos - g.x * sin) for g in run.glyphs]
        widths = [run.face.advance(number) * 1000 for number in run.numbers]
        start = 0
        for at in range(1, len(places) + 1):
            if at < len(places) and abs(places[at][1] - places[start][1]) < 1e-6:
                continue
            glyph = run.glyphs[start]
            frame: Matrix = (
                item.stretch * run.narrow * cos, item.stretch * run.narrow * sin,
                run.slant * cos + sin, run.slant * sin - cos, glyph.x, glyph.y,
            )  # fmt: skip
            canvas.out.append(f"{ns(multiply(frame, item.matrix))} Tm ")
            part = range(start, at)
            shifts = [
                widths[i] - (places[i + 1][0] - places[i][0]) * 1000 / unit for i in part[:-1]
            ]
            show(canvas, [f"{run.numbers[i]:04x}" for i in part], shifts, item.size)
            start = at


def _growth(matrix: Matrix) -> float:
    """How much larger a matrix makes things."""
    a, b, c, d, _, _ = matrix
    return math.sqrt(abs(a * d - b * c))


def line_width(item: TextItem) -> float:
    """The width of the line around glyphs in the space around the text."""
    return item.pen.width * _growth(item.matrix)


def _glyph_matrix(item: TextItem, slant: float, x: float, y: float) -> Matrix:
    a, b, c, d, e, f = item.matrix
    wide = item.stretch
    if b == 0 and c == 0 and not slant:
        return wide * a, 0.0, 0.0, -d, x * a + e, y * d + f
    return multiply((wide, 0.0, slant, -1.0, x, y), (a, b, c, d, e, f))


def show(canvas: Canvas, codes: Sequence[str], shifts: Sequence[float], size: float) -> None:
    """Glyphs with the shift (1/1000 em to the left) after each but the last.

    Equal shifts are a character spacing; others stand between the glyphs where they have added up
    to something.
    """
    low, high = (min(shifts), max(shifts)) if shifts else (0.0, 0.0)
    if high - low < 1.0 and (len(shifts) > 2 or not (low < -_NEAR or high > _NEAR)):
        middle = sum(shifts) / len(shifts) if shifts else 0.0
        canvas.spacing(n(-middle * size / 1000) if abs(middle) > 0.05 else "0")
        canvas.out.append(f"<{''.join(codes)}> Tj ")
        return
    canvas.spacing("0")
    out = ["[<"]
    drift = 0.0
    for code, shift in zip(codes, shifts, strict=False):
        out.append(code)
        drift += shift
        if drift > _NEAR or drift < -_NEAR:
            whole = round(drift)
            out.append(f">{whole}<")
            drift -= whole
    out.append(codes[-1])
    out.append(">] TJ ")
    canvas.out.append("".join(out))


__all__ = ["Texts", "line_width", "show"]
