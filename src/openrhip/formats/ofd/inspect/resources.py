"""The resources of a document (资源): fonts, pictures, drawing parameters, by their IDs.

Sources: GB/T 33190-2016 §7.9 (resources).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import Document, Package
from openrhip.formats.ofd.package_xml import Element
from openrhip.kernel.errors import NotFound, Problem

KINDS = ("Font", "MultiMedia", "ColorSpace", "DrawParam", "CompositeGraphicUnit")
_FILES = {"Font": "FontFile", "MultiMedia": "MediaFile"}


@dataclass(frozen=True, slots=True)
class Resource:
    """kind: element name; listed: the part that lists it; location and file: "" if it has none.

    file is "" too where the location leads to nothing.
    """

    id: str
    kind: str
    listed: str
    location: str
    file: str
    element: Element = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """Of a font its family or name, of a medium its format."""
        get = self.element.get
        return get("FamilyName") or get("FontName") or get("Format") or ""


class Resources:
    """Resources of one document; those of pages come on top when a page is looked at."""

    def __init__(self, package: Package, document: Document) -> None:
        self.package = package
        self.document = document
        self.lists: list[str] = []
        self.templates: dict[str, str] = {}
        self._shared: dict[str, Resource] = {}
        self._own: dict[str, dict[str, Resource]] = {}
        common = px.child(package.body(document), "CommonData")
        for kind in ("PublicRes", "DocumentRes"):
            for item in px.children(common, kind):
                self._list(px.text(item), document.root, self._shared)
        for item in px.children(common, "TemplatePage"):
            place = item.get("BaseLoc", "")
            try:
                self.templates[item.get("ID", "")] = package.resolve(place, base=document.root)
            except Problem:
                _missing(package, "模板页", "a page template", place, document.root)

    def _list(self, location: str, base: str, into: dict[str, Resource]) -> None:
        try:
            part = self.package.resolve(location, base=base)
            root = self.package.xml(part)
        except NotFound:
            _missing(self.package, "资源文件", "a list of resources", location, base)
            return
        except Problem as problem:
            self.package.tell(problem, "资源文件无法读取", "a resource file cannot be read")
            return
        self.lists.append(part)
        for resource in listed(self.package, part, root):
            into[resource.id] = resource

    def of_page(self, part: str, root: Element) -> dict[str, Resource]:
        """The page's own resources (PageRes)."""
        if (found := self._own.get(part)) is None:
            found = {}
            for item in px.children(root, "PageRes"):
                self._list(px.text(item), part, found)
            if found:
                self._own[part] = found
        return found

    def find(self, key: str, own: dict[str, Resource] | None = None) -> Resource | None:
        """A resource by its ID; a page's own go first."""
        return (own or {}).get(key) or self._shared.get(key)

    def every(self) -> Iterator[Resource]:
        """Those of the document, then those of pages looked at."""
        yield from self._shared.values()
        for own in self._own.values():
            yield from own.values()


def listed(package: Package, part: str, root: Element) -> Iterator[Resource]:
    """The resources that a part lists."""
    folder = root.get("BaseLoc", "")
    for group in root:
        for item in group:
            kind = px.local(item)
            if kind in KINDS:
                location = px.text(item, _FILES[kind]) if kind in _FILES else ""
                if kind == "ColorSpace":
                    location = item.get("Profile", "")
                file = locate(package, location, part, folder)
                if location and not file:
                    _missing(package, f"资源 {kind}", f"the file of a {kind}", location, part)
                yield Resource(item.get("ID", ""), kind, part, location, file, item)


def _missing(package: Package, what_zh: str, what_en: str, location: str, where: str) -> None:
    package.notices.note(
        "resource.missing",
        f"{what_zh}所指的文件不在包内：{location[:200]}",
        f"{what_en} is not in the package: {location[:200]}",
        where,
    )


def locate(package: Package, location: str, part: str, folder: str) -> str:
    """A file of a resource list: in its folder (BaseLoc), or relative to the list; else ""."""
    if not location:
        return ""
    inside = f"{folder.rstrip('/')}/{location}" if folder and location[:1] != "/" else ""
    trials = [one for one in (inside, location) if one]
    for strict in (True, False):
        for trial in trials:
            try:
                return package.resolve(trial, base=part, strict=strict)
            except Problem:
                continue
    return ""
