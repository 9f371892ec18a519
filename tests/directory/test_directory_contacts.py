"""Whoever receives the codes is the person: where the number comes from, and who may change it."""

from datetime import date, timedelta

import pytest

from openrhip.directory import models, service
from openrhip.directory.rules.numbers import check_digit
from openrhip.directory.service import Actor, Proven, Role, Strength
from openrhip.kernel import clock, events
from openrhip.kernel.errors import Malformed, NotFound, NotVerified, Refused, Unavailable

pytestmark = pytest.mark.django_db
BORN = date(1953, 4, 12)
FIRST, SECOND, THIRD = "13700001111", "13999999999", "13811112222"


def _number(order=1):
    first = f"320102{BORN:%Y%m%d}{order:03}"
    return first + check_digit(first)


WANG = _number()


def come(name="王建国", *, number=WANG, phone=FIRST, source="H1", **extra):
    return service.identify(
        name=name,
        sex="1",
        birth_date=BORN,
        id_number=number,
        phone=phone,
        source=source,
        **extra,
    ).entry_id


@pytest.fixture
def wang(town):
    return come()


def code_of(doors):
    message = [m for m in doors.messages.sent if m.kind == "contact-code"][-1]
    return message.en.partition(": ")[2][:6], message


def change(doors, person, phone=SECOND):
    challenge = service.ask_contact_code(person_id=person, by=Actor.citizen(person))
    return service.set_contact(
        person_id=person,
        phone=phone,
        by=Actor.citizen(person),
        challenge=challenge,
        code=code_of(doors)[0],
    )


# The first number.


def test_the_first_number_of_who_first_identified_serves(wang):
    assert service.login_phone(wang) == FIRST
    shown = service.contact_of(wang)
    assert (shown.how, shown.by) == (Proven.FIRST_USE, "source:H1")
    assert FIRST not in repr(shown)
    assert FIRST.encode() not in bytes(models.Contact.objects.get().sealed)


@pytest.mark.parametrize("source", ["H1", "H2"])
def test_a_later_registration_never_moves_it(wang, source):
    assert come(phone=SECOND, source=source) == wang
    assert service.login_phone(wang) == FIRST
    assert service.contact_of(wang).how is Proven.FIRST_USE


def test_another_source_never_sets_it(town):
    person = come(phone=None)
    assert come(phone=SECOND, source="H2") == person
    assert service.login_phone(person) == ""
    assert service.contact_of(person) is None


def test_the_first_source_may_bring_it_later(town):
    person = come(phone=None)
    assert come() == person
    assert service.login_phone(person) == FIRST


def test_a_number_beside_another_one_is_not_trusted(town):
    """Who knows somebody's card must not become them by adding a certificate and a telephone."""
    person = come(number=None, health_card="A12345678")
    assert come(phone=SECOND, health_card="A12345678", source="H2") == person
    assert service.login_phone(person) == ""


def test_without_an_identity_number_there_is_none(town):
    assert service.login_phone(come(number=None)) == ""


def test_who_brings_somebody_elses_number_gets_no_codes(wang, clerk):
    """The same number under another name: contested, also after a clerk took the two for one."""
    thief = come("王国建", phone=SECOND, source="H2")
    assert thief != wang
    assert service.login_phone(thief) == ""
    service.merge(survivor=wang, merged=thief, by=clerk, why="改名")
    assert service.citizen_login_lookup("王国建", _number()) == thief
    for person in (wang, thief):
        assert service.login_phone(person) == FIRST


# Changed by the person.


def test_the_person_changes_it_with_a_code_to_the_old_number(wang, doors):
    shown = change(doors, wang)
    assert code_of(doors)[1].phone == FIRST
    assert (shown.how, shown.by) == (Proven.CODE, f"citizen:{wang}")
    assert service.login_phone(wang) == SECOND
    [entry] = doors.ledger.entries
    assert (entry.kind, entry.fields["action"]) == ("identity", "set-contact")
    assert SECOND not in str(entry.fields)
    assert wang not in str(entry.fields)
    assert shown.receipt


def test_the_old_number_is_told(wang, doors):
    change(doors, wang)
    assert events.deliver_due() == 1
    assert doors.messages.sent[-1].kind == "contact-changed"
    assert doors.messages.sent[-1].phone == FIRST


def test_the_same_number_again_tells_nobody(wang, doors):
    change(doors, wang, phone=FIRST)
    assert events.deliver_due() == 0
    assert service.contact_of(wang).how is Proven.CODE


def test_a_code_works_once_in_time_and_for_its_person(wang, town, doors):
    other = come("赵明", number=_number(3), phone=THIRD)
    challenge = service.ask_contact_code(person_id=wang, by=Actor.citizen(wang))
    code, _ = code_of(doors)

    def attempt(person=wang, challenge=challenge, code=code):
        return service.set_contact(
            person_id=person,
            phone=SECOND,
            by=Actor.citizen(person),
            challenge=challenge,
            code=code,
        )

    for wrong in (
        {"person": other},
        {"code": f"{(int(code) + 1) % 10**6:06d}"},
        {"code": ""},
        {"challenge": ""},
        {"challenge": "0" * 32},
    ):
        with pytest.raises(NotVerified):
            attempt(**wrong)
    with clock.frozen(clock.now() + timedelta(minutes=11)), pytest.raises(NotVerified):
        attempt()
    attempt()
    with pytest.raises(NotVerified):
        attempt()
    assert models.Contact.objects.filter(person_id=wang).count() == 2


def test_codes_cannot_be_guessed(wang, doors):
    challenge = service.ask_contact_code(person_id=wang, by=Actor.citizen(wang))
    code, _ = code_of(doors)
    for step in range(1, 6):
        with pytest.raises(NotVerified):
            service.set_contact(
                person_id=wang,
                phone=SECOND,
                by=Actor.citizen(wang),
                challenge=challenge,
                code=f"{(int(code) + step) % 10**6:06d}",
            )
    with pytest.raises(NotVerified):
        service.set_contact(
            person_id=wang,
            phone=SECOND,
            by=Actor.citizen(wang),
            challenge=challenge,
            code=code,
        )
    for _ in range(4):
        service.ask_contact_code(person_id=wang, by=Actor.citizen(wang))
    with pytest.raises(Refused, match="too many"):
        service.ask_contact_code(person_id=wang, by=Actor.citizen(wang))


def test_nobody_else_asks(wang, town):
    for by in (Actor.citizen(town.other), town.doctor):
        with pytest.raises(Refused):
            service.ask_contact_code(person_id=wang, by=by)
    with pytest.raises(Refused, match="no number"):
        service.ask_contact_code(person_id=town.other, by=Actor.citizen(town.other))


# Changed by a clerk.


def test_a_clerk_who_saw_the_paper_sets_it(wang, clerk, doors):
    shown = service.set_contact(person_id=wang, phone=SECOND, by=clerk, evidence="核对身份证原件")
    assert (shown.how, shown.by, shown.strength) == (
        Proven.PAPER,
        "staff:clerk-1",
        "second-factor",
    )
    assert service.login_phone(wang) == SECOND
    events.deliver_due()
    assert doors.messages.sent[-1].phone == FIRST
    come(phone=THIRD)
    assert service.login_phone(wang) == SECOND


@pytest.mark.parametrize(
    ("roles", "strength", "name"),
    [
        ([Role.RECORDS_CLERK], Strength.PASSWORD, ""),
        ([Role.PRIVACY_OFFICER], Strength.SECOND_FACTOR, ""),
        ([Role.DOCTOR], Strength.SECOND_FACTOR, ""),
        ([Role.RECORDS_CLERK, Role.OPERATOR], Strength.SECOND_FACTOR, ""),
        ([Role.RECORDS_CLERK], Strength.SECOND_FACTOR, "王建国"),
    ],
    ids=["password", "officer", "doctor", "operator", "own"],
)
def test_who_may_not(wang, doors, roles, strength, name):
    by = Actor(
        staff_code="s1",
        institution_code="H1",
        roles=tuple(roles),
        strength=strength,
        name=name,
    )
    with pytest.raises(Refused):
        service.set_contact(person_id=wang, phone=SECOND, by=by, evidence="核对身份证原件")
    assert service.login_phone(wang) == FIRST
    assert doors.ledger.entries == []


def test_a_clerk_names_what_was_seen_and_a_number_is_one(wang, clerk):
    with pytest.raises(Malformed):
        service.set_contact(person_id=wang, phone=SECOND, by=clerk)
    with pytest.raises(Malformed):
        service.set_contact(person_id=wang, phone="none", by=clerk, evidence="核对身份证原件")
    with pytest.raises(NotFound):
        service.set_contact(person_id="0" * 32, phone=SECOND, by=clerk, evidence="核对身份证")


def test_without_the_ledger_no_number_is_set(wang, clerk, doors):
    doors.ledger.fail = Unavailable("down")
    with pytest.raises(Unavailable):
        service.set_contact(person_id=wang, phone=SECOND, by=clerk, evidence="核对身份证原件")
    assert service.login_phone(wang) == FIRST


# Merged people.


def test_each_entry_keeps_its_own_number_through_a_wrong_merge(wang, clerk, doors):
    other = come("赵明", number=_number(3), phone=THIRD)
    service.merge(survivor=other, merged=wang, by=clerk, why="以为是同一人")
    assert service.citizen_login_lookup("王建国", _number()) == wang
    assert (service.login_phone(wang), service.login_phone(other)) == (FIRST, THIRD)
    change(doors, wang)
    assert service.login_phone(wang) == SECOND
    service.unmerge(person_id=wang, by=clerk, why="误合并")
    assert (service.login_phone(wang), service.login_phone(other)) == (SECOND, THIRD)


def test_a_number_set_for_the_survivor_serves_all_entries(wang, clerk):
    other = come("赵明", number=_number(3), phone=THIRD)
    service.merge(survivor=other, merged=wang, by=clerk, why="同一人")
    service.set_contact(person_id=other, phone=SECOND, by=clerk, evidence="核对身份证原件")
    assert service.login_phone(wang) == SECOND


def test_nobody(town):
    for verb in (service.login_phone, service.contact_of):
        with pytest.raises(NotFound):
            verb("0" * 32)


def test_a_session_keeps_its_entry_through_a_wrong_merge(wang, clerk):
    """Signed in while merged, one is oneself after the split, not the survivor."""
    from openrhip.site.accounts.service import citizens

    other = come("赵明", number=_number(3), phone=THIRD)
    service.merge(survivor=other, merged=wang, by=clerk, why="以为是同一人")
    visitor = citizens.visitor(service.citizen_login_lookup("王建国", WANG))
    service.unmerge(person_id=wang, by=clerk, why="误合并")
    assert service.resolve_person(visitor.actor.person_id) == wang
