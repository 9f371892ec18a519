"""A package prepared for drawing: its pages as items, with resources, templates and annotations.

Everything is read when a page asks for it, and nothing of a page is kept but the last one, so that
a document of any length can be shown page by page. Documents of one package have their own ids.

`sheet(index)` gives a page with its groups and links, `page(index)` its items without groups.
What was not understood is in `notices`.

Sources: GB/T 33190-2016 §7.6 and §7.7 (pages, templates, layers), §15 (annotations).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package import Document, Package
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.render import scene_store
from openrhip.formats.ofd.render.geometry import IDENTITY, Matrix
from openrhip.formats.ofd.render.scene_items import (
    Color,
    FontRes,
    GroupItem,
    ImageItem,
    Item,
    Leaf,
    PathItem,
    Sheet,
    TextItem,
    flatten,
)
from openrhip.formats.ofd.render.scene_links import Targets
from openrhip.formats.ofd.render.scene_paint import numbers
from openrhip.formats.ofd.render.scene_reader import Reader, Units
from openrhip.formats.ofd.render.scene_store import Store
from openrhip.formats.ofd.render.scene_text import Code, Glyph, _deltas
from openrhip.kernel.errors import Malformed, NotFound

_MAX_ITEMS = 200_000  # objects on one page
_TEMPLATES = 64  # kept read
_ANNOTATIONS = 20_000
_HIDDEN = frozenset({"false", "0"})


@dataclass(slots=True, eq=False)
class _Template:
    part: str
    front: bool


class _Document:
    """One document body: its resources, templates and annotations, read when first needed."""

    def __init__(self, package: Package, document: Document, first: int, notices: Notices) -> None:
        self.package = package
        self.document = document
        self.first = first
        self.notices = notices
        self.units = Units(_MAX_ITEMS)
        self._read: dict[str, tuple[tuple[Item, ...], int]] = {}

    @cached_property
    def root(self) -> Element:
        return self.package.body(self.document)

    @cached_property
    def store(self) -> Store:
        return scene_store.of_document(self.package, self.document, self.notices)

    @cached_property
    def targets(self) -> Targets:
        def number(page_id: str) -> int | None:
            found = self.document.pages.number(page_id)
            return None if found is None else self.first + found

        return Targets(self.root, number, self.notices)

    @cached_property
    def templates(self) -> dict[str, _Template]:
        found: dict[str, _Template] = {}
        for item in px.children(px.child(self.root, "CommonData"), "TemplatePage"):
            try:
                part = self.package.resolve(item.get("BaseLoc", ""), base=self.document.root)
            except (NotFound, Malformed):  # pages that use it are drawn without
                self._lost(item.get("BaseLoc", "")[:100])
                continue
            found[item.get("ID", "")] = _Template(part, item.get("ZOrder") == "Foreground")
        return found

    def template(self, use: Element) -> tuple[GroupItem, bool, int] | None:
        """What a page's Template stands for, whether in front, and of how many objects."""
        key = use.get("TemplateID", "")
        known = self.templates.get(key)
        if known is None:
            self._lost(f"TemplateID {key[:20]}")
            return None
        order = use.get("ZOrder")
        front = known.front if order is None else order == "Foreground"
        read = self._read.get(known.part)
        if read is None:
            try:
                root = self.package.xml(known.part)
            except Malformed:
                self._lost(known.part)
                return None
            store = scene_store.of_page(self.package, root, known.part, self.store)
            reader = Reader(store, known.part, self.units)
            read = (tuple(reader.content(root)), reader.count)
            if len(self._read) >= _TEMPLATES:
                self._read.clear()
            self._read[known.part] = read
        group = GroupItem(
            key, (0.0, 0.0, 0.0, 0.0), IDENTITY, 1.0, read[0], f"template:{known.part}", "template"
        )
        return group, front, read[1]

    def _lost(self, what: str) -> None:
        self.notices.note(
            "template.missing",
            f"缺少模板页 {what}，未绘制",
            f"a page template is missing, not drawn: {what}",
            self.document.root,
        )

    @cached_property
    def annotations(self) -> dict[str, list[str]]:
        """Page id → the parts with its annotations."""
        location = px.text(self.root, "Annotations")
        found: dict[str, list[str]] = {}
        if not location:
            return found
        try:
            part = self.package.resolve(location, base=self.document.root)
            listed = list(islice(px.children(self.package.xml(part), "Page"), _ANNOTATIONS))
        except (NotFound, Malformed):
            self._unread(location)
            return found
        for page in listed:
            for file in px.children(page, "FileLoc"):
                try:
                    where = self.package.resolve(px.text(file), base=part)
                except (NotFound, Malformed):
                    self._unread(px.text(file))
                    continue
                found.setdefault(page.get("PageID", ""), []).append(where)
        return found

    def _unread(self, what: str) -> None:
        self.notices.note(
            "annotation.malformed",
            f"注释无法读取 {what[:100]}",
            f"annotations cannot be read: {what[:100]}",
            self.document.root,
        )


@dataclass
class Scene:
    """A package whose pages are to be drawn. Pages count from 0 over all its documents."""

    package: Package
    notices: Notices = field(default_factory=Notices)
    _last: tuple[int, Sheet] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, package: Package) -> Scene:
        return cls(package)

    @cached_property
    def _documents(self) -> tuple[list[int], list[_Document]]:
        starts: list[int] = []
        found: list[_Document] = []
        first = 0
        for document in self.package.documents:
            starts.append(first)
            found.append(_Document(self.package, document, first, self.notices))
            first += len(document.pages)
        return starts, found

    def page(self, index: int) -> list[Leaf]:
        """What to draw on a page, from the back to the front, groups dissolved."""
        return list(flatten(self.sheet(index).items))

    def sheet(self, index: int) -> Sheet:
        """A page: its items with their groups, its links. Raises NotFound, TooLarge, Malformed."""
        if self._last is not None and self._last[0] == index:
            return self._last[1]
        pages = self.package.pages
        if not 0 <= index < len(pages):
            raise NotFound("the document has no such page", where=f"page {index + 1}")
        starts, documents = self._documents
        made = self._sheet(documents[bisect_right(starts, index) - 1], index)
        self._last = (index, made)
        return made

    def targets(self, index: int) -> Targets:
        """Pages and bookmarks of the document that holds a page."""
        starts, documents = self._documents
        return documents[bisect_right(starts, index) - 1].targets

    def _sheet(self, document: _Document, index: int) -> Sheet:
        page = document.document.pages[index - document.first]
        root = self.package.xml(page.part)
        store = scene_store.of_page(self.package, root, page.part, document.store)
        reader = Reader(store, page.part, document.units)
        reader.targets = document.targets
        back: list[Item] = []
        front: list[Item] = []
        for use in px.children(root, "Template"):
            found = document.template(use)
            if found is not None:
                reader.grow(found[2])
                (front if found[1] else back).append(found[0])
        items = [*back, *reader.content(root), *front]
        box = self.package.page_box(page)
        actions = px.child(root, "Actions")
        if actions is not None:
            reader.links.extend(document.targets.links(actions, box, IDENTITY, page.part))
        for part in document.annotations.get(page.id, ()):
            items.extend(self._annotations(part, reader, store, document))
        return Sheet(box, items, reader.links)

    def _annotations(
        self, part: str, on: Reader, store: Store, document: _Document
    ) -> list[GroupItem]:
        """The annotations of a page in one part, in their order (§15.2)."""
        try:
            root = self.package.xml(part)
        except (NotFound, Malformed):
            self.notices.note(
                "annotation.malformed",
                "注释文件无法读取",
                "annotations of a page cannot be read",
                part,
            )
            return []
        reader = Reader(store, part, document.units, behind=True)
        reader.targets = document.targets
        found: list[GroupItem] = []
        for note in px.children(root, "Annot"):
            look = px.child(note, "Appearance")
            if look is None or note.get("Visible") in _HIDDEN:
                continue
            place = numbers(look.get("Boundary", "0 0 0 0"), 4)
            if place is None:
                reader.unsound(note, "Appearance")
                continue
            x, y, width, height = place
            matrix: Matrix = (1.0, 0.0, 0.0, 1.0, x, y)
            reader.base = matrix
            items = tuple(reader.objects(look))
            kind = f"annotation:{note.get('Type', '')[:20]}"
            found.append(
                GroupItem(
                    note.get("ID", ""), (x, y, width, height), matrix, 1.0, items, "", kind,
                    behind=True, screen_only=note.get("Print") in _HIDDEN,
                )
            )  # fmt: skip
        on.grow(reader.count)
        on.links.extend(reader.links)
        return found


__all__ = [
    "Code", "Color", "FontRes", "Glyph", "GroupItem", "ImageItem", "Item", "Leaf", "PathItem",
    "Scene", "Sheet", "TextItem", "_deltas",
]  # fmt: skip
