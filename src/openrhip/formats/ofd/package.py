"""Reading a package (读取版式文件): safe, bounded, by location.

`open_package` checks the container and the entry file; parts are unpacked when asked for, and only
the latest are kept. Terms: part 部件, ST_Loc 路径, document body 文档体, page 页, custom tag
自定义标引, attachment 附件.

Sources: GB/T 33190-2016 §6 (locations), §7 (OFD.xml, Document.xml), §7.7 (pages).
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import cast

from lxml import etree

from openrhip.formats.gm import sm3
from openrhip.formats.ofd import package_lists, package_pages, package_paths
from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package_cache import Kept
from openrhip.formats.ofd.package_file import OnDisk, window
from openrhip.formats.ofd.package_lists import AttachmentPart, Tag
from openrhip.formats.ofd.package_pages import Box, Document, Page, Pages, Row
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.package_zip import (
    STORED,
    Entry,
    Limits,
    Odd,
    folded,
    pieces,
    read_directory,
    unpack,
)
from openrhip.kernel.errors import Malformed, NotFound, Problem, TooLarge

__all__ = [
    "ENTRY", "AttachmentPart", "Box", "Document", "Entry", "Limits", "Package", "Page", "Tag",
    "open_package",
]  # fmt: skip

ENTRY = "OFD.xml"
_ENCRYPTIONS = "Encryptions.xml"
_BY_ID = etree.XPath("//@ID[. = $id]/parent::*[@Boundary]")
_BYTES = 48 << 20
_XML = 6 << 20
"""Bytes of parts, and of XML whose trees (about twelve times as large) are kept."""
_PIECES = 8 << 20
"""Larger parts are digested as they are unpacked."""
_PER_NODE = 32
"""An XML part counts as if it had so many bytes for each mark, if it has fewer."""


@dataclass
class Package:
    """An opened package. `parts` in the order of the container, without leading slash.

    exact: refuse what two readers may see differently; else it is read and told in `notices`.
    only: document part that is read in place of all documents: another version of one of them.
    """

    data: bytes
    entries: dict[str, Entry]
    limits: Limits
    exact: bool = False
    only: str = ""
    notices: Notices = field(default_factory=Notices, repr=False)
    _contents: Kept[bytes] = field(default_factory=lambda: Kept[bytes](_BYTES), repr=False)
    _trees: Kept[Element] = field(default_factory=lambda: Kept[Element](_XML), repr=False)
    _digests: dict[str, bytes] = field(default_factory=dict, repr=False)
    _listings: dict[str, package_pages.Listing] = field(default_factory=dict, repr=False)
    _seen: set[str] = field(default_factory=set, repr=False)
    _parsed: int = 0

    @cached_property
    def parts(self) -> tuple[str, ...]:
        return tuple(name for name in self.entries if not name.endswith("/"))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self.entries and not name.endswith("/")

    def read(self, name: str) -> bytes:
        """The bytes of a part. Raises NotFound, or Malformed if they are damaged."""
        name = name.removeprefix("/")
        found = self._contents.get(name)
        if found is None:
            if name not in self:
                raise NotFound("no such part in the package", where=name[:200])
            found = unpack(self.data, self.entries[name])
            self._contents.put(name, found, len(found))
        return found

    def mentions(self, name: str, word: bytes) -> bool:
        """Whether an XML part may hold an ASCII word: else it need not be parsed for it.

        In UTF-16 the bytes of the word do not stand side by side: then it may.
        """
        content = self.read(name)
        return word in content or b"\0" in content

    def digest(self, name: str) -> bytes:
        """SM3 of a part, computed once. Raises NotFound, Malformed."""
        found = self._digests.get(name)
        if found is None:
            found = self._digests[name] = self._digested(name.removeprefix("/"))
        return found

    def _digested(self, name: str) -> bytes:
        if name not in self or self.entries[name].size <= _PIECES:
            return sm3.digest(self.read(name))
        whole = sm3.new()
        for piece in pieces(self.data, self.entries[name]):
            whole.update(piece)
        return whole.digest()

    def form(self, before: str, *, without: Collection[str] = ()) -> bytes:
        """SM3 over the container's form up to a part: headers and compressed data, in file order.

        Data that is stored as it is has its own digest and is left out; so are the parts of
        `without`.
        """
        whole = sm3.new()
        end = self.entries[before].begin
        for entry in self.entries.values():
            if entry.begin < end and entry.name not in without:
                end_of_form = entry.start if entry.method == STORED else entry.end
                whole.update(window(self.data, entry.begin, end_of_form))
        return whole.digest()

    def inherit(self, other: Package, *, but: Collection[str] = ()) -> None:
        """Take over what was worked out about parts that this package shares with another."""
        shared = self.entries.keys() - set(but)
        self._digests |= {name: one for name, one in other._digests.items() if name in shared}
        self._trees.take(other._trees, shared)

    def xml(self, name: str) -> Element:
        """The root element of an XML part. Raises NotFound, Malformed, TooLarge."""
        name = name.removeprefix("/")
        tree = self._trees.get(name)
        if tree is None:
            content = self.read(name)
            self._count(name, content)
            notices = None if self.exact else self.notices
            tree = px.parse(content, where=name, limits=self.limits, notices=notices)
            self._trees.put(name, tree, len(content))
        return tree

    def _count(self, name: str, content: bytes) -> None:
        if name not in self._seen:
            self._seen.add(name)
            self._parsed += max(len(content), _PER_NODE * content.count(b"<"))
        if self._parsed > self.limits.xml_total:
            raise TooLarge(f"more than {self.limits.xml_total} bytes of XML", where=name)

    def resolve(self, location: str, *, base: str, strict: bool = False) -> str:
        """The part that an ST_Loc in part `base` means: absolute, or relative to that part.

        Some producers write paths relative to the document or the package; unless `strict`, these
        serve too, if just one of the readings leads to a part; unless the package is read exactly,
        also paths with backslashes, escapes or other case. Raises Malformed for paths that lead
        outside or to several parts, NotFound.
        """
        location = location.strip()
        try:
            found = package_paths.find(location, base=base, parts=self, strict=strict)
        except Problem:
            if self.exact or strict:
                raise
            odd = package_paths.irregular(location, base=base, names=self._folded, fold=folded)
            if odd is None:
                raise
            self.notices.note(
                "path.irregular",
                f"路径写法不规范：{location[:200]}，读作 {odd}",
                f"a location that is not written as it should be: {location[:200]}, read as {odd}",
                base,
            )
            return odd
        return found

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {folded(name): name for name in self.parts}

    def tell(self, problem: Problem, text_zh: str, text_en: str) -> None:
        """Note what could not be read and was left out."""
        self.notices.note(
            "part.unreadable", f"{text_zh}：{problem.what}", f"{text_en}: {problem.what}",
            problem.where,
        )  # fmt: skip

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """All document bodies. Raises Malformed, NotFound, TooLarge."""
        root = self.xml(ENTRY)
        if px.local(root) != "OFD":
            raise Malformed("the entry file is no OFD element", where=ENTRY)
        bodies = self.bounded(px.children(root, "DocBody"), ENTRY)[: 1 if self.only else None]
        found: list[Document] = []
        for body in bodies:
            try:
                found.append(self._document(body))
            except Problem as problem:
                if self.exact or len(bodies) == 1 or isinstance(problem, TooLarge):
                    raise
                self.tell(problem, "文档体无法读取", "a document cannot be read")
        if not found:
            raise Malformed("the package holds no document", where=ENTRY)
        return tuple(found)

    def _document(self, body: Element) -> Document:
        part = self.only or self._root(px.text(body, "DocRoot"))
        signatures = px.text(body, "Signatures")
        return Document(
            root=part,
            metadata=package_lists.metadata(px.child(body, "DocInfo")),
            pages=self._pages(part),
            signatures=self._list_part(signatures),
        )

    def _root(self, location: str) -> str:
        try:
            return self.resolve(location, base=ENTRY)
        except NotFound as problem:
            if _ENCRYPTIONS in self:
                raise _encrypted() from problem
            raise

    def _list_part(self, location: str) -> str:
        """Some templates name a list that does not exist yet: that hinders no reader."""
        try:
            return self.resolve(location, base=ENTRY) if location else ""
        except NotFound:
            return posixpath.normpath(location.strip().lstrip("/"))

    def body(self, document: Document) -> Element:
        """The root of Document.xml; of a long one without its pages."""
        return self._listing(document.root).root

    def _listing(self, part: str) -> package_pages.Listing:
        found = self._listings.get(part)
        if found is None:
            content, most = self.read(part), min(self.limits.pages, self.limits.items)
            if len(content) >= package_pages.STREAMED and len(content) <= self.limits.xml:
                self._count(part, content)
                px.check_nodes(content, self.limits.nodes, part)
                found = package_pages.streamed(content, most, part)
                if found is not None:
                    px.check_depth(found.root, self.limits.depth, part)
            if found is None:
                found = package_pages.listing(self.xml(part), most, part)
            self._listings[part] = found
        return found

    def _pages(self, part: str) -> Pages:
        listed = self._listing(part)
        common = px.child(listed.root, "CommonData")
        area = px.text(px.child(common, "PageArea"), "PhysicalBox")
        usual = _box(area or "0 0 210 297", part)

        def page(page_id: str, place: str) -> Page:
            return Page(page_id, self._page_part(place, part), usual)

        pages = Pages(listed.ids, listed.places, page)
        if self.exact:
            for place in listed.places:
                self.resolve(place, base=part)
        return pages

    def _page_part(self, place: str, base: str) -> str:
        """The page's part; if there is none, a name that leads nowhere."""
        try:
            return self.resolve(place, base=base)
        except Problem as problem:
            if self.exact:
                raise
            self.tell(problem, "页面无法读取", "a page cannot be read")
            return f"{base.rpartition('/')[0]}/{place[:200]}".removeprefix("/") + "?"

    def bounded(self, items: Iterable[Element], where: str) -> list[Element]:
        """The items of a list. Raises TooLarge if it is absurdly long."""
        most = self.limits.items
        found = list(islice(items, most + 1))
        if len(found) > most:
            raise TooLarge(f"more than {most} items in one list", where=where)
        return found

    def page_box(self, page: Page) -> Box:
        """The page's own size where it has one, else that of the document."""
        area = None if page.part in self._trees else px.leading(self.read(page.part), "Area")
        if area is None:
            area = px.child(self.xml(page.part), "Area")
        own = px.text(area, "PhysicalBox")
        try:
            return _box(own, page.part) if own else page.box
        except Malformed as problem:
            if self.exact:
                raise
            self.tell(problem, "页面区域无效", "a page's own size is not read")
            return page.box

    @cached_property
    def pages(self) -> Pages | Row:
        """All pages of all documents in order."""
        several = [document.pages for document in self.documents]
        return several[0] if len(several) == 1 else Row(several)

    @property
    def metadata(self) -> dict[str, str]:
        """DocInfo of the first document: element name or CustomData name → text."""
        return self.documents[0].metadata

    def attachments(self) -> tuple[AttachmentPart, ...]:
        """What travels inside; of a package read exactly a missing file raises NotFound."""
        return tuple(package_lists.attachments(self))

    def tags(self) -> tuple[Tag, ...]:
        """Custom tags: every element of a tag file that points at objects of a page."""
        return tuple(package_lists.tags(self))

    def find_object(self, page_id: str, object_id: str) -> tuple[int, Box] | None:
        """Page index and boundary of an object, for anchors; None if there is none."""
        index = self.pages.number(page_id)
        if index is not None:
            page = self.pages[index]
            found = cast("list[Element]", _BY_ID(self.xml(page.part), id=object_id))
            if found:
                return index, _box(found[0].get("Boundary", ""), page.part)
        return None


def open_package(
    data: bytes | Path, *, limits: Limits | None = None, exact: bool = False
) -> Package:
    """Open a package. Raises Malformed or TooLarge for anything that is not one whole container.

    Of a path only what is asked for is read; the file must not change while the package is in use,
    and its limits are those of large files. exact: see `Package`; signers and verifiers open so.
    """
    if isinstance(data, Path):
        limits = limits or Limits.large()
        data = cast("bytes", OnDisk(data))  # sliced, searched and measured as bytes are
    limits = limits or Limits()
    notices = Notices()
    odd = None if exact else _teller(notices)
    entries = {entry.name: entry for entry in read_directory(data, limits, odd=odd)}
    package = Package(data, entries, limits, exact, notices=notices)
    if ENTRY not in package and _ENCRYPTIONS in package:
        raise _encrypted()
    if ENTRY not in package and not (odd and _entry_in_other_case(package)):
        raise Malformed("the package has no OFD.xml", where="directory")
    return package


def _encrypted() -> Malformed:
    return Malformed(
        "the package is encrypted (GM/T 0099)", where=_ENCRYPTIONS, remedy="decrypt it first"
    )


def _teller(notices: Notices) -> Odd:
    def odd(kind: str, name: str) -> None:
        if kind == "backslash":
            notices.note("name.backslash", "文件名使用反斜线", "a name with backslashes", name)
        else:
            notices.note(
                "name.encoding", "文件名的编码与标记不符，按 GB 18030 或 UTF-8 读取",
                "a name in another encoding than its flag says", name,
            )  # fmt: skip

    return odd


def _entry_in_other_case(package: Package) -> bool:
    found = next((name for name in package.parts if name.lower() == "ofd.xml"), None)
    if found is None:
        return False
    package.entries[ENTRY] = package.entries.pop(found)._replace(name=ENTRY)
    del package.parts
    package.notices.note("name.case", "入口文件名大小写不符", "the entry file's case", found)
    return True


def _box(value: str, where: str) -> Box:
    x, y, width, height = px.numbers(value, 4, where=where)
    if width <= 0 or height <= 0:
        raise Malformed("a box without area", where=where)
    return x, y, width, height
