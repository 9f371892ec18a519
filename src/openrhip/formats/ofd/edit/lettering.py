"""Text as outlines: what must show without a font resource of the document (文字轮廓).

Annotations of a signed record may not add fonts to its resources, so their text is drawn; the text
itself stands in the remark.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import uharfbuzz as hb

from openrhip.formats.ofd.fonts import Font, advances, loaded

_LATIN = "\u2e80"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text. width in mm at the asked size."""

    text: str
    width: float


def width_of(text: str, size: float, font: Font = Font.SANS) -> float:
    table = advances(font, size)
    return sum(table[char] for char in text)


def wrapped(text: str, width: float, size: float, font: Font = Font.SANS) -> list[Line]:
    """Lines no wider than `width` mm; Latin words stay whole where they fit."""
    table = advances(font, size)
    lines: list[Line] = []
    for paragraph in text.splitlines() or [""]:
        line, long = "", 0.0
        for word in _words(paragraph):
            wide = sum(table[char] for char in word)
            if line and long + wide > width:
                lines.append(Line(line.rstrip(), long))
                line, long = "", 0.0
                word = word.lstrip()  # noqa: PLW2901 -- no blank begins a line
            for char in word:
                if line and long + table[char] > width:
                    lines.append(Line(line, long))
                    line, long = "", 0.0
                line, long = line + char, long + table[char]
        lines.append(Line(line, long))
    return lines


def _words(text: str) -> Iterator[str]:
    word = ""
    for char in text:
        if char >= _LATIN:
            if word:
                yield word
            yield char
            word = ""
        else:
            word += char
            if char == " ":
                yield word
                word = ""
    if word:
        yield word


def outlines(text: str, font: Font = Font.SANS) -> tuple[str, float, int]:
    """Path data of a line from its origin in font units, y down; its width; units of an em."""
    base, _ = loaded(font)
    upem = base.upem
    table = advances(font, 1.0)
    out: list[str] = []
    at = 0.0
    for char in text:
        width = table[char]
        other = table.strange.get(char, font)
        home = other if other is not None else font
        shown = char if other is not None else "〓"
        out.append(_glyph(home, shown, round(at * upem), upem))
        at += width
    return " ".join(word for word in out if word), at * upem, upem


def _glyph(font: Font, char: str, at: int, upem: int) -> str:
    face, weight = loaded(font)
    shaper = hb.Font(face)
    if weight:
        shaper.set_variations({"wght": float(weight)})
    glyph = shaper.get_nominal_glyph(ord(char)) or 0
    scale = upem / face.upem
    out: list[str] = []

    def points(*values: float) -> str:
        return " ".join(
            f"{round(value * scale) + at}" if not index % 2 else f"{-round(value * scale)}"
            for index, value in enumerate(values)
        )

    funcs = hb.DrawFuncs()
    funcs.set_move_to_func(lambda x, y, _: out.append(f"M {points(x, y)}"))
    funcs.set_line_to_func(lambda x, y, _: out.append(f"L {points(x, y)}"))
    funcs.set_quadratic_to_func(lambda a, b, x, y, _: out.append(f"Q {points(a, b, x, y)}"))
    funcs.set_cubic_to_func(lambda a, b, c, d, x, y, _: out.append(f"B {points(a, b, c, d, x, y)}"))
    funcs.set_close_path_func(lambda _: out.append("C"))
    shaper.draw_glyph(glyph, funcs, None)
    return " ".join(out)
