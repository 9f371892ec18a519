"""Lists of a document: metadata, attachments, custom tags (元数据、附件、自定义标引).

Sources: GB/T 33190-2016 §7.4 (DocInfo), §16 (custom tags), §20 (attachments).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package_xml import Element
from openrhip.kernel.errors import NotFound, Problem

if TYPE_CHECKING:
    from openrhip.formats.ofd.package import Package


@dataclass(frozen=True, slots=True)
class AttachmentPart:
    """name: as shown; part: where its bytes are ("" if outside of the package or missing).

    media_type: as the file says, may be empty; location: as written.
    """

    id: str
    name: str
    media_type: str
    part: str
    size: int
    location: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """name: what the region means (data element id or anchor); objects: (page id, object id)."""

    name: str
    text: str
    objects: tuple[tuple[str, str], ...]


def metadata(info: Element | None) -> dict[str, str]:
    """DocInfo: element name or CustomData name → text."""
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


def attachments(package: Package) -> Iterator[AttachmentPart]:
    """What travels inside. If the package is read exactly, a missing file raises NotFound."""
    for part, item in _items(package, "Attachments", "Attachment"):
        location = px.text(item, "FileLoc")
        try:
            file = package.resolve(location, base=part)
        except Problem as problem:
            if package.exact:
                raise
            outside = "://" in location or not isinstance(problem, NotFound)
            package.notices.note(
                "attachment.outside" if outside else "resource.missing",
                "附件在文件之外" if outside else "附件所指的文件不在包内",
                f"an attachment is not in the package: {location[:200]!r}",
                part,
            )
            file = ""
        yield AttachmentPart(
            id=item.get("ID", ""),
            name=item.get("Name", ""),
            media_type=item.get("Format", ""),
            part=file,
            size=package.entries[file].size if file else 0,
            location=location,
        )


def tags(package: Package) -> Iterator[Tag]:
    """Custom tags: every element of a tag file that points at objects of a page."""
    for part, item in _items(package, "CustomTags", "CustomTag"):
        try:
            root = package.xml(package.resolve(px.text(item, "FileLoc"), base=part))
        except Problem as problem:
            if package.exact:
                raise
            package.tell(problem, "自定义标引文件无法读取", "a file of custom tags cannot be read")
            continue
        yield from _tags(root)


def _items(package: Package, kind: str, name: str) -> Iterator[tuple[str, Element]]:
    """The items of the lists of this kind, each with the part that lists it."""
    for document in package.documents:
        location = px.text(package.body(document), kind)
        if not location:
            continue
        try:
            part = package.resolve(location, base=document.root)
            root = package.xml(part)
        except Problem as problem:
            if package.exact:
                raise
            package.tell(problem, f"列表 {kind} 无法读取", f"the list {kind} cannot be read")
            continue
        for item in package.bounded(px.children(root, name), part):
            yield part, item


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
