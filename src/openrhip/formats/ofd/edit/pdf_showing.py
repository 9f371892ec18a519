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
    for part in parts:
        if isinstance(part, pikepdf.String):
            _string(content, state, font, bytes(part))
        else:
            shift = -real(part) / 1000 * state.size
            _advance(
                state,
                0.0 if font.vertical else shift * state.stretch,
                shift if font.vertical else 0.0,
            )


def _advance(state: State, x: float, y: float) -> None:
    a, b, c, d, e, f = state.text
    state.text = (a, b, c, d, a * x + c * y + e, b * x + d * y + f)


def _string(content: Content, state: State, font: PdfFont, data: bytes) -> None:
    size, stretch = state.size, state.stretch
    look = None if font.drawn else _look(state, font)
    for shown in font.show(data):
        content.tools.meter.operator()
        extra = state.spacing + (state.words if shown.space else 0.0)
        if content.shown:
            if font.drawn:
                _drawn(content, font, shown)
            elif look is not None:
                _place(content, state, look, shown, extra)
        if font.vertical:
            _advance(state, 0.0, shown.width / 1000 * size + extra)
        else:
            wide = shown.width * font.matrix[0] if font.drawn else shown.width / 1000
            _advance(state, (wide * size + extra) * stretch, 0.0)


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


def _place(content: Content, state: State, look: Look, shown: Shown, extra: float) -> None:
    axes = _axes(state)
    x, y = axes[4], axes[5]
    if look.vertical:
        vx, vy = shown.origin[0] / 1000, shown.origin[1] / 1000
        x -= vx * axes[0] + vy * axes[2]
        y -= vx * axes[1] + vy * axes[3]
        advance = -(shown.width / 1000 + (extra / state.size if state.size else 0.0))
    else:
        advance = shown.width / 1000 + (extra / state.size if state.size else 0.0)
    content.sheet.lines.add(look, Char(x, y, shown.text, shown.glyph, advance))


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
