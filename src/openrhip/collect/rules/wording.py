"""What a broken rule says, and what whoever corrects shall do (规则说明与整改要求)."""

from __future__ import annotations

from openrhip.collect.rules.kinds import Kind
from openrhip.collect.rules.tables import Table

_WORDS = {
    # kind: what is wrong zh, en; what to do zh, en. {0} names the columns, others are arguments
    Kind.REQUIRED: (
        "{0}未填写", "{0} is missing", "补填{0}", "fill in {0}",
    ),
    Kind.FORM: (
        "{0}的格式不对", "{0} is not written as its type asks",
        "按采集目录的格式填写{0}", "write {0} as the catalogue says",
    ),
    Kind.LENGTH: (
        "{0}的长度不在{least}到{most}之间", "{0} is not {least} to {most} characters long",
        "核对{0}", "check {0}",
    ),
    Kind.PATTERN: (
        "{0}的写法不符合规定", "{0} does not match its pattern",
        "按采集目录的写法填写{0}", "write {0} as the catalogue says",
    ),
    Kind.VALUES: (
        "{0}不在值域{values}内", "{0} is not in value set {values}",
        "改用值域{values}的代码", "use a code of {values}",
    ),
    Kind.RANGE: (
        "{0}不在{minimum}～{maximum}的范围内", "{0} is not within {minimum} … {maximum}",
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
        "{0}与代码不一致", "{0} is not the name of the code beside it",
        "核对代码与名称", "check code and name",
    ),
    Kind.ORDER: (
        "{0}的先后顺序不对", "{0} are not in this order", "核对{0}", "check {0}",
    ),
    Kind.COMPARE: (
        "{0}应{op}{right}{value}", "{0} shall be {op} {right}{value}", "核对{0}", "check {0}",
    ),
    Kind.NEEDED: (
        "此情形下应填写{0}", "{0} is needed here", "补填{0}", "fill in {0}",
    ),
    Kind.ABSENT: (
        "此情形下不应填写{0}", "{0} shall be empty here", "核对{0}", "check {0}",
    ),
    Kind.SUM: (
        "{0}与分项之和不符", "{0} is not the sum of its parts", "核对合计与分项", "check the sum",
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
_EMPTY = {"op": "", "right": "", "value": "", "minimum": "", "maximum": ""}


def worded(
    table: Table,
    kind: Kind,
    columns: tuple[str, ...],
    arguments: tuple[tuple[str, str | tuple[str, ...]], ...],
) -> tuple[str, str, str, str]:
    """What is wrong (zh, en) and what to do (zh, en), for a rule without words of its own."""
    given = _EMPTY | {
        name: value if isinstance(value, str) else "、".join(value) for name, value in arguments
    }
    first = columns[:1] if kind in (Kind.COMPARE, Kind.NEEDED, Kind.ABSENT, Kind.SUM) else columns
    first = columns[:1] if kind is Kind.NAME_AGREES else first
    zh = "、".join(table.column(name).zh for name in first)
    en = ", ".join(table.column(name).en for name in first)
    wrong_zh, wrong_en, fix_zh, fix_en = _WORDS[kind]
    return (
        wrong_zh.format(zh, **given),
        wrong_en.format(en, **given),
        fix_zh.format(zh, **given),
        fix_en.format(en, **given),
    )
