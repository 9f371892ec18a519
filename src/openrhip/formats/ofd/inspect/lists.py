"""Lists beside a document (注释、扩展、版本、标引): annotations, extensions, versions, tags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.inspect.drawn import quadruple
from openrhip.formats.ofd.package import ENTRY, Box, Document, Package
from openrhip.formats.ofd.package_xml import Element
from openrhip.kernel.errors import Problem

_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Annotation:
    """page: index from 0, None if there is no such page; box: of its appearance; part: its file."""

    id: str
    page: int | None
    kind: str
    subtype: str
    creator: str
    date: str
    remark: str
    box: Box | None
    visible: bool
    parameters: tuple[tuple[str, str], ...]
    part: str


@dataclass(frozen=True, slots=True)
class Extension:
    """What another program left (扩展): data as text of its XML, cut after 2000 characters."""

    app: str
    company: str
    version: str
    date: str
    ref: str
    properties: tuple[tuple[str, str, str], ...]
    data: tuple[str, ...]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the document: files as (id, location, part or "")."""

    id: str
    index: str
    current: bool
    part: str
    name: str
    date: str
    root: str
    files: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class TagFile:
    """A tree of custom tags: its namespace, schema and file ("" where missing)."""

    namespace: str
    schema: str
    part: str


def _parts(package: Package, document: Document, kind: str) -> Iterator[tuple[str, Element]]:
    """The list of this kind, if the document has one that can be read."""
    location = px.text(package.body(document), kind)
    if not location:
        return
    try:
        part = package.resolve(location, base=document.root)
        yield part, package.xml(part)
    except Problem as problem:
        package.tell(problem, f"列表 {kind} 无法读取", f"the list {kind} cannot be read")


def _located(package: Package, location: str, base: str) -> str:
    try:
        return package.resolve(location, base=base) if location else ""
    except Problem as problem:
        package.tell(problem, "所指的文件不在包内", "a location leads to nothing")
        return ""


def note_parts(package: Package, document: Document) -> Iterator[tuple[str, str]]:
    """(page id, part with the annotations of that page)."""
    for part, root in _parts(package, document, "Annotations"):
        for item in package.bounded(px.children(root, "Page"), part):
            file = _located(package, px.text(item, "FileLoc"), part)
            if file:
                yield item.get("PageID", ""), file


def notes(package: Package, document: Document) -> Iterator[Annotation]:
    for page_id, file in note_parts(package, document):
        try:
            root = package.xml(file)
        except Problem as problem:
            package.tell(problem, "注释文件无法读取", "a file of annotations cannot be read")
            continue
        for item in package.bounded(px.children(root, "Annot"), file):
            shown = px.child(item, "Appearance")
            box = quadruple(shown.get("Boundary", "")) if shown is not None else None
            parameters = px.children(px.child(item, "Parameters"), "Parameter")
            yield Annotation(
                id=item.get("ID", ""),
                page=document.pages.number(page_id),
                kind=item.get("Type", ""),
                subtype=item.get("Subtype", ""),
                creator=item.get("Creator", ""),
                date=item.get("LastModDate", ""),
                remark=px.text(item, "Remark"),
                box=box,
                visible=item.get("Visible") not in ("false", "0"),
                parameters=tuple((one.get("Name", ""), px.text(one)) for one in parameters),
                part=file,
            )


def extensions(package: Package, document: Document) -> Iterator[Extension]:
    for part, root in _parts(package, document, "Extensions"):
        for item in package.bounded(px.children(root, "Extension"), part):
            files = [px.text(one) for one in px.children(item, "ExtendData")]
            yield Extension(
                app=item.get("AppName", ""),
                company=item.get("Company", ""),
                version=item.get("AppVersion", ""),
                date=item.get("Date", ""),
                ref=item.get("RefId", ""),
                properties=tuple(
                    (one.get("Name", ""), one.get("Type", ""), px.text(one))
                    for one in px.children(item, "Property")
                ),
                data=tuple(_inner(one) for one in px.children(item, "Data")),
                files=tuple(_located(package, one, part) for one in files),
            )


def _inner(element: Element) -> str:
    inner = b"".join(etree.tostring(one, encoding="utf-8") for one in element)
    return ((element.text or "") + inner.decode()).strip()[:_LONGEST]


def versions(package: Package, body: Element | None) -> Iterator[Version]:
    for item in px.children(px.child(body, "Versions"), "Version"):
        part = _located(package, item.get("BaseLoc", ""), ENTRY)
        root = None
        if part:
            try:
                root = package.xml(part)
            except Problem as problem:
                package.tell(problem, "版本文件无法读取", "a version's file cannot be read")
        files = px.children(px.child(root, "FileList"), "File")
        place = px.text(root, "DocRoot") if root is not None else ""
        yield Version(
            id=item.get("ID", ""),
            index=item.get("Index", ""),
            current=item.get("Current") in ("true", "1"),
            part=part,
            name=root.get("Name", "") if root is not None else "",
            date=root.get("CreationDate", "") if root is not None else "",
            root=_located(package, place, part) if place else "",
            files=tuple(
                (one.get("ID", ""), px.text(one), _located(package, px.text(one), part))
                for one in files
            ),
        )


def tag_files(package: Package, document: Document) -> Iterator[TagFile]:
    for part, root in _parts(package, document, "CustomTags"):
        for item in package.bounded(px.children(root, "CustomTag"), part):
            schema = px.text(item, "SchemaLoc")
            yield TagFile(
                item.get("NameSpace", ""),
                _located(package, schema, part) if schema else "",
                _located(package, px.text(item, "FileLoc"), part),
            )
