"""Clock, periods, money, canonical bytes, errors, configuration."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrhip.kernel import canonical, clock, config, ids, money, periods
from openrhip.kernel.errors import Malformed, Misconfigured, Problem

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def test_frozen_clock_and_city_day():
    # 23:30 in Shanghai on the last day of November is still November; half an hour later it is not.
    at = datetime(2020, 11, 30, 15, 30, tzinfo=UTC)
    with clock.frozen(at):
        assert clock.now() == at
        assert periods.city_day(clock.now()) == date(2020, 11, 30)
    assert periods.city_day(datetime(2020, 11, 30, 16, 0, tzinfo=UTC)) == date(2020, 12, 1)
    assert clock.rfc3339(at) == "2020-11-30T15:30:00.000000Z"


@given(st.integers(1900, 2200), st.integers(1, 12))
def test_month_bounds_are_half_open_and_adjacent(year, month):
    this = periods.Month(year, month)
    start, end = this.bounds()
    assert periods.Month.parse(str(this)) == this == periods.Month.of(start)
    assert this.next().bounds()[0] == end
    assert periods.Month.of(end) == this.next()
    assert len(list(this.days())) == (end - start).days or year < 1992  # Shanghai had summer time


@pytest.mark.parametrize(
    "text", ["2020", "2020-13", "2020-00", "20-11", "2020-1", "２０２０-11", "", "x" * 99]
)
def test_bad_months_are_named(text):
    with pytest.raises(Malformed):
        periods.Month.parse(text)


@given(st.integers(-(10**15), 10**15))
def test_money_round_trip(amount):
    assert money.fen(money.yuan(amount)) == amount


@pytest.mark.parametrize("text", ["1.005", "NaN", "Infinity", "1e99", "一元", ""])
def test_bad_money_is_named(text):
    with pytest.raises(Malformed):
        money.fen(text)


def test_money_keeps_two_decimals():
    assert money.yuan(5) == Decimal("0.05")
    assert money.fen("291780608.74") == 29178060874


@given(JSON)
def test_canonical_bytes_read_back(value):
    data = canonical.canonical_json(value)
    assert canonical.parse_json(data) == value
    assert canonical.canonical_json(json.loads(data)) == data


def test_canonical_order_is_by_utf16_units():
    # RFC 8785 section 3.2.3: U+1F600 sorts before U+FB33 because its first UTF-16 unit is smaller.
    assert (
        canonical.canonical_json({"\ufb33": 1, "\U0001f600": 2})
        == '{"\U0001f600":2,"\ufb33":1}'.encode()
    )


@pytest.mark.parametrize("value", [1.5, {"a": [2.0]}, object(), {1: "a"}, 2**60, b"x"])
def test_no_canonical_form(value):
    with pytest.raises(Malformed):
        canonical.canonical_json(value)


@pytest.mark.parametrize(
    "data", [b'{"a":1,"a":2}', b"NaN", b"[" * 100_000, b"\xff", b'"' + b"x" * (1 << 20) + b'"', b""]
)
def test_hostile_json_is_named(data):
    with pytest.raises(Malformed):
        canonical.parse_json(data)


def test_ids_are_opaque_and_distinct():
    made = {ids.new_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(ids.is_id(one) for one in made)
    assert not ids.is_id("../etc/passwd")


def test_problem_says_what_where_and_remedy():
    problem = Malformed("no such day", where="line 3", remedy="use YYYY-MM-DD")
    assert str(problem) == "no such day [line 3] (use YYYY-MM-DD)"
    assert problem.as_dict()["code"] == "malformed"
    assert len({kind.exit_code for kind in Problem.__subclasses__()}) >= 7


def test_configuration_file_and_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENRHIP_LISTEN", raising=False)
    (tmp_path / "openrhip.toml").write_text('listen = "0.0.0.0:80"\ndevelopment = "yes"\n')
    assert config.load(tmp_path)["listen"] == "0.0.0.0:80"
    assert config.load(tmp_path).flag("development")
    monkeypatch.setenv("OPENRHIP_LISTEN", "127.0.0.1:9")
    assert config.load(tmp_path)["listen"] == "127.0.0.1:9"


@pytest.mark.parametrize("text", ["listen =", 'lisen = "x"'])
def test_broken_configuration_is_named(tmp_path, text):
    (tmp_path / "openrhip.toml").write_text(text)
    with pytest.raises(Misconfigured):
        config.load(tmp_path)
