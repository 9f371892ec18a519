"""Rules as SQL: every shipped table compiles, and the words hold each rule's own bit."""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa
import pytest
import sqlglot

from openrhip.collect.catalogue import load
from openrhip.collect.engine.compiling import BITS, compile_rules

DAYS = {"_today": date(2020, 7, 1), "_first": date(2020, 6, 1), "_last": date(2020, 6, 1)}


def broken(table, catalogue, rows):
    """Per row the ids of the rules broken, the common columns left aside."""
    compiled = compile_rules(table, catalogue)
    names = [column.name for column in table.columns]
    columns = {n: pa.array([row.get(n) for row in rows], pa.string()) for n in names}
    columns |= {n: pa.array([day] * len(rows)) for n, day in DAYS.items()}
    with duckdb.connect() as connection:
        connection.register("source", pa.table(columns))
        for relation, codes in compiled.relations.items():
            connection.register(relation, pa.table({"code": list(codes)}))
        found = connection.execute(compiled.checked_sql("source")).to_arrow_table()
    own = {rule.id for rule in compiled.rules if rule.columns[0] not in _COMMON}
    return [
        {
            rule.id.removeprefix("T.")
            for bit, rule in enumerate(compiled.rules)
            if found[f"_w{bit // BITS}"][at].as_py() >> bit % BITS & 1 and rule.id in own
        }
        for at in range(len(rows))
    ]


_COMMON = {"org_code", "amend_flag", "secrecy", "collected_at", "updated_at"}


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        (
            {"type": "integer"},
            ["0", "-0", "-12", "9" * 18],
            ["01", "+1", "1e3", "1_0", "１", "1\n", "9" * 19],
        ),
        (
            {"type": "decimal", "precision": 6, "scale": 2},
            ["0", "-0.5", "1234.56", "12.5"],
            ["12345", "1.234", ".5", "5.", "1e2", "inf", "NaN", " 1", "1,5"],
        ),
        ({"type": "decimal", "precision": 2, "scale": 2}, ["0", "0.25"], ["1", "1.25"]),
        ({"type": "decimal", "precision": 3}, ["999"], ["1000", "1.0"]),
        (
            {"type": "date"},
            ["2020-02-29", "18500101", "2100-12-31"],
            [
                "2021-02-29",
                "2020/06/01",
                "2020-6-1",
                "2020",
                "1849-12-31",
                "2101-01-01",
                "infinity",
            ],
        ),
        (
            {"type": "datetime"},
            ["2020-06-01 23:59:59", "20200601T080000", "20200601080000"],
            [
                "2020-06-01 24:00:00",
                "2020-06-01T08:00:00",
                "2020-06-01",
                "2020-06-01 08:00:60",
                "20200230080000",
            ],
        ),
        ({"type": "time"}, ["08:00:00", "235959"], ["24:00:00", "8:00:00", "08:00"]),
        ({"type": "flag"}, ["0", "1", "T", "F"], ["2", "t", "true"]),
        (
            {},
            ["a b", "中文"],
            [" a", "a ", "\u3000a", "a\u00a0", "a\tb", "a\u0085", "a\u200bb", "\ufeffa"],
        ),
        ({"multiline": True}, ["a\nb\tc\r\nd"], ["a\x0bb"]),
    ],
)
def test_forms(column, good, bad, one_table):
    table, catalogue = one_table([{"name": "c", "zh": "c", "en": "c", **column}])
    found = broken(table, catalogue, [{"c": text} for text in [*good, *bad, None]])
    assert found[: len(good)] == [set()] * len(good)
    assert found[len(good) : -1] == [{"c.form"}] * len(bad)
    assert found[-1] == set()


def test_identity_numbers(one_table):
    table, catalogue = one_table([{"name": "c", "zh": "c", "en": "c", "check": "identity"}])
    good = ["11010519491231002X", "440524188001010014"]
    bad = [
        "110105194912310021",
        "11010519491231002x",
        "010105194912310023",
        "11010519490230002X",
        "1101051949",
        "11010521001231002X",
    ]
    found = broken(table, catalogue, [{"c": text} for text in good + bad])
    assert found == [set()] * len(good) + [{"c.identity"}] * len(bad)


def test_credit_codes(one_table):
    table, catalogue = one_table([{"name": "c", "zh": "c", "en": "c", "check": "credit-code"}])
    found = broken(
        table,
        catalogue,
        [{"c": c} for c in ("91350100M000100Y43", "91350100M000100Y44", "I1350100M000100Y43")],
    )
    assert found == [set(), {"c.credit-code"}, {"c.credit-code"}]


@pytest.mark.parametrize("code", sorted(load().tables))
def test_every_shipped_table_compiles_for_both_dialects(code):
    catalogue = load()
    table = catalogue.tables[code]
    compiled = compile_rules(table, catalogue)
    assert compiled.words == -(-len(compiled.rules) // BITS)
    assert [fault.bit for fault in compiled.faults] == sorted(
        fault.bit for fault in compiled.faults
    )
    errors, warnings = compiled.errors, compiled.warnings
    assert all(one & other == 0 for one, other in zip(errors, warnings, strict=True))
    assert sum(map(int.bit_count, errors + warnings)) == len(compiled.rules)
    if sorted(catalogue.tables).index(code) % 8 == 0:
        sqlglot.transpile(compiled.checked_sql("source"), read="duckdb", write="spark")
