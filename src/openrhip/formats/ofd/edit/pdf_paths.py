"""Paths of a PDF as path objects, and clips (路径与裁剪).

Sources: ISO 32000-1 §8.5; GB/T 33190-2016 §8.5 (clips), §9 (path objects).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from openrhip.formats.ofd.edit.pdf_numbers import short
from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.render.geometry import Matrix, apply

Point = tuple[float, float]
Step = tuple[str, tuple[Point, ...]]
_MOST = 2_000_000
_THIN = 0.05  # mm: what "as thin as possible" becomes


@dataclass
class Path:
    """A path being built: steps M, L, B, C with points on the page in mm."""

    steps: list[Step] = field(default_factory=list)
    at: Point = (0.0, 0.0)
    start: Point = (0.0, 0.0)
    boxed: bool = True
    """Whether it is made of upright rectangles alone."""

    def move(self, point: Point) -> None:
        if self.steps and self.steps[-1][0] == "M":
            self.steps.pop()
        self.steps.append(("M", (point,)))
        self.at = self.start = point
        self.boxed = False

    def line(self, point: Point) -> None:
        if not self.steps:
            self.move(point)
            return
        self.steps.append(("L", (point,)))
        self.at = point
        self.boxed = False

    def curve(self, one: Point, two: Point, point: Point) -> None:
        if not self.steps:
            self.move(one)
        self.steps.append(("B", (one, two, point)))
        self.at = point
        self.boxed = False

    def close(self) -> None:
        if self.steps and self.steps[-1][0] != "C":
            self.steps.append(("C", ()))
            self.at = self.start

    def rectangle(self, corners: tuple[Point, Point, Point, Point]) -> None:
        boxed = self.boxed
        upright = _upright(corners)
        self.move(corners[0])
        for corner in corners[1:]:
            self.line(corner)
        self.close()
        self.boxed = boxed and upright

    @property
    def box(self) -> Box | None:
        xs = [point[0] for _, points in self.steps for point in points]
        ys = [point[1] for _, points in self.steps for point in points]
        if not xs:
            return None
        return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)

    @property
    def turn(self) -> int:
        """1 or -1 for a single upright rectangle, by the way it goes round; 0 for all else."""
        if not self.boxed or len(self.steps) != 5:
            return 0
        (ax, ay), (bx, by), (cx, cy) = (self.steps[at][1][0] for at in range(3))
        area = (bx - ax) * (cy - by) - (by - ay) * (cx - bx)
        return (area > 0) - (area < 0)

    def data(self, dx: float, dy: float, places: int) -> str:
        """Abbreviated data, moved by -dx, -dy. Steps shorter than the grid are left out."""
        out: list[str] = []
        last = ""
        for name, points in self.steps:
            words = " ".join(f"{short(x - dx, places)} {short(y - dy, places)}" for x, y in points)
            if name == "L" and words == last:
                continue
            out.append(f"{name} {words}" if words else name)
            last = words if len(points) == 1 else ""
        return " ".join(out)


def _upright(corners: tuple[Point, Point, Point, Point]) -> bool:
    one, two, three, _ = corners
    near = 1e-4
    level = abs(one[1] - two[1]) < near and abs(two[0] - three[0]) < near
    return level or (abs(one[0] - two[0]) < near and abs(two[1] - three[1]) < near)


class Cut(NamedTuple):
    """A clip that is no upright rectangle: its path, and the rule."""

    steps: tuple[Step, ...]
    even_odd: bool
    box: Box


class TextCut(NamedTuple):
    """A clip by the outlines of text: text objects without their beginning, and their boxes."""

    texts: tuple[tuple[str, Box], ...]
    box: Box


class Clip(NamedTuple):
    """All clips that hold: an upright rectangle, and others. box None: nothing is cut."""

    box: Box | None = None
    cuts: tuple[Cut | TextCut, ...] = ()

    def with_text(self, texts: list[tuple[str, Box]]) -> Clip:
        """Cut by the outlines of texts too."""
        left = min(box[0] for _, box in texts)
        top = min(box[1] for _, box in texts)
        right = max(box[0] + box[2] for _, box in texts)
        bottom = max(box[1] + box[3] for _, box in texts)
        around = (left, top, right - left, bottom - top)
        cut = TextCut(tuple(texts), around)
        return Clip(meet(self.box, around), (*self.cuts, cut)[-8:])

    def with_path(self, path: Path, *, even_odd: bool) -> Clip:
        found = path.box
        if found is None:
            return Clip((0.0, 0.0, 0.0, 0.0), ())
        single = sum(1 for name, _ in path.steps if name == "M") == 1
        box = meet(self.box, found)
        if single and (path.boxed or _is_box(path)):
            return Clip(box, self.cuts)
        cut = Cut(tuple(path.steps), even_odd, found)
        return Clip(box, (*self.cuts, cut)[-8:])

    def hides(self, box: Box) -> bool:
        """Whether nothing of what is in the box shows."""
        if self.box is None:
            return False
        found = meet(self.box, box)
        return found[2] < 0 or found[3] < 0 or self.box[2] <= 0 or self.box[3] <= 0

    def cuts_off(self, box: Box) -> bool:
        """Whether the rectangle cuts something of what is in the box."""
        if self.box is None:
            return False
        x, y, width, height = self.box
        near = 0.02
        return (
            box[0] < x - near
            or box[1] < y - near
            or box[0] + box[2] > x + width + near
            or box[1] + box[3] > y + height + near
        )


def _is_box(path: Path) -> bool:
    """Four lines that make an upright rectangle."""
    points = [points[0] for name, points in path.steps if name in "ML"]
    if any(name == "B" for name, _ in path.steps) or not 4 <= len(points) <= 5:
        return False
    if len(points) == 5 and math.dist(points[0], points[4]) > 1e-3:
        return False
    return _upright((points[0], points[1], points[2], points[3])) and (
        abs(points[0][0] + points[2][0] - points[1][0] - points[3][0]) < 1e-3
        and abs(points[0][1] + points[2][1] - points[1][1] - points[3][1]) < 1e-3
    )


def meet(one: Box | None, two: Box) -> Box:
    """Where two boxes overlap; of negative size where they do not."""
    if one is None:
        return two
    left, top = max(one[0], two[0]), max(one[1], two[1])
    right = min(one[0] + one[2], two[0] + two[2])
    bottom = min(one[1] + one[3], two[1] + two[3])
    return left, top, right - left, bottom - top


def grown(box: Box, by: float) -> Box:
    return box[0] - by, box[1] - by, box[2] + 2 * by, box[3] + 2 * by


def clips_xml(clip: Clip, box: Box, origin: Point, back: str = "") -> str:
    """Clips of an object: origin: the corner of its Boundary; back: the inverse of its CTM."""
    areas: list[str] = []
    ctm = f' CTM="{back}"' if back else ""
    if clip.box is not None and clip.cuts_off(box):
        x, y, width, height = clip.box
        left, top = short(x - origin[0]), short(y - origin[1])
        wide, tall = short(width), short(height)
        areas.append(
            f'<ofd:Clip><ofd:Area{ctm}><ofd:Path Boundary="{left} {top} {wide} {tall}"'
            f' Stroke="false" Fill="true"><ofd:AbbreviatedData>M 0 0 L {wide} 0 L {wide} {tall}'
            f" L 0 {tall} C</ofd:AbbreviatedData></ofd:Path></ofd:Area></ofd:Clip>"
        )
    for cut in clip.cuts:
        if isinstance(cut, TextCut):
            inner = "".join(
                f'<ofd:Area{ctm}><ofd:Text Boundary="{short(box[0] - origin[0])}'
                f' {short(box[1] - origin[1])} {short(box[2])} {short(box[3])}"'
                f"{rest.removesuffix('</ofd:TextObject>')}</ofd:Text></ofd:Area>"
                for rest, box in cut.texts
            )
            areas.append(f"<ofd:Clip>{inner}</ofd:Clip>")
            continue
        x, y, width, height = cut.box
        path = Path(list(cut.steps))
        rule = ' Rule="Even-Odd"' if cut.even_odd else ""
        areas.append(
            f'<ofd:Clip><ofd:Area{ctm}><ofd:Path Boundary="{short(x - origin[0])}'
            f' {short(y - origin[1])} {short(width)} {short(height)}" Stroke="false"'
            f' Fill="true"{rule}><ofd:AbbreviatedData>{path.data(x, y, 2)}'
            "</ofd:AbbreviatedData></ofd:Path></ofd:Area></ofd:Clip>"
        )
    return f"<ofd:Clips>{''.join(areas)}</ofd:Clips>" if areas else ""


class Pen(NamedTuple):
    """Line attributes in user space, and the matrix that leads to mm."""

    width: float
    cap: int
    join: int
    miter: float
    dash: tuple[float, ...]
    phase: float
    matrix: Matrix

    @property
    def scale(self) -> float:
        a, b, c, d, _, _ = self.matrix
        return math.sqrt(abs(a * d - b * c))

    @property
    def millimetres(self) -> float:
        return max(self.width * self.scale, _THIN)

    def attributes(self) -> str:
        out = f' LineWidth="{short(self.millimetres, 3)}"'
        if self.cap in (1, 2):
            out += f' Cap="{("Round", "Square")[self.cap - 1]}"'
        if self.join in (1, 2):
            out += f' Join="{("Round", "Bevel")[self.join - 1]}"'
        elif abs(self.miter - 4.234) > 0.01:
            out += f' MiterLimit="{short(self.miter, 3)}"'
        if any(step > 0 for step in self.dash):
            steps = [short(step * self.scale, 3) for step in self.dash[:16]]
            if len(steps) % 2:
                steps *= 2
            out += f' DashPattern="{" ".join(steps)}"'
            if self.phase:
                out += f' DashOffset="{short(self.phase * self.scale, 3)}"'
        return out


def corners(
    matrix: Matrix, x: float, y: float, width: float, height: float
) -> tuple[Point, Point, Point, Point]:
    """The corners of a rectangle of user space on the page."""
    return (
        apply(matrix, x, y),
        apply(matrix, x + width, y),
        apply(matrix, x + width, y + height),
        apply(matrix, x, y + height),
    )
