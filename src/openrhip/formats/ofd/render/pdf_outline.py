"""Outlines (大纲), bookmarks (书签) and links of a document in its PDF."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.render.pdf_file import File, n, text
from openrhip.formats.ofd.render.scene import Scene
from openrhip.formats.ofd.render.scene_items import Destination, Link
from openrhip.formats.ofd.render.scene_links import Targets, destination

_PT = 72 / 25.4
_MOST = 20_000
_DEEPEST = 16
_TITLE = 500


class Entry(NamedTuple):
    """An entry of the outline: its title, the page it leads to (or None), what stands below it."""

    title: str
    page: int | None
    below: tuple[Entry, ...]
    place: Destination | None = None
    uri: str = ""
    open: bool = False


Place = Callable[[int, Destination | None], str]
"""Page index and place on it as the words of a destination; "" where the page is not there."""


def entries(scene: Scene) -> tuple[Entry, ...]:
    """The outline of the first document."""
    document = scene.package.documents[0]
    outlines = px.child(scene.package.body(document), "Outlines")
    if outlines is None or not document.pages:
        return ()
    left = [_MOST]
    return tuple(_entries(outlines, scene.targets(0), document.root, 0, left))


def _entries(
    parent: Element, targets: Targets, where: str, depth: int, left: list[int]
) -> Iterator[Entry]:
    for element in px.children(parent, "OutlineElem"):
        left[0] -= 1
        if left[0] < 0:
            return
        goal: tuple[str, int | None, Destination | None] | None = None
        for action in islice(px.children(px.child(element, "Actions"), "Action"), 8):
            goal = goal or targets.goal(action, where)
        uri, page, place = goal or ("", None, None)
        below: tuple[Entry, ...] = ()
        if depth < _DEEPEST:
            below = tuple(_entries(element, targets, where, depth + 1, left))
        title = element.get("Title", "")[:_TITLE]
        yield Entry(title, page, below, place, uri, element.get("Expanded") == "true")


def bookmarks(scene: Scene) -> list[tuple[str, int, Destination]]:
    """Names with the places they stand for, in the first document."""
    targets = scene.targets(0)
    return [
        (name[:_TITLE], page, destination(dest))
        for name, dest in targets.bookmarks.items()
        if name and (page := targets.number(dest.get("PageID", ""))) is not None
    ]


def words(page: int, box: Box, place: Destination | None) -> str:
    """A destination (ISO 32000-1 §12.3.2.2) on page object `page`."""
    x, y, _, height = box

    def across(value: float | None) -> str:
        return "null" if value is None else n(round((value - x) * _PT, 2))

    def down(value: float | None) -> str:
        return "null" if value is None else n(round((y + height - value) * _PT, 2))

    head = f"[{page} 0 R"
    if place is None or place.kind == "Fit":
        return f"{head}/Fit]"
    if place.kind == "FitH":
        return f"{head}/FitH {down(place.top)}]"
    if place.kind == "FitV":
        return f"{head}/FitV {across(place.left)}]"
    sides = (place.left, place.bottom, place.right, place.top)
    if place.kind == "FitR" and None not in sides:
        return (
            f"{head}/FitR {across(place.left)} {down(place.bottom)} {across(place.right)}"
            f" {down(place.top)}]"
        )
    zoom = n(place.zoom) if place.zoom else "0"
    return f"{head}/XYZ {across(place.left)} {down(place.top)} {zoom}]"


def add(file: File, found: Sequence[Entry], place: Place) -> int:
    """Write the outline, closed below the first level unless the file opens it; its root."""
    root = file.reserve()
    first, last, count = _level(file, found, root, place)
    file.put(f"<</Type/Outlines/First {first} 0 R/Last {last} 0 R/Count {count}>>", root)
    return root


def _level(file: File, found: Sequence[Entry], parent: int, place: Place) -> tuple[int, int, int]:
    """First and last object of a level, and how many entries of it are to be seen."""
    numbers = [file.reserve() for _ in found]
    seen = len(found)
    for at, entry in enumerate(found):
        parts = [f"/Title{text(entry.title)}/Parent {parent} 0 R"]
        if at:
            parts.append(f"/Prev {numbers[at - 1]} 0 R")
        if at + 1 < len(found):
            parts.append(f"/Next {numbers[at + 1]} 0 R")
        if entry.below:
            first, last, count = _level(file, entry.below, numbers[at], place)
            parts.append(f"/First {first} 0 R/Last {last} 0 R")
            parts.append(f"/Count {count if entry.open else -count}")
            seen += count if entry.open else 0
        goal = place(entry.page, entry.place) if entry.page is not None else ""
        if goal:
            parts.append(f"/Dest{goal}")
        elif entry.uri:
            parts.append(f"/A{_uri(entry.uri)}")
        file.put(f"<<{''.join(parts)}>>", numbers[at])
    return numbers[0], numbers[-1], seen


def names(file: File, found: Sequence[tuple[str, int, Destination]], place: Place) -> int:
    """Bookmarks as named destinations; 0 if there are none."""
    pairs = sorted(
        (name.encode("utf-16-be", "replace"), goal)
        for name, page, dest in found
        if (goal := place(page, dest))
    )
    if not pairs:
        return 0
    listed = "".join(f"<feff{name.hex()}>{goal}" for name, goal in pairs)
    return file.put(f"<</Dests<</Names[{listed}]>>>>")


def annotation(link: Link, box: Box, place: Place) -> str:
    """A link of a page as the words of an annotation; "" where it leads nowhere."""
    x, y, _, height = box
    left, top, wide, tall = link.box
    corners = (left - x, y + height - top - tall, left - x + wide, y + height - top)
    rect = " ".join(n(round(value * _PT, 2)) for value in corners)
    goal = f"/A{_uri(link.uri)}" if link.uri else ""
    if link.page is not None and (dest := place(link.page, link.place)):
        goal = f"/Dest{dest}"
    if not goal:
        return ""
    return f"<</Type/Annot/Subtype/Link/Rect[{rect}]/Border[0 0 0]/F 4{goal}>>"


def _uri(uri: str) -> str:
    ascii_ = uri.encode("utf-8").hex()
    return f"<</S/URI/URI<{ascii_}>>>"
