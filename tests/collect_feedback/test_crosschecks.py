"""Totals across the tables of a day, and rows amended on other days: read from the lake."""

from datetime import timedelta
from decimal import Decimal

import pytest
from feedback_city import DAY

from openrhip.collect import models, service
from openrhip.collect.service import crosschecks
from openrhip.kernel import clock
from openrhip.kernel.periods import Month

NOVEMBER = Month(2020, 11)
NEXT = DAY + timedelta(days=1)


def charge(no, amount, **more):
    return {"no": no, "amount": Decimal(amount), **more}


def item(no, note, amount, **more):
    return {"no": no, "note": note, "amount": Decimal(amount), **more}


def visits(month=NOVEMBER):
    return service.coverage_of(month).line("H1").visits


def test_totals_are_compared_once_both_tables_are_there(city):
    city.load(charge("a", "10.00"), charge("b", "5.00"), table="CHARGE")
    assert service.check_days() == 1
    assert not service.list_faults()
    city.load(
        item("a", "x", "4.00"), item("a", "y", "6.00"), item("b", "x", "4.50"), table="CHARGE_ITEM"
    )
    assert service.check_days() == 1
    (found,) = service.list_faults()
    assert (found.rule, found.table, found.count) == ("CHARGE.items_add_up", "CHARGE", 1)
    assert "第2行" in found.zh
    assert found.fix_zh == "核对收费明细"


def test_a_cent_of_rounding_passes(city):
    city.load(charge("a", "10.00"), table="CHARGE")
    city.load(item("a", "x", "9.99"), table="CHARGE_ITEM")
    assert service.check_days() == 1
    assert not service.list_faults()


def test_mending_either_table_closes_the_finding(city):
    city.load(charge("a", "10.00"), table="CHARGE")
    city.load(item("a", "x", "4.00"), table="CHARGE_ITEM")
    service.check_days()
    assert len(service.list_faults()) == 1
    city.load(item("a", "x", "10.00"), table="CHARGE_ITEM", at=30)
    assert len(service.list_faults()) == 1
    service.check_days()
    assert not service.list_faults()
    # A batch of the table itself does not close it before it was looked at.
    city.load(charge("a", "11.00"), table="CHARGE", at=40)
    service.check_days()
    city.load(charge("a", "12.00"), table="CHARGE", at=50)
    assert len(service.list_faults()) == 1


def test_withdrawn_rows_count_on_neither_side(city):
    city.load(charge("a", "10.00"), charge("b", "3.00", amend_flag="3"), table="CHARGE")
    city.load(item("a", "x", "10.00"), item("a", "y", "1.00", amend_flag="3"), table="CHARGE_ITEM")
    service.check_days()
    assert not service.list_faults()


def test_a_total_without_parts_is_wrong_and_parts_of_other_units_are_not_ours(city):
    city.load(charge("a", "10.00"), table="CHARGE")
    city.load(table="CHARGE_ITEM")
    city.load(item("a", "x", "10.00"), table="CHARGE_ITEM", unit="H2")
    service.check_days()
    assert [(one.unit, one.count) for one in service.list_faults()] == [("H1", 1)]


def test_nobody_is_asked_twice_and_a_late_answer_is_not_kept(city, monkeypatch):
    city.load(charge("a", "10.00"), table="CHARGE")
    city.load(item("a", "x", "4.00"), table="CHARGE_ITEM")
    assert models.DayCheck.objects.count() == 1
    real = crosschecks.compare_totals

    def meanwhile(*args):
        found = real(*args)
        with clock.frozen(clock.now() + timedelta(minutes=1)):
            city.load(item("a", "x", "10.00"), table="CHARGE_ITEM", at=99)
        return found

    monkeypatch.setattr(crosschecks, "compare_totals", meanwhile)
    assert service.check_days() == 0
    assert not service.list_faults()
    monkeypatch.setattr(crosschecks, "compare_totals", real)
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        assert service.check_days() == 1
    assert not service.list_faults()


def test_a_check_that_fails_waits_and_keeps_nobody_waiting(city, monkeypatch):
    city.load(charge("a", "10.00"), table="CHARGE")
    city.load(charge("a", "10.00"), table="CHARGE", unit="H2")
    for unit in ("H1", "H2"):
        city.load(item("a", "x", "4.00"), table="CHARGE_ITEM", unit=unit)
    real = crosschecks._wrong_totals

    def broken(key, *rest):
        if key[0] == "H1":
            raise OSError("disk")
        return real(key, *rest)

    monkeypatch.setattr(crosschecks, "_wrong_totals", broken)
    assert service.check_days() == 1
    assert [one.unit for one in service.list_faults()] == ["H2"]
    assert service.check_days() == 0
    monkeypatch.setattr(crosschecks, "_wrong_totals", real)
    with clock.frozen(clock.now() + timedelta(hours=2)):
        assert service.check_days() == 1
    assert len(service.list_faults()) == 2


def test_rows_amended_or_withdrawn_on_a_later_day_count_once(city):
    city.load({"no": "a"}, {"no": "b"}, {"no": "c"})
    assert service.check_days() == 0
    assert visits() == 3
    city.load({"no": "a", "amend_flag": "2"}, {"no": "b", "amend_flag": "3"}, {"no": "d"}, day=NEXT)
    assert visits() == 5
    assert service.check_days() == 1
    assert visits() == 3  # a as amended, c, d
    assert service.coverage_of(NOVEMBER).line("H1").rows == 6


def test_sending_the_first_day_again_asks_again(city):
    city.load({"no": "a"}, {"no": "b"})
    city.load({"no": "a", "amend_flag": "2"}, day=NEXT)
    service.check_days()
    assert visits() == 2
    city.load({"no": "a"}, {"no": "b"}, {"no": "c"}, at=90)
    assert service.check_days() == 1
    assert visits() == 3
    # The amending day without its amendment: all rows of the first day count again.
    city.load(day=NEXT, at=120)
    assert service.check_days() == 1
    assert visits() == 3
    assert not models.CoverageCell.objects.filter(superseded__gt=0)


def test_rebuilding_asks_for_what_only_the_lake_knows(city):
    city.load({"no": "a"}, {"no": "b"})
    city.load({"no": "a", "amend_flag": "2"}, day=NEXT)
    service.check_days()
    service.rebuild_coverage()
    assert visits() == 3
    assert models.DayCheck.objects.get().day == NEXT
    assert service.check_days() == 1
    assert visits() == 2


@pytest.mark.parametrize("table", ["REPORT", "STAFF"])
def test_tables_that_count_nothing_are_not_asked_about(city, table):
    city.load({"no": "a", "amend_flag": "2"}, table=table, day=DAY.replace(day=1))
    assert not models.DayCheck.objects.exists()
