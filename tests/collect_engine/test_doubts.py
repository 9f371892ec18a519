"""Looks never clear what the rule's SQL accuses, and convert as it does: over awkward values."""

from __future__ import annotations

import random
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrhip.collect.catalogue import load
from openrhip.collect.engine.columns import TextColumn
from openrhip.collect.engine.compiling import BITS, compile_rules
from openrhip.collect.engine.doubts import Look, Sets
from openrhip.collect.engine.shapes import matched, spelled
from openrhip.collect.rules.tables import Type

DAYS = (date(2020, 7, 1), date(2020, 6, 1), date(2020, 6, 30))
AWKWARD = [
    None, "0", "1", "2", "9", "T", "F", "t", "-0", "-1", "00", "01", "007", "1.", ".5", "1.50", "1.5", "-1.5", "1e3",
    "1_000", "0x10", "+1", "1,5", "12.345", "9" * 15, "9" * 18, "9" * 19, "123456789012.34", "99999999.99", "100000000",
    "inf", "NaN", "１２３", "1\n", " 1", "1 ", "\u30001", "1\u00a0", "a\u0085b", "a\u200bb", "\ufeffa", "a\u2060", "a\u2028",
    "a\u2014b", "“quoted”", "中文", "中 文", "（全角）", "a\tb", "a\nb", "\x7f", "é", "\u00a0", "\u3000", "x" * 19, "x" * 1001,
    "2020-06-01", "20200601", "2020-02-30", "20200230", "2020/06/01", "1849-12-31", "1850-01-01", "2100-12-31", "2101-01-01",
    "2020-00-10", "2020-13-01", "2020-01-32", "2020-01-00", "0000-00-00", "2020-6-1", "2019-02-29", "2000-02-29", "2100-02-29",
    "2020-06-01 08:00:00", "2020-06-30 23:59:59", "2020-06-01 24:00:00", "2020-06-01 08:60:00", "2020-06-01 08:00:60",
    "2020-06-01T08:00:00", "20200601T080000", "20200601080000", "20200601 080000", "2020-05-31 23:59:59", "20200230080000",
    "08:00:00", "080000", "24:00:00", "8:00:00", "11010519491231002X", "110105194912310021", "440524188001010014",
    "11010519491231002x", "010105194912310023", "11010519490230002X", "11010521001231002X", "1101051949123100２X",
    "91350100M000100Y43", "91350100M000100Y44", "I1350100M000100Y43", "13800138000", "+86-13800138000", "021-12345678",
    "12345678", "4008001234", "12800138000", "男", "女", "男性", "未知", "N", "R", "V", "J18.9", "j18", "A00", "A00.", "A00.123",
]  # fmt: skip


def looked(table, catalogue, rows):
    """What looks say, and what SQL says, of the same rows."""
    compiled = compile_rules(table, catalogue)
    raw = pa.table(
        {c.name: pa.array([row.get(c.name) for row in rows], pa.string()) for c in table.columns}
    )
    look = Look(raw, compiled, Sets(catalogue), DAYS)
    context = {
        n: pa.array([day] * len(rows))
        for n, day in zip(("_today", "_first", "_last"), DAYS, strict=True)
    }
    source = raw
    for name, column in context.items():
        source = source.append_column(name, column)
    with duckdb.connect() as connection:
        connection.register("source", source)
        for relation, codes in compiled.relations.items():
            connection.register(relation, pa.table({"code": list(codes)}))
        found = connection.execute(compiled.checked_sql("source")).to_arrow_table()
    return compiled, look, found


def agree(compiled, look, found):
    for fault in compiled.faults:
        word = found[f"_w{fault.bit // BITS}"].to_numpy()
        accused = (word >> (fault.bit % BITS)) & 1 == 1
        missed = accused & ~look.doubts(fault)
        assert not missed.any(), (fault.rule.id, np.flatnonzero(missed)[:5])
    for typed in compiled.typed:
        made = look.converted.get(typed.column)
        if made is None:
            assert typed.name == typed.column
            continue
        sure = pa.array(~made.doubtful)
        expected = found[typed.name].combine_chunks().cast(made.array.type).filter(sure)
        assert made.array.filter(sure).to_pylist() == expected.to_pylist(), typed.column


@pytest.mark.parametrize("code", sorted(load().tables)[::9])
def test_looks_of_shipped_tables(code):
    catalogue = load()
    table = catalogue.tables[code]
    mixed = random.Random(code)  # noqa: S311 - test data
    rows = [{column.name: text for column in table.columns} for text in AWKWARD]
    rows += [{c.name: mixed.choice(AWKWARD) for c in table.columns} for _ in range(150)]
    agree(*looked(table, catalogue, rows))


def _column(type_, **more):
    return {"name": "c", "zh": "c", "en": "c", "type": type_, **more}


@pytest.mark.parametrize("type_", [kind.value for kind in Type])
def test_looks_of_each_type_over_made_up_texts(type_, one_table):
    more = {"decimal": {"precision": 8, "scale": 3, "minimum": "-2.5", "maximum": "900.001"}}.get(
        type_, {}
    )
    table, catalogue = one_table([_column(type_, **more)])

    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(
            st.one_of(
                st.sampled_from(AWKWARD),
                st.text(max_size=20).filter(bool),
                st.from_regex(r"-?[0-9]{1,9}(\.[0-9]{0,4})?", fullmatch=True),
                st.dates().map(str),
            ),
            min_size=1,
            max_size=30,
        )
    )
    def check(texts):
        texts = [
            (text and text.replace("\0", " ").encode(errors="ignore").decode()) or None
            for text in texts
        ]
        agree(*looked(table, catalogue, [{"c": text} for text in texts]))

    check()


@pytest.mark.parametrize(
    "pattern",
    [
        "V[0-9]{12}",
        r"[A-Z][0-9]{2}(\.[0-9]{1,3})?",
        "(ab|c[de])f?",
        "a*",
        "[0-9A-Z-]{9,22}",
        "[^a]b",
        "x{60}",
        "(a|b)(c|d)(e|f)",
    ],
)
def test_shapes_match_what_the_pattern_matches(pattern):
    texts = ["V123456789012", "V12345678901", "J18", "J18.1", "J18.", "abf", "ab", "cdf", "ce", "aaa", "a", "91350100M000100Y43",
             "cb", "ab\n", "b", "x" * 60, "ace", "bdf", "bd", "é", "中文"]  # fmt: skip
    import re

    found = matched(TextColumn(pa.array([*texts, None], pa.string())), pattern)
    expected = [re.fullmatch(pattern, text) is not None for text in texts]
    assert found.tolist() == [*expected, False]
    assert bool(spelled(pattern)) == (pattern not in ("a*", "[^a]b", "x{60}"))
