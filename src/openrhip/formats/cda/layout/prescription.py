"""处方 (C0004 西药, C0005 中药) on A5: 前记, 正文 (Rp.), 后记, as 处方管理办法 lays it out."""

from __future__ import annotations

from collections.abc import Sequence

from openrhip.formats.cda import oids, values
from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.layout import frame, pieces, plain
from openrhip.formats.cda.layout.general import spread
from openrhip.formats.cda.layout.sheet import Sheet, run_in
from openrhip.formats.cda.layout.words import with_colon
from openrhip.formats.cda.model import ClinicalDocument, Entry
from openrhip.formats.ofd.story import (
    GREY,
    Align,
    Barcode,
    Block,
    Cell,
    Color,
    Column,
    Columns,
    Face,
    Field,
    KeyValueGrid,
    Page,
    PageNumber,
    Paragraph,
    Rule,
    Ruling,
    Run,
    SignatureLine,
    Slot,
    Spacer,
    Story,
    Style,
    Table,
)

PAGE = Page(width=148.0, height=210.0, left=12.0, right=12.0, top=8.0, bottom=7.0)
HOSPITAL = Style(size=13.0, bold=True, align=Align.CENTER, leading=1.3)
TITLE = Style(size=14.0, face=Face.SANS, bold=True, align=Align.CENTER, leading=1.35)
FRONT = Style(size=9.0, leading=1.3, align=Align.LEFT)
SMALL = Style(size=7.5, leading=1.3, align=Align.LEFT)
_HEAD_SIGNS = 300  # of diagnoses; more stand in the body
DATE = Style(size=9.0, leading=1.4, align=Align.CENTER)
RP = Style(size=16.0, bold=True, leading=1.2, align=Align.LEFT)
DRUG = Style(size=10.5, leading=1.35, align=Align.LEFT)
SIG = Style(size=9.5, leading=1.35, align=Align.LEFT)
HERB = Style(size=10.5, leading=1.5, align=Align.LEFT)
# 处方管理办法 annex 1: pale yellow for emergency, pale green for children, pale red for narcotics
SHADES: dict[str, Color] = {
    "急": (255, 246, 200),
    "儿": (220, 242, 214),
    "麻": (250, 216, 216),
    "精": (250, 216, 216),
}
SPEC, TOTAL, GROUP, NOTE = (
    "DE08.50.043.00", "DE06.00.135.00", "DE08.50.056.00", "DE06.00.179.00",
)  # fmt: skip


def build(document: ClinicalDocument) -> Story:
    sheet = Sheet(document)
    rows = _front(sheet)
    label = sheet.take("DE08.50.032.00")
    price = sheet.take("DE07.00.004.00")
    days = sheet.take("DE06.00.294.00").replace(" ", "")
    body = _body(sheet)
    rest = sheet.rest()
    said = "\n".join(str(field.value) for row in rows for field in row)
    about = frame.about(sheet, ("姓名", "性别", "年龄"), said, style=SMALL, signed=False)
    title = "中药处方笺" if document.kind is Kind.HERBAL else "处方笺"
    return Story(
        title=f"{document.custodian.name}{document.title}",
        blocks=[*body, *_blank(), *rest, *about],
        header=_head(document, title, label, rows),
        footer=_back(sheet, price, days),
        page=PAGE,
    )


def _head(
    document: ClinicalDocument, title: str, label: str, rows: Sequence[Sequence[Field]]
) -> list[Block]:
    shade = next((color for sign, color in SHADES.items() if label.startswith(sign)), None)
    short = label.removesuffix("处方") or "普通"
    box = Table(
        [Column("", 1, Align.CENTER)],
        [[Cell(Run(short, bold=True, size=11.0, tag="DE08.50.032.00"), shade=shade)]],
        padding=1.2, after=0.0,
    )  # fmt: skip
    date = Run(values.show(document.effective_time)[:10], tag="DE09.00.053.00")
    middle: list[Block] = [
        Paragraph(document.custodian.name or "医疗机构", style=HOSPITAL),
        Paragraph(title, style=TITLE),
    ]
    label_and_date: list[Block] = [box, Paragraph(date, style=DATE), *frame.notes(document)]
    code: list[Block] = [Barcode(frame.document_code(document), size=13.0)]
    return [
        Columns([code, middle, label_and_date],
                widths=(25, 74, 25), gap=0.0, valign="middle"),
        KeyValueGrid(
            [spread(row, 3.2) for row in rows if row], columns=24, style=FRONT, padding=0.45,
            ruled=Ruling.UNDERLINE, before=1.0, after=0.0,
        ),
        Rule(width=0.4, before=0.8, after=1.5),
    ]  # fmt: skip


def _front(sheet: Sheet) -> list[list[Field]]:
    """前记: number, department, date, patient, diagnosis."""
    document = sheet.document
    fields = frame.person_fields(document)
    patient = document.patient
    number = patient.number(oids.PRESCRIPTION)
    visit = fields["住院号"] if patient.inpatient_number else fields["门(急)诊号"]
    diagnosis = _diagnosis(sheet.copy())
    if sum(len(one if isinstance(one, str) else one.text) for one in diagnosis) > _HEAD_SIGNS:
        diagnosis = ["见正文"]
    else:
        _diagnosis(sheet)
    return [
        [Field("处方编号：", number), visit],
        [fields["姓名"], fields["性别"], fields["年龄"], fields["科室"]],
        [Field("临床诊断：", diagnosis)],
        [fields["住址"], fields["联系电话"]] if patient.phone else [fields["住址"]],
    ]  # fmt: skip


def _diagnosis(sheet: Sheet) -> list[str | Run]:
    """All diagnoses, Western and Chinese, in one line."""
    runs: list[str | Run] = []
    for at, item in enumerate(pieces.diagnosis_runs(sheet) + pieces.chinese(sheet)):
        runs += [*(["；"] if at else []), *item]
    return runs


def _body(sheet: Sheet) -> list[Block]:
    document = sheet.document
    use = document.section("10160-0")
    drugs = [one for one in use.entries if one.form == "substanceAdministration"] if use else []
    blocks = pieces.numbered(
        "临床诊断", pieces.diagnosis_runs(sheet) + pieces.chinese(sheet)
    )  # fmt: skip
    blocks.append(Paragraph("Rp.", style=RP, after=1.0))
    if use is not None:
        blocks += sheet.narrative(use)
    blocks += _herbs(sheet, drugs) if document.kind is Kind.HERBAL else _drugs(sheet, drugs)
    blocks += [
        *sheet.run_in("治则治法", "DE06.00.300.00", style=SIG),
        *_remarks(sheet),
    ]
    return blocks


def _remarks(sheet: Sheet) -> list[Block]:
    text = sheet.take(NOTE)
    return run_in("备注", Run(text, tag=NOTE), style=SIG) if text else []


def _drugs(sheet: Sheet, drugs: Sequence[Entry]) -> list[Block]:
    """Each drug: name, strength, quantity; below it Sig. with dose, route, frequency."""
    rows: list[list[Cell]] = []
    groups = [_group(sheet, one) for one in drugs]
    for at, (drug, group) in enumerate(zip(drugs, groups, strict=True), 1):
        sheet.use(drug, deep=False)
        facts = {fact.label: fact for fact in drug.facts}
        name = facts["药物名称"].text if "药物名称" in facts else drug.code.text
        spec, total = sheet.part(drug, SPEC), sheet.part(drug, TOTAL)
        note = sheet.part(drug, NOTE)
        form = facts["药物剂型"].text if "药物剂型" in facts else ""
        dose = "  ".join(
            facts[label].text.replace(" ", "")
            for label in ("用药剂量-单次", "用药途径", "用药频率")
            if label in facts
        )
        shared = groups.count(group) > 1 or group != str(at)
        bracket = f"［{group}组］" if group and shared else ""
        extra = _extra(sheet, drug)
        first: list[str | Run] = [
            Run(name, bold=True, tag="DE08.50.022.00"), f"  {form}" if form else "",
        ]  # fmt: skip
        sig: list[str | Run] = ["Sig.  ", Run(dose, tag="DE06.00.136.00")]
        if note:
            sig += ["  ", Run(f"（{note}）", tag=NOTE)]
        if extra:
            sig.append(f"  {extra}")
        rows += [
            [
                Cell(f"{at}.", valign="top"), Cell(first), Cell(Run(spec, tag=SPEC)),
                Cell(Run(f"× {total}" if total else "", tag=TOTAL), align=Align.RIGHT),
            ],
            [Cell(""), Cell([Run(bracket, bold=True), *sig] if bracket else sig, span=3)],
        ]  # fmt: skip
    columns = [Column("", 7), Column("", 58), Column("", 36), Column("", 23)]
    if not rows:
        return []
    return [Table(columns, rows, ruled=Ruling.NONE, style=DRUG, padding=0.55)]


def _group(sheet: Sheet, drug: Entry) -> str:
    return sheet.part(drug, GROUP)


def _extra(sheet: Sheet, drug: Entry) -> str:
    """Whatever else a drug's entry says: other facts, other parts, time, code."""
    told = {"药物名称", "药物剂型", "用药剂量-单次", "用药途径", "用药频率", "药物代码"}
    parts = [f"{fact.label} {fact.text}" for fact in drug.facts if fact.label not in told]
    names = [fact.text for fact in drug.facts if fact.label == "药物名称"]
    parts += names[1:]
    parts += [
        fact.text for fact in drug.facts if fact.label == "药物代码" and fact.text not in names
    ]
    for part in drug.parts:
        if not sheet.used(part):
            sheet.use(part)
            parts.append("".join(r if isinstance(r, str) else r.text for r in plain.runs(part)))
    parts += [drug.text] if drug.text else []
    parts += [plain.person_text(one) for one in drug.people]
    if drug.time:
        parts.append(values.show_span(drug.time))
    return "  ".join(parts)


def _herbs(sheet: Sheet, drugs: Sequence[Entry]) -> list[Block]:
    """Herbs three in a row with dose and treatment; then number of doses, how to boil and take."""
    cells: list[Cell] = []
    often: dict[str, None] = {}
    totals: list[str] = []
    for drug in drugs:
        sheet.use(drug, deep=False)
        facts = {fact.label: fact for fact in drug.facts}
        name = facts["药物名称"].text if "药物名称" in facts else drug.code.text
        dose = facts["用药剂量-单次"].text.replace(" ", "") if "用药剂量-单次" in facts else ""
        note = sheet.part(drug, NOTE)
        spec, total = sheet.part(drug, SPEC), sheet.part(drug, TOTAL).replace(" ", "")
        form = facts["药物剂型"].text if "药物剂型" in facts else ""
        group = _group(sheet, drug)
        often |= {facts[one].text: None for one in ("用药途径", "用药频率") if one in facts}
        small = "，".join(part for part in (note, _extra(sheet, drug)) if part)
        runs: list[str | Run] = [
            Run(name, tag="DE08.50.022.00"), " ", Run(dose, tag="DE08.50.023.00"),
        ]  # fmt: skip
        if small:
            runs.append(Run(f"（{small}）", size=8.0))
        cells.append(Cell(runs))
        told = (name, form, spec, total, f"第{group}组" if group else "")
        totals.append(" ".join(part for part in told if part))
    rows = [cells[at : at + 3] for at in range(0, len(cells), 3)]
    blocks: list[Block] = []
    if rows:
        rows[-1] += [Cell("")] * (3 - len(rows[-1]))
        blocks.append(Table([Column("")] * 3, rows, ruled=Ruling.NONE, style=HERB, padding=0.6))
    blocks += _decoction(sheet, list(often))
    if totals:
        text = f"规格与总量：{'；'.join(totals)}"
        blocks.append(Paragraph(text, style=Style(size=7.0, leading=1.3, color=GREY)))
    return blocks


def _decoction(sheet: Sheet, often: list[str]) -> list[Block]:
    entry = sheet.first("DE08.50.049.00")
    if entry is None:
        return run_in("用法", "，".join(often), style=SIG) if often else []
    count = sheet.part(entry, "DE08.50.050.00").replace(" ", "")
    boil = sheet.part(entry, "DE08.50.047.00")
    take = sheet.part(entry, "DE06.00.136.00")
    sheet.use(entry, deep=False)
    name = entry.values[0].text if entry.values else ""
    blocks: list[Block] = [Rule(width=0.15, dash=True, before=0.5, after=1.0)]
    for label, text, tag in (
        ("方名", name, "DE08.50.049.00"), ("剂数", count, "DE08.50.050.00"),
        ("煎煮法", boil, "DE08.50.047.00"), ("服法", take, "DE06.00.136.00"),
    ):  # fmt: skip
        if text:
            blocks += run_in(label, Run(text, tag=tag), style=SIG)
    if often:
        blocks += run_in("用药途径与频率", "，".join(often), style=SIG)
    return blocks


def _blank() -> list[Block]:
    """Below the last drug nothing may be written in."""
    style = Style(size=9.0, align=Align.CENTER, leading=1.5)
    return [Paragraph("———— 以下空白 ————", style=style, before=2.0)]


def _back(sheet: Sheet, price: str, days: str) -> list[Block]:
    """后记 at the foot of the page: doctor, pharmacists, amount."""
    document = sheet.document
    people = frame.signers(document)
    authors = {one.code or one.name for one in document.authors}
    slots, anchored = [], False
    for one in people:
        own = not anchored and (one.code or one.name) in authors
        anchored = anchored or own
        role = one.role.removeprefix("处方").replace("药剂师", "").replace("开立", "") or "医师"
        slots.append(
            Slot(with_colon(role), one.name, anchor="author-signature" if own else "",
                 width=max(16.0, len(one.name) * 3.4 + 2))
        )  # fmt: skip
    style = Style(size=9.0, align=Align.LEFT)
    rows = [slots[at : at + 3] for at in range(0, len(slots), 3)] or [[]]
    facts: list[str | Run] = []
    if price:
        facts += [Run("药品金额："), Run(price, bold=True, tag="DE07.00.004.00"), "      "]
    if days:
        facts += [Run("处方有效天数："), Run(days, tag="DE06.00.294.00"), "      "]
    times = frame.signing_times(document)
    lines: list[Block] = [
        SignatureLine(row, style=style, align=Align.LEFT, before=0.0, after=0.0)
        for row in rows if row
    ]  # fmt: skip
    stamp = SignatureLine(
        [],
        seal=True,
        seal_size=30.0,
        align=Align.RIGHT,
        before=0.0,
        after=0.0,
    )
    small = Style(size=7.0, leading=1.25, color=GREY, align=Align.LEFT)
    return [
        Rule(width=0.4, before=0.5, after=0.8),
        Columns([[Paragraph(facts, style=FRONT), *lines], [stamp]], widths=(96, 28), gap=0.0),
        Paragraph(f"签名时间：{times}", style=small) if times else Spacer(0.1),
        Columns(
            [
                [Paragraph(document.custodian.name, style=small)],
                [PageNumber(style=Style(size=7.5, align=Align.CENTER, leading=1.25, color=GREY))],
                [Paragraph(f"文档号 {document.document_id.extension}",
                           style=Style(size=7.0, leading=1.25, color=GREY, align=Align.RIGHT))],
            ],
            widths=(40, 36, 48), gap=0.0,
        ),
    ]  # fmt: skip
