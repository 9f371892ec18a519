"""Which codes, numbers and words are used in samples (取值选择), so that no rule is broken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from math import gcd

from openrhip.collect.rules.tables import Catalogue, Column, Table, Type
from openrhip.collect.sampling.plan import MICRO, Literal, Plan
from openrhip.collect.sampling.texts import of_pattern
from openrhip.formats.cda.numbers import body_check_digit

_UNIT = 10**MICRO
_FEW = 60  # codes of a set that occur in samples
# what is usual, first; the rest of the set follows, but for those marked alone
_USUAL = {
    "GB/T 2659": ("156",),
    "GB/T 3304": ("01", "03", "11"),
    "GB/T 2260": ("320106", "320102", "320104", "320105", "320113", "320114", "320115"),
    "CV02.01.101": ("01",),
    "OR-SECRECY": ("N",),
}
_ALONE = {"OR-AMEND": ("1",), "GB/T 2260": _USUAL["GB/T 2260"], "GB/T 2659": ("156", "840", "392")}
# open sets without codes of ours: codes that are right, with their usual names
_KNOWN = {
    "ICD-10": (
        ("J06.900", "急性上呼吸道感染"),
        ("I10.x00", "特发性(原发性)高血压"),
        ("E11.900", "2型糖尿病不伴有并发症"),
        ("I25.103", "冠状动脉粥样硬化性心脏病"),
        ("I63.900", "脑梗死"),
        ("J18.900", "肺炎"),
        ("K29.500", "慢性胃炎"),
        ("J44.900", "慢性阻塞性肺疾病"),
        ("M51.202", "腰椎间盘突出"),
        ("N20.000", "肾结石"),
        ("K80.200", "胆囊结石"),
        ("S52.500", "桡骨下端骨折"),
    ),
    "ICD-9-CM-3": (
        ("51.2300", "腹腔镜胆囊切除术"),
        ("74.1x00", "子宫下段剖宫产"),
        ("47.0100", "腹腔镜阑尾切除术"),
        ("36.0600", "冠状动脉支架置入术"),
        ("45.2300", "结肠镜检查"),
        ("88.7201", "超声心动图"),
    ),
    "OR-INJURY": (("W01", "跌倒"), ("V89.2", "交通事故"), ("X59", "暴露于未特指的因素")),
}
_DEPARTMENTS = (
    "心血管内科", "呼吸内科", "消化内科", "神经内科", "普通外科", "骨科", "妇科", "儿科", "急诊科",
)  # fmt: skip
_UNITS = ("盒", "次", "片", "支", "瓶")
_DRUGS = ("阿莫西林胶囊", "苯磺酸氨氯地平片", "盐酸二甲双胍片", "阿司匹林肠溶片", "布洛芬缓释胶囊")
_PHRASES = ("无特殊", "已按规范处理", "见病历", "按计划进行", "情况稳定", "继续观察")

# words for columns whose name has this part
_LIKELY = {
    "dept_name": _DEPARTMENTS,
    "drug_name": _DRUGS,
    "diag_name": tuple(name for _, name in _KNOWN["ICD-10"]),
    "org_name": ("金陵示范医院", "玄武湖示范社区卫生服务中心"),
    "unit": _UNITS,
    "ward_name": ("一病区", "二病区", "三病区"),
}


def usual_names() -> dict[str, dict[str, str]]:
    return {key: dict(pairs) for key, pairs in _KNOWN.items()}


def codes(column: Column, catalogue: Catalogue, plan: Plan, table: Table) -> Sequence[str]:
    """The codes that a column may have without making a rule impossible; the usual one first."""
    found = catalogue.values[column.values]
    if column.values in _ALONE:
        pool: Sequence[str] = _ALONE[column.values]
    elif column.values in _KNOWN:
        pool = [code for code, _ in _KNOWN[column.values]]
    else:
        first = [c for c in _USUAL.get(column.values, ()) if c in dict(found.codes)]
        rest = [code for code, _ in found.codes if code not in first]
        pool = [*first, *rest[: _FEW - len(first)]] or of_pattern(found.shape, 20)
    return allowed(column, pool, plan, table) or pool


def usual(column: Column, least: int, most: int) -> int:
    """Below the greatest value that is allowed: counts of what is allowed in millions are small."""
    wide = most - least > 1_000 * _UNIT and least < 10 * _UNIT
    return least + (100 if column.type is Type.INTEGER else 500) * _UNIT if wide else most


def weight(column: Column) -> int:
    """How much more often than by chance the usual code occurs."""
    return 20 if column.values in _USUAL else 1 if column.values in _KNOWN else 2


def flags(column: Column, plan: Plan, table: Table) -> Sequence[str]:
    return allowed(column, ("0", "1"), plan, table) or ("0", "1")


def allowed(column: Column, pool: Iterable[str], plan: Plan, table: Table) -> list[str]:
    """Those of the codes under which no required column would have to be absent."""
    impossible: set[str] = set()
    for one in plan.conditions:
        if one.when == column.name and not one.needed and table.column(one.column).required:
            impossible |= set(one.among)
    kept = [code for code in pool if code not in impossible]
    for literal in plan.literals:
        if literal.column == column.name:
            kept = [code for code in kept if _compared(code, literal)]
    return kept


def _compared(code: str, literal: Literal) -> bool:
    value = literal.value
    return {
        "=": code == value,
        "!=": code != value,
        "<": code < value,
        "<=": code <= value,
        ">": code > value,
        ">=": code >= value,
    }[literal.op]


def names(
    chosen: Sequence[str], code: Column, catalogue: Catalogue, column: Column
) -> Sequence[str]:
    """The names beside the chosen codes, as long as the column allows."""
    found = catalogue.values[code.values]
    known = usual_names().get(code.values, {}) | dict(found.codes)
    also: dict[str, list[str]] = {}
    for one, name in found.other_names:
        also.setdefault(one, []).append(name)
    most = column.length[1] or 1_000
    made = []
    for one in chosen:
        offers = [known.get(one, "其他"), *also.get(one, ())]
        made.append(next((name for name in offers if len(name) <= most), offers[0][:most]))
    return made


@lru_cache(maxsize=4096)
def words(column: Column) -> tuple[str, ...]:
    """Some words for a column that is neither number, code nor identifier."""
    least, most = column.length[0], column.length[1] or 1_000
    if column.check == "credit-code":
        return tuple(_credit_code(at) for at in range(40))
    if column.pattern:
        made = of_pattern(column.pattern, 40, most)
        made = tuple(one for one in made if len(one) >= least)
        if made:
            return made
    if most <= 4:
        return tuple("甲乙丙丁"[:most][at % most] for at in range(3)) if most else ("甲",)
    for part, known in _LIKELY.items():
        if column.name == part or (column.name.endswith(f"_{part}") and column.name != "work_unit"):
            return tuple(one[:most].ljust(least, "。") for one in known)
    phrases = [f"{re.sub('[^一-龥]', '', column.zh)[:12]}{phrase}" for phrase in _PHRASES]
    return tuple(one[:most].ljust(least, "。") for one in phrases)


def _credit_code(at: int) -> str:
    first = f"12320100999{at:04d}0A"
    return first + body_check_digit(first)


def scaled(text: str) -> int:
    """A decimal literal in millionths."""
    return int(Decimal(text) * _UNIT)


def bounds(
    column: Column, literals: Iterable[Literal], share: tuple[int, int] | None = None
) -> tuple[int, int]:
    """The least and the greatest value of a number, in millionths, as rules and type allow."""
    unit = 10 ** (MICRO - column.scale)
    digits = (column.precision or 18) - column.scale if column.type is Type.DECIMAL else 9
    top = 10 ** min(digits, 9) * _UNIT - unit
    least = scaled(column.minimum) if column.minimum else 0
    most = min(top, scaled(column.maximum) if column.maximum else max(least + 200 * _UNIT, 0))
    for one in literals:
        if one.column == column.name:
            value = scaled(one.value)
            least = max(least, {">": value + unit, ">=": value, "=": value}.get(one.op, least))
            most = min(most, {"<": value - unit, "<=": value, "=": value}.get(one.op, most))
    if share:
        most = max(least, min(most, share[0]))
    return least, max(least, most)


@lru_cache(maxsize=64)
def stride(size: int) -> int:
    """A step that visits every place of a pool before it comes to one again."""
    step = 7_919
    while gcd(step, size) != 1:
        step += 2
    return step
