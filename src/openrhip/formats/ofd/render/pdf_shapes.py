"""Shapes and sizes that drawing in a PDF asks for."""

from __future__ import annotations

import math

from openrhip.formats.ofd.render.geometry import Segment
from openrhip.formats.ofd.render.scene_items import PathItem, Pattern, TextItem


def tiles(item: TextItem | PathItem, paint: Pattern) -> float:
    """About how many tiles of a pattern lie on an object."""
    if isinstance(item, TextItem):
        area = item.size * item.size * max(len(item.text), 1)
    else:
        places = [number for _, pair in item.segments for number in pair] or [0.0, 0.0]
        xs, ys = places[::2], places[1::2]
        area = (max(xs) - min(xs)) * (max(ys) - min(ys))
    a, b, c, d, _, _ = paint.matrix
    whole = abs(a * d - b * c) * paint.x_step * paint.y_step
    if paint.to_page:
        a, b, c, d, _, _ = item.matrix
        area *= abs(a * d - b * c)
    return area / whole if whole else math.inf


def rounded(wide: float, tall: float, across: float, down: float) -> tuple[Segment, ...]:
    """A rectangle with elliptic corners."""
    rx, ry = min(across, wide / 2), min(down, tall / 2)
    if rx <= 0 or ry <= 0:
        corners = ((0.0, 0.0), (wide, 0.0), (wide, tall), (0.0, tall))
        drawn = [("L" if at else "M", corner) for at, corner in enumerate(corners)]
        return (*drawn, ("C", ()))
    k = 0.4477  # 1 - 4/3 (sqrt 2 - 1)
    kx, ky = rx * k, ry * k
    return (
        ("M", (rx, 0.0)), ("L", (wide - rx, 0.0)),
        ("B", (wide - kx, 0.0, wide, ky, wide, ry)), ("L", (wide, tall - ry)),
        ("B", (wide, tall - ky, wide - kx, tall, wide - rx, tall)), ("L", (rx, tall)),
        ("B", (kx, tall, 0.0, tall - ky, 0.0, tall - ry)), ("L", (0.0, ry)),
        ("B", (0.0, ky, kx, 0.0, rx, 0.0)), ("C", ()),
    )  # fmt: skip
