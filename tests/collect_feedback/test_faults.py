"""Faults: opened by the batch that breaks a rule, closed by the one that mends it."""

from datetime import date, timedelta

import pytest
from feedback_city import DAY, city_time

from openrhip.collect import models, service
from openrhip.collect.rules.kinds import Level
from openrhip.collect.rules.tables import Severity
from openrhip.collect.service import faults
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed, NotFound, Refused
from openrhip.kernel.periods import Month

REQUIRED, FORM = "VISIT.no.required", "VISIT.amount.form"
REFUSED = {"code": "tolerance", "zh": "有错误的行超过容许比例", "en": "too many rows at fault"}


def open_rules(**asked):
    return {one.rule: one for one in service.list_faults(**asked)}


def test_a_fault_is_opened_counted_and_closed_by_the_resent_batch(city):
    first = city.send(rows=90, bad=10, hits={REQUIRED: 7, FORM: 5})
    found = open_rules()
    assert {rule: one.count for rule, one in found.items()} == {REQUIRED: 7, FORM: 5}
    assert found[REQUIRED].first_batch == first
    assert found[REQUIRED].zh == "流水号未填写"
    assert found[REQUIRED].fix_en == "fill in number"
    second = city.send(rows=95, bad=5, hits={FORM: 5}, at=80)
    assert set(open_rules()) == {FORM}
    assert open_rules()[FORM].first_batch == first
    assert open_rules()[FORM].last_batch == second
    closed = service.list_faults(closed=True)
    assert [(one.rule, one.closed_by) for one in closed] == [(REQUIRED, second)]
    assert closed[0].days_open == 3
    city.send(rows=100, at=100)
    assert not service.list_faults()


def test_the_age_of_a_fault_is_in_city_days(city):
    city.send(rows=9, bad=1, hits={REQUIRED: 1}, at=2)
    with clock.frozen(city_time(DAY + timedelta(days=11), 23)):
        assert open_rules()[REQUIRED].days_open == 10


def test_a_rule_broken_again_is_a_new_fault(city):
    city.send(rows=9, bad=1, hits={REQUIRED: 1})
    city.send(rows=10, at=30)
    third = city.send(rows=9, bad=1, hits={REQUIRED: 1}, at=60)
    assert open_rules()[REQUIRED].first_batch == third
    assert models.Fault.objects.count() == 2


def test_a_refused_batch_mends_nothing_and_is_a_fault_itself(city):
    city.send(rows=9, bad=1, hits={REQUIRED: 1})
    city.send(rows=1, bad=9, hits={FORM: 9}, refused=REFUSED, at=30)
    found = open_rules()
    assert set(found) == {REQUIRED, FORM, "VISIT.refused"}
    assert found["VISIT.refused"].level is Level.BATCH
    assert REFUSED["zh"] in found["VISIT.refused"].zh
    city.send(rows=10, at=60)
    assert not open_rules()


def test_an_overtaken_batch_says_nothing_about_the_data(city):
    city.send(rows=10, at=30)
    city.send(
        rows=9, bad=1, hits={FORM: 1}, refused={"code": "overtaken", "zh": "", "en": ""}, at=40
    )
    assert not open_rules()


def test_the_batch_signed_last_decides_whatever_arrives_when(city):
    city.send(rows=10, at=60)
    late = city.send(rows=9, bad=1, hits={FORM: 1}, refused=REFUSED, at=30)
    assert not open_rules()
    assert models.Batch.objects.get(id=late).received_at < city_time(DAY + timedelta(days=4))


def test_fewer_rows_than_the_manifest_says(city):
    city.send(rows=10, declared=12)
    (found,) = service.list_faults()
    assert (found.rule, found.severity) == ("VISIT.count", Severity.WARNING)
    assert "12" in found.zh
    city.send(rows=12, at=30)
    assert not service.list_faults()


def fill(city, *, rows=1000, days=30):
    for n in range(days, 0, -1):
        city.send(day=DAY - timedelta(days=n), rows=rows + n % 7)


def test_rows_suddenly_zero_are_found_against_the_units_own_history(city):
    fill(city)
    city.send(rows=0)
    (found,) = service.list_faults()
    assert (found.rule, found.level) == ("VISIT.change.zero", Level.HISTORY)
    assert "1,003" in found.en
    city.send(rows=1005, at=50)
    assert not service.list_faults()
    city.send(unit="H2", rows=0)
    assert not service.list_faults()


def test_a_finding_lowers_consistency_until_it_is_confirmed(city):
    fill(city, days=20)
    city.send(rows=0)
    month = Month(2020, 11)
    before = service.coverage_of(month).line("H1")
    assert before.doubtful == 1
    assert before.open_faults == 1
    (found,) = service.list_faults()
    service.confirm_fault(fault=found.id, by="S1", why="国庆节放假，无门诊")
    after = service.coverage_of(month).line("H1")
    assert (after.doubtful, after.open_faults) == (0, 0)
    assert after.scores.consistency > before.scores.consistency
    (closed,) = service.list_faults(closed=True)
    assert (closed.closed_by, closed.why) == ("S1", "国庆节放假，无门诊")


def test_what_was_confirmed_is_not_opened_again_by_the_same_batch(city):
    from openrhip.collect.service import following
    from openrhip.kernel.database import writing

    fill(city, days=20)
    city.send(rows=0)
    service.confirm_fault(fault=service.list_faults()[0].id, by="S1", why="确无业务")
    with writing():
        following.follow([("H1", "VISIT", DAY)])
    assert not service.list_faults()
    city.send(rows=0, at=99)
    assert len(service.list_faults()) == 1


def test_rows_at_fault_cannot_be_confirmed_away(city):
    city.send(rows=9, bad=1, hits={REQUIRED: 1})
    (found,) = service.list_faults()
    with pytest.raises(Refused):
        service.confirm_fault(fault=found.id, by="S1", why="都对的")
    with pytest.raises(Malformed):
        service.confirm_fault(fault=found.id, by="S1", why=" ")
    with pytest.raises(NotFound):
        service.confirm_fault(fault=found.id + 1, by="S1", why="确无业务")
    assert len(service.list_faults()) == 1


def test_faults_are_listed_by_unit_and_rule(city):
    for n in range(3):
        city.send("H1", day=DAY + timedelta(days=n), rows=8, bad=2, hits={REQUIRED: 2})
    city.send("H2", rows=8, bad=2, hits={FORM: 2})
    city.send("H1", rows=8, declared=9, table="CHARGE")
    groups = service.fault_groups()
    assert [(one.unit, one.rule, one.days, one.rows) for one in groups] == [
        ("H1", REQUIRED, 3, 6),
        ("H1", "CHARGE.count", 1, 1),
        ("H2", FORM, 1, 2),
    ]
    assert groups[0].last_day == DAY + timedelta(days=2)
    assert "9" in groups[1].zh
    assert [one.unit for one in service.fault_groups(unit="H2")] == ["H2"]
    assert not service.fault_groups(month=Month(2020, 10))


def test_faults_of_an_earlier_catalogue_still_say_something(city):
    city.send(rows=8, bad=2, hits={"VISIT.old.rule": 2})
    (found,) = service.list_faults()
    assert found.zh == "采集目录已更新，该规则不再使用"


def test_lists_are_bounded(city):
    with pytest.raises(Malformed):
        service.list_faults(page=0)
    assert faults.MOST == 1000


def test_open_faults_are_counted_by_unit_and_month(city):
    city.send("H1", rows=8, bad=2, hits={REQUIRED: 2, FORM: 1})
    city.send("H1", day=date(2020, 12, 1), rows=8, bad=2, hits={REQUIRED: 2})
    assert faults.open_counts(Month(2020, 11)) == {"H1": 2}
    assert faults.open_counts() == {"H1": 3}
