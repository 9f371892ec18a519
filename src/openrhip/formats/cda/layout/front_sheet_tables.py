"""Tables and lists of the 病案首页: diagnoses, operations, causes, leaving."""

from __future__ import annotations

from collections.abc import Sequence

from openrhip.formats.cda import oids, values
from openrhip.formats.cda.layout import plain
from openrhip.formats.cda.layout.form import Blank, Line
from openrhip.formats.cda.layout.sheet import Sheet
from openrhip.formats.cda.model import Entry
from openrhip.formats.ofd.story import Align, Block, Cell, Column, Style, Table

NAME, OUT_NAME, CODE, CAME = (
    "DE05.01.025.00", "DE05.10.025.00", "DE05.01.024.00", "DE09.00.104.00",
)  # fmt: skip
DENSE = Style(size=8.5, leading=1.25, align=Align.LEFT)
LEAST_DIAGNOSES = 11  # rows on each side of the printed form
LEAST_OPERATIONS = 8
LEAVE = "1.医嘱离院  2.医嘱转院  3.医嘱转社区卫生服务机构/乡镇卫生院  4.非医嘱离院  5.死亡  9.其他"


def outside(sheet: Sheet) -> list[Line]:
    """门(急)诊诊断 and its code."""
    name = sheet.take(OUT_NAME)
    coded = sheet.first(CODE, "门")
    shown = coded.values[0].text if coded and coded.values else ""
    code = sheet.code_of(CODE, "门")
    if shown not in {name, code, ""}:
        name = f"{name}（{shown}）" if name else shown
    return [
        [Blank("门（急）诊诊断", name, 100, tag=OUT_NAME), Blank("疾病编码", code, 30, tag=CODE)]
    ]


def discharge(sheet: Sheet) -> Table:
    """出院诊断, two columns of rows; those that are empty stay on the form."""
    found = [_diagnosis(sheet, one) for one in _groups(sheet, "11535-2", NAME)]
    half = max(LEAST_DIAGNOSES, (len(found) + 1) // 2)
    empty = ("", "", "")
    cells = [*found, *([empty] * (2 * half - len(found)))]
    rows = []
    for at in range(half):
        left, right = cells[at], cells[at + half]
        title = "主要诊断：" if at == 0 else "其他诊断：" if at == 1 else ""
        rows.append([*_three(left, title), *_three(right, "其他诊断：" if at == 0 else "")])
    columns = [
        Column(head, wide, Align.LEFT if head == "出院诊断" else Align.CENTER)
        for head, wide in (
            ("出院诊断", 50), ("疾病编码", 22), ("入院病情", 14),
            ("出院诊断", 50), ("疾病编码", 22), ("入院病情", 14),
        )
    ]  # fmt: skip
    foot = [Cell("入院病情：1.有，2.临床未确定，3.情况不明，4.无", span=6)]
    return Table([*columns], [*rows, foot], style=DENSE, padding=0.75, before=0.0, after=0.0)


def _three(facts: tuple[str, str, str], title: str) -> list[Cell]:
    name, code, came = facts
    return [
        Cell(f"{title}{name}", tag=NAME if name else ""),
        Cell(code, tag=CODE if code else ""),
        Cell(came, tag=CAME if came else ""),
    ]


def _groups(sheet: Sheet, section: str, code: str) -> list[Entry]:
    """Organizers of a section that hold an entry with `code`."""
    found = sheet.document.section(section)
    return [
        one
        for one in (found.entries if found else ())
        if one.form == "organizer" and any(part.code.code == code for part in one.parts)
    ]


def _diagnosis(sheet: Sheet, group: Entry) -> tuple[str, str, str]:
    """Name, code, condition on admission."""
    sheet.use(group, deep=False)
    name = sheet.part(group, NAME)
    code = came = ""
    for part in group.parts:
        coded = part.values[0].coded if part.values else None
        if coded is None or sheet.used(part):
            continue
        if part.code.code == CODE and not code:
            code = coded.code
            name = name if coded.text in {name, ""} else f"{name}({coded.text})"
            sheet.use(part)
        elif part.code.code == CAME and not came:
            came = coded.code
            sheet.use(part)
    return name, code, came


def causes(sheet: Sheet) -> list[Line]:
    """Injury, pathology, allergy, autopsy."""
    injury = sheet.first("DE05.10.152.00")
    cause, cause_code = "", ""
    if injury is not None and injury.values:
        cause = injury.values[0].text
        held = next((one for one in injury.parts if one.code.code == "DE05.01.078.00"), None)
        coded = held.values[0].coded if held and held.values else None
        cause_code = coded.code if coded else ""
        if coded and coded.text not in {cause, cause_code}:
            cause = f"{cause}（{coded.text}）"
        sheet.use(injury)
    number, name, code = _pathology(sheet)
    flag, drug = _allergy(sheet)
    autopsy = {"是": "1", "否": "2"}.get(sheet.take("DE09.00.108.00"), "")
    return [
        [
            Blank("损伤、中毒的外部原因", cause, 84, tag="DE05.10.152.00"),
            Blank("疾病编码", cause_code, 26, tag="DE05.01.078.00"),
        ],
        [
            Blank("病理诊断", name, 76, tag=NAME), Blank("疾病编码", code, 22, tag=CODE),
            Blank("病理号", number, 24),
        ],
        [
            Blank("药物过敏", flag, box=True, tag="DE02.10.023.00", after="1.无  2.有，过敏药物："),
            Blank("", drug, 40, tag="DE02.10.022.00"),
            Blank("死亡患者尸检", autopsy, box=True, tag="DE09.00.108.00", after="1.是  2.否"),
        ],
    ]  # fmt: skip


def _pathology(sheet: Sheet) -> tuple[str, str, str]:
    for group in _groups(sheet, "29548-5", NAME):
        held = next((one for one in group.parts if one.code.code == NAME), None)
        number = next(
            (one.extension for one in held.ids if one.root == oids.PATHOLOGY_NUMBER), ""
        ) if held else ""  # fmt: skip
        name, code, _ = _diagnosis(sheet, group)
        return number, name, code
    return "", "", ""


def _allergy(sheet: Sheet) -> tuple[str, str]:
    section = sheet.document.section("48765-2")
    entry = section.entry("DE02.10.023.00") if section else None
    if section is None or entry is None or not entry.values:
        return "", ""
    for outer in section.entries:
        if entry in outer.parts and outer.form == "act":
            sheet.use(outer, deep=False)
    sheet.use(entry)
    flag = {"是": "2", "否": "1"}.get(entry.values[0].text, "")
    return flag, "；".join(fact.text for fact in entry.facts)


def transfer(sheet: Sheet) -> tuple[str, tuple[str, str]]:
    """Where the patient was moved to, and department and room at discharge."""
    moved = []
    referral = sheet.document.section("42349-1")
    for entry in referral.entries if referral else ():
        moved += [one.organization.name for one in entry.people if one.organization]
        sheet.use(entry)
    course = sheet.document.section("8648-8")
    out = ("", "")
    for entry in course.entries if course else ():
        if entry.form == "act" and entry.people:
            who = entry.people[0]
            room = who.organization.name if who.organization else ""
            out = ("、".join(who.extra) or room, room if who.extra else "")
            sheet.use(entry)
            break
    return "、".join(moved), out


def operations(sheet: Sheet) -> list[Block]:
    """手术及操作, at least eight rows."""
    section = sheet.document.section("47519-4")
    done = [one for one in section.entries if one.form == "procedure"] if section else []
    rows = [_operation(sheet, one) for one in done]
    rows += [[Cell("")] * 11 for _ in range(LEAST_OPERATIONS - len(rows))]
    heads = [
        [
            Cell("手术及\n操作编码", rows=2), Cell("手术及\n操作日期", rows=2),
            Cell("手术\n级别", rows=2), Cell("手术及操作名称", rows=2),
            Cell("手术及操作医师", span=3, align=Align.CENTER), Cell("切口\n类别", rows=2),
            Cell("愈合\n等级", rows=2), Cell("麻醉方式", rows=2), Cell("麻醉\n医师", rows=2),
        ],
        [Cell("术者"), Cell("Ⅰ助"), Cell("Ⅱ助")],
    ]  # fmt: skip
    widths = (17, 18, 15, 40, 13, 13, 13, 15, 15, 18, 13)
    columns = [Column("", wide, Align.CENTER) for wide in widths]
    return [
        Table(columns, [*heads, *rows], heads=2, style=DENSE, padding=0.7, before=0.5, after=0.0)
    ]


def _operation(sheet: Sheet, entry: Entry) -> list[Cell]:
    sheet.use(entry, deep=False)
    name = sheet.part(entry, "DE06.00.094.00") or entry.code.display
    level = sheet.part(entry, "DE06.00.255.00")
    cut = sheet.part(entry, "DE06.00.257.00")
    heal = sheet.part(entry, "DE05.10.147.00")
    narcosis = next((one for one in entry.parts if one.code.code == "DE06.00.073.00"), None)
    sheet.use(narcosis)
    way = narcosis.values[0].text if narcosis and narcosis.values else ""
    sleeper = "、".join(one.name for one in narcosis.people) if narcosis else ""
    if entry.code.display not in {name, ""}:
        name = f"{name}（{entry.code.display}）"
    return [
        Cell(entry.code.code, tag="DE06.00.093.00"),
        Cell(values.show(entry.time.low), tag="DE06.00.095.00"),
        Cell(level, tag="DE06.00.255.00" if level else ""),
        Cell(name, tag="DE06.00.094.00"),
        Cell(_people(entry, "")),
        Cell(_people(entry, "第一助手")),
        Cell(_people(entry, "第二助手")),
        Cell(cut, tag="DE06.00.257.00" if cut else ""),
        Cell(heal, tag="DE05.10.147.00" if heal else ""),
        Cell(way, tag="DE06.00.073.00" if way else ""),
        Cell(sleeper),
    ]


def _people(entry: Entry, role: str) -> str:
    """Names of a role; the surgeon is who performs, and whoever has another role stands there."""
    own = {"第一助手", "第二助手"}
    if role:
        return "、".join(one.name for one in entry.people if one.role == role)
    return "、".join(
        one.name if one.kind == "performer" else plain.person_text(one)
        for one in entry.people
        if one.role not in own
    )


def leaving(sheet: Sheet) -> list[Line]:
    """离院方式, planned return, coma."""
    entry = sheet.first("DE06.00.223.00")
    how = where = ""
    if entry is not None and entry.values:
        coded = entry.values[0].coded
        how = coded.code if coded else entry.values[0].text
        where = sheet.part(entry, "DE08.10.013.00")
        sheet.use(entry, deep=False)
    again = sheet.first("DE06.00.194.00")
    planned = why = ""
    if again is not None and again.values:
        planned = {"是": "2", "否": "1"}.get(again.values[0].text, "")
        why = sheet.part(again, "DE06.00.195.00")
        sheet.use(again, deep=False)
    before, after = _coma(sheet, "入院前"), _coma(sheet, "入院后")
    state = sheet.take("DE05.10.119.00")
    return [
        [Blank("离院方式", how, box=True, tag="DE06.00.223.00", after=LEAVE)],
        [
            Blank("拟接收医疗机构名称", where, 60, tag="DE08.10.013.00"),
            Blank("住院者疾病状态", state, 20, tag="DE05.10.119.00"),
        ],
        [
            Blank(
                "是否有出院31天内再住院计划", planned, box=True, tag="DE06.00.194.00",
                after="1.无  2.有，目的：",
            ),
            Blank("", why, 60, tag="DE06.00.195.00"),
        ],
        [
            Blank("颅脑损伤患者昏迷时间：入院前", before[0], 9, after="天"),
            Blank("", before[1], 9, after="小时"), Blank("", before[2], 9, after="分钟"),
            Blank("入院后", after[0], 9, after="天"),
            Blank("", after[1], 9, after="小时"), Blank("", after[2], 9, after="分钟"),
        ],
    ]  # fmt: skip


def _coma(sheet: Sheet, word: str) -> Sequence[str]:
    return [sheet.take(f"DE05.10.138.0{at}", word).split(" ")[0] for at in (1, 2, 3)]
