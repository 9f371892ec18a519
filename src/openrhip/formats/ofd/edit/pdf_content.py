"""Content streams of a PDF, operator by operator (内容流): what they draw goes to a `Sheet`.

Sources: ISO 32000-1 annex A (operators), §8 (graphics), §9.4 (text), §8.10 (forms), §14.6 (marked
content), §8.11 (optional content).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, cast

import pikepdf

from openrhip.formats.ofd.edit.pdf_colours import CMYK, GRAY, RGB, Colours
from openrhip.formats.ofd.edit.pdf_drawing import Sheet
from openrhip.formats.ofd.edit.pdf_flow import Flow
from openrhip.formats.ofd.edit.pdf_fonts import Fonts
from openrhip.formats.ofd.edit.pdf_graphics import Graphics, Operands
from openrhip.formats.ofd.edit.pdf_limits import check
from openrhip.formats.ofd.edit.pdf_numbers import (
    get,
    key_of,
    matrix,
    name_of,
    real,
    rectangle,
    whole,
)
from openrhip.formats.ofd.edit.pdf_paths import Clip, Path, corners
from openrhip.formats.ofd.edit.pdf_showing import show
from openrhip.formats.ofd.edit.pdf_state import Paint, State
from openrhip.formats.ofd.edit.pdf_text import Lines
from openrhip.formats.ofd.edit.pdf_tools import Tile, Tools
from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.render.geometry import IDENTITY, Matrix, invert, multiply
from openrhip.kernel.errors import Problem

_LARGEST_CELL = 400_000
_MOST_TEXTS = 200  # of one clip
_LARGE = 4 << 20  # bytes of content
_BROKEN = (pikepdf.PdfError, RuntimeError, ValueError, TypeError, KeyError, IndexError)


class Content(Graphics):
    """Reads the content of one page, and of the forms in it."""

    def __init__(
        self, tools: Tools, fonts: Fonts, colours: Colours, hidden: frozenset[tuple[int, int]]
    ) -> None:
        super().__init__(tools, fonts, colours)
        self._hidden = hidden
        self._depth = 0
        self._open: set[tuple[int, int]] = set()
        self._texts: list[tuple[str, Box]] = []
        self.clipping = Lines(self._clipped)

    def draw(self, sheet: Sheet, stream: object, resources: object, base: Matrix) -> None:
        """A page's content. base: user space → mm, y down."""
        self.sheet = sheet
        sheet.tiler = self.tile
        self.state = State(base, base)
        self._stack, self._marks = [], []
        self.run(stream, resources)

    def run(self, stream: object, resources: object) -> None:
        """The operators of one stream (or page)."""
        before, self.resources = self.resources, resources
        path, self._path = self._path, Path()
        depth, marks = len(self._stack), len(self._marks)
        self._read(stream)
        while len(self._stack) > depth:
            self.state = self._stack.pop()
        del self._marks[marks:]
        self.resources, self._path = before, path

    def _read(self, stream: object) -> None:
        """All operators of a stream; of a large one without keeping them."""
        limits = self.tools.meter.limits
        try:
            parts = [stream] if isinstance(stream, pikepdf.Stream) else _contents(stream)
            size = sum(check(part, limits.content) for part in parts)
            if size > _LARGE:
                page = stream if isinstance(stream, pikepdf.Page) else _as_page(stream)
                page.parse_contents(Flow(self.execute))
                return
            found: Sequence[Any] = pikepdf.parse_content_stream(cast("Any", stream))
        except _BROKEN:
            self._note("content.malformed", "内容流无法读取", "a content stream cannot be read")
            return
        for instruction in found:
            self.execute(instruction.operator, instruction.operands)

    def execute(self, operator: object, operands: Operands) -> None:
        self.tools.meter.operator()
        try:
            handler = _HANDLERS.get(str(operator))
            if handler is not None:
                handler(self, operands)
        except _BROKEN:
            self._note("content.malformed", "内容流有误，已略过", "damaged content was left out")

    def _note(self, code: str, text_zh: str, text_en: str) -> None:
        self.tools.notices.note(code, text_zh, text_en, self.sheet.where)

    def begin_text(self, _: Operands = ()) -> None:
        self.state.text = self.state.line = IDENTITY
        self._texts = []

    def end_text(self, _: Operands = ()) -> None:
        """Text shown as a clip holds from here on."""
        self.clipping.flush()
        if self._texts:
            self.state.clip = self.state.clip.with_text(self._texts)
            self._texts = []

    def _clipped(self, rest: str, box: Box, clip: object, ctm: Matrix | None) -> None:
        del clip, ctm
        if len(self._texts) < _MOST_TEXTS:
            self._texts.append((rest, box))

    def show(self, n: Operands) -> None:
        show(self, [n[0]])

    def show_parts(self, n: Operands) -> None:
        if isinstance(n[0], pikepdf.Array):
            show(self, n[0].as_list())

    def quote(self, n: Operands) -> None:
        self.star_line()
        show(self, [n[-1]])

    def double_quote(self, n: Operands) -> None:
        self.state.words, self.state.spacing = real(n[0]), real(n[1])
        self.quote(n)

    # pictures, forms, gradients

    def do(self, n: Operands) -> None:
        found = get(get(self.resources, "/XObject"), str(n[0]))
        if not isinstance(found, pikepdf.Stream) or not self.shown or self._is_hidden(found):
            return
        kind = name_of(get(found, "/Subtype"))
        if kind == "Image":
            self.image(found)
        elif kind == "Form":
            self.form(found)

    def image(self, found: pikepdf.Object) -> None:
        sheet, state = self.sheet, self.state
        if state.mask is not None:
            x, y, width, height = _around(corners(state.matrix, 0, 0, 1, 1))
            sheet.form_as_pixels(found, state, (x, y, width, height))
            return
        stencil = get(found, "/ImageMask") is True
        key: object = (key_of(found), state.fill.color if stencil else None)
        direct = key_of(found) == (0, 0)
        stored = None if direct else self.tools.stored.get(key)
        if stored is None:
            pictures = self.tools.pictures
            if stencil:
                made = pictures.stencil(found, state.fill.color, sheet.where)
            else:
                made = pictures.convert(found, self.resources, sheet.where)
            stored = sheet.store(key, made)
        if stored:
            sheet.image(stored, state, state.matrix)

    def inline(self, n: Operands) -> None:
        """An inline image, made into a stream of its own."""
        found = n[0].obj if hasattr(n[0], "obj") else None
        if found is None or not self.shown:
            return
        made = self.tools.scratch.pdf.make_stream(bytes(n[0].read_raw_bytes()))
        for key in found.keys():  # noqa: SIM118 -- no Python mapping
            made[key] = found[key]
        self.image(made)

    def form(self, found: pikepdf.Object) -> None:
        """A form in its own coordinates, clipped to its box."""
        key = key_of(found)
        if self._depth >= self.tools.meter.limits.depth or (key != (0, 0) and key in self._open):
            self._note("group.too-deep", "表单嵌套过深", "forms are nested too deeply")
            return
        self.push()
        state = self.state
        box = rectangle(get(found, "/BBox"))
        state.matrix = multiply(matrix(get(found, "/Matrix")), state.matrix)
        if box is not None:
            path = Path()
            path.rectangle(corners(state.matrix, box[0], box[1], box[2] - box[0], box[3] - box[1]))
            state.clip = state.clip.with_path(path, even_odd=False)
        if state.mask is not None and box is not None:
            x, y, width, height = _around(
                corners(state.matrix, box[0], box[1], box[2] - box[0], box[3] - box[1])
            )
            self.pop()
            held = self.state.copy()
            held.clip = state.clip
            self.sheet.form_as_pixels(found, held, (x, y, width, height))
            return
        if get(found, "/Group") is not None:
            state.group_alpha = state.alpha() / 255
            state.fill_alpha = state.stroke_alpha = 1.0
            state.blend = ""
        state.base = state.matrix
        self._enter(found, key)
        self.pop()

    def _enter(self, found: pikepdf.Object, key: tuple[int, int]) -> None:
        own = get(found, "/Resources")
        self._depth += 1
        self._open.add(key)
        try:
            self.run(found, own if own is not None else self.resources)
        finally:
            self._open.discard(key)
            self._depth -= 1

    def glyph(self, proc: pikepdf.Object, resources: object) -> None:
        """The content of a glyph; not in itself."""
        key = key_of(proc)
        if self._depth >= self.tools.meter.limits.depth or key in self._open:
            return
        lines = self.sheet.lines
        self.sheet.lines = self.sheet.other_lines()
        self._depth += 1
        self._open.add(key)
        try:
            self.run(proc, resources if resources is not None else self.resources)
        finally:
            self._open.discard(key)
            self._depth -= 1
            self.sheet.lines.flush()
            self.sheet.lines = lines

    def shade(self, n: Operands) -> None:
        found = get(get(self.resources, "/Shading"), str(n[0]))
        if found is not None and self.shown:
            self.sheet.shading(found, self.state)

    def tile(self, pattern: object, state: State) -> Tile | None:
        """The cell of a tiling pattern; None if it is to become pixels."""
        box, key = rectangle(get(pattern, "/BBox")), key_of(pattern)
        if not isinstance(pattern, pikepdf.Stream) or box is None or key in self._open:
            return None
        there = multiply(matrix(get(pattern, "/Matrix")), state.base)
        scale = math.sqrt(abs(there[0] * there[3] - there[1] * there[2]))
        across = abs(real(get(pattern, "/XStep"))) * scale
        down = abs(real(get(pattern, "/YStep"))) * scale
        wide, tall = (box[2] - box[0]) * scale, (box[3] - box[1]) * scale
        apart = across >= wide * 0.999 and down >= tall * 0.999
        if min(wide, tall) < 0.1 or not apart or self._depth >= self.tools.meter.limits.depth:
            return None
        local: Matrix = (scale, 0.0, 0.0, -scale, -box[0] * scale, box[3] * scale)
        back = invert(local)
        body = self._cell(pattern, state, local, (wide, tall))
        if back is None or len(body) > _LARGEST_CELL:
            return None
        return Tile(body, (wide, tall), (across, down), multiply(back, there))

    def _cell(
        self, pattern: pikepdf.Object, state: State, local: Matrix, size: tuple[float, float]
    ) -> str:
        before, outer = self.sheet, self.state
        self.sheet = Sheet(self.tools, (0.0, 0.0, *size), before.where)
        self.sheet.tiler = self.tile
        self.state = State(local, local, Clip((0.0, 0.0, *size)))
        if whole(get(pattern, "/PaintType")) == 2:
            self.state.fill = self.state.stroke = Paint(color=state.fill.color)
        try:
            self._enter(pattern, key_of(pattern))
            return self.sheet.finish()
        finally:
            self.sheet, self.state = before, outer

    # marked content

    def mark(self, n: Operands) -> None:
        shown = True
        if len(n) > 1 and name_of(n[0]) == "OC" and isinstance(n[1], pikepdf.Name):
            group = get(get(self.resources, "/Properties"), str(n[1]))
            shown = not self._off(group)
        self._marks.append(shown)

    def unmark(self, _: Operands = ()) -> None:
        if self._marks:
            self._marks.pop()

    def _is_hidden(self, found: pikepdf.Object) -> bool:
        return self._off(get(found, "/OC"))

    def _off(self, group: object) -> bool:
        if group is None:
            return False
        if key_of(group) in self._hidden:
            off = True
        else:
            members = get(group, "/OCGs")
            listed = list(members.as_list())[:64] if isinstance(members, pikepdf.Array) else []
            off = bool(listed) and all(key_of(one) in self._hidden for one in listed)
        if off:
            self._note("layer.off", "已关闭的图层未转换", "a layer that is off was left out")
        return off


def _as_page(stream: object) -> Any:
    return pikepdf.Page(pikepdf.Dictionary(Type=pikepdf.Name.Page, Contents=stream))


def _contents(page: object) -> list[Any]:
    found = get(page.obj if isinstance(page, pikepdf.Page) else page, "/Contents")
    parts = list(found.as_list()) if isinstance(found, pikepdf.Array) else [found]
    return [part for part in parts if isinstance(part, pikepdf.Stream)]


def _around(points: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)


def _number(name: str) -> Callable[[Content, Operands], None]:
    return lambda self, n: setattr(self.state, name, real(n[0]))


def _whole(name: str) -> Callable[[Content, Operands], None]:
    return lambda self, n: setattr(self.state, name, whole(n[0]))


_HANDLERS: dict[str, Callable[[Content, Operands], None]] = {
    "q": Content.push, "Q": Content.pop, "cm": Content.concat, "w": _number("width"),
    "J": _whole("cap"), "j": _whole("join"), "M": _number("miter"), "d": Content.dash,
    "gs": Content.graphics,
    "m": Content.move, "l": Content.line, "c": Content.curve, "v": Content.curve_from,
    "y": Content.curve_to, "h": Content.close, "re": Content.rectangle,
    "S": lambda self, _: self.paint(stroke=True),
    "s": lambda self, _: self.paint(stroke=True, close=True),
    "f": lambda self, _: self.paint("NonZero"), "F": lambda self, _: self.paint("NonZero"),
    "f*": lambda self, _: self.paint("Even-Odd"),
    "B": lambda self, _: self.paint("NonZero", stroke=True),
    "B*": lambda self, _: self.paint("Even-Odd", stroke=True),
    "b": lambda self, _: self.paint("NonZero", stroke=True, close=True),
    "b*": lambda self, _: self.paint("Even-Odd", stroke=True, close=True),
    "n": lambda self, _: self.paint(),
    "W": lambda self, _: self.clip_with("NonZero"),
    "W*": lambda self, _: self.clip_with("Even-Odd"),
    "g": lambda self, n: self.device(GRAY, n, stroke=False),
    "G": lambda self, n: self.device(GRAY, n, stroke=True),
    "rg": lambda self, n: self.device(RGB, n, stroke=False),
    "RG": lambda self, n: self.device(RGB, n, stroke=True),
    "k": lambda self, n: self.device(CMYK, n, stroke=False),
    "K": lambda self, n: self.device(CMYK, n, stroke=True),
    "cs": lambda self, n: self.space(n, stroke=False),
    "CS": lambda self, n: self.space(n, stroke=True),
    "sc": lambda self, n: self.color(n, stroke=False),
    "scn": lambda self, n: self.color(n, stroke=False),
    "SC": lambda self, n: self.color(n, stroke=True),
    "SCN": lambda self, n: self.color(n, stroke=True),
    "BT": Content.begin_text, "ET": Content.end_text, "Tf": Content.font, "Td": Content.next_line,
    "TD": Content.next_line_leading, "Tm": Content.text_matrix, "T*": Content.star_line,
    "Tj": Content.show, "TJ": Content.show_parts, "'": Content.quote, '"': Content.double_quote,
    "Tc": _number("spacing"), "Tw": _number("words"), "TL": _number("leading"),
    "Ts": _number("rise"), "Tr": _whole("mode"),
    "Tz": lambda self, n: setattr(self.state, "stretch", real(n[0], 100.0) / 100),
    "Do": Content.do, "INLINE IMAGE": Content.inline, "sh": Content.shade,
    "BMC": lambda self, _: self.mark(()), "BDC": Content.mark, "EMC": Content.unmark,
}  # fmt: skip

__all__ = ["Content", "Problem"]
