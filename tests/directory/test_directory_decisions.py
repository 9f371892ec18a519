"""Decisions from the tables: relations, consents, withdrawal, guardians, merged people."""

from datetime import timedelta
from pathlib import Path

import pytest

from openrhip.directory import models, service
from openrhip.directory.service import (
    Actor,
    DocumentFacts,
    Effect,
    Encounter,
    Grantee,
    Purpose,
    Role,
    Scope,
    Strength,
    relations,
)
from openrhip.kernel import clock, config
from openrhip.kernel.errors import Malformed, Misconfigured, NotFound, NotVerified

pytestmark = pytest.mark.django_db
EVIDENCE = "居民门户，本人确认"


def document(**facts):
    return DocumentFacts(**{"document_id": "d1", "kind": "C0053", "custodian_code": "H2", **facts})


def ask(town, *, who=None, purpose=Purpose.TREATMENT, whose=None, **facts):
    extra = {k: facts.pop(k) for k in ("emergency_reason", "action") if k in facts}
    return service.decide(
        who=who or town.doctor,
        whose=whose or town.patient,
        document=document(**facts),
        purpose=purpose,
        **extra,
    )


def ids(decision):
    return {reason.partition(":")[0] for reason in decision.reasons}


def test_nobody_reads_without_a_reason(town):
    decision = ask(town)
    assert not decision.allowed
    assert {"default-deny", "no-treatment-relation", "no-consent"} <= ids(decision)
    assert decision.policy_set == service.policy_set_info().digest


def test_an_encounter_of_the_caller_makes_a_relation_for_ninety_days(town):
    now = clock.now()
    for days, allowed in ((0, True), (89, True), (91, False), (-1, False)):
        met = Encounter(institution_code="H1", at=now - timedelta(days=days))
        assert ask(town, encounters=(met,)).allowed is allowed, days
    elsewhere = Encounter(institution_code="H2", at=now)
    assert not ask(town, encounters=(elsewhere,)).allowed


@pytest.mark.parametrize("text", ["", "0", "-1", "ninety", "99999"])
def test_a_senseless_number_of_days_is_named(text, monkeypatch):
    values = {**config.current().values, "treatment_days": text}
    monkeypatch.setattr(config, "current", lambda: config.Config(home=Path(), values=values))
    with pytest.raises(Misconfigured, match="treatment_days"):
        relations.treatment_time.__wrapped__()


def test_a_relation_in_the_table_counts_until_it_ends(town):
    service.note_relation(person_id=town.patient, institution_code="H1", source="H1")
    assert ask(town).allowed
    with clock.frozen(clock.now() + timedelta(days=91)):
        assert not ask(town).allowed


def test_a_referral_to_one_department_is_no_relation_of_another(town):
    service.note_relation(
        person_id=town.patient,
        institution_code="H1",
        department_code="02",
        kind="referral",
        source="H2",
    )
    assert not ask(town).allowed
    other = Actor(
        staff_code="doc1", institution_code="H1", department_code="02", roles=(Role.DOCTOR,)
    )
    assert ask(town, who=other).allowed


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        (Scope(grantee=Grantee.INSTITUTION, grantee_code="H1"), True),
        (Scope(grantee=Grantee.INSTITUTION, grantee_code="H2"), False),
        (Scope(grantee=Grantee.DEPARTMENT, grantee_code="H1/01"), True),
        (Scope(grantee=Grantee.DEPARTMENT, grantee_code="H1/02"), False),
        (Scope(grantee=Grantee.STAFF, grantee_code="doc1"), True),
        (Scope(grantee=Grantee.STAFF, grantee_code="doc2"), False),
        (Scope(grantee=Grantee.ALL_TREATING), False),
        (Scope(grantee=Grantee.INSTITUTION, grantee_code="H1", kinds=frozenset({"C0053"})), True),
        (Scope(grantee=Grantee.INSTITUTION, grantee_code="H1", kinds=frozenset({"C0001"})), False),
        (
            Scope(
                grantee=Grantee.INSTITUTION,
                grantee_code="H1",
                purposes=frozenset({Purpose.RESEARCH}),
            ),
            False,
        ),
        (Scope(grantee=Grantee.INSTITUTION, grantee_code="H1", level=3), False),
    ],
)
def test_a_consent_opens_what_it_names_and_nothing_else(town, scope, allowed):
    given = service.give_consent(
        person_id=town.patient, scope=scope, by=town.citizen, evidence=EVIDENCE
    )
    decision = ask(town)
    assert decision.allowed is allowed
    if allowed:
        assert decision.consents == (given.consent_id,)


def test_a_withdrawal_counts_in_the_next_decision(town):
    given = service.give_consent(
        person_id=town.patient,
        scope=Scope(grantee=Grantee.INSTITUTION, grantee_code="H1"),
        by=town.citizen,
        evidence=EVIDENCE,
    )
    assert ask(town).allowed
    service.withdraw_consent(consent_id=given.consent_id, by=town.citizen)
    assert not ask(town).allowed


def test_a_consent_ends_on_its_day(town):
    now = clock.now()
    service.give_consent(
        person_id=town.patient,
        scope=Scope(grantee=Grantee.INSTITUTION, grantee_code="H1"),
        by=town.citizen,
        evidence=EVIDENCE,
        valid_until=now + timedelta(days=30),
    )
    assert ask(town).allowed
    with clock.frozen(now + timedelta(days=30)):
        assert not ask(town).allowed


def test_consent_of_all_who_treat_opens_level_five_to_them(town):
    service.note_relation(person_id=town.patient, institution_code="H1", source="H1")
    assert "forbid-strict-without-consent" in ids(ask(town, level=5))
    service.give_consent(
        person_id=town.patient,
        scope=Scope(grantee=Grantee.ALL_TREATING, level=5),
        by=town.citizen,
        evidence=EVIDENCE,
    )
    assert ask(town, level=5).allowed


def test_an_objection_beats_relation_and_consent_but_not_an_emergency(town):
    service.note_relation(person_id=town.patient, institution_code="H1", source="H1")
    service.give_consent(
        person_id=town.patient,
        scope=Scope(grantee=Grantee.INSTITUTION, grantee_code="H1", level=5),
        by=town.citizen,
        evidence=EVIDENCE,
    )
    objection = service.give_consent(
        person_id=town.patient,
        scope=Scope(grantee=Grantee.EVERYONE, level=4, effect=Effect.REFUSE),
        by=town.citizen,
        evidence=EVIDENCE,
    )
    assert ids(ask(town)) == {"forbid-objection"}
    assert ask(town, level=3).allowed
    assert ask(town, purpose=Purpose.EMERGENCY, emergency_reason="昏迷送医，需查用药史").allowed
    assert ask(town, who=town.citizen, purpose=Purpose.OWN_ACCESS).allowed
    service.withdraw_consent(consent_id=objection.consent_id, by=town.citizen)
    assert ask(town).allowed


def test_a_dismissed_doctor_is_out_with_the_next_decision(town):
    service.note_relation(person_id=town.patient, institution_code="H1", source="H1")
    assert ask(town).allowed
    service.dismiss_staff(code="doc1", by="staff:chief")
    assert ids(ask(town)) == {"forbid-inactive"}


def test_guardians_act_until_the_guardianship_ends(town, clerk):
    parent = Actor.citizen(town.other)
    assert not ask(town, who=parent, purpose=Purpose.OWN_ACCESS).allowed
    made = service.appoint_guardian(
        guardian=town.other, ward=town.patient, kind="父母", evidence="户口簿", by=clerk
    )
    assert ask(town, who=parent, purpose=Purpose.OWN_ACCESS).allowed
    assert [ward.person_id for ward in service.wards_of(town.other)] == [town.patient]
    assert not ask(town, who=town.citizen, whose=town.other, purpose=Purpose.OWN_ACCESS).allowed
    service.end_guardianship(guardianship_id=made)
    assert not ask(town, who=parent, purpose=Purpose.OWN_ACCESS).allowed
    assert service.wards_of(town.other) == ()


def test_level_five_of_a_ward_opens_to_guardians_by_consent(town, clerk):
    parent = Actor.citizen(town.other)
    service.appoint_guardian(
        guardian=town.other, ward=town.patient, kind="父母", evidence="户口簿", by=clerk
    )
    asked = {"who": parent, "purpose": Purpose.OWN_ACCESS, "level": 5}
    assert not ask(town, **asked).allowed
    service.give_consent(
        person_id=town.patient,
        scope=Scope(grantee=Grantee.GUARDIANS, level=5),
        by=town.citizen,
        evidence=EVIDENCE,
    )
    assert ids(ask(town, **asked)) == {"guardian-strict-with-consent"}
    assert not ask(town, **{**asked, "who": town.doctor, "purpose": Purpose.TREATMENT}).allowed


def test_a_decision_is_two_statements(town, django_assert_num_queries):
    service.give_consent(
        person_id=town.patient,
        scope=Scope(grantee=Grantee.INSTITUTION, grantee_code="H1"),
        by=town.citizen,
        evidence=EVIDENCE,
    )
    with django_assert_num_queries(2):
        assert ask(town).allowed


def test_stored_policies_that_were_changed_are_not_obeyed(town, officer):
    """Whoever writes into the table of policies stops the platform, but opens nothing."""
    service.apply_policies(by=officer, why="启用")
    row = models.PolicySetRow.objects.get()
    row.pk = None
    row.digest = "0" * 64
    row.files["99.cedar"] = (
        '@id("all") @zh("全部") @en("all") permit (principal, action, resource);'
    )
    row.save()
    with pytest.raises(NotVerified):
        ask(town)


def test_a_merged_person_has_one_record_one_consent_and_one_self(town, clerk):
    """Consents and relations of both entries count; signing in under the old id is the same self."""
    service.give_consent(
        person_id=town.other,
        scope=Scope(grantee=Grantee.INSTITUTION, grantee_code="H1"),
        by=Actor.citizen(town.other),
        evidence=EVIDENCE,
    )
    assert not ask(town).allowed
    service.merge(survivor=town.patient, merged=town.other, by=clerk, why="同一人")
    assert ask(town).allowed
    assert ask(town, whose=town.other).allowed
    assert ask(town, who=Actor.citizen(town.other), purpose=Purpose.OWN_ACCESS).allowed
    service.unmerge(person_id=town.other, by=clerk, why="误合并")
    assert not ask(town).allowed
    assert not ask(town, who=Actor.citizen(town.other), purpose=Purpose.OWN_ACCESS).allowed


@pytest.mark.parametrize("reason", [None, "", "  ", "急"])
def test_an_emergency_without_a_reason_is_none(town, reason):
    decision = ask(town, purpose=Purpose.EMERGENCY, emergency_reason=reason)
    assert not decision.allowed
    assert "no-reason" in ids(decision)


def test_an_emergency_without_a_second_factor_is_none(town):
    weak = Actor(staff_code="doc1", institution_code="H1", roles=(Role.DOCTOR,))
    decision = ask(town, who=weak, purpose=Purpose.EMERGENCY, emergency_reason="昏迷送医")
    assert "no-second-factor" in ids(decision)
    strong = Actor(
        staff_code="doc1",
        institution_code="H1",
        roles=(Role.DOCTOR,),
        strength=Strength.SECOND_FACTOR,
    )
    assert ask(town, who=strong, purpose=Purpose.EMERGENCY, emergency_reason="昏迷送医").allowed


def test_unknown_people_and_levels_are_typed_errors(town):
    with pytest.raises(NotFound):
        ask(town, whose="0" * 32)
    with pytest.raises(NotFound):
        ask(town, who=Actor.citizen("0" * 32), purpose=Purpose.OWN_ACCESS)
    for level in (0, 6):
        with pytest.raises(Malformed):
            ask(town, level=level)


def test_an_actor_is_never_nobody():
    with pytest.raises(Malformed):
        Actor()
    with pytest.raises(Malformed):
        Actor(staff_code="x", person_id="y")
