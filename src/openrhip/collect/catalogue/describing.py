"""A table as its senders read it (采集表说明): columns, codes, rules, references, sample rows."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from openrhip.collect import sampling
from openrhip.collect.rules.deriving import rules_of
from openrhip.collect.rules.kinds import Rule
from openrhip.collect.rules.tables import (
    Catalogue,
    Column,
    Owner,
    Period,
    Personal,
    Severity,
    Table,
    Type,
    ValueSet,
)

_SHOWN = 80  # codes of a value set on a page
_ROWS = 5
_POOL = 2_000
_TYPES = {
    Type.TEXT: ("文本", "text"),
    Type.CODE: ("代码", "code"),
    Type.INTEGER: ("整数", "integer"),
    Type.DECIMAL: ("小数", "decimal"),
    Type.DATE: ("日期，2026-11-03或20261103", "date, 2026-11-03 or 20261103"),
    Type.DATETIME: (
        "日期时间，2026-11-03 08:30:00或20261103T083000",
        "date and time, 2026-11-03 08:30:00 or 20261103T083000",
    ),
    Type.TIME: ("时间，08:30:00或083000", "time, 08:30:00 or 083000"),
    Type.FLAG: ("标志，0否1是", "flag, 0 no, 1 yes"),
}
_PERIODS = {
    Period.DAY: ("每日", "daily"),
    Period.MONTH: ("每月", "monthly"),
    Period.SNAPSHOT: ("全量", "the whole table each time"),
}
_OWNERS = {Owner.DISTRICT: ("区县", "districts"), Owner.HOSPITAL: ("医院", "hospitals")}
_SEVERITIES = {Severity.ERROR: ("错误", "error"), Severity.WARNING: ("警告", "warning")}
_PERSONAL = {
    Personal.NO: ("", ""),
    Personal.IDENTITY: ("只存加密标识", "kept as a keyed token"),
    Personal.CARD: ("只存加密标识", "kept as a keyed token"),
    Personal.NAME: ("脱敏保存", "kept masked"),
    Personal.PHONE: ("脱敏保存", "kept masked"),
    Personal.ADDRESS: ("脱敏保存", "kept masked"),
    Personal.FREE: ("授权可见", "shown by right only"),
}
_CHECKS = {
    "identity": ("公民身份号码，校验码按GB 11643", "identity number, check digit of GB 11643"),
    "credit-code": ("统一社会信用代码，GB 32100", "unified social credit code, GB 32100"),
    "phone": ("手机或固定电话号码", "mobile or fixed telephone number"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """The same in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class ColumnLine:
    column: Column
    type: Words
    limits: Words
    kept: Words


@dataclass(frozen=True, slots=True)
class RuleLine:
    rule: Rule
    severity: Words


@dataclass(frozen=True, slots=True)
class Codes:
    """A value set on a page. left: how many codes are not shown."""

    values: ValueSet
    shown: tuple[tuple[str, str], ...]
    left: int


@dataclass(frozen=True, slots=True)
class Reference:
    columns: str
    table: str
    zh: str
    key: str
    scope: Words


@dataclass(frozen=True, slots=True)
class Description:
    """Everything a unit's developer needs to send a table."""

    table: Table
    owners: Words
    period: Words
    columns: tuple[ColumnLine, ...]
    codes: tuple[Codes, ...]
    rules: tuple[RuleLine, ...]
    references: tuple[Reference, ...]
    referred_by: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    csv: str


def describe(table: Table, catalogue: Catalogue, day: date | None = None) -> Description:
    """The description of a table, with a few rows of that day that pass every rule."""
    made = example(table, catalogue, day)
    names = tuple(made.column_names)
    rows = tuple(zip(*(_texts(made[name]) for name in names), strict=True))
    used = dict.fromkeys(column.values for column in table.columns if column.values)
    owners = [_OWNERS[owner] for owner in Owner if owner in table.owed_by]
    return Description(
        table=table,
        owners=Words("、".join(zh for zh, _ in owners), ", ".join(en for _, en in owners)),
        period=Words(*_PERIODS[table.period]),
        columns=tuple(map(_column, table.columns)),
        codes=tuple(_codes(catalogue.values[key]) for key in used),
        rules=tuple(RuleLine(rule, Words(*_SEVERITIES[rule.severity])) for rule in rules_of(table)),
        references=tuple(_references(table, catalogue)),
        referred_by=tuple(_referred_by(table, catalogue)),
        names=names,
        rows=rows,
        csv=_csv(names, rows),
    )


def example(table: Table, catalogue: Catalogue, day: date | None = None, rows: int = _ROWS) -> Any:
    """A few rows that pass, as an Arrow table of texts."""
    at = day or date(2026, 11, 3)
    at = at.replace(day=1) if table.period is Period.MONTH else at
    return sampling.sample(table, catalogue, rows, at, pool=sampling.people(_POOL))


def body(table: Table, catalogue: Catalogue, day: date | None = None) -> Markup:
    """The description as HTML, to be put into a page: headings from h2, no styles, no scripts."""
    return Markup(_template("body.jinja").render(d=describe(table, catalogue, day)))  # noqa: S704


def page(table: Table, catalogue: Catalogue, day: date | None = None) -> str:
    """The description as one self-contained HTML page."""
    told = describe(table, catalogue, day)
    return str(_template("page.html").render(d=told, digest=catalogue.digest))


@cache
def _template(name: str) -> Any:
    environment = Environment(
        loader=PackageLoader("openrhip.collect.catalogue"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def _column(column: Column) -> ColumnLine:
    zh, en = _TYPES[column.type]
    if column.type is Type.DECIMAL and column.scale:
        zh, en = f"{zh}，{column.scale}位以内", f"{en}, at most {column.scale} places"
    return ColumnLine(column, Words(zh, en), _limits(column), Words(*_PERSONAL[column.personal]))


def _limits(column: Column) -> Words:
    zh, en = [], []
    least, most = column.length
    if column.check:
        told = _CHECKS[column.check]
        zh.append(told[0])
        en.append(told[1])
    if most and not column.values:
        zh.append(f"{least}～{most}字符" if least else f"不超过{most}字符")
        en.append(f"{least} to {most} characters" if least else f"at most {most} characters")
    if column.minimum and column.maximum:
        zh.append(f"{column.minimum}～{column.maximum}")
        en.append(f"{column.minimum} … {column.maximum}")
    elif column.minimum or column.maximum:
        one = f"≥ {column.minimum}" if column.minimum else f"≤ {column.maximum}"
        zh.append(one)
        en.append(one)
    if column.pattern:
        zh.append(column.pattern_zh or "按规定写法")
        en.append("pattern")
    if column.name_of:
        zh.append(f"{column.name_of}的名称")
        en.append(f"the name of {column.name_of}")
    return Words("；".join(zh), "; ".join(en))


def _codes(values: ValueSet) -> Codes:
    shown = values.codes[:_SHOWN]
    return Codes(values, shown, len(values.codes) - len(shown))


def _references(table: Table, catalogue: Catalogue) -> list[Reference]:
    scopes = {"unit": ("本单位", "of the unit"), "city": ("全市", "of the city")}
    return [
        Reference(
            ", ".join(one.columns),
            one.table,
            catalogue.tables[one.table].zh,
            ", ".join(one.key),
            Words(*scopes[one.scope]),
        )
        for one in table.references
        if one.table in catalogue.tables
    ]


def _referred_by(table: Table, catalogue: Catalogue) -> list[tuple[str, str]]:
    return [
        (other.code, other.zh)
        for _, other in sorted(catalogue.tables.items())
        if any(one.table == table.code for one in other.references)
    ]


def _texts(column: Any) -> list[str]:
    return [value or "" for value in column.to_pylist()]


def _csv(names: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return out.getvalue()
