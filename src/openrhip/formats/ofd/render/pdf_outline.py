"""The outline (大纲) of a document as bookmarks of its PDF."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from pikepdf import OutlineItem, Pdf

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import Package
from openrhip.formats.ofd.package_xml import Element

_MOST = 2000
_DEEPEST = 8


class Entry(NamedTuple):
    """An entry of the outline: its title, the page it leads to (or None), what stands below it."""

    title: str
    page: int | None
    below: tuple[Entry, ...]


def entries(package: Package) -> tuple[Entry, ...]:
    """The outline of the first document."""
    document = package.documents[0]
    outlines = px.child(package.xml(document.root), "Outlines")
    indexes = {page.id: index for index, page in enumerate(package.pages)}
    return tuple(_entries(outlines, indexes, 0)) if outlines is not None else ()


def _entries(parent: Element, indexes: dict[str, int], depth: int) -> Iterator[Entry]:
    for element in islice(px.children(parent, "OutlineElem"), _MOST):
        actions = px.child(element, "Actions")
        dests = actions.iter() if actions is not None else ()
        goal = next((e.get("PageID", "") for e in dests if px.local(e) == "Dest"), "")
        below = tuple(_entries(element, indexes, depth + 1)) if depth < _DEEPEST else ()
        yield Entry(element.get("Title", ""), indexes.get(goal), below)


def add(pdf: Pdf, found: tuple[Entry, ...]) -> None:
    """Write the entries as bookmarks, closed below the first level."""
    if not found:
        return
    with pdf.open_outline() as outline:
        outline.root.extend(_item(pdf, entry) for entry in found)


def _item(pdf: Pdf, entry: Entry) -> OutlineItem:
    page = entry.page if entry.page is not None and entry.page < len(pdf.pages) else None
    item = OutlineItem(entry.title, page)
    item.is_closed = True
    item.children.extend(_item(pdf, child) for child in entry.below)
    return item
