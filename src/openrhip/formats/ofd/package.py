"""Reading a package (读取版式文件): safe, bounded, by location.

`open_package` checks the container and the entry file; parts are unpacked when asked for. Terms:
part 部件, ST_Loc 路径, document body 文档体, page 页, custom tag 自定义标引, attachment 附件.

Sources: GB/T 33190-2016 §6 (locations), §7 (OFD.xml, Document.xml), §7.7 (pages), §16 (custom
tags), §20 (attachments).
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import cast

from lxml import etree

from openrhip.formats.gm import sm3
from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.package_zip import STORED, Entry, Limits, read_directory, unpack
from openrhip.kernel.errors import Malformed, NotFound, TooLarge

ENTRY = "OFD.xml"
_BY_ID = etree.XPath("//@ID[. = $id]/parent::*[@Boundary]")
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Page:
    """id: of the page; part: its content; box: x y w h in millimetres."""

    id: str
    part: str
    box: Box


@dataclass(frozen=True, slots=True)
class AttachmentPart:
    """name: as shown; part: where its bytes are; media_type: as the file says, may be empty."""

    id: str
    name: str
    media_type: str
    part: str
    size: int


@dataclass(frozen=True, slots=True)
class Tag:
    """name: what the region means (data element id or anchor); objects: (page id, object id)."""

    name: str
    text: str
    objects: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One DocBody: root part, metadata, pages, and the list of its signatures ("" if none)."""

    root: str
    metadata: dict[str, str]
    pages: tuple[Page, ...]
    signatures: str


@dataclass
class Package:
    """An opened package. `parts` in the order of the container, without leading slash."""

    data: bytes
    entries: dict[str, Entry]
    limits: Limits
    _contents: dict[str, bytes] = field(default_factory=dict, repr=False)
    _trees: dict[str, Element] = field(default_factory=dict, repr=False)
    _digests: dict[str, bytes] = field(default_factory=dict, repr=False)
    _parsed: int = 0

    @cached_property
    def parts(self) -> tuple[str, ...]:
        return tuple(name for name in self.entries if not name.endswith("/"))

    def __contains__(self, name: str) -> bool:
        return name in self.entries and not name.endswith("/")

    def read(self, name: str) -> bytes:
        """The bytes of a part. Raises NotFound, or Malformed if they are damaged."""
        name = name.removeprefix("/")
        found = self._contents.get(name)
        if found is None:
            if name not in self:
                raise NotFound("no such part in the package", where=name[:200])
            found = self._contents[name] = unpack(self.data, self.entries[name])
        return found

    def digest(self, name: str) -> bytes:
        """SM3 of a part, computed once. Raises NotFound, Malformed."""
        found = self._digests.get(name)
        if found is None:
            found = self._digests[name] = sm3.digest(self.read(name))
        return found

    def form(self, before: str, *, without: Collection[str] = ()) -> bytes:
        """SM3 over the container's form up to a part: headers and compressed data, in file order.

        Data that is stored as it is has its own digest and is left out; so are the parts `without`.
        """
        whole = sm3.new()
        view = memoryview(self.data)
        end = self.entries[before].begin
        for entry in self.entries.values():
            if entry.begin < end and entry.name not in without:
                whole.update(
                    view[entry.begin : entry.start if entry.method == STORED else entry.end]
                )
        return whole.digest()

    def inherit(self, other: Package, *, but: Collection[str] = ()) -> None:
        """Take over what was worked out about parts that this package shares with another."""
        shared = self.entries.keys() - set(but)
        self._digests |= {name: one for name, one in other._digests.items() if name in shared}
        self._trees |= {name: one for name, one in other._trees.items() if name in shared}

    def xml(self, name: str) -> Element:
        """The root element of an XML part. Raises NotFound, Malformed, TooLarge."""
        name = name.removeprefix("/")
        tree = self._trees.get(name)
        if tree is None:
            content = self.read(name)
            self._parsed += len(content)
            if self._parsed > self.limits.xml_total:
                raise TooLarge(f"more than {self.limits.xml_total} bytes of XML", where=name)
            tree = px.parse(content, where=name, limits=self.limits)
            self._trees[name] = tree
        return tree

    def resolve(self, location: str, *, base: str, strict: bool = False) -> str:
        """The part that an ST_Loc in part `base` means: absolute, or relative to that part.

        Some producers write paths relative to the document or the package; unless `strict`, these
        serve too, if just one of the readings leads to a part. Raises Malformed for paths that
        lead outside or to several parts, NotFound.
        """
        location = location.strip()
        folder = base.rpartition("/")[0]
        if location.startswith("/"):
            candidates = [location[1:]]
        else:
            candidates = [posixpath.join(folder, location)]
            if folder and not strict:
                candidates += [posixpath.join(folder.split("/")[0], location), location]
        paths = [posixpath.normpath(one) if one else "" for one in candidates]
        if paths[0].startswith(("..", "/")) or "\\" in location:
            raise Malformed("a location leads outside the package", where=base)
        found = {path for path in paths if path in self}
        if len(found) > 1:
            raise Malformed(f"a location that means several parts: {location[:200]!r}", where=base)
        if not found:
            raise NotFound(f"no part at {location[:200]!r}", where=base)
        return found.pop()

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """All document bodies. Raises Malformed, NotFound, TooLarge."""
        root = self.xml(ENTRY)
        if px.local(root) != "OFD":
            raise Malformed("the entry file is no OFD element", where=ENTRY)
        found = tuple(self._document(body) for body in px.children(root, "DocBody"))
        if not found:
            raise Malformed("the package holds no document", where=ENTRY)
        return found

    def _document(self, body: Element) -> Document:
        part = self.resolve(px.text(body, "DocRoot"), base=ENTRY)
        signatures = px.text(body, "Signatures")
        return Document(
            root=part,
            metadata=_metadata(px.child(body, "DocInfo")),
            pages=self._pages(part),
            signatures=self._list_part(signatures),
        )

    def _list_part(self, location: str) -> str:
        """Some templates name a list that does not exist yet: that hinders no reader."""
        try:
            return self.resolve(location, base=ENTRY) if location else ""
        except NotFound:
            return posixpath.normpath(location.strip().lstrip("/"))

    def _pages(self, part: str) -> tuple[Page, ...]:
        root = self.xml(part)
        area = px.text(px.child(px.child(root, "CommonData"), "PageArea"), "PhysicalBox")
        usual = _box(area or "0 0 210 297", part)
        pages: list[Page] = []
        for page in self._bounded(px.children(px.child(root, "Pages"), "Page"), part):
            content = self.resolve(page.get("BaseLoc", ""), base=part)
            pages.append(Page(page.get("ID", ""), content, usual))
        return tuple(pages)

    def _bounded(self, items: Iterable[Element], where: str) -> list[Element]:
        found = list(islice(items, self.limits.parts + 1))
        if len(found) > self.limits.parts:
            raise TooLarge(f"more than {self.limits.parts} items in one list", where=where)
        return found

    def page_box(self, page: Page) -> Box:
        """The page's own size where it has one, else that of the document."""
        area = None if page.part in self._trees else px.leading(self.read(page.part), "Area")
        if area is None:
            area = px.child(self.xml(page.part), "Area")
        own = px.text(area, "PhysicalBox")
        return _box(own, page.part) if own else page.box

    @property
    def pages(self) -> tuple[Page, ...]:
        """All pages of all documents in order."""
        return tuple(page for document in self.documents for page in document.pages)

    @property
    def metadata(self) -> dict[str, str]:
        """DocInfo of the first document: element name or CustomData name → text."""
        return self.documents[0].metadata

    def attachments(self) -> tuple[AttachmentPart, ...]:
        """What travels inside. Raises NotFound if a listed file is missing."""
        found: list[AttachmentPart] = []
        for document in self.documents:
            if location := px.text(self.xml(document.root), "Attachments"):
                part = self.resolve(location, base=document.root)
                for item in self._bounded(px.children(self.xml(part), "Attachment"), part):
                    file = self.resolve(px.text(item, "FileLoc"), base=part)
                    found.append(
                        AttachmentPart(
                            id=item.get("ID", ""),
                            name=item.get("Name", ""),
                            media_type=item.get("Format", ""),
                            part=file,
                            size=self.entries[file].size,
                        )
                    )
        return tuple(found)

    def tags(self) -> tuple[Tag, ...]:
        """Custom tags: every element of a tag file that points at objects of a page."""
        found: list[Tag] = []
        for document in self.documents:
            if location := px.text(self.xml(document.root), "CustomTags"):
                part = self.resolve(location, base=document.root)
                for entry in self._bounded(px.children(self.xml(part), "CustomTag"), part):
                    file = self.resolve(px.text(entry, "FileLoc"), base=part)
                    found += _tags(self.xml(file))
        return tuple(found)

    def find_object(self, page_id: str, object_id: str) -> tuple[int, Box] | None:
        """Page index and boundary of an object, for anchors; None if there is none."""
        for index, page in enumerate(self.pages):
            if page.id == page_id:
                found = cast("list[Element]", _BY_ID(self.xml(page.part), id=object_id))
                if found:
                    return index, _box(found[0].get("Boundary", ""), page.part)
        return None


def open_package(data: bytes, *, limits: Limits = Limits()) -> Package:  # noqa: B008 -- frozen
    """Open a package. Raises Malformed or TooLarge for anything that is not one whole container."""
    entries = {entry.name: entry for entry in read_directory(data, limits)}
    package = Package(data, entries, limits)
    if ENTRY not in package:
        raise Malformed("the package has no OFD.xml", where="directory")
    return package


def _metadata(info: Element | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in info if info is not None else ():
        name = px.local(item)
        if name == "CustomDatas":
            for custom in px.children(item, "CustomData"):
                found[custom.get("Name", "")] = px.text(custom)
        elif name == "Keywords":
            found[name] = "; ".join(px.text(word) for word in px.children(item, "Keyword"))
        elif name:
            found[name] = px.text(item)
    return found


def _tags(root: Element) -> list[Tag]:
    """Elements that hold references to objects, in the order of the file."""
    found: dict[Element, list[tuple[str, str]]] = {}
    for reference in root.iter("{*}ObjectRef"):
        owner = reference.getparent()
        if owner is not None:
            target = (reference.get("PageRef", ""), (reference.text or "").strip())
            found.setdefault(owner, []).append(target)
    return [
        Tag(
            owner.get("Name") or owner.get("ID") or px.local(owner),
            (owner.text or "").strip(),
            tuple(objects),
        )
        for owner, objects in found.items()
    ]


def _box(value: str, where: str) -> Box:
    x, y, width, height = px.numbers(value, 4, where=where)
    if width <= 0 or height <= 0:
        raise Malformed("a box without area", where=where)
    return x, y, width, height
