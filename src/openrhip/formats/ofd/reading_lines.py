"""Text with its places (带位置的文字): fragments, words and lines of a page, in reading order.

A page of this package's own writer is read as it was written. Pages of others draw in any order:
they are cut at the white between columns and blocks (recursive XY cut), then read line by line.
All boxes are x y w h in millimetres of the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.render.geometry import bounds
from openrhip.formats.ofd.render.scene_items import Leaf, TextItem
from openrhip.formats.ofd.render.scene_text import Glyph

_ASCENT, _DROP = 0.88, 0.12
_WIDE = "\u2e80"
_DEEPEST = 24
_TRIALS = 24  # of gaps tried as the end of a heading over columns
_MOST = 4_000
"""Fragments of a page that are looked at for columns; more are read line by line."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """Characters of one object in one line. boxes: of each character; size: of the type in mm;
    upright: a column of characters; id: of the object."""

    text: str
    box: Box
    boxes: tuple[Box, ...]
    size: float
    upright: bool = False
    id: str = ""

    @property
    def middle(self) -> float:
        return self.box[1] + self.box[3] / 2

    @property
    def right(self) -> float:
        return self.box[0] + self.box[2]

    @property
    def bottom(self) -> float:
        return self.box[1] + self.box[3]


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is read. boxes: one for each character of the text (blanks between fragments
    have the gap's)."""

    page: int
    text: str
    box: Box
    boxes: tuple[Box, ...]


def fragments(items: Iterable[Leaf]) -> list[Fragment]:
    """The text of a page as it is drawn, broken where a line ends. Watermarks are left out."""
    found: list[Fragment] = []
    for item in items:
        if isinstance(item, TextItem) and not item.behind:
            for glyphs in item.lines():
                found.extend(_broken(item, glyphs))
    return found


def _broken(item: TextItem, glyphs: Sequence[Glyph]) -> Iterator[Fragment]:
    """One TextCode in its lines: some go back to the margin or down within one code."""
    start = 0
    for at in range(1, len(glyphs) + 1):
        if at < len(glyphs) and not _breaks(item, glyphs, start, at):
            continue
        part = glyphs[start:at]
        if any(_said(glyph).strip() for glyph in part):
            yield _fragment(item, part, glyphs[at] if at < len(glyphs) else None)
        start = at


def _breaks(item: TextItem, glyphs: Sequence[Glyph], start: int, at: int) -> bool:
    before, now = glyphs[at - 1], glyphs[at]
    across, down = now.x - before.x, now.y - before.y
    if _upright(item, glyphs[start : at + 1]):
        return abs(across) > item.size * 0.5 or down < 0
    return abs(down) > item.size * 0.3 or across < -item.size * 0.6


def _upright(item: TextItem, glyphs: Sequence[Glyph]) -> bool:
    """Whether the characters stand below each other."""
    if item.read_direction in (90, 270):
        return True
    if len(glyphs) < 2:
        return False
    first, second = glyphs[0], glyphs[1]
    near = abs(second.x - first.x) < item.size * 0.3
    return near and 0.6 * item.size < second.y - first.y < 1.8 * item.size


def _said(glyph: Glyph) -> str:
    return glyph.char if glyph.text is None else glyph.text


def _fragment(item: TextItem, part: Sequence[Glyph], after: Glyph | None) -> Fragment:
    upright = len(part) > 1 and _upright(item, part)
    boxes: list[Box] = []
    texts: list[str] = []
    for at, glyph in enumerate(part):
        said = _said(glyph)
        wide = _width(item, glyph, part[at + 1] if at + 1 < len(part) else after)
        own: Box = (glyph.x, glyph.y - _ASCENT * item.size, wide, (_ASCENT + _DROP) * item.size)
        if item.char_direction in (90, 270):
            own = (glyph.x - item.size / 2, glyph.y, item.size, wide)
        box = bounds(item.matrix, own)
        share = box[2] / len(said) if said else 0.0
        boxes.extend((box[0] + i * share, box[1], share, box[3]) for i in range(len(said)))
        texts.append(said)
    size = bounds(item.matrix, (0.0, 0.0, item.size, item.size))
    return Fragment(
        "".join(texts), around(boxes), tuple(boxes), max(size[3], 0.1), upright, item.id
    )


def _width(item: TextItem, glyph: Glyph, after: Glyph | None) -> float:
    """Up to the next character where that is plausible, else by the kind of character."""
    em = item.size * item.stretch
    usual = em if glyph.char >= _WIDE else em / 2
    if after is not None and after.y == glyph.y and 0 < after.x - glyph.x <= usual * 1.5:
        return after.x - glyph.x if glyph.char < _WIDE else min(after.x - glyph.x, em)
    return usual


def around(boxes: Sequence[Box]) -> Box:
    if not boxes:
        return 0.0, 0.0, 0.0, 0.0
    left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    right, bottom = max(b[0] + b[2] for b in boxes), max(b[1] + b[3] for b in boxes)
    return left, top, right - left, bottom - top


def ordered(parts: Sequence[Fragment]) -> list[list[Fragment]]:
    """The fragments in lines, as a reader takes them."""
    seen = _once(parts)
    flat = [part for part in seen if not part.upright]
    found = list(_cut(flat, 0)) if len(flat) <= _MOST else _rows(flat)
    columns = sorted((part for part in seen if part.upright), key=lambda p: (-p.box[0], p.box[1]))
    if not flat or len(columns) > _MOST:
        return [*found, *([part] for part in columns)]
    for part in columns:  # a column stands before the first line that begins below its top
        at = next((i for i, line in enumerate(found) if line[0].box[1] > part.box[1]), len(found))
        found.insert(at, [part])
    return found


def _once(parts: Sequence[Fragment]) -> list[Fragment]:
    """Text drawn twice at one place, to look bold or shaded, is read once."""
    kept: dict[tuple[str, int, int], Fragment] = {}
    for part in parts:
        key = (part.text, round(part.box[0] * 2), round(part.box[1] * 2))
        kept.setdefault(key, part)
    return list(kept.values())


def _cut(parts: list[Fragment], depth: int) -> Iterator[list[Fragment]]:
    """Columns first; a heading over columns is taken off; else line by line."""
    if len(parts) > 1 and depth < _DEEPEST:
        size = median(part.size for part in parts)
        gutter = _gutter(parts, size)
        if gutter is not None:
            yield from _cut([p for p in parts if p.box[0] < gutter], depth + 1)
            yield from _cut([p for p in parts if p.box[0] >= gutter], depth + 1)
            return
        edge = _heading(parts, size)
        if edge is not None:
            yield from _cut([p for p in parts if p.middle < edge], depth + 1)
            yield from _cut([p for p in parts if p.middle >= edge], depth + 1)
            return
    yield from _rows(parts)


def _gutter(parts: Sequence[Fragment], size: float, depth: int = 0) -> float | None:
    """Where a white band from top to bottom parts two columns of running text."""
    if len(parts) < 6 or depth > 2:
        return None
    gaps: list[tuple[float, float]] = []
    reach = float("-inf")
    main = [part for part in parts if part.size >= 0.85 * size]  # captions may lie across
    for part in sorted(main, key=lambda p: p.box[0]):
        if part.box[0] - reach > 0.8 * size and reach > float("-inf"):
            gaps.append((part.box[0] - reach, part.box[0]))
        reach = max(reach, part.right)
    for _, edge in sorted(gaps, reverse=True)[:8]:
        left = [p for p in main if p.box[0] < edge]
        right = [p for p in main if p.box[0] >= edge]
        sides = (left, right)
        if _beside(left, right) and all(
            _running(side) or _gutter(side, size, depth + 1) is not None for side in sides
        ):
            return edge
    return None


def _running(parts: Sequence[Fragment]) -> bool:
    """Whether it looks like running text: several rows, close together, long, and most as wide
    as the column. Cells of a table stand wider apart."""
    rows = _rows(parts)
    if len(rows) < 3:
        return False
    tops = [row[0].box[1] for row in rows]
    if median(after - top for top, after in pairwise(tops)) > 2.3 * median(p.size for p in parts):
        return False
    widths = [max(p.right for p in row) - min(p.box[0] for p in row) for row in rows]
    letters = [sum(len(p.text) for p in row) for row in rows]
    _, _, whole, _ = around([p.box for p in parts])
    return median(letters) >= 6 and median(widths) >= 0.6 * whole


def _beside(left: Sequence[Fragment], right: Sequence[Fragment]) -> bool:
    _, top, _, tall = around([p.box for p in left])
    _, other, _, high = around([p.box for p in right])
    shared = min(top + tall, other + high) - max(top, other)
    return shared >= 0.3 * min(tall, high)


def _heading(parts: Sequence[Fragment], size: float) -> float | None:
    """The height at which a heading ends above columns, or columns end above a foot."""
    gaps: list[tuple[float, float]] = []
    reach = float("-inf")
    for part in sorted(parts, key=lambda p: p.box[1]):
        gap = part.box[1] - reach
        if gap > 0.1 * size and reach > float("-inf"):
            gaps.append((gap, part.box[1] - gap / 2))
        reach = max(reach, part.bottom)
    edges = sorted(edge for _, edge in sorted(gaps, reverse=True)[:_TRIALS])
    for edge in edges:
        if _gutter([p for p in parts if p.middle >= edge], size) is not None:
            return edge
    for edge in reversed(edges):
        if _gutter([p for p in parts if p.middle < edge], size) is not None:
            return edge
    return None


def _rows(parts: Sequence[Fragment]) -> list[list[Fragment]]:
    """Fragments on one height together, from left to right."""
    found: list[list[Fragment]] = []
    tops: list[tuple[float, float]] = []
    for part in sorted(parts, key=lambda p: (p.middle, p.box[0])):
        if found:
            top, bottom = tops[-1]
            shared = min(bottom, part.bottom) - max(top, part.box[1])
            if shared > 0.5 * min(bottom - top, part.box[3]):
                found[-1].append(part)
                if part.box[3] > bottom - top:
                    tops[-1] = (part.box[1], part.bottom)
                continue
        found.append([part])
        tops.append((part.box[1], part.bottom))
    for row in found:
        row.sort(key=lambda p: p.box[0])
    return found


def joined(page: int, parts: Sequence[Fragment]) -> Line:
    """Fragments as one line, with a blank where there is a gap a reader would see."""
    text: list[str] = []
    boxes: list[Box] = []
    for at, part in enumerate(parts):
        if at and not part.upright:
            before = parts[at - 1]
            gap = part.box[0] - before.right
            close = part.text[:1] >= _WIDE or before.text[-1:] >= _WIDE
            if gap > part.size * (0.6 if close else 0.2) and not before.text.endswith(" "):
                text.append(" ")
                boxes.append((before.right, part.box[1], gap, part.box[3]))
        text.append(part.text)
        boxes.extend(part.boxes)
    return Line(page, "".join(text), around([part.box for part in parts]), tuple(boxes))
