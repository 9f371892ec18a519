"""The graphics state while the content of a PDF is read (图形状态): ISO 32000-1 §8.4, §9.3."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from openrhip.formats.ofd.edit.pdf_colours import BLACK, GRAY, Color, Space
from openrhip.formats.ofd.edit.pdf_fonts import PdfFont
from openrhip.formats.ofd.edit.pdf_paths import Clip, Pen
from openrhip.formats.ofd.render.geometry import IDENTITY, Matrix


class Paint(NamedTuple):
    """What is painted with. color: plain; pattern: a pattern's dictionary instead."""

    space: Space = GRAY
    color: Color = BLACK
    pattern: object = None


_SHOWS_THROUGH = frozenset(
    ("Multiply", "Darken", "ColorBurn", "Overlay", "HardLight", "SoftLight", "Luminosity", "Color")
)
"""Blend modes under which what is below stays to be seen: OFD has none, half of the opacity is
nearest. A highlighter must not cover its text."""
NO_CLIP = Clip()
PLAIN = Paint()


class Mask(NamedTuple):
    """A soft mask: its graphics state dictionary, and the matrix when it was set."""

    state: object
    matrix: Matrix


@dataclass(slots=True)
class State:
    """Copied by q. matrix: user space → mm of the page, y down. base: the same when the content
    began, which patterns are relative to."""

    matrix: Matrix
    base: Matrix
    clip: Clip = NO_CLIP
    fill: Paint = PLAIN
    stroke: Paint = PLAIN
    fill_alpha: float = 1.0
    stroke_alpha: float = 1.0
    group_alpha: float = 1.0
    mask: Mask | None = None
    blend: str = ""
    width: float = 1.0
    cap: int = 0
    join: int = 0
    miter: float = 10.0
    dash: tuple[float, ...] = ()
    phase: float = 0.0
    font: PdfFont | None = None
    size: float = 0.0
    spacing: float = 0.0
    words: float = 0.0
    stretch: float = 1.0
    leading: float = 0.0
    rise: float = 0.0
    mode: int = 0
    text: Matrix = IDENTITY
    line: Matrix = IDENTITY

    def copy(self) -> State:
        return replace(self)

    @property
    def pen(self) -> Pen:
        return Pen(self.width, self.cap, self.join, self.miter, self.dash, self.phase, self.matrix)

    def alpha(self, *, stroke: bool = False) -> int:
        """0 to 255."""
        own = self.stroke_alpha if stroke else self.fill_alpha
        if self.blend in _SHOWS_THROUGH:
            own *= 0.5
        return min(max(round(own * self.group_alpha * 255), 0), 255)
