"""A page of a package as a list of things to draw, with resources, templates and defaults resolved.

Reads what this package writes and what other producers usually write: text with DeltaX/DeltaY and
CGTransform, paths, images, page blocks, templates, draw parameters, Gray, RGB and CMYK colours
(GB/T 33190-2016 §8 to §13). Shadings and patterns are drawn in their first plain colour; clips of
single objects are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import Box, Package
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.render.geometry import IDENTITY, Matrix, Segment, multiply, segments
from openrhip.kernel.errors import Malformed, NotFound, TooLarge

Color = tuple[int, int, int]
_MAX_ITEMS = 200_000  # objects on one page
_MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class FontRes:
    """A font resource: its name, and the part with its file if it is embedded."""

    id: str
    name: str
    part: str
    bold: bool = False
    serif: bool = False


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character where it stands (mm, object space). index: glyph number if the file fixes it."""

    char: str
    x: float
    y: float
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """A TextCode as it stands in the file; `fixed` has the glyph numbers of its CGTransform."""

    text: str
    start: tuple[str, str] = ("0", "0")
    deltas: tuple[str, str] = ("", "")
    fixed: dict[int, int] = field(default_factory=dict)
    where: str = ""

    def glyphs(self) -> Iterator[Glyph]:
        """The characters where they stand. Raises Malformed."""
        x, y = (px.numbers(word or "0", 1, where=self.where)[0] for word in self.start)
        across, down = (_deltas(words, len(self.text), self.where) for words in self.deltas)
        for at, char in enumerate(self.text):
            yield Glyph(char, x, y, self.fixed.get(at))
            x += across[at] if at < len(across) else 0.0
            y += down[at] if at < len(down) else 0.0


@dataclass(frozen=True, slots=True)
class TextItem:
    id: str
    box: Box
    matrix: Matrix
    alpha: float
    font: FontRes
    size: float
    stretch: float
    fill: Color
    codes: tuple[Code, ...]
    bold: bool = False
    behind: bool = False  # in a background layer: a watermark, no text of the record

    @property
    def text(self) -> str:
        return "".join(code.text for code in self.codes)

    def lines(self) -> Iterator[tuple[Glyph, ...]]:
        """Each TextCode's characters with their places. Raises Malformed."""
        for code in self.codes:
            yield tuple(code.glyphs())


@dataclass(frozen=True, slots=True)
class PathItem:
    id: str
    box: Box
    matrix: Matrix
    alpha: float
    segments: tuple[Segment, ...]
    stroke: Color | None
    fill: Color | None
    width: float
    dash: tuple[float, ...]
    even_odd: bool
    cap: str
    join: str


@dataclass(frozen=True, slots=True)
class ImageItem:
    id: str
    box: Box
    matrix: Matrix
    alpha: float
    part: str


Item = TextItem | PathItem | ImageItem


@dataclass
class Scene:
    """A package prepared for drawing: resources of all kinds by id."""

    package: Package
    fonts: dict[str, FontRes] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    params: dict[str, Element] = field(default_factory=dict)
    spaces: dict[str, str] = field(default_factory=dict)
    units: dict[str, Element] = field(default_factory=dict)
    templates: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, package: Package) -> Scene:
        scene = cls(package)
        for document in package.documents:
            common = px.child(package.xml(document.root), "CommonData")
            for kind in ("PublicRes", "DocumentRes"):
                for item in px.children(common, kind):
                    scene.load(px.text(item), document.root)
            for item in px.children(common, "TemplatePage"):
                try:
                    part = package.resolve(item.get("BaseLoc", ""), base=document.root)
                except NotFound:  # pages that use it are drawn without
                    continue
                scene.templates[item.get("ID", "")] = part
        return scene

    def load(self, location: str, base: str) -> None:
        """Take in a resource file. A missing one is left out: its users are then left out too."""
        try:
            part = self.package.resolve(location, base=base)
        except NotFound:
            return
        root = self.package.xml(part)
        folder = root.get("BaseLoc", "")
        for group in root:
            for item in group:
                self._resource(item, part, folder)

    def _resource(self, item: Element, part: str, folder: str) -> None:
        kind, key = px.local(item), item.get("ID", "")
        if kind == "Font":
            file = self._file(px.text(item, "FontFile"), part, folder)
            name = item.get("FamilyName") or item.get("FontName") or ""
            self.fonts[key] = FontRes(
                key, name, file, item.get("Bold") == "true", item.get("Serif") == "true"
            )
        elif kind == "MultiMedia":
            self.images[key] = self._file(px.text(item, "MediaFile"), part, folder)
        elif kind == "DrawParam":
            self.params[key] = item
        elif kind == "ColorSpace":
            self.spaces[key] = (item.get("Type") or "RGB").upper()
        elif kind == "CompositeGraphicUnit":
            self.units[key] = item

    def _file(self, location: str, part: str, folder: str) -> str:
        if not location:
            return ""
        trials = (f"{folder.rstrip('/')}/{location}" if folder else location, location)
        for trial in trials:
            try:
                return self.package.resolve(trial, base=part)
            except NotFound:
                continue
        return ""

    def page(self, index: int) -> list[Item]:
        """What to draw on a page, from the back to the front."""
        pages = self.package.pages
        if not 0 <= index < len(pages):
            raise NotFound("the document has no such page", where=f"page {index + 1}")
        part = pages[index].part
        root = self.package.xml(part)
        for item in px.children(root, "PageRes"):
            self.load(px.text(item), part)
        back: list[Item] = []
        front: list[Item] = []
        for use in px.children(root, "Template"):
            template = self.templates.get(use.get("TemplateID", ""))
            if template:
                goal = front if use.get("ZOrder") == "Foreground" else back
                goal.extend(_Reader(self, template).content(self.package.xml(template)))
        return [*back, *_Reader(self, part).content(root), *front]


class _Reader:
    """Reads the objects of one page part."""

    def __init__(self, scene: Scene, part: str) -> None:
        self._scene = scene
        self._part = part
        self._count = 0
        self._behind = False

    def content(self, root: Element) -> list[Item]:
        order = {"Background": 0, "Body": 1, "Custom": 1, "Foreground": 2}
        layers = sorted(
            px.children(px.child(root, "Content"), "Layer"),
            key=lambda layer: order.get(layer.get("Type", "Body"), 1),
        )
        found: list[Item] = []
        for layer in layers:
            self._behind = layer.get("Type") == "Background"
            found.extend(self._objects(layer, layer.get("DrawParam", ""), 0))
        return found

    def _objects(self, parent: Element, param: str, depth: int) -> Iterator[Item]:
        if depth > _MAX_DEPTH:
            raise TooLarge("page blocks are nested too deeply", where=self._part)
        for element in parent:
            kind = px.local(element)
            if kind == "PageBlock":
                yield from self._objects(element, param, depth + 1)
                continue
            if element.get("Visible") == "false" or not element.get("Boundary"):
                continue
            self._count += 1
            if self._count > _MAX_ITEMS:
                raise TooLarge(f"more than {_MAX_ITEMS} objects on a page", where=self._part)
            item = self._item(kind, element, param)
            if item is not None:
                yield item

    def _item(self, kind: str, element: Element, param: str) -> Item | None:
        look = _Look(self._scene, element, param, self._part)
        if kind == "TextObject":
            return self._text(element, look)
        if kind == "PathObject":
            return self._path(element, look)
        if kind == "ImageObject":
            part = self._scene.images.get(element.get("ResourceID", ""), "")
            if not part:
                return None
            return ImageItem(element.get("ID", ""), look.box, look.matrix, look.alpha, part)
        return None

    def _text(self, element: Element, look: _Look) -> TextItem | None:
        font = self._scene.fonts.get(element.get("Font", ""))
        if font is None:
            font = FontRes("", "", "")
        size = look.number("Size", 0.0)
        if size <= 0 or element.get("Fill") == "false":
            return None
        weight = element.get("Weight", "400")
        bold = weight.isdigit() and int(weight) >= 600
        return TextItem(
            element.get("ID", ""), look.box, look.matrix, look.alpha, font, size,
            look.number("HScale", 1.0), look.color("FillColor") or (0, 0, 0),
            tuple(_codes(element, self._part)), bold, self._behind,
        )  # fmt: skip

    def _path(self, element: Element, look: _Look) -> PathItem | None:
        stroke = None
        if element.get("Stroke", "true") != "false":
            stroke = look.color("StrokeColor") or (0, 0, 0)
        fill = None
        if element.get("Fill") == "true":
            fill = look.color("FillColor") or (0, 0, 0)
        if stroke is None and fill is None:
            return None
        return PathItem(
            element.get("ID", ""), look.box, look.matrix, look.alpha,
            tuple(segments(px.text(element, "AbbreviatedData"), self._part)),
            stroke, fill, look.number("LineWidth", 0.353), look.numbers("DashPattern"),
            element.get("Rule") == "Even-Odd", look.word("Cap"), look.word("Join"),
        )  # fmt: skip


class _Look:
    """Attributes of an object with those of its draw parameters behind them."""

    def __init__(self, scene: Scene, element: Element, param: str, part: str) -> None:
        self._scene = scene
        self._part = part
        self._chain = [element]
        key = element.get("DrawParam") or param
        while key and key in scene.params and len(self._chain) < 8:
            self._chain.append(scene.params[key])
            key = scene.params[key].get("Relative", "")
        x, y, width, height = px.numbers(element.get("Boundary", ""), 4, where=part)
        self.box: Box = (x, y, width, height)
        own = IDENTITY
        if given := element.get("CTM"):
            a, b, c, d, e, f = px.numbers(given, 6, where=part)
            own = (a, b, c, d, e, f)
        self.matrix = multiply(own, (1.0, 0.0, 0.0, 1.0, x, y))
        alpha = self.number("Alpha", 255.0)
        self.alpha = min(max(alpha, 0.0), 255.0) / 255

    def word(self, name: str) -> str:
        return next((e.get(name, "") for e in self._chain if e.get(name)), "")

    def number(self, name: str, usual: float) -> float:
        word = self.word(name)
        return px.numbers(word, 1, where=self._part)[0] if word else usual

    def numbers(self, name: str) -> tuple[float, ...]:
        words = self.word(name).split()[:16]
        return tuple(px.numbers(word, 1, where=self._part)[0] for word in words)

    def color(self, name: str) -> Color | None:
        for element in self._chain:
            found = px.child(element, name)
            if found is not None:
                return self._resolve(found)
        return None

    def _resolve(self, element: Element) -> Color | None:
        value = element.get("Value")
        if value is None:
            inner = next((e for e in element.iter() if px.local(e) == "Color"), None)
            return self._resolve(inner) if inner is not None and inner is not element else None
        words = value.replace("#", "").split()
        try:
            given = [int(word, 16) if "#" in value else round(float(word)) for word in words]
        except (ValueError, OverflowError) as error:
            raise Malformed("a colour is not made of numbers", where=self._part) from error
        parts = [min(max(part, 0), 255) for part in given]
        if len(parts) == 1:
            return (parts[0], parts[0], parts[0])
        if len(parts) == 4:
            black = 255 - parts[3]
            r, g, b = (round((255 - part) * black / 255) for part in parts[:3])
            return (r, g, b)
        return (parts[0], parts[1], parts[2]) if len(parts) == 3 else None


def _codes(element: Element, part: str) -> Iterator[Code]:
    """The object's TextCodes, each with the CGTransforms before it."""
    fixed: dict[int, int] = {}
    for child in element:
        kind = px.local(child)
        if kind == "CGTransform":
            fixed.update(_fixed(child))
        elif kind == "TextCode":
            get = child.get
            start = (get("X", "0"), get("Y", "0"))
            deltas = (get("DeltaX", ""), get("DeltaY", ""))
            yield Code(child.text or "", start, deltas, fixed, part)
            fixed = {}


def _fixed(element: Element) -> dict[int, int]:
    """Character position → glyph, where one character is one glyph."""
    try:
        at = int(element.get("CodePosition", "0"))
        numbers = [int(word) for word in px.text(element, "Glyphs").split()]
        codes = int(element.get("CodeCount", "1"))
    except ValueError:
        return {}
    if codes != len(numbers):
        return {}
    return {at + i: number for i, number in enumerate(numbers)}


def _deltas(value: str, count: int, part: str) -> list[float]:
    """ST_Array of advances, its short form "g n d" opened (§11.3)."""
    out: list[float] = []
    words = iter(value.split())
    try:
        for word in words:
            if len(out) >= count:
                break
            if word == "g":
                times = min(int(next(words)), count)
                out.extend([float(next(words))] * times)
            else:
                out.append(float(word))
    except (ValueError, StopIteration, RuntimeError) as error:
        raise Malformed("DeltaX or DeltaY is not a list of numbers", where=part) from error
    return out
