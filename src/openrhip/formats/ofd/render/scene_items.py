"""What a page is made of once it is read: items with places, paints and clips (图元).

Lengths are millimetres. Each item's `matrix` leads from its own space (object space with CTM and
the corner of the Boundary applied) into the space around it: the page, or the group it stands in.

Sources: GB/T 33190-2016 §8 (graphic units, colours), §9 (paths), §10 (images), §11 (text), §13
(composite objects).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.render.geometry import IDENTITY, Matrix, Segment, bounds, multiply
from openrhip.formats.ofd.render.scene_text import Code, Glyph

Color = tuple[int, int, int]
"""Red, green, blue, each 0 to 255: Gray, CMYK and palettes are converted while reading."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A colour on the way of a gradient; at: 0 to 1."""

    at: float
    color: Color
    alpha: float = 1.0


@dataclass(frozen=True, slots=True)
class Axial:
    """Axial shading (轴向渐变) in object space. Repetition (MapType) is already in the stops.

    extend: whether the colour goes on beyond (start, end).
    """

    start: tuple[float, float]
    end: tuple[float, float]
    stops: tuple[Stop, ...]
    extend: tuple[bool, bool] = (False, False)


@dataclass(frozen=True, slots=True)
class Radial:
    """Radial shading (径向渐变): two circles of a frame that `matrix` leads into object space.

    Eccentricity and Angle are in the matrix.
    """

    start: tuple[float, float]
    start_radius: float
    end: tuple[float, float]
    end_radius: float
    stops: tuple[Stop, ...]
    extend: tuple[bool, bool] = (False, False)
    matrix: Matrix = IDENTITY


@dataclass(frozen=True, slots=True)
class Vertex:
    """A point of a mesh in object space. flag: edge flag, 0 begins a triangle."""

    x: float
    y: float
    color: Color
    alpha: float = 1.0
    flag: int = 0


@dataclass(frozen=True, slots=True)
class Mesh:
    """Gouraud shading (高洛德渐变): free triangles, or a lattice of per_row points each row."""

    points: tuple[Vertex, ...]
    per_row: int = 0
    back: Color | None = None

    def triangles(self) -> Iterator[tuple[Vertex, Vertex, Vertex]]:
        points, wide = self.points, self.per_row
        if wide:
            for row in range(len(points) // wide - 1):
                for at in range(row * wide, row * wide + wide - 1):
                    yield points[at], points[at + 1], points[at + wide]
                    yield points[at + 1], points[at + wide], points[at + wide + 1]
            return
        last: tuple[Vertex, ...] = ()
        for point in points:
            if len(last) < 3:
                last = (*last, point)
            elif point.flag == 1:
                last = (last[1], last[2], point)
            elif point.flag == 2:
                last = (last[0], last[2], point)
            else:
                last = (point,)
            if len(last) == 3:
                yield last[0], last[1], last[2]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A tiled cell (底纹). matrix: cell space into object space, or into the page's if `to_page`.

    reflect: "Normal", "Row", "Column", "RowAndColumn": which neighbours are mirrored.
    """

    width: float
    height: float
    x_step: float
    y_step: float
    items: tuple[Item, ...]
    matrix: Matrix = IDENTITY
    to_page: bool = False
    reflect: str = "Normal"


Paint = Color | Axial | Radial | Mesh | Pattern


def flat(paint: Paint) -> Color:
    """One plain colour for a paint, for where no other can be drawn."""
    if isinstance(paint, tuple):
        return paint
    if isinstance(paint, (Axial, Radial)):
        return paint.stops[0].color
    if isinstance(paint, Mesh):
        return paint.points[0].color if paint.points else (128, 128, 128)
    for item in paint.items:
        if isinstance(item, (TextItem, PathItem)) and (found := item.fill or item.stroke):
            return flat(found)
    return (128, 128, 128)


@dataclass(frozen=True, slots=True)
class FontRes:
    """A font resource: its name, and the part with its file if it is embedded."""

    id: str
    name: str
    part: str
    bold: bool = False
    serif: bool = False
    italic: bool = False
    fixed: bool = False
    charset: str = ""
    label: str = ""  # FontName as given; `name` is the family where there is one


@dataclass(frozen=True, slots=True)
class Pen:
    """How lines are drawn (mm). cap: Butt, Round, Square; join: Miter, Round, Bevel."""

    width: float = 0.353
    cap: str = "Butt"
    join: str = "Miter"
    miter: float = 4.234
    dash: tuple[float, ...] = ()
    dash_offset: float = 0.0


PEN = Pen()


@dataclass(frozen=True, slots=True)
class ClipArea:
    """One area of a clip: a path, or the outlines of a text.

    matrix: from the path's space into the space that the clipped item's matrix leads into (a
    text's own matrix leads there too).
    """

    segments: tuple[Segment, ...] = ()
    matrix: Matrix = IDENTITY
    even_odd: bool = False
    text: TextItem | None = None


@dataclass(frozen=True, slots=True)
class Clip:
    """The union of its areas; of several clips the intersection counts."""

    areas: tuple[ClipArea, ...]


@dataclass(slots=True, eq=False)
class TextItem:
    """A text object. fill None: not filled; without stroke too it is invisible text.

    weight: 0 to 1000; char_direction: degrees by which each character is turned clockwise.
    alpha: of the object; each paint has its own besides.
    """

    id: str
    box: Box
    matrix: Matrix
    alpha: float
    font: FontRes
    size: float
    stretch: float
    fill: Paint | None
    codes: tuple[Code, ...]
    bold: bool = False
    behind: bool = False  # in a background layer: a watermark, no text of the record
    stroke: Paint | None = None
    fill_alpha: float = 1.0
    stroke_alpha: float = 1.0
    pen: Pen = PEN
    weight: int = 400
    italic: bool = False
    char_direction: int = 0
    read_direction: int = 0
    clips: tuple[Clip, ...] = ()
    blend: str = ""

    @property
    def text(self) -> str:
        return "".join(code.text for code in self.codes)

    def lines(self, advance: Callable[[str], float] | None = None) -> Iterator[tuple[Glyph, ...]]:
        """Each TextCode's characters with their places.

        advance: width of a character in em, for texts that say nothing of their steps.
        """
        scale = self.size * self.stretch
        for code in self.codes:
            yield code.glyphs(scale, self.read_direction, advance)


@dataclass(slots=True, eq=False)
class PathItem:
    """A path object. width, dash, cap and join are those of `pen`."""

    id: str
    box: Box
    matrix: Matrix
    alpha: float
    segments: tuple[Segment, ...]
    stroke: Paint | None
    fill: Paint | None
    even_odd: bool = False
    pen: Pen = PEN
    fill_alpha: float = 1.0
    stroke_alpha: float = 1.0
    clips: tuple[Clip, ...] = ()
    behind: bool = False
    blend: str = ""

    @property
    def width(self) -> float:
        return self.pen.width

    @property
    def dash(self) -> tuple[float, ...]:
        return self.pen.dash

    @property
    def cap(self) -> str:
        return self.pen.cap

    @property
    def join(self) -> str:
        return self.pen.join


@dataclass(frozen=True, slots=True)
class Border:
    """The border of an image: radii of its corners along x and y in mm."""

    pen: Pen
    color: Color = (0, 0, 0)
    alpha: float = 1.0
    radii: tuple[float, float] = (0.0, 0.0)


@dataclass(slots=True, eq=False)
class ImageItem:
    """An image object: the matrix leads from the unit square, y down. Parts hold its files.

    substitution: an image to take where `part` cannot be read; mask: an image whose dark pixels
    are left out.
    """

    id: str
    box: Box
    matrix: Matrix
    alpha: float
    part: str
    mask: str = ""
    substitution: str = ""
    border: Border | None = None
    clips: tuple[Clip, ...] = ()
    behind: bool = False
    blend: str = ""


@dataclass(slots=True, eq=False)
class GroupItem:
    """Items drawn as one: a composite object, a page block, a template, an annotation.

    blend: how it mixes with what is below, "" as usual, else "Multiply", "Darken", ... (all items).
    key: not empty if the same content may be drawn again elsewhere (a template, a composite unit).
    kind: "composite", "template", "annotation:Watermark", ...; screen_only: not to be printed.
    """

    id: str
    box: Box
    matrix: Matrix
    alpha: float
    items: tuple[Item, ...]
    key: str = ""
    kind: str = ""
    clips: tuple[Clip, ...] = ()
    behind: bool = False
    blend: str = ""
    screen_only: bool = False


Item = TextItem | PathItem | ImageItem | GroupItem
Leaf = TextItem | PathItem | ImageItem


@dataclass(frozen=True, slots=True)
class Link:
    """A place on a page that leads somewhere: to a URI, or to a page of the package.

    box: in the page's space. page: its index; place: (kind, left, top, right, bottom, zoom) of the
    destination as far as given.
    """

    box: Box
    uri: str = ""
    page: int | None = None
    place: Destination | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """kind: XYZ, Fit, FitH, FitV, FitR; the rest in mm of the page, None where not given."""

    kind: str = "Fit"
    left: float | None = None
    top: float | None = None
    right: float | None = None
    bottom: float | None = None
    zoom: float | None = None


@dataclass(slots=True, eq=False)
class Sheet:
    """A page read: its items from the back to the front, and its links."""

    box: Box
    items: list[Item] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


def flatten(items: Iterable[Item], within: GroupItem | None = None) -> Iterator[Leaf]:
    """The items without groups, each moved, clipped and made paler as its groups are."""
    for item in items:
        moved = item if within is None else _within(item, within)
        if isinstance(moved, GroupItem):
            yield from flatten(moved.items, moved)
        else:
            yield moved


def _within(item: Item, group: GroupItem) -> Item:
    moved: Item = replace(
        item,
        matrix=multiply(item.matrix, group.matrix),
        alpha=item.alpha * group.alpha,
        clips=(*group.clips, *(move_clip(clip, group.matrix) for clip in item.clips)),
        behind=item.behind or group.behind,
    )
    if not isinstance(item, GroupItem):
        x, y, width, height = bounds(group.matrix, item.box)
        moved.box = (x, y, width, height)
    return moved


def move_clip(clip: Clip, matrix: Matrix) -> Clip:
    """The clip as it lies in the space that the matrix leads into."""
    return Clip(
        tuple(
            replace(
                area,
                matrix=multiply(area.matrix, matrix),
                text=area.text and replace(area.text, matrix=multiply(area.text.matrix, matrix)),
            )
            for area in clip.areas
        )
    )
