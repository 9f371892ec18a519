"""What every printed record shares (通用版式): head, patient line, signatures, foot.

Page one: hospital, title, code with the document number, the patient's header. Later pages: a short
head with the patient's name and numbers. Foot: institution, page x of y, document number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from openrhip.formats.cda import oids, values
from openrhip.formats.cda.layout.sheet import Sheet
from openrhip.formats.cda.layout.words import SECRECY, with_colon
from openrhip.formats.cda.model import ClinicalDocument, Participant
from openrhip.formats.ofd.story import (
    GREY,
    Align,
    Barcode,
    Block,
    Columns,
    Face,
    Field,
    Heading,
    KeyValueGrid,
    PageNumber,
    Paragraph,
    Rule,
    Run,
    SignatureLine,
    Slot,
    Spacer,
    Style,
    Table,
    Together,
)

HOSPITAL = Style(size=17.0, face=Face.SERIF, bold=True, align=Align.CENTER, leading=1.25)
TITLE = Style(size=15.0, face=Face.SANS, bold=True, align=Align.CENTER, leading=1.3)
SMALL = Style(size=8.0, leading=1.3, align=Align.LEFT, color=GREY)
SMALL_CENTER = Style(size=8.0, leading=1.3, align=Align.CENTER, color=GREY)
SMALL_RIGHT = Style(size=8.0, leading=1.3, align=Align.RIGHT, color=GREY)
ABOUT = Style(size=8.5, leading=1.35, align=Align.LEFT)
HEAD = Style(size=9.5, leading=1.35, align=Align.LEFT)
_SHORT = 12  # rows of a table that is moved whole to the page of the signatures
_KEPT = 6  # lines that go with them
_MANY = 50
_SIGNS = 46  # Chinese characters in a line
_MM_PER_SIGN = 3.8  # a 10.5 pt character with a little air


def document_code(document: ClinicalDocument) -> str:
    """What the code on the page says: the document's id, nothing personal."""
    return f"{document.document_id.root}/{document.document_id.extension}"


def first_head(
    sheet: Sheet,
    grid: Sequence[Sequence[Field]],
    *,
    columns: Sequence[float] | int,
    title: str = "",
) -> list[Block]:
    document = sheet.document
    middle: list[Block] = [
        Paragraph(document.custodian.name or "医疗机构", style=HOSPITAL),
        Paragraph(title or document.title, style=TITLE),
    ]
    number = notes(document)
    return [
        Columns(
            [[Barcode(document_code(document), size=15.0)], middle, number],
            widths=(36, 110, 36), gap=0.0, valign="middle",
        ),
        KeyValueGrid(grid, columns=columns, style=HEAD, padding=0.5, before=0.5, after=0.3),
        Rule(width=0.45, before=0.2, after=1.2),
    ]  # fmt: skip


def notes(document: ClinicalDocument) -> list[Block]:
    """What every form says beside its title: a corrected version, a restricted record."""
    lines: list[Block] = []
    if document.version > 1:
        lines.append(Paragraph(f"第 {document.version} 版（更正）", style=SMALL_RIGHT))
    if document.confidentiality.code in {"R", "V"}:
        word = document.confidentiality.display or SECRECY[document.confidentiality.code]
        lines.append(Paragraph(word, style=SMALL_RIGHT))
    return lines


def next_head(sheet: Sheet, title: str = "") -> list[Block]:
    """Pages after the first: hospital, title, and who it is about in one line."""
    document = sheet.document
    patient, visit = document.patient, document.encounter
    facts = [
        ("姓名", patient.name),
        ("性别", patient.sex.text),
        ("年龄", patient.age),
        ("科室", visit.place(oids.DEPARTMENT)),
        ("床号", visit.place(oids.BED)),
        ("住院号", patient.inpatient_number),
        ("门(急)诊号", "" if patient.inpatient_number else patient.outpatient_number),
    ]
    line = "    ".join(f"{label}：{text}" for label, text in facts if text)
    name = f"{document.custodian.name}  {title or document.title}"
    style = Style(size=10.5, bold=True, align=Align.CENTER, leading=1.4)
    return [
        Paragraph(name, style=style),
        Paragraph(line, style=Style(size=9.0, align=Align.CENTER, leading=1.35)),
        Rule(width=0.3, before=0.5, after=1.5),
    ]


def foot(document: ClinicalDocument) -> list[Block]:
    number = document.document_id.extension
    return [
        Rule(width=0.2, before=0.8, after=0.6),
        Columns(
            [
                [Paragraph(document.custodian.name, style=SMALL)],
                [PageNumber(style=SMALL_CENTER)],
                [Paragraph(f"文档号 {number}", style=SMALL_RIGHT)],
            ],
            widths=(60, 50, 72), gap=0.0,
        ),
    ]  # fmt: skip


def number_fields(document: ClinicalDocument, roots: Sequence[str]) -> list[Field]:
    """The patient's numbers of the given kinds that the document has."""
    patient = document.patient
    fields = []
    for root in roots:
        text = patient.number(root)
        if text:
            fields.append(Field(with_colon(oids.NUMBER_LABELS[root]), text))
    return fields


def person_fields(document: ClinicalDocument) -> dict[str, Field]:
    """Header facts of the patient as fields, by their Chinese label."""
    patient, visit = document.patient, document.encounter
    made = values.show(document.effective_time)
    facts = (
        ("姓名", patient.name, "DE02.01.039.00"),
        ("性别", patient.sex.text, "DE02.01.040.00"),
        ("年龄", patient.age, "DE02.01.026.00"),
        ("出生日期", values.show(patient.birth), "DE02.01.005.01"),
        ("民族", patient.ethnic.text, "DE02.01.025.00"),
        ("婚姻", patient.marital.text, "DE02.01.018.00"),
        ("职业", patient.occupation.text, "DE02.01.052.00"),
        ("国籍", patient.nationality.text, "DE02.01.015.00"),
        ("身份证号", patient.id_number, "DE02.01.030.00"),
        ("健康卡号", patient.health_card, "DE01.00.021.00"),
        ("住院号", patient.inpatient_number, "DE01.00.014.00"),
        ("门(急)诊号", patient.outpatient_number, "DE01.00.010.00"),
        ("联系电话", patient.phone, "DE02.01.010.00"),
        ("住址", patient.address, "DE02.01.009.00"),
        ("工作单位", patient.employer, "DE08.10.007.00"),
        ("出生地", patient.birthplace, ""),
        ("籍贯", patient.native_place, ""),
        ("户口地址", patient.household, ""),
        ("患者类型", patient.patient_type.text, "DE02.01.060.00"),
        ("科室", visit.place(oids.DEPARTMENT), "DE08.10.026.00"),
        ("病区", visit.place(oids.WARD), "DE08.10.054.00"),
        ("病房", visit.place(oids.ROOM), "DE01.00.019.00"),
        ("床号", visit.place(oids.BED), "DE01.00.026.00"),
        ("入院时间", values.show(visit.start), "DE06.00.092.00"),
        ("出院时间", values.show(visit.end), "DE06.00.017.00"),
        ("就诊时间", values.show(visit.start), "DE06.00.062.00"),
        ("就诊类型", visit.kind.text, ""),
        ("记录时间", made, "DE09.00.053.00"),
    )
    return {
        label: Field(with_colon(label), text, tag=tag if text else "") for label, text, tag in facts
    }


def signers(document: ClinicalDocument) -> list[Participant]:
    """Everyone who signs, in order, each once; the author first if no signer is the author."""
    people = [
        *([document.legal_authenticator] if document.legal_authenticator else []),
        *document.authenticators,
    ]
    own = {one.code or one.name for one in people}
    writers = [one for one in document.authors if (one.code or one.name) not in own and one.name]
    return [*writers, *people]


def signatures(sheet: Sheet, *, label: str = "医师签名", seal: bool = True) -> list[Block]:
    """Lines of 角色：姓名, the author's place anchored for the signature, and the seal's place."""
    document = sheet.document
    people = signers(document)
    author = {one.code or one.name for one in document.authors}
    slots = []
    anchored = False
    for one in people:
        anchor = ""
        if not anchored and (one.code or one.name) in author:
            anchor, anchored = "author-signature", True
        slots.append(
            Slot(
                with_colon(one.role or label), one.name, anchor=anchor,
                width=max(19.0, len(one.name) * _MM_PER_SIGN + 2),
            )
        )  # fmt: skip
    if not slots:
        slots = [Slot(with_colon(label), "", anchor="author-signature")]
    rows = list(_packed(slots))
    style = Style(size=10.0, align=Align.LEFT)
    lines: list[Block] = [
        SignatureLine(row, seal=seal and at == len(rows) - 1, style=style,
                      before=1.0 if at == 0 else 0.5, after=0.5, seal_size=34.0)
        for at, row in enumerate(rows)
    ]  # fmt: skip
    return lines


def _packed(slots: Sequence[Slot], room: float = 178.0) -> list[list[Slot]]:
    """Slots in rows that fit the page."""
    rows: list[list[Slot]] = [[]]
    taken = 0.0
    for slot in slots:
        wide = slot.width + len(slot.label) * 3.53 + 6
        if rows[-1] and taken + wide > room:
            rows.append([])
            taken = 0.0
        rows[-1].append(slot)
        taken += wide
    return rows


def about(
    sheet: Sheet,
    shown: Collection[str],
    said: str,
    *,
    style: Style = ABOUT,
    signed: bool = True,
) -> list[Block]:
    """患者及文档信息: header facts that stand nowhere else on the page; nothing is dropped.

    shown: labels already in the head. said: all values there, run together.
    """
    document = sheet.document
    facts = [
        one
        for one in _facts(document, shown)
        if one[1] not in said and not all(part in said for part in one[1].split(" "))
    ]
    if signed and (times := signing_times(document)):
        facts.append(("签名时间：", times, ""))
    if not facts:
        return []
    runs: list[str | Run] = []
    for label, text, tag in facts:
        runs += [Run(label, color=GREY), Run(text, tag=tag), "    "]
    return [Rule(width=0.15, before=1.2, after=0.7, color=GREY),
            Paragraph(runs[:-1], style=style)]  # fmt: skip


def signing_times(document: ClinicalDocument) -> str:
    """Who signed in the sending system, and when."""
    return "；".join(
        f"{one.role} {values.show(one.time)}".strip() for one in signers(document) if one.time
    )


def _facts(document: ClinicalDocument, shown: Collection[str]) -> Iterator[tuple[str, str, str]]:
    inpatient = bool(document.patient.inpatient_number)
    skipped = {*shown, "就诊时间" if inpatient else "入院时间"}
    for label, field in person_fields(document).items():
        if label not in skipped and field.value:
            yield field.label, str(field.value), field.tag
    for label, text in document.patient.extra:
        yield with_colon(label), text, ""
    printed = {oids.HEALTH_CARD, oids.INPATIENT, oids.OUTPATIENT}
    for one in document.patient.ids:
        if one.root not in printed:
            yield with_colon(oids.NUMBER_LABELS.get(one.root, one.root)), one.extension, ""
    for person in document.participants:
        if text := contact_text(person):
            yield with_colon(_relation(person)), text, ""
    if document.data_enterer and document.data_enterer.name:
        yield "录入者：", document.data_enterer.name, ""
    if document.replaces:
        yield "更正：", f"替代 {document.replaces.document_id.extension}", ""


def ending(body: list[Block], tail: list[Block]) -> list[Block]:
    """The body with its last blocks kept with the signatures, which never stand alone on a page."""
    last = body[-1] if body else None
    if isinstance(last, Together) and lines_of([last]) > _KEPT:
        inner = list(last.blocks)  # a long list lends its last items
        return [*body[:-1], Together(inner[:-2]), Together([*inner[-2:], *tail])]
    at = len(body)
    if isinstance(last, Paragraph) or (
        isinstance(last, (KeyValueGrid, Table)) and len(last.rows) <= _SHORT
    ):
        at -= 1
    while at and lines_of(body[at - 1 :]) <= _KEPT:
        at -= 1
    while at and isinstance(body[at - 1], Heading):
        at -= 1
    return [*body[:at], Together([*body[at:], *tail])]


def lines_of(blocks: Sequence[Block]) -> int:
    """About how many lines of text the blocks take; grids and tables count as many."""
    total = 0
    for block in blocks:
        if isinstance(block, Paragraph):
            content = block.content
            runs = [content] if isinstance(content, (str, Run)) else content
            signs = sum(len(one if isinstance(one, str) else one.text) for one in runs)
            total += 1 + signs // _SIGNS
        elif isinstance(block, Together):
            total += lines_of(block.blocks)
        elif isinstance(block, Heading):
            total += 1
        elif not isinstance(block, Spacer):
            total += _MANY
    return total


def _relation(person: Participant) -> str:
    if person.organization and not person.name:
        return "申请科室"
    return "陈述者" if person.role == "本人" else "联系人"


def contact_text(person: Participant) -> str:
    unit = person.organization.name if person.organization else ""
    return " ".join(
        part
        for part in (person.name, person.role, person.phone, person.address, unit, *person.extra)
        if part
    )
