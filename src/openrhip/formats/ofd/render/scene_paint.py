"""Colours, shadings and patterns of an object (颜色、渐变、底纹): GB/T 33190-2016 §8.3.

What cannot be understood is drawn in a plain colour near it, with a notice.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.render.geometry import IDENTITY, Matrix, apply, invert
from openrhip.formats.ofd.render.scene_items import (
    Axial,
    Color,
    Item,
    Mesh,
    Paint,
    Pattern,
    Radial,
    Stop,
    Vertex,
)
from openrhip.formats.ofd.render.scene_store import LOCAL, Space, Store

BLACK: Color = (0, 0, 0)
_STOPS = 256  # colours of one gradient
_POINTS = 20_000  # vertices of one mesh
_REPEATS = 60  # of a gradient's unit along its axis
_CELLS = Callable[[Element], tuple[Item, ...]]
_FAR = 1e6


def number(element: Element, name: str, usual: float) -> float:
    """An attribute as a number; `usual` where it is none."""
    word = element.get(name)
    if not word:
        return usual
    try:
        value = float(word)
    except ValueError:
        return usual
    return value if -_FAR < value < _FAR else usual


def numbers(value: str | None, count: int) -> tuple[float, ...] | None:
    """`count` numbers; None where they are not that."""
    try:
        found = tuple(map(float, (value or "").replace(",", " ").split()))
    except ValueError:
        return None
    whole = len(found) == count and all(-_FAR < one < _FAR for one in found)
    return found if whole else None


def matrix_of(value: str | None) -> Matrix | None:
    """A CTM; None where it is damaged, the identity where there is none."""
    if not value:
        return IDENTITY
    found = numbers(value, 6)
    if found is None:
        return None
    a, b, c, d, e, f = found
    return a, b, c, d, e, f


@lru_cache(maxsize=4096)
def plain(value: str, kind: str, bits: int) -> Color | None:
    """The colour of a Value; None where it is no colour. kind "": by the number of channels."""
    words = value.replace(",", " ").split()
    if len(words) == 1 and words[0].startswith("#") and len(words[0]) == 7:
        words = [f"#{words[0][i : i + 2]}" for i in (1, 3, 5)]
    try:
        given = [int(word[1:], 16) if word[0] == "#" else float(word) for word in words]
    except (ValueError, IndexError):
        return None
    if not all(-_FAR < one < _FAR for one in given):
        return None
    top = (1 << bits) - 1
    scaled = given if bits == 8 else [one * 255 / top for one in given]
    parts = [min(max(round(one), 0), 255) for one in scaled]
    wanted = {"GRAY": 1, "RGB": 3, "CMYK": 4}.get(kind, 0)
    if wanted and len(parts) > wanted:
        parts = parts[:wanted]
    if len(parts) == 1:
        return parts[0], parts[0], parts[0]
    if len(parts) == 3:
        return parts[0], parts[1], parts[2]
    if len(parts) == 4:
        black = 255 - parts[3]
        red, green, blue = (round((255 - part) * black / 255) for part in parts[:3])
        return red, green, blue
    return None


class Paints:
    """Reads the colours of objects in one part. cells: reads the content of a pattern's cell."""

    def __init__(self, store: Store, where: str, cells: _CELLS) -> None:
        self._store = store
        self._where = where
        self._cells = cells
        self._usual = store.usual_space()

    def read(self, element: Element) -> tuple[Paint, float]:
        """A CT_Color as a paint, and its opacity."""
        alpha = self._alpha(element)
        for child in element:
            make = _SHADES.get(LOCAL[child.tag])
            if make is not None:
                made = make(self, child)
                if made is not None:
                    return made, alpha
                self._unknown(LOCAL[child.tag])
                return self._first(child), alpha
            if isinstance(child.tag, str):
                self._unknown(LOCAL[child.tag])
        return self.color(element), alpha

    def _alpha(self, element: Element) -> float:
        word = element.get("Alpha")
        return min(max(number(element, "Alpha", 255.0), 0.0), 255.0) / 255 if word else 1.0

    def color(self, element: Element) -> Color:
        """The plain colour of a CT_Color: by Value, or by Index in the palette of its space."""
        key = element.get("ColorSpace")
        space: Space = self._usual
        if key:
            found = self._store.space(key)
            if found is None:
                self._store.missing(f"ColorSpace {key[:20]}", self._where)
            space = found or space
        value = element.get("Value")
        if value is None:
            value = self._of_palette(element, space)
        made = plain(value, space.kind if key else "", space.bits)
        if made is None:
            self._unknown(value)
        return made or BLACK

    def _of_palette(self, element: Element, space: Space) -> str:
        index = element.get("Index")
        if index is None:
            return "0 0 0 0" if space.kind == "CMYK" else "0"
        at = int(number(element, "Index", -1))
        if 0 <= at < len(space.palette):
            return space.palette[at]
        return f"Index {index}"

    def _unknown(self, what: str) -> None:
        self._store.notices.note(
            "colour.unknown",
            f"无法识别的颜色 {what[:40]!r}，以相近的单色代替",
            f"a colour that is not understood: {what[:40]!r}; a plain one stands for it",
            self._where,
        )

    def _first(self, element: Element) -> Color:
        found = next((e for e in element.iter("{*}Color")), None)
        return self.color(found) if found is not None and found.get("Value") else (128, 128, 128)

    def _stops(self, element: Element) -> list[Stop]:
        """The colours in order, places that are not given spread evenly."""
        segments = [one for one in element if LOCAL[one.tag] == "Segment"][:_STOPS]
        stops: list[Stop] = []
        for at, segment in enumerate(segments):
            child = next((one for one in segment if LOCAL[one.tag] == "Color"), None)
            if child is None:
                continue
            even = at / (len(segments) - 1) if len(segments) > 1 else 0.0
            place = min(max(number(segment, "Position", even), 0.0), 1.0)
            before = stops[-1].at if stops else 0.0
            stops.append(Stop(max(place, before), self.color(child), self._alpha(child)))
        return stops

    def axial(self, element: Element) -> Axial | None:
        start = numbers(element.get("StartPoint"), 2)
        end = numbers(element.get("EndPoint"), 2)
        stops = self._stops(element)
        if start is None or end is None or not stops:
            return None
        length = math.hypot(end[0] - start[0], end[1] - start[1])
        spread = _repeated(element, stops, length)
        return Axial((start[0], start[1]), (end[0], end[1]), spread, _extend(element))

    def radial(self, element: Element) -> Radial | None:
        start = numbers(element.get("StartPoint"), 2)
        end = numbers(element.get("EndPoint"), 2)
        stops = self._stops(element)
        if start is None or end is None or not stops:
            return None
        first, last = (max(number(element, f"{at}Radius", 0.0), 0.0) for at in ("Start", "End"))
        flat = min(max(number(element, "Eccentricity", 0.0), 0.0), 0.9999)
        turn = math.radians(number(element, "Angle", 0.0))
        cos, sin, short = math.cos(turn), math.sin(turn), math.sqrt(1 - flat * flat)
        frame: Matrix = IDENTITY
        if flat:
            frame = (cos, sin, -sin * short, cos * short, start[0], start[1])
        back = invert(frame) or IDENTITY
        length = max(math.hypot(end[0] - start[0], end[1] - start[1]), abs(last - first))
        return Radial(
            apply(back, start[0], start[1]), first, apply(back, end[0], end[1]), last,
            _repeated(element, stops, length), _extend(element), frame,
        )  # fmt: skip

    def mesh(self, element: Element) -> Mesh | None:
        points: list[Vertex] = []
        back: Color | None = None
        for child in element:
            kind = LOCAL[child.tag]
            if kind == "BackColor":
                back = self.color(child)
            elif kind == "Point" and len(points) < _POINTS:
                tint = next((one for one in child if LOCAL[one.tag] == "Color"), None)
                if tint is not None:
                    x, y = number(child, "X", 0.0), number(child, "Y", 0.0)
                    flag = int(number(child, "EdgeFlag", 0.0))
                    points.append(Vertex(x, y, self.color(tint), self._alpha(tint), flag))
        per_row = 0
        if LOCAL[element.tag] != "GouraudShd":
            per_row = int(number(element, "VerticesPerRow", 0.0))
            if not 2 <= per_row <= len(points) // 2:
                return None
            points = points[: len(points) // per_row * per_row]
        return Mesh(tuple(points), per_row, back) if len(points) >= 3 else None

    def pattern(self, element: Element) -> Pattern | None:
        width, height = number(element, "Width", 0.0), number(element, "Height", 0.0)
        cell = next((one for one in element if LOCAL[one.tag] == "CellContent"), None)
        matrix = matrix_of(element.get("CTM"))
        if width <= 0 or height <= 0 or cell is None or matrix is None:
            return None
        across, down = number(element, "XStep", width), number(element, "YStep", height)
        return Pattern(
            width, height, max(across, width), max(down, height), self._cells(cell), matrix,
            element.get("RelativeTo") == "Page", element.get("ReflectMethod", "Normal"),
        )  # fmt: skip


def _extend(element: Element) -> tuple[bool, bool]:
    bits = int(number(element, "Extend", 0.0))
    return bool(bits & 1), bool(bits & 2)


def _repeated(element: Element, stops: list[Stop], length: float) -> tuple[Stop, ...]:
    """The stops over the whole axis, with MapType and MapUnit worked in."""
    how = element.get("MapType", "Direct")
    unit = number(element, "MapUnit", length)
    if how not in {"Repeat", "Reflect"} or unit <= 0 or length <= 0 or unit >= length:
        return tuple(stops)
    times = min(math.ceil(length / unit - 1e-9), _REPEATS, max(_STOPS // len(stops), 1))
    share = unit / length
    found: list[Stop] = []
    for turn in range(times):
        mirrored = how == "Reflect" and turn % 2
        row = [Stop(1 - one.at, one.color, one.alpha) for one in reversed(stops)]
        for one in row if mirrored else stops:
            at = (turn + one.at) * share
            if at <= 1:
                found.append(Stop(at, one.color, one.alpha))
            else:
                found.append(_between(found[-1], Stop(at, one.color, one.alpha)))
                return tuple(found)
    return tuple(found)


def _between(one: Stop, other: Stop) -> Stop:
    """The colour at 1 on the way between two stops."""
    share = (1 - one.at) / (other.at - one.at) if other.at > one.at else 0.0
    red, green, blue = (
        round(a + (b - a) * share) for a, b in zip(one.color, other.color, strict=True)
    )
    return Stop(1.0, (red, green, blue), one.alpha + (other.alpha - one.alpha) * share)


_SHADES: dict[str, Callable[[Paints, Element], Paint | None]] = {
    "AxialShd": Paints.axial,
    "RadialShd": Paints.radial,
    "GouraudShd": Paints.mesh,
    "LaGouraudShd": Paints.mesh,
    "LaGourandShd": Paints.mesh,
    "Pattern": Paints.pattern,
}
