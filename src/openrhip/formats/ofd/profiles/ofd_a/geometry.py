"""Rectangles that clips make, where they can be told without doubt."""

from __future__ import annotations

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package_xml import Element

Rect = tuple[float, float, float, float]
_POINTS = {"S": 1, "M": 1, "L": 1}
_TINY = 1e-3


def numbers(text: str, count: int) -> tuple[float, ...] | None:
    """`count` numbers between spaces, or None."""
    try:
        found = tuple(float(word) for word in text.split())
    except ValueError:
        return None
    return found if len(found) == count and all(abs(one) < 1e6 for one in found) else None


def rectangle(path: Element) -> Rect | None:
    """left, top, right, bottom of a path that is one rectangle with upright sides, else None."""
    place = numbers(path.get("Boundary", ""), 4)
    points = _corners(px.text(path, "AbbreviatedData"))
    if place is None or points is None or path.get("CTM") or path.get("Clips"):
        return None
    xs, ys = {x for x, _ in points}, {y for _, y in points}
    if len(xs) > 2 or len(ys) > 2:
        return None
    sides = sum(
        (a[0] == b[0]) != (a[1] == b[1])
        for a, b in zip(points, [*points[1:], points[0]], strict=True)
        if a != b
    )
    steps = sum(a != b for a, b in zip(points, [*points[1:], points[0]], strict=True))
    if sides != steps:
        return None
    x, y = place[0], place[1]
    return x + min(xs), y + min(ys), x + max(xs), y + max(ys)


def _corners(data: str) -> list[tuple[float, float]] | None:
    """The points of a path that consists of moves and lines only."""
    words = data.split()
    points: list[tuple[float, float]] = []
    at = 0
    while at < len(words):
        word = words[at]
        if word in ("C", "B", "Z"):
            at += 1
            continue
        if word not in _POINTS or len(points) > 8:
            return None
        if word in ("S", "M") and points and word == "M" and words[at - 3 : at - 2] != ["S"]:
            return None
        pair = numbers(" ".join(words[at + 1 : at + 3]), 2)
        if pair is None:
            return None
        points.append((pair[0], pair[1]))
        at += 3
    return points if len(points) >= 3 else None


def is_empty(clip: Element) -> bool:
    """Whether nothing can show through: every area has a boundary without size."""
    areas = list(px.children(clip, "Area"))
    boxes = [_box_of(area) for area in areas]
    return bool(boxes) and all(box is not None and (box[2] <= 0 or box[3] <= 0) for box in boxes)


def _box_of(area: Element) -> tuple[float, ...] | None:
    inner = next((one for one in area if px.local(one) in ("Path", "Text")), None)
    return numbers(inner.get("Boundary", ""), 4) if inner is not None else None


def covers(clip: Element, unit: Element) -> bool:
    """Whether a clip surely leaves the whole object: a rectangle around it, no transformations."""
    box = numbers(unit.get("Boundary", ""), 4)
    if box is None or unit.get("CTM"):
        return False
    for area in px.children(clip, "Area"):
        path = px.child(area, "Path")
        if path is None or area.get("CTM"):
            continue
        found = rectangle(path)
        if found is None:
            continue
        left, top, right, bottom = found
        if left <= _TINY and top <= _TINY and right >= box[2] - _TINY and bottom >= box[3] - _TINY:
            return True
    return False
