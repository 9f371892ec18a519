"""What an input offers to a document that is put together: pages, resources, templates (来源).

Sources: GB/T 33190-2016 §7.9 (resources, PageRes before DocumentRes before PublicRes), §7.5
(common data), §7.7 (pages).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package import Document, Package, Page
from openrhip.formats.ofd.package_xml import Element
from openrhip.kernel.errors import NotFound

KINDS = ("ColorSpace", "DrawParam", "Font", "MultiMedia", "CompositeGraphicUnit")
FILES = {"Font": "FontFile", "MultiMedia": "MediaFile"}


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """A resource as its file has it; file: the part with its bytes, "" if there is none."""

    kind: str
    element: Element
    file: str


@dataclass(eq=False)
class Scope:
    """Resources by kind and id; what is not here is looked for in `outer`."""

    source: Source
    outer: Scope | None = None
    table: dict[tuple[str, str], Resource] = field(default_factory=dict)

    def find(self, kind: str, key: str) -> tuple[Scope, Resource] | None:
        found = self.table.get((kind, key))
        if found is not None:
            return self, found
        return self.outer.find(kind, key) if self.outer is not None else None

    def load(self, location: str, base: str) -> None:
        """Take in a resource file; one that is missing is noted."""
        package, notices = self.source.package, self.source.notices
        try:
            part = package.resolve(location, base=base)
        except NotFound:
            notices.note(
                "resource.missing", "资源文件不在包内", "a resource file is not there", base
            )
            return
        root = package.xml(part)
        folder = root.get("BaseLoc", "")
        for group in root:
            for item in group:
                kind = px.local(item)
                if kind in KINDS:
                    file = self._file(item, kind, part, folder)
                    self.table[kind, item.get("ID", "")] = Resource(kind, item, file)

    def _file(self, item: Element, kind: str, part: str, folder: str) -> str:
        location = (
            item.get("Profile", "") if kind == "ColorSpace" else px.text(item, FILES.get(kind, "-"))
        )
        if not location:
            return ""
        inside = f"{folder.strip().rstrip('/')}/{location}" if folder.strip() else location
        for trial in (inside, location):
            try:
                return self.source.package.resolve(trial, base=part)
            except NotFound:
                continue
        self.source.notices.note(
            "resource.missing",
            f"资源的文件不在包内：{location[:80]}",
            f"the file of a resource is not there: {location[:80]}",
            part,
        )
        return ""


@dataclass(eq=False)
class Source:
    """One document of an input. name: as the user knows it."""

    package: Package
    document: Document
    name: str
    notices: Notices

    def __post_init__(self) -> None:
        self.root = self.package.xml(self.document.root)
        self.common = px.child(self.root, "CommonData")
        self.scope = Scope(self)
        self.templates: dict[str, Element] = {}
        self.default_space = px.text(self.common, "DefaultCS")
        self.area = px.child(self.common, "PageArea")
        self.bookmarks = {
            item.get("Name", ""): item
            for item in px.children(px.child(self.root, "Bookmarks"), "Bookmark")
        }
        for kind in ("PublicRes", "DocumentRes"):
            for item in px.children(self.common, kind):
                self.scope.load(px.text(item), self.document.root)
        for item in px.children(self.common, "TemplatePage"):
            self.templates[item.get("ID", "")] = item
        self._digests: dict[str, bytes] = {}
        self._references: dict[Element, dict[str, list[tuple[int, Element]]]] = {}

    @property
    def pages(self) -> Sequence[Page]:
        return self.document.pages

    def scope_of(self, tree: Element, part: str) -> Scope:
        """The scope of a page's content: its own resources before those of the document."""
        listed = list(px.children(tree, "PageRes"))
        if not listed:
            return self.scope
        own = Scope(self, self.scope)
        for item in listed:
            own.load(px.text(item), part)
        return own

    def references(self, root: Element) -> dict[str, list[tuple[int, Element]]]:
        """The references of a tag file by page, each with its place in the file."""
        found = self._references.get(root)
        if found is None:
            found = self._references[root] = {}
            for place, item in enumerate(root.iter("{*}ObjectRef")):
                found.setdefault(item.get("PageRef", ""), []).append((place, item))
        return found

    def digest(self, part: str) -> bytes:
        found = self._digests.get(part)
        if found is None:
            found = self._digests[part] = hashlib.sha256(self.package.read(part)).digest()
        return found

    def listed(self, name: str) -> tuple[Element, str] | None:
        """A list that Document.xml names (Annotations, Attachments…), and its part."""
        location = px.text(self.root, name)
        if not location:
            return None
        try:
            part = self.package.resolve(location, base=self.document.root)
        except NotFound:
            self.notices.note(
                "resource.missing",
                f"{name} 指向的文件不在包内",
                f"{name} names a part that is not there",
                self.document.root,
            )
            return None
        return self.package.xml(part), part


def sources(package: Package, name: str, notices: Notices) -> list[Source]:
    return [Source(package, document, name, notices) for document in package.documents]
