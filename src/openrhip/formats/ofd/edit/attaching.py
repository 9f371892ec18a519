"""Attachments (附件) added to a file, and its outline (大纲) set anew.

Sources: GB/T 33190-2016 §7.5 (outline), §14 (destinations), §20 (attachments).
"""

from __future__ import annotations

import mimetypes
import posixpath
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.edit import changing
from openrhip.formats.ofd.edit.guarding import allow
from openrhip.formats.ofd.layout.pieces import number
from openrhip.formats.ofd.package import Package, open_package
from openrhip.formats.ofd.package_xml import Element
from openrhip.kernel import clock
from openrhip.kernel.errors import Conflict, Malformed, NotFound, TooLarge
from openrhip.kernel.periods import city_day

_MOST = 1_000
_LARGEST = 200 << 20
_MOST_ENTRIES = 20_000
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class File:
    """A file to attach. name: as shown; media_type: guessed from the name if empty."""

    name: str
    data: bytes
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """An entry of the outline. page: index from 0; y: mm from its upper edge."""

    title: str
    page: int
    y: float = 0.0
    below: tuple[Heading, ...] = ()


def attach(
    data: bytes | Package, files: Sequence[File], *, document: int = 0, replace: bool = False
) -> bytes:
    """The file with attachments added. replace: instead of those of the same name.

    Raises Malformed, TooLarge, Conflict (a name is taken), Refused (signed).
    """
    package = data if isinstance(data, Package) else open_package(data)
    home = changing.document_at(package, document)
    if not files or len(files) > _MOST or sum(len(file.data) for file in files) > _LARGEST:
        raise TooLarge(f"1 to {_MOST} files of together at most {_LARGEST} bytes can be attached")
    root = changing.editable(package, home.root)
    named = bool(px.text(package.xml(home.root), "Attachments"))
    listed, part = changing.listed(package, home, root, "Attachments")
    allow(package, {part} if named and part in package else {part, home.root}, "attaching")
    made: dict[str, bytes] = {}
    gone: set[str] = set()
    taken = {item.get("Name", ""): item for item in px.children(listed, "Attachment")}
    ids = {item.get("ID", "") for item in taken.values()}
    for file in files:
        name = _checked(file)
        if name in taken:
            if not replace:
                raise Conflict(
                    "the file already has an attachment of this name",
                    where=name[:100],
                    remedy="give it another name, or replace it",
                )
            listed.remove(taken[name])
            gone.add(name)
        key = next(f"a{at}" for at in range(len(ids) + 1) if f"a{at}" not in ids)
        ids.add(key)
        taken[name] = _entry(package, listed, file, key, made, home.root)
    made[part] = changing.as_part(listed)
    if not (named and part in package):
        made[home.root] = changing.as_part(root)
    old = _only_of(package, gone)
    allow(package, old, "attaching")
    return changing.rewritten(package, made, without=old)


def _only_of(package: Package, names: Collection[str]) -> set[str]:
    """The parts of the attachments of these names that no other attachment shows."""
    carried = package.attachments() if names and len(package.documents) == 1 else ()
    kept = {one.part for one in carried if one.name not in names}
    return {one.part for one in carried if one.name in names and one.part} - kept


def _checked(file: File) -> str:
    name = posixpath.basename(file.name.replace("\\", "/")).strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise Malformed("an attachment needs a name of at most 200 characters", where="name")
    return name


def _entry(
    package: Package, listed: Element, file: File, key: str, made: dict[str, bytes], base: str
) -> Element:
    name = _checked(file)
    suffix = re.sub("[^A-Za-z0-9]", "", name.rpartition(".")[2])[:8].lower() or "bin"
    folder = posixpath.dirname(base)
    inside = changing.free(package, posixpath.join(folder, "Attachs", f"{key}.{suffix}"), made)
    kind = file.media_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
    item = changing.added(
        listed, "Attachment", ID=key, Name=name, Format=kind,
        CreationDate=f"{city_day(clock.now()).isoformat()}T00:00:00",
        Size=number(len(file.data) / 1024), Visible="true",
    )  # fmt: skip
    changing.added(item, "FileLoc", f"/{inside}")
    made[inside] = file.data
    return item


def set_outline(data: bytes | Package, headings: Sequence[Heading], *, document: int = 0) -> bytes:
    """The file with this outline in place of its own; none removes it.

    Raises Malformed, NotFound (no such page), TooLarge, Refused (signed).
    """
    package = data if isinstance(data, Package) else open_package(data)
    home = changing.document_at(package, document)
    allow(package, {home.root}, "setting the outline")
    root = changing.editable(package, home.root)
    old = px.child(root, "Outlines")
    if old is not None:
        root.remove(old)
    if headings:
        made = changing.put(root, "Outlines")
        left = [_MOST_ENTRIES]
        for heading in headings:
            _heading(made, heading, home.pages, left, 0)
    return changing.rewritten(package, {home.root: changing.as_part(root)})


def _heading(
    parent: Element, heading: Heading, pages: Sequence[Any], left: list[int], depth: int
) -> None:
    left[0] -= 1
    if left[0] < 0 or depth > _DEEPEST:
        raise TooLarge(f"an outline has at most {_MOST_ENTRIES} entries, {_DEEPEST} deep")
    title = " ".join(heading.title.split())
    if not title or len(title) > 500:
        raise Malformed("an outline entry needs a title of at most 500 characters", where="title")
    if not 0 <= heading.page < len(pages):
        raise NotFound("the document has no such page", where=f"page {heading.page + 1}")
    item = changing.added(parent, "OutlineElem", Title=title)
    action = changing.added(changing.added(item, "Actions"), "Action", Event="CLICK")
    changing.added(
        changing.added(action, "Goto"), "Dest", Type="XYZ", PageID=pages[heading.page].id,
        Left="0", Top=number(heading.y),
    )  # fmt: skip
    for below in heading.below:
        _heading(item, below, pages, left, depth + 1)


def outline(data: bytes | Package, *, document: int = 0) -> list[Heading]:
    """The outline of a document. Entries whose target is no page of it stand for the first."""
    package = data if isinstance(data, Package) else open_package(data)
    home = changing.document_at(package, document)
    pages = {page.id: at for at, page in enumerate(home.pages)}
    root = package.xml(home.root)
    left = [_MOST_ENTRIES]
    return [
        _read(item, pages, left, 0)
        for item in px.children(px.child(root, "Outlines"), "OutlineElem")
    ]


def _read(item: Element, pages: dict[str, int], left: list[int], depth: int) -> Heading:
    left[0] -= 1
    if left[0] < 0 or depth > _DEEPEST:
        raise TooLarge("the outline is too large", where="Outlines")
    actions = px.child(item, "Actions")
    dest = next(iter(actions.iter("{*}Dest")), None) if actions is not None else None
    page = pages.get(dest.get("PageID", ""), 0) if dest is not None else 0
    try:
        y = float(dest.get("Top", "0")) if dest is not None else 0.0
    except ValueError:
        y = 0.0
    below = tuple(
        _read(inner, pages, left, depth + 1) for inner in px.children(item, "OutlineElem")
    )
    return Heading(item.get("Title", ""), page, y if abs(y) < 1e6 else 0.0, below)


def headings_from(value: object, depth: int = 0) -> list[Heading]:
    """An outline from JSON: [{"title": …, "page": 1, "y": 20.0, "below": […]}, …].

    Pages count from 1. Raises Malformed, TooLarge.
    """
    if not isinstance(value, list) or depth > _DEEPEST:
        raise Malformed("an outline is a list of entries", where="outline")
    if len(value) > _MOST_ENTRIES:
        raise TooLarge("an outline has too many entries", where="outline")
    found: list[Heading] = []
    for item in value:
        if not isinstance(item, dict) or set(item) - {"title", "page", "y", "below"}:
            raise Malformed("an entry has title, page, y and below", where="outline")
        title, page, y = item.get("title"), item.get("page"), item.get("y", 0)
        if isinstance(page, bool) or not isinstance(page, int):
            raise Malformed("an entry has a page number", where="outline")
        if not isinstance(title, str) or not isinstance(y, int | float):
            raise Malformed("an entry has a title and y in mm", where="outline")
        below = tuple(headings_from(item.get("below", []), depth + 1))
        found.append(Heading(title, page - 1, float(y), below))
    return found


def as_json(headings: Sequence[Heading]) -> list[dict[str, object]]:
    """What `headings_from` reads."""
    return [
        {
            "title": item.title,
            "page": item.page + 1,
            "y": round(item.y, 3),
            "below": as_json(item.below),
        }
        for item in headings
    ]
