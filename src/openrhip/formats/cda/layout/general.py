"""The general form (通用版式): any kind of shared document, section after section."""

from __future__ import annotations

from collections.abc import Sequence

from openrhip.formats.cda.layout import frame
from openrhip.formats.cda.layout.sheet import Sheet
from openrhip.formats.cda.model import ClinicalDocument
from openrhip.formats.ofd.story import Block, Field, Page, Story

GRID = 24  # columns of the head
_SIGNS_PER_COLUMN = 4.4
_LATIN = 0x2E7F
PAGE = Page(left=16.0, right=16.0, top=8.0, bottom=8.0)


def build(document: ClinicalDocument) -> Story:
    sheet = Sheet(document)
    return assemble(sheet, sheet.rest())


def assemble(
    sheet: Sheet,
    blocks: list[Block],
    *,
    title: str = "",
    grid: Sequence[Sequence[str]] = (),
    more: Sequence[Field] = (),
    more_rows: Sequence[Sequence[Field]] = (),
    tail: Sequence[Block] | None = None,
) -> Story:
    """The common frame around a template's blocks.

    grid names the patient facts of the head, row by row; `more` are fields of the record itself
    that end the last row, `more_rows` rows of such fields below it; `tail` stands in place of the
    usual lines of signatures.
    """
    document = sheet.document
    names = grid or default_grid(document)
    fields = frame.person_fields(document)
    rows = [[fields[name] for name in row] for row in names]
    rows[-1] += more
    rows += [list(row) for row in more_rows if row]
    shown = {name for row in names for name in row}
    said = "\n".join(str(field.value) for row in rows for field in row)
    head = frame.first_head(sheet, [spread(row) for row in rows], columns=GRID, title=title)
    signed = tail is None  # else the lines themselves say when
    lines = frame.signatures(sheet) if tail is None else tail
    ending = [*frame.about(sheet, shown, said, signed=signed), *lines]
    return Story(
        title=f"{document.custodian.name}{title or document.title}",
        blocks=frame.ending(blocks, ending),
        header=frame.next_head(sheet, title),
        first_header=head,
        footer=frame.foot(document),
        page=PAGE,
    )


def spread(row: Sequence[Field], per_column: float = _SIGNS_PER_COLUMN) -> list[Field]:
    """Fields of a row over the columns: evenly where that is enough, else by their length."""
    needs = [width(one.label) + width(str(one.value)) + 3 for one in row]
    even = GRID // max(1, len(row))
    room = even * per_column
    spans = [even] * len(row)
    if any(need > room for need in needs):
        spans = [max(3, round(GRID * need / sum(needs))) for need in needs]
        while sum(spans) > GRID:
            spans[spans.index(max(spans))] -= 1
    return [
        Field(one.label, one.value, span=span, tag=one.tag, bold=one.label == "姓名：")
        for one, span in zip(row, spans, strict=True)
    ]


def width(text: str) -> int:
    """Half-width signs that a text takes."""
    return sum(2 if ord(one) > _LATIN else 1 for one in text)


def default_grid(document: ClinicalDocument) -> tuple[tuple[str, ...], ...]:
    """Inpatients have ward, bed and stay; outpatients the visit."""
    if document.patient.inpatient_number:
        return (
            ("姓名", "性别", "年龄", "住院号"),
            ("科室", "病区", "病房", "床号"),
            ("入院时间", "出院时间", "记录时间"),
        )
    return (
        ("姓名", "性别", "年龄", "门(急)诊号"),
        ("科室", "出生日期", "就诊时间"),
    )
