"""What the 83 tables of hospitals promise beyond what the catalogue check asks of every table."""

from __future__ import annotations

from collections import Counter

import pytest

from openrhip.collect.catalogue import load
from openrhip.collect.rules.kinds import Kind
from openrhip.collect.rules.tables import Owner, Period, Personal, Table, Type

_TABLES = load().owed(Owner.HOSPITAL)
_EACH = pytest.mark.parametrize("table", _TABLES, ids=lambda table: table.code)
# keys that stand below a head with a number of its own, or hold the day
_LINES = {
    "OP_DIAGNOSIS", "OP_RX_ITEM", "OP_RX_TCM_ITEM", "OP_CHARGE_ITEM", "LAB_RESULT",
    "LAB_SUSCEPTIBILITY", "FS_DIAGNOSIS", "FS_OPERATION", "FS_FEE", "DRUG_STOCK", "STAT_OP_DAY",
    "STAT_IP_DAY", "STAT_REVENUE_DAY",
}  # fmt: skip


def test_hospitals_owe_83_tables_and_share_60() -> None:
    assert len(_TABLES) == 83
    assert sum(Owner.DISTRICT in table.owed_by for table in _TABLES) == 60


def test_visits_and_discharges_are_counted_once_each() -> None:
    counted = {table.counts: table.code for table in _TABLES if table.counts}
    assert counted == {"visit": "OP_VISIT", "discharge": "FRONT_SHEET"}


@_EACH
def test_an_event_with_its_own_number_is_unique_over_all_days(table: Table) -> None:
    lines = table.code in _LINES or table.period is Period.SNAPSHOT
    assert table.unique_in_store is not lines


@_EACH
def test_columns_are_told_apart_and_are_many(table: Table) -> None:
    own = table.columns[:-5]
    assert len(own) >= 12
    for names in ([one.zh for one in own], [one.en for one in own]):
        assert [name for name, times in Counter(names).items() if times > 1] == []


@_EACH
def test_names_telephones_and_homes_are_marked(table: Table) -> None:
    for column in table.columns:
        if "姓名" in column.zh:
            assert column.personal is Personal.NAME, column.name
        if "电话" in column.zh:
            assert column.personal is Personal.PHONE, column.name
        if column.zh.endswith(("现住址", "户籍地址", "户口地址", "常住地址", "现住详细地址")):
            assert column.personal is Personal.ADDRESS, column.name
        if column.multiline:
            assert column.personal is Personal.FREE, column.name


@_EACH
def test_identity_birth_and_sex_agree_where_all_are_told(table: Table) -> None:
    names = {column.name for column in table.columns}
    kinds = [rule.kind for rule in table.rules]
    assert (Kind.IDENTITY_AGREES in kinds) is ("id_number" in names)


@_EACH
def test_what_belongs_to_a_visit_or_stay_says_which(table: Table) -> None:
    referred = {reference.table for reference in table.references}
    own = {"OP_VISIT", "IP_ADMISSION"}
    for column, other in (("visit_no", "OP_VISIT"), ("admission_no", "IP_ADMISSION")):
        if column in {one.name for one in table.columns} and table.code not in own:
            assert other in referred or column in table.key or table.code == "OP_REGISTRATION"


@pytest.mark.parametrize(
    ("table", "total", "lines"),
    [
        ("OP_RX", "amount", "OP_RX_ITEM"),
        ("OP_RX_TCM", "amount", "OP_RX_TCM_ITEM"),
        ("OP_CHARGE", "total_fee", "OP_CHARGE_ITEM"),
        ("OP_VISIT", "total_fee", "OP_CHARGE"),
        ("FRONT_SHEET", "total_fee", "FS_FEE"),
    ],
)
def test_heads_are_the_total_of_their_lines(table: str, total: str, lines: str) -> None:
    [rule] = [
        rule
        for rule in load().tables[table].rules
        if rule.kind == Kind.TOTAL_OF and rule.get("table") == lines
    ]
    assert rule.get("total") == total
    for name in rule.get_all("key"):
        assert load().tables[table].column(name).required or name in load().tables[table].key


@_EACH
def test_the_day_of_a_row_is_always_told(table: Table) -> None:
    if table.period is Period.SNAPSHOT:
        assert table.day_column == ""
    else:
        day = table.column(table.day_column)
        assert day.required
        assert day.type in (Type.DATE, Type.DATETIME)
