"""Reads the objects of one part: layers, blocks, text, paths, images, composite objects, clips.

Reading is lenient: an object that cannot be understood gets a notice, the others are drawn. What
bounds the work (objects of a page, depth of nesting) is not.

Sources: GB/T 33190-2016 §7.7 (layers), §8.4 and §8.5 (graphic units, clips), §9 to §13.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.render import scene_links as links
from openrhip.formats.ofd.render.geometry import (
    IDENTITY,
    Matrix,
    Segment,
    multiply,
    read_path,
)
from openrhip.formats.ofd.render.scene_bounds import SQUARE, beyond, cut, length, weight
from openrhip.formats.ofd.render.scene_items import (
    Border,
    Clip,
    ClipArea,
    FontRes,
    GroupItem,
    ImageItem,
    Item,
    Link,
    Paint,
    PathItem,
    Pen,
    TextItem,
)
from openrhip.formats.ofd.render.scene_look import Look, Params
from openrhip.formats.ofd.render.scene_paint import BLACK, Paints, matrix_of, number, numbers
from openrhip.formats.ofd.render.scene_store import LOCAL, Store
from openrhip.formats.ofd.render.scene_text import codes
from openrhip.kernel.errors import TooLarge

_MAX_DEPTH = 16
_DASHES = 20_000  # of one path
_CLIPS = 64
_AREAS = 256
_ORDER = {"Background": 0, "Body": 1, "Custom": 1, "Foreground": 2}
_NO_FONT = FontRes("", "", "")
_HIDDEN = frozenset({"false", "0"})
_ON = frozenset({"true", "1"})
_SILENT = frozenset({"Actions", "Thumbnail", "Substitution"})


class Units:
    """Composite units that were read, with the number of objects each stands for."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.known: dict[tuple[str, str], tuple[tuple[Item, ...], int]] = {}
        self.open: set[tuple[str, str]] = set()


class Reader:
    """Reads one part with its resources. `links` collects where its objects lead."""

    def __init__(self, store: Store, part: str, units: Units, *, behind: bool = False) -> None:
        self._store = store
        self._part = part
        self._units = units
        self._behind = behind
        self._params = Params(store, part)
        self._paints = Paints(store, part, self._cell)
        self._depth = 0
        self.count = 0
        self.links: list[Link] = []
        self.targets: links.Targets | None = None
        self.base: Matrix = IDENTITY

    def note(self, code: str, text_zh: str, text_en: str, element: Element | None = None) -> None:
        key = element.get("ID") if element is not None else None
        where = f"{self._part}#{key}" if key else self._part
        self._store.notices.note(code, text_zh, text_en, where)

    def content(self, root: Element) -> list[Item]:
        """The layers of a page or template, from the back to the front."""
        layers = sorted(
            px.children(px.child(root, "Content"), "Layer"),
            key=lambda layer: _ORDER.get(layer.get("Type", "Body"), 1),
        )
        found: list[Item] = []
        behind = self._behind
        for layer in layers:
            self._behind = behind or layer.get("Type") == "Background"
            found.extend(self.objects(layer, layer.get("DrawParam", "")))
        self._behind = behind
        return found

    def objects(self, parent: Element, param: str = "", depth: int = 0) -> Iterator[Item]:
        """The objects in a layer, block, cell, appearance or unit. Raises TooLarge."""
        if depth + self._depth > _MAX_DEPTH:
            raise TooLarge("page blocks are nested too deeply", where=self._part)
        for element in parent:
            kind = LOCAL[element.tag]
            if kind == "PageBlock":
                yield from self.objects(element, param, depth + 1)
                continue
            make = _OBJECTS.get(kind)
            if make is None:
                if kind and kind not in _SILENT:
                    self.note(
                        "object.unknown",
                        f"未知的图元 {kind[:40]}，未绘制",
                        f"an object of unknown kind, not drawn: {kind[:40]}",
                        element,
                    )
                continue
            self.grow(1)
            if element.get("Visible") in _HIDDEN:
                if len(element) and self.targets is not None:
                    self._link(element, Look(element, self._params, "", self._paints))
                continue
            look = Look(element, self._params, param, self._paints)
            item = make(self, element, look)
            self._check(element, look)
            if item is not None:
                self.grow(weight(item))
                yield item

    def grow(self, count: int) -> None:
        self.count += count
        if self.count > self._units.most:
            raise TooLarge(f"more than {self._units.most} objects on a page", where=self._part)

    def _check(self, element: Element, look: Look) -> None:
        if not look.sound:
            self.note(
                "object.malformed",
                "图元的外接矩形、变换矩阵或数值不合规范，按可读部分绘制",
                "the Boundary, CTM or a number of an object is damaged; drawn as far as it is read",
                element,
            )
        if self.targets is not None and len(element):
            self._link(element, look)

    def _link(self, element: Element, look: Look) -> None:
        actions = px.child(element, "Actions")
        if actions is not None and self.targets is not None:
            self.links.extend(self.targets.links(actions, look.box, self.base, self._part))

    def _text(self, element: Element, look: Look) -> TextItem | None:
        size = look.number("Size", 0.0)
        if size <= 0:
            self.unsound(element, "Size")
            return None
        get = look.get
        font = self._store.font(get("Font", ""))
        if font is None:
            self._store.missing(f"Font {get('Font', '')[:20]}", self._part)
            font = _NO_FONT
        fill, stroke = None, None
        fill_alpha = stroke_alpha = 1.0
        if get("Fill") not in _HIDDEN:
            fill, fill_alpha = look.paint("FillColor") or (BLACK, 1.0)
        if get("Stroke") in _ON and (found := look.paint("StrokeColor")):
            stroke, stroke_alpha = found
        weight = int(look.number("Weight", 400.0))
        return TextItem(
            get("ID", ""), look.box, look.matrix, look.alpha, font, size,
            look.number("HScale", 1.0) or 1.0, fill,
            codes(element, self._part, self._store.notices), weight >= 600, self._behind,
            stroke, fill_alpha, stroke_alpha, look.pen(), weight, get("Italic") in _ON,
            _quarter(look, "CharDirection"), _quarter(look, "ReadDirection"),
            self._clips(element, look), look.blend,
        )  # fmt: skip

    def _path(self, element: Element, look: Look) -> PathItem | None:
        get = look.get
        stroke: Paint | None = None
        fill: Paint | None = None
        fill_alpha = stroke_alpha = 1.0
        if get("Stroke") not in _HIDDEN:
            stroke, stroke_alpha = look.paint("StrokeColor") or (BLACK, 1.0)
        if get("Fill") in _ON and (found := look.paint("FillColor")):
            fill, fill_alpha = found
        if stroke is None and fill is None:
            return None
        drawn = self._segments(element)
        pen = look.pen()
        if pen.dash and length(drawn) > _DASHES * sum(pen.dash):
            pen = replace(pen, dash=())
            look.sound = False
        clips = self._clips(element, look)
        if beyond(drawn, look.matrix, look.box):
            clips = (*clips, cut(look.box))
        return PathItem(
            get("ID", ""), look.box, look.matrix, look.alpha, drawn, stroke, fill,
            get("Rule") == "Even-Odd", pen, fill_alpha, stroke_alpha, clips,
            self._behind, look.blend,
        )  # fmt: skip

    def _segments(self, element: Element) -> tuple[Segment, ...]:
        drawn, problem = read_path(px.text(element, "AbbreviatedData"), self._part)
        if problem:
            self.note(
                "path.malformed",
                "路径数据不合规范，按可读部分绘制",
                f"path data is damaged, drawn as far as it is read: {problem}",
                element,
            )
        return drawn

    def _image(self, element: Element, look: Look) -> ImageItem | None:
        store = self._store
        key = look.get("ResourceID", "")
        parts = {
            name: store.image(word) or ""
            for name in ("ResourceID", "Substitution", "ImageMask")
            if (word := look.get(name))
        }
        part, other = parts.get("ResourceID", ""), parts.get("Substitution", "")
        if not part and not other:
            store.missing(f"MultiMedia {key[:20]}", self._part)
            return None
        clips = self._clips(element, look)
        if beyond(SQUARE, look.matrix, look.box):
            clips = (*clips, cut(look.box))
        return ImageItem(
            look.get("ID", ""), look.box, look.matrix, look.alpha, part or other,
            parts.get("ImageMask", ""), other if part else "", self._border(element), clips,
            self._behind, look.blend,
        )  # fmt: skip

    def _border(self, element: Element) -> Border | None:
        given = px.child(element, "Border")
        if given is None:
            return None
        tint = px.child(given, "BorderColor")
        color, alpha = BLACK, 1.0
        if tint is not None:
            color = self._paints.color(tint)
            alpha = min(max(number(tint, "Alpha", 255.0), 0.0), 255.0) / 255
        across = number(given, "HorizonalCornerRadius", 0.0)
        down = number(given, "VerticalCornerRadius", 0.0)
        dash = tuple(
            abs(step)
            for word in given.get("DashPattern", "").split()[:16]
            for step in numbers(word, 1) or ()
        )
        pen = Pen(
            abs(number(given, "LineWidth", 0.353)), dash=dash if any(dash) else (),
            dash_offset=number(given, "DashOffset", 0.0),
        )  # fmt: skip
        return Border(pen, color, alpha, (max(across, 0.0), max(down, 0.0)))

    def _composite(self, element: Element, look: Look) -> GroupItem | None:
        key = look.get("ResourceID", "")
        unit = self._store.unit(key)
        if unit is None:
            self._store.missing(f"CompositeGraphicUnit {key[:20]}", self._part)
            return None
        items = self._unit(unit.part, key, px.child(unit.element, "Content"), element)
        clips = self._clips(element, look)
        if look.box[2] > 0 and look.box[3] > 0:
            clips = (*clips, cut(look.box))
        return GroupItem(
            look.get("ID", ""), look.box, look.matrix, look.alpha, items, f"{unit.part}#{key}",
            "composite", clips, self._behind, look.blend,
        )  # fmt: skip

    def _unit(
        self, part: str, key: str, content: Element | None, user: Element
    ) -> tuple[Item, ...]:
        """The items of a composite unit, read once; a unit inside itself is left out."""
        name = (part, key)
        units = self._units
        if content is None:
            return ()
        if name in units.open or len(units.open) > _MAX_DEPTH:
            self.note(
                "group.too-deep",
                "复合图元引用自身或嵌套过深，未绘制",
                "a composite object holds itself, or is nested too deeply; not drawn",
                user,
            )
            return ()
        found = units.known.get(name)
        if found is None:
            units.open.add(name)
            reader = Reader(self._store, part, units, behind=self._behind)
            items = tuple(reader.objects(content))
            units.open.discard(name)
            found = units.known[name] = (items, reader.count)
        self.grow(found[1])
        return found[0]

    def _cell(self, element: Element) -> tuple[Item, ...]:
        """The content of a pattern's cell."""
        self._depth += 1
        try:
            if self._depth > _MAX_DEPTH:
                raise TooLarge("patterns are nested too deeply", where=self._part)
            return tuple(self.objects(element))
        finally:
            self._depth -= 1

    def _clips(self, element: Element, look: Look) -> tuple[Clip, ...]:
        """The clips in the space around (§8.5). TransFlag: whether the CTM moves them too."""
        given = px.child(element, "Clips") if len(element) else None
        if given is None:
            return ()
        base = look.around() if given.get("TransFlag") in _HIDDEN else look.matrix
        found: list[Clip] = []
        for clip in px.children(given, "Clip"):
            areas = [
                made
                for area in px.children(clip, "Area")
                if (made := self._area(area, base)) is not None
            ][:_AREAS]
            if areas:
                found.append(Clip(tuple(areas)))
        return tuple(found[:_CLIPS])

    def _area(self, area: Element, base: Matrix) -> ClipArea | None:
        own = matrix_of(area.get("CTM"))
        for child in area:
            kind = LOCAL[child.tag]
            if own is None or kind not in {"Path", "Text"}:
                continue
            look = Look(child, self._params, area.get("DrawParam", ""), self._paints)
            matrix = multiply(look.matrix, multiply(own, base))
            if kind == "Path":
                drawn = self._segments(child)
                return ClipArea(drawn, matrix, child.get("Rule") == "Even-Odd") if drawn else None
            text = self._text(child, look)
            if text is not None:
                text.matrix = matrix
                return ClipArea(text=text)
        self.note(
            "clip.malformed",
            "裁剪区无法识别，未裁剪",
            "a clip area that cannot be read; nothing is cut there",
            area,
        )
        return None

    def unsound(self, element: Element, what: str) -> None:
        self.note(
            "object.malformed",
            f"图元的 {what} 不合规范，未绘制",
            f"the {what} of an object is damaged; not drawn",
            element,
        )


def _quarter(look: Look, name: str) -> int:
    word = look.get(name)
    if not word or word == "0":
        return 0
    return round(look.number(name, 0.0) / 90) * 90 % 360


_OBJECTS: dict[str, Callable[[Reader, Element, Look], Item | None]] = {
    "TextObject": Reader._text,  # noqa: SLF001 -- a table of its own methods
    "PathObject": Reader._path,  # noqa: SLF001
    "ImageObject": Reader._image,  # noqa: SLF001
    "CompositeObject": Reader._composite,  # noqa: SLF001
}
