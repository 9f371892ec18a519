"""Chinese headings of sections (章节标题) by LOINC code, and how codes of the header print."""

from __future__ import annotations

from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.model import Section

_SECTIONS = {
    "10154-3": "主诉",
    "10164-2": "现病史",
    "11348-0": "既往史",
    "11369-6": "预防接种史",
    "56836-0": "输血史",
    "29762-2": "个人史",
    "49033-4": "月经史",
    "10157-6": "家族史",
    "8716-3": "生命体征",
    "29545-1": "体格检查",
    "11450-4": "主要健康问题",
    "18776-5": "治疗计划",
    "46209-3": "医嘱",
    "30954-2": "辅助检查",
    "29548-5": "诊断",
    "46241-6": "入院诊断",
    "11535-2": "出院诊断",
    "8648-8": "诊疗经过",
    "47519-4": "手术及操作",
    "48765-2": "过敏史",
    "48768-6": "费用",
    "10160-0": "用药",
    "18610-6": "用药管理",
    "11336-5": "住院史",
    "42349-1": "转科记录",
    "51848-0": "评估",
    "10219-4": "术前诊断",
    "10218-6": "术后诊断",
    "10216-0": "输液",
    "10213-7": "麻醉",
    "8724-7": "手术经过",
    "11537-8": "引流",
    "55103-6": "失血",
    "59774-0": "麻醉",
    "59775-7": "处置",
    "59772-4": "计划手术",
    "69730-0": "健康指导",
    "10210-3": "一般状况",
    "57073-9": "产前记录",
    "57074-7": "产程记录",
    "57075-4": "新生儿",
    "57076-2": "产后处置",
    "34895-3": "健康教育",
    "10196-4": "四肢",
    "29302-7": "皮肤",
}
_OWN = {
    (Kind.DISCHARGE_SUMMARY, "11450-4"): "入院情况",
    (Kind.ADMISSION, "11450-4"): "诊断",
    (Kind.EXAMINATION, "11450-4"): "症状",
    (Kind.LABORATORY, "30954-2"): "检验结果",
    (Kind.PRESCRIPTION, "10160-0"): "Rp.",
    (Kind.HERBAL, "10160-0"): "Rp.",
    (Kind.SUMMARY, "30954-2"): "血型",
}
SECRECY = {"N": "正常", "R": "受限", "V": "严格受限"}


def section_title(kind: Kind, section: Section) -> str:
    """What stands above a section: its own title, the field's term, or the code's name."""
    known = _OWN.get((kind, section.code.code)) or _SECTIONS.get(section.code.code)
    return section.title or known or section.code.text or "其他"


def with_colon(label: str) -> str:
    return label if label.endswith(("：", ":")) else f"{label}："
