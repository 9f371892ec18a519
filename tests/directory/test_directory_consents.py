"""Giving and withdrawing consent, and what the ledger sees of it."""

import json
from datetime import timedelta

import pytest

from openrhip.directory import models, service
from openrhip.directory.service import (
    Actor,
    ConsentStatus,
    Effect,
    Grantee,
    Purpose,
    Role,
    Scope,
    consents,
)
from openrhip.kernel import clock, events, ids
from openrhip.kernel.errors import Conflict, Malformed, NotFound, Refused, Unavailable
from openrhip.kernel.models import Outbox

pytestmark = pytest.mark.django_db
OPEN = Scope(grantee=Grantee.INSTITUTION, grantee_code="H1", level=5)
CLOSE = Scope(grantee=Grantee.EVERYONE, effect=Effect.REFUSE)
DOWN = Unavailable("the ledger does not answer")


def give(town, scope=OPEN, **extra):
    return service.give_consent(
        **{
            "person_id": town.patient,
            "scope": scope,
            "by": town.citizen,
            "evidence": "居民门户，本人确认",
            **extra,
        }
    )


def test_each_change_is_one_entry_without_personal_data(town, doors):
    given = give(town, valid_until=clock.now() + timedelta(days=1))
    withdrawn = service.withdraw_consent(
        consent_id=given.consent_id, by=town.citizen, why="不再需要"
    )
    assert [entry.fields["action"] for entry in doors.ledger.entries] == ["give", "withdraw"]
    first = doors.ledger.entries[0]
    assert first.kind == "consent"
    assert first.fields["subject"] == given.consent_id
    assert first.fields["scope"] == OPEN.digest()
    assert "until" in first.fields
    leaves = json.dumps([dict(entry.fields) for entry in doors.ledger.entries])
    assert town.patient not in leaves
    assert withdrawn.status is ConsentStatus.WITHDRAWN
    assert not withdrawn.pending
    assert len(withdrawn.receipts) == 2


def test_states_are_appended(town):
    given = give(town)
    service.withdraw_consent(consent_id=given.consent_id, by=town.citizen)
    states = models.ConsentState.objects.filter(consent_id=given.consent_id).order_by("at")
    assert [state.status for state in states] == ["given", "withdrawn"]
    assert models.Consent.objects.get(pk=given.consent_id).level == 5


def test_without_the_ledger_nothing_is_opened(town, doors):
    doors.ledger.fail = DOWN
    with pytest.raises(Unavailable):
        give(town)
    assert service.consents_of(town.patient) == ()


def test_without_the_ledger_a_withdrawal_holds_at_once_and_is_entered_later(town, doors):
    given = give(town)
    doors.ledger.fail = DOWN
    withdrawn = service.withdraw_consent(consent_id=given.consent_id, by=town.citizen)
    assert withdrawn.status is ConsentStatus.WITHDRAWN
    assert withdrawn.pending
    assert events.deliver_due() == 0
    doors.ledger.fail = None
    with clock.frozen(clock.now() + timedelta(hours=2)):
        assert events.deliver_due() == 1
    assert not service.consent(given.consent_id).pending
    assert [entry.fields["action"] for entry in doors.ledger.entries] == ["give", "withdraw"]


def test_a_withdrawal_entered_at_once_is_not_entered_again_by_the_outbox(town, doors):
    given = give(town)
    service.withdraw_consent(consent_id=given.consent_id, by=town.citizen)
    assert Outbox.objects.count() == 1
    assert events.deliver_due() == 1
    assert len(doors.ledger.entries) == 2


def test_an_objection_closes_at_once_and_opening_again_waits_for_the_ledger(town, doors):
    doors.ledger.fail = DOWN
    objection = give(town, CLOSE)
    assert objection.pending
    with pytest.raises(Unavailable):
        service.withdraw_consent(consent_id=objection.consent_id, by=town.citizen)
    assert service.consent(objection.consent_id).status is ConsentStatus.GIVEN
    doors.ledger.fail = None
    assert (
        service.withdraw_consent(consent_id=objection.consent_id, by=town.citizen).status
        is ConsentStatus.WITHDRAWN
    )


def test_withdrawing_twice_is_withdrawing_once(town, doors):
    given = give(town)
    once = service.withdraw_consent(consent_id=given.consent_id, by=town.citizen)
    assert service.withdraw_consent(consent_id=given.consent_id, by=town.citizen) == once
    assert len(doors.ledger.entries) == 2


def test_one_key_is_one_consent(town, doors):
    key = ids.new_id()
    assert give(town, key=key) == give(town, key=key)
    assert len(doors.ledger.entries) == 1
    with pytest.raises(Conflict):
        give(town, CLOSE, key=key)
    with pytest.raises(Malformed):
        give(town, key="short")


def test_a_retry_after_a_lost_commit_is_one_consent(town, doors, monkeypatch):
    """The ledger took it, the commit failed: the attempt stays visible, the retry makes one consent."""
    key = ids.new_id()

    def lost(*args, **kwargs):
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(models.Consent, "save", lost)
        with pytest.raises(RuntimeError):
            give(town, key=key)
    assert len(doors.ledger.entries) == 1
    give(town, key=key)
    assert len(service.consents_of(town.patient)) == 1
    assert {entry.fields["subject"] for entry in doors.ledger.entries} == {key}


def test_only_the_person_or_a_guardian_consents(town, clerk):
    stranger = Actor.citizen(town.other)
    with pytest.raises(Refused):
        give(town, by=stranger)
    given = give(town)
    with pytest.raises(Refused):
        service.withdraw_consent(consent_id=given.consent_id, by=stranger)
    service.appoint_guardian(
        guardian=town.other, ward=town.patient, kind="监护", evidence="法院文书", by=clerk
    )
    assert give(town, by=stranger).guardian
    assert service.withdraw_consent(consent_id=given.consent_id, by=stranger).withdrawn_at


def test_staff_without_the_office_record_nothing(town, doors):
    """A doctor, an insurer's clerk or an operator cannot consent in the patient's place."""
    for role in (Role.DOCTOR, Role.THIRD_PARTY, Role.OPERATOR):
        by = Actor(staff_code="x1", institution_code="H1", roles=(role,))
        with pytest.raises(Refused):
            give(town, by=by)
    assert doors.ledger.entries == []


def test_the_same_key_twice_at_once_is_one_consent(town, monkeypatch):
    """Both looked before either wrote."""
    key = ids.new_id()
    first = give(town, key=key)
    with monkeypatch.context() as patch:
        rows = models.Consent.objects.none()
        patch.setattr(models.Consent.objects, "filter", lambda **_: rows)
        patch.setattr(consents, "consent", lambda _: first)
        assert give(town, key=key) == first
    assert models.Consent.objects.count() == 1


def test_staff_record_a_signed_paper(town, clerk):
    given = give(town, by=clerk, evidence="纸质同意书，编号 2026-0007")
    assert given.given_by == "staff:clerk-1"
    assert not given.guardian
    assert given.evidence.endswith("2026-0007")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"evidence": ""}, Malformed),
        ({"evidence": "x" * 301}, Malformed),
        ({"valid_until": "past"}, Malformed),
        ({"person_id": "0" * 32}, NotFound),
        ({"scope": Scope(grantee=Grantee.INSTITUTION, grantee_code="H9")}, NotFound),
        ({"scope": Scope(grantee=Grantee.STAFF, grantee_code="nobody")}, NotFound),
        ({"scope": Scope(grantee=Grantee.DEPARTMENT, grantee_code="H1/99")}, NotFound),
        ({"evidence": "纸\x00张"}, Malformed),
    ],
)
def test_consents_that_make_no_sense(town, doors, change, error):
    if change.get("valid_until") == "past":
        change = {"valid_until": clock.now() - timedelta(days=1)}
    with pytest.raises(error):
        give(town, **change)
    assert doors.ledger.entries == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"grantee": Grantee.INSTITUTION},
        {"grantee": Grantee.ALL_TREATING, "grantee_code": "H1"},
        {"grantee": Grantee.DEPARTMENT, "grantee_code": "H1"},
        {"grantee": Grantee.EVERYONE},
        {"grantee": Grantee.ALL_TREATING, "level": 6},
        {"grantee": Grantee.ALL_TREATING, "kinds": frozenset({"x" * 21})},
        {"grantee": Grantee.ALL_TREATING, "kinds": frozenset({"\x00"})},
        {"grantee": Grantee.STAFF, "grantee_code": "a'; --"},
    ],
)
def test_scopes_that_make_no_sense(wrong):
    with pytest.raises(Malformed):
        Scope(**wrong)


def test_views_name_the_grantee_and_what_is_in_force(town):
    first = give(town)
    give(town, Scope(grantee=Grantee.DEPARTMENT, grantee_code="H1/01"))
    give(
        town,
        Scope(grantee=Grantee.STAFF, grantee_code="doc1", purposes=frozenset({Purpose.RESEARCH})),
    )
    service.withdraw_consent(consent_id=first.consent_id, by=town.citizen)
    assert {item.grantee_name for item in service.consents_of(town.patient)} == {
        "南京市第一医院",
        "南京市第一医院 内科",
        "李医生",
    }
    assert len(service.consents_of(town.patient, current_only=True)) == 2
    assert Role.DOCTOR.zh == "医师"
    with pytest.raises(NotFound):
        service.consent("0" * 32)
    with pytest.raises(NotFound):
        service.withdraw_consent(consent_id="0" * 32, by=town.citizen)
