"""Gradients and patterns in a PDF (ISO 32000-1 §8.7): shadings of types 2 to 5, tiling patterns.

Opacity that changes along a gradient becomes a soft mask (§11.6.5).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise

from openrhip.formats.ofd.render.geometry import Matrix, multiply
from openrhip.formats.ofd.render.pdf_file import File, n, ns
from openrhip.formats.ofd.render.scene_items import Axial, Mesh, Paint, Radial, Stop, Vertex

_NEAR = 1e-5
_VERTEX = struct.Struct(">IIBBB")
_GRAY_VERTEX = struct.Struct(">IIB")
_TOP = (1 << 32) - 1

Shade = Axial | Radial | Mesh


def shading(file: File, paint: Shade, *, mask: bool = False) -> int:
    """The shading in the object space of what it paints; mask: its opacity as grey."""
    if isinstance(paint, Mesh):
        return _mesh(file, paint, mask=mask)
    function = _function(_spread(paint.stops), mask=mask)
    extend = "[" + " ".join("true" if one else "false" for one in paint.extend) + "]"
    coords: tuple[float, ...]
    if isinstance(paint, Axial):
        kind, coords = 2, (*paint.start, *paint.end)
    else:
        kind = 3
        coords = (*paint.start, paint.start_radius, *paint.end, paint.end_radius)
    space = "/DeviceGray" if mask else "/DeviceRGB"
    return file.put(
        f"<</ShadingType {kind}/ColorSpace{space}/Coords[{ns(coords)}]/Function {function}"
        f"/Extend{extend}>>"
    )


def frame(paint: Shade, matrix: Matrix) -> Matrix:
    """From the shading's space into that around the object."""
    return multiply(paint.matrix, matrix) if isinstance(paint, Radial) else matrix


def pattern(file: File, paint: Shade, matrix: Matrix) -> int:
    """A shading as a pattern; matrix: from object space to where the stream begins."""
    number = shading(file, paint)
    placed = frame(paint, matrix)
    return file.put(f"<</PatternType 2/Shading {number} 0 R/Matrix[{ns(placed)}]>>")


def opacities(paint: Paint) -> tuple[float, bool]:
    """The opacity of all colours of a paint, and whether they differ."""
    if isinstance(paint, (Axial, Radial)):
        found = {stop.alpha for stop in paint.stops}
    elif isinstance(paint, Mesh):
        found = {point.alpha for point in paint.points}
    else:
        return 1.0, False
    return max(found), len(found) > 1


def _spread(stops: Sequence[Stop]) -> list[Stop]:
    """Stops from 0 to 1, each after the one before."""
    first, last = stops[0], stops[-1]
    whole = list(stops)
    if first.at > 0 or len(stops) == 1:
        whole.insert(0, Stop(0.0, first.color, first.alpha))
    if last.at < 1:
        whole.append(Stop(1.0, last.color, last.alpha))
    made: list[Stop] = []
    for at, stop in enumerate(whole):
        floor = made[-1].at + _NEAR if made else 0.0
        top = 1.0 - (len(whole) - 1 - at) * _NEAR
        made.append(Stop(min(max(stop.at, floor), top), stop.color, stop.alpha))
    return made


def _function(stops: Sequence[Stop], *, mask: bool) -> str:
    """From 0..1 to colour: pieces of straight lines."""

    def color(stop: Stop) -> str:
        if mask:
            return n(round(stop.alpha, 4))
        return " ".join(n(round(part / 255, 4)) for part in stop.color)

    pieces = [
        f"<</FunctionType 2/Domain[0 1]/C0[{color(one)}]/C1[{color(other)}]/N 1>>"
        for one, other in pairwise(stops)
    ]
    if len(pieces) == 1:
        return pieces[0]
    bounds = " ".join(f"{stop.at:.6f}" for stop in stops[1:-1])
    return (
        f"<</FunctionType 3/Domain[0 1]/Functions[{''.join(pieces)}]/Bounds[{bounds}]"
        f"/Encode[{'0 1 ' * len(pieces)}]>>"
    )


def _mesh(file: File, mesh: Mesh, *, mask: bool) -> int:
    points = mesh.points
    left, right = min(p.x for p in points), max(p.x for p in points)
    top, bottom = min(p.y for p in points), max(p.y for p in points)
    wide, tall = max(right - left, 1e-6), max(bottom - top, 1e-6)
    out = bytearray()

    def add(point: Vertex, flag: int) -> None:
        if not mesh.per_row:
            out.append(flag)
        x, y = round((point.x - left) / wide * _TOP), round((point.y - top) / tall * _TOP)
        if mask:
            out.extend(_GRAY_VERTEX.pack(x, y, round(point.alpha * 255)))
        else:
            out.extend(_VERTEX.pack(x, y, *point.color))

    if mesh.per_row:
        for point in points:
            add(point, 0)
    else:
        for triangle in mesh.triangles():
            for point in triangle:
                add(point, 0)
    kind = f"5/VerticesPerRow {mesh.per_row}" if mesh.per_row else "4/BitsPerFlag 8"
    space, colors = ("/DeviceGray", "0 1") if mask else ("/DeviceRGB", "0 1 0 1 0 1")
    back = ""
    if mesh.back is not None and not mask:
        back = f"/Background[{' '.join(n(round(part / 255, 4)) for part in mesh.back)}]"
    return file.stream(
        f"/ShadingType {kind}/ColorSpace{space}/BitsPerCoordinate 32/BitsPerComponent 8"
        f"/Decode[{ns((left, left + wide, top, top + tall))} {colors}]{back}",
        bytes(out),
    )
