"""Matrices and paths: the short form of path data (GB/T 33190-2016 §9) as plain segments."""

from __future__ import annotations

import math
from collections.abc import Iterator

from openrhip.kernel.errors import Malformed, TooLarge

Matrix = tuple[float, float, float, float, float, float]
Segment = tuple[str, tuple[float, ...]]
"""("M", (x, y)), ("L", (x, y)), ("B", (x1, y1, x2, y2, x, y)) or ("C", ())."""

IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_COUNTS = {"S": 2, "M": 2, "L": 2, "Q": 4, "B": 6, "A": 7, "C": 0}
_MAX_SEGMENTS = 500_000


def multiply(first: Matrix, second: Matrix) -> Matrix:
    """The matrix that applies `first`, then `second` (row vectors, as OFD and PDF have them)."""
    a, b, c, d, e, f = first
    p, q, r, s, t, u = second
    return (
        a * p + b * r,
        a * q + b * s,
        c * p + d * r,
        c * q + d * s,
        e * p + f * r + t,
        e * q + f * s + u,
    )


def apply(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def segments(data: str, where: str) -> Iterator[Segment]:
    """The data as moves, lines, cubic curves and closes. Raises Malformed, TooLarge."""
    words = data.split()
    if len(words) > _MAX_SEGMENTS:
        raise TooLarge("path data is too long", where=where)
    at = 0
    x = y = 0.0
    while at < len(words):
        name = words[at]
        count = _COUNTS.get(name)
        if count is None:
            raise Malformed(f"no such path operator: {name[:8]!r}", where=where)
        try:
            numbers = tuple(float(word) for word in words[at + 1 : at + 1 + count])
        except ValueError as error:
            raise Malformed("path data is not made of numbers", where=where) from error
        if len(numbers) != count or not all(abs(number) < 1e6 for number in numbers):
            raise Malformed("a path operator lacks numbers", where=where)
        at += 1 + count
        yield from _segment(name, numbers, x, y)
        if count:
            x, y = numbers[-2:]


def _segment(name: str, n: tuple[float, ...], x: float, y: float) -> Iterator[Segment]:
    if name in "SM":
        yield "M", n
    elif name == "Q":
        yield (
            "B",
            (
                x + 2 / 3 * (n[0] - x), y + 2 / 3 * (n[1] - y),
                n[2] + 2 / 3 * (n[0] - n[2]), n[3] + 2 / 3 * (n[1] - n[3]),
                n[2], n[3],
            ),
        )  # fmt: skip
    elif name == "A":
        yield from _arc(x, y, n)
    else:
        yield name, n


def _arc(x: float, y: float, n: tuple[float, ...]) -> Iterator[Segment]:
    """An elliptical arc (rx ry angle large sweep x y) as cubic curves (SVG 1.1 F.6.5)."""
    rx, ry, turn, large, sweep, to_x, to_y = n
    rx, ry = abs(rx), abs(ry)
    if not rx or not ry or (x == to_x and y == to_y):
        yield "L", (to_x, to_y)
        return
    phi = math.radians(turn % 360)
    cos, sin = math.cos(phi), math.sin(phi)
    dx, dy = (x - to_x) / 2, (y - to_y) / 2
    ux, uy = cos * dx + sin * dy, -sin * dx + cos * dy
    grow = math.sqrt(max(1.0, (ux / rx) ** 2 + (uy / ry) ** 2))
    rx, ry = rx * grow, ry * grow
    below = (rx * uy) ** 2 + (ry * ux) ** 2
    root = math.sqrt(max(0.0, (rx * ry) ** 2 - below) / below) if below else 0.0
    root *= -1 if (large != 0) == (sweep != 0) else 1
    cx_, cy_ = root * rx * uy / ry, -root * ry * ux / rx
    cx, cy = cos * cx_ - sin * cy_ + (x + to_x) / 2, sin * cx_ + cos * cy_ + (y + to_y) / 2
    start = math.atan2((uy - cy_) / ry, (ux - cx_) / rx)
    span = math.atan2((-uy - cy_) / ry, (-ux - cx_) / rx) - start
    if sweep and span < 0:
        span += 2 * math.pi
    elif not sweep and span > 0:
        span -= 2 * math.pi
    pieces = max(1, math.ceil(abs(span) / (math.pi / 2) - 1e-9))
    step = span / pieces
    reach = 4 / 3 * math.tan(step / 4)
    frame: Matrix = (rx * cos, rx * sin, -ry * sin, ry * cos, cx, cy)
    for i in range(pieces):
        a, b = start + i * step, start + (i + 1) * step
        points = (
            (math.cos(a) - reach * math.sin(a), math.sin(a) + reach * math.cos(a)),
            (math.cos(b) + reach * math.sin(b), math.sin(b) - reach * math.cos(b)),
            (math.cos(b), math.sin(b)),
        )
        yield "B", tuple(value for point in points for value in apply(frame, *point))
