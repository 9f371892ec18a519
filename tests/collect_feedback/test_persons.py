"""Persons with health records: cumulative, each counted once, by district."""

from datetime import date, timedelta

import duckdb
import pytest
from feedback_city import DAY, token

from openrhip.collect import models, service
from openrhip.collect.figures import figures
from openrhip.collect.service import persons
from openrhip.collect.service.persons import distinct_persons, tell_joined
from openrhip.directory import service as directory
from openrhip.directory.rules.access import Actor, Role, Strength
from openrhip.directory.rules.numbers import check_digit
from openrhip.kernel import clock
from openrhip.kernel.periods import Month

NOVEMBER = Month(2020, 11)
BY = Actor(
    staff_code="S1",
    institution_code="H1",
    roles=(Role.RECORDS_CLERK,),
    strength=Strength.SECOND_FACTOR,
)


def number(sequence, born="19600101"):
    text = f"320102{born}{sequence:03d}"
    return text + check_digit(text)


def record(no, identity, **more):
    return {"no": no, "id_number": token(identity), **more}


def counted(unit="D1", month=NOVEMBER):
    service.count_persons(month)
    return dict(service.coverage_of(month).line(unit).persons)


def test_each_person_counts_once_in_a_district(city):
    city.load(record("1", "a"), record("2", "b"), record("3", "a"), unit="D1", table="PERSON")
    city.load(
        record("4", "a"), record("5", "c"), unit="D1", table="PERSON", day=DAY + timedelta(days=1)
    )
    city.load(record("1", "a"), unit="D1", table="HTN")
    assert counted() == {"basic-record": 3, "hypertension": 1, "diabetes": 0}


def test_records_without_a_number_are_persons_by_their_key(city):
    city.load(record("1", None), record("2", None), record("3", "a"), unit="D1", table="PERSON")
    assert counted()["basic-record"] == 3


def test_cumulative_to_the_end_of_the_month(city):
    city.load(record("1", "a"), unit="D1", table="PERSON", day=date(2020, 10, 31))
    city.load(record("2", "b"), unit="D1", table="PERSON", day=date(2020, 11, 30))
    city.load(record("3", "c"), unit="D1", table="PERSON", day=date(2020, 12, 1))
    assert counted()["basic-record"] == 2
    assert counted(month=Month(2020, 10))["basic-record"] == 1
    assert counted(month=Month(2020, 12))["basic-record"] == 3
    assert counted()["basic-record"] == 2
    assert models.PersonCount.objects.count() == 9


def test_withdrawn_records_do_not_count(city):
    city.load(record("1", "a"), record("2", "b", amend_flag="3"), unit="D1", table="PERSON")
    assert counted()["basic-record"] == 1
    city.load(
        record("1", "a", amend_flag="3"), unit="D1", table="PERSON", day=DAY + timedelta(days=2)
    )
    assert counted()["basic-record"] == 0


def identify(name, sequence=None, **more):
    return directory.identify(
        name=name,
        sex="1" if sequence is None or sequence % 2 else "2",
        birth_date=date(1960, 1, 1),
        id_number=None if sequence is None else number(sequence),
        source="test",
        **more,
    ).person_id


def test_merged_persons_of_the_directory_count_once(city):
    first, second, third = (
        identify(name, n) for name, n in (("赵一", 1), ("钱三", 3), ("孙五", 5))
    )
    city.load(*(record(str(n), number(n)) for n in (1, 3, 5)), unit="D1", table="PERSON")
    assert counted()["basic-record"] == 3
    directory.merge(survivor=first, merged=second, by=BY, why="同一人，号码曾录错")
    assert counted()["basic-record"] == 2
    groups = list(directory.joined_numbers(lambda values: [token(one) for one in values]))
    assert groups == [tuple(sorted((token(number(1)), token(number(3)))))]
    directory.unmerge(person_id=second, by=BY, why="不是同一人")
    assert counted()["basic-record"] == 3
    assert third


def test_numbers_leave_the_directory_only_as_they_are_sealed(city):
    first, second = identify("赵一", 1), identify("钱三", 3)
    directory.merge(survivor=first, merged=second, by=BY, why="同一人，号码曾录错")
    assert list(directory.joined_numbers(lambda values: [None for _ in values])) == []


@pytest.mark.parametrize("tokens", [[], ["a", "a", "b", None]])
def test_counting_is_one_statement_over_tokens(tokens):
    with duckdb.connect() as connection:
        tell_joined(connection, [("a", "c"), ("x", "y")])
        rows = " UNION ALL ".join(
            f"SELECT 'D1' AS unit, {'NULL' if one is None else repr(one)}::VARCHAR AS token"
            for one in [*tokens, "c"]
        )
        assert distinct_persons(connection, [rows]) == [("D1", 1 + ("b" in tokens))]


def test_what_came_since_is_counted_anew(city):
    city.load(record("1", "a"), unit="D1", table="PERSON")
    assert counted()["basic-record"] == 1
    assert persons.up_to_date(NOVEMBER)
    city.load(record("2", "b"), unit="D1", table="PERSON", day=date(2020, 10, 3))
    assert not persons.up_to_date(NOVEMBER)
    city.load(record("3", "c"), unit="D1", table="PERSON", day=date(2020, 12, 3))
    assert figures(NOVEMBER).districts.rows[0][-3] == 2
    assert persons.up_to_date(NOVEMBER)


def test_counting_is_due_once_a_day_and_an_hour_after_records_came(city):
    assert service.count_persons_due() == 2  # December, November
    assert service.count_persons_due() == 0
    city.load(record("1", "a"), unit="D1", table="PERSON")
    assert service.count_persons_due() == 0
    with clock.frozen(clock.now() + timedelta(minutes=61)):
        assert service.count_persons_due() == 2
        assert service.count_persons_due() == 0
    with clock.frozen(clock.now() + timedelta(days=1)):
        assert service.count_persons_due() == 2


def test_a_centre_without_districts_counts_nothing(city):
    models.Unit.objects.filter(owner="district").delete()
    assert service.count_persons_due() == 0
