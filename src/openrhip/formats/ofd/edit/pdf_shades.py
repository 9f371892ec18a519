"""Gradients of a PDF as shadings of OFD (渐变): axial and radial ones; all others become pixels.

The colours are read off a strip that pdfium draws, so that no function of the PDF is computed
here. Sources: ISO 32000-1 §8.7.4.5; GB/T 33190-2016 §8.3.4.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import pikepdf
from pikepdf import Array, Dictionary

from openrhip.formats.ofd.edit.pdf_colours import Color
from openrhip.formats.ofd.edit.pdf_numbers import get, reals, short, whole
from openrhip.formats.ofd.edit.pdf_scratch import Scratch
from openrhip.formats.ofd.render.geometry import Matrix, apply
from openrhip.kernel.errors import Problem

_STRIP = 256  # pdfium takes as many steps


class Shade(NamedTuple):
    """An axial (kind 2) or radial (3) gradient; coords in the space of `matrix`, which leads to mm
    of the page."""

    kind: int
    coords: tuple[float, ...]
    stops: tuple[tuple[float, Color], ...]
    extend: int
    matrix: Matrix

    @property
    def even(self) -> bool:
        """Whether circles stay circles on the page."""
        a, b, c, d, _, _ = self.matrix
        one, two = math.hypot(a, b), math.hypot(c, d)
        return abs(one - two) < 0.01 * max(one, two) and abs(a * c + b * d) < 0.01 * one * two

    def xml(self, dx: float, dy: float, *, own: bool = False) -> str:
        """As the content of a colour; dx, dy: the corner of the object's Boundary. own: in the
        gradient's own space, for an object whose CTM is `matrix`."""
        places = 5 if own else 3

        def point(x: float, y: float) -> str:
            at = (x, y) if own else apply(self.matrix, x, y)
            return f"{short(at[0] - dx, places)} {short(at[1] - dy, places)}"

        segments = "".join(
            f'<ofd:Segment Position="{short(at, 4)}"><ofd:Color Value="{r} {g} {b}"/></ofd:Segment>'
            for at, (r, g, b) in self.stops
        )
        extend = f' Extend="{self.extend}"' if self.extend else ""
        if self.kind == 2:
            x0, y0, x1, y1 = self.coords
            return (
                f'<ofd:AxialShd StartPoint="{point(x0, y0)}" EndPoint="{point(x1, y1)}"{extend}>'
                f"{segments}</ofd:AxialShd>"
            )
        x0, y0, r0, x1, y1, r1 = self.coords
        a, b, c, d, _, _ = self.matrix
        scale = 1.0 if own else math.sqrt(abs(a * d - b * c))
        return (
            f'<ofd:RadialShd StartPoint="{point(x0, y0)}" EndPoint="{point(x1, y1)}"'
            f' StartRadius="{short(r0 * scale, places)}" EndRadius="{short(r1 * scale, places)}"'
            f"{extend}>{segments}</ofd:RadialShd>"
        )


class Shades:
    """Reads the gradients of one PDF; each one's colours once."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self._stops: dict[bytes, tuple[tuple[float, Color], ...]] = {}

    def read(self, shading: object, matrix: Matrix) -> Shade | None:
        """The gradient; None if it is of another kind or cannot be read."""
        kind = whole(get(shading, "/ShadingType"))
        coords = reals(get(shading, "/Coords"), 6)
        if kind not in (2, 3) or len(coords) != 2 * kind or isinstance(shading, pikepdf.Stream):
            return None
        stops = self._colours(shading)
        if not stops:
            return None
        ends = get(shading, "/Extend")
        flags = [bool(one) for one in list(ends.as_list())[:2]] if isinstance(ends, Array) else []
        extend = sum(bit for bit, flag in zip((1, 2), flags, strict=False) if flag)
        return Shade(kind, tuple(coords), stops, extend, matrix)

    def _colours(self, shading: object) -> tuple[tuple[float, Color], ...]:
        if not isinstance(shading, pikepdf.Object):
            return ()
        key = shading.unparse(resolved=True)
        if key not in self._stops:
            self._stops[key] = self._strip(shading)
        return self._stops[key]

    def _strip(self, shading: pikepdf.Object) -> tuple[tuple[float, Color], ...]:
        strip = Dictionary(ShadingType=2, Coords=Array([0, 0, _STRIP, 0]))
        for name in ("/ColorSpace", "/Function", "/Domain"):
            if (value := get(shading, name)) is not None:
                strip[name] = value
        strip.Extend = Array([True, True])
        try:
            image = self._scratch.draw("/S sh", {"Shading": {"S": strip}}, (_STRIP, 4), (_STRIP, 4))
        except Problem:
            return ()
        found: list[Color] = []
        for x in range(_STRIP):
            pixel = image.getpixel((x, 2))
            if isinstance(pixel, tuple):
                found.append((pixel[0], pixel[1], pixel[2]))
        return _fewer(found)


def _fewer(colours: list[Color]) -> tuple[tuple[float, Color], ...]:
    """As few stops as follow the colours within two levels; two at one place for a jump."""
    if not colours:
        return ()
    last = len(colours) - 1
    stops = [(0.0, colours[0])]
    at = 0
    while at < last:
        end = at + 1
        if _jumps(colours, at):
            place = (at + 0.5) / last
            stops += [(place, colours[at]), (place, colours[end])]
            at = end
            continue
        while end < last and not _jumps(colours, end) and _follows(colours, at, end + 1):
            end += 1
        stops.append((end / last, colours[end]))
        at = end
    return tuple(stops) if len(stops) > 1 else (*stops, (1.0, colours[-1]))


def _jumps(colours: list[Color], at: int) -> bool:
    return any(abs(a - b) > 40 for a, b in zip(colours[at], colours[at + 1], strict=True))


def _follows(colours: list[Color], first: int, last: int) -> bool:
    one, two, long = colours[first], colours[last], last - first
    step = max(1, long // 16)
    return all(
        abs(colours[at][i] - one[i] - (two[i] - one[i]) * (at - first) / long) <= 2
        for at in (*range(first + 1, last, step), last - 1)
        for i in range(3)
    )
