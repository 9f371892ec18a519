"""Blocks → slices: one function for each kind of block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from openrhip.formats.ofd import story
from openrhip.formats.ofd.layout.grids import grid_slices
from openrhip.formats.ofd.layout.inline import Setter
from openrhip.formats.ofd.layout.pictures import image_size, qr_path
from openrhip.formats.ofd.layout.pieces import (
    PT,
    Group,
    Number,
    Outline,
    Path,
    Picture,
    Piece,
    Slice,
    line_data,
)
from openrhip.formats.ofd.layout.signatures import signature_slices
from openrhip.formats.ofd.layout.tables import scale, table_slices
from openrhip.formats.ofd.story import Align, Style
from openrhip.kernel.errors import Malformed

_DPI = 150  # natural size of an image without a width
_MAX_DEPTH = 8
_SIDE_BY_SIDE = 0.6  # of the page's height: what columns may take at most


class Composer:
    """Turns blocks into slices for one document; keeps the images it meets."""

    def __init__(self, setter: Setter, page_room: float) -> None:
        self.setter = setter
        self.images: dict[bytes, int] = {}
        self.page_room = page_room
        self.tables = count(1)
        self._depth = 0

    def slices(self, blocks: Sequence[story.Block], width: float) -> list[Slice]:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise Malformed("blocks are nested too deeply", where="story")
        made: list[Slice] = []
        for block in blocks:
            makers = _MAKERS.get(type(block))
            if makers is None:
                raise Malformed(f"no such block: {type(block).__name__}", where="story")
            made.extend(makers(self, block, width))
        self._depth -= 1
        return made

    def stacked(self, blocks: Sequence[story.Block], width: float) -> tuple[list[Piece], float]:
        """Blocks one below the other as pieces, and their height: for what no page cuts."""
        return stack(self.slices(blocks, width))

    def image(self, data: bytes) -> int:
        return self.images.setdefault(data, len(self.images))


def stack(slices: Sequence[Slice]) -> tuple[list[Piece], float]:
    pieces: list[Piece] = []
    y, table = 0.0, 0
    closing: list[Piece] = []
    for number, slice_ in enumerate(slices):
        y += slice_.before if number else 0.0
        begins = slice_.table != table
        if begins:
            pieces.extend(closing)
            table = slice_.table
        pieces.append(Group(0.0, y, slice_.pieces))
        if begins and slice_.opening:
            pieces.append(Group(0.0, y, slice_.opening))
        y += slice_.height
        closing = [Group(0.0, y, slice_.closing)] if slice_.closing else []
    pieces.extend(closing)
    return pieces, y


def _heading(to: Composer, block: story.Heading, width: float) -> list[Slice]:
    if not 1 <= block.level <= len(story.HEADINGS):
        raise Malformed("a heading's level is 1 to 3", where="level")
    style = block.style or story.HEADINGS[block.level - 1]
    made = _lines(to, block.text, style, width, block.tag)
    for slice_ in made:
        slice_.keep = True
    made[0].before = block.before
    if block.outline:
        made[0].pieces.append(Outline(0.0, 0.0, block.level, plain(block.text)))
    if block.rule:
        made[-1].pieces.append(
            Path(0, made[-1].height, width, 0.3, line_data((0, 0, width, 0)), line=0.3)
        )
    made[-1].height += block.after
    return made


def plain(content: story.Inline) -> str:
    """The characters of inline content."""
    if isinstance(content, str):
        return content
    if isinstance(content, story.Run):
        return content.text
    return "".join(part if isinstance(part, str) else part.text for part in content)


def _lines(
    to: Composer, content: story.Inline, style: Style, width: float, tag: str
) -> list[Slice]:
    lines = to.setter.lines(content, style, width, marks=to.setter.mark(tag))
    return [Slice(line.height, line.pieces) for line in lines]


def _paragraph(to: Composer, block: story.Paragraph, width: float) -> list[Slice]:
    inner = width - block.left - block.right
    if inner < 5:
        raise Malformed("the paragraph's margins leave no room", where="left/right")
    made = _lines(to, block.content, block.style, inner, block.tag)
    if block.left:
        for slice_ in made:
            slice_.pieces = [Group(block.left, 0.0, slice_.pieces)]
    if len(made) > 2:  # no single first or last line on a page of its own
        made[0].keep = made[-2].keep = True
    elif len(made) == 2:
        made[0].keep = True
    if block.keep_with_next:
        for slice_ in made:
            slice_.keep = True
    made[0].before = block.before
    made[-1].height += block.after
    return made


def _grid(to: Composer, block: story.KeyValueGrid, width: float) -> list[Slice]:
    return grid_slices(to.setter, block, width, next(to.tables))


def _table(to: Composer, block: story.Table, width: float) -> list[Slice]:
    return table_slices(to.setter, block, width, next(to.tables))


def _shift(align: Align, room: float, width: float) -> float:
    if align is Align.CENTER:
        return (room - width) / 2
    return room - width if align is Align.RIGHT else 0.0


def _image(to: Composer, block: story.Image, width: float) -> list[Slice]:
    _, across, down = image_size(block.data)
    wide, tall = block.width, block.height
    if not wide and not tall:
        wide = min(across / _DPI * 25.4, width)
    wide = wide or tall * across / down
    tall = tall or wide * down / across
    room = to.page_room - 12
    factor = min(1.0, width / wide, room / tall)
    wide, tall = wide * factor, tall * factor
    x = _shift(block.align, width, wide)
    picture = Picture(x, 0.0, wide, tall, to.image(block.data), to.setter.mark(block.tag))
    made = [Slice(tall, [picture], before=block.before)]
    if block.caption:
        style = Style(size=9.0, align=Align.CENTER, leading=1.35)
        made[0].keep = True
        made.extend(_lines(to, block.caption, style, width, ""))
    made[-1].height += block.after
    return made


def _vector(to: Composer, block: story.VectorPath, width: float) -> list[Slice]:
    if not 0 < block.width <= width + 0.01:
        raise Malformed("the drawing is wider than its column", where="width")
    x = _shift(block.align, width, block.width)
    path = Path(
        x, 0.0, block.width, block.height, block.data, block.stroke, block.fill,
        block.line_width, (), to.setter.mark(block.tag),
    )  # fmt: skip
    return [Slice(block.height, [path])]


def _rule(_: Composer, block: story.Rule, width: float) -> list[Slice]:
    data = line_data((0, 0, width, 0))
    dash = (1.2, 0.8) if block.dash else ()
    line = Path(0, 0, width, block.width, data, block.color, None, block.width, dash)
    pieces: list[Piece] = [line]
    height = block.width
    if block.double:
        height += 0.7
        pieces.append(line.at(0.0, 0.7))
    return [Slice(height + block.after, pieces, before=block.before)]


def _spacer(_: Composer, block: story.Spacer, __: float) -> list[Slice]:
    return [Slice(max(0.0, block.height), [])]


def _page_break(_: Composer, __: story.PageBreak, ___: float) -> list[Slice]:
    return [Slice(0.0, [], break_page=True)]


def _page_number(_: Composer, block: story.PageNumber, width: float) -> list[Slice]:
    height = block.style.size * PT * block.style.leading
    return [Slice(height, [Number(0.0, 0.0, width, block.form, block.style)])]


def _columns(to: Composer, block: story.Columns, width: float) -> list[Slice]:
    number = len(block.columns)
    if not number:
        return []
    weights = list(block.widths) or [1.0] * number
    if len(weights) != number:
        raise Malformed("as many widths as columns are needed", where="widths")
    edges = scale(weights, width - block.gap * (number - 1))
    stacks = [to.stacked(blocks, edges[i + 1] - edges[i]) for i, blocks in enumerate(block.columns)]
    height = max(tall for _, tall in stacks)
    if height > to.page_room * _SIDE_BY_SIDE:  # no page could hold it: one after the other then
        return [part for blocks in block.columns for part in to.slices(blocks, width)]
    pieces: list[Piece] = []
    for i, (mine, tall) in enumerate(stacks):
        dx = edges[i] + block.gap * i
        dy = (height - tall) / 2 if block.valign == "middle" else 0.0
        dy = height - tall if block.valign == "bottom" else dy
        pieces.append(Group(dx, dy, mine))
    return [Slice(height, pieces)]


def _together(to: Composer, block: story.Together, width: float) -> list[Slice]:
    made = to.slices(block.blocks, width)
    for slice_ in made[:-1]:
        slice_.keep = True
    return made


def _barcode(to: Composer, block: story.Barcode, width: float) -> list[Slice]:
    x = _shift(block.align, width, block.size)
    side, data = qr_path(block.text)
    code = Path(x, 0, block.size, block.size, data, None, story.BLACK, scale=block.size / side)
    made = [Slice(block.size, [code])]
    if block.caption:
        made[0].keep = True
        style = Style(size=7.5, align=block.align, leading=1.2)
        made.extend(_lines(to, block.caption, style, width, ""))
    return made


def _signatures(to: Composer, block: story.SignatureLine, width: float) -> list[Slice]:
    return signature_slices(to.setter, block, width)


_MAKERS: dict[type, Callable[[Composer, Any, float], list[Slice]]] = {
    story.Heading: _heading,
    story.Paragraph: _paragraph,
    story.KeyValueGrid: _grid,
    story.Table: _table,
    story.Image: _image,
    story.VectorPath: _vector,
    story.Rule: _rule,
    story.Spacer: _spacer,
    story.PageBreak: _page_break,
    story.PageNumber: _page_number,
    story.Columns: _columns,
    story.Together: _together,
    story.SignatureLine: _signatures,
    story.Barcode: _barcode,
}
