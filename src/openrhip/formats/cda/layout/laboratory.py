"""检验报告 (C0007): ruled table of items for each panel, ↑↓ beside what is out of range."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from openrhip.formats.cda import oids, values
from openrhip.formats.cda.layout import general, pieces, plain
from openrhip.formats.cda.layout.sheet import BODY, Sheet
from openrhip.formats.cda.model import ClinicalDocument, Entry
from openrhip.formats.ofd.story import (
    RED,
    Align,
    Block,
    Cell,
    Column,
    Field,
    Heading,
    Paragraph,
    Ruling,
    Run,
    Story,
    Style,
    Table,
)

ITEM, QUANTITY, UNIT, RESULT = (
    "DE04.30.019.00", "DE04.30.015.00", "DE04.30.016.00", "DE04.30.017.00",
)  # fmt: skip
SPECIMEN, STATE = "DE04.50.134.00", "DE04.50.135.00"
COLUMNS = (
    Column("序号", 10, Align.CENTER), Column("检验项目", 62), Column("结果", 26, Align.RIGHT),
    Column("提示", 14, Align.CENTER), Column("单位", 26), Column("参考范围", 36),
)  # fmt: skip
TABLE = Style(size=9.5, leading=1.22, align=Align.LEFT)
PANEL = Style(size=10.0, bold=True, leading=1.35, align=Align.LEFT)
CRITICAL = frozenset({"HH", "LL", "AA"})


def build(document: ClinicalDocument) -> Story:
    sheet = Sheet(document)
    grid, more = _grid(sheet)
    body = _body(sheet)
    return general.assemble(sheet, body, grid=grid, more_rows=more)


def _grid(sheet: Sheet) -> tuple[tuple[tuple[str, ...], ...], list[list[Field]]]:
    """Patient facts, then what the report is about: specimen, diagnosis, project, times."""
    document = sheet.document
    number = "住院号" if document.patient.inpatient_number else "门(急)诊号"
    second = ["患者类型", "科室", "病区", "床号"] if number == "住院号" else ["患者类型", "科室"]
    grid = (("姓名", "性别", "年龄", number), tuple(second))
    specimen = _specimen(sheet)
    diagnosis = pieces.brief_diagnoses(sheet)
    numbers = {
        oids.NUMBER_LABELS[root]: document.patient.number(root)
        for root in (oids.SPECIMEN, oids.REQUEST, oids.LABORATORY_REPORT)
    }
    project, kind, state, taken, received = specimen
    rows = [
        [
            Field("临床诊断：", diagnosis, tag=pieces.ICD_CODE if diagnosis else ""),
            Field("检验项目：", project, tag=ITEM if project else ""),
        ],
        [
            Field("标本类别：", kind, tag=SPECIMEN if kind else ""),
            Field("标本状态：", state, tag=STATE if state else ""),
            Field("标本编号：", numbers["标本编号"]),
            Field("检验类别：", sheet.take("DE04.30.018.00"), tag="DE04.30.018.00"),
        ],
        [
            Field("采样时间：", taken, tag="DE04.50.137.00" if taken else ""),
            Field("接收时间：", received, tag="DE04.50.141.00" if received else ""),
            Field("报告时间：", values.show(document.effective_time), tag="DE04.50.132.00"),
        ],
    ]
    return grid, [[one for one in row if one.value] for row in rows]


def _specimen(sheet: Sheet) -> tuple[str, str, str, str, str]:
    """Project, specimen, its state, when taken and received: from the entry that holds them."""
    for entry in sheet.all(ITEM):
        held = next((one for one in entry.parts if one.code.code == SPECIMEN), None)
        if held is None or not held.values:
            continue
        sheet.use(held, deep=False)
        sheet.use(entry, deep=False)
        state = sheet.part(entry, STATE)
        project = entry.values[0].text if entry.values else ""
        taken, received = values.show(held.time.low), values.show(held.time.high)
        return project, held.values[0].text, state, taken, received
    return ("",) * 5


def _body(sheet: Sheet) -> list[Block]:
    document = sheet.document
    studies = document.section("30954-2")
    blocks = pieces.numbered("临床诊断", pieces.diagnosis_runs(sheet))
    if studies is not None:
        blocks += sheet.narrative(studies)
        loose = [one for one in studies.entries if is_item(one) and not sheet.used(one)]
        if loose:
            blocks.append(table(sheet, loose))
        for entry in studies.entries:
            if entry.form == "organizer" and not sheet.used(entry):
                blocks += _panel(sheet, entry)
    blocks += [
        *sheet.run_in("检验结论", "DE04.50.130.00"),
        *_overall(sheet),
        *sheet.run_ins(
            ("检验方法", "DE02.10.027.00"), ("报告科室", "DE08.10.026.00"),
            ("报告机构", "DE08.10.013.00"),
        ),
        *sheet.run_in("备注", "DE06.00.179.00"),
    ]  # fmt: skip
    return [*blocks, *sheet.rest()]


def _overall(sheet: Sheet) -> list[Block]:
    found = [one for one in sheet.all(RESULT) if one.values and not one.parts]
    runs: list[str | Run] = []
    for one in found:
        sheet.use(one)
        label = one.code.qualifier or "结果"
        runs += [Run(f"{label}：", bold=True), Run(one.values[0].text, tag=RESULT), "    "]
    return [Paragraph(runs[:-1], style=BODY, after=0.7)] if runs else []


def is_item(entry: Entry) -> bool:
    """A measured item: WS/T 500.7's project with a result below it, or an item's own code."""
    if entry.form != "observation":
        return False
    if entry.code.code == ITEM:
        return any(one.code.code in {QUANTITY, RESULT} for one in entry.parts)
    return bool(entry.values) and not entry.code.code.startswith(("DE", "HD"))


def _panel(sheet: Sheet, entry: Entry) -> list[Block]:
    """A panel: name, time and specimen in a line, its items in a table."""
    items = [one for one in entry.parts if is_item(one)]
    if not items:
        return []
    sheet.use(entry, deep=False)
    facts = [values.show_span(entry.time), *(f"{one.label} {one.text}" for one in entry.facts)]
    name = entry.code.text
    line = "    ".join(part for part in (name, *facts) if part)
    head: list[Block] = (
        [Heading(line, level=3, style=PANEL, before=1.5, after=0.5, outline=bool(name))]
        if line
        else []
    )
    return [*head, table(sheet, items)]


def table(sheet: Sheet, items: Sequence[Entry]) -> Table:
    rows = [[Cell(str(at)), *row] for at, row in enumerate(_rows(sheet, items), 1)]
    return Table(COLUMNS, rows, ruled=Ruling.THREE_LINE, style=TABLE, padding=0.7)


def _rows(sheet: Sheet, items: Sequence[Entry]) -> Iterator[list[Cell]]:
    for entry in items:
        sheet.use(entry)
        if entry.code.code == ITEM:
            yield _row(entry, _result_of(entry), entry.values[0].text if entry.values else "")
        else:
            yield _row(entry, entry, entry.code.text)


def _result_of(entry: Entry) -> Entry:
    return next(one for one in entry.parts if one.code.code in {QUANTITY, RESULT})


def _row(item: Entry, result: Entry, name: str) -> list[Cell]:
    value = result.values[0] if result.values else None
    unit = value.unit if value else ""
    below = result.part(UNIT)
    if below and below.values:
        unit = below.values[0].text
    shown = (value.number or value.text) if value else ""
    mark = plain.arrow(result) or plain.arrow(item)
    code = result.interpretation.code
    color = RED if code in CRITICAL else None
    rest = result.reference or item.reference
    extra = "  ".join(_beside(item, result))
    is_element = item.code.code == ITEM
    return [
        Cell(f"{name}  {extra}" if extra else name, tag=ITEM if is_element else ""),
        Cell(shown, bold=bool(mark), color=color, tag=QUANTITY),
        Cell(mark, bold=True, color=color),
        Cell("" if unit == "1" else unit, tag=UNIT if unit and is_element else ""),
        Cell(_without_unit(rest, unit)),
    ]


def _without_unit(reference: str, unit: str) -> str:
    return reference.removesuffix(unit).rstrip() if unit else reference


def _beside(item: Entry, result: Entry) -> Iterator[str]:
    """Parts and notes of an item beyond result, unit and range."""
    for one in (*item.parts, *result.parts):
        if one is result or one.code.code == UNIT:
            continue
        yield "".join(run if isinstance(run, str) else run.text for run in plain.runs(one))
    for owner in (item, result):
        if owner.text:
            yield owner.text
        yield from (f"{fact.label}{fact.text}" for fact in owner.facts)
        if owner.time and owner is not item:
            yield values.show_span(owner.time)
