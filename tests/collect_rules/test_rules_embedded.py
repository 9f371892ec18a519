"""The embedded engine answers every case row for row, however the rows come."""

from dataclasses import replace

import pytest
from keeping import check_values
from merging import apart, merged

from openrhip.collect.engine import conformance
from openrhip.collect.rules.kinds import Kind

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


ALONE = [case for case in CASES if case.kind not in (Kind.UNIQUE, Kind.UNIQUE_STORE)]


@pytest.mark.parametrize("case", ALONE, ids=lambda case: case.name)
def test_duckdb_answers_every_row_alone(duckdb, case, tmp_path):
    """An engine that clears whole columns at a look has nothing to hide a fault behind."""
    for at, (row, broken) in enumerate(zip(case.rows, case.broken, strict=True)):
        folder = tmp_path / str(at)
        folder.mkdir()
        alone = replace(case, rows=(row,), broken=(broken,))
        answer = conformance.ask(duckdb, alone, folder, form="parquet")
        assert not conformance.differences(alone, answer.broken)


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
