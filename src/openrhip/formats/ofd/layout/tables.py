"""Tables: column widths, heads, borders, cells over several columns or rows."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from openrhip.formats.ofd.layout.inline import Setter
from openrhip.formats.ofd.layout.pieces import Path, Piece, Slice, line_data
from openrhip.formats.ofd.layout.rows import (
    Box,
    Frame,
    horizontal,
    put_box,
    rectangle,
    row_height,
    row_slice,
)
from openrhip.formats.ofd.story import Align, Cell, Column, Inline, Ruling, Table, TableRow
from openrhip.kernel.errors import Malformed

_THICK = 0.5  # mm: the outer lines of a 三线表


class Placed(NamedTuple):
    """A cell at its grid place."""

    row: int
    column: int
    span: int
    rows: int
    cell: Cell


def scale(weights: list[float], width: float) -> list[float]:
    """Column edges: n + 1 positions from 0 to width."""
    total = sum(weights)
    if total <= 0:
        raise Malformed("column widths must add up to more than 0", where="columns")
    edges = [0.0]
    for weight in weights:
        edges.append(edges[-1] + width * weight / total)
    return edges


def table_slices(setter: Setter, table: Table, width: float, serial: int) -> list[Slice]:
    """The slices of a table in a column of `width` mm."""
    if not table.columns:
        raise Malformed("a table needs a column", where="columns")
    edges = scale([column.width for column in table.columns], width)
    rows = list(table.rows)
    heads = table.heads
    if not heads and any(column.head for column in table.columns):
        rows.insert(0, [Cell(column.head, align=Align.CENTER) for column in table.columns])
        heads = 1
    placed, starts = place(rows, len(table.columns))
    groups = _groups(placed, starts, len(rows))
    head: list[Slice] = []
    body: list[Slice] = []
    opening, closing = _opening(table, width), _closing(table, width)
    for first, last in groups:
        is_head = first < heads
        mine = [cell for cell in placed if first <= cell.row < last]
        made = _group(
            setter, table, edges, mine, first, last,
            is_head=is_head, last_head=is_head and last >= heads,
            serial=serial, head=() if is_head else tuple(head),
            opening=opening if (not head or (is_head and not first)) else (), closing=closing,
        )  # fmt: skip
        (head if is_head else body).append(made)
    for slice_ in head:
        slice_.keep = True
    slices = head + body
    if slices:
        slices[0].before = table.before
        slices.append(Slice(table.after, [], table=-1))
    return slices


def _opening(table: Table, width: float) -> tuple[Piece, ...]:
    line = {Ruling.GRID: table.line_width, Ruling.ROWS: table.line_width, Ruling.THREE_LINE: _THICK}
    return (horizontal(width, line[table.ruled]),) if table.ruled in line else ()


def _closing(table: Table, width: float) -> tuple[Piece, ...]:
    return (horizontal(width, _THICK),) if table.ruled is Ruling.THREE_LINE else ()


def place(rows: list[TableRow], columns: int) -> tuple[list[Placed], list[int]]:
    """Each cell's grid place, cells over several rows taken into account."""
    placed: list[Placed] = []
    taken: dict[tuple[int, int], None] = {}
    starts: list[int] = []
    for number, row in enumerate(rows):
        starts.append(len(placed))
        column = 0
        for item in row:
            cell = Cell(item) if isinstance(item, str) else item
            while (number, column) in taken:
                column += 1
            if column >= columns:
                raise Malformed(
                    f"row {number + 1} has more cells than the table has columns", where="rows"
                )
            span = max(1, min(cell.span, columns - column))
            down = max(1, min(cell.rows, len(rows) - number))
            if down > 1:
                for below in range(1, down):
                    for right in range(span):
                        taken[number + below, column + right] = None
            placed.append(Placed(number, column, span, down, cell))
            column += span
    return placed, starts


def _groups(placed: list[Placed], starts: list[int], rows: int) -> list[tuple[int, int]]:
    """Runs of rows that cells over several rows join: (first, last + 1)."""
    groups: list[tuple[int, int]] = []
    first = 0
    while first < rows:
        last = first + 1
        at = first
        while at < last:
            end = starts[at + 1] if at + 1 < rows else len(placed)
            for cell in placed[starts[at] : end]:
                last = max(last, cell.row + cell.rows)
            at += 1
        groups.append((first, last))
        first = last
    return groups


def _group(
    setter: Setter,
    table: Table,
    edges: list[float],
    cells: list[Placed],
    first: int,
    last: int,
    *,
    is_head: bool,
    last_head: bool,
    serial: int,
    head: tuple[Slice, ...],
    opening: tuple[Piece, ...],
    closing: tuple[Piece, ...],
) -> Slice:
    boxes = [_box(setter, table, edges, cell, is_head) for cell in cells]
    grid = table.ruled is Ruling.GRID
    lined = table.ruled in (Ruling.GRID, Ruling.ROWS) or (
        table.ruled is Ruling.THREE_LINE and last_head
    )
    width, line = edges[-1], table.line_width
    if last - first == 1:
        xs: tuple[float, ...] = ()
        if grid:
            xs = (0.0, *(edges[min(c.column + c.span, len(edges) - 1)] for c in cells))
            xs = xs if cells and xs[-1] == width else (*xs, width)
        frame = Frame(width, xs, line if lined else 0.0, line=line)
        return row_slice(
            boxes, frame, table.padding, table=serial, head=head, opening=opening,
            closing=closing,
        )  # fmt: skip
    heights = _heights(cells, boxes, table.padding, first, last)
    tops = [0.0]
    for height in heights:
        tops.append(tops[-1] + height)
    pieces: list[Piece] = []
    for cell, box in zip(cells, boxes, strict=True):
        top, bottom = tops[cell.row - first], tops[cell.row - first + cell.rows]
        left, right = edges[cell.column], edges[cell.column + cell.span]
        if box.shade is not None:
            pieces.append(rectangle(left, top, right - left, bottom - top, box.shade))
        if grid or lined:
            segments = [(0.0, bottom - top, right - left, bottom - top)] if lined else []
            if grid:
                segments.append((right - left, 0.0, right - left, bottom - top))
                if cell.column == 0:
                    segments.append((0.0, 0.0, 0.0, bottom - top))
            pieces.append(
                Path(left, top, right - left, bottom - top, line_data(*segments), line=line)
            )
        put_box(box, top, bottom - top, table.padding, pieces)
    return Slice(tops[-1], pieces, head=head, opening=opening, closing=closing, table=serial)


def _heights(
    cells: list[Placed], boxes: list[Box], padding: float, first: int, last: int
) -> list[float]:
    """Row heights of a group: single-row cells first, then what the tall ones still need."""
    heights = [0.0] * (last - first)
    for cell, box in zip(cells, boxes, strict=True):
        if cell.rows == 1:
            at = cell.row - first
            heights[at] = max(heights[at], row_height([box], padding))
    for cell, box in zip(cells, boxes, strict=True):
        if cell.rows > 1:
            at = cell.row - first
            lacking = row_height([box], padding) - sum(heights[at : at + cell.rows])
            if lacking > 0:
                heights[at + cell.rows - 1] += lacking
    return heights


def _box(setter: Setter, table: Table, edges: list[float], placed: Placed, is_head: bool) -> Box:
    cell = placed.cell
    column: Column = table.columns[placed.column]
    style = table.style
    bold = cell.bold if cell.bold is not None else (is_head and table.head_bold)
    if bold != style.bold or cell.color is not None:
        style = replace(style, bold=bold, color=cell.color or style.color)
    left, right = edges[placed.column], edges[placed.column + placed.span]
    width = max(right - left - 2 * table.padding, 1.0)
    content: Inline = cell.content
    lines = (
        setter.lines(
            content, style, width,
            marks=setter.mark(cell.tag), align=cell.align or column.align,
        )
        if content or cell.tag
        else setter.lines("", style, width)
    )  # fmt: skip
    shade = cell.shade or (table.head_shade if is_head else None)
    return Box(left + table.padding, width, lines, cell.valign == "middle", shade)
