"""Everything a package says of itself (文档内容一览), in frozen dataclasses.

Sources: GB/T 33190-2016 §7.4 to §7.9 (documents), §14 (annotations), §16 (custom tags), §17
(extensions), §19 (versions), §20 (attachments).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.inspect.actions import Action, Dest, actions, dest
from openrhip.formats.ofd.inspect.lists import (
    Annotation,
    Extension,
    TagFile,
    Version,
    extensions,
    notes,
    tag_files,
    versions,
)
from openrhip.formats.ofd.inspect.resources import Resources
from openrhip.formats.ofd.notices import Notice
from openrhip.formats.ofd.package import (
    ENTRY,
    AttachmentPart,
    Document,
    Package,
    Tag,
    open_package,
)
from openrhip.formats.ofd.package_xml import Element


@dataclass(frozen=True, slots=True)
class Outline:
    """An entry of the outline (大纲): title, whether shown open, what it does, what is below it."""

    title: str
    expanded: bool
    actions: tuple[Action, ...]
    children: tuple[Outline, ...]

    @property
    def dest(self) -> Dest | None:
        return next((one.dest for one in self.actions if one.dest), None)


@dataclass(frozen=True, slots=True)
class Bookmark:
    name: str
    dest: Dest | None


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a reader may do with the document (权限声明). copies: -1 without a bound."""

    edit: bool = True
    annotate: bool = True
    export: bool = True
    sign: bool = True
    watermark: bool = True
    print_screen: bool = True
    printable: bool = True
    copies: int = -1
    valid_from: str = ""
    valid_to: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A page template; part is "" if it is missing."""

    id: str
    name: str
    z_order: str
    part: str


@dataclass(frozen=True, slots=True)
class ResourceLine:
    """kind: Font, MultiMedia, …; name: family or format; file: part with its bytes, or ""."""

    id: str
    kind: str
    name: str
    file: str
    listed: str


@dataclass(frozen=True, slots=True)
class DocumentContents:
    """One document of the package."""

    root: str
    metadata: dict[str, str]
    custom: dict[str, str]
    pages: int
    max_unit_id: str
    outlines: tuple[Outline, ...]
    bookmarks: tuple[Bookmark, ...]
    permissions: Permissions | None
    preferences: dict[str, str]
    actions: tuple[Action, ...]
    templates: tuple[Template, ...]
    resources: tuple[ResourceLine, ...]
    annotations: tuple[Annotation, ...]
    extensions: tuple[Extension, ...]
    versions: tuple[Version, ...]
    tag_files: tuple[TagFile, ...]
    signatures: str


@dataclass(frozen=True, slots=True)
class Contents:
    """The package: doc_type OFD, OFD-A or OFD-H; version as OFD.xml says."""

    doc_type: str
    version: str
    namespace: str
    documents: tuple[DocumentContents, ...]
    attachments: tuple[AttachmentPart, ...]
    tags: tuple[Tag, ...]
    notices: tuple[Notice, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def contents(data: bytes | Path | Package) -> Contents:
    """What is in a package. What could not be read is told in `notices`. Raises Malformed, …"""
    package = data if isinstance(data, Package) else open_package(data)
    root = package.xml(ENTRY)
    bodies = list(px.children(root, "DocBody"))
    documents = []
    for document in package.documents:
        body = next((one for one in bodies if _is(package, one, document)), None)
        documents.append(_document(package, document, body))
    attached, tags = package.attachments(), package.tags()
    tag = str(root.tag)
    return Contents(
        doc_type=root.get("DocType", ""),
        version=root.get("Version", ""),
        namespace=tag[1:].partition("}")[0] if tag.startswith("{") else "",
        documents=tuple(documents),
        attachments=attached,
        tags=tags,
        notices=tuple(package.notices),
    )


def _is(package: Package, body: Element, document: Document) -> bool:
    location = px.text(body, "DocRoot")
    return (
        location.strip("/") == document.root
        or package.resolve(location, base=ENTRY) == document.root
    )


def _document(package: Package, document: Document, body: Element | None) -> DocumentContents:
    root = package.body(document)
    common = px.child(root, "CommonData")
    resources = Resources(package, document)
    info = px.child(body, "DocInfo")
    custom = px.children(px.child(info, "CustomDatas"), "CustomData")
    templates = tuple(
        Template(
            item.get("ID", ""),
            item.get("Name", ""),
            item.get("ZOrder", "Background"),
            resources.templates.get(item.get("ID", ""), ""),
        )
        for item in px.children(common, "TemplatePage")
    )
    return DocumentContents(
        root=document.root,
        metadata=document.metadata,
        custom={item.get("Name", ""): px.text(item) for item in custom},
        pages=len(document.pages),
        max_unit_id=px.text(common, "MaxUnitID"),
        outlines=outlines(root),
        bookmarks=tuple(
            Bookmark(item.get("Name", ""), dest(px.child(item, "Dest")))
            for item in px.children(px.child(root, "Bookmarks"), "Bookmark")
        ),
        permissions=_permissions(px.child(root, "Permissions")),
        preferences=_preferences(px.child(root, "VPreferences")),
        actions=actions(root),
        templates=templates,
        resources=tuple(
            ResourceLine(one.id, one.kind, one.name, one.file, one.listed)
            for one in resources.every()
        ),
        annotations=tuple(notes(package, document)),
        extensions=tuple(extensions(package, document)),
        versions=tuple(versions(package, body)),
        tag_files=tuple(tag_files(package, document)),
        signatures=document.signatures,
    )


def outlines(root: Element) -> tuple[Outline, ...]:
    """The outline of a document part."""
    return _entries(px.child(root, "Outlines"))


def _entries(parent: Element | None) -> tuple[Outline, ...]:
    return tuple(
        Outline(
            item.get("Title", ""),
            truth(item.get("Expanded"), usual=True),
            actions(item),
            _entries(item),
        )
        for item in px.children(parent, "OutlineElem")
    )


def truth(value: str | None, *, usual: bool) -> bool:
    """xs:boolean; the usual value for what is not one."""
    return {"true": True, "1": True, "false": False, "0": False}.get(value or "", usual)


def _permissions(element: Element | None) -> Permissions | None:
    if element is None:
        return None

    def may(name: str) -> bool:
        return truth(px.text(element, name), usual=True)

    printing = px.child(element, "Print")
    period = px.child(element, "ValidPeriod")
    copies = printing.get("Copies", "") if printing is not None else ""
    return Permissions(
        edit=may("Edit"),
        annotate=may("Annot"),
        export=may("Export"),
        sign=may("Signature"),
        watermark=may("Watermark"),
        print_screen=may("PrintScreen"),
        printable=printing is None or truth(printing.get("Printable"), usual=True),
        copies=int(copies) if copies.lstrip("-").isdecimal() and len(copies) < 10 else -1,
        valid_from=period.get("StartDate", "") if period is not None else "",
        valid_to=period.get("EndDate", "") if period is not None else "",
    )


def _preferences(element: Element | None) -> dict[str, str]:
    return {px.local(item): px.text(item) for item in element} if element is not None else {}
