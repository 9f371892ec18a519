"""The narrative block of a section (叙述块): paragraphs, lists, tables, pictures, in order."""

from __future__ import annotations

import re

from openrhip.formats.cda import tree
from openrhip.formats.cda.model import Block, Grid, Line, Picture
from openrhip.formats.cda.tree import Element, attribute, child, children

_SPACE = re.compile(r"[ \t\r\n]+")
_INLINE = frozenset({"content", "sub", "sup", "linkHtml", "footnote", "footnoteRef"})


def blocks_of(text: Element) -> tuple[Block, ...]:
    """Every character of section/text ends in one of the blocks."""
    out: list[Block] = []
    _walk(text, out, "")
    return tuple(out)


def _tidy(raw: str) -> str:
    return _SPACE.sub(" ", raw).strip()


def _flow(element: Element, out: list[Block]) -> list[str]:
    """Inline text of an element, split at <br/>; block children go to `out`."""
    lines = [element.text or ""]
    for item in element:
        step = tree.name(item)
        if step == "br":
            lines.append("")
        elif step in _INLINE:
            inner = _flow(item, out)
            lines[-1] += inner[0]
            lines += inner[1:]
        else:
            _put(lines, out, "")
            lines = [""]
            _block(item, step, out)
        lines[-1] += item.tail or ""
    return lines


def _put(lines: list[str], out: list[Block], bullet: str) -> None:
    for line in lines:
        if tidy := _tidy(line):
            out.append(Line(tidy, bullet))
            bullet = ""


def _walk(element: Element, out: list[Block], bullet: str) -> None:
    _put(_flow(element, out), out, bullet)


def _block(item: Element, step: str, out: list[Block]) -> None:
    if step == "table":
        out.append(_table(item))
    elif step == "list":
        ordered = item.get("listType") == "ordered"
        if caption := _tidy(tree.text(child(item, "caption"))):
            out.append(Line(caption))
        for at, entry in enumerate(children(item, "item"), 1):
            _walk(entry, out, f"{at}." if ordered else "•")
    elif step == "renderMultiMedia":
        caption = _tidy(tree.text(child(item, "caption")))
        out += [
            Picture(one, caption) for one in attribute(item, "referencedObject").split() or [""]
        ]
    else:
        _walk(item, out, "")


def _table(item: Element) -> Grid:
    heads: tuple[str, ...] = ()
    rows: list[tuple[str, ...]] = []
    for row in item.iter(tree.NS + "tr"):
        cells = tuple(_tidy(tree.text(cell)) for cell in row if tree.name(cell) in {"th", "td"})
        parent = row.getparent()
        if not heads and not rows and parent is not None and tree.name(parent) == "thead":
            heads = cells
        else:
            rows.append(cells)
    return Grid(heads, tuple(rows), _tidy(tree.text(child(item, "caption"))))
