"""A day against the unit's own history."""

from datetime import date, timedelta

import pytest
from feedback_city import TABLES
from hypothesis import given
from hypothesis import strategies as st

from openrhip.collect.rules.changes import Kind, Past, change, modified_z
from openrhip.collect.rules.findings import of_change

DAY = date(2020, 11, 4)  # a Wednesday


def past(rows, *, days=60):
    return [
        Past(DAY - timedelta(days=n), rows(DAY - timedelta(days=n))) for n in range(1, days + 1)
    ]


def steady(day):
    return 1000 + day.day % 7


def weekly(day):
    return 40 if day.weekday() >= 5 else 1000 + day.day


def kind_of(rows, history, **more):
    found = change(day=more.pop("day", DAY), rows=rows, past=history, **more)
    return found and found.kind


def test_an_ordinary_day_is_not_odd():
    assert kind_of(1003, past(steady)) is None
    assert kind_of(1200, past(steady)) is None


def test_rows_suddenly_zero():
    assert kind_of(0, past(steady)) is Kind.ZERO


def test_far_below_and_above():
    assert kind_of(300, past(steady)) is Kind.LOW
    assert kind_of(1900, past(steady)) is Kind.HIGH
    assert kind_of(4000, past(steady)) is Kind.MOST


def test_weekends_are_compared_with_weekends():
    saturday = date(2020, 11, 7)
    history = [
        Past(saturday - timedelta(days=n), weekly(saturday - timedelta(days=n)))
        for n in range(1, 61)
    ]
    assert kind_of(41, history, day=saturday) is None
    assert kind_of(1000, history, day=saturday) is Kind.HIGH
    assert kind_of(42, past(weekly)) is Kind.LOW


def test_a_short_history_says_nothing():
    assert kind_of(0, past(steady, days=13)) is None
    assert kind_of(0, past(steady, days=14)) is Kind.ZERO


def test_tables_that_are_often_empty_may_be_empty():
    assert kind_of(0, past(lambda day: 10 if day.day % 3 else 0)) is None


def test_small_tables_do_not_ring():
    assert kind_of(4, past(lambda day: 1 + day.day % 2)) is None
    assert kind_of(0, past(lambda day: 2)) is None


def test_a_few_odd_days_in_the_history_hide_nothing():
    history = past(lambda day: 1000 if day.day % 9 else 0)
    assert kind_of(0, history) is None or kind_of(300, history) is Kind.LOW


def test_months_are_compared_with_months():
    months = [Past(date(2020, month, 1), 5000 + month) for month in range(5, 11)]
    assert kind_of(0, months, day=date(2020, 11, 1), monthly=True) is Kind.ZERO
    assert kind_of(5100, months, day=date(2020, 11, 1), monthly=True) is None
    assert kind_of(0, months[-3:], day=date(2020, 11, 1), monthly=True) is None


def test_the_future_is_no_history():
    after = [Past(DAY + timedelta(days=n), 1000) for n in range(1, 60)]
    assert kind_of(0, after) is None


@given(st.lists(st.integers(0, 10**6), min_size=14, max_size=60), st.integers(0, 10**7))
def test_whatever_came_there_is_an_answer(rows, now):
    history = [Past(DAY - timedelta(days=n + 1), one) for n, one in enumerate(rows)]
    found = change(day=DAY, rows=now, past=history)
    assert found is None or found.rows == now


@given(st.lists(st.integers(0, 1000), min_size=1), st.integers(0, 1000))
def test_the_distance_has_the_sign_of_the_difference(values, value):
    distance = modified_z(value, values, least=1.0)
    middle = sorted(values)[len(values) // 2] if len(values) % 2 else None
    if middle is not None:
        assert (distance > 0) == (value > middle)


@pytest.mark.parametrize("rows", [0, 300, 1900, 9000])
def test_findings_say_the_figures_and_what_to_do(rows):
    found = of_change(TABLES[0], change(day=DAY, rows=rows, past=past(steady)))
    assert found.rule.startswith("VISIT.change.")
    assert f"{rows:,}" in found.zh
    assert f"{rows:,}" in found.en or "no row" in found.en
    assert found.fix_zh
    assert found.fix_en
    assert "{" not in found.zh + found.en
