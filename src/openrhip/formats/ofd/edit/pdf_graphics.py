"""Operators of a content stream that set the state, build paths and show text (图形状态操作).

Sources: ISO 32000-1 §8.4 (graphics state), §8.5 (paths), §8.6 (colours), §9 (text).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pikepdf

from openrhip.formats.ofd.edit.pdf_colours import CMYK, GRAY, RGB, Colours, Space
from openrhip.formats.ofd.edit.pdf_drawing import Sheet
from openrhip.formats.ofd.edit.pdf_fonts import Fonts
from openrhip.formats.ofd.edit.pdf_numbers import get, name_of, real, reals, whole
from openrhip.formats.ofd.edit.pdf_paths import Path, corners
from openrhip.formats.ofd.edit.pdf_state import Mask, Paint, State
from openrhip.formats.ofd.edit.pdf_tools import Tools
from openrhip.formats.ofd.render.geometry import IDENTITY, Matrix, apply, multiply
from openrhip.kernel.errors import TooLarge

_MOST_STATES = 512
Operands = Sequence[Any]


class Graphics:
    """The state that operators change, and the path being built."""

    def __init__(self, tools: Tools, fonts: Fonts, colours: Colours) -> None:
        self.tools = tools
        self.fonts = fonts
        self.colours = colours
        self.sheet: Sheet
        self.state = State(IDENTITY, IDENTITY)
        self.resources: object = None
        self._stack: list[State] = []
        self._path = Path()
        self._clip_rule = ""
        self._marks: list[bool] = []

    @property
    def shown(self) -> bool:
        """Whether what is drawn now is visible: not in a layer that is off."""
        return all(self._marks)

    # graphics state

    def push(self, _: Operands = ()) -> None:
        if len(self._stack) > _MOST_STATES:
            raise TooLarge("graphics states are nested too deeply", where="content")
        self._stack.append(self.state)
        self.state = self.state.copy()

    def pop(self, _: Operands = ()) -> None:
        if self._stack:
            self.state = self._stack.pop()

    def concat(self, n: Operands) -> None:
        self.state.matrix = multiply(_six(n), self.state.matrix)

    def dash(self, n: Operands) -> None:
        self.state.dash = tuple(max(one, 0.0) for one in reals(n[0], 32))
        self.state.phase = real(n[1])

    def graphics(self, n: Operands) -> None:
        found = get(get(self.resources, "/ExtGState"), str(n[0]))
        state = self.state
        for key, name in (
            ("/LW", "width"),
            ("/ML", "miter"),
            ("/CA", "stroke_alpha"),
            ("/ca", "fill_alpha"),
        ):
            if (value := get(found, key)) is not None:
                setattr(state, name, real(value, 1.0))
        for key, name in (("/LC", "cap"), ("/LJ", "join")):
            if (value := get(found, key)) is not None:
                setattr(state, name, whole(value))
        dashes = get(found, "/D")
        if isinstance(dashes, pikepdf.Array) and len(dashes) == 2:
            self.dash([dashes[0], dashes[1]])
        font = get(found, "/Font")
        if isinstance(font, pikepdf.Array) and len(font) == 2:
            state.font, state.size = self.fonts.font(font[0]), real(font[1])
        mask = get(found, "/SMask")
        if mask is not None:
            soft = isinstance(mask, pikepdf.Dictionary)
            state.mask = Mask(found, state.matrix) if soft else None
        blend = get(found, "/BM")
        first = blend[0] if isinstance(blend, pikepdf.Array) and len(blend) else blend
        if blend is not None:
            state.blend = name_of(first)
        if state.blend not in ("", "Normal", "Compatible"):
            self.sheet.note_mask()

    # paths

    def _point(self, x: object, y: object) -> tuple[float, float]:
        return apply(self.state.matrix, real(x), real(y))

    def move(self, n: Operands) -> None:
        self._path.move(self._point(n[0], n[1]))

    def line(self, n: Operands) -> None:
        self._path.line(self._point(n[0], n[1]))

    def curve(self, n: Operands) -> None:
        self._path.curve(self._point(n[0], n[1]), self._point(n[2], n[3]), self._point(n[4], n[5]))

    def curve_from(self, n: Operands) -> None:
        self._path.curve(self._path.at, self._point(n[0], n[1]), self._point(n[2], n[3]))

    def curve_to(self, n: Operands) -> None:
        end = self._point(n[2], n[3])
        self._path.curve(self._point(n[0], n[1]), end, end)

    def close(self, _: Operands = ()) -> None:
        self._path.close()

    def rectangle(self, n: Operands) -> None:
        x, y, width, height = (real(one) for one in n[:4])
        self._path.rectangle(corners(self.state.matrix, x, y, width, height))

    def paint(self, fill: str = "", *, stroke: bool = False, close: bool = False) -> None:
        if close:
            self._path.close()
        path, self._path = self._path, Path()
        if self.shown and path.steps and (fill or stroke):
            self.sheet.path(path, self.state, fill=fill, stroke=stroke)
        if self._clip_rule:
            even_odd = self._clip_rule == "Even-Odd"
            self.state.clip = self.state.clip.with_path(path, even_odd=even_odd)
            self._clip_rule = ""

    def clip_with(self, rule: str) -> None:
        self._clip_rule = rule

    # colours

    def _set(self, space: Space, values: Sequence[float], *, stroke: bool) -> None:
        paint = Paint(space, self.colours.rgb(space, values))
        if stroke:
            self.state.stroke = paint
        else:
            self.state.fill = paint

    def device(self, space: Space, n: Operands, *, stroke: bool) -> None:
        self._set(space, [real(one) for one in n], stroke=stroke)

    def space(self, n: Operands, *, stroke: bool) -> None:
        found = self.colours.space(n[0], self.resources)
        first = [1.0] * found.count if _inks(found) else [0.0] * found.count
        if found.kind == "cmyk":
            first = [0.0, 0.0, 0.0, 1.0]
        if found.kind == "pattern":
            first = []
            found_paint = Paint(found)
            if stroke:
                self.state.stroke = found_paint
            else:
                self.state.fill = found_paint
            return
        self._set(found, first, stroke=stroke)

    def color(self, n: Operands, *, stroke: bool) -> None:
        paint = self.state.stroke if stroke else self.state.fill
        if n and isinstance(n[-1], pikepdf.Name):
            pattern = get(get(self.resources, "/Pattern"), str(n[-1]))
            base = paint.space.base
            ink = self.colours.rgb(base, [real(one) for one in n[:-1]]) if base else (128, 128, 128)
            made = Paint(paint.space, ink, pattern)
            if stroke:
                self.state.stroke = made._replace(pattern=None)
            else:
                self.state.fill = made
            return
        space = paint.space
        if space.kind == "pattern":
            space = {1: GRAY, 3: RGB, 4: CMYK}.get(len(n), GRAY)
        self._set(space, [real(one) for one in n], stroke=stroke)

    # text

    def font(self, n: Operands) -> None:
        found = get(get(self.resources, "/Font"), str(n[0]))
        self.state.font, self.state.size = self.fonts.font(found), real(n[1])

    def next_line(self, n: Operands) -> None:
        self.state.line = multiply((1, 0, 0, 1, real(n[0]), real(n[1])), self.state.line)
        self.state.text = self.state.line

    def next_line_leading(self, n: Operands) -> None:
        self.state.leading = -real(n[1])
        self.next_line(n)

    def text_matrix(self, n: Operands) -> None:
        self.state.text = self.state.line = _six(n)

    def star_line(self, _: Operands = ()) -> None:
        self.next_line([0, -self.state.leading])


def _six(n: Operands) -> Matrix:
    a, b, c, d, e, f = (real(one) for one in n[:6])
    return a, b, c, d, e, f


def _inks(space: Space) -> bool:
    """Whether the first colour of a space is full ink (Separation, DeviceN)."""
    value = space.object
    return isinstance(value, pikepdf.Array) and name_of(value[0]) in ("Separation", "DeviceN")
