"""Cells: what stands, when it came, what is due."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrhip.collect.rules import covering
from openrhip.collect.rules.covering import LOADED, REFUSED, Sent
from openrhip.collect.rules.tables import Owner, Period, Table
from openrhip.kernel.errors import Misconfigured
from openrhip.kernel.periods import Month

DAY = date(2020, 11, 5)
END = datetime(2020, 11, 5, 16, tzinfo=UTC)  # midnight in the city


def table_of(period=Period.DAY, **more):
    return Table("T", "表", "t", "", "", "x", "-", frozenset(Owner), period, ("k",), (), **more)


DAILY = table_of()


def sent(at, rows=10, *, name="a", state=LOADED, **more):
    return Sent(name, state, at, received=rows, loaded=rows, **more)


def test_nothing_is_an_empty_cell():
    assert covering.cell([], table=DAILY, day=DAY) == covering.Cell()


def test_the_standing_batch_counts_and_the_first_decides_when_it_came():
    first = sent(END + timedelta(hours=3), 10, name="a")
    second = sent(END + timedelta(days=6), 12, name="b", current=True, quarantined=1, withdrawn=2)
    found = covering.cell([second, first], table=DAILY, day=DAY)
    assert (found.batch, found.rows, found.live, found.quarantined) == ("b", 12, 10, 1)
    assert found.sends == 2
    assert found.late == 180


def test_an_empty_first_batch_does_not_count_as_coming_when_rows_follow():
    empty = sent(END, 0, name="a")
    full = sent(END + timedelta(days=2), 5, name="b", current=True)
    assert covering.cell([empty, full], table=DAILY, day=DAY).late == 2 * 1440
    assert covering.cell([empty], table=DAILY, day=DAY).late == 0


def test_refused_batches_do_not_come():
    found = covering.cell([sent(END, state=REFUSED)], table=DAILY, day=DAY)
    assert not found.came
    assert (found.refused, found.rows, found.sends) == (1, 0, 0)


@given(
    st.lists(
        st.builds(
            Sent,
            id=st.text("abcdef", min_size=4, max_size=4),
            state=st.sampled_from([LOADED, REFUSED]),
            received_at=st.integers(0, 40_000).map(lambda n: END + timedelta(minutes=n)),
            loaded=st.integers(0, 100),
            withdrawn=st.integers(0, 100),
        ),
        max_size=6,
        unique_by=lambda one: one.id,
    ),
    st.randoms(),
)
def test_the_order_in_which_batches_are_read_does_not_matter(batches, random):
    mixed = list(batches)
    random.shuffle(mixed)
    one, other = (covering.cell(b, table=DAILY, day=DAY) for b in (batches, mixed))
    assert one == other
    assert 0 <= one.live <= one.rows
    assert one.sends + one.refused == len(batches)


def test_lateness_of_months_and_registers():
    monthly, register = table_of(Period.MONTH), table_of(Period.SNAPSHOT)
    assert covering.lateness(END, table=monthly, day=date(2020, 11, 1)) == -25 * 1440
    december = datetime(2020, 12, 1, 16, tzinfo=UTC)
    assert covering.lateness(december, table=monthly, day=date(2020, 11, 1)) == 1440
    assert covering.lateness(december, table=register, day=DAY) == 0


def test_limits_take_fractions_of_a_day():
    limits = covering.limits_of("0.5, 1,3")
    assert limits == (Decimal("0.5"), Decimal(1), Decimal(3))
    assert covering.within(720, limits) == (True, True, True)
    assert covering.within(721, limits) == (False, True, True)
    assert covering.within(-5, limits) == (True, True, True)
    assert covering.within(5000, limits) == (False, False, False)


@pytest.mark.parametrize("text", ["", "1", "1,2", "3,2,1", "1,1,2", "a,b,c", "0,1,2", "1,2,nan"])
def test_absurd_limits_are_refused(text):
    with pytest.raises(Misconfigured) as caught:
        covering.limits_of(text)
    assert caught.value.where == "collect_timely_days"


def test_what_is_due():
    tables = [table_of(), table_of(Period.MONTH), table_of(Period.SNAPSHOT)]
    month = Month(2020, 11)
    assert covering.expected(tables, month=month, until=date(2020, 11, 30)) == 32
    assert covering.expected(tables, month=month, until=date(2020, 11, 29)) == 29
    assert covering.expected(tables, month=month, until=date(2020, 10, 31)) == 0


def test_upload_days_are_city_days_of_arrival():
    late_evening = datetime(2020, 11, 5, 15, 59, tzinfo=UTC)
    batches = [
        sent(late_evening, name="a"),
        sent(END, name="b"),
        sent(END + timedelta(days=9), 0, name="c"),
        sent(END + timedelta(days=8), name="d", state=REFUSED),
    ]
    assert covering.arrival_days(batches) == {date(2020, 11, 5), date(2020, 11, 6)}
