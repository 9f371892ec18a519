"""The workbench of a conversion: trees that may be changed, parts that are new, what was done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from lxml import etree

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import ENTRY, Package
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.profiles.view import View
from openrhip.kernel.errors import Malformed

_ROOM = 4_000_000_000
"""Unit ids are xs:unsignedInt."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a conversion. rule: the code of the rule it serves; done: False if it could not
    be made, and why; summary: what is kept of something that was taken out."""

    rule: str
    zh: str
    en: str
    where: str = ""
    done: bool = True
    summary: str = ""

    def as_dict(self) -> dict[str, str | bool]:
        return {
            "rule": self.rule,
            "zh": self.zh,
            "en": self.en,
            "where": self.where,
            "done": self.done,
            "summary": self.summary,
        }


@dataclass
class Bench:
    """One document of a package being converted."""

    package: Package
    number: int = 0
    parts: dict[str, bytes] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    top: int = 0
    trees: dict[str, Element] = field(default_factory=dict, repr=False)
    touched: set[str] = field(default_factory=set, repr=False)

    def __post_init__(self) -> None:
        documents = self.package.documents
        if not 0 <= self.number < len(documents):
            raise Malformed(f"the package has {len(documents)} documents", where="document")
        self.view = View(self.package, self.number)
        self.versions = bool(self.view.of_kind("version"))
        self.root_part = documents[self.number].root
        self.folder = self.root_part.rpartition("/")[0]
        self.saw(self.common_text("MaxUnitID"))

    @cached_property
    def targets(self) -> tuple[frozenset[str], frozenset[str]]:
        """Ids of pages and names of bookmarks, where jumps may land."""
        marks = px.children(px.child(self.document, "Bookmarks"), "Bookmark")
        return (
            frozenset(page.id for page in self.view.pages()),
            frozenset(mark.get("Name", "") for mark in marks),
        )

    @property
    def entry(self) -> Element:
        return self.tree(ENTRY)

    @property
    def body(self) -> Element:
        """The DocBody; after `entry` was cut down it is the only one."""
        bodies = list(px.children(self.entry, "DocBody"))
        return bodies[self.number] if len(bodies) > 1 else bodies[0]

    @property
    def document(self) -> Element:
        return self.tree(self.root_part)

    def common_text(self, name: str) -> str:
        return px.text(px.child(self.document, "CommonData"), name)

    def tree(self, part: str) -> Element:
        """A copy of a part's tree that may be changed; call `touch` if it was."""
        found = self.trees.get(part)
        if found is None:
            data = self.parts[part] if part in self.parts else self.package.read(part)
            found = px.parse(data, where=part, limits=self.package.limits)
            self.trees[part] = found
        return found

    def touch(self, part: str) -> None:
        self.touched.add(part)

    def start(self, part: str, name: str) -> Element:
        """The tree of a new XML part with this root, in the namespace of the document."""
        root = fresh(self.document, name)
        self.trees[part] = root
        self.touched.add(part)
        return root

    def settle(self, part: str) -> None:
        """Write a tree down and forget it: pages are held one at a time."""
        root = self.trees.pop(part, None)
        if root is not None and part in self.touched:
            self.parts[part] = written(root)
            self.touched.discard(part)

    def finish(self) -> dict[str, bytes]:
        """All new parts."""
        for part in tuple(self.trees):
            self.settle(part)
        return self.parts

    def say(
        self, rule: str, zh: str, en: str, where: str = "", *, done: bool = True, summary: str = ""
    ) -> None:
        self.changes.append(Change(f"ofd-a.{rule}", zh, en, where, done, summary))

    def saw(self, number: str) -> None:
        """Note an id that is in use."""
        if number.isascii() and number.isdigit() and int(number) < _ROOM:
            self.top = max(self.top, int(number))

    def next_id(self) -> str:
        self.top += 1
        return str(self.top)

    def name(self, wanted: str) -> str:
        """A name for a new part in the document's folder that no part has."""
        stem, dot, suffix = wanted.rpartition(".")
        for number in range(len(self.package.parts) + len(self.parts) + 2):
            middle = f"_{number}" if number else ""
            name = f"{self.folder}/{stem}{middle}{dot}{suffix}".lstrip("/")
            if name not in self.package and name not in self.parts and name not in self.trees:
                return name
        raise Malformed("no free name in the package", where=wanted)


def tag(like: Element, name: str) -> str:
    """The name in the namespace of another element."""
    namespace = etree.QName(like).namespace
    return f"{{{namespace}}}{name}" if namespace else name


def fresh(like: Element, name: str) -> Element:
    """An element of its own in the namespace, and with the prefixes, of another."""
    made: Element = etree.Element(tag(like, name), nsmap=like.nsmap)  # type: ignore[arg-type]  # None: no prefix
    return made


def cut(element: Element, name: str) -> bool:
    """Take an attribute out; whether there was one."""
    if element.get(name) is None:
        return False
    del element.attrib[name]
    return True


def add(parent: Element, name: str, text: str = "", **attributes: str) -> Element:
    """A new last child in the parent's namespace."""
    made = etree.SubElement(parent, tag(parent, name), attributes)
    if text:
        made.text = legal(text)
    return made


def legal(text: str) -> str:
    """What XML can carry."""
    return "".join(
        char if char in "\t\n\r" or " " <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd"
        or char > "\uffff" else "\ufffd"
        for char in text
    )  # fmt: skip


def drop(element: Element) -> None:
    """Take an element out, and keep what text follows it."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail and element.tail.strip():
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def insert_in_order(parent: Element, child: Element, order: tuple[str, ...]) -> None:
    """Put a child where the schema's order wants it."""
    later = order[order.index(px.local(child)) + 1 :]
    for at, one in enumerate(parent):
        if px.local(one) in later:
            parent.insert(at, child)
            return
    parent.append(child)


def written(root: Element) -> bytes:
    data: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return data


def elements(root: Element, *names: str) -> Iterator[Element]:
    """All elements of these local names below, safe against changes on the way."""
    yield from list(root.iter(*(f"{{*}}{name}" for name in names)))
