"""Closed sets of collection in the page's language (代码的中文与英文)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

from django.utils.translation import gettext as _

from openrhip.collect.rules.states import State
from openrhip.collect.rules.tables import Column, Owner, Period, Personal, Table, Type
from openrhip.directory.pages.words import chinese

DASH = "—"
DOMAINS = (
    *("patient", "outpatient", "inpatient", "operation", "nursing", "laboratory", "imaging"),
    *("drug", "charge", "quality", "register", "resources", "statistics", "health-record"),
    *("chronic-disease", "women-care", "child-care", "immunisation", "disease-control"),
    "primary-care",
)


def state_text(state: str) -> str:
    return {
        State.RECEIVED: _("等待校验"),
        State.CHECKING: _("正在校验"),
        State.LOADED: _("已入库"),
        State.REFUSED: _("整批拒收"),
    }.get(State(state), state)


def state_tone(state: str) -> str:
    return {State.LOADED: "good", State.REFUSED: "bad"}.get(State(state), "brand")


def severity_text(severity: str) -> str:
    return _("错误") if severity == "error" else _("警告")


def severity_tone(severity: str) -> str:
    return "bad" if severity == "error" else "warn"


def level_text(level: str) -> str:
    return {
        "row": _("行内规则"),
        "batch": _("整批"),
        "day": _("跨表核对"),
        "history": _("与历史比较"),
    }.get(level, level)


def owner_text(owner: Owner) -> str:
    return _("区") if owner is Owner.DISTRICT else _("医院")


def owners_text(owners: frozenset[Owner]) -> str:
    return _("、").join(owner_text(one) for one in Owner if one in owners)


def via_text(via: str) -> str:
    return {
        "https": _("接口"),
        "folder": _("监视文件夹"),
        "cli": _("命令"),
        "agent": _("前置机"),
        "drill": _("演练"),
    }.get(via, via)


def period_text(period: Period) -> str:
    return {
        Period.DAY: _("每日"),
        Period.MONTH: _("每月"),
        Period.SNAPSHOT: _("变更时全量"),
    }[period]


def domain_text(domain: str) -> str:
    """A domain of a centre's own is shown as it is written."""
    return {
        "patient": _("患者"),
        "outpatient": _("门急诊"),
        "inpatient": _("住院"),
        "operation": _("手术麻醉输血"),
        "nursing": _("护理"),
        "laboratory": _("检验"),
        "imaging": _("检查"),
        "drug": _("药品"),
        "charge": _("费用"),
        "quality": _("质量安全"),
        "register": _("字典与名册"),
        "resources": _("资源"),
        "statistics": _("统计日报月报"),
        "health-record": _("健康档案"),
        "chronic-disease": _("慢病管理"),
        "women-care": _("妇女保健"),
        "child-care": _("儿童保健"),
        "immunisation": _("预防接种"),
        "disease-control": _("疾病控制"),
        "primary-care": _("基层卫生"),
    }.get(domain, domain)


def type_text(kind: Type) -> str:
    return {
        Type.TEXT: _("文本"),
        Type.CODE: _("代码"),
        Type.INTEGER: _("整数"),
        Type.DECIMAL: _("小数"),
        Type.DATE: _("日期"),
        Type.DATETIME: _("日期时间"),
        Type.TIME: _("时间"),
        Type.FLAG: _("是否"),
    }[kind]


def personal_text(personal: Personal) -> str:
    return {
        Personal.NO: "",
        Personal.IDENTITY: _("入库为令牌"),
        Personal.CARD: _("入库为令牌"),
        Personal.NAME: _("入库只留首字"),
        Personal.PHONE: _("入库隐去中间位"),
        Personal.ADDRESS: _("入库只留前六字"),
        Personal.FREE: _("可能提及个人"),
    }[personal]


def person_text(kind: str) -> str:
    return {
        "basic-record": _("基本信息"),
        "hypertension": _("高血压"),
        "diabetes": _("糖尿病"),
    }.get(kind, kind)


def named(item: Table | Column) -> str:
    return item.zh if chinese() else item.en


def percent(share: Decimal | None) -> str:
    """97.3 %, rounded down, so that only what is whole is 100 %; a dash where nothing was due."""
    if share is None:
        return DASH
    shown = (share * 100).quantize(Decimal("0.1"), ROUND_DOWN)
    return f"{shown:.1f}%" if shown % 1 else f"{shown:.0f}%"


def days_text(limit: Decimal) -> str:
    """A limit of timeliness."""
    plain = f"{limit.normalize():f}"
    return _("%(days)s 天内") % {"days": plain}


def listed(items: Sequence[str], most: int = 6) -> str:
    """The first of them, and how many more there are."""
    shown = _("、").join(items[:most])
    more = len(items) - most
    return shown + (_(" 等 %(count)s 项") % {"count": len(items)} if more > 0 else "")
