"""出院小结 (C0053): stay, findings, diagnoses side by side, course, operations, advice."""

from __future__ import annotations

from openrhip.formats.cda.layout import general, pieces
from openrhip.formats.cda.layout.sheet import Sheet
from openrhip.formats.cda.model import ClinicalDocument
from openrhip.formats.ofd.story import Block, Field, Run, Story

GRID = (
    ("姓名", "性别", "年龄", "住院号"),
    ("科室", "病区", "病房", "床号"),
    ("入院时间", "出院时间"),
)


def build(document: ClinicalDocument) -> Story:
    sheet = Sheet(document)
    days = sheet.take("DE06.00.310.00").replace(" ", "")
    stay = [Field("住院天数：", days, tag="DE06.00.310.00")] if days else []
    return general.assemble(sheet, _body(sheet), grid=GRID, more=stay)


def _body(sheet: Sheet) -> list[Block]:
    document = sheet.document
    blocks = [
        *sheet.narrative(document.section("11450-4")),
        *sheet.run_in("入院情况", "DE05.10.148.00"),
        *pieces.side_by_side(
            pieces.numbered("入院诊断", pieces.diagnosis_runs(sheet, "入院诊断")),
            pieces.numbered("出院诊断", pieces.diagnosis_runs(sheet, "出院诊断")),
        ),
        *pieces.numbered("入院诊断(中医)", pieces.chinese(sheet, "入院诊断")),
        *pieces.numbered("出院诊断(中医)", pieces.chinese(sheet, "出院诊断")),
        *sheet.run_in("中医四诊观察结果", "DE05.10.028.00"),
        *sheet.run_in("诊疗经过", "DE06.00.296.00"),
    ]
    surgery = document.section("47519-4")
    done = [one for one in surgery.entries if one.form == "procedure"] if surgery else []
    if done:
        blocks.append(sheet.heading("手术及操作"))
        blocks += sheet.narrative(surgery)
        blocks += pieces.operations(sheet, done)
    blocks += _findings(sheet)
    blocks += [
        *sheet.run_in("治则治法", "DE06.00.300.00"),
        *sheet.run_in("出院时症状与体征", "DE04.01.117.00"),
        *sheet.run_ins(("出院情况", "DE06.00.193.00"), ("治疗结果", "DE05.10.113.00")),
        *_orders(sheet),
    ]
    return [*blocks, *sheet.rest()]


def _findings(sheet: Sheet) -> list[Block]:
    items: list[list[str | Run]] = []
    for entry in sheet.all("DE04.50.128.00"):
        if entry.values:
            sheet.use(entry)
            items.append([Run(entry.values[0].text, tag="DE04.50.128.00")])
    return pieces.numbered("阳性辅助检查结果", items)


def _orders(sheet: Sheet) -> list[Block]:
    """Orders of several lines begin below their label."""
    text = sheet.take("DE06.00.287.00")
    if not text:
        return []
    lines = text.split("\n") if "\n" in text else [text]
    return pieces.labelled_lines("出院医嘱", lines, "DE06.00.287.00")
