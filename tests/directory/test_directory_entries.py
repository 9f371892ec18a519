"""The entry of a person: what is kept under it goes with it when a wrong merge is undone."""

from datetime import date

import pytest

from openrhip.directory import service
from openrhip.directory.rules.numbers import check_digit

pytestmark = pytest.mark.django_db
BORN = date(1985, 3, 3)


def _number(order):
    first = f"320102{BORN:%Y%m%d}{order:03}"
    return first + check_digit(first)


def come(name, order=None, *, source="H1", **extra):
    return service.identify(
        name=name,
        sex="0",
        birth_date=BORN,
        id_number=_number(order) if order else None,
        source=source,
        **extra,
    )


@pytest.fixture
def pair(town):
    """Two people whom somebody took for one: (survivor, merged)."""
    return come("张三", 1).entry_id, come("张山", 2, source="H2").entry_id


@pytest.fixture
def merged(pair, clerk):
    service.merge(survivor=pair[0], merged=pair[1], by=clerk, why="以为是同一人")
    return pair


def test_a_registration_has_an_entry_and_a_survivor(merged, clerk):
    first, second = merged
    found = come("张山", 2, source="H3")
    assert (found.person_id, found.entry_id) == (first, second)
    service.unmerge(person_id=second, by=clerk, why="误合并")
    found = come("张山", 2, source="H3")
    assert (found.person_id, found.entry_id) == (second, second)


def test_without_a_shared_number_the_entry_is_that_of_name_and_telephone(town, clerk):
    first = come("张三", 1).entry_id
    second = come("李四", phone="13812345678", source="H2").entry_id
    service.merge(survivor=first, merged=second, by=clerk, why="以为是同一人")
    found = come("李四", phone="13812345678", source="H3")
    assert (found.person_id, found.entry_id) == (first, second)


def test_a_new_person_is_its_own_entry(town):
    found = come("张三", 1)
    assert found.entry_id == found.person_id
