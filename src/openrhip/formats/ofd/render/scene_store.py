"""Resources of a document and of its pages, read when they are first asked for (资源).

Sources: GB/T 33190-2016 §7.9 (Res), §8.2 (draw parameters), §8.3.1 (colour spaces).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package import Document, Package
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.render.scene_items import FontRes
from openrhip.kernel.errors import Malformed, NotFound

_MOST = 200_000  # resources of one document
_TRUE = frozenset({"true", "1", "True"})


class Names(dict[str, str]):
    """Tag → local name, remembered."""

    def __missing__(self, tag: str) -> str:
        if len(self) > 4096:
            self.clear()
        name = tag.rpartition("}")[2] if isinstance(tag, str) else ""
        self[tag] = name
        return name


LOCAL = Names()


@dataclass(frozen=True, slots=True)
class Space:
    """A colour space: GRAY, RGB or CMYK; its bits; its palette as the file has it."""

    kind: str = "RGB"
    bits: int = 8
    palette: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """A composite unit: its element, the part it stands in, its size."""

    element: Element
    part: str
    width: float
    height: float


@dataclass(slots=True, eq=False)
class Store:
    """Resources by kind and id. What is not here is looked for in `above`, the document's.

    Fonts and images stay elements until somebody asks for them: only then is their file looked for.
    """

    package: Package
    notices: Notices
    above: Store | None = None
    files: dict[tuple[str, str], tuple[Element, str, str]] = field(default_factory=dict)
    fonts: dict[str, FontRes] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    params: dict[str, Element] = field(default_factory=dict)
    spaces: dict[str, Space] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    default_space: str = ""
    _count: int = 0

    def font(self, key: str) -> FontRes | None:
        """A font resource."""
        found = self.fonts.get(key)
        if found is None and (waiting := self.files.get(("Font", key))) is not None:
            found = self.fonts[key] = self._font(*waiting)
        return found if found is not None or self.above is None else self.above.font(key)

    def image(self, key: str) -> str | None:
        """The part of an image, "" if it is missing; None if there is no such resource."""
        found = self.images.get(key)
        if found is None and (waiting := self.files.get(("MultiMedia", key))) is not None:
            item, part, folder = waiting
            found = self.images[key] = self._file(px.text(item, "MediaFile"), part, folder)
        return found if found is not None or self.above is None else self.above.image(key)

    def param(self, key: str) -> Element | None:
        found = self.params.get(key)
        return found if found is not None or self.above is None else self.above.param(key)

    def space(self, key: str) -> Space | None:
        return self.spaces.get(key) or (self.above.space(key) if self.above else None)

    def unit(self, key: str) -> Unit | None:
        return self.units.get(key) or (self.above.unit(key) if self.above else None)

    def usual_space(self) -> Space:
        """DefaultCS of the document, else RGB."""
        top = self if self.above is None else self.above
        return top.space(top.default_space) or _RGB

    def load(self, location: str, base: str) -> None:
        """Take in a resource file; what is missing or damaged is noted and left out."""
        try:
            part = self.package.resolve(location, base=base)
            root = self.package.xml(part)
        except (NotFound, Malformed) as problem:
            self.missing(f"{base}: {location[:100]}", problem.where)
            return
        folder = root.get("BaseLoc", "")
        for group in root:
            for item in group:
                self._count += 1
                if self._count > _MOST:
                    self.missing(part, "too many resources")
                    return
                make = _KINDS.get(LOCAL[item.tag])
                if make is not None:
                    make(self, item, part, folder)
                elif isinstance(item.tag, str):
                    self.notices.note(
                        "resource.unknown",
                        f"未知的资源类型 {LOCAL[item.tag][:40]}",
                        f"a resource of unknown kind: {LOCAL[item.tag][:40]}",
                        part,
                    )

    def missing(self, what: str, where: str = "") -> None:
        self.notices.note(
            "resource.missing",
            f"缺少资源 {what[:200]}",
            f"a resource is missing: {what[:200]}",
            where,
        )

    def _waiting(self, item: Element, part: str, folder: str) -> None:
        self.files[LOCAL[item.tag], item.get("ID", "")] = item, part, folder

    def _font(self, item: Element, part: str, folder: str) -> FontRes:
        get = item.get
        name, family = get("FontName", ""), get("FamilyName", "")
        return FontRes(
            get("ID", ""), family or name, self._file(px.text(item, "FontFile"), part, folder),
            get("Bold") in _TRUE, get("Serif") in _TRUE, get("Italic") in _TRUE,
            get("FixedWidth") in _TRUE, get("Charset", ""), name,
        )  # fmt: skip

    def _param(self, item: Element, part: str, folder: str) -> None:
        del part, folder
        self.params[item.get("ID", "")] = item

    def _space(self, item: Element, part: str, folder: str) -> None:
        del part, folder
        bits = item.get("BitsPerComponent", "8")
        palette = px.child(item, "Palette")
        self.spaces[item.get("ID", "")] = Space(
            (item.get("Type") or "RGB").upper(),
            int(bits) if bits in {"1", "2", "4", "8", "16"} else 8,
            tuple(px.text(one) for one in px.children(palette, "CV")),
        )

    def _unit(self, item: Element, part: str, folder: str) -> None:
        del folder
        try:
            width, height = (
                px.numbers(item.get(name) or "0", 1, where=part)[0] for name in ("Width", "Height")
            )
        except Malformed:
            width = height = 0.0
        self.units[item.get("ID", "")] = Unit(item, part, width, height)

    def _file(self, location: str, part: str, folder: str) -> str:
        if not location:
            return ""
        trials = (f"{folder.rstrip('/')}/{location}" if folder else location, location)
        for trial in trials:
            try:
                return self.package.resolve(trial, base=part)
            except (NotFound, Malformed):
                continue
        self.missing(location, part)
        return ""


_RGB = Space()
_Maker = Callable[[Store, Element, str, str], None]
_KINDS: dict[str, _Maker] = {
    "Font": Store._waiting,  # noqa: SLF001 -- a table of its own methods
    "MultiMedia": Store._waiting,  # noqa: SLF001
    "DrawParam": Store._param,  # noqa: SLF001
    "ColorSpace": Store._space,  # noqa: SLF001
    "CompositeGraphicUnit": Store._unit,  # noqa: SLF001
    "VectorGraph": Store._unit,  # noqa: SLF001
}


def of_document(package: Package, document: Document, notices: Notices) -> Store:
    """The resources a whole document shares. Raises Malformed, NotFound."""
    store = Store(package, notices)
    common = px.child(package.body(document), "CommonData")
    for kind in ("PublicRes", "DocumentRes"):
        for item in px.children(common, kind):
            store.load(px.text(item), document.root)
    store.default_space = px.text(common, "DefaultCS")
    return store


def of_page(package: Package, root: Element, part: str, above: Store) -> Store:
    """The resources of one page, with the document's behind them."""
    locations = [px.text(item) for item in px.children(root, "PageRes")]
    if not locations:
        return above
    store = Store(package, above.notices, above)
    for location in locations:
        store.load(location, part)
    return store
