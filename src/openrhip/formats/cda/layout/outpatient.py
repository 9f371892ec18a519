"""门(急)诊病历 (C0002): histories run in, diagnoses, orders in a table."""

from __future__ import annotations

from openrhip.formats.cda import values
from openrhip.formats.cda.layout import general, pieces
from openrhip.formats.cda.layout.sheet import BODY, Sheet
from openrhip.formats.cda.model import ClinicalDocument, Entry
from openrhip.formats.ofd.story import (
    Align,
    Block,
    Cell,
    Column,
    Field,
    Paragraph,
    Run,
    Story,
    Table,
)

GRID = (
    ("姓名", "性别", "年龄", "门(急)诊号"),
    ("科室", "就诊类型", "就诊时间"),
)


def build(document: ClinicalDocument) -> Story:
    sheet = Sheet(document)
    first = sheet.take("DE06.00.196.00")
    more = [Field("初复诊：", first, tag="DE06.00.196.00")] if first else []
    return general.assemble(sheet, _body(sheet), grid=GRID, more=more)


def _body(sheet: Sheet) -> list[Block]:
    blocks = [
        *allergy(sheet),
        *sheet.run_in("主诉", "DE04.01.119.00"),
        *sheet.run_in("现病史", "DE02.10.071.00"),
        *sheet.run_in("既往史", "DE02.10.099.00"),
        *sheet.run_in("体格检查", "DE04.10.258.00"),
        *_tests(sheet),
        *sheet.run_in("中医“四诊”观察结果", "DE02.10.028.00"),
        *pieces.numbered(
            "初步诊断", [*pieces.diagnosis_runs(sheet), *pieces.chinese(sheet)]
        ),
        *sheet.run_in("辨证依据", "DE05.10.132.00"),
        *sheet.run_in("治则治法", "DE06.00.300.00"),
    ]  # fmt: skip
    orders = sheet.all("DE06.00.289.00")
    if orders:
        blocks += _orders(sheet, orders)
    return [*blocks, *sheet.rest()]


def allergy(sheet: Sheet) -> list[Block]:
    """过敏史: the flag and, with it, the allergen from the participant."""
    section = sheet.document.section("48765-2")
    entry = section.entry("DE02.10.023.00") if section else None
    if section is None or entry is None:
        return []
    for outer in section.entries:
        if entry in outer.parts and outer.form == "act":
            sheet.use(outer, deep=False)
    sheet.use(entry)
    told = "；".join(fact.text for fact in entry.facts)
    flag = {"是": "有", "否": "无"}.get(entry.values[0].text, "") if entry.values else ""
    runs: list[str | Run] = [Run("过敏史：", bold=True)]
    if flag:
        runs.append(Run(flag, tag="DE02.10.023.00"))
    if told:
        runs += ["  " if flag else "", Run(told, bold=flag == "有", tag="DE02.10.022.00")]
    return [Paragraph(runs, style=BODY, after=0.7)]


def _tests(sheet: Sheet) -> list[Block]:
    """辅助检查: project and result of each group in one line."""
    names, results = sheet.all("DE04.30.010.00"), sheet.all("DE04.30.009.00")
    if len(names) != len(results):
        return []
    items: list[list[str | Run]] = []
    for name, result in zip(names, results, strict=True):
        if name.values and result.values:
            sheet.use(name)
            sheet.use(result)
            items.append([
                Run(f"{name.values[0].text}：", tag="DE04.30.010.00"),
                Run(result.values[0].text, tag="DE04.30.009.00"),
            ])  # fmt: skip
    return pieces.numbered("辅助检查", items)


def _orders(sheet: Sheet, orders: list[Entry]) -> list[Block]:
    """处理: one row for each order; whatever hangs on it stands in the last column."""
    rows = []
    for at, entry in enumerate(orders, 1):
        sheet.use(entry, deep=False)
        content = next((one for one in entry.parts if one.code.code == "DE06.00.288.00"), None)
        text = content.values[0].text if content and content.values else ""
        signed = _who(content) if content else ""
        if content:
            sheet.use(content, deep=False)
        note = sheet.part(entry, "DE06.00.179.00")
        state = sheet.part(entry, "DE06.00.290.00")
        kind = entry.values[0].text if entry.values else ""
        rows.append(
            [
                Cell(str(at), align=Align.CENTER),
                Cell(kind, align=Align.CENTER, tag="DE06.00.289.00"),
                Cell(text, tag="DE06.00.288.00"),
                Cell(note, tag="DE06.00.179.00" if note else ""),
                Cell(state, align=Align.CENTER, tag="DE06.00.290.00" if state else ""),
                Cell(signed),
            ]
        )
    heads = ("序号", "类别", "医嘱内容", "备注", "状态", "开立")
    widths = (10, 10, 62, 36, 12, 30)
    columns = [Column(head, width) for head, width in zip(heads, widths, strict=True)]
    return [sheet.heading("处理意见"), Table(columns, rows)]


def _who(entry: Entry) -> str:
    """When and by whom, each once."""
    parts = [values.show_span(entry.time), *(f"{fact.label}{fact.text}" for fact in entry.facts)]
    for one in entry.people:
        parts += [one.role if one.role != "医嘱开立者" else "", one.name, values.show(one.time)]
    return "\n".join(dict.fromkeys(part for part in parts if part))
