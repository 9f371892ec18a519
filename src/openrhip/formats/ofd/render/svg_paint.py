"""Paints, clips and patterns in SVG: definitions that are made once and named by their ids."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from openrhip.formats.ofd.render.geometry import IDENTITY, Matrix, Segment, invert, multiply
from openrhip.formats.ofd.render.scene_items import (
    Axial,
    Clip,
    Color,
    Mesh,
    Paint,
    Pattern,
    Radial,
    Stop,
    TextItem,
    Vertex,
    flat,
)

if TYPE_CHECKING:
    from openrhip.formats.ofd.render.svg_draw import Drawing

_VERBS = {"M": "M", "L": "L", "B": "C", "C": "Z"}
_DEEPEST = 5
_STEPS = 96
_MOST_TRIANGLES = 20_000


def n(value: float) -> str:
    """A number of six significant digits: a page is at most some metres wide."""
    return f"{value:.6g}"


def matrix(value: Matrix) -> str:
    return f"matrix({' '.join(map(n, value))})"


def transform(value: Matrix) -> str:
    """A transform attribute, or nothing for none."""
    return "" if value == IDENTITY else f' transform="{matrix(value)}"'


def hexed(color: Color) -> str:
    return f"#{color[0]:02x}{color[1]:02x}{color[2]:02x}"


def path_data(segments: Sequence[Segment]) -> str:
    if segments and segments[0][0] != "M":
        segments = (("M", (0.0, 0.0)), *segments)
    verbs = _VERBS
    return "".join(
        [
            verbs[verb] + " ".join([f"{number:.6g}" for number in numbers])
            for verb, numbers in segments
        ]
    )


class Paints:
    """The definitions of one file. `prefix` keeps ids apart where files share a page."""

    def __init__(self, drawing: Drawing, prefix: str) -> None:
        self._drawing = drawing
        self._prefix = prefix
        self._ids: dict[object, str] = {}
        self.defs: list[str] = []

    def define(self, key: object, make: Callable[[str], str]) -> str:
        """The id of a definition, made when first asked for."""
        found = self._ids.get(key)
        if found is None:
            found = self._ids[key] = f"{self._prefix}{len(self._ids)}"
            made = make(found)
            self._drawing.grow(len(made))
            self.defs.append(made)
        return found

    def look(self, name: str, paint: Paint | None, alpha: float, own: Matrix) -> str:
        """Attributes fill or stroke for a paint; own: the item's matrix."""
        if paint is None:
            return f' {name}="none"'
        faint = f' {name}-opacity="{n(alpha)}"' if alpha < 1 else ""
        if isinstance(paint, tuple):
            if name == "fill" and paint == (0, 0, 0):
                return faint
            return f' {name}="{hexed(paint)}"{faint}'
        if isinstance(paint, Mesh):
            return f' {name}="{hexed(flat(paint))}"{faint}'
        if isinstance(paint, Pattern):
            found = self._pattern(paint, own)
        else:
            shade = paint
            found = self.define(shade, lambda key: _gradient(key, shade))
        return f' {name}="url(#{found})"{faint}' if found else f' {name}="{hexed(flat(paint))}"'

    def _pattern(self, paint: Pattern, own: Matrix) -> str:
        where = paint.matrix
        if paint.to_page:
            back = invert(own)
            if back is None:
                return ""
            where = multiply(where, back)
        wide, tall = abs(paint.x_step) or paint.width, abs(paint.y_step) or paint.height
        if not (wide > 0 and tall > 0):
            return ""

        def make(key: str) -> str:
            inside = self._drawing.inside(paint.items)
            across = paint.reflect in ("Column", "RowAndColumn")
            down = paint.reflect in ("Row", "RowAndColumn")
            cells = [f"<g>{inside}</g>"]
            if across:
                cells.append(
                    f'<g transform="matrix(-1 0 0 1 {n(wide + paint.width)} 0)">{inside}</g>'
                )
            if down:
                cells.append(
                    f'<g transform="matrix(1 0 0 -1 0 {n(tall + paint.height)})">{inside}</g>'
                )
            if across and down:
                turn = f"matrix(-1 0 0 -1 {n(wide + paint.width)} {n(tall + paint.height)})"
                cells.append(f'<g transform="{turn}">{inside}</g>')
            return (
                f'<pattern id="{key}" patternUnits="userSpaceOnUse"'
                f' width="{n(wide * (1 + across))}" height="{n(tall * (1 + down))}"'
                f' patternTransform="{matrix(where)}">{"".join(cells)}</pattern>'
            )

        return self.define((id(paint), where), make)

    def clip(self, clips: Sequence[Clip]) -> str:
        """The id of a clipPath for the intersection of all; empty if there is none."""
        found = ""
        for one in clips:
            outer = f' clip-path="url(#{found})"' if found else ""
            found = self.define((one, outer), lambda key, c=one, o=outer: self._clip(key, c, o))  # type: ignore[misc]
        return found

    def _clip(self, key: str, clip: Clip, outer: str) -> str:
        parts: list[str] = []
        for area in clip.areas:
            rule = ' clip-rule="evenodd"' if area.even_odd else ""
            if area.segments:
                data = path_data(area.segments)
                parts.append(f'<path d="{data}"{transform(area.matrix)}{rule}/>')
            if isinstance(area.text, TextItem):
                parts.extend(self._drawing.outlines(area.text))
        return f'<clipPath id="{key}"{outer}>{"".join(parts)}</clipPath>'

    def pieces(self, data: str, even_odd: bool, paint: Mesh | Radial, alpha: float) -> str:
        """A path filled with what SVG has no paint for: small pieces, clipped by the path."""
        rule = ' clip-rule="evenodd"' if even_odd else ""
        key = self.define(
            ("mesh", data, even_odd),
            lambda key: f'<clipPath id="{key}"><path d="{data}"{rule}/></clipPath>',
        )
        mesh = isinstance(paint, Mesh)
        body = "".join(_triangles(paint) if isinstance(paint, Mesh) else _cone(paint))
        back = ""
        if isinstance(paint, Mesh) and paint.back:
            back = f'<path d="{data}" fill="{hexed(paint.back)}"/>'
        edges = ' shape-rendering="crispEdges"' if mesh else ""
        faint = f' opacity="{n(alpha)}"' if alpha < 1 else ""
        return f'<g clip-path="url(#{key})"{edges}{faint}>{back}{body}</g>'


def _gradient(key: str, paint: Axial | Radial) -> str:
    stops = list(paint.stops)
    extend = paint.extend
    if isinstance(paint, Axial):
        (x1, y1), (x2, y2) = paint.start, paint.end
        kind = "linearGradient"
        where = f'x1="{n(x1)}" y1="{n(y1)}" x2="{n(x2)}" y2="{n(y2)}"'
    else:
        inner, outer = (*paint.start, paint.start_radius), (*paint.end, paint.end_radius)
        if inner[2] > outer[2]:
            inner, outer = outer, inner
            stops = [Stop(1 - stop.at, stop.color, stop.alpha) for stop in reversed(stops)]
            extend = (extend[1], extend[0])
        kind = "radialGradient"
        where = (
            f'fx="{n(inner[0])}" fy="{n(inner[1])}" fr="{n(inner[2])}"'
            f' cx="{n(outer[0])}" cy="{n(outer[1])}" r="{n(outer[2])}"'
        )
        if paint.matrix != IDENTITY:
            where += f' gradientTransform="{matrix(paint.matrix)}"'
    listed = [_stop(stop.at, stop.color, stop.alpha) for stop in stops]
    if stops and not extend[0]:
        listed.insert(0, _stop(0, stops[0].color, 0))
    if stops and not extend[1]:
        listed.append(_stop(1, stops[-1].color, 0))
    return f'<{kind} id="{key}" gradientUnits="userSpaceOnUse" {where}>{"".join(listed)}</{kind}>'


def _stop(at: float, color: Color, alpha: float) -> str:
    faint = f' stop-opacity="{n(alpha)}"' if alpha < 1 else ""
    return f'<stop offset="{n(min(max(at, 0.0), 1.0))}" stop-color="{hexed(color)}"{faint}/>'


def apart(paint: Paint | None) -> bool:
    """Whether it is a radial shading whose circles do not lie in each other: a cone."""
    if not isinstance(paint, Radial):
        return False
    far = math.dist(paint.start, paint.end)
    return far > abs(paint.start_radius - paint.end_radius) + 1e-6


def _cone(paint: Radial) -> Iterator[str]:
    """Circles from the start to the end, each over the one before."""
    for step in range(_STEPS + 1):
        at = step / _STEPS
        (x, y), (u, v) = paint.start, paint.end
        radius = paint.start_radius + (paint.end_radius - paint.start_radius) * at
        center = f'cx="{n(x + (u - x) * at)}" cy="{n(y + (v - y) * at)}"'
        ink = hexed(_between(paint.stops, at))
        yield f'<circle {center} r="{n(max(radius, 0.0))}" fill="{ink}"{transform(paint.matrix)}/>'


def _between(stops: Sequence[Stop], at: float) -> Color:
    before = next((stop for stop in reversed(stops) if stop.at <= at), stops[0])
    after = next((stop for stop in stops if stop.at > at), stops[-1])
    wide = after.at - before.at
    part = (at - before.at) / wide if wide > 0 else 0.0
    pairs = zip(before.color, after.color, strict=True)
    mixed = [round(a + (b - a) * min(max(part, 0.0), 1.0)) for a, b in pairs]
    return mixed[0], mixed[1], mixed[2]


def _triangles(paint: Mesh) -> Iterator[str]:
    left = _MOST_TRIANGLES
    for whole in paint.triangles():
        for points, color in _split(whole, 0):
            if left <= 0:
                return
            left -= 1
            data = "L".join(f"{n(x)} {n(y)}" for x, y in points)
            ink = hexed(color)
            yield f'<path d="M{data}Z" fill="{ink}" stroke="{ink}" stroke-width=".02"/>'


Points = tuple[tuple[float, float], ...]


def _split(three: tuple[Vertex, Vertex, Vertex], depth: int) -> Iterator[tuple[Points, Color]]:
    a, b, c = three
    far = max(abs(p.color[i] - q.color[i]) for p, q in ((a, b), (b, c), (a, c)) for i in range(3))
    if depth >= _DEEPEST or far <= 8:
        mixed = tuple(round(sum(p.color[i] for p in three) / 3) for i in range(3))
        yield ((a.x, a.y), (b.x, b.y), (c.x, c.y)), (mixed[0], mixed[1], mixed[2])
        return
    ab, bc, ca = _middle(a, b), _middle(b, c), _middle(c, a)
    for part in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)):
        yield from _split(part, depth + 1)


def _middle(p: Vertex, q: Vertex) -> Vertex:
    mixed = tuple(round((a + b) / 2) for a, b in zip(p.color, q.color, strict=True))
    return Vertex((p.x + q.x) / 2, (p.y + q.y) / 2, (mixed[0], mixed[1], mixed[2]))
