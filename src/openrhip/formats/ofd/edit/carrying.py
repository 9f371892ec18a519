"""What travels with the pages: outlines, annotations, tags, attachments, settings (随页携带)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import cast

from lxml import etree

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.edit.copying import Copier, Media, plain
from openrhip.formats.ofd.edit.sources import Source
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package_xml import NAMESPACE, Element
from openrhip.kernel.errors import NotFound, TooLarge

_NS = f"{{{NAMESPACE}}}"
_MAX_DEPTH = 60
_SETTINGS = ("Permissions", "Actions", "VPreferences")


def notes_of(source: Source) -> dict[str, list[tuple[Element, str]]]:
    """Page id → its annotation files."""
    found: dict[str, list[tuple[Element, str]]] = {}
    listed = source.listed("Annotations")
    if listed is None:
        return found
    root, part = listed
    for item in px.children(root, "Page"):
        try:
            file = source.package.resolve(px.text(item, "FileLoc"), base=part)
        except NotFound:
            source.notices.note(
                "resource.missing", "注释文件不在包内", "a file of annotations is not there", part
            )
            continue
        found.setdefault(item.get("PageID", ""), []).append((source.package.xml(file), file))
    return found


def attachments(copier: Copier, inputs: Sequence[Source]) -> list[Element]:
    """The attachments of all inputs as elements of the new list; equal ones only once."""
    made: list[Element] = []
    known: dict[tuple[bytes, str], str] = {}
    for source in inputs:
        listed = source.listed("Attachments")
        if listed is None:
            continue
        root, part = listed
        for item in px.children(root, "Attachment"):
            try:
                file = source.package.resolve(px.text(item, "FileLoc"), base=part)
            except NotFound:
                source.notices.note(
                    "resource.missing", "附件不在包内", "an attachment is not there", part
                )
                continue
            key = (source.digest(file), item.get("Name", ""))
            if key not in known:
                known[key] = f"a{len(made)}"
                made.append(_attachment(copier, item, Media(source, file, "")))
            copier.attachments[source, item.get("ID", "")] = known[key]
    return made


def _attachment(copier: Copier, item: Element, media: Media) -> Element:
    number = len(copier.attached)
    suffix = posixpath.splitext(media.part)[1].lower()
    suffix = suffix if suffix[1:].isalnum() and suffix.isascii() and len(suffix) < 9 else ".bin"
    name = f"Attach_{number}{suffix}"
    copier.attached.append(media._replace(name=name))
    made = etree.Element(f"{_NS}Attachment")
    for key, value in item.attrib.items():
        made.set(str(key), str(value))
    made.set("ID", f"a{number}")
    etree.SubElement(made, f"{_NS}FileLoc").text = f"Attachs/{name}"
    return made


def outlines(copier: Copier, inputs: Sequence[Source], *, titles: bool) -> Iterator[Element]:
    """The outline: entries whose targets are in the result, and those above them."""
    made = etree.Element(f"{_NS}Outlines")
    for source in inputs:
        home = made
        if titles:
            home = _title(made, source, copier)
        for item in px.children(px.child(source.root, "Outlines"), "OutlineElem"):
            found = _outline(copier, item, source, 0)
            if found is not None:
                home.append(found)
    if len(made):
        yield made


def _title(parent: Element, source: Source, copier: Copier) -> Element:
    made = etree.SubElement(parent, f"{_NS}OutlineElem")
    made.set("Title", source.document.metadata.get("Title") or source.name)
    first = next(number for page in source.pages if (number := copier.pages.get((source, page.id))))
    action = etree.SubElement(etree.SubElement(made, f"{_NS}Actions"), f"{_NS}Action")
    action.set("Event", "CLICK")
    dest = etree.SubElement(etree.SubElement(action, f"{_NS}Goto"), f"{_NS}Dest")
    dest.set("Type", "Fit")
    dest.set("PageID", str(first))
    return made


def _outline(copier: Copier, item: Element, source: Source, depth: int) -> Element | None:
    if depth > _MAX_DEPTH:
        raise TooLarge("the outline is nested too deeply", where=source.document.root)
    made = etree.Element(f"{_NS}OutlineElem")
    for key, value in item.attrib.items():
        if key != "Count":
            made.set(str(key), str(value))
    actions = px.child(item, "Actions")
    leads = False
    if actions is not None:
        copied = copier.copy(actions, source.scope, source.document.root)
        if len(copied):
            made.append(copied)
            leads = True
    below = [
        found
        for child in px.children(item, "OutlineElem")
        if (found := _outline(copier, child, source, depth + 1)) is not None
    ]
    made.extend(below)
    return made if leads or below or (actions is None and _whole(copier, source)) else None


def _whole(copier: Copier, source: Source) -> bool:
    """Whether every page of the input is taken: then entries without target stay too."""
    return all((source, page.id) in copier.pages for page in source.pages)


def settings(copier: Copier, inputs: Sequence[Source], notices: Notices) -> Iterator[Element]:
    """Permissions, document actions and preferences: those of the first input that has any."""
    for name in _SETTINGS:
        found = [
            (source, item) for source in inputs if (item := px.child(source.root, name)) is not None
        ]
        if not found:
            continue
        source, item = found[0]
        copied = copier.copy(item, source.scope, source.document.root)
        if len({plain(other) for _, other in found}) > 1 or len(found) < len(inputs):
            notices.note(
                "settings.first",
                f"{name} 取自 {source.name}",
                f"{name} are those of {source.name}",
                source.name,
            )
        if len(copied) or name != "Actions":
            yield copied


def bookmarks(copier: Copier) -> Element | None:
    """Bookmarks whose pages are in the result."""
    for source in dict.fromkeys(source for source, _ in copier.pages):
        for name in source.bookmarks:
            copier.keep_bookmark(source, name)
    if not copier.bookmarks:
        return None
    made = etree.Element(f"{_NS}Bookmarks")
    for (source, old), name in copier.bookmarks.items():
        item = copier.copy(source.bookmarks[old], source.scope, source.document.root)
        item.set("Name", name)
        for dest in px.children(item, "Dest"):
            dest.set("PageID", str(copier.pages[source, dest.get("PageID", "")]))
        made.append(item)
    return made


def tags(
    copier: Copier, inputs: Sequence[Source], notices: Notices
) -> tuple[Element, dict[str, bytes]]:
    """The list of tag files, and the files, with references to objects of the result only."""
    listed = etree.Element(f"{_NS}CustomTags", nsmap={"ofd": NAMESPACE})
    files: dict[str, bytes] = {}
    for source in inputs:
        found = source.listed("CustomTags")
        for entry in px.children(found[0], "CustomTag") if found else ():
            part = found[1] if found else ""
            try:
                file = source.package.resolve(px.text(entry, "FileLoc"), base=part)
            except NotFound:
                notices.note(
                    "resource.missing", "标引文件不在包内", "a tag file is not there", part
                )
                continue
            made = _tag_file(copier, source, source.package.xml(file))
            if made is None:
                continue
            number = len(listed)
            item = etree.SubElement(listed, f"{_NS}CustomTag")
            item.set("NameSpace", entry.get("NameSpace", ""))
            _schema(source, entry, part, item, files)
            name = f"Tags/Tag_{number}.xml"
            etree.SubElement(item, f"{_NS}FileLoc").text = name
            files[name] = etree.tostring(made, xml_declaration=True, encoding="UTF-8")
    return listed, files


def _schema(
    source: Source, entry: Element, part: str, item: Element, files: dict[str, bytes]
) -> None:
    location = px.text(entry, "SchemaLoc")
    if not location:
        return
    try:
        content = source.package.read(source.package.resolve(location, base=part))
    except NotFound:
        return
    name = f"Tags/Schema_{len(files)}.xsd"
    files[name] = content
    etree.SubElement(item, f"{_NS}SchemaLoc").text = name


def _tag_file(copier: Copier, source: Source, root: Element) -> Element | None:
    """A tag file with new ids; None if none of its objects is in the result.

    Of a part of the pages only the elements above references to them are taken.
    """
    by_page = source.references(root)
    here = [page for page in by_page if (source, page) in copier.pages]
    found = sorted(
        ((place, reference, page) for page in here for place, reference in by_page[page]),
        key=lambda one: one[0],
    )
    if _whole(copier, source):
        return _renumbered(copier, source, root)
    if not found:
        return None
    made = _Above(root)
    for _, reference, page in found:
        new = copier.objects[source, page].get((reference.text or "").strip())
        if new is not None:
            item = etree.SubElement(made.copy_of(reference.getparent()), f"{_NS}ObjectRef")
            item.set("PageRef", str(copier.pages[source, page]))
            item.text = str(new)
    return made.root if made.used else None


def _renumbered(copier: Copier, source: Source, root: Element) -> Element:
    """The whole tag file; references to nothing are taken out."""
    made = deepcopy(root)
    for reference in list(made.iter("{*}ObjectRef")):
        page, owner = reference.get("PageRef", ""), reference.getparent()
        new = copier.objects.get((source, page), {}).get((reference.text or "").strip())
        if new is not None:
            reference.set("PageRef", str(copier.pages[source, page]))
            reference.text = str(new)
            reference.tag = f"{_NS}ObjectRef"
        elif owner is not None:
            owner.remove(reference)
    return made


class _Above:
    """Elements of a tag file copied when something below them is."""

    def __init__(self, root: Element) -> None:
        self._known: dict[Element, Element] = {}
        self.root = self._bare(root, None)
        self._known[root] = self.root

    @property
    def used(self) -> bool:
        return len(self.root) > 0

    def copy_of(self, element: Element | None) -> Element:
        if element is None:
            return self.root
        found = self._known.get(element)
        if found is None:
            found = self._known[element] = self._bare(element, self.copy_of(element.getparent()))
        return found

    def _bare(self, element: Element, parent: Element | None) -> Element:
        if parent is not None:
            made = etree.SubElement(parent, element.tag)
        else:
            made = etree.Element(element.tag, nsmap=cast("dict[str, str]", element.nsmap))
        for key, value in element.attrib.items():
            made.set(key, value)
        made.text = element.text
        return made


def extensions(copier: Copier, inputs: Sequence[Source], notices: Notices) -> Element:
    """Extensions of objects in the result; those with files of their own are left out."""
    made = etree.Element(f"{_NS}Extensions")
    for source in inputs:
        found = source.listed("Extensions")
        for item in px.children(found[0], "Extension") if found else ():
            key = item.get("RefId", "")
            new = copier.pages.get((source, key)) or next(
                (
                    ids[key]
                    for (owner, _), ids in copier.objects.items()
                    if owner is source and key in ids
                ),
                None,
            )
            if new is None or px.child(item, "ExtendData") is not None:
                notices.note(
                    "extension.dropped",
                    "扩展信息未带入结果",
                    "an extension was left out of the result",
                    found[1] if found else "",
                )
                continue
            copied = copier.copy(item, source.scope, source.document.root)
            copied.set("RefId", str(new))
            made.append(copied)
    return made
