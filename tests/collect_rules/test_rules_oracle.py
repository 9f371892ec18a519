"""The cases are what they claim to be, and the oracle agrees with whoever wrote them by hand."""

import pytest
from oracle import Asked, broken

from openrhip.collect.engine import conformance
from openrhip.collect.rules.deriving import row_rules
from openrhip.collect.rules.kinds import ROW_KINDS

CASES = conformance.cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_oracle_agrees_with_the_cases(case):
    asked = Asked(
        case.catalogue, case.table, case.rows, case.day, case.today, case.stored, case.known
    )
    assert not conformance.differences(case, broken(asked))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_names_rules_that_exist(case):
    ids = {rule.id for rule in row_rules(case.table)}
    assert frozenset().union(*case.broken) <= ids


@pytest.mark.parametrize("kind", ROW_KINDS)
def test_every_kind_of_rule_has_a_case_with_rows_that_pass_and_rows_that_break_it(kind):
    mine = [case for case in CASES if case.kind is kind]
    ids = {rule.id for case in mine for rule in row_rules(case.table) if rule.kind is kind}
    rows = [each for case in mine for each in case.broken]
    assert any(each & ids for each in rows)
    assert any(not each & ids for each in rows)
