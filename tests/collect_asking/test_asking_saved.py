"""Saved queries: the shipped ones run on the catalogue's real tables; one's own are kept."""

import pytest
from asking_city import CATALOGUE, person

from openrhip.collect.asking.shipped import shipped
from openrhip.collect.rules.questions import ChartKind, ChartPlan
from openrhip.collect.service import asking_saved
from openrhip.directory.service import Role
from openrhip.kernel.errors import Malformed, NotFound, Refused

GIVEN = {"month": "2020-11", "month_from": "2020-10", "month_to": "2020-11"}


def test_there_are_a_dozen_and_more():
    assert len(shipped()) >= 12


def test_every_shipped_query_runs(city):
    """On tables without rows: names of tables, columns and functions are right, and allowed."""
    for one in shipped().values():
        run = city.ask(one.sql, given=GIVEN, parameters=one.parameters, query=one.id)
        assert run.state == "answered", (one.id, run.problem, run.where)
        names = [column.name for column in run.columns]
        assert set(names) == set(one.headings), one.id
        assert {one.chart.x, one.chart.y} <= set(names), one.id
        assert set(run.tables) & set(CATALOGUE.tables) or one.id == "coverage"


def test_ones_own_query_is_kept_changed_and_retired(city):
    made = asking_saved.save_query(
        name="就诊",
        sql="SELECT count(*) FROM OP_VISIT WHERE _day >= :month AND _unit = :unit",
        by=city.analyst,
        chart=ChartPlan(ChartKind.BAR, "a", "b"),
    )
    assert [(one.name, one.sort) for one in made.parameters] == [
        ("month", "month"),
        ("unit", "unit"),
    ]
    assert asking_saved.saved_query(made.id, by=city.analyst) == made
    changed = asking_saved.save_query(
        name="人次", sql="SELECT 1", by=city.analyst, query=made.id, shared=True
    )
    assert (changed.id, changed.zh, changed.parameters) == (made.id, "人次", ())
    other = person("A2")
    assert asking_saved.saved_queries(by=other)[-1].id == made.id
    with pytest.raises(NotFound):
        asking_saved.save_query(name="x", sql="SELECT 1", by=other, query=made.id)
    with pytest.raises(NotFound):
        asking_saved.retire_query(made.id, by=other)
    asking_saved.retire_query(made.id, by=city.analyst)
    with pytest.raises(NotFound):
        asking_saved.saved_query(made.id, by=city.analyst)


def test_a_query_that_is_not_shared_is_ones_own(city):
    made = asking_saved.save_query(name="x", sql="SELECT 1", by=city.analyst)
    with pytest.raises(NotFound):
        asking_saved.saved_query(made.id, by=person("A2"))


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"name": ""}, Malformed),
        ({"name": "a\nb"}, Malformed),
        ({"name": "x" * 101}, Malformed),
        ({"sql": " "}, Malformed),
        ({"by": person("D1", Role.DOCTOR)}, Refused),
    ],
)
def test_what_cannot_be_kept(city, more, error):
    with pytest.raises(error):
        asking_saved.save_query(**{"name": "x", "sql": "SELECT 1", "by": city.analyst} | more)
