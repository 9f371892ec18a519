"""What follows a disclosure: history, proof, further pages, notices, figures."""

from datetime import timedelta

import pytest

from openrhip.directory import service as directory
from openrhip.directory.service import Actor, Purpose, Role, Strength
from openrhip.formats.gm import sm3
from openrhip.kernel import clock, events
from openrhip.kernel.errors import Malformed, NotFound, Refused
from openrhip.kernel.periods import city_day
from openrhip.ledger.rules import Entry, Receipt, receipt_ok, verify_receipt
from openrhip.records import service
from openrhip.records.figures import figures


@pytest.fixture
def archived(centre, jinling, treated_at, summary_v1):
    number = service.deposit(institution=jinling, content=summary_v1).number
    treated_at(number, jinling)
    return number


@pytest.fixture
def person(archived):
    return service.document(archived).person_id


def test_the_patient_sees_who_looked_with_a_proof_anyone_can_check(
    centre, archived, person, doctor
):
    made = service.disclose(who=doctor, document_id=archived, purpose=Purpose.TREATMENT)
    proof = service.access_proof(made.access_id, person_id=person)
    leaf = dict(proof.access.leaf)
    entry = Entry(leaf.pop("kind"), leaf)
    receipt = Receipt.from_dict(proof.receipt)
    assert receipt_ok(verify_receipt(entry.leaf, receipt, log_key=proof.log_key))
    opened = sm3.hexdigest(bytes.fromhex(proof.salt) + proof.opened["actor"].encode())
    assert entry.fields["actor"] == opened
    assert proof.opened["actor"] == "staff:JL0101"


def test_no_leaf_holds_what_names_a_person(centre, archived, person, doctor):
    service.disclose(who=doctor, document_id=archived, purpose=Purpose.TREATMENT)
    for entry in centre.ledger.entries:
        text = entry.leaf.decode()
        for secret in ("320100195304129931", "王建国", "JL0101", "沈立新", person):
            assert secret not in text


def test_the_proof_is_for_the_patient_alone(centre, archived, doctor):
    made = service.disclose(who=doctor, document_id=archived, purpose=Purpose.TREATMENT)
    other = directory.identify(
        name="李四", sex="1", birth_date=clock.now().date(), health_card="C123456", source="x"
    )
    with pytest.raises(NotFound):
        service.access_proof(made.access_id, person_id=other.person_id)


def test_further_pages_are_the_same_disclosure_for_a_quarter_of_an_hour(
    centre, archived, doctor, stranger, summary_v1
):
    made = service.disclose(who=doctor, document_id=archived, purpose=Purpose.TREATMENT)
    again = service.reopen(access_id=made.access_id, who=doctor)
    assert again.content() == summary_v1
    assert again.watermark == made.watermark
    assert len(centre.ledger.entries) == 2
    with pytest.raises(NotFound):
        service.reopen(access_id=made.access_id, who=stranger)
    with clock.frozen(clock.now() + timedelta(minutes=16)), pytest.raises(Refused):
        service.reopen(access_id=made.access_id, who=doctor)
    with pytest.raises(Malformed):
        service.reopen(access_id="nothing", who=doctor)


def test_a_refused_access_opens_nothing_later(centre, archived, stranger):
    with pytest.raises(service.DisclosureRefused) as caught:
        service.disclose(who=stranger, document_id=archived, purpose=Purpose.TREATMENT)
    with pytest.raises(NotFound):
        service.reopen(access_id=caught.value.access_id, who=stranger)


def test_a_consent_opens_and_its_withdrawal_closes_at_once(centre, archived, person, stranger):
    citizen = Actor.citizen(person)
    given = directory.give_consent(
        person_id=person,
        scope=directory.Scope(
            grantee=directory.Grantee.INSTITUTION, grantee_code=stranger.institution_code, level=4
        ),
        by=citizen,
        evidence="online",
    )
    made = service.disclose(who=stranger, document_id=archived, purpose=Purpose.TREATMENT)
    assert made.decision.allowed
    directory.withdraw_consent(consent_id=given.consent_id, by=citizen)
    with pytest.raises(service.DisclosureRefused):
        service.disclose(who=stranger, document_id=archived, purpose=Purpose.TREATMENT)


def test_public_health_access_is_told_to_the_patient(centre, archived, person, xuanwuhu):
    directory.register_staff(
        code="PH1", name="疾控", institution_code=xuanwuhu, roles=(Role.PUBLIC_HEALTH,)
    )
    officer = Actor(
        staff_code="PH1",
        institution_code=xuanwuhu,
        roles=(Role.PUBLIC_HEALTH,),
        strength=Strength.SECOND_FACTOR,
        name="疾控",
    )
    service.disclose(who=officer, document_id=archived, purpose=Purpose.PUBLIC_HEALTH)
    events.deliver_due()
    told = [message for message in centre.messages.sent if message.kind == "public-health-access"]
    assert [message.to_person for message in told] == [person]
    assert "玄武湖示范医院" in told[0].zh


def test_merged_people_have_one_history(centre, archived, person, doctor, jinling):
    service.disclose(who=doctor, document_id=archived, purpose=Purpose.TREATMENT)
    other = directory.identify(
        name="王建国", sex="1", birth_date=clock.now().date(), health_card="C777777", source="x"
    )
    clerk = Actor(
        staff_code="JL0502",
        institution_code=jinling,
        roles=(Role.RECORDS_CLERK,),
        strength=Strength.SECOND_FACTOR,
    )
    directory.merge(survivor=other.person_id, merged=person, by=clerk, why="same person")
    assert service.search(person_id=other.person_id).total == 1
    assert service.accesses_of(other.person_id).total == 1
    assert service.accesses_of(person).total == 1


def test_search_by_kind_institution_and_time(centre, archived, person, jinling, xuanwuhu):
    at = service.document(archived).recorded_at
    found = service.search(
        person_id=person, kind="C0053", institution=jinling, since=at, until=at + timedelta(1)
    )
    assert [item.id for item in found.items] == [archived]
    assert service.search(person_id=person, kind="C0001").total == 0
    assert service.search(institution=xuanwuhu).total == 0
    assert service.search(until=at).total == 0
    assert service.search(page=2).items == []


def test_figures_count_by_hospital_and_day(centre, archived, doctor, stranger, jinling):
    service.deposit(institution=jinling, content=b"no package")
    service.disclose(who=doctor, document_id=archived, purpose=Purpose.TREATMENT)
    with pytest.raises(service.DisclosureRefused):
        service.disclose(who=stranger, document_id=archived, purpose=Purpose.TREATMENT)
    today = city_day(clock.now())
    found = figures(since=today, until=today)
    [row] = found.days
    assert (row.institution, row.deposited, row.refused) == (jinling, 1, 1)
    assert row.institution_name == "金陵示范医院"
    assert (found.disclosures, found.refused_disclosures, found.emergencies) == (1, 1, 0)
    assert found.reasons["AQ-01"] == 1
    with pytest.raises(Malformed):
        figures(since=today, until=today - timedelta(days=1))


@pytest.mark.parametrize(("number", "error"), [("x", Malformed), ("0" * 32, NotFound)])
def test_unknown_documents(centre, doctor, number, error):
    with pytest.raises(error):
        service.disclose(who=doctor, document_id=number, purpose=Purpose.TREATMENT)
    with pytest.raises(error):
        service.document(number)
    with pytest.raises(error):
        service.versions(number)
