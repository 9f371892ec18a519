"""Guards around a disclosure: whose record a correction is, emergencies, withdrawals, searches."""

import json
from datetime import date, timedelta

import pytest
from django.test import Client

from openrhip.agent import wire
from openrhip.directory import service as directory
from openrhip.directory.rules.numbers import check_digit
from openrhip.directory.service import Actor, Purpose, Role, Strength, machines
from openrhip.formats import cda
from openrhip.kernel import clock, events
from openrhip.records import service
from openrhip.records.models import Access, Document, Lookup
from openrhip.records.service import searching

KNOWN = "320100195304129931"
UNKNOWN = "32010019700101123" + check_digit("32010019700101123")
REASON = "昏迷，车祸，无法询问病史"


@pytest.fixture
def archived(centre, jinling, summary_v1):
    return service.deposit(institution=jinling, content=summary_v1).number


@pytest.fixture
def person(archived):
    return service.document(archived).person_id


def of_another_patient(source):
    """The correction of a sample, but about somebody else."""
    patient = cda.parse(source).patient
    text = source.decode().replace(patient.name, "孙某某").replace(patient.id_number, UNKNOWN)
    text = text.replace("19530412", "19700101").replace("1953", "1970")
    if patient.health_card:
        text = text.replace(patient.health_card, "HC99887766")
    return text.replace("19900000001", "13700000000").encode()


# Corrections -----------------------------------------------------------------------------------


def test_a_correction_does_not_replace_another_patients_record(
    centre, pki, samples, archived, person, jinling
):
    sealed = pki.sealed(of_another_patient(samples["C0053/wang-jl-2.xml"]))
    outcome = service.deposit(institution=jinling, content=sealed)
    failed = [line["id"] for line in outcome.report["checks"] if line["result"] == "failed"]
    assert (outcome.accepted, failed) == (False, ["WZ-08"])
    assert [item.id for item in service.search(person_id=person).items] == [archived]
    assert [item.id for item in service.versions(archived)] == [archived]


def test_versions_are_those_of_the_patient(centre, archived, person, jinling, summary_v2):
    """Whatever the archive held before, nobody sees another patient's versions."""
    second = service.deposit(institution=jinling, content=summary_v2).number
    other = directory.identify(
        name="孙某某", sex="1", birth_date=date(1970, 1, 1), id_number=UNKNOWN, source=jinling
    )
    Document.objects.filter(pk=second).update(person_id=other.entry_id)
    assert [item.id for item in service.versions(archived)] == [archived]
    assert [item.id for item in service.versions(second)] == [second]


def test_records_go_with_their_patient_when_a_merge_is_undone(centre, pki, samples, jinling):
    source = samples["C0053/wang-jl-1.xml"]
    patient = cda.parse(source).patient
    right = directory.identify(
        name=patient.name,
        sex="1",
        birth_date=patient.birth_date,
        id_number=patient.id_number,
        source=jinling,
    ).person_id
    wrong = directory.identify(
        name="王建民", sex="1", birth_date=date(1953, 4, 13), phone="13811112222", source=jinling
    ).person_id
    directory.register_staff(
        code="RC1", name="病案", institution_code=jinling, roles=[Role.RECORDS_CLERK]
    )
    clerk = directory.actor_of_staff("RC1", strength=Strength.SECOND_FACTOR)
    directory.merge(survivor=wrong, merged=right, by=clerk, why="thought the same")
    number = service.deposit(institution=jinling, content=pki.sealed(source)).number
    assert service.search(person_id=wrong).total == 1
    directory.unmerge(person_id=right, by=clerk, why="two people")
    assert service.search(person_id=right).total == 1
    assert service.search(person_id=wrong).total == 0
    with pytest.raises(service.DisclosureRefused):
        service.disclose(who=Actor.citizen(wrong), document_id=number, purpose=Purpose.OWN_ACCESS)


def test_entries_of_consents_and_accesses_name_a_patient_alike(centre, archived, person, stranger):
    with pytest.raises(service.DisclosureRefused):
        service.disclose(who=stranger, document_id=archived, purpose=Purpose.TREATMENT)
    directory.give_consent(
        person_id=person,
        scope=directory.Scope(
            grantee=directory.Grantee.EVERYONE, level=4, effect=directory.Effect.REFUSE
        ),
        by=Actor.citizen(person),
        evidence="online",
    )
    assert {entry.fields["patient"] for entry in centre.ledger.entries} == {
        directory.person_pseudonym(person)
    }


# Emergencies -----------------------------------------------------------------------------------


def test_a_list_in_an_emergency_leaves_a_trace_before_it_is_shown(
    centre, archived, person, stranger
):
    ask = {"who": stranger, "purpose": Purpose.EMERGENCY, "person_id": person}
    assert [one.id for one in service.search_for(emergency_reason=REASON, **ask).items] == [
        archived
    ]
    assert centre.ledger.entries[-1].kind == "emergency"
    [emergency] = directory.emergencies()
    assert (emergency.reason, emergency.staff_code) == (REASON, "XW0101")
    [seen] = service.accesses_of(person).items
    assert (seen.emergency, seen.deed, seen.document_id) == (True, "list", "")
    events.deliver_due()
    assert person in {message.to_person for message in centre.messages.sent}
    # The doctor turns the page: it is the same emergency for half an hour, then another one.
    service.search_for(emergency_reason=REASON, **ask)
    assert len(directory.emergencies()) == 1
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        service.search_for(emergency_reason=REASON, **ask)
    assert len(directory.emergencies()) == 2


def test_the_proof_of_a_declared_emergency_holds(centre, archived, person, stranger):
    service.declare_emergency(who=stranger, person_id=person, reason=REASON)
    [seen] = service.accesses_of(person).items
    proof = service.access_proof(seen.id, person_id=person)
    assert proof.opened["actor"] == "staff:XW0101"


def test_no_list_without_the_ledger(centre, archived, person, stranger, monkeypatch):
    from openrhip.kernel.errors import Unavailable

    def away(*_args, **_about):
        raise Unavailable("the ledger does not answer")

    monkeypatch.setattr(centre.ledger, "append_many", away)
    with pytest.raises(Unavailable):
        service.search_for(
            who=stranger, purpose=Purpose.EMERGENCY, person_id=person, emergency_reason=REASON
        )
    assert not Access.objects.exists()


def test_a_refused_emergency_is_entered_and_lists_nothing(centre, archived, person, stranger):
    weak = Actor(
        staff_code=stranger.staff_code,
        institution_code=stranger.institution_code,
        roles=stranger.roles,
        strength=Strength.PASSWORD,
    )
    with pytest.raises(service.DisclosureRefused):
        service.declare_emergency(who=weak, person_id=person, reason=REASON)
    assert centre.ledger.entries[-1].kind == "refuse"
    assert directory.emergencies() == ()


# Withdrawal ------------------------------------------------------------------------------------


def test_reading_ends_with_the_withdrawal_of_the_consent(centre, archived, person, stranger):
    citizen = Actor.citizen(person)
    scope = directory.Scope(
        grantee=directory.Grantee.INSTITUTION, grantee_code=stranger.institution_code, level=4
    )
    given = directory.give_consent(person_id=person, scope=scope, by=citizen, evidence="online")
    made = service.disclose(who=stranger, document_id=archived, purpose=Purpose.TREATMENT)
    assert service.reopen(access_id=made.access_id, who=stranger).decision.allowed
    directory.withdraw_consent(consent_id=given.consent_id, by=citizen)
    with pytest.raises(service.DisclosureRefused):
        service.reopen(access_id=made.access_id, who=stranger)
    assert centre.ledger.entries[-1].kind == "refuse"


def test_reading_ends_with_the_dismissal_of_the_reader(
    centre, archived, doctor, treated_at, jinling
):
    treated_at(archived, jinling)
    made = service.disclose(who=doctor, document_id=archived, purpose=Purpose.TREATMENT)
    directory.dismiss_staff(code=doctor.staff_code, by="test")
    with pytest.raises(service.DisclosureRefused):
        service.reopen(access_id=made.access_id, who=doctor)


def test_an_emergency_reads_on(centre, archived, stranger, summary_v1):
    made = service.disclose(
        who=stranger, document_id=archived, purpose=Purpose.EMERGENCY, emergency_reason=REASON
    )
    entries = len(centre.ledger.entries)
    assert service.reopen(access_id=made.access_id, who=stranger).content() == summary_v1
    assert len(centre.ledger.entries) == entries


# Searches --------------------------------------------------------------------------------------


@pytest.fixture
def search(centre, pki, archived, xuanwuhu):
    machines._valid.clear()
    signer = pki.signer("institutions", xuanwuhu)

    def run(number, **about):
        body = json.dumps({"patient": {"id_number": number}}).encode()
        request = wire.sign(
            method="POST",
            host="testserver",
            target="/api/records/search",
            institution=xuanwuhu,
            signer=signer,
            body=body,
            **about,
        )
        return Client().post(
            request.target, body, content_type="application/json", headers=request.headers()
        )

    return run


@pytest.mark.parametrize(
    ("about", "status"),
    [
        ({"actor": "NOBODY", "purpose": "treatment"}, 403),
        ({"actor": "XW0101", "purpose": "curiosity"}, 422),
        ({"actor": "XW0101", "purpose": "treatment"}, 200),
        ({"actor": "XW0101", "purpose": "emergency", "emergency_reason": REASON}, 403),
    ],
)
def test_a_search_does_not_tell_who_is_known_here(search, about, status):
    known, unknown = search(KNOWN, **about), search(UNKNOWN, **about)
    assert (known.status_code, unknown.status_code) == (status, status)
    assert known.content == unknown.content


def test_an_emergency_search_with_the_clinicians_signature(search, pki, archived):
    answer = search(
        KNOWN,
        actor="XW0101",
        strength="second-factor",
        purpose="emergency",
        emergency_reason=REASON,
        actor_signer=pki.signer("staff", "XW0101"),
    )
    assert [item["id"] for item in answer.json()["items"]] == [archived]
    assert len(directory.emergencies()) == 1


def test_searches_are_counted_and_bounded(search, monkeypatch):
    monkeypatch.setattr(searching, "MOST_OF_ACTOR", 3)
    about = {"actor": "XW0101", "purpose": "treatment"}
    answers = [search(number, **about).status_code for number in (KNOWN, *4 * [UNKNOWN])]
    assert answers == [200, 200, 200, 429, 429]
    assert sorted(Lookup.objects.values_list("found", flat=True)) == [False, False, True]
    monkeypatch.setattr(searching, "MOST_OF_INSTITUTION", 3)
    assert search(KNOWN, actor="XW0102", purpose="treatment").status_code == 429
    with clock.frozen(clock.now() + timedelta(hours=1, minutes=1)):
        assert search(KNOWN, **about).status_code == 200
