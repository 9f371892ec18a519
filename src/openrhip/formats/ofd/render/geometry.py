"""Matrices and paths: the short form of path data (GB/T 33190-2016 §9) as plain segments."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from openrhip.kernel.errors import Malformed, TooLarge

Matrix = tuple[float, float, float, float, float, float]
Segment = tuple[str, tuple[float, ...]]
"""("M", (x, y)), ("L", (x, y)), ("B", (x1, y1, x2, y2, x, y)) or ("C", ())."""

IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_COUNTS = {"S": 2, "M": 2, "L": 2, "Q": 4, "B": 6, "A": 7, "C": 0}
_POINTS = frozenset("SML")
_MAX_SEGMENTS = 500_000
_FAR = 1e6
_WORDS = re.compile(r"[A-Za-z](?![a-z])|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[^\s,]+")


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


def invert(matrix: Matrix) -> Matrix | None:
    """The matrix that leads back; None if there is none."""
    a, b, c, d, e, f = matrix
    whole = a * d - b * c
    if abs(whole) < 1e-12:
        return None
    return (
        d / whole, -b / whole, -c / whole, a / whole,
        (c * f - d * e) / whole, (b * e - a * f) / whole,
    )  # fmt: skip


def bounds(
    matrix: Matrix, box: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    """The upright box x y w h around a box that the matrix moves."""
    x, y, wide, tall = box
    corners = [apply(matrix, x + i * wide, y + j * tall) for i in (0, 1) for j in (0, 1)]
    left, top = min(c[0] for c in corners), min(c[1] for c in corners)
    return left, top, max(c[0] for c in corners) - left, max(c[1] for c in corners) - top


def segments(data: str, where: str) -> Iterator[Segment]:
    """The data as moves, lines, cubic curves and closes. Raises Malformed, TooLarge."""
    found, problem = read_path(data, where)
    if problem:
        raise Malformed(problem, where=where)
    yield from found


def read_path(data: str, where: str) -> tuple[tuple[Segment, ...], str]:
    """What can be read of the data, and what is wrong with it ("" if nothing). Raises TooLarge.

    Read besides the standard's form: commas, operators that touch their numbers, and numbers
    without an operator, which repeat the one before. Unknown operators are left out.
    """
    words = data.split()
    if len(words) > _MAX_SEGMENTS:
        raise TooLarge("path data is too long", where=where)
    found: list[Segment] = []
    try:
        if _quick(words, found):
            return tuple(found), ""
    except (ValueError, IndexError):
        pass
    found.clear()
    problem = _slow(_WORDS.findall(data), found)
    return tuple(found), problem


def _slow(words: list[str], found: list[Segment]) -> str:
    """Path data as some producers write it, as far as it goes; what is wrong with it."""
    problem, name, at = "", "", 0
    x = y = 0.0
    while at < len(words):
        word = words[at]
        if word in "Zz":
            word = "C"
        if word in _COUNTS:
            name = word
            at += 1
        elif name and _number(word) is not None:
            name = "L" if name in "SM" else name
        else:
            problem = problem or f"no such path operator: {word[:8]!r}"
            name = ""
            at += 1
            continue
        count = _COUNTS[name]
        given = [_number(one) for one in words[at : at + count]]
        numbers = tuple(one for one in given if one is not None)
        if len(numbers) != count:
            problem = problem or "a path operator lacks numbers"
            name = ""
            continue
        at += count
        found.extend(_segment(name, numbers, x, y))
        if count:
            x, y = numbers[-2:]
        else:
            name = ""
    return problem


def _number(word: str) -> float | None:
    try:
        value = float(word)
    except ValueError:
        return None
    return value if -_FAR < value < _FAR else None


def _quick(words: list[str], found: list[Segment]) -> bool:
    """Path data as it should be; False for anything else."""
    at, end = 0, len(words)
    x = y = 0.0
    add = found.append
    while at < end:
        name = words[at]
        if name in _POINTS:
            x, y = float(words[at + 1]), float(words[at + 2])
            if not (-_FAR < x < _FAR and -_FAR < y < _FAR):
                return False
            add(("L" if name == "L" else "M", (x, y)))
            at += 3
            continue
        count = _COUNTS.get(name)
        if count is None:
            return False
        numbers = tuple(map(float, words[at + 1 : at + 1 + count]))
        if len(numbers) != count or (count and not _near(numbers)):
            return False
        at += 1 + count
        if name == "B":
            add((name, numbers))
        else:
            found.extend(_segment(name, numbers, x, y))
        if count:
            x, y = numbers[-2:]
    return True


def _near(numbers: tuple[float, ...]) -> bool:
    """Whether all are numbers of sensible size; a sum with none is none."""
    whole = sum(numbers)
    return not math.isnan(whole) and min(numbers) > -_FAR and max(numbers) < _FAR


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
