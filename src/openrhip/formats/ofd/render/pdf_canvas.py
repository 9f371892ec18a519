"""A content stream in the making: what was said last is not said again (ISO 32000-1 §8.4)."""

from __future__ import annotations

from collections.abc import Sequence

from openrhip.formats.ofd.render.geometry import IDENTITY, Matrix, Segment, apply
from openrhip.formats.ofd.render.pdf_file import n, ns
from openrhip.formats.ofd.render.scene_items import Color, Pen

_CAPS = {"Butt": 0, "Round": 1, "Square": 2}
_JOINS = {"Miter": 0, "Round": 1, "Bevel": 2}
_VERBS = {"M": " m ", "L": " l ", "B": " c "}
_QUICK = {"M": "%.6g %.6g m ", "L": "%.6g %.6g l ", "B": "%.6g %.6g %.6g %.6g %.6g %.6g c "}


class _State:
    """What the last operators said; "" for what is not known."""

    __slots__ = ("fill", "font", "mode", "pen", "spacing", "stroke", "width")

    def __init__(self) -> None:
        self.fill = ""
        self.stroke = ""
        self.pen: Pen | None = None
        self.width = ""
        self.font = ""
        self.mode = 0
        self.spacing = "0"

    def copy(self) -> _State:
        made = _State()
        for name in self.__slots__:
            setattr(made, name, getattr(self, name))
        return made


class Canvas:
    """Operators, and the resources they name. base: from the space of what is drawn now into that
    the stream begins with, which patterns are placed in."""

    def __init__(self, base: Matrix = IDENTITY) -> None:
        self.out: list[str] = []
        self.resources: dict[str, dict[str, int]] = {}
        self.base = base
        self._state = _State()
        self._kept: list[_State] = []
        self._in_text = False

    def use(self, kind: str, name: str, number: int) -> str:
        """Name a resource; its name in the stream."""
        known = self.resources.get(kind)
        if known is None:
            known = self.resources[kind] = {}
        known[name] = number
        return name

    def resource_words(self) -> str:
        """The resource dictionary."""
        out: list[str] = []
        for kind, used in sorted(self.resources.items()):
            listed = "".join(f"/{name} {number} 0 R" for name, number in sorted(used.items()))
            out.append(f"/{kind}<<{listed}>>")
        return f"<<{''.join(out)}>>"

    def content(self) -> bytes:
        self.end_text()
        return "".join(self.out).encode("ascii")

    def save(self) -> None:
        self.end_text()
        self._kept.append(self._state)
        self._state = self._state.copy()
        self.out.append("q ")

    def restore(self) -> None:
        self.end_text()
        self._state = self._kept.pop()
        self.out.append("Q\n")

    def move(self, matrix: Matrix) -> None:
        self.end_text()
        self.out.append(f"{ns(matrix)} cm ")

    def begin_text(self) -> None:
        if not self._in_text:
            self._in_text = True
            self.out.append("BT ")

    def end_text(self) -> None:
        if self._in_text:
            self._in_text = False
            self.out.append("ET\n")

    def fill(self, color: Color) -> None:
        self._paint(color_words(color, "rg", "g"), stroke=False)

    def stroke(self, color: Color) -> None:
        self._paint(color_words(color, "RG", "G"), stroke=True)

    def pattern(self, name: str, *, stroke: bool) -> None:
        words = f"/Pattern CS /{name} SCN " if stroke else f"/Pattern cs /{name} scn "
        self._paint(words, stroke=stroke)

    def _paint(self, words: str, *, stroke: bool) -> None:
        state = self._state
        if words != (state.stroke if stroke else state.fill):
            self.out.append(words)
            if stroke:
                state.stroke = words
            else:
                state.fill = words

    def line_width(self, width: float) -> None:
        word = n(width)
        if word != self._state.width:
            self._state.width = word
            self.out.append(f"{word} w ")

    def pen(self, pen: Pen) -> None:
        """Line width, caps, joins and dashes."""
        state = self._state
        last = state.pen
        if pen is last:
            self.line_width(pen.width)
            return
        state.pen = pen
        self.line_width(pen.width)
        out = self.out
        if last is None or pen.cap != last.cap:
            out.append(f"{_CAPS.get(pen.cap, 0)} J ")
        if last is None or pen.join != last.join:
            out.append(f"{_JOINS.get(pen.join, 0)} j ")
        if last is None or pen.miter != last.miter:
            out.append(f"{n(pen.miter)} M ")
        before = (last.dash, last.dash_offset) if last is not None else ((), 0.0)
        if (pen.dash, pen.dash_offset) != before:
            out.append(f"[{ns(pen.dash)}] {n(pen.dash_offset)} d ")

    def font(self, name: str, size: float) -> None:
        words = f"/{name} {n(size)} Tf "
        if words != self._state.font:
            self._state.font = words
            self.out.append(words)

    def mode(self, mode: int) -> None:
        if mode != self._state.mode:
            self._state.mode = mode
            self.out.append(f"{mode} Tr ")

    def spacing(self, word: str) -> None:
        if word != self._state.spacing:
            self._state.spacing = word
            self.out.append(f"{word} Tc ")

    def path(self, segments: Sequence[Segment], matrix: Matrix = IDENTITY) -> bool:
        """The path's operators without painting it; whether there are any."""
        self.end_text()
        out, begun = self.out, False
        plain = matrix is IDENTITY
        simple = not plain and matrix[:4] == (1.0, 0.0, 0.0, 1.0)
        dx, dy = matrix[4:]
        for verb, given in segments:
            if verb == "C":
                if begun:
                    out.append("h ")
                continue
            if not begun and verb != "M":
                out.append(f"{n(dx)} {n(dy)} m ")
            begun = True
            numbers = given
            if simple and len(given) == 2:
                numbers = (given[0] + dx, given[1] + dy)
            elif not plain:
                pairs = zip(given[::2], given[1::2], strict=True)
                numbers = tuple(part for x, y in pairs for part in apply(matrix, x, y))
            words = _QUICK[verb] % numbers
            out.append(words if "e" not in words else ns(numbers) + _VERBS[verb])
        return begun


_words: dict[tuple[Color, str], str] = {}


def color_words(color: Color, full: str, gray: str) -> str:
    """The operator that sets a colour."""
    key = (color, full)
    found = _words.get(key)
    if found is None:
        if len(_words) > 10_000:
            _words.clear()
        red, green, blue = color
        if red == green == blue:
            found = f"{n(round(red / 255, 4))} {gray} "
        else:
            found = f"{' '.join(n(round(part / 255, 4)) for part in color)} {full} "
        _words[key] = found
    return found
