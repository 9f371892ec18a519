"""The watermark of a view: who looks and when, in light grey over the whole page (水印)."""

from __future__ import annotations

import math
from collections.abc import Iterator

from openrhip.formats.ofd.fonts import Font, advances
from openrhip.formats.ofd.layout.pieces import PT, deltas
from openrhip.formats.ofd.render.geometry import Matrix
from openrhip.formats.ofd.render.scene import Code, FontRes, TextItem

_SIZE = 13 * PT
_TURN = math.radians(-28)
_ALPHA = 0.22
_STEP_DOWN = 52.0  # mm between lines
_GAP = 26.0  # mm between repetitions
_LONGEST = 120


def overlay(text: str, width: float, height: float) -> Iterator[TextItem]:
    """The text slanted, again and again, over a page of width × height mm."""
    text = "".join(char for char in text[:_LONGEST] if char.isprintable()) or " "
    table = advances(Font.SANS, _SIZE)
    widths = [table[char] for char in text]
    long = sum(widths)
    code = Code(text, deltas=(deltas(widths[:-1]), ""))
    cos, sin = math.cos(_TURN), math.sin(_TURN)
    font = FontRes("", "sans", "")
    reach = math.hypot(width, height)
    row = -reach / 2
    number = 0
    while row < reach / 2:
        start = -reach / 2 - (number % 2) * (long + _GAP) / 2
        while start < reach / 2:
            across = width / 2 + cos * start - sin * row
            down = height / 2 + sin * start + cos * row
            matrix: Matrix = (cos, sin, -sin, cos, across, down)
            yield TextItem(
                "", (0.0, 0.0, width, height), matrix, _ALPHA, font, _SIZE, 1.0,
                (96, 96, 96), (code,),
            )  # fmt: skip
            start += long + _GAP
        row += _STEP_DOWN
        number += 1
