"""Coverage of a month: computed from what was received, kept with each batch, rebuildable."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from feedback_city import DAY, city_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openrhip.collect import models, service
from openrhip.collect.rules.tables import Owner
from openrhip.collect.service import following
from openrhip.kernel import clock
from openrhip.kernel.config import Config
from openrhip.kernel.database import writing
from openrhip.kernel.errors import NotFound
from openrhip.kernel.periods import Month

NOVEMBER = Month(2020, 11)
KEPT = (models.CoverageCell, models.CoverageMonth, models.CoverageDay, models.UploadDay)


def kept():
    """Every kept row without its number; sums that are all nothing are no rows."""
    found = []
    for model in KEPT:
        for row in model.objects.values():
            row.pop("id")
            figures = [value for name, value in row.items() if isinstance(value, int)]
            if model is models.UploadDay or any(figures) or row.get("came"):
                found.append((model.__name__, sorted(row.items(), key=lambda pair: pair[0])))
    return sorted(found, key=str)


def line(unit="H1", month=NOVEMBER):
    return service.coverage_of(month).line(unit)


def test_a_month_is_counted_from_what_came(city):
    for number in range(1, 31):
        day = date(2020, 11, number)
        city.send("H1", "VISIT", day, 100, bad=2, marked=3)
        city.send("H1", "DISCHARGE", day, 5, withdrawn=1)
    city.send("H1", "STAFF", date(2020, 11, 1), 40, at=-5)
    found = line()
    assert (found.uploaded, found.with_rows, found.owed, found.declared) == (3, 3, 6, None)
    assert (found.rows, found.quarantined, found.marked) == (30 * 105 + 40, 60, 90)
    assert found.received == found.rows + found.quarantined
    assert (found.visits, found.discharges) == (3000, 30 * 4)
    assert (found.upload_days, found.data_days) == (31, 30)
    assert found.charges == 0
    assert found.last_day == date(2020, 12, 1)


def test_the_units_own_month_and_the_whole_citys_agree(city):
    city.send("H1", rows=7)
    city.send("D1", rows=9)
    whole, one = service.coverage_of(NOVEMBER), service.coverage_of(NOVEMBER, unit="H1")
    assert one.lines == (whole.line("H1"),)
    assert one.days["H1"] == whole.days["H1"]
    assert one.tables["H1"] == whole.tables["H1"]
    districts = service.coverage_of(NOVEMBER, owner=Owner.DISTRICT)
    assert [each.unit for each in districts.lines] == ["D1"]
    assert whole.rows == 16
    with pytest.raises(NotFound):
        service.coverage_of(NOVEMBER, unit="X9")


def test_a_batch_that_replaces_counts_instead_of_the_first_and_is_not_later(city):
    city.send(rows=100, bad=4, at=1)
    city.send(rows=104, at=240)
    found = line()
    assert (found.rows, found.quarantined, found.received) == (104, 0, 104)
    assert found.timely == (1, 1, 1)
    assert found.upload_days == 2


def test_what_was_refused_did_not_come(city):
    city.send(rows=90, bad=40, refused={"code": "tolerance", "zh": "超出", "en": "over"})
    found = line()
    assert (found.uploaded, found.rows, found.refused, found.upload_days) == (0, 0, 1, 0)
    city.send(rows=130, at=30)
    assert (line().uploaded, line().rows, line().refused) == (1, 130, 1)


def test_empty_batches_are_tables_uploaded_without_rows_and_days(city):
    # As a district of the golden month: 29 tables, 0 rows, 0 days.
    for table in ("VISIT", "DISCHARGE", "CHARGE"):
        city.send("D1", table, rows=0)
    found = line("D1")
    assert (found.uploaded, found.rows, found.upload_days, found.data_days) == (3, 0, 0, 0)
    assert found.empty == ("CHARGE", "DISCHARGE", "VISIT")


def test_declared_tables_are_what_a_unit_is_judged_by(city):
    with clock.frozen(city_time(date(2020, 10, 20))):
        service.declare(unit="H1", tables=["VISIT", "CHARGE"], by="S1")
    for number in range(1, 31):
        city.send("H1", "VISIT", date(2020, 11, number), 3)
        city.send("H1", "DISCHARGE", date(2020, 11, number), 1)
    found = line()
    assert (found.declared, found.expected, found.actual) == (2, 60, 30)
    assert found.scores.completeness == Decimal("0.5")
    assert found.not_sent == ("CHARGE",)
    assert found.not_declared == ("DISCHARGE",)


def test_declarations_are_those_of_the_months_end_or_the_first_after(city):
    with clock.frozen(city_time(date(2020, 12, 5))):
        service.declare(unit="H1", tables=["VISIT", "CHARGE", "STAFF"], by="S1")
    assert line().declared == 3
    with clock.frozen(city_time(date(2020, 12, 6))):
        service.declare(unit="H1", tables=["VISIT"], by="S1")
        assert line(month=Month(2020, 12)).declared == 1
    assert line().declared == 3
    with clock.frozen(city_time(date(2020, 12, 7))):
        service.declare(unit="H1", tables=[], by="S1")
        assert line(month=Month(2020, 12)).declared == 0
    assert line("H2").declared is None


def test_timeliness_is_counted_from_the_end_of_the_day_in_fractions(city, monkeypatch):
    for number, hours in enumerate((-3, 11.9, 12.1, 24, 24.1, 72, 73, 169), 1):
        city.send("H1", "VISIT", date(2020, 11, number), 1, at=hours)
    assert line().timely == (4, 6, 7)
    finer = Config(
        home=city.home,
        values={**_values(), "collect_timely_days": "0.5,1,3"},
    )
    monkeypatch.setattr("openrhip.kernel.config.current", lambda: finer)
    service.rebuild_coverage()
    assert line().timely == (2, 4, 6)


def _values():
    from openrhip.kernel.config import SETTINGS

    return {setting.name: setting.default for setting in SETTINGS}


def test_a_running_month_expects_only_the_days_that_are_over(city):
    with clock.frozen(city_time(date(2020, 11, 11), 9)):
        for number in range(1, 12):
            city.send("H1", "VISIT", date(2020, 11, number), 1, at=-20)
        found = service.coverage_of(NOVEMBER)
        assert found.until == date(2020, 11, 10)
        # Four daily tables on ten days; the month's and the registers are not yet due.
        assert found.line("H1").expected == 40
        assert found.line("H1").actual == 10
        assert found.days["H1"][9].expected == 4
        assert found.days["H1"][10].expected == 0
        assert found.days["H1"][10].tables == 1


def test_heat_maps(city):
    city.send("H1", "VISIT", DAY, 10, bad=1)
    city.send("H1", "CHARGE", DAY, 4, at=50)
    city.send("H1", "REPORT", date(2020, 11, 1), 3)
    found = service.coverage_of(NOVEMBER, unit="H1")
    day = found.days["H1"][4]
    assert (day.day, day.tables, day.expected) == (DAY, 2, 4)
    assert (day.rows, day.quarantined, day.timely) == (14, 1, 1)
    cells = {cell.table: cell for cell in found.tables["H1"]}
    assert set(cells) == {"VISIT", "DISCHARGE", "CHARGE", "CHARGE_ITEM", "REPORT", "STAFF"}
    assert (cells["REPORT"].days, cells["REPORT"].expected, cells["REPORT"].rows) == (1, 1, 3)
    assert (cells["VISIT"].days, cells["VISIT"].expected, cells["VISIT"].last) == (1, 30, DAY)
    # Days of the month are those of daily tables only.
    assert found.days["H1"][0].tables == 0


def test_who_is_silent(city):
    for number in range(1, 31):
        day = date(2020, 11, number)
        city.send("H1", "VISIT", day, 10)
        if number <= 20:
            city.send("H1", "CHARGE", day, 10)
        city.send("H2", "VISIT", date(2020, 10, number), 10)
    silent = {(one.unit, one.table): one for one in service.coverage_of(NOVEMBER).silent}
    assert set(silent) == {("H1", "CHARGE"), ("H2", ""), ("D1", "")}
    assert silent["H1", "CHARGE"].since == date(2020, 11, 20)
    assert silent["H1", "CHARGE"].days == 10
    assert silent["H2", ""].since == date(2020, 10, 30)
    assert silent["D1", ""].since is None


BATCHES = st.lists(
    st.tuples(
        st.sampled_from(["H1", "D1"]),
        st.sampled_from(["VISIT", "REPORT", "STAFF"]),
        st.integers(0, 40),
        st.integers(0, 5),
        st.integers(0, 3),
        st.integers(-30, 300),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(BATCHES)
def test_what_is_kept_equals_what_is_recounted(city, batches):
    for model in (models.Report, models.Fault, models.DayCheck, models.Batch, *KEPT):
        model.objects.all().delete()
    for unit, table, offset, rows, bad, hours, loaded in batches:
        day = date(2020, 10, 25) + timedelta(days=offset)
        trouble = None if loaded else {"code": "tolerance", "zh": "超", "en": "over"}
        city.send(unit, table, day, rows, bad=bad, at=hours, refused=trouble, marked=min(bad, rows))
    before = kept()
    service.rebuild_coverage()
    assert kept() == before
    months = [service.coverage_of(Month(2020, month)) for month in (10, 11, 12)]
    standing = models.Batch.objects.filter(current=True)
    assert sum(month.rows for month in months) == sum(row.loaded for row in standing)
    for month in months:
        for one in month.lines:
            assert one.received == one.rows + one.quarantined
            assert 0 <= one.actual <= one.expected
            assert list(one.timely) == sorted(one.timely)
            assert one.timely[-1] <= one.actual


def test_noting_a_batch_twice_changes_nothing(city):
    city.send(rows=10, bad=1, hits={"VISIT.no.required": 1})
    before = kept(), list(models.Fault.objects.values())
    with writing():
        following.follow([("H1", "VISIT", DAY)] * 2)
    assert (kept(), list(models.Fault.objects.values())) == before


def test_rebuilding_one_unit_leaves_the_others(city):
    city.send("H1", rows=4)
    city.send("H2", rows=5)
    models.CoverageCell.objects.update(rows=99)
    models.CoverageMonth.objects.update(rows=99)
    assert service.rebuild_coverage(unit="H1") == 1
    assert (line("H1").rows, line("H2").rows) == (4, 99)


def test_a_table_that_left_the_catalogue_is_not_counted(city):
    batch = city.send(rows=4, follow=False)
    models.Batch.objects.filter(id=batch).update(table="GONE")
    with writing():
        following.follow([("H1", "GONE", DAY)])
    assert service.rebuild_coverage() == 0
    assert line().rows == 0


def test_arrivals_late_in_the_evening_are_of_the_citys_day(city):
    evening = datetime(2020, 11, 6, 15, 59, tzinfo=UTC)
    city.send("H1", "VISIT", DAY, 3, at=evening)
    city.send("H1", "CHARGE", DAY, 3, at=evening + timedelta(minutes=1))
    assert line().upload_days == 2
