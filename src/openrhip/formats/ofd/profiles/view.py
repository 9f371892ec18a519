"""A package as the rules of a profile look at it: sheets, resources, and what leads where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import ENTRY, Document, Package, Page
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.signing_records import listed, read_record
from openrhip.kernel.errors import Problem

PAGE, TEMPLATE, VECTOR, ANNOTATION = "page", "template", "vector", "annotation"
PUBLIC, DOCUMENT, OF_PAGE = "public", "document", "page"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A part with graphic units. number: of the page, from 0, or -1."""

    part: str
    root: Element
    kind: str
    number: int = -1


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource with an ID. list_part: the file that lists it; file: the part it leads to, ""
    if there is none; location: as written."""

    id: str
    element: Element
    list_part: str
    scope: str
    location: str = ""
    file: str = ""


@dataclass
class View:
    """Reads what is asked for, when it is asked for. only: the number of the one document that
    counts, of several."""

    package: Package
    only: int | None = None
    _lost: dict[tuple[str, str], None] = field(default_factory=dict, repr=False)

    @cached_property
    def entry(self) -> Element:
        return self.package.xml(ENTRY)

    @cached_property
    def bodies(self) -> tuple[Element, ...]:
        return tuple(px.children(self.entry, "DocBody"))

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        every = self.package.documents
        return every if self.only is None else (every[self.only],)

    def find(self, location: str, base: str) -> str:
        """The part that a location leads to, "" if there is none."""
        try:
            return self.package.resolve(location, base=base) if location else ""
        except Problem:
            return ""

    @cached_property
    def roots(self) -> tuple[tuple[str, Element], ...]:
        """(part, root element) of each document."""
        return tuple((one.root, self.package.xml(one.root)) for one in self.documents)

    def pages(self) -> Iterator[Page]:
        """The pages of the documents that count."""
        for document in self.documents:
            yield from document.pages

    def sheets(self) -> Iterator[Sheet]:
        """Pages, templates, composite objects, annotation files, one at a time.

        Raises what reading them raises.
        """
        for number, page in enumerate(self.pages()):
            yield Sheet(page.part, self.package.xml(page.part), PAGE, number)
        for part in self.templates:
            yield Sheet(part, self.package.xml(part), TEMPLATE)
        for part, _ in self.resource_lists:
            content = self.package.read(part)
            if b"CompositeGraphicUnit" in content or b"TextObject" in content:
                yield Sheet(part, self.package.xml(part), VECTOR)
        for part in self.annotation_files:
            yield Sheet(part, self.package.xml(part), ANNOTATION)

    @cached_property
    def templates(self) -> tuple[str, ...]:
        return _each(
            self.find(item.get("BaseLoc", ""), part)
            for part, root in self.roots
            for item in px.children(px.child(root, "CommonData"), "TemplatePage")
        )

    @cached_property
    def annotation_lists(self) -> tuple[str, ...]:
        return _each(self.find(px.text(root, "Annotations"), part) for part, root in self.roots)

    @cached_property
    def annotation_files(self) -> tuple[str, ...]:
        return _each(
            self.find(px.text(item, "FileLoc"), part)
            for part in self.annotation_lists
            for item in px.children(self.package.xml(part), "Page")
        )

    @cached_property
    def resource_lists(self) -> tuple[tuple[str, str], ...]:
        """(part, scope) of every resource file, each once."""
        found: dict[str, str] = {}
        for part, root in self.roots:
            common = px.child(root, "CommonData")
            for name, scope in (("PublicRes", PUBLIC), ("DocumentRes", DOCUMENT)):
                for item in px.children(common, name):
                    found.setdefault(self.find(px.text(item), part), scope)
        for sheet in self._with_resources():
            for item in px.children(sheet.root, "PageRes"):
                found.setdefault(self.find(px.text(item), sheet.part), OF_PAGE)
        found.pop("", None)
        return tuple(found.items())

    def _with_resources(self) -> Iterator[Sheet]:
        for page in self.pages():
            if self.package.mentions(page.part, b"PageRes"):
                yield Sheet(page.part, self.package.xml(page.part), PAGE)
        for part in self.templates:
            yield Sheet(part, self.package.xml(part), TEMPLATE)

    def resources(self, name: str) -> Iterator[Resource]:
        """All resources of an element name: Font, MultiMedia, ColorSpace, …"""
        for part, scope in self.resource_lists:
            root = self.package.xml(part)
            for group in root:
                for item in px.children(group, name):
                    location = place_of(item)
                    yield Resource(
                        item.get("ID", ""), item, part, scope, location,
                        self.file_of(part, root, location),
                    )  # fmt: skip

    def file_of(self, part: str, root: Element, location: str) -> str:
        """The part that a location in a resource list leads to, "" if none."""
        if not location:
            return ""
        folder = root.get("BaseLoc", "").strip().rstrip("/")
        trials = [location]
        if folder and not location.startswith("/"):
            trials.insert(0, f"{folder}/{location}")
        for trial in trials:
            if found := self.find(trial, part):
                return found
        return ""

    @cached_property
    def reachable(self) -> frozenset[str]:
        """Every part that OFD.xml leads to, over any number of steps; signatures are in it."""
        found = {part for part, _ in self._reached}
        with suppress(Problem):  # and what a signature keeps beside it for later judges
            for line in listed(self.package):
                found |= read_record(self.package, line).own_parts
        return frozenset(found)

    def of_kind(self, kind: str) -> tuple[str, ...]:
        """The reachable parts of a kind: "tags", "attachments", "version", …"""
        return tuple(part for part, one in self._reached if one == kind)

    @cached_property
    def _reached(self) -> tuple[tuple[str, str], ...]:
        return tuple(_reach(self))

    @cached_property
    def lost(self) -> tuple[tuple[str, str], ...]:
        """(part, location) of everything that leads to no part of the package."""
        _ = self._reached
        return tuple(self._lost)


def _each(parts: Iterable[str]) -> tuple[str, ...]:
    """Every part once, and none that is not there."""
    return tuple(dict.fromkeys(part for part in parts if part))


def place_of(item: Element) -> str:
    """The location that a resource names: its file, or a colour space's profile."""
    if px.local(item) == "ColorSpace":
        return item.get("Profile", "").strip()
    return px.text(item, "FontFile") or px.text(item, "MediaFile")


_LEAF = ""
_PLACES: dict[str, dict[str, tuple[str, str]]] = {
    "entry": {
        "DocRoot": ("", "document"),
        "Version": ("BaseLoc", "version"),
        "Cover": ("", _LEAF),
        "Signatures": ("", "signatures"),
    },
    "version": {"DocRoot": ("", "document"), "File": ("", _LEAF)},
    "document": {
        "PublicRes": ("", "resources"),
        "DocumentRes": ("", "resources"),
        "TemplatePage": ("BaseLoc", "page"),
        "Page": ("BaseLoc", "page"),
        "Annotations": ("", "annotations"),
        "CustomTags": ("", "tags"),
        "Attachments": ("", "attachments"),
        "Extensions": ("", "extensions"),
    },
    "page": {"PageRes": ("", "resources"), "Layer": ("BaseLoc", _LEAF)},
    "resources": {
        "FontFile": ("", _LEAF),
        "MediaFile": ("", _LEAF),
        "ColorSpace": ("Profile", _LEAF),
    },
    "annotations": {"FileLoc": ("", "annotation")},
    "annotation": {},
    "tags": {"FileLoc": ("", "tag"), "SchemaLoc": ("", _LEAF)},
    "tag": {},
    "attachments": {"FileLoc": ("", _LEAF)},
    "extensions": {"ExtendData": ("", _LEAF)},
    "signatures": {"Signature": ("BaseLoc", "signature")},
    "signature": {"SignedValue": ("", _LEAF), "BaseLoc": ("", _LEAF)},
}
"""Kind of part: element → (attribute with the location, or "" for its text; kind it leads to)."""


def _reach(view: View) -> dict[tuple[str, str], None]:
    waiting = [(ENTRY, "entry")]
    seen = dict.fromkeys(waiting)
    while waiting:
        part, kind = waiting.pop()
        for target, goal in _leads(view, part, kind):
            if (target, goal) not in seen:
                seen[target, goal] = None
                waiting.append((target, goal))
    return seen


def _leads(view: View, part: str, kind: str) -> Iterator[tuple[str, str]]:
    """The parts that a part leads to; what cannot be read or resolved leads nowhere."""
    places = _PLACES.get(kind)
    if not places:
        return
    if kind == "page" and not any(
        view.package.mentions(part, word) for word in (b"PageRes", b"BaseLoc")
    ):
        return  # nearly every page: not parsed for this
    try:
        root = view.package.xml(part)
    except Problem:
        return
    for element in root.iter(*(f"{{*}}{name}" for name in places)):
        attribute, goal = places[px.local(element)]
        location = (element.get(attribute) if attribute else element.text) or ""
        target = _target(view, part, root, kind, location.strip())
        if target:
            yield target, goal
        elif location.strip():
            view._lost[part, location.strip()[:200]] = None  # noqa: SLF001 -- of this module


def _target(view: View, part: str, root: Element, kind: str, location: str) -> str:
    if not location:
        return ""
    if kind == "resources":
        return view.file_of(part, root, location)
    return view.find(location, part)
