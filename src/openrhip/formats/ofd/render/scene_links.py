"""Where objects lead when they are clicked (动作): Goto and URI actions as links of a page.

Sources: GB/T 33190-2016 §7.5 (outlines, bookmarks), §14 (actions, destinations).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from urllib.parse import urljoin

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.render.geometry import Matrix, bounds
from openrhip.formats.ofd.render.scene_items import Destination, Link
from openrhip.formats.ofd.render.scene_paint import numbers

_SAFE = re.compile(r"(?:https?|ftp|mailto|tel):|[^:]*(?:[/?#]|$)", re.IGNORECASE)
_LONGEST = 2000
_ACTIONS = 64
_POINTS = 2000
_BOOKMARKS = 20_000
_KINDS = frozenset({"XYZ", "Fit", "FitH", "FitV", "FitR"})
_FAR = 1e6


def destination(element: Element) -> Destination:
    """A CT_Dest without its page."""
    kind = element.get("Type", "Fit")
    sides = {name: _side(element, name) for name in ("Left", "Top", "Right", "Bottom", "Zoom")}
    return Destination(
        kind if kind in _KINDS else "Fit",
        sides["Left"], sides["Top"], sides["Right"], sides["Bottom"], sides["Zoom"],
    )  # fmt: skip


def _side(element: Element, name: str) -> float | None:
    try:
        value = float(element.get(name, "nan"))
    except ValueError:
        return None
    return value if -_FAR < value < _FAR else None


class Targets:
    """The pages and bookmarks of one document, by id and by name. number: of a page by its id."""

    def __init__(
        self, root: Element, number: Callable[[str], int | None], notices: Notices
    ) -> None:
        self.number = number
        self._notices = notices
        self.bookmarks: dict[str, Element] = {}
        for mark in islice(px.children(px.child(root, "Bookmarks"), "Bookmark"), _BOOKMARKS):
            dest = px.child(mark, "Dest")
            if dest is not None:
                self.bookmarks.setdefault(mark.get("Name", ""), dest)

    def links(self, actions: Element, box: Box, base: Matrix, where: str) -> Iterator[Link]:
        """What a click on the object leads to; what is no such action is noted."""
        for action in islice(px.children(actions, "Action"), _ACTIONS):
            if action.get("Event", "CLICK") != "CLICK":
                self._note(f"Event {action.get('Event', '')[:20]}", where)
                continue
            goal = self.goal(action, where)
            if goal is None:
                continue
            uri, page, place = goal
            area = _region(px.child(action, "Region")) or box
            x, y, width, height = bounds(base, area)
            if width > 0 and height > 0:
                yield Link((x, y, width, height), uri, page, place)

    def goal(
        self, action: Element, where: str
    ) -> tuple[str, int | None, Destination | None] | None:
        """(URI, page index, place on it); None where the action leads nowhere we know."""
        for child in action:
            kind = px.local(child)
            if kind == "Goto":
                dest = px.child(child, "Dest")
                mark = px.child(child, "Bookmark")
                if dest is None and mark is not None:
                    dest = self.bookmarks.get(mark.get("Name", ""))
                page = self.number(dest.get("PageID", "")) if dest is not None else None
                if dest is None or page is None:
                    self._note("Goto", where)
                    return None
                return "", page, destination(dest)
            if kind == "URI":
                uri = urljoin(child.get("Base", ""), child.get("URI", ""))
                if uri and len(uri) <= _LONGEST and _SAFE.match(uri) and uri.isprintable():
                    return uri, None, None
                self._note("URI", where)
                return None
            if kind and kind != "Region":
                self._note(kind[:20], where)
        return None

    def _note(self, what: str, where: str) -> None:
        self._notices.note(
            "action.left-out",
            f"动作 {what} 未转换",
            f"an action is left out: {what}",
            where,
        )


def _region(region: Element | None) -> Box | None:
    """The box around a region (CT_Region)."""
    if region is None:
        return None
    xs: list[float] = []
    ys: list[float] = []
    for element in islice(region.iter(), _POINTS):
        for name in ("Start", "Point1", "Point2", "Point3", "EndPoint"):
            if (place := numbers(element.get(name), 2)) is not None:
                xs.append(place[0])
                ys.append(place[1])
    if not xs:
        return None
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
