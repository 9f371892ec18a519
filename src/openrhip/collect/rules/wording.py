"""What a broken rule says, and what whoever corrects shall do (规则说明与整改要求)."""

from __future__ import annotations

from collections.abc import Mapping

from openrhip.collect.rules.kinds import Kind
from openrhip.collect.rules.tables import Column, Table, Type

_WORDS = {
    # kind: what is wrong zh, en; what to do zh, en. {0} names the columns, others are arguments
    Kind.REQUIRED: (
        "{0}未填写", "{0} is missing", "补填{0}", "fill in {0}",
    ),
    Kind.FORM: (
        "{0}的格式不对，应为{form_zh}", "{0} is not written as {form_en}",
        "按采集目录的格式填写{0}", "write {0} as the catalogue says",
    ),
    Kind.LENGTH: (
        "{0}应{length_zh}", "{0} shall have {length_en}",
        "核对{0}", "check {0}",
    ),
    Kind.PATTERN: (
        "{0}的写法不符合规定{pattern_zh}", "{0} does not match its pattern",
        "按采集目录的写法填写{0}{pattern_zh}", "write {0} as the catalogue says",
    ),
    Kind.VALUES: (
        "{0}不在值域{values}内", "{0} is not in value set {values}",
        "改用值域{values}的代码", "use a code of {values}",
    ),
    Kind.RANGE: (
        "{0}应{range_zh}", "{0} shall be {range_en}",
        "核对{0}", "check {0}",
    ),
    Kind.IDENTITY: (
        "{0}不是有效的公民身份号码", "{0} is no valid identity number (GB 11643)",
        "按证件核对{0}", "check {0} against the document",
    ),
    Kind.CREDIT_CODE: (
        "{0}不是有效的统一社会信用代码", "{0} is no valid social credit code (GB 32100)",
        "按登记证书核对{0}", "check {0} against the registration",
    ),
    Kind.PHONE: (
        "{0}不是电话号码", "{0} is no telephone number", "核对{0}", "check {0}",
    ),
    Kind.NAME_AGREES: (
        "{0}与{code_zh}不一致", "{0} is not the name of the code in {code_en}",
        "核对{0}与{code_zh}", "check {0} and {code_en}",
    ),
    Kind.ORDER: (
        "{0}应依次不早于前一项", "{0} are not in this order", "核对{0}", "check {0}",
    ),
    Kind.COMPARE: (
        "{0}应{op_zh}{right_zh}{value}", "{0} shall be {op_en} {right_en}{value}",
        "核对{0}", "check {0}",
    ),
    Kind.NEEDED: (
        "{when_zh}时应填写{0}", "{0} is needed where {when_en}", "补填{0}", "fill in {0}",
    ),
    Kind.ABSENT: (
        "{when_zh}时不应填写{0}", "{0} shall be empty where {when_en}",
        "清空{0}，或核对{when_name_zh}", "empty {0} or check {when_name_en}",
    ),
    Kind.SUM: (
        "{0}不等于{parts_zh}之和", "{0} is not the sum of {parts_en}",
        "核对{0}与{parts_zh}", "check {0} and its parts",
    ),
    Kind.IDENTITY_AGREES: (
        "身份证号与出生日期或性别不一致：{0}", "number, birth date and sex disagree: {0}",
        "按证件核对", "check against the document",
    ),
    Kind.DAY: (
        "{0}不在本批次的日期内", "{0} is not of the batch's day",
        "把该行放到它所属日期的批次里", "send the row in the batch of its own day",
    ),
    Kind.UNIQUE: (
        "批次内主键重复：{0}", "the key occurs more than once in the batch: {0}",
        "只保留一行，或修正主键", "keep one row or correct the key",
    ),
    Kind.UNIQUE_STORE: (
        "主键已在其他日期上传过：{0}", "the key came on another day already: {0}",
        "更正请用修改标志2", "amend with amend flag 2",
    ),
    Kind.REFERENCE: (
        "{0}在{table}中找不到", "{0} is not known in {table}",
        "先上传或更正被引用的记录", "send or correct the row it refers to",
    ),
    Kind.TOTAL_OF: (
        "{0}与{table}的明细合计不符", "{0} is not the total of its rows in {table}",
        "核对汇总与明细", "check the total and its rows",
    ),
    Kind.COUNT: (
        "行数与清单不符", "the number of rows is not the manifest's",
        "重新导出并重发", "export and send again",
    ),
    Kind.CHANGE: (
        "与本单位历史数据相差过大", "far from the unit's own history",
        "确认数据是否完整", "confirm that the data is complete",
    ),
}  # fmt: skip
_OPERATORS = {
    "<": ("小于", "less than"),
    "<=": ("不大于", "at most"),
    ">": ("大于", "more than"),
    ">=": ("不小于", "at least"),
    "=": ("等于", "equal to"),
    "!=": ("不等于", "other than"),
}
_FORMS = {
    Type.TEXT: (
        "文本（首尾无空格，无控制字符）",
        "text without blanks at its ends or control signs",
    ),
    Type.CODE: (
        "代码（首尾无空格，无控制字符）",
        "a code without blanks at its ends or control signs",
    ),
    Type.INTEGER: ("整数", "a whole number"),
    Type.DECIMAL: ("数值", "a number"),
    Type.DATE: ("日期（2026-11-03或20261103）", "a date, 2026-11-03 or 20261103"),
    Type.DATETIME: (
        "日期时间（2026-11-03 08:30:00、20261103T083000或20261103083000）",
        "date and time, 2026-11-03 08:30:00, 20261103T083000 or 20261103083000",
    ),
    Type.TIME: ("时间（08:30:00或083000）", "a time, 08:30:00 or 083000"),
    Type.FLAG: ("标志（0或1）", "a flag, 0 or 1"),
}
_FIRST = (Kind.COMPARE, Kind.NEEDED, Kind.ABSENT, Kind.SUM, Kind.NAME_AGREES, Kind.TOTAL_OF)
_Arguments = tuple[tuple[str, str | tuple[str, ...]], ...]


def worded(
    table: Table, kind: Kind, columns: tuple[str, ...], arguments: _Arguments
) -> tuple[str, str, str, str]:
    """What is wrong (zh, en) and what to do (zh, en), for a rule without words of its own."""
    given = dict(arguments)
    words = {name: value for name, value in given.items() if isinstance(value, str)}
    words |= {"value": words.get("value", "")} | _told(table, kind, columns, given)
    told = columns[:1] if kind in _FIRST else columns
    zh = "、".join(table.column(name).zh for name in told)
    en = ", ".join(table.column(name).en for name in told)
    wrong_zh, wrong_en, fix_zh, fix_en = _WORDS[kind]
    return (
        wrong_zh.format(zh, **words),
        wrong_en.format(en, **words),
        fix_zh.format(zh, **words),
        fix_en.format(en, **words),
    )


def _told(
    table: Table, kind: Kind, columns: tuple[str, ...], given: Mapping[str, str | tuple[str, ...]]
) -> dict[str, str]:
    """What a kind's sentence needs besides its arguments."""
    found: dict[str, str] = {}
    if kind is Kind.FORM:
        found = _form(table.column(columns[0]))
    elif kind is Kind.LENGTH:
        found = _length(str(given["least"]), str(given["most"]))
    elif kind is Kind.RANGE:
        found = _range(str(given["minimum"]), str(given["maximum"]))
    elif kind is Kind.PATTERN:
        shape = table.column(columns[0]).pattern_zh
        found = {"pattern_zh": f"（{shape}）" if shape else ""}
    elif kind is Kind.NAME_AGREES:
        found = _named(table, "code", str(given["code"]))
    elif kind is Kind.COMPARE:
        found = _named(table, "right", str(given.get("right", "")))
        found["op_zh"], found["op_en"] = _OPERATORS[str(given["op"])]
    elif kind in (Kind.NEEDED, Kind.ABSENT):
        found = _when(table, str(given["when"]), given.get("among", ()))
    elif kind is Kind.SUM:
        parts = [table.column(name) for name in given["parts"]]
        found["parts_zh"] = "、".join(part.zh for part in parts)
        found["parts_en"] = ", ".join(part.en for part in parts)
    return found


def _form(column: Column) -> dict[str, str]:
    zh, en = _FORMS[column.type]
    if column.type is Type.DECIMAL and column.scale:
        zh, en = f"{zh}（至多{column.scale}位小数）", f"{en} of at most {column.scale} places"
    return {"form_zh": zh, "form_en": en}


def _named(table: Table, name: str, column: str) -> dict[str, str]:
    found = table.column(column) if column else None
    return {f"{name}_zh": found.zh if found else "", f"{name}_en": found.en if found else ""}


def _length(least: str, most: str) -> dict[str, str]:
    if least == "0":
        return {"length_zh": f"不超过{most}字符", "length_en": f"at most {most} characters"}
    if least == most:
        return {"length_zh": f"为{most}字符", "length_en": f"{most} characters"}
    return {"length_zh": f"为{least}～{most}字符", "length_en": f"{least} to {most} characters"}


def _range(minimum: str, maximum: str) -> dict[str, str]:
    if not maximum:
        return {"range_zh": f"不小于{minimum}", "range_en": f"at least {minimum}"}
    if not minimum:
        return {"range_zh": f"不大于{maximum}", "range_en": f"at most {maximum}"}
    return {"range_zh": f"在{minimum}～{maximum}之间", "range_en": f"within {minimum} … {maximum}"}


def _when(table: Table, when: str, among: str | tuple[str, ...]) -> dict[str, str]:
    column = table.column(when)
    codes = (among,) if isinstance(among, str) else among
    return {
        "when_zh": f"{column.zh}为{'、'.join(codes)}" if codes else f"填写了{column.zh}",
        "when_en": f"{column.en} is {' or '.join(codes)}" if codes else f"{column.en} is given",
        "when_name_zh": column.zh,
        "when_name_en": column.en,
    }
