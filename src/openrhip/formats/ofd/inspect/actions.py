"""Destinations and actions (目标区域、动作): where a click leads, and what it starts.

Sources: GB/T 33190-2016 §7.5 (Document.xml), §14.2 (actions).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.inspect.drawn import number
from openrhip.formats.ofd.package_xml import Element

_TYPES = {
    "Goto": "goto", "URI": "uri", "GotoA": "attachment", "Sound": "sound", "Movie": "movie",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dest:
    """kind: XYZ, Fit, FitH, FitV, FitR; edges in millimetres, None if not given."""

    kind: str
    page_id: str
    left: float | None = None
    top: float | None = None
    right: float | None = None
    bottom: float | None = None
    zoom: float | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """event: DO, PO or CLICK; kind: goto, uri, attachment, sound, movie, or the element's name.

    target: bookmark, URI, attachment's or resource's ID; options: the other attributes.
    """

    event: str
    kind: str
    target: str = ""
    dest: Dest | None = None
    options: tuple[tuple[str, str], ...] = ()
    region: bool = False


def dest(element: Element | None) -> Dest | None:
    """The destination that an element says; None without one."""
    if element is None:
        return None
    edges = [
        number(value, 0.0) if (value := element.get(name)) is not None else None
        for name in ("Left", "Top", "Right", "Bottom", "Zoom")
    ]
    return Dest(element.get("Type", ""), element.get("PageID", ""), *edges)


def actions(owner: Element | None) -> tuple[Action, ...]:
    """The actions of an element: of a document, a page, an object, an outline entry."""
    found = px.children(px.child(owner, "Actions"), "Action")
    return tuple(action for element in found for action in _action(element))


def _action(element: Element) -> Iterator[Action]:
    event = element.get("Event", "")
    region = px.child(element, "Region") is not None
    for deed in element:
        name = px.local(deed)
        if name in ("Region", ""):
            continue
        target, where = "", None
        used: tuple[str, ...] = ()
        if name == "Goto":
            where = dest(px.child(deed, "Dest"))
            mark = px.child(deed, "Bookmark")
            target = mark.get("Name", "") if mark is not None else ""
        elif name == "URI":
            used, target = ("URI",), deed.get("URI", "")
        elif name == "GotoA":
            used, target = ("AttachID",), deed.get("AttachID", "")
        elif name in ("Sound", "Movie"):
            used, target = ("ResourceID",), deed.get("ResourceID", "")
        options = tuple((str(key), str(value)) for key, value in deed.items() if key not in used)
        yield Action(event, _TYPES.get(name, name), target, where, options, region)
