"""Sensitivity of a document (敏感级别), GB/T 39725-2020 section 6.2: levels 1 to 5, as data.

1 fully public; 2 widely usable, not identifying; 3 for an authorised team, may re-identify;
4 identifying, for those who treat; 5 strictest, e.g. HIV, sexually transmitted disease,
psychiatry, abortion, abuse. The highest rule that fits decides; all that fit are named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LOWEST, HIGHEST = 1, 5
EXPLICIT_CONSENT_FROM = 5
DEFAULT_LEVEL = 4
"""Every shared clinical document names its patient: level 4 unless a rule lifts it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """id; level; any of: kinds, ICD-10 prefixes, words of the department, words of the text."""

    id: str
    level: int
    zh: str
    en: str
    kinds: frozenset[str] = frozenset()
    diagnoses: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    confidentiality: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """level 1 to 5 and the rules that say so."""

    level: int
    rules: tuple[str, ...]
    zh: str
    en: str


_PSYCHIATRIC = (f"F{n:02d}" for n in range(100) if n not in {17, 51, 80, 81, 82, 98})
"""Chapter F but tobacco, sleep and developmental disorders."""

RULES: tuple[Rule, ...] = (
    Rule(
        "hiv",
        5,
        "人类免疫缺陷病毒相关",
        "HIV",
        diagnoses=("B20", "B21", "B22", "B23", "B24", "Z21", "R75", "F02.4", "O98.7"),
        departments=("艾滋", "性病艾滋"),
        words=("HIV", "AIDS", "艾滋", "人类免疫缺陷病毒", "人免疫缺陷病毒", "获得性免疫缺陷"),
    ),
    Rule(
        "std",
        5,
        "性传播疾病",
        "sexually transmitted disease",
        diagnoses=tuple(f"A{number}" for number in range(50, 65)),
        departments=("性病",),
        words=("梅毒", "淋病", "尖锐湿疣", "生殖器疱疹"),
    ),
    Rule(
        "psychiatry",
        5,
        "精神卫生",
        "psychiatry",
        diagnoses=(*_PSYCHIATRIC, "X6", "X7", "X80", "X81", "X82", "X83", "X84", "Z91.5"),
        departments=("精神", "心理", "临床心理", "戒毒", "身心医学"),
    ),
    Rule(
        "abortion",
        5,
        "人工流产与生殖辅助",
        "abortion and assisted reproduction",
        diagnoses=("O04", "O05", "O06", "O07", "Z31", "Z64.0"),
        departments=("生殖", "计划生育"),
    ),
    Rule(
        "abuse",
        5,
        "虐待与性侵害",
        "abuse and sexual assault",
        diagnoses=("T74", "Y05", "Y06", "Y07", "Z61.4", "Z61.5", "Z61.6"),
    ),
    Rule(
        "addiction",
        5,
        "药物滥用",
        "substance abuse",
        diagnoses=("Z50.3", "Z71.5", "Z72.2", "T40", "Z86.4"),
        words=("美沙酮", "强制戒毒"),
    ),
    Rule(
        "genetics",
        5,
        "遗传检测",
        "genetic testing",
        diagnoses=("Z31.5", "Z14", "Z15"),
        departments=("医学遗传",),
        words=("基因检测", "亲子鉴定"),
    ),
    Rule(
        "very-restricted",
        5,
        "出具机构标注为极度保密",
        "marked very restricted by its author",
        confidentiality=frozenset({"V"}),
    ),
)


def sensitivity(
    *,
    kind: str = "",
    diagnoses: Iterable[str] = (),
    department: str = "",
    text: str = "",
    confidentiality: str = "N",
    rules: tuple[Rule, ...] = RULES,
) -> Sensitivity:
    """The level of a document from its facts. Total: unknown codes leave the default level 4."""
    codes = tuple(code.strip().upper() for code in diagnoses)
    fits = [
        rule
        for rule in rules
        if kind in rule.kinds
        or confidentiality.upper() in rule.confidentiality
        or any(code.startswith(rule.diagnoses) for code in codes if rule.diagnoses)
        or any(word in department for word in rule.departments)
        or any(word in text.upper() for word in rule.words)
    ]
    level = max((rule.level for rule in fits), default=DEFAULT_LEVEL)
    deciding = [rule for rule in fits if rule.level == level]
    if not deciding:
        return Sensitivity(level, ("default",), "一般诊疗文档", "ordinary clinical document")
    return Sensitivity(
        level,
        tuple(rule.id for rule in deciding),
        "、".join(rule.zh for rule in deciding),
        ", ".join(rule.en for rule in deciding),
    )
