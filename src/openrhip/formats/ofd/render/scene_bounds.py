"""How far drawings reach, and how much work they are."""

from __future__ import annotations

from itertools import pairwise

from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.render.geometry import Matrix, Segment, bounds
from openrhip.formats.ofd.render.scene_items import Clip, ClipArea, Item, PathItem, TextItem

HEAVY = 20  # segments or characters that count as one more object
_BEYOND = 0.3
"""Millimetres that a drawing may reach over its Boundary before it is cut there."""


def weight(item: Item) -> int:
    """What an object counts besides one: long paths and texts are more work."""
    if isinstance(item, PathItem):
        return len(item.segments) // HEAVY
    return sum(len(code.text) for code in item.codes) // HEAVY if isinstance(item, TextItem) else 0


def length(drawn: tuple[Segment, ...]) -> float:
    """About how long a path is."""
    ends = [numbers_[-2:] for _, numbers_ in drawn if numbers_]
    return sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in pairwise(ends))


SQUARE: tuple[Segment, ...] = (("M", (0.0, 0.0)), ("L", (1.0, 0.0)), ("L", (1.0, 1.0)),
                                ("L", (0.0, 1.0)))  # fmt: skip


def beyond(drawn: tuple[Segment, ...], matrix: Matrix, box: Box) -> bool:
    """Whether a drawing reaches plainly over its Boundary, and not out of it altogether.

    Lines have Boundaries without area, and some producers' do not hold the drawing at all: there
    nothing is cut.
    """
    x, y, width, height = box
    if width <= 0 or height <= 0:
        return False
    flat = [number for _, pair in drawn for number in pair]
    if not flat:
        return False
    xs, ys = flat[::2], flat[1::2]
    left, top = min(xs), min(ys)
    left, top, across, down = bounds(matrix, (left, top, max(xs) - left, max(ys) - top))
    right, bottom = left + across, top + down
    if right <= x or left >= x + width or bottom <= y or top >= y + height:
        return False
    over = max(x - left, y - top, right - x - width, bottom - y - height)
    return over > _BEYOND


def cut(box: Box) -> Clip:
    x, y, width, height = box
    corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
    drawn = tuple(("L" if at else "M", corner) for at, corner in enumerate(corners))
    return Clip((ClipArea((*drawn, ("C", ()))),))
