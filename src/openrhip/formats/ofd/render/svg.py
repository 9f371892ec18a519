"""Scene → SVG 1.1: pages with text as text in fonts that travel inside, drawings as paths.

`to_svg` gives one page as a file of its own; `Pages` draws many pages that share their fonts,
pictures and templates, for the page in the browser.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.render.faces import Faces
from openrhip.formats.ofd.render.geometry import IDENTITY
from openrhip.formats.ofd.render.images import decode
from openrhip.formats.ofd.render.overlay import overlay
from openrhip.formats.ofd.render.scene import Scene
from openrhip.formats.ofd.render.scene_items import GroupItem, Link
from openrhip.formats.ofd.render.svg_draw import MARK, Drawing
from openrhip.formats.ofd.render.svg_paint import matrix, n
from openrhip.kernel.errors import Problem

Stamp = tuple[int, Box, bytes]
_KINDS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg"}
_SCHEMES = ("http://", "https://", "mailto:")
STYLE = "text{white-space:pre;font-kerning:none;font-variant-ligatures:none}"
_SPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


class Body(NamedTuple):
    """A page's content and its links, both in the coordinates of the box."""

    box: Box
    content: str
    links: str

    @property
    def view(self) -> str:
        return " ".join(map(n, self.box))


class Pages:
    """Draws pages of one document that share what is defined."""

    def __init__(
        self, scene: Scene, stamps: Sequence[Stamp], mark: str, *, prefix: str = "d"
    ) -> None:
        self._scene = scene
        self._stamps = stamps
        self._mark = mark
        self.drawing = Drawing(scene, Faces(scene.package, scene.notices), prefix)

    def page(self, index: int, anchor: str = "") -> Body:
        """anchor: what stands before a page's number in links within the document, if they go
        anywhere. Raises NotFound, TooLarge, Malformed."""
        sheet = self._scene.sheet(index)
        parts = [self.drawing.inside(sheet.items)]
        for place, (left, top, wide, tall), data in self._stamps:
            if place == index:
                parts.append(self._stamp((left, top, wide, tall), data))
        if self._mark:
            parts.append(self.drawing.item(_marked(self._mark, sheet.box)))
        links = "".join(_link(link, anchor) for link in sheet.links)
        return Body(sheet.box, "".join(parts), links)

    def _stamp(self, box: Box, data: bytes) -> str:
        """A seal's picture. One without opacity colours what it covers, so that the text below
        stays legible."""
        kind = next((k for head, k in _KINDS.items() if data.startswith(head)), "")
        if not kind:
            return ""
        mixed = ""
        try:
            if decode(data).alpha is None:
                self.drawing.blends.add("multiply")
                mixed = ' class="mix-multiply"'
        except Problem:
            return ""
        left, top, wide, tall = box
        inside = base64.b64encode(data).decode("ascii")
        return (
            f'<image width="1" height="1" preserveAspectRatio="none"{mixed}'
            f' transform="{matrix((wide, 0, 0, tall, left, top))}"'
            f' xlink:href="data:image/{kind};base64,{inside}"/>'
        )

    def styles(self) -> str:
        """After the pages: rules for their texts, with the fonts inside."""
        mixed = "".join(
            f".mix-{name}{{mix-blend-mode:{name}}}" for name in sorted(self.drawing.blends)
        )
        return STYLE + mixed + self.drawing.fonts.styles()

    def defs(self, since: int = 0) -> str:
        """Definitions made since there were so many of them."""
        return "".join(self.drawing.paints.defs[since:])


def to_svg(scene: Scene, page: int, stamps: Sequence[Stamp], mark: str) -> str:
    """A whole SVG document of one page, sized in mm."""
    pages = Pages(scene, stamps, mark)
    body = pages.page(page)
    x, y, width, height = body.box
    title = escape(_printable(scene.package.metadata.get("Title", "")))
    return (
        f'<svg {_SPACES} width="{n(width)}mm" height="{n(height)}mm" role="img"'
        f' viewBox="{body.view}" xml:space="preserve"><title>{title}</title>'
        f"<style>{pages.styles()}</style><defs>{pages.defs()}</defs>"
        f'<rect x="{n(x)}" y="{n(y)}" width="{n(width)}" height="{n(height)}" fill="#fff"/>'
        f"{body.content}{body.links}</svg>"
    )


def _marked(mark: str, box: Box) -> GroupItem:
    """The watermark of a view, once for all pages of a size."""
    _, _, width, height = box
    return GroupItem(
        "", box, IDENTITY, 1.0, tuple(overlay(mark, width, height)), f"{MARK}{width}:{height}"
    )


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def _link(link: Link, anchor: str) -> str:
    """A clear rectangle that leads where the document says: to the web, or to one of its pages."""
    if link.uri.lower().startswith(_SCHEMES):
        goal = quoteattr(_printable(link.uri))
        more = ' target="_blank" rel="noopener noreferrer"'
    elif anchor and link.page is not None:
        goal, more = quoteattr(f"#{anchor}{link.page + 1}"), ""
    else:
        return ""
    x, y, wide, tall = link.box
    return (
        f'<a xlink:href={goal}{more}><rect x="{n(x)}" y="{n(y)}" width="{n(max(wide, 0.0))}"'
        f' height="{n(max(tall, 0.0))}" fill="#fff" fill-opacity="0"/></a>'
    )
