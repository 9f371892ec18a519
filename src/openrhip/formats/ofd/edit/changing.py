"""Changing single parts of a package: the others are copied as they are (改动部件)."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping
from copy import deepcopy

from lxml import etree

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import Document, Package
from openrhip.formats.ofd.package_append import Container
from openrhip.formats.ofd.package_xml import Element
from openrhip.kernel.errors import NotFound, Problem

_ORDER = (
    "CommonData", "Pages", "Outlines", "Permissions", "Actions", "VPreferences", "Bookmarks",
    "Annotations", "CustomTags", "Attachments", "Extensions",
)  # fmt: skip
_SPACES = (px.NAMESPACE, "http://www.ofdspec.org", "")
_PACKED = (".png", ".jpg", ".jpeg", ".jp2", ".zip", ".pdf", ".ofd", ".mp4", ".gz")


def document_at(package: Package, number: int) -> Document:
    """A document of the package, counted from 0."""
    if not 0 <= number < len(package.documents):
        raise NotFound("the package has no such document", where=f"document {number + 1}")
    return package.documents[number]


def editable(package: Package, part: str) -> Element:
    """A copy of a part's tree."""
    return deepcopy(package.xml(part))


def added(parent: Element, name: str, text: str = "", /, **attributes: str) -> Element:
    """A new last child in the namespace of its parent."""
    made = etree.SubElement(parent, sibling(parent, name))
    for key, value in attributes.items():
        made.set(key, value)
    if text:
        made.text = text
    return made


def sibling(element: Element, name: str) -> str:
    """A tag in the namespace of an element."""
    space, brace, _ = str(element.tag).rpartition("}")
    known = space.removeprefix("{") in _SPACES
    return f"{space}{brace}{name}" if known else f"{{{px.NAMESPACE}}}{name}"


def like(element: Element, name: str) -> Element:
    """A new root in the namespace and with the prefixes of an element."""
    tag = sibling(element, name)
    space = tag.rpartition("}")[0].removeprefix("{")
    return etree.Element(tag, nsmap={"ofd": space} if space else None)


def put(document: Element, name: str) -> Element:
    """The child of Document.xml with this name, made in its place if it is not there."""
    found = px.child(document, name)
    if found is not None:
        return found
    made = like(document, name)
    rank = _ORDER.index(name)
    place = 0
    for at, item in enumerate(document, 1):
        if px.local(item) in _ORDER and _ORDER.index(px.local(item)) < rank:
            place = at
    document.insert(place, made)
    return made


def listed(package: Package, document: Document, root: Element, name: str) -> tuple[Element, str]:
    """The list that Document.xml names (Attachments…), and its part; a new one if there is none."""
    location = px.text(root, name)
    base = document.root
    if location:
        try:
            part = package.resolve(location, base=base)
            return editable(package, part), part
        except NotFound:
            pass
    part = free(package, posixpath.join(posixpath.dirname(base), f"{name}.xml"))
    made = like(root, name)
    put(root, name).text = "/" + part
    return made, part


def free(package: Package, name: str, taken: Mapping[str, object] | None = None) -> str:
    """The name, or one with a number that no part has."""
    stem, dot, suffix = name.rpartition(".")
    number = 1
    while name in package or name in (taken or {}):
        name = f"{stem}_{number}{dot}{suffix}"
        number += 1
    return name


def last_id(package: Package, document: Document) -> int:
    """The largest id of the document: that of MaxUnitID, or one in use that lies above it."""
    root = package.xml(document.root)
    number = px.text(px.child(root, "CommonData"), "MaxUnitID")
    found = int(number) if number.isdigit() and len(number) < 10 else 0
    for part in _numbered(package, document, root):
        for item in package.xml(part).iter("*"):
            key = item.get("ID", "")
            if key.isdigit() and len(key) < 10:
                found = max(found, int(key))
    return found


def _numbered(package: Package, document: Document, root: Element) -> list[str]:
    """The annotation files: what may hold ids above MaxUnitID, which a signature fixed."""
    found: list[str] = []
    location = px.text(root, "Annotations")
    if not location:
        return found
    try:
        part = package.resolve(location, base=document.root)
        found.extend(
            package.resolve(px.text(item, "FileLoc"), base=part)
            for item in px.children(package.xml(part), "Page")
        )
    except Problem:
        return found
    return found


def set_last_id(root: Element, number: int) -> None:
    """MaxUnitID of Document.xml."""
    item = px.child(px.child(root, "CommonData"), "MaxUnitID")
    if item is not None:
        item.text = str(number)


def as_part(root: Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def rewritten(package: Package, parts: Mapping[str, bytes], without: Collection[str] = ()) -> bytes:
    """The package with parts replaced or added, and some left out; the rest keeps its bytes."""
    container = Container()
    for name in package.parts:
        if name in without:
            continue
        if name in parts:
            _add(container, name, parts[name])
        else:
            container.copy(package, name)
    for name, content in parts.items():
        if name not in package:
            _add(container, name, content)
    return container.finish()


def _add(container: Container, name: str, content: bytes) -> None:
    if name.lower().endswith(_PACKED):
        container.store(name, content)
    else:
        container.deflate(name, content)
