"""Showing text (显示文字): where each glyph of a string stands, and in which look.

Sources: ISO 32000-1 §9.3 (text state), §9.4.4 (text space), §9.6.5 (Type 3 fonts).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pikepdf

from openrhip.formats.ofd.edit.pdf_fonts import PdfFont, Shown
from openrhip.formats.ofd.edit.pdf_numbers import get, real, short
from openrhip.formats.ofd.edit.pdf_state import State
from openrhip.formats.ofd.edit.pdf_text import Char, Look
from openrhip.formats.ofd.render.geometry import Matrix, multiply

if TYPE_CHECKING:
    from openrhip.formats.ofd.edit.pdf_content import Content

_INVISIBLE = (3, 7)
_UNSEEN = ' Fill="false" Alpha="0"'
_STROKED = (1, 2, 5, 6)


def show(content: Content, parts: Iterable[Any]) -> None:
    """The strings and shifts of one operator."""
    state = content.state
    font = state.font
    if font is None:
        return
    if font.drawn:
        for part in parts:
            if isinstance(part, pikepdf.String):
                _drawn_string(content, state, font, bytes(part))
            else:
                _advance(state, -real(part) / 1000 * state.size * state.stretch, 0.0)
        return
    along = _Line(content, state, font).show(parts)
    _advance(state, 0.0 if font.vertical else along, along if font.vertical else 0.0)


def _advance(state: State, x: float, y: float) -> None:
    a, b, c, d, e, f = state.text
    state.text = (a, b, c, d, a * x + c * y + e, b * x + d * y + f)


class _Line:
    """What stays the same while one operator shows its strings."""

    def __init__(self, content: Content, state: State, font: PdfFont) -> None:
        self._content = content
        self._state = state
        self._font = font
        self._look = _look(state, font)
        self._clip = self._look._replace(flags="", paint="", clip=None) if state.mode > 3 else None
        a, b, c, d, e, f = multiply(state.text, state.matrix)
        self._matrix: Matrix = (a, b, c, d, e + c * state.rise, f + d * state.rise)

    def show(self, parts: Iterable[Any]) -> float:
        """How far the text has come."""
        state, vertical = self._state, self._font.vertical
        unit = state.size if vertical else state.size * state.stretch
        along = 0.0
        for part in parts:
            if isinstance(part, pikepdf.String):
                along = self._string(bytes(part), along)
            else:
                along -= real(part) / 1000 * unit
        return along

    def _string(self, data: bytes, along: float) -> float:
        state, look, font = self._state, self._look, self._font
        a, b, c, d, e, f = self._matrix
        size, stretch, spacing, words = state.size, state.stretch, state.spacing, state.words
        add = self._content.sheet.lines.add if self._content.shown else None
        count = 0
        for one in font.show(data):
            count += 1
            extra = spacing + words if one.space else spacing
            if font.vertical:
                step = one.width / 1000 * size + extra
                vx, vy = one.origin[0] / 1000 * size * stretch, one.origin[1] / 1000 * size
                x, y = e + c * along - vx * a - vy * c, f + d * along - vx * b - vy * d
                advance = -step / size if size else 0.0
            else:
                x, y = e + a * along, f + b * along
                step = (one.width / 1000 * size + extra) * stretch
                advance = one.width / 1000 + (extra / size if size else 0.0)
            char = Char(x, y, one.text, one.glyph, advance)
            if add is not None:
                add(look, char)
            if self._clip is not None:
                self._content.clipping.add(self._clip, char)
            along += step
        self._content.tools.meter.operator(count)
        return along


def _drawn_string(content: Content, state: State, font: PdfFont, data: bytes) -> None:
    """A string in a Type 3 font."""
    for one in font.show(data):
        content.tools.meter.operator()
        if content.shown:
            _drawn(content, font, one)
        extra = state.spacing + (state.words if one.space else 0.0)
        _advance(state, (one.width * font.matrix[0] * state.size + extra) * state.stretch, 0.0)


def _axes(state: State) -> Matrix:
    """The em of the text on the page: advance, upwards, origin (with rise)."""
    size = state.size
    em: Matrix = (size * state.stretch, 0.0, 0.0, size, 0.0, state.rise)
    return multiply(multiply(em, state.text), state.matrix)


def _look(state: State, font: PdfFont) -> Look:
    a, b, c, d, _, _ = _axes(state)
    invisible = state.mode in _INVISIBLE
    flags, paint = "", ""
    if invisible or state.mode in (1, 5):
        flags = _UNSEEN if invisible else ' Fill="false"'
    else:
        alpha = state.alpha()
        red, green, blue = state.fill.color
        opacity = f' Alpha="{alpha}"' if alpha < 255 else ""
        if opacity and state.mode not in _STROKED:
            flags, opacity = opacity, ""
        if (red, green, blue) != (0, 0, 0) or opacity:
            paint = f'<ofd:FillColor Value="{red} {green} {blue}"{opacity}/>'
    if state.mode in _STROKED:
        red, green, blue = state.stroke.color
        flags += f' Stroke="true" LineWidth="{short(state.pen.millimetres, 3)}"'
        paint += f'<ofd:StrokeColor Value="{red} {green} {blue}"/>'
    axes = (round(a, 6), round(b, 6), round(c, 6), round(d, 6))
    return Look(
        font.resource, font.program, axes, paint, flags, font.vertical, font.reach, state.clip
    )


def _drawn(content: Content, font: PdfFont, shown: Shown) -> None:
    """A glyph of a Type 3 font is a piece of content; its text goes along unseen."""
    name = font.names.get(shown.code, "")
    proc = get(font.procs, f"/{name}") if name else None
    if not isinstance(proc, pikepdf.Stream):
        return
    content.push()
    state = content.state
    if shown.text.strip():
        content.fonts.unseen.update(shown.text)
        look = _look(state, font)._replace(flags=_UNSEEN, paint="", program=None)
        width = shown.width * font.matrix[0]
        axes = _axes(state)
        content.sheet.lines.add(look, Char(axes[4], axes[5], shown.text, None, width))
    state.matrix = multiply(font.matrix, _axes(state))
    content.glyph(proc, font.resources)
    content.pop()
