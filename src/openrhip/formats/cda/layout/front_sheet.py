"""住院病案首页 (C0032): the ruled national form (卫医政发〔2011〕84号), two pages.

Code boxes hold the codes; their meanings stand behind them as on the printed form.
"""

from __future__ import annotations

from collections.abc import Sequence

from openrhip.formats.cda import oids, values
from openrhip.formats.cda.layout import form, frame, front_sheet_fees, front_sheet_tables
from openrhip.formats.cda.layout.form import Blank, Line
from openrhip.formats.cda.layout.sheet import Sheet
from openrhip.formats.cda.model import ClinicalDocument, Entry, Participant
from openrhip.formats.ofd.story import (
    Align,
    Barcode,
    Block,
    Columns,
    Page,
    PageBreak,
    Paragraph,
    Run,
    Story,
    Style,
)

PAGE = Page(left=13.0, right=13.0, top=7.0, bottom=7.0)
TITLE = Style(size=17.0, bold=True, align=Align.CENTER, leading=1.3)
NUMBER = Style(size=9.0, align=Align.RIGHT, leading=1.3)
HOSPITAL = Style(size=11.5, align=Align.CENTER, leading=1.3)
SEXES = "1.男  2.女"
MARRIED = "1.未婚  2.已婚  3.丧偶  4.离婚  9.其他"
ROUTES = "1.急诊  2.门诊  3.其他医疗机构转入  9.其他"
WEDDED = {"10": "1", "20": "2", "21": "2", "22": "2", "23": "2", "30": "3", "40": "4", "90": "9"}
ABO = "1.A  2.B  3.O  4.AB  5.不详  6.未查"
RH = "1.阴  2.阳  3.不详  4.未查"
ROLES = (
    "科主任", "主任(副主任)医师", "主治医师", "住院医师",
    "责任护士", "进修医师", "实习医师", "编码员",
)  # fmt: skip
QUALITY = "1.甲  2.乙  3.丙"


def build(document: ClinicalDocument) -> Story:
    sheet = Sheet(document)
    top = _top(sheet)
    lines = [*_person(sheet), *_stay(sheet)]
    outside = front_sheet_tables.outside(sheet)
    discharge = front_sheet_tables.discharge(sheet)
    middle = front_sheet_tables.causes(sheet)
    bottom = [*_blood(sheet), *_people(sheet)]
    second = [
        *front_sheet_tables.operations(sheet),
        *form.box(front_sheet_tables.leaving(sheet)),
        *form.box(front_sheet_fees.lines(sheet), style=form.SMALL),
        Paragraph(_NOTE, style=Style(size=7.5, leading=1.3)),
    ]
    rest = sheet.rest()
    shown = {
        "姓名",
        "性别",
        "年龄",
        "出生日期",
        "国籍",
        "出生地",
        "籍贯",
        "民族",
        "身份证号",
        "职业",
    }
    shown |= {"婚姻", "住址", "联系电话", "户口地址", "工作单位", "健康卡号", "科室", "病房"}
    shown |= {"入院时间", "出院时间", "住院号", "就诊类型"}
    said = " ".join(line_text for line in (*top, *lines) for line_text in form.texts(line))
    contacts = [frame.contact_text(one) for one in document.participants[:1]]
    said = f"{said} {contacts} {document.patient.extra}"
    about = frame.about(sheet, shown, said, signed=False)
    return Story(
        title=f"{document.custodian.name}{document.title}",
        blocks=[
            *form.open_lines(top),
            *form.box([*lines, *outside]),
            discharge,
            *form.box([*middle, *bottom]),
            *_stamp(document),
            PageBreak(),
            *second,
            *rest,
            *about,
        ],
        first_header=_head(document),
        header=frame.next_head(sheet),
        footer=frame.foot(document),
        page=PAGE,
    )


_NOTE = (
    "说明：（一）医疗付费方式 1.城镇职工基本医疗保险 2.城镇居民基本医疗保险 "
    "3.新型农村合作医疗 4.贫困救助 5.商业医疗保险 6.全公费 7.全自费 8.其他社会保险 9.其他。"
    "（二）凡可由医院信息系统提供住院费用清单的，住院病案首页中可不填写“住院费用”。"
)


def _head(document: ClinicalDocument) -> list[Block]:
    name = f"{document.custodian.name}  （组织机构代码：{document.custodian.code}）"
    middle: list[Block] = [
        Paragraph(name, style=HOSPITAL),
        Paragraph(" ".join(document.title), style=TITLE),
    ]  # fmt: skip
    number = document.patient.inpatient_number
    note: list[Block] = []
    if number:
        runs: list[str | Run] = ["住院号：", Run(number, tag="DE01.00.014.00")]
        note.append(Paragraph(runs, style=NUMBER))
    note += frame.notes(document)
    return [
        Columns([[Barcode(frame.document_code(document), size=13.0)], middle, note],
                widths=(34, 116, 34), gap=0.0, valign="middle"),
    ]  # fmt: skip


def _top(sheet: Sheet) -> list[Line]:
    """Payment, card, which stay, case number: above the box."""
    patient = sheet.document.patient
    entry = sheet.use(sheet.first("DE07.00.007.00"))
    coded = entry.values[0].coded if entry and entry.values else None
    times = sheet.take("DE02.10.090.00").split(" ")[0]
    return [
        [
            Blank("医疗付费方式：", coded.code if coded else "", box=True, tag="DE07.00.007.00"),
            Blank("", coded.display if coded else "", 30),
            Blank("健康卡号：", patient.health_card, 34, tag="DE01.00.021.00"),
            Blank("第", times, 8, tag="DE02.10.090.00", after="次住院"),
            Blank("病案号：", patient.number(oids.CASE), 24, tag="DE01.00.004.00"),
        ]
    ]


def _person(sheet: Sheet) -> list[Line]:
    document = sheet.document
    patient = document.patient
    extra = dict(patient.extra)
    born, came = (
        _split(sheet.take("DE04.10.019.00", "出生体重")),
        _split(sheet.take("DE04.10.019.00", "入院体重")),
    )
    wed = WEDDED.get(patient.marital.code, patient.marital.code)
    contact = next((one for one in document.participants if one.name), Participant(""))
    return [
        [
            Blank("姓名", patient.name, 26, tag="DE02.01.039.00"),
            Blank("性别", patient.sex.code, box=True, tag="DE02.01.040.00", after=SEXES),
            Blank("出生日期", values.show(patient.birth), 26, tag="DE02.01.005.01"),
            Blank("年龄", patient.age, 14, tag="DE02.01.026.00"),
            Blank("国籍", patient.nationality.text, 18, tag="DE02.01.015.00"),
        ],
        [
            Blank("（年龄不足1周岁的）年龄", "", 12, after="月"),
            Blank("新生儿出生体重", born, 20, tag="DE04.10.019.00", after="克"),
            Blank("新生儿入院体重", came, 20, tag="DE04.10.019.00", after="克"),
        ],
        [
            Blank("出生地", patient.birthplace, 50),
            Blank("籍贯", patient.native_place, 34),
            Blank("民族", patient.ethnic.text, 20, tag="DE02.01.025.00"),
        ],
        [
            Blank("身份证号", patient.id_number, 44, tag="DE02.01.030.00"),
            Blank("职业", patient.occupation.text, 30, tag="DE02.01.052.00"),
            Blank("婚姻", wed, box=True, tag="DE02.01.018.00", after=MARRIED),
        ],
        [
            Blank("现住址", patient.address, 84, tag="DE02.01.009.00"),
            Blank("电话", patient.phone, 26, tag="DE02.01.010.00"),
            Blank("邮编", extra.get("邮政编码", ""), 16),
        ],
        [
            Blank("户口地址", patient.household, 110),
            Blank("邮编", extra.get("户口邮编", ""), 16),
        ],
        [
            Blank("工作单位及地址", f"{patient.employer}  {extra.get('单位地址', '')}".strip(), 70),
            Blank("单位电话", extra.get("单位电话", ""), 24),
            Blank("邮编", extra.get("单位邮编", ""), 16),
        ],
        [
            Blank("联系人姓名", contact.name, 22),
            Blank("关系", contact.role, 16),
            Blank("地址", contact.address, 50),
            Blank("电话", contact.phone, 26),
        ],
    ]


def _stay(sheet: Sheet) -> list[Line]:
    document = sheet.document
    visit = document.encounter
    department, room = visit.place(oids.DEPARTMENT), visit.place(oids.ROOM)
    ward = visit.place(oids.WARD)
    moved, out = front_sheet_tables.transfer(sheet)
    days = sheet.take("DE06.00.310.00").split(" ")[0]
    return [
        [Blank("入院途径", visit.kind.code, box=True, after=ROUTES)],
        [
            Blank("入院时间", values.show(visit.start), 32, tag="DE06.00.092.00"),
            Blank("入院科别", f"{department} {ward}".strip(), 40, tag="DE08.10.026.00"),
            Blank("病房", room, 14, tag="DE01.00.019.00"),
            Blank("转科科别", moved, 26),
        ],
        [
            Blank("出院时间", values.show(visit.end), 32, tag="DE06.00.017.00"),
            Blank("出院科别", out[0], 40),
            Blank("病房", out[1], 14),
            Blank("实际住院", days, 14, tag="DE06.00.310.00", after="天"),
        ],
    ]


def _split(text: str) -> str:
    return text.split(" ", maxsplit=1)[0]


def _blood(sheet: Sheet) -> list[Line]:
    return [
        [
            Blank(
                "血型", sheet.code_of("DE04.50.001.00"), box=True, tag="DE04.50.001.00", after=ABO
            ),
            Blank("Rh", sheet.code_of("DE04.50.010.00"), box=True, tag="DE04.50.010.00", after=RH),
        ]
    ]


def _people(sheet: Sheet) -> list[Line]:
    """The signers in the form's own order, then the quality check."""
    document = sheet.document
    people = frame.signers(document)
    wanted = (
        "科主任",
        "主任(副主任)医师",
        "主治医师",
        "住院医师",
        "责任护士",
        "进修医师",
        "实习医师",
        "编码员",
    )
    blanks = []
    for role in wanted:
        found = next((one for one in people if _same(one.role, role)), None)
        blanks.append(Blank(role, found.name if found else "", 20))
    others = [one for one in people if not any(_same(one.role, role) for role in wanted)]
    lines: list[Line] = [blanks[:4], blanks[4:]]
    if others:
        lines.append([Blank(one.role or "医师", one.name, 20) for one in others])
    return [*lines, _quality(sheet)]


def _same(role: str, wanted: str) -> bool:
    if wanted.startswith("主任("):
        return role in {wanted, "主任医师", "副主任医师", "主任（副主任）医师"}
    return role == wanted


def _quality(sheet: Sheet) -> Line:
    entry = sheet.use(sheet.first("DE09.00.103.00"))
    code = entry.values[0].coded.code if entry and entry.values and entry.values[0].coded else ""
    return [
        Blank("病案质量", code, box=True, tag="DE09.00.103.00", after=QUALITY),
        Blank("质控医师", _by_role(entry, "医"), 18),
        Blank("质控护士", _by_role(entry, "护"), 18),
        Blank("质控日期", values.show(entry.time.low) if entry else "", 24),
    ]


def _by_role(entry: Entry | None, sign: str) -> str:
    people = entry.people if entry else ()
    return next((one.name for one in people if sign in one.role), "")


def _stamp(document: ClinicalDocument) -> Sequence[Block]:
    """Where the signature of the author and the seal go, below the box of page one."""
    return form.stamp(document)
