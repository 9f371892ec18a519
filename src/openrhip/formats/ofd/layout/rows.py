"""A row of cells side by side: heights, borders, and the cut where a page ends."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from openrhip.formats.ofd.layout.pieces import Group, Path, Piece, Slice, line_data, number
from openrhip.formats.ofd.layout.setting import Line
from openrhip.formats.ofd.story import Color

_HALF = 0.1  # mm: a shade leaves the line above it free


class Box(NamedTuple):
    """A cell's text in its place: x and width within the row, lines with their heights."""

    x: float
    width: float
    lines: list[Line]
    height: float
    middle: bool = False
    shade: Color | None = None

    def with_lines(self, lines: list[Line]) -> Box:
        """A part of the cell, at its top."""
        return Box(self.x, self.width, lines, tall(lines), middle=False, shade=self.shade)


def tall(lines: list[Line]) -> float:
    """Height of the lines together."""
    return lines[0].height if len(lines) == 1 else sum([line.height for line in lines])


class Frame(NamedTuple):
    """Lines of a row: verticals at `xs`, a line below, all `line` mm wide; 0 for none."""

    width: float
    xs: tuple[float, ...] = ()
    below: float = 0.0
    above: float = 0.0
    line: float = 0.2


def horizontal(width: float, line: float, y: float = 0.0) -> Path:
    return Path(0.0, y, width, line, line_data((0.0, 0.0, width, 0.0)), line=line)


def frame_pieces(frame: Frame, height: float) -> tuple[Piece, ...]:
    return _frame_pieces(frame, round(height, 4))


@lru_cache(maxsize=1024)
def _frame_pieces(frame: Frame, height: float) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    segments = [(x, 0.0, x, height) for x in frame.xs]
    if frame.below and frame.below == frame.line:
        segments.append((0.0, height, frame.width, height))
    elif frame.below:
        pieces.append(horizontal(frame.width, frame.below, height))
    if segments:
        pieces.append(Path(0.0, 0.0, frame.width, height, line_data(*segments), line=frame.line))
    if frame.above:
        pieces.append(horizontal(frame.width, frame.above))
    return tuple(pieces)


def rectangle(x: float, y: float, width: float, height: float, fill: Color) -> Path:
    data = f"M 0 0 L {number(width)} 0 L {number(width)} {number(height)} L 0 {number(height)} C"
    return Path(x, y, width, height, data, None, fill)


def put_box(box: Box, top: float, height: float, padding: float, pieces: list[Piece]) -> None:
    """The cell's lines as pieces, in a row `height` high that begins at `top`."""
    y = top + (max(0.0, (height - box.height) / 2) if box.middle else padding)
    for line in box.lines:
        pieces.append(Group(box.x, y, line.pieces))
        y += line.height


def row_height(boxes: list[Box], padding: float, least: float = 0.0) -> float:
    return max(least, max([box.height for box in boxes], default=0.0) + 2 * padding)


class Place(NamedTuple):
    """Of which table a row is, what is repeated above it, and the table's outer lines."""

    table: int
    head: tuple[Slice, ...] = ()
    opening: tuple[Piece, ...] = ()
    closing: tuple[Piece, ...] = ()


def row_slice(boxes: list[Box], frame: Frame, padding: float, place: Place) -> Slice:
    """One row as a slice that can be cut between the lines of its cells."""
    height = row_height(boxes, padding)
    pieces: list[Piece] = [
        rectangle(box.x - padding, _HALF, box.width + 2 * padding, height - _HALF, box.shade)
        for box in boxes
        if box.shade is not None
    ]
    pieces.extend(frame_pieces(frame, height))
    for box in boxes:
        put_box(box, 0.0, height, padding, pieces)

    def again(part: list[Box]) -> Slice:
        return row_slice(part, frame, padding, place)

    def cut(room: float) -> tuple[Slice, Slice] | None:
        return _cut(boxes, room - 2 * padding, again)

    return Slice(
        height, pieces, head=place.head, opening=place.opening, closing=place.closing,
        table=place.table, split=cut if any(len(box.lines) > 1 for box in boxes) else None,
    )  # fmt: skip


def _cut(
    boxes: list[Box], room: float, again: Callable[[list[Box]], Slice]
) -> tuple[Slice, Slice] | None:
    first: list[Box] = []
    rest: list[Box] = []
    for box in boxes:
        taken, used = 0, 0.0
        while taken < len(box.lines) and used + box.lines[taken].height <= room:
            used += box.lines[taken].height
            taken += 1
        if box.lines and not taken:
            return None
        first.append(box.with_lines(box.lines[:taken]))
        rest.append(box.with_lines(box.lines[taken:]))
    if not any(box.lines for box in rest):
        return None
    return again(first), again(rest)
