"""What the pages of collection compute: cells of heat maps, months, charts, words, filters."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.test import RequestFactory
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from openrhip.collect.pages import charts, heat, places, present, words
from openrhip.collect.pages.catalogue import file_of
from openrhip.collect.rules.lines import Coverage, DayCell, Line, TableCell
from openrhip.collect.rules.states import State
from openrhip.collect.rules.tables import Catalogue, Owner, Period, Table
from openrhip.collect.service import TableDay, doors
from openrhip.kernel import clock
from openrhip.kernel.errors import NotFound
from openrhip.kernel.periods import Month

MONTH = Month(2026, 11)
UNTIL = date(2026, 11, 20)
LINE = Line("H1", "第一示范医院", Owner.HOSPITAL, 1, 2, 1, 10, 1, 0, 0)


def a_table(code, period=Period.DAY):
    return Table(
        code=code,
        zh=f"{code}表",
        en=code.lower(),
        purpose_zh="",
        purpose_en="",
        domain="outpatient",
        source="",
        owed_by=frozenset(Owner),
        period=period,
        key=("no",),
        columns=(),
    )


CATALOGUE = Catalogue({code: a_table(code) for code in ("SENT", "OWED")})


def coverage(**cells):
    tables = tuple(
        TableCell(code, declared, True, days, 20, 0, 0, None)
        for code, (declared, days) in cells.items()
    )
    return Coverage(MONTH, UNTIL, (Decimal(1),), (LINE,), {}, {"H1": tables})


@given(st.integers(0, 500), st.integers(1, 500))
def test_a_share_is_whole_only_if_it_is_whole(came, expected):
    kind, text = heat.share_cell(came, expected)
    assert (text == "✓") == (kind == "full") == (came >= expected)
    assert (text == "0") == (kind == "zero") == (came == 0)
    if kind in ("most", "some", "few"):
        assert int(text) <= came * 100 / expected or text == "1"
        low, high = {"most": (90, 99), "some": (50, 89), "few": (1, 49)}[kind]
        assert low <= int(text) <= high


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (None, ("zero", "–")),
        ({"came": False, "refused": 2}, ("zero", "✗")),
        ({"came": True, "rows": 9, "late": 200}, ("full", "✓")),
        ({"came": True, "rows": 9, "late": 1441}, ("most", "+2")),
        ({"came": True, "rows": 9, "late": 1440}, ("full", "✓")),
        ({"came": True, "rows": 0}, ("few", "0")),
        ({"came": True, "rows": 9, "quarantined": 1, "late": 9000}, ("some", "!")),
    ],
)
def test_a_cell_of_a_units_map(cell, shown):
    day = date(2026, 11, 3)
    none = {"rows": 0, "quarantined": 0, "sends": 1, "refused": 0, "late": 0}
    cells = [TableDay("SENT", day, **none | cell)] if cell else []
    found = heat.tables_by_day(
        coverage(SENT=(True, 1)), LINE, cells, CATALOGUE, places.Place("H1", "")
    )
    (row,) = found.groups[0].rows
    assert row.cells[2] == shown
    assert row.cells[20] == heat.NOT_DUE  # the day after the last that is due
    assert len(row.cells) == len(found.heads) == 30


def test_a_unit_is_shown_what_it_is_judged_by():
    cells = {"SENT": (True, 5), "OWED": (False, 0)}
    place = places.Place("H1", "")

    def codes(line):
        found = heat.tables_by_day(coverage(**cells), line, [], CATALOGUE, place)
        return [row.text for group in found.groups for row in group.rows]

    assert codes(LINE) == ["SENT表"]
    # a unit that never declared anything is judged by what it owes
    assert codes(replace(LINE, declared=None)) == ["OWED表", "SENT表"]


def test_days_before_they_are_due_are_not_red():
    day = date(2026, 11, 21)
    cells = {"H1": tuple(DayCell(one, 0, 3 if one < day else 0, 0, 0, 0) for one in MONTH.days())}
    found = Coverage(MONTH, date(2026, 11, 20), (), (LINE,), cells, {})
    (group,) = heat.units_by_day(found, places.CONSOLE).groups
    kinds = [kind for kind, _text in group.rows[0].cells]
    assert kinds == ["zero"] * 20 + [""] * 10


@pytest.mark.parametrize("text", ["", "2026-13", "2026-1", "november", "0000-00", "２０２６-11"])
def test_nonsense_for_a_month_is_this_month(text):
    request = RequestFactory().get("/", {"month": text})
    with clock.frozen(datetime(2026, 10, 31, 17, tzinfo=UTC)):  # 1 November in the city
        assert places.month_of(request) == MONTH
    with pytest.raises(NotFound):
        places.asked_month(text)


def test_months_to_choose_from(monkeypatch):
    monkeypatch.setattr(places.collect, "first_month", lambda: Month(2026, 9))
    with clock.frozen(datetime(2026, 11, 5, tzinfo=UTC)):
        found = places.chooser(Month(2026, 10))
        oldest = places.chooser(Month(2026, 9))
        before = places.chooser(Month(2025, 12))
    assert [value for value, _ in found.months] == ["2026-11", "2026-10", "2026-09"]
    assert (found.before, found.after) == ("?month=2026-09", "?month=2026-11")
    assert oldest.before == ""
    assert ("2025-12", "2025年12月") in before.months


def test_a_desk_links_to_itself_only():
    desk, console = places.Place("H1", "一院"), places.CONSOLE
    assert desk.owns("H1")
    assert not desk.owns("H2")
    assert console.owns("H2")
    assert desk.batches(unit="H2", table="T") == "/unit/batches/?table=T"
    assert console.batches(unit="H2", day=None) == "/console/collection/batches/?unit=H2"
    assert desk.home("H2", MONTH) == "/unit/2026-11/"
    assert desk.rule("H2", "T.a.form") == "/unit/faults/T.a.form/"


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "—"), ("1", "100%"), ("0.99999", "99.9%"), ("0.5", "50%"), ("0", "0%")],
)
def test_percent_never_rounds_up(share, text):
    assert words.percent(Decimal(share) if share else None) == text


def test_numbers_of_an_axis_are_short():
    assert [charts.short(one) for one in (0, 950, 20_000, 4_600_000, 8_190_000_000)] == [
        "0", "950", "2万", "460万", "81.9亿",
    ]  # fmt: skip
    with translation.override("en"):
        assert [charts.short(one) for one in (950, 20_000, 4_600_000)] == ["950", "20k", "4.6M"]


def test_bars_have_one_scale_and_nothing_is_invisible():
    chart = charts.lying([("甲", (1_000_000, 0, 1)), ("乙", (500_000, 10, 0))])
    first, second = chart.groups
    assert first.bars[0].width == pytest.approx(2 * second.bars[0].width, abs=0.2)
    assert first.bars[0].width <= chart.width - chart.left
    assert first.bars[1].width == 0
    assert first.bars[2].width > 0


def test_every_state_role_and_period_has_words():
    for state in State:
        assert words.state_text(state) != state
    for period in Period:
        assert words.period_text(period)


def test_domains_and_value_sets_of_the_catalogue_are_known_to_the_pages():
    known = doors.catalogue()
    assert {table.domain for table in known.tables.values()} <= set(words.DOMAINS)
    files = [file_of(key) for key in known.values]
    assert len(files) == len(set(files))
    assert not [name for name in files if "/" in name]


def test_a_remedy_in_two_languages_is_told_in_one():
    assert present._own_language("改正后重发 / send again") == "改正后重发"
    with translation.override("en"):
        assert present._own_language("改正后重发 / send again") == "send again"
    assert present._own_language("only one") == "only one"
