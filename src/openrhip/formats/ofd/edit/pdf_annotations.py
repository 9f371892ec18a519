"""Annotations of a PDF page (注释与链接): links, form fields, and notes with their appearance.

Links and notes become annotations of OFD; what forms show becomes part of the page. Sources: ISO
32000-1 §12.5 (annotations, appearance streams), §12.6 (actions); GB/T 33190-2016 §14, §15.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pikepdf

from openrhip.formats.ofd.edit.pdf_content import Content
from openrhip.formats.ofd.edit.pdf_drawing import Sheet
from openrhip.formats.ofd.edit.pdf_numbers import (
    get,
    matrix,
    name_of,
    rectangle,
    short,
    text_of,
    whole,
)
from openrhip.formats.ofd.edit.pdf_outline import Places, Seen
from openrhip.formats.ofd.edit.pdf_tools import Tools
from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.parts import escape
from openrhip.formats.ofd.render.geometry import Matrix, apply, bounds, multiply
from openrhip.kernel import clock
from openrhip.kernel.periods import city_day

_MOST = 5_000
_HIDDEN = 2 | 32
_SAFE = re.compile(r"(?:https?|ftp|mailto|tel):[^\s<>\"]{1,2000}", re.IGNORECASE)
_TYPES = {
    "Highlight": ("Highlight", "Highlight"), "Underline": ("Highlight", "Underline"),
    "StrikeOut": ("Highlight", "StrikeOut"), "Squiggly": ("Highlight", "Squiggly"),
    "Stamp": ("Stamp", "Stamp"), "Watermark": ("Watermark", "Watermark"),
}  # fmt: skip


class Annotations:
    """Reads the annotations of all pages of one PDF."""

    def __init__(self, tools: Tools, content: Content, places: Places) -> None:
        self._tools = tools
        self._content = content
        self._places = places
        self._day = city_day(clock.now()).isoformat()

    def read(self, page: object, sheet: Sheet, seen: Seen) -> list[str]:
        """Annot elements; fields are drawn on the sheet."""
        found: list[str] = []
        listed = get(page, "/Annots")
        items = list(listed.as_list())[:_MOST] if isinstance(listed, pikepdf.Array) else []
        for item in items:
            kind = name_of(get(item, "/Subtype"))
            place = rectangle(get(item, "/Rect"))
            if place is None or whole(get(item, "/F")) & _HIDDEN or kind == "Popup":
                continue
            box = _box(seen.matrix, place)
            if kind == "Link":
                found += self._link(item, box)
            elif kind == "Widget":
                self._field(item, sheet, seen, place)
            else:
                found += self._note(item, kind, seen, place, box)
        return found

    def _link(self, item: object, box: Box) -> Iterator[str]:
        goal = self._goal(item)
        if not goal:
            return
        book = self._tools.book
        wide, tall = short(box[2]), short(box[3])
        yield (
            f'<ofd:Annot ID="{book.next_id()}" Type="Link" Creator="OpenRHIP"'
            f' LastModDate="{self._day}"><ofd:Appearance Boundary="{_words(box)}">'
            f'<ofd:PathObject ID="{book.next_id()}" Boundary="0 0 {wide} {tall}" Stroke="false">'
            f'<ofd:Actions><ofd:Action Event="CLICK">{goal}</ofd:Action></ofd:Actions>'
            f"<ofd:AbbreviatedData>M 0 0 L {wide} 0 L {wide} {tall} L 0 {tall} C"
            "</ofd:AbbreviatedData></ofd:PathObject></ofd:Appearance></ofd:Annot>"
        )

    def _goal(self, item: object) -> str:
        place = self._places.of(item)
        if place is not None:
            page, left, top = place
            number = self._tools.book.page_ids[page]
            return (
                f'<ofd:Goto><ofd:Dest Type="XYZ" PageID="{number}" Left="{short(left)}"'
                f' Top="{short(top)}"/></ofd:Goto>'
            )
        action = get(item, "/A")
        uri = text_of(get(action, "/URI"), 2000)
        if name_of(get(action, "/S")) == "URI" and _SAFE.fullmatch(uri):
            return f'<ofd:URI URI="{escape(uri)}"/>'
        self._tools.notices.note(
            "action.dropped",
            "链接的动作未带入",
            "a link of another kind was left out",
            "annotations",
        )
        return ""

    def _field(
        self, item: object, sheet: Sheet, seen: Seen, place: tuple[float, float, float, float]
    ) -> None:
        form = _appearance(item)
        if form is not None:
            self._draw(form, sheet, seen.matrix, place)

    def _draw(
        self, form: pikepdf.Object, sheet: Sheet, base: Matrix,
        place: tuple[float, float, float, float],
    ) -> None:  # fmt: skip
        """An appearance stream, fitted into the annotation's rectangle (§12.5.5)."""
        box = rectangle(get(form, "/BBox"))
        if box is None:
            return
        own = matrix(get(form, "/Matrix"))
        x, y, wide, tall = bounds(own, (box[0], box[1], box[2] - box[0], box[3] - box[1]))
        if wide <= 0 or tall <= 0:
            return
        a, d = (place[2] - place[0]) / wide, (place[3] - place[1]) / tall
        fit: Matrix = (a, 0.0, 0.0, d, place[0] - x * a, place[1] - y * d)
        before, self._content.sheet = self._content.sheet, sheet
        state = self._content.state
        self._content.state = type(state)(multiply(fit, base), base)
        self._content.form(form)
        self._content.state, self._content.sheet = state, before

    def _note(
        self, item: object, kind: str, seen: Seen, place: tuple[float, float, float, float],
        box: Box,
    ) -> Iterator[str]:  # fmt: skip
        """A note with its appearance; without one only its text."""
        form = _appearance(item)
        said = text_of(get(item, "/Contents"), 4000)
        if form is None and not said:
            return
        body = ""
        if form is not None:
            sheet = Sheet(self._tools, (0.0, 0.0, box[2], box[3]), "annotations")
            a, b, c, d, e, f = seen.matrix
            self._draw(form, sheet, (a, b, c, d, e - box[0], f - box[1]), place)
            body = sheet.finish()
        type_, subtype = _TYPES.get(kind, ("Path", kind or "Note"))
        author = text_of(get(item, "/T"), 200) or "OpenRHIP"
        remark = f"<ofd:Remark>{escape(said)}</ofd:Remark>" if said else ""
        yield (
            f'<ofd:Annot ID="{self._tools.book.next_id()}" Type="{type_}"'
            f' Creator="{escape(author)}" LastModDate="{self._day}" Subtype="{escape(subtype)}">'
            f'{remark}<ofd:Appearance Boundary="{_words(box)}">{body}</ofd:Appearance></ofd:Annot>'
        )


def _appearance(item: object) -> Any:
    """The normal appearance, by the state that is set where there are several."""
    normal = get(get(item, "/AP"), "/N")
    if isinstance(normal, pikepdf.Stream):
        return normal
    state = get(normal, f"/{name_of(get(item, '/AS'))}") if name_of(get(item, "/AS")) else None
    return state if isinstance(state, pikepdf.Stream) else None


def _box(base: Matrix, place: tuple[float, float, float, float]) -> Box:
    one, two = apply(base, place[0], place[1]), apply(base, place[2], place[3])
    left, top = min(one[0], two[0]), min(one[1], two[1])
    return left, top, abs(one[0] - two[0]), abs(one[1] - two[1])


def _words(box: Box) -> str:
    return " ".join(short(value) for value in box)
