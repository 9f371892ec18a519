"""Tables: column widths, heads, borders, cells over several columns or rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from openrhip.formats.ofd.layout.inline import Setter
from openrhip.formats.ofd.layout.pieces import Path, Piece, Slice, line_data
from openrhip.formats.ofd.layout.rows import (
    Box,
    Frame,
    Place,
    horizontal,
    put_box,
    rectangle,
    row_height,
    row_slice,
    tall,
)
from openrhip.formats.ofd.layout.setting import Line
from openrhip.formats.ofd.story import Align, Cell, Color, Ruling, Style, Table, TableRow
from openrhip.kernel.errors import Malformed

_THICK = 0.5  # mm: the outer lines of a 三线表
_TALLEST_GROUP = 120.0  # mm: rows that a cell joins are cut apart beyond this


class Placed(NamedTuple):
    """A cell at its grid place."""

    row: int
    column: int
    span: int
    rows: int
    cell: Cell


def scale(weights: Sequence[float], width: float) -> list[float]:
    """Column edges: n + 1 positions from 0 to width."""
    total = sum(weights)
    if not weights or min(weights) < 0 or total <= 0:
        raise Malformed("column widths must add up to more than 0", where="columns")
    edges = [0.0]
    for weight in weights:
        edges.append(edges[-1] + width * weight / total)
    return edges


def table_slices(setter: Setter, table: Table, width: float, serial: int) -> list[Slice]:
    """The slices of a table in a column of `width` mm."""
    rows = list(table.rows)
    heads = table.heads
    if not heads and any(column.head for column in table.columns):
        rows.insert(0, [Cell(column.head, align=Align.CENTER) for column in table.columns])
        heads = 1
    making = _Making(setter, table, width, serial, heads)
    placed = place(rows, len(table.columns))
    head: list[Slice] = []
    body: list[Slice] = []
    for cells in groups(placed, len(rows)):
        first = cells[0].row if cells else 0
        if first < heads:
            head.append(making.slice(cells, (), opens=not head))
            head[-1].keep = True
        else:
            body += making.slices(cells, tuple(head))
    slices = head + body
    if slices:
        slices[0].before = table.before
        slices.append(Slice(table.after, [], table=-1))
    return slices


def place(rows: Sequence[TableRow], columns: int) -> list[list[Placed]]:
    """Each row's cells at their grid places, cells over several rows taken into account."""
    placed: list[list[Placed]] = []
    taken: set[tuple[int, int]] = set()
    for number, row in enumerate(rows):
        column = 0
        mine: list[Placed] = []
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
                taken.update(
                    (number + below, column + right)
                    for below in range(1, down)
                    for right in range(span)
                )
            mine.append(Placed(number, column, span, down, cell))
            column += span
        placed.append(mine)
    return placed


def groups(placed: Sequence[Sequence[Placed]], rows: int) -> list[list[Placed]]:
    """The cells of runs of rows that cells over several rows join."""
    made: list[list[Placed]] = []
    first = 0
    while first < rows:
        last, at = first + 1, first
        cells: list[Placed] = []
        while at < last:
            cells += placed[at]
            last = max([last, *(cell.row + cell.rows for cell in placed[at])])
            at += 1
        made.append(cells)
        first = last
    return made


class _Making:
    """One table being made."""

    def __init__(self, setter: Setter, table: Table, width: float, serial: int, heads: int) -> None:
        self._setter = setter
        self._table = table
        self._edges = scale([column.width for column in table.columns], width)
        self._serial = serial
        self._heads = heads
        self._styles: dict[tuple[bool, Color], Style] = {}
        self._known: dict[tuple[str, int, float, Align], list[Line]] = {}
        thin = {Ruling.GRID: table.line_width, Ruling.ROWS: table.line_width}
        top = {**thin, Ruling.THREE_LINE: _THICK}.get(table.ruled)
        self._opening = (horizontal(width, top),) if top else ()
        three = table.ruled is Ruling.THREE_LINE
        self._closing = (horizontal(width, _THICK),) if three else ()

    def slices(self, cells: list[Placed], head: tuple[Slice, ...]) -> list[Slice]:
        """A group as one slice, or, when too high to stay together, row by row."""
        one = self.slice(cells, head)
        if one.height <= _TALLEST_GROUP or one.split or not any(c.rows > 1 for c in cells):
            return [one]
        numbers = sorted({cell.row for cell in cells})
        apart = [[c._replace(rows=1) for c in cells if c.row == row] for row in numbers]
        return [self.slice(row, head) for row in apart]

    def slice(self, cells: list[Placed], head: tuple[Slice, ...], *, opens: bool = False) -> Slice:
        boxes = [self._box(cell) for cell in cells]
        opening = self._opening if opens or not (head or self._in_head(cells)) else ()
        if all(cell.rows == 1 for cell in cells):
            place_ = Place(self._serial, head, opening, self._closing)
            return row_slice(boxes, self._frame(cells), self._table.padding, place_)
        pieces, height = self._joined(cells, boxes)
        return Slice(
            height, pieces, head=head, opening=opening, closing=self._closing, table=self._serial
        )

    def _in_head(self, cells: list[Placed]) -> bool:
        return bool(cells) and cells[0].row < self._heads

    def _lined(self, cells: list[Placed]) -> bool:
        """Whether a line stands below these rows."""
        if self._table.ruled in (Ruling.GRID, Ruling.ROWS):
            return True
        last = max((cell.row + cell.rows for cell in cells), default=0)
        return self._table.ruled is Ruling.THREE_LINE and last == self._heads

    def _frame(self, cells: list[Placed]) -> Frame:
        edges, line = self._edges, self._table.line_width
        xs: tuple[float, ...] = ()
        if self._table.ruled is Ruling.GRID:
            xs = tuple(dict.fromkeys([0.0, *(edges[c.column + c.span] for c in cells), edges[-1]]))
        return Frame(edges[-1], xs, line if self._lined(cells) else 0.0, line=line)

    def _box(self, placed: Placed) -> Box:
        cell, table = placed.cell, self._table
        in_head = placed.row < self._heads
        style = table.style
        bold = cell.bold if cell.bold is not None else style.bold or (in_head and table.head_bold)
        if bold != style.bold or cell.color is not None:
            style = self._style(bold, cell.color or style.color)
        left, right = self._edges[placed.column], self._edges[placed.column + placed.span]
        width = max(right - left - 2 * table.padding, 1.0)
        align = cell.align or table.columns[placed.column].align
        lines = self._lines(cell, style, width, align)
        shade = cell.shade or (table.head_shade if in_head else None)
        return Box(left + table.padding, width, lines, tall(lines), cell.valign == "middle", shade)

    def _style(self, bold: bool, color: Color) -> Style:
        key = (bold, color)
        if key not in self._styles:
            self._styles[key] = replace(self._table.style, bold=bold, color=color)
        return self._styles[key]

    def _lines(self, cell: Cell, style: Style, width: float, align: Align) -> list[Line]:
        """The cell's lines; the same words in the same manner are set once."""
        if cell.tag or not isinstance(cell.content, str):
            marks = self._setter.mark(cell.tag)
            return self._setter.lines(cell.content, style, width, marks=marks, align=align)
        key = (cell.content, id(style), width, align)
        if key not in self._known:
            self._known[key] = self._setter.lines(cell.content, style, width, align=align)
        return self._known[key]

    def _joined(self, cells: list[Placed], boxes: list[Box]) -> tuple[list[Piece], float]:
        """Rows joined by a cell over several of them: pieces and height."""
        first = cells[0].row
        tops = self._tops(cells, boxes)
        pieces: list[Piece] = []
        for cell, box in zip(cells, boxes, strict=True):
            top = tops[cell.row - first]
            height = tops[cell.row - first + cell.rows] - top
            left, right = self._edges[cell.column], self._edges[cell.column + cell.span]
            if box.shade is not None:
                pieces.append(rectangle(left, top, right - left, height, box.shade))
            if border := self._border(cell, right - left, height):
                line = self._table.line_width
                pieces.append(Path(left, top, right - left, height, border, line=line))
            put_box(box, top, height, self._table.padding, pieces)
        return pieces, tops[-1]

    def _border(self, cell: Placed, width: float, height: float) -> str:
        segments: list[tuple[float, float, float, float]] = []
        if self._lined([cell]):
            segments.append((0.0, height, width, height))
        if self._table.ruled is Ruling.GRID:
            segments.append((width, 0.0, width, height))
            if cell.column == 0:
                segments.append((0.0, 0.0, 0.0, height))
        return line_data(*segments)

    def _tops(self, cells: list[Placed], boxes: list[Box]) -> list[float]:
        """Tops of the rows and the bottom: single-row cells first, then what tall ones lack."""
        first = cells[0].row
        heights = [0.0] * (max(cell.row + cell.rows for cell in cells) - first)
        padding = self._table.padding
        for cell, box in zip(cells, boxes, strict=True):
            if cell.rows == 1:
                at = cell.row - first
                heights[at] = max(heights[at], row_height([box], padding))
        for cell, box in zip(cells, boxes, strict=True):
            if cell.rows > 1:
                at = cell.row - first
                lacking = row_height([box], padding) - sum(heights[at : at + cell.rows])
                heights[at + cell.rows - 1] += max(0.0, lacking)
        tops = [0.0]
        for height in heights:
            tops.append(tops[-1] + height)
        return tops
