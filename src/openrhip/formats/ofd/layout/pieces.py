"""What the layout is made of: pieces with a place, and slices that carry them to a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from openrhip.formats.ofd.fonts import Font
from openrhip.formats.ofd.story import BLACK, Color, Style

PT = 25.4 / 72  # one point in mm
ASCENT = 0.88  # of the em box above the baseline, the same in all CJK fonts used


class Mark(NamedTuple):
    """One region to be tagged: the data element's name, and which of its regions it is."""

    name: str
    serial: int


class Text(NamedTuple):
    """Characters on one baseline in one font. deltas: n-1 advances (DeltaX). glyph: character
    whose glyph is drawn in place of the one character of `text`. x, y: origin."""

    x: float
    y: float
    width: float
    text: str
    deltas: str
    font: Font
    size: float
    color: Color
    marks: tuple[Mark, ...]
    glyph: str = ""

    def at(self, dx: float, dy: float) -> Text:
        return self._replace(x=self.x + dx, y=self.y + dy)


class Path(NamedTuple):
    """A vector path in its own box; data is relative to the box, in units of `scale` mm."""

    x: float
    y: float
    width: float
    height: float
    data: str
    stroke: Color | None = BLACK
    fill: Color | None = None
    line: float = 0.25
    dash: tuple[float, ...] = ()
    marks: tuple[Mark, ...] = ()
    visible: bool = True
    scale: float = 1.0

    def at(self, dx: float, dy: float) -> Path:
        return self._replace(x=self.x + dx, y=self.y + dy)


class Picture(NamedTuple):
    """An image; `key` is its place among the document's images."""

    x: float
    y: float
    width: float
    height: float
    key: int
    marks: tuple[Mark, ...] = ()

    def at(self, dx: float, dy: float) -> Picture:
        return self._replace(x=self.x + dx, y=self.y + dy)


class Outline(NamedTuple):
    """A place the outline points at."""

    x: float
    y: float
    level: int
    title: str

    def at(self, dx: float, dy: float) -> Outline:
        return self._replace(x=self.x + dx, y=self.y + dy)


class Number(NamedTuple):
    """A page number still to be filled in."""

    x: float
    y: float
    width: float
    form: str
    style: Style

    def at(self, dx: float, dy: float) -> Number:
        return self._replace(x=self.x + dx, y=self.y + dy)


class Group(NamedTuple):
    """Pieces that are placed together."""

    x: float
    y: float
    pieces: Sequence[Piece]

    def at(self, dx: float, dy: float) -> Group:
        return Group(self.x + dx, self.y + dy, self.pieces)


Piece = Text | Path | Picture | Outline | Number | Group


def flat(pieces: Sequence[Piece], dx: float = 0.0, dy: float = 0.0) -> list[Piece]:
    """The pieces with groups dissolved."""
    made: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Group):
            made += flat(piece.pieces, dx + piece.x, dy + piece.y)
        else:
            made.append(piece.at(dx, dy))
    return made


class Slice:
    """What stays in one piece on a page.

    height; before: space above, dropped at the head of a page; keep: stay with the next slice;
    head: slices repeated where a page begins with this one; opening/closing: pieces drawn when the
    slice is the first/last of its table on a page; split: cuts it at a height, if it can be cut.
    """

    __slots__ = ("before", "break_page", "closing", "head", "height", "keep", "opening", "pieces",
                 "split", "table")  # fmt: skip

    def __init__(
        self,
        height: float,
        pieces: list[Piece],
        *,
        before: float = 0.0,
        keep: bool = False,
        head: tuple[Slice, ...] = (),
        opening: tuple[Piece, ...] = (),
        closing: tuple[Piece, ...] = (),
        table: int = 0,
        split: Callable[[float], tuple[Slice, Slice] | None] | None = None,
        break_page: bool = False,
    ) -> None:
        self.height = height
        self.pieces = pieces
        self.before = before
        self.keep = keep
        self.head = head
        self.opening = opening
        self.closing = closing
        self.table = table
        self.split = split
        self.break_page = break_page


def number(value: float) -> str:
    """A length as OFD writes it: at most five significant digits, no exponent."""
    if -0.0005 < value < 0.0005:
        return "0"
    return f"{value:.5g}" if abs(value) < 10000 else f"{value:.1f}"


def deltas(values: list[float]) -> str:
    """Advances as DeltaX: repeated ones in the short form "g n d"."""
    out: list[str] = []
    for value, group in groupby(values):
        times = len(list(group))
        out.append(f"g {times} {number(value)}" if times > 2 else " ".join([number(value)] * times))
    return " ".join(out)


@lru_cache(maxsize=4096)
def line_data(*points: tuple[float, float, float, float]) -> str:
    """Straight lines as path data."""
    return " ".join(
        f"M {number(x1)} {number(y1)} L {number(x2)} {number(y2)}" for x1, y1, x2, y2 in points
    )
