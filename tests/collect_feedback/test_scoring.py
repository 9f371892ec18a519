"""Rates and scores: bounds, monotony, honest rounding."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from openrhip.collect.rules.scoring import Counts, percent, rate, scores, total

NUMBERS = st.integers(0, 10**9)


@st.composite
def counts(draw):
    expected = draw(st.integers(0, 5_000))
    actual = draw(st.integers(0, expected))
    timely = sorted(draw(st.tuples(*[st.integers(0, actual)] * 3)))
    received = draw(st.integers(0, 10**6))
    return Counts(
        expected=expected,
        actual=actual,
        timely=tuple(timely),
        received=received,
        loaded=draw(st.integers(0, received)),
        doubtful=draw(st.integers(0, actual)),
    )


def every(found):
    single = (found.completeness, found.correctness, found.consistency, found.overall)
    return [*single, *found.timeliness]


@given(counts())
def test_scores_lie_between_0_and_1(given_counts):
    for one in every(scores(given_counts)):
        assert one is None or 0 <= one <= 1


@given(counts())
def test_later_limits_never_have_less_in_time(given_counts):
    found = [one for one in scores(given_counts).timeliness if one is not None]
    assert found == sorted(found)
    if found:
        assert scores(given_counts).completeness >= found[-1]


@given(counts(), st.integers(1, 50))
def test_what_comes_more_never_lowers_a_score(before, more):
    room = min(more, before.expected - before.actual)
    after = Counts(
        before.expected,
        before.actual + room,
        before.timely,
        before.received,
        before.loaded,
        before.doubtful,
    )
    assert scores(after).completeness == rate(after.actual, after.expected)
    if before.expected:
        assert scores(after).overall >= scores(before).overall


@given(counts(), st.integers(1, 1000))
def test_what_comes_earlier_or_mended_never_lowers_a_score(before, better):
    timely = tuple(min(before.actual, one + better) for one in before.timely)
    after = Counts(
        before.expected,
        before.actual,
        timely,
        before.received,
        min(before.received, before.loaded + better),
        max(0, before.doubtful - better),
    )
    if before.expected:
        assert scores(after).overall >= scores(before).overall


@given(st.integers(0, 10**12), st.integers(1, 10**12))
def test_rounding_never_makes_a_whole_of_what_is_not(actual, expected):
    found = rate(actual, expected)
    assert (found == 1) == (actual >= expected)
    assert (found == 0) == (actual == 0)


def test_nothing_due_is_no_rate():
    assert rate(0, 0) is None
    assert rate(5, 0) is None
    found = scores(Counts(0, 0, (0, 0, 0), 0, 0))
    assert every(found) == [None] * 7
    assert percent(None) == "—"


def test_a_unit_that_sends_nothing_scores_nothing():
    assert scores(Counts(100, 0, (0, 0, 0), 0, 0)).overall == 0


def test_empty_batches_alone_show_nothing_to_be_right():
    # 29 tables every day, on time, and not one row: complete, yet far from a good score.
    found = scores(Counts(870, 870, (870, 870, 870), 0, 0))
    assert found.completeness == 1
    assert found.correctness is None
    assert found.overall == Decimal("0.7")


def test_the_overall_score_is_the_weighted_mean():
    found = scores(Counts(100, 90, (80, 85, 90), 1000, 950, 9))
    assert found.completeness == Decimal("0.9")
    assert found.timeliness == (Decimal("0.8"), Decimal("0.85"), Decimal("0.9"))
    assert found.consistency == Decimal("0.9")
    # 0.4 · 0.9 + 0.2 · 0.8 + 0.3 · 0.95 + 0.1 · 0.9
    assert found.overall == Decimal("0.895")
    assert percent(found.overall) == "89.50%"


@given(st.lists(counts(), max_size=5))
def test_the_whole_is_the_sum_of_its_parts(parts):
    whole = total(parts)
    assert whole.expected == sum(one.expected for one in parts)
    assert whole.loaded == sum(one.loaded for one in parts)
    assert all(one is None or 0 <= one <= 1 for one in every(scores(whole)))
