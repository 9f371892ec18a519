"""The general form (通用版式): any kind of shared document, section after section."""

from __future__ import annotations

from collections.abc import Sequence

from openrhip.formats.cda.layout import frame
from openrhip.formats.cda.layout.sheet import Sheet
from openrhip.formats.cda.model import ClinicalDocument
from openrhip.formats.ofd.story import Block, Field, Page, Story

PAGE = Page(left=16.0, right=16.0, top=9.0, bottom=9.0)


def build(document: ClinicalDocument) -> Story:
    sheet = Sheet(document)
    return assemble(sheet, sheet.rest())


def assemble(
    sheet: Sheet, blocks: list[Block], *, title: str = "", grid: Sequence[Sequence[str]] = ()
) -> Story:
    """The common frame around a template's blocks; `grid` names the patient facts of the head."""
    document = sheet.document
    names = grid or default_grid(document)
    fields = frame.person_fields(document)
    rows = [[_spanned(fields[name]) for name in row] for row in names]
    shown = {name for row in names for name in row}
    head = frame.first_head(sheet, rows, columns=12, title=title)
    return Story(
        title=f"{document.custodian.name}{title or document.title}",
        blocks=[*blocks, *frame.about(sheet, shown), *frame.signatures(sheet)],
        header=frame.next_head(sheet, title),
        first_header=head,
        footer=frame.foot(document),
        page=PAGE,
    )


def _spanned(field: Field) -> Field:
    wide = 6 if field.label.startswith(("住址", "工作单位")) else 3
    return Field(field.label, field.value, span=wide, tag=field.tag)


def default_grid(document: ClinicalDocument) -> tuple[tuple[str, ...], ...]:
    """Inpatients have ward, bed and stay; outpatients the visit."""
    if document.patient.inpatient_number:
        return (
            ("姓名", "性别", "年龄", "住院号"),
            ("科室", "病区", "床号", "职业"),
            ("入院时间", "出院时间", "住址"),
        )
    return (
        ("姓名", "性别", "年龄", "门(急)诊号"),
        ("科室", "就诊时间", "出生日期", "联系电话"),
    )
