"""检查报告 (C0006): pictures, 检查所见, 检查意见."""

from __future__ import annotations

from openrhip.formats.cda import oids, values
from openrhip.formats.cda.layout import general, pieces, plain
from openrhip.formats.cda.layout.sheet import BODY, Sheet
from openrhip.formats.cda.model import ClinicalDocument, Media, Picture, Section
from openrhip.formats.ofd.story import (
    Block,
    Columns,
    Field,
    Heading,
    Paragraph,
    Run,
    Story,
    Style,
)

REPORT = "DE04.50.131.00"
ITEM = "DE04.30.019.00"
TITLE = Style(size=11.5, bold=True, leading=1.35)
_WIDE = 60.0  # mm: two pictures beside each other


def build(document: ClinicalDocument) -> Story:
    sheet = Sheet(document)
    number = "住院号" if document.patient.inpatient_number else "门(急)诊号"
    second = ("患者类型", "科室", "病区", "床号") if number == "住院号" else ("患者类型", "科室")
    facts = _facts(sheet)
    grid = (("姓名", "性别", "年龄", number), second)
    return general.assemble(sheet, _body(sheet), grid=grid, more_rows=facts)


def _facts(sheet: Sheet) -> list[list[Field]]:
    patient = sheet.document.patient
    diagnosis = pieces.brief_diagnoses(sheet)
    entry = sheet.first(ITEM)
    project, when = "", ""
    if entry is not None and entry.values:
        sheet.use(entry, deep=False)
        project, when = entry.values[0].text, values.show_span(entry.time)
    rows = [
        [
            Field("检查单号：", patient.number(oids.EXAMINATION_REPORT)),
            Field("申请单号：", patient.number(oids.REQUEST)),
            Field("检查时间：", when, tag="DE06.00.236.00" if when else ""),
        ],
        [
            Field("临床诊断：", diagnosis, tag=pieces.ICD_CODE if diagnosis else ""),
            Field("检查类别：", sheet.take("DE04.30.018.00"), tag="DE04.30.018.00"),
            Field("检查项目：", project, tag=ITEM if project else ""),
        ],
    ]
    return [[one for one in row if one.value] for row in rows]


def _body(sheet: Sheet) -> list[Block]:
    document = sheet.document
    reported = next((one for one in document.sections if one.entry(REPORT)), None)
    blocks = [
        *pieces.numbered("临床诊断", pieces.diagnosis_runs(sheet)),
        *sheet.run_in("主诉", "DE04.01.119.00"),
        *_symptom(sheet),
        *sheet.run_in("特殊检查", "DE02.01.079.00"),
        *sheet.run_in("检查方法", "DE02.10.027.00"),
        *_specimen(sheet),
    ]
    surgery = document.section("47519-4")
    done = [one for one in surgery.entries if one.form == "procedure"] if surgery else []
    if done:
        blocks += [Heading("操作", style=TITLE, before=1.5), *pieces.operations(sheet, done)]
    if reported:
        blocks += _pictures(sheet, reported)
    for title, word in (("检查所见", "客观所见"), ("检查意见", "主观提示")):
        blocks += _finding(sheet, title, word)
    blocks += [
        *sheet.run_in("诊疗过程", "DE06.00.296.00"),
        *sheet.run_ins(
            ("检查结果", "DE04.30.017.00"), ("报告科室", "DE08.10.026.00"),
            ("报告机构", "DE08.10.013.00"),
        ),
        *sheet.run_in("备注", "DE06.00.179.00"),
    ]  # fmt: skip
    return [*blocks, *sheet.rest()]


def _symptom(sheet: Sheet) -> list[Block]:
    entry = sheet.first("DE04.01.117.00")
    if entry is None or not entry.values:
        return []
    sheet.use(entry, deep=False)
    when = values.show_span(entry.time)
    runs: list[str | Run] = [Run("症状：", bold=True)]
    runs.append(Run(entry.values[0].text, tag="DE04.01.117.00"))
    if when:
        runs.append(f"（{'始于 ' if not entry.time.high else ''}{when}）")
    return [Paragraph(runs, style=BODY, after=0.7)]


def _specimen(sheet: Sheet) -> list[Block]:
    """Specimen with state, fixative and times, in one line."""
    runs: list[str | Run] = []
    for code, label in (
        ("DE04.50.134.00", "标本"), ("DE04.50.135.00", "标本状态"), ("DE08.50.027.00", "固定液"),
    ):  # fmt: skip
        entry = sheet.first(code)
        if entry is None or not entry.values or entry.parts:
            continue
        sheet.use(entry)
        runs += [Run(f"{label}：", bold=True), Run(entry.values[0].text, tag=code)]
        if detail := plain.details(entry):
            runs.append(f"（{detail}）")
        runs.append("    ")
    return [Paragraph(runs[:-1], style=BODY, after=0.7)] if runs else []


def _finding(sheet: Sheet, title: str, word: str) -> list[Block]:
    blocks: list[Block] = []
    for entry in sheet.all(REPORT, word):
        if not entry.values:
            continue
        sheet.use(entry)
        bold = title == "检查意见"
        style = Style(size=10.5, leading=1.5, indent=0.0 if bold else 2.0, bold=bold)
        lines = entry.values[0].text.split("\n")
        blocks += [
            Heading(f"{title}：", style=TITLE, before=1.2, after=0.3),
            *(Paragraph([Run(one, tag=REPORT)], style=style, left=4.0) for one in lines if one),
        ]
    return blocks


def _pictures(sheet: Sheet, section: Section) -> list[Block]:
    """Pictures two in a row, each with its caption from the narrative."""
    by_id = {one.id: one for one in section.media if one.id}
    named = [
        (by_id[block.media_id], block.caption)
        for block in section.blocks
        if isinstance(block, Picture) and block.media_id in by_id
    ]
    told = {id(media) for media, _ in named}
    unnamed = [(media, "") for media in section.media if id(media) not in told]
    for entry in section.entries:
        if entry.form == "observationMedia":
            sheet.use(entry)
    shown = [*named, *unnamed]
    made = [block for at in range(0, len(shown), 2) for block in _row(shown[at : at + 2])]
    return [*made, *sheet.narrative(section)]


def _row(pair: list[tuple[Media, str]]) -> list[Block]:
    if len(pair) == 1:
        return plain.picture(*pair[0], width=_WIDE)
    return [Columns([plain.picture(*one, width=_WIDE) for one in pair], gap=6.0)]
