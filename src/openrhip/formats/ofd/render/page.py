"""A document as one page for the browser (网页): self-contained, readable by people and machines.

One HTML file that asks for nothing from outside: the pages as SVG with text that can be selected
and found, fonts, pictures and templates once for the whole document, the outline as navigation,
what was replaced or left out at the end. Its own Content-Security-Policy allows just its style and
script, by their digests. Pages of long documents lie in templates until they come near; their
text stands in front of them, so that the browser's search finds it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from openrhip.formats.ofd.notices import Notice
from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.render import pdf_outline
from openrhip.formats.ofd.render.page_look import SCRIPT, STYLE
from openrhip.formats.ofd.render.scene import Scene
from openrhip.formats.ofd.render.scene_items import TextItem
from openrhip.formats.ofd.render.svg import Body, Pages, Stamp
from openrhip.formats.ofd.render.svg_paint import n
from openrhip.kernel.errors import Malformed, NotFound

_LAZY = 60
"""With more pages than this they are put in when they come near."""
_MOST_NOTICES = 200


@dataclass(frozen=True, slots=True)
class _Section:
    """A page drawn: its index, body (None if it cannot be read), and its text if it is put in
    late, else None."""

    index: int
    body: Body | None
    text: str | None = None


def to_page(scene: Scene, stamps: Sequence[Stamp], mark: str, pages: Sequence[int]) -> str:
    """The pages as one HTML document. Raises TooLarge; a page that cannot be read is named."""
    drawing = Pages(scene, stamps, mark)
    late = len(pages) > _LAZY
    sections = [_drawn(scene, drawing, index, late) for index in pages]
    title = _clean(scene.package.metadata.get("Title", "")) or "OFD"
    sizes = _sizes(one.body.box for one in sections if one.body)
    style = STYLE + "".join(_rule(size, name) for size, name in sizes.items()) + drawing.styles()
    policy = (
        f"default-src 'none'; img-src data:; font-src data:; style-src {_digest(style)};"
        f" script-src {_digest(SCRIPT)}; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="generator" content="OpenRHIP">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>"
        '<a class="skip" href="#main">跳到正文 <span lang="en">Skip to the document</span></a>'
        f"{_head(scene, title, sections)}"
        f'<svg class="defs" width="0" height="0" aria-hidden="true">'
        f"<defs>{drawing.defs()}</defs></svg>"
        f'<main id="main">{"".join(_section(one, sizes) for one in sections)}</main>'
        f"{_notices(scene.notices)}<script>{SCRIPT}</script></body></html>"
    )


def _drawn(scene: Scene, drawing: Pages, index: int, late: bool) -> _Section:
    try:
        body = drawing.page(index, "p")
    except (Malformed, NotFound) as problem:
        scene.notices.note(
            "page.unreadable",
            f"第{index + 1}页无法读取：{problem.what}",
            f"page {index + 1} cannot be read: {problem.what}",
            problem.where,
        )
        return _Section(index, None)
    if not late:
        return _Section(index, body)
    words = (item.text for item in scene.page(index) if isinstance(item, TextItem))
    return _Section(index, body, _clean(" ".join(words)))


def _sizes(boxes: Iterable[Box]) -> dict[tuple[float, float], str]:
    """Each size of a page with the name of its class."""
    found: dict[tuple[float, float], str] = {}
    for _, _, width, height in boxes:
        found.setdefault((width, height), f"s{len(found)}")
    return found


def _rule(size: tuple[float, float], name: str) -> str:
    width, height = map(n, size)
    return (
        f"@page {name}{{size:{width}mm {height}mm;margin:0}}"
        f".{name}{{page:{name};--w:{width}mm;--h:{height}mm;aspect-ratio:{width}/{height}}}"
    )


def _section(one: _Section, sizes: dict[tuple[float, float], str]) -> str:
    number = one.index + 1
    label = f"第 {number} 页 Page {number}"
    if one.body is None:
        return (
            f'<section id="p{number}" class="page lost" aria-label="{label}"><p>第 {number} 页无法'
            f'读取。<span lang="en">Page {number} cannot be read.</span></p></section>'
        )
    body = one.body
    drawn = (
        f'<svg viewBox="{body.view}" role="group" aria-label="{label}" xml:space="preserve">'
        f"{body.content}{body.links}</svg>"
    )
    if one.text is not None:
        drawn = (
            f'<div class="words" hidden="until-found">{escape(one.text)}</div>'
            f"<template>{drawn}</template>"
        )
    name = sizes[body.box[2:]]
    return f'<section id="p{number}" class="page {name}" aria-label="{label}">{drawn}</section>'


def _head(scene: Scene, title: str, sections: Sequence[_Section]) -> str:
    shown = {one.index for one in sections}
    count = len(sections)
    outline = "".join(_entries(pdf_outline.entries(scene), shown))
    contents = ""
    if outline:
        contents = (
            '<nav aria-label="目录 Contents"><details><summary>目录 <span lang="en">Contents</span>'
            f"</summary><ul>{outline}</ul></details></nav>"
        )
    numbers = "".join(
        f'<option value="{one.index + 1}">{one.index + 1}</option>' for one in sections
    )
    return (
        f'<header><h1>{escape(title)}</h1><p class="count">共 {count} 页 '
        f'<span lang="en">{count} page{"s" if count != 1 else ""}</span></p>'
        '<form class="tools" hidden><label>页 <span lang="en">Page</span> '
        f'<select id="go">{numbers}</select></label>'
        '<label>缩放 <span lang="en">Zoom</span> <select id="zoom">'
        '<option value="fit">适合宽度 fit</option><option value="50">50%</option>'
        '<option value="75">75%</option><option value="100" selected>100%</option>'
        '<option value="150">150%</option><option value="200">200%</option></select></label>'
        '<button type="button" id="print">打印 <span lang="en">Print</span></button></form>'
        f"{contents}</header>"
    )


def _entries(entries: Iterable[pdf_outline.Entry], shown: set[int]) -> Iterator[str]:
    for entry in entries:
        title = escape(_clean(entry.title)) or "…"
        if entry.page is not None and entry.page in shown:
            title = f'<a href="#p{entry.page + 1}">{title}</a>'
        below = "".join(_entries(entry.below, shown))
        yield f"<li>{title}{f'<ul>{below}</ul>' if below else ''}</li>"


def _notices(notices: Sequence[Notice]) -> str:
    if not notices:
        return ""
    listed = "".join(
        f"<li>{escape(_clean(one.text_zh))} "
        f'<span lang="en">{escape(_clean(one.text_en))}</span></li>'
        for one in notices[:_MOST_NOTICES]
    )
    return (
        '<footer><details><summary>显示说明 <span lang="en">Notes on this view</span> '
        f"({len(notices)})</summary><ul>{listed}</ul></details></footer>"
    )


def _digest(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
