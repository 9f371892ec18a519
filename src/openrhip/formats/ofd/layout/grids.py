"""Label-and-value grids: the patient's header, the form fields of a 病案首页."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from openrhip.formats.ofd.layout.inline import Setter
from openrhip.formats.ofd.layout.pieces import Group, Path, Slice, line_data
from openrhip.formats.ofd.layout.rows import Box, Frame, Place, horizontal, row_slice, tall
from openrhip.formats.ofd.layout.setting import Line
from openrhip.formats.ofd.layout.tables import scale
from openrhip.formats.ofd.story import Align, Field, KeyValueGrid, Ruling
from openrhip.kernel.errors import Malformed

_GAP = 2.0  # mm between a field and the next one in an open grid
_LABEL_SHARE = 0.7
_AFTER_COLON = 0.3
_AFTER_LABEL = 0.9
_ON_LINE = 0.6  # mm at both ends of a blank's line


def grid_slices(setter: Setter, grid: KeyValueGrid, width: float, serial: int) -> list[Slice]:
    """The slices of a grid in a column of `width` mm, one per row."""
    weights = [1.0] * grid.columns if isinstance(grid.columns, int) else list(grid.columns)
    edges = scale(weights, width)
    boxed = grid.ruled is Ruling.GRID
    lined = boxed or grid.ruled is Ruling.ROWS
    opening = (horizontal(width, grid.line_width),) if lined else ()
    slices: list[Slice] = []
    for row in grid.rows:
        boxes, xs = _row(setter, grid, row, edges)
        frame = Frame(
            width,
            xs if boxed else (),
            grid.line_width if lined else 0.0,
            line=grid.line_width,
        )
        slices.append(row_slice(boxes, frame, grid.padding, Place(serial, opening=opening)))
    if slices:
        slices[0].before = grid.before
        slices.append(Slice(grid.after, [], table=-1))
    return slices


def _row(
    setter: Setter, grid: KeyValueGrid, row: Sequence[Field], edges: list[float]
) -> tuple[list[Box], tuple[float, ...]]:
    boxes: list[Box] = []
    xs = [0.0]
    last = len(edges) - 1
    column = 0
    for number, field in enumerate(row):
        if column >= last:
            raise Malformed("a grid row has more fields than columns", where=field.label)
        end = min(column + max(1, field.span), last)
        if number == len(row) - 1:
            end = last
        boxes.extend(_field(setter, grid, field, (edges[column], edges[end]), at_end=end == last))
        xs.append(edges[end])
        column = end
    return boxes, tuple(xs)


def _field(
    setter: Setter, grid: KeyValueGrid, field: Field, edges: tuple[float, float], *, at_end: bool
) -> list[Box]:
    left, right = edges
    boxed = grid.ruled is Ruling.GRID
    inset = grid.padding + 0.4 if boxed else 0.0
    right -= inset if boxed else (0.0 if at_end else _GAP)
    left += inset
    boxes: list[Box] = []
    if field.label:
        style = grid.style
        if grid.label_bold and not style.bold:
            style = replace(style, bold=True)
        own = setter.width_of(field.label, style)
        own += _AFTER_COLON if field.label.endswith(("：", ":", " ")) else _AFTER_LABEL
        width = _label_width(setter, grid, field, own, right - left)
        label = setter.lines(field.label, style, width, align=Align.LEFT)
        boxes.append(Box(left, width, label, tall(label)))
        left += width
    style = replace(grid.style, bold=True) if field.bold else grid.style
    width = max(right - left, 3.0)
    lined = grid.ruled is Ruling.UNDERLINE
    inner = width - 2 * _ON_LINE if lined else width
    lines = setter.lines(field.value, style, inner, marks=setter.mark(field.tag), align=field.align)
    if lined:
        lines = [_underlined(line, width, grid.line_width) for line in lines]
    boxes.append(Box(left, width, lines, tall(lines)))
    return boxes


def _label_width(
    setter: Setter, grid: KeyValueGrid, field: Field, own: float, room: float
) -> float:
    """The label on one line if the value still has its place, else at most 0.7 of the room."""
    wanted = max(grid.labels, own)
    if wanted <= room * _LABEL_SHARE:
        return wanted
    value = setter.width_of(field.value, grid.style) + 2 * _ON_LINE
    return max(min(wanted, max(room * _LABEL_SHARE, room - value - 0.2)), 1.0)


def _underlined(line: Line, width: float, thick: float) -> Line:
    y = line.height - 0.15
    path = Path(0.0, y, width, thick, line_data((0.0, 0.0, width, 0.0)), line=thick)
    return Line(line.height, [Group(_ON_LINE, 0.0, line.pieces), path], line.width)
