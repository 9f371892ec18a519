"""The patient index: who is whom, what is kept, what is masked."""

from datetime import date

import pytest
from django.db import connection

from openrhip.directory import models, service
from openrhip.directory.rules.numbers import check_digit
from openrhip.directory.service import Certainty, people
from openrhip.kernel.errors import Malformed, NotFound, TooLarge

pytestmark = pytest.mark.django_db
BORN = date(1990, 1, 1)


@pytest.fixture(autouse=True)
def _doors(doors):
    return doors


def number(order=123, born=BORN):
    first = f"320102{born:%Y%m%d}{order:03}"
    return first + check_digit(first)


def come(name="王㛃", **facts):
    return service.identify(
        **{"name": name, "sex": "1", "birth_date": BORN, "source": "H1", **facts}
    )


def test_a_number_finds_the_person_again():
    first = come(id_number=number())
    assert first.certainty is Certainty.NEW
    again = come(id_number=number().lower(), source="H2")
    assert (again.person_id, again.certainty) == (first.person_id, Certainty.CERTAIN)
    assert again.reviews == ()
    assert models.Person.objects.count() == 1
    assert service.person(first.person_id).sources == ("H1", "H2")


def test_a_health_card_finds_the_person_again():
    first = come(health_card="320100-D1234567")
    assert come(health_card="320100D1234567").person_id == first.person_id


def test_a_source_s_own_number_finds_the_person_again_within_the_source():
    first = come(local_id="P-1")
    assert come(local_id="P-1").person_id == first.person_id
    assert come(local_id="P-1", source="H2").certainty is Certainty.DOUBTFUL


def test_name_birth_date_and_phone_find_the_person_again():
    first = come(phone="+86 138-1234-5678")
    assert come(phone="13812345678").person_id == first.person_id
    other = come(phone="13900000000")
    assert other.person_id != first.person_id
    assert other.certainty is Certainty.DOUBTFUL


def test_a_number_learnt_later_joins_the_person():
    first = come(phone="13812345678")
    assert come(phone="13812345678", id_number=number()).person_id == first.person_id
    assert come(id_number=number()).person_id == first.person_id


def test_name_and_birth_date_alone_are_put_on_the_review_list():
    first = come(id_number=number())
    second = come()
    assert second.certainty is Certainty.DOUBTFUL
    assert second.person_id != first.person_id
    [review] = service.reviews()
    assert review.review_id in second.reviews
    assert {review.fresh.person_id, review.known.person_id} == {first.person_id, second.person_id}
    assert set(review.agree) == {"name", "birth_date", "sex"}
    assert review.points == 55


def test_one_number_under_two_names_is_put_on_the_review_list_once():
    first = come("王㛃", id_number=number())
    second = come("王洁", id_number=number())
    assert second.certainty is Certainty.DOUBTFUL
    assert second.person_id != first.person_id
    for _ in range(2):
        assert come("王洁", id_number=number()).person_id == second.person_id
        assert come("王㛃", id_number=number()).person_id == first.person_id
    assert len(service.reviews()) == 1
    held = models.Identifier.objects.filter(kind="id_number")
    assert sorted(row.contested for row in held) == [False, True]


def test_namesakes_with_different_numbers_are_two_people():
    first, second = come(id_number=number(123)), come(id_number=number(125))
    assert first.person_id != second.person_id
    assert second.certainty is Certainty.NEW
    assert service.reviews() == ()


def test_a_foreigner_with_a_passport():
    first = come("SMITH, John", id_number="E12345678", id_type="03")
    again = come("Smith  John".replace("  ", ", "), id_number="e1234 5678", id_type="03")
    assert again.person_id == first.person_id
    assert service.person(first.person_id).numbers[0].subtype == "03"


@pytest.mark.parametrize("name", ["王㛃", "𠮷田𠮷", "龚䶮", "買買提·艾則孜"])
def test_rare_characters_come_back_as_they_were_written(name):
    first = come(name, id_number=number())
    assert service.person(first.person_id).name == name
    assert [p.name for p in service.find_people(name=name, birth_date=BORN)] == [name]


def test_the_private_use_spelling_of_a_rare_character_is_the_same_person_and_is_kept():
    first = come("龚䶮", id_number=number())
    assert come("龚\ue863", id_number=number(), source="H2").certainty is Certainty.CERTAIN
    assert service.person(first.person_id).names == ("龚䶮", "龚\ue863")


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"id_number": "320102199001011230"}, Malformed),
        ({"id_number": number(), "birth_date": date(1990, 1, 2)}, Malformed),
        ({"id_number": number(), "sex": "2"}, Malformed),
        ({"id_number": "x" * 500}, Malformed),
        ({"id_type": "55", "id_number": "1"}, Malformed),
        ({"name": " "}, Malformed),
        ({"name": "x" * 5000}, TooLarge),
        ({"name": "···"}, Malformed),
        ({"sex": "male?"}, Malformed),
        ({"birth_date": date(2999, 1, 1)}, Malformed),
        ({"birth_date": date(1700, 1, 1)}, Malformed),
        ({"birth_date": "1990-01-01"}, Malformed),
        ({"phone": "call"}, Malformed),
        ({"health_card": "?"}, Malformed),
        ({"local_id": "\x00"}, Malformed),
        ({"source": ""}, Malformed),
    ],
)
def test_claims_that_break_a_rule_make_nobody(facts, error):
    with pytest.raises(error):
        come(**facts)
    assert models.Person.objects.count() == 0


def test_no_number_lies_in_the_clear():
    come(id_number=number(), phone="13812345678", health_card="CARD1234", local_id="LOCAL99")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM directory_identifier")
        rows = cursor.fetchall()
    flat = b"|".join(
        bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode()
        for row in rows
        for cell in row
    )
    assert len(rows) == 5
    for secret in (number(), "13812345678", "CARD1234", "LOCAL99"):
        assert secret.encode() not in flat


def test_what_is_shown_is_masked():
    shown = service.person(come(id_number=number(), phone="13812345678").person_id)
    assert shown.id_number == f"3201**********{number()[-4:]}"
    assert shown.phone == "*********78"
    assert number() not in repr(shown)


def test_a_sealed_number_opens_only_in_its_own_cell(doors):
    come(id_number=number())
    row = models.Identifier.objects.get()
    other = models.Identifier.objects.create(
        person_id=row.person_id,
        kind="health_card",
        lookup="x",
        sealed=row.sealed,
        source="H1",
        at=row.at,
    )
    from openrhip.directory.service import claims
    from openrhip.kernel.errors import NotVerified

    assert claims.clear(row) == number()
    with pytest.raises(NotVerified):
        claims.clear(other)


def test_find_people_needs_more_than_a_name():
    come(id_number=number(), phone="13812345678")
    for enough in (
        {"id_number": number()},
        {"name": "王㛃", "birth_date": BORN},
        {"name": "王㛃", "phone": "13812345678"},
        {"id_number": number(), "birth_date": BORN},
    ):
        assert len(service.find_people(**enough)) == 1, enough
    for nobody in (
        {"id_number": number(125)},
        {"name": "王洁", "birth_date": BORN},
        {"name": "王洁", "id_number": number()},
        {"id_number": number(), "birth_date": date(1991, 1, 1)},
    ):
        assert service.find_people(**nobody) == (), nobody
    for little in ({"name": "王㛃"}, {"birth_date": BORN}, {"phone": "13812345678"}, {}):
        with pytest.raises(Malformed):
            service.find_people(**little)


def test_citizen_login_lookup():
    person = come(id_number=number()).person_id
    assert service.citizen_login_lookup("王㛃", number()) == person
    assert service.citizen_login_lookup(name=" 王㛃 ", id_number=number().lower()) == person
    for name, given in (("王洁", number()), ("王㛃", number(125)), ("王㛃", "nonsense"), ("", "")):
        assert service.citizen_login_lookup(name, given) is None


def test_a_contested_number_signs_in_by_its_name():
    first, second = come("王㛃", id_number=number()), come("王洁", id_number=number())
    assert service.citizen_login_lookup("王㛃", number()) == first.person_id
    assert service.citizen_login_lookup("王洁", number()) == second.person_id


@pytest.mark.parametrize("given", [number(), number(125), "nonsense", "", "x" * 10_000])
@pytest.mark.parametrize("name", ["王㛃", "王洁", "", "王" * 10_000, "\x00"])
def test_a_lookup_that_fails_works_as_much(name, given, django_assert_num_queries, monkeypatch):
    """As many queries and as much hashed, whether number and name are well formed or not."""
    come(id_number=number())
    hashed, keyed = [], []
    indexes, key = people.sealing.indexes, people.names.person_key
    monkeypatch.setattr(
        people.sealing,
        "indexes",
        lambda kind, text: hashed.append(len(text)) or indexes(kind, text),
    )
    monkeypatch.setattr(people.names, "person_key", lambda text: keyed.append(text) or key(text))
    with django_assert_num_queries(2):
        service.citizen_login_lookup(name, given)
    assert hashed == [len("01:") + 18]
    assert len(keyed) == 1


def test_nobody():
    for verb in (service.person, service.resolve_person, service.same_person_ids):
        with pytest.raises(NotFound):
            verb("0" * 32)
