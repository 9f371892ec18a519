"""The line of signatures: labels, names on blanks, and the anchors for pictures and seal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from openrhip.formats.ofd.layout.inline import Setter
from openrhip.formats.ofd.layout.pieces import Group, Path, Piece, Slice, line_data
from openrhip.formats.ofd.layout.setting import Line
from openrhip.formats.ofd.story import Align, SignatureLine, Slot, Style

_GAP = 6.0  # mm between slots
_ROW = 9.5  # mm: least height of a row, room for a signature's picture
_PICTURE = 9.0
Box = tuple[float, float, float, float]


class _Sized(NamedTuple):
    slot: Slot
    label: float
    blank: float

    @property
    def width(self) -> float:
        return self.label + self.blank


def signature_slices(setter: Setter, block: SignatureLine, width: float) -> list[Slice]:
    """One slice for each row of slots; they stay together. What is too wide begins a new row."""
    style = replace(block.style, align=Align.LEFT)
    rows: list[list[_Sized]] = [[]]
    for slot in block.slots:
        label = min(setter.width_of(slot.label, style), width * 0.6)
        name = setter.width_of(slot.name, style) + 2.0 if slot.name else 0.0
        sized = _Sized(slot, label, min(max(slot.width, name), width - label))
        used = sum(other.width + _GAP for other in rows[-1])
        if rows[-1] and used + sized.width > width + 0.01:
            rows.append([])
        rows[-1].append(sized)
    made = [_row(setter, row, style, (width, block.align)) for row in rows if row]
    if block.seal:
        made = _with_seal(setter, made, block, width)
    for slice_ in made[:-1]:
        slice_.keep = True
    if made:
        made[0].before = block.before
        below = block.after + (block.seal_size * 0.25 if block.seal else 0.0)
        made.append(Slice(below, []))
    return made


def _row(setter: Setter, row: Sequence[_Sized], style: Style, room: tuple[float, Align]) -> Slice:
    width, align = room
    total = sum(sized.width for sized in row) + _GAP * (len(row) - 1)
    spare = max(0.0, width - total)
    x = {Align.RIGHT: spare, Align.CENTER: spare / 2}.get(align, 0.0)
    texts = [
        (setter.lines(s.slot.label, style, s.label + 0.1), _name(setter, s, style)) for s in row
    ]
    tall = max(sum(line.height for line in lines) for pair in texts for lines in pair)
    height = max(_ROW, tall)
    pieces: list[Piece] = []
    for sized, (label, name) in zip(row, texts, strict=True):
        for lines, left in ((label, x), (name, x + sized.label + 1.0)):
            y = height - sum(line.height for line in lines)
            for line in lines:
                pieces.append(Group(left, y, line.pieces))
                y += line.height
        left = x + sized.label
        rule = line_data((0, 0, sized.blank, 0))
        pieces.append(Path(left, height - 0.4, sized.blank, 0.2, rule, line=0.2))
        if sized.slot.anchor:
            box = (left, height - _PICTURE - 0.5, sized.blank, _PICTURE)
            pieces.append(anchor(setter, sized.slot.anchor, box))
        x += sized.width + _GAP
    return Slice(height, pieces)


def _name(setter: Setter, sized: _Sized, style: Style) -> list[Line]:
    if not sized.slot.name:
        return []
    marks = setter.mark(sized.slot.tag)
    return setter.lines(sized.slot.name, style, sized.blank - 1.0, marks=marks)


def _with_seal(
    setter: Setter, rows: list[Slice], block: SignatureLine, width: float
) -> list[Slice]:
    """The seal stands over the end of the last row, as a hospital's stamp over name and date."""
    size = block.seal_size
    lift = max(0.0, size * 0.6 - sum(row.height for row in rows))
    spacer = Slice(lift, [])
    left = {Align.RIGHT: width - size - 4.0, Align.CENTER: (width - size) / 2}.get(block.align, 0.0)
    last = rows[-1] if rows else spacer
    top = last.height - size * 0.75
    last.pieces.append(anchor(setter, "seal", (max(0.0, left), top, size, size)))
    return [spacer, *rows]


def anchor(setter: Setter, name: str, box: Box) -> Path:
    """An unseen path whose box is the place of a signature's or seal's picture."""
    x, y, width, height = box
    marks = setter.mark(f"anchor:{name}")
    data = line_data((0, 0, width, height))
    return Path(x, y, width, height, data, None, None, 0.1, (), marks, visible=False)
