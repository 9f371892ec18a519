"""The embedded engine answers every case row for row, however the rows come."""

import pyarrow as pa
import pytest
from merging import apart, merged
from oracle import read

from openrhip.collect.engine import conformance
from openrhip.collect.engine.compiling import compile_rules
from openrhip.collect.engine.facts import Clearing, facts_of
from openrhip.collect.rules.kinds import Kind
from openrhip.collect.rules.tables import Type

CASES = conformance.cases()
WAYS = (("parquet", "utf-8"), ("csv", "utf-8"), ("csv", "gb18030"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize(("form", "encoding"), WAYS, ids=["parquet", "utf-8", "gb18030"])
def test_duckdb_answers_every_case(duckdb, case, form, encoding, tmp_path):
    asked = case if form == "parquet" else conformance.without_nul(case)
    answer = conformance.ask(duckdb, asked, tmp_path, form=form, encoding=encoding)
    assert not conformance.differences(asked, answer.broken)
    assert answer.result.received == len(asked.rows)
    assert answer.result.received == answer.result.loaded + answer.result.quarantined


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_fault_is_cleared_by_a_look_at_a_column_of_one_row(case):
    compiled = compile_rules(case.table, case.catalogue)
    clearing = Clearing(compiled, case.catalogue)
    by_expression = {fault.rule.id for fault in compiled.faults}
    for row, broken in zip(case.rows, case.broken, strict=True):
        raw = pa.table({column.name: [row[column.name]] for column in case.table.columns})
        raw = raw.cast(pa.schema([(name, pa.string()) for name in raw.column_names]))
        facts = {name: facts_of(raw[name]) for name in raw.column_names}
        still_asked = {fault.rule.id for fault in clearing.open_faults(raw, facts)}
        assert broken & by_expression <= still_asked


def test_duckdb_answers_all_cases_in_one_wide_table(duckdb, tmp_path):
    case = merged([each for each in CASES if not apart(each)])
    answer = conformance.ask(duckdb, case, tmp_path, form="parquet")
    assert not conformance.differences(case, answer.broken)


def test_hits_are_counted_and_shown_by_rule(duckdb, tmp_path):
    case = next(case for case in CASES if case.kind is Kind.IDENTITY)
    answer = conformance.ask(duckdb, case, tmp_path, form="parquet")
    (hits,) = answer.result.hits
    lines = [line for line, broken in enumerate(case.broken, 1) if broken]
    assert hits.count == len(lines)
    assert [example.line for example in hits.examples] == lines[:10]
    assert [example.value for example in hits.examples] == [
        case.rows[line - 1]["id"] for line in lines[:10]
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_loaded_values_are_what_their_type_makes_of_them(duckdb, case, tmp_path):
    answer = conformance.ask(duckdb, case, tmp_path, form="parquet")
    check_values(case, answer)


def check_values(case, answer):
    for line, kept in answer.good.items():
        for column in case.table.columns:
            text = case.rows[line - 1][column.name]
            if column.type in (Type.TEXT, Type.CODE) or text is None:
                assert kept[column.name] == text
            elif column.type is Type.TIME:
                assert kept[column.name] == read(text, column).isoformat()
            else:
                assert kept[column.name] == read(text, column)
