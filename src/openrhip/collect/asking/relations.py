"""What may be asked (可查询的表): the catalogue's tables, its value sets, coverage, units.

A relation is known by name in capitals. Columns that somebody may not read are left out of it, so
that no query can name them; the schema browser shows them as closed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from openrhip.collect.lake.layout import kept_type
from openrhip.collect.rules.tables import Catalogue, Column, Period, Personal, Table, ValueSet

TOKENS = (Personal.IDENTITY, Personal.CARD)
SHORT = 17  # of a token's 33 characters: enough to tell millions of persons apart


class Kind(StrEnum):
    TABLE = "table"
    VALUES = "values"
    VALUE_SET = "value-set"
    COVERAGE = "coverage"
    COVERAGE_MONTH = "coverage-month"
    UNITS = "units"
    TABLES = "tables"


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a relation. type: DuckDB's name. closed: not readable by whoever asks."""

    name: str
    zh: str
    en: str
    type: str
    values: str = ""
    personal: Personal = Personal.NO
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """name: in capitals. day: the column whose bounds choose files ("" for none); event: one that
    falls on the same day. code: of the table or value set behind it.
    """

    name: str
    kind: Kind
    zh: str
    en: str
    fields: tuple[Field, ...]
    domain: str = ""
    day: str = ""
    event: str = ""
    monthly: bool = False
    code: str = ""
    key: tuple[str, ...] = ()

    @property
    def readable(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if not field.closed)


LOADED = (
    Field("_unit", "接入单位", "unit that sent it", "VARCHAR"),
    Field("_day", "数据日期", "day of the data", "DATE"),
    Field("_batch", "批次", "batch", "VARCHAR"),
    Field("_line", "行号", "line in the batch", "BIGINT"),
    Field("_marks", "警告规则", "warning rules it broke", "VARCHAR"),
)
_COUNTED = (
    ("received", "收到行数", "rows received"),
    ("rows", "入库行数", "rows loaded"),
    ("live", "有效行数", "rows neither amended nor withdrawn"),
    ("quarantined", "隔离行数", "rows in quarantine"),
    ("marked", "警告行数", "rows with warnings"),
    ("refused", "拒收批次", "batches refused"),
)


def _numbers(*names: tuple[str, str, str]) -> tuple[Field, ...]:
    return tuple(Field(name, zh, en, "BIGINT") for name, zh, en in names)


_UNIT = Field("unit", "接入单位", "unit", "VARCHAR")
_TABLE = Field("table_code", "采集表", "table", "VARCHAR")
_DAY = Field("day", "数据日期", "day of the data", "DATE")
_CODE = Field("code", "代码", "code", "VARCHAR")
_NAME = Field("name", "名称", "name", "VARCHAR")
OWN = (
    Relation(
        "COVERAGE", Kind.COVERAGE, "每日采集情况", "Coverage by day",
        (
            _UNIT, _TABLE, _DAY, *_numbers(*_COUNTED),
            *_numbers(
                ("sends", "发送次数", "times sent"), ("late", "迟到天数", "days late"),
                ("superseded", "被更正行数", "rows amended or withdrawn since"),
            ),
        ),
        domain="collection", day="day",
    ),
    Relation(
        "COVERAGE_MONTH", Kind.COVERAGE_MONTH, "每月采集情况", "Coverage by month",
        (
            _UNIT, _TABLE, Field("month", "月份（首日）", "month, its first day", "DATE"),
            *_numbers(
                ("cells", "到达天数", "days that came"), ("filled", "有数据天数", "days with rows"),
                ("timely_1", "第一时限内", "in time, first limit"),
                ("timely_2", "第二时限内", "in time, second limit"),
                ("timely_3", "第三时限内", "in time, third limit"),
                *_COUNTED,
            ),
        ),
        domain="collection",
    ),
    Relation(
        "UNITS", Kind.UNITS, "接入单位", "Units",
        (
            _CODE, _NAME,
            Field("owner", "类别：district 区，hospital 医院", "district or hospital", "VARCHAR"),
        ),
        domain="collection",
    ),
    Relation(
        "TABLES", Kind.TABLES, "采集表目录", "Tables of the catalogue",
        (
            _CODE, Field("zh", "中文名", "Chinese name", "VARCHAR"),
            Field("en", "英文名", "English name", "VARCHAR"),
            Field("domain", "业务域", "domain", "VARCHAR"),
            Field("period", "上传周期", "period", "VARCHAR"),
        ),
        domain="collection",
    ),
    Relation(
        "VALUE_CODES", Kind.VALUES, "全部值域代码", "Codes of all value sets",
        (
            Field("value_set", "值域", "value set", "VARCHAR"), _CODE, _NAME,
        ),
        domain="values",
    ),
)  # fmt: skip
_DUCK = {
    "string": "VARCHAR",
    "int64": "BIGINT",
    "date32[day]": "DATE",
    "timestamp[us]": "TIMESTAMP",
    "bool": "BOOLEAN",
}


def relations(catalogue: Catalogue, *, free: bool) -> Mapping[str, Relation]:
    """Everything that can be asked, by name. free: columns of free words may be read."""
    return _relations(catalogue.digest, _Held(catalogue), free)


class _Held:
    """A catalogue as an argument that is equal by its digest."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self._same() == other._same()

    def __hash__(self) -> int:
        return hash(self._same())

    def _same(self) -> tuple[str, int]:
        return self.catalogue.digest, len(self.catalogue.tables)


@lru_cache(maxsize=8)
def _relations(digest: str, held: _Held, free: bool) -> dict[str, Relation]:
    del digest
    catalogue = held.catalogue
    found = {one.name: one for one in OWN}
    for one in catalogue.values.values():
        if one.codes:
            made = _of_values(one)
            found.setdefault(made.name, made)
    found.update({code: _of_table(table, free) for code, table in catalogue.tables.items()})
    return found


def values_name(key: str) -> str:
    """The name of a value set as a relation: GB/T 2261.1 is V_GB_T_2261_1."""
    return "V_" + re.sub(r"[^A-Z0-9]+", "_", key.upper()).strip("_")


def duck_type(column: Column) -> str:
    kind = str(kept_type(column))
    return _DUCK.get(kind) or kind.replace("decimal128", "DECIMAL")


def _of_table(table: Table, free: bool) -> Relation:
    fields = [
        Field(
            column.name,
            column.zh,
            column.en,
            duck_type(column),
            column.values,
            column.personal,
            closed=column.personal is Personal.FREE and not free,
        )
        for column in table.columns
    ]
    return Relation(
        name=table.code,
        kind=Kind.TABLE,
        zh=table.zh,
        en=table.en,
        fields=(*fields, *LOADED),
        domain=table.domain,
        day="_day",
        event=table.day_column,
        monthly=table.period is Period.MONTH,
        code=table.code,
        key=table.key,
    )


def _of_values(one: ValueSet) -> Relation:
    name = values_name(one.key)
    return Relation(
        name, Kind.VALUE_SET, one.zh, one.en, (_CODE, _NAME), domain="values", code=one.key
    )
