"""The entry of a person: what is kept under it goes with it when a wrong merge is undone."""

from datetime import date, timedelta

import pytest

from openrhip.directory import service
from openrhip.directory.rules.numbers import check_digit
from openrhip.directory.service import Actor, DocumentFacts, Effect, Grantee, Purpose, Scope
from openrhip.kernel import clock
from openrhip.kernel.errors import Refused

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


REFUSE_ALL = Scope(grantee=Grantee.EVERYONE, level=1, effect=Effect.REFUSE)
RECORD = DocumentFacts(document_id="1", kind="C0053", custodian_code="H2", level=4)


def reads(town, person):
    found = service.decide(
        who=town.doctor, whose=person, document=RECORD, purpose=Purpose.TREATMENT
    )
    return found.allowed


def object_to_all(person):
    return service.give_consent(
        person_id=person, scope=REFUSE_ALL, by=Actor.citizen(person), evidence="online"
    )


def test_a_treatment_relation_goes_with_its_entry(town, merged, clerk):
    first, second = merged
    service.note_relation(person_id=second, institution_code="H1", source="test")
    assert reads(town, first)
    assert reads(town, second)
    service.unmerge(person_id=second, by=clerk, why="误合并")
    assert (reads(town, first), reads(town, second)) == (False, True)


def test_a_consent_goes_with_its_entry(town, merged, clerk):
    first, second = merged
    scope = Scope(grantee=Grantee.STAFF, grantee_code="doc1", level=4)
    service.give_consent(person_id=second, scope=scope, by=Actor.citizen(second), evidence="online")
    assert reads(town, first)
    service.unmerge(person_id=second, by=clerk, why="误合并")
    assert (reads(town, first), reads(town, second)) == (False, True)


@pytest.mark.parametrize("side", [0, 1])
def test_an_objection_made_while_merged_stands_on_both_sides(town, merged, clerk, doors, side):
    for person in merged:
        service.note_relation(person_id=person, institution_code="H1", source="test")
    object_to_all(merged[side])
    service.unmerge(person_id=merged[1], by=clerk, why="误合并")
    for person in merged:
        assert not reads(town, person)
        [objection] = service.consents_of(person)
        assert not objection.pending
    actions = [entry.fields["action"] for entry in doors.ledger.entries]
    assert actions == ["merge", "give-objection", "unmerge", "give-objection"]
    # Each side may take back its own, and only its own.
    [copy] = service.consents_of(merged[1 - side])
    service.withdraw_consent(consent_id=copy.consent_id, by=Actor.citizen(merged[1 - side]))
    assert [reads(town, person) for person in merged] == [side == 1, side == 0]


def test_an_objection_from_before_the_merge_is_of_its_own_side_alone(pair, clerk):
    first, second = pair
    object_to_all(second)
    with clock.frozen(clock.now() + timedelta(seconds=1)):
        service.merge(survivor=first, merged=second, by=clerk, why="以为是同一人")
        service.unmerge(person_id=second, by=clerk, why="误合并")
    assert [len(service.consents_of(person)) for person in pair] == [0, 1]


@pytest.mark.parametrize("who", [0, 1])
def test_an_objection_that_the_other_side_withdrew_stands_again(town, merged, clerk, who):
    first, second = merged
    service.note_relation(person_id=second, institution_code="H1", source="test")
    given = object_to_all(second)
    service.withdraw_consent(consent_id=given.consent_id, by=Actor.citizen(merged[who]))
    assert reads(town, second)
    service.unmerge(person_id=second, by=clerk, why="误合并")
    assert reads(town, second) is (who == 1)
    assert service.consents_of(first) == ()


def test_an_objection_that_ended_or_was_parted_already_is_not_copied(town, merged, clerk):
    first, second = merged
    now = clock.now()
    service.give_consent(
        person_id=first,
        scope=REFUSE_ALL,
        by=Actor.citizen(first),
        evidence="online",
        valid_until=now + timedelta(hours=1),
    )
    object_to_all(second)
    for hours in (2, 4):
        with clock.frozen(now + timedelta(hours=hours)):
            service.unmerge(person_id=second, by=clerk, why="误合并")
        with clock.frozen(now + timedelta(hours=hours + 1)):
            service.merge(survivor=first, merged=second, by=clerk, why="以为是同一人")
    assert len(service.consents_of(first)) == 3


def test_a_guardian_appointed_while_merged_stays_with_the_entry(town, merged, clerk):
    second = merged[1]
    service.appoint_guardian(
        guardian=town.other, ward=second, kind="parent", evidence="户口簿", by=clerk
    )
    service.unmerge(person_id=second, by=clerk, why="误合并")
    [ward] = service.wards_of(town.other)
    assert ward.person_id == second


def test_nobody_appoints_a_guardian_of_their_own_name(town, pair, clerk):
    guardian = come("赵管理员", 5).entry_id  # the clerk's name
    with pytest.raises(Refused, match="their own"):
        service.appoint_guardian(
            guardian=guardian, ward=pair[0], kind="parent", evidence="户口簿", by=clerk
        )
    assert service.wards_of(guardian) == ()
