"""病历概要 (C0001): the person, the histories, and each health event in a ruled grid."""

from __future__ import annotations

from openrhip.formats.cda import values
from openrhip.formats.cda.layout import general, plain
from openrhip.formats.cda.layout.sheet import Sheet
from openrhip.formats.cda.layout.words import with_colon
from openrhip.formats.cda.model import ClinicalDocument, Entry, Section
from openrhip.formats.ofd.story import (
    Align,
    Block,
    Field,
    KeyValueGrid,
    Ruling,
    Run,
    Story,
    Style,
)

GRID = (
    ("姓名", "性别", "年龄", "出生日期"),
    ("民族", "婚姻", "职业", "联系电话"),
    ("健康卡号", "身份证号"),
    ("住址",),
)
CELL = Style(size=9.5, leading=1.35, align=Align.LEFT)
EVENT = "DE08.10.026.00"
DIAGNOSIS = ("DE05.01.024.00", "DE05.10.130.00")
SIMPLE = (
    ("患者类型", "DE02.01.060.00"), ("门(急)诊号", "DE01.00.010.00"), ("住院号", "DE01.00.014.00"),
    ("入院时间", "DE06.00.092.00"), ("出院时间", "DE06.00.017.00"), ("发病时间", "DE04.01.018.00"),
)  # fmt: skip
FEES = (
    ("医疗保险类别", "DE02.01.044.00"), ("付费方式", "DE07.00.007.00"),
    ("门诊费用", "DE07.00.004.00"), ("住院费用", "DE07.00.010.00"),
    ("个人承担费用", "DE07.00.001.00"),
)  # fmt: skip


def build(document: ClinicalDocument) -> Story:
    sheet = Sheet(document)
    blood = [
        Field(with_colon(label), text, tag=code)
        for label, code in (("ABO血型", "DE04.50.001.00"), ("Rh血型", "DE04.50.010.00"))
        if (text := sheet.take(code))
    ]
    return general.assemble(sheet, _body(sheet), grid=GRID, more=blood)


def _body(sheet: Sheet) -> list[Block]:
    document = sheet.document
    wanted = (
        ("疾病史(含外伤)", "DE02.10.026.00", ""), ("传染病史", "DE02.10.008.00", ""),
        ("手术史", "DE02.10.061.00", ""), ("婚育史", "DE02.10.098.00", ""),
        ("输血史", "DE02.10.100.00", ""), ("过敏史", "DE02.10.022.00", "过敏"),
        ("预防接种史", "DE02.10.022.00", "接种"), ("预防接种史", "DE02.10.101.00", ""),
        ("个人史", "DE02.10.097.00", ""), ("月经史", "DE02.10.102.00", ""),
        ("家族史", "DE02.10.103.00", ""),
    )  # fmt: skip
    histories = [
        block for label, code, named in wanted for block in sheet.run_in(label, code, named=named)
    ]
    blocks: list[Block] = []
    if histories:
        blocks += [sheet.heading("健康史"), *histories]
    events = [one for one in document.sections if one.entry(EVENT) and not one.code.code]
    for at, event in enumerate(events, 1):
        blocks += _event(sheet, event, at if len(events) > 1 else 0)
    return [*blocks, *sheet.rest()]


def _event(sheet: Sheet, section: Section, number: int) -> list[Block]:
    """One visit or stay: facts in a grid, lists across its width, what is left below it."""
    held = [one for entry in section.entries for one in (entry, *entry.parts)]
    title = f"卫生事件 {number}" if number else "卫生事件"
    rows: list[list[Field]] = [_facts(sheet, held)]
    rows += _lists(sheet, section, held)
    fees = [
        Field(with_colon(label), text, tag=code)
        for label, code in FEES
        if (text := _value(sheet, held, code))
    ]
    first, second = rows[0], rows[1:]
    doctor = _value(sheet, held, "DE02.01.039.00")
    grid = [
        *(general.spread(first[at : at + 4]) for at in range(0, len(first), 4)),
        *second,
        *(general.spread(row) for row in (fees[:2], fees[2:]) if row),
    ]
    if doctor:
        grid.append([Field("责任医师：", doctor, span=general.GRID, tag="DE02.01.039.00")])
    head = sheet.heading(f"{title}    {_value_shown(rows)}".rstrip())
    return [
        head,
        KeyValueGrid(
            grid, columns=general.GRID, ruled=Ruling.GRID, style=CELL, padding=0.55, after=1.0
        ),
        *sheet.section_rest(section),
    ]


def _value_shown(rows: list[list[Field]]) -> str:
    """Department and date behind the title of an event."""
    wanted = ("科室：", "就诊时间：", "入院时间：")
    found = {one.label: str(one.value) for one in rows[0]}
    return "  ".join(found[label] for label in wanted if found.get(label))


def _facts(sheet: Sheet, held: list[Entry]) -> list[Field]:
    fields = []
    if department := _value(sheet, held, EVENT):
        fields.append(Field("科室：", department, tag=EVENT))
    for label, code in SIMPLE:
        if text := _value(sheet, held, code):
            fields.append(Field(with_colon(label), text, tag=code))
    return fields


def _lists(sheet: Sheet, section: Section, held: list[Entry]) -> list[list[Field]]:
    """Reason, diagnoses with outcome, operations, key medicines: each across the grid."""
    rows: list[list[Field]] = []
    reason = next((one for one in held if one.code.code == "DE05.10.053.00"), None)
    if reason is not None and reason.values:
        sheet.use(reason, deep=False)
        when = values.show_span(reason.time)
        text = f"{reason.values[0].text}（{when}）" if when else reason.values[0].text
        rows.append([Field("就诊原因：", text, span=general.GRID, tag="DE05.10.053.00")])
    diagnoses = [_diagnosis(sheet, one) for one in section.entries if one.code.code in DIAGNOSIS]
    rows += _numbered("诊断：", diagnoses)
    done = [one for one in section.entries if one.form == "procedure"]
    rows += _numbered("手术及操作：", [_plain(sheet, one) for one in done])
    drugs = [one for one in section.entries if one.code.code == "DE08.50.022.00"]
    rows += _numbered("关键药物：", [_plain(sheet, one, lead=False) for one in drugs])
    for label, code in (("其他医学处置：", "DE06.00.251.00"), ("根本死因：", "DE05.01.021.00")):
        if text := _value(sheet, held, code):
            rows.append([Field(label, text, span=general.GRID, tag=code)])
    return rows


def _numbered(label: str, items: list[list[str | Run]]) -> list[list[Field]]:
    content: list[str | Run] = []
    for at, item in enumerate(items, 1):
        if len(items) > 1:
            content.append(f"{'' if at == 1 else chr(10)}{at}. ")
        content += item
    return [[Field(label, content, span=general.GRID)]] if content else []


def _diagnosis(sheet: Sheet, entry: Entry) -> list[str | Run]:
    sheet.use(entry, deep=False)
    text = plain.value_text(entry.values[0]) if entry.values else ""
    runs: list[str | Run] = [Run(text, tag=entry.code.code)]
    for part in entry.parts:
        if sheet.used(part):
            continue
        sheet.use(part, deep=False)
        is_outcome = part.code.code == "DE05.10.113.00"
        shown = plain.value_text(part.values[0]) if part.values else ""
        runs += [
            "    转归：" if is_outcome else "    证候：" if part.code.code in DIAGNOSIS else "    ",
            Run(shown, tag=part.code.code),
        ]
    if extra := plain.details(entry):
        runs.append(f"（{extra}）")
    return runs


def _plain(sheet: Sheet, entry: Entry, *, lead: bool = True) -> list[str | Run]:
    """An entry and its parts in one line."""
    sheet.use(entry, deep=False)
    if lead and entry.form == "procedure":
        code = entry.code.code
        head = entry.code.text if entry.code.text == code else f"{entry.code.text}（{code}）"
        runs: list[str | Run] = [Run(head, tag="DE06.00.093.00")]
        if extra := plain.details(entry):
            runs.append(f"  {extra}")
    else:
        runs = plain.runs(entry, label=lead, bold=False)
    for part in entry.parts:
        if not sheet.used(part):
            sheet.use(part, deep=False)
            runs += ["    ", *plain.runs(part, label=not _usage(part), bold=False)]
    return runs


def _usage(entry: Entry) -> bool:
    return entry.code.code == "DE06.00.136.00"


def _value(sheet: Sheet, held: list[Entry], code: str) -> str:
    """The value of a data element of this event, marked as used."""
    for one in held:
        if one.code.code == code and one.values and not sheet.used(one):
            sheet.use(one, deep=False)
            return one.values[0].text
    return ""
