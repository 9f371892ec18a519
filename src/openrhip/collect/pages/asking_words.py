"""Words of the analysts' pages (数据查询的用语): states, reasons, names in the page's language."""

from __future__ import annotations

from django.utils.translation import gettext as _

from openrhip.collect.asking.relations import Field, Relation
from openrhip.collect.pages.words import domain_text
from openrhip.collect.rules.questions import Parameter, Run, SavedQuery, State
from openrhip.collect.rules.tables import Personal
from openrhip.directory.pages.words import chinese


def state_text(run: Run) -> str:
    return {
        State.RUNNING: _("正在查询"),
        State.ANSWERED: _("已完成"),
        State.REFUSED: _("已拒绝"),
        State.FAILED: _("没有结果"),
        State.CANCELLED: _("已取消"),
        State.OVERTIME: _("超过时限"),
    }[run.state]


def state_tone(run: Run) -> str:
    return {State.ANSWERED: "good", State.RUNNING: "brand"}.get(run.state, "bad")


def reason_text(run: Run) -> str:
    """Why there is no answer, and what to do; the engine's own words stand below."""
    if run.state is State.CANCELLED:
        return _("查询已按您的要求终止。")
    if run.state is State.OVERTIME:
        return _("查询超过时限，已被终止。请缩小日期范围，或先按日、按单位汇总。")
    return {
        "syntax": _("语句写法有误，请按下面的提示修改。"),
        "not-allowed": _("这条语句没有执行：查询只能读取数据，只能使用允许的写法和函数。"),
        "too-large": _("语句太长或嵌套太深，请拆成几条查询。"),
        "memory": _("查询需要的内存或磁盘超过限额。请缩小日期范围，或先汇总再连接。"),
        "zone": _("结果含带时区的时间。请把它转换成日期或不带时区的时间。"),
        "binder": _("表名、栏目名或类型不对，请对照右侧的表与栏目。"),
        "catalog": _("表名或函数名不对，请对照表与栏目。"),
        "conversion": _("有的值不能转换成所要的类型，可改用 TRY_CAST。"),
        "ended": _("查询进程意外结束，通常是超出了资源限额。请缩小范围后再试。"),
        "no-right": _("您没有查询数据的权限。"),
    }.get(run.reason, _("查询没有完成，请按下面的提示修改后再试。"))


def query_name(query: SavedQuery) -> str:
    return query.zh if chinese() else query.en


def query_about(query: SavedQuery) -> str:
    return query.about_zh if chinese() else query.about_en


def parameter_label(parameter: Parameter) -> str:
    known = {
        "month": _("月份"),
        "month_from": _("起始月份"),
        "month_to": _("截止月份"),
        "day": _("日期"),
        "since": _("起始日期"),
        "until": _("截止日期"),
        "unit": _("接入单位"),
        "top": _("前几位"),
    }
    own = parameter.zh if chinese() else parameter.en
    return own if own != parameter.name else known.get(parameter.name, parameter.name)


def relation_name(relation: Relation) -> str:
    return relation.zh if chinese() else relation.en


def field_name(field: Field) -> str:
    return field.zh if chinese() else field.en


def area_text(relation: Relation) -> str:
    """Where a relation stands in the list."""
    own = {"collection": _("采集情况与单位"), "values": _("值域代码")}
    return own.get(relation.domain) or domain_text(relation.domain)


def kept_text(field: Field) -> str:
    """What of a personal column is there."""
    if field.closed:
        return _("需要另外授权")
    return {
        Personal.IDENTITY: _("令牌（截短）"),
        Personal.CARD: _("令牌（截短）"),
        Personal.NAME: _("只有首字"),
        Personal.PHONE: _("中间位隐去"),
        Personal.ADDRESS: _("只有前六字"),
        Personal.FREE: _("可能提及个人"),
    }.get(field.personal, "")


def number(text: str | None) -> str:
    """12345.6 as 12,345.6."""
    if text is None:
        return ""
    whole, dot, rest = text.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    if not digits.isdecimal():
        return text
    return f"{sign}{int(digits):,}{dot}{rest}"
