"""What the pages ask the service for: lists, what waits, what was refused today, cells."""

import json
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test import RequestFactory

from openrhip.collect import figures, models, service
from openrhip.collect.pages import console, desk
from openrhip.collect.rules.states import State
from openrhip.collect.service import overview
from openrhip.directory.service import Actor, Role
from openrhip.kernel import clock
from openrhip.kernel.periods import Month
from openrhip.site.accounts.rules import Kind, Visitor

DAY = date(2020, 11, 5)
NOVEMBER = Month(2020, 11)
REFUSED = {"code": "tolerance", "zh": "不合格过多", "en": "too much at fault"}


def test_batches_are_listed_newest_first_and_filtered(city):
    first = city.send(day=DAY)
    second = city.send(day=DAY, table="CHARGE")
    other = city.send("H2", day=DAY)
    older = city.send(day=date(2020, 10, 31))
    refused = city.send(day=DAY, rows=0, refused=REFUSED)

    def ids(**asked):
        return [one.id for one in service.batch_page(**asked).items]

    assert ids() == [refused, older, other, second, first]
    assert ids(unit="H2") == [other]
    assert ids(table="CHARGE") == [second]
    assert ids(state=State.REFUSED) == [refused]
    assert ids(month=Month(2020, 10)) == [older]
    assert ids(unit="H1", day=DAY, month=Month(2020, 10)) == [refused, second, first]


def test_a_list_has_pages_and_nonsense_is_the_last(city, monkeypatch):
    for number in range(5):
        city.send(day=DAY + timedelta(days=number), follow=False)
    monkeypatch.setattr(overview.reading, "PAGE", 2)
    page = service.batch_page(number=2)
    assert (len(page.items), page.number, page.pages, page.total) == (2, 2, 3, 5)
    assert service.batch_page(number=99).number == 3
    empty = service.batch_page(unit="H2")
    assert (empty.items, empty.number, empty.pages, empty.total) == ((), 1, 1, 0)


def test_what_waits(city):
    assert service.waiting().batches == 0
    assert service.waiting().oldest is None
    waits, checked = city.send(day=DAY, follow=False), city.send("H2", day=DAY, follow=False)
    models.Batch.objects.filter(id=waits).update(state="received", current=False)
    models.Batch.objects.filter(id=checked).update(state="checking", current=False)
    found = service.waiting()
    assert (found.received, found.checking, found.batches) == (1, 1, 2)
    assert found.oldest == service.batch(waits).received_at
    assert service.waiting(unit="H2").received == 0


def test_what_waits_is_found_by_its_index(city):
    plan = models.open_batches().values_list("table").explain()
    if connection.vendor == "sqlite":  # others see the constants whichever way they are given
        assert "collect_open" in plan
    city.send(day=DAY, follow=False)
    assert list(models.open_batches()) == []
    models.Batch.objects.update(state="checking", current=False)
    assert models.open_batches().filter(unit="H1").select_related("unit").count() == 1


def test_refused_today_is_of_the_citys_day(city):
    midnight = datetime.fromisoformat("2020-12-10T00:00:00+08:00")
    at = clock.now()
    city.send(rows=0, refused=REFUSED, at=midnight - timedelta(seconds=1))
    early = city.send(rows=0, refused=REFUSED, at=midnight)
    late = city.send("H2", rows=0, refused=REFUSED, at=at)
    city.send(at=at)  # loaded
    count, newest = service.refused_today()
    assert (count, [one.id for one in newest]) == (2, [late, early])
    assert service.refused_today(unit="H1")[0] == 1
    count, newest = service.refused_today(most=1)
    assert (count, len(newest)) == (2, 1)


def test_cells_of_a_units_month(city):
    city.send(rows=9, bad=1, day=DAY, at=30)
    city.send("H2", rows=9, day=DAY)
    city.send(rows=9, day=date(2020, 12, 1))
    (cell,) = service.table_days(unit="H1", month=NOVEMBER)
    assert (cell.table, cell.day, cell.came, cell.rows) == ("VISIT", DAY, True, 9)
    assert (cell.quarantined, cell.sends, cell.late) == (1, 1, 30 * 60)


def test_first_month_and_totals_of_persons(city):
    assert service.first_month() is None
    city.send(day=date(2020, 10, 31))
    city.send(day=DAY)
    assert service.first_month() == Month(2020, 10)
    for month, unit, number in ((10, "D1", 5), (11, "D1", 7), (11, "D2", 2)):
        models.PersonCount.objects.create(
            unit=unit,
            month=date(2020, month, 1),
            kind="diabetes",
            persons=number,
            counted_at=clock.now(),
        )
    models.PersonCount.objects.create(
        unit="D1", month=date(2019, 11, 1), kind="diabetes", persons=1, counted_at=clock.now()
    )
    found = service.person_totals(until=NOVEMBER)
    assert [(str(one.month), one.persons) for one in found] == [("2020-10", 5), ("2020-11", 9)]


@pytest.mark.parametrize("months", [1, 2, 14])
def test_so_many_months_of_persons(city, months):
    for at in range(24):
        models.PersonCount.objects.create(
            unit="D1",
            month=date(2019 + at // 12, at % 12 + 1, 1),
            kind="diabetes",
            persons=at,
            counted_at=clock.now(),
        )
    found = service.person_totals(until=NOVEMBER, months=months)
    assert len(found) == months
    assert found[-1].month == NOVEMBER


def asked(path):
    """A request as an operator makes it."""
    request = RequestFactory().get(path)
    request.actor = Actor(staff_code="OP", roles=(Role.OPERATOR,), name="罗运维")
    request.visitor = Visitor(Kind.STAFF, "罗运维", 1, "", request.actor)
    return request


def test_pages_count_no_persons(city, monkeypatch):
    monkeypatch.setattr(figures, "count_persons", lambda month: pytest.fail("it counted"))
    city.send(day=DAY)
    page = console.overview(asked("/console/collection/?month=2020-11"))
    assert "第一示范医院" in page.content.decode()
    told = console.figures_file(asked("/"), "2020-11", "json")
    assert json.loads(told.content)["collection"]["rows_in_month"]["all"] == 10
    assert (
        console.figures_file(asked("/"), "2020-11", "csv").content.decode().count("第一示范") == 1
    )


def test_pages_of_a_city_without_anything(city):
    """Empty states: no units at all, and a month before anything came."""
    for path in ("/console/collection/", "/console/collection/?month=2019-01"):
        assert console.overview(asked(path)).status_code == 200
    for by in ("day", "hospital", "district", "nonsense"):
        assert console.heat_maps(asked(f"/?by={by}")).status_code == 200
    assert "还没有清点" in console.persons(asked("/")).content.decode()
    models.Unit.objects.all().delete()
    assert "还没有接入单位" in console.overview(asked("/console/collection/")).content.decode()
    assert "没有可以显示的单位" in console.heat_maps(asked("/")).content.decode()
    assert "还没有接入的区" in console.persons(asked("/")).content.decode()


def test_whose_institution_sends_nothing_is_told_whom_to_ask(city):
    request = asked("/unit/")
    request.actor = Actor(staff_code="DM", institution_code="NOBODY", roles=(Role.DATA_MANAGER,))
    answer = desk.home(request)
    assert answer.status_code == 404
    assert "本单位尚未接入" in answer.content.decode()
    request.actor = Actor(staff_code="DM", institution_code="H1", roles=(Role.DATA_MANAGER,))
    assert "第一示范医院" in desk.home(request).content.decode()
