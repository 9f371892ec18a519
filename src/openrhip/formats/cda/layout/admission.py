"""入院记录 (C0034): histories run in, examination, diagnoses side by side at the end."""

from __future__ import annotations

from openrhip.formats.cda import values
from openrhip.formats.cda.layout import general, pieces
from openrhip.formats.cda.layout.sheet import BODY, Sheet
from openrhip.formats.cda.model import ClinicalDocument
from openrhip.formats.ofd.story import (
    Align,
    Block,
    Face,
    Field,
    Heading,
    Paragraph,
    Run,
    Story,
    Style,
)

CENTERED = Style(size=12.0, face=Face.SANS, bold=True, align=Align.CENTER, leading=1.4)
GRID = (
    ("姓名", "性别", "年龄", "住院号"),
    ("民族", "婚姻", "职业", "出生地"),
    ("科室", "病区", "病房", "床号"),
    ("入院时间", "记录时间"),
)
EXAM = (
    ("一般状况", "DE04.10.219.00"), ("皮肤和黏膜", "DE04.10.126.00"),
    ("全身浅表淋巴结", "DE04.10.114.00"), ("头部及其器官", "DE04.10.261.00"),
    ("颈部", "DE04.10.255.00"), ("胸部", "DE04.10.263.00"), ("腹部", "DE04.10.046.00"),
    ("肛门指诊", "DE04.10.065.00"), ("外生殖器", "DE04.10.195.00"), ("脊柱", "DE04.10.093.00"),
    ("四肢", "DE04.10.179.00"), ("神经系统", "DE05.10.149.00"), ("专科检查", "DE04.10.258.00"),
)  # fmt: skip
KINDS = ("修正诊断", "初步诊断", "确定诊断", "补充诊断")


def build(document: ClinicalDocument) -> Story:
    sheet = Sheet(document)
    reliable = sheet.take("DE05.10.143.00")
    told = next(
        (one for one in document.participants if one.name and one.kind == "participant"), None
    )
    more = []
    if told is not None:
        who = told.name if told.role in {"", "本人"} else f"{told.name}（{told.role}）"
        if told.role == "本人":
            who = f"{told.name}（本人）"
        more.append(Field("病史陈述者：", who))
    if reliable:
        word = {"是": "可靠", "否": "不可靠"}.get(reliable, reliable)
        more.append(Field("病史：", word, tag="DE05.10.143.00"))
    return general.assemble(sheet, _body(sheet), grid=GRID, more=more)


def _body(sheet: Sheet) -> list[Block]:
    blocks = [
        *sheet.run_in("主诉", "DE04.01.119.00"),
        *sheet.run_in("现病史", "DE02.10.071.00"),
        *_past(sheet),
        *sheet.run_in("预防接种史", "DE02.10.101.00"),
        *sheet.run_in("输血史", "DE02.10.100.00"),
        *sheet.run_in("个人史", "DE02.10.097.00"),
        *sheet.run_in("月经史", "DE02.10.102.00"),
        *sheet.run_in("家族史", "DE02.10.103.00"),
    ]
    vital = pieces.vital_line(sheet)
    exam = [block for label, code in EXAM for block in sheet.run_in(label, code)]
    if vital or exam:
        blocks.append(Heading("体格检查", style=CENTERED, before=2.0))
        blocks += [*vital, *exam]
    if tests := sheet.run_in("辅助检查结果", "DE04.30.009.00"):
        blocks += [Heading("辅助检查", style=CENTERED, before=2.0), *tests]
    blocks += [*_diagnoses(sheet), *sheet.run_in("治则治法", "DE06.00.300.00")]
    return [*blocks, *sheet.rest()]


def _past(sheet: Sheet) -> list[Block]:
    """既往史: flags with the history below them, in one paragraph each."""
    wanted = (
        ("DE05.10.031.00", "一般健康状况", "良好/欠佳", "疾病史(含外伤)", "DE02.10.026.00"),
        ("DE05.10.119.00", "患者传染性", "有/无", "传染病史", "DE02.10.008.00"),
    )  # fmt: skip
    runs: list[str | Run] = []
    for code, label, words, below, below_code in wanted:
        entry = sheet.first(code)
        if entry is None or not entry.values:
            continue
        text = sheet.part(entry, below_code)
        sheet.use(entry, deep=False)
        yes, _, no = words.partition("/")
        flag = {"是": yes, "否": no}.get(entry.values[0].text, entry.values[0].text)
        runs += [Run(f"{label}："), Run(flag, tag=code), "。"]
        if text:
            runs += [Run(f"{below}："), Run(text, tag=below_code)]
        runs.append(" ")
    others = (
        ("疾病史", "DE02.10.026.00"), ("传染病史", "DE02.10.008.00"), ("婚育史", "DE02.10.098.00"),
        ("过敏史", "DE02.10.022.00"), ("手术史", "DE02.10.061.00"),
    )  # fmt: skip
    blocks: list[Block] = []
    if runs:
        blocks.append(Paragraph([Run("既往史：", bold=True), *runs[:-1]], style=BODY, after=0.7))
    for label, code in others:
        blocks += sheet.run_in(label, code)
    return blocks


def _diagnoses(sheet: Sheet) -> list[Block]:
    """修正诊断 left, 初步诊断 right, as records have them; dates behind the title."""
    lists = []
    for kind in KINDS:
        dated = next((one for one in sheet.all(pieces.ICD_NAME, kind) if one.time), None)
        when = values.show_span(dated.time)[:10] if dated else ""
        items = pieces.diagnosis_runs(sheet, kind, when) + pieces.chinese(sheet, kind, when)
        lists.append(pieces.numbered(f"{kind}（{when}）" if when else kind, items))
    observed = sheet.run_in("中医“四诊”观察结果", "DE02.10.028.00")
    revised, first, *others = lists
    return [
        *observed,
        *pieces.side_by_side(revised, first),
        *(block for one in others for block in one),
    ]
