"""The shipped policies as a table that a privacy officer can read: who, why, what → verdict."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrhip.directory.rules.access import (
    Action,
    Actor,
    DocumentFacts,
    Obligation,
    Purpose,
    Role,
    Strength,
)
from openrhip.directory.rules.policy import Facts, PolicyTexts, compiled
from openrhip.directory.service.policies import shipped
from openrhip.kernel.errors import Malformed, TooLarge

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
PATIENT = "a" * 32

# who, purpose, level, further facts → allowed, the policy that decides
# facts: T treating, C<n> consent up to level n, X objection, R reason given, 2 second factor,
#        G guardian, H own hospital keeps it, - inactive, E export
TABLE = [
    # treatment
    ("doctor", "treatment", 4, "T", True, "treating-doctor"),
    ("doctor", "treatment", 4, "", False, "default-deny"),
    ("doctor", "treatment", 4, "H", False, "default-deny"),
    ("doctor", "treatment", 4, "C4", True, "treatment-with-consent"),
    ("doctor", "treatment", 4, "C3", False, "default-deny"),
    ("nurse", "treatment", 4, "T", True, "treating-nurse-pharmacist"),
    ("pharmacist", "treatment", 4, "T", True, "treating-nurse-pharmacist"),
    ("records-clerk", "treatment", 4, "TH", False, "default-deny"),
    ("doctor", "treatment", 4, "T-", False, "forbid-inactive"),
    ("doctor", "treatment", 4, "TE", False, "forbid-export-by-staff"),
    # objections
    ("doctor", "treatment", 4, "TX", False, "forbid-objection"),
    ("doctor", "treatment", 4, "C5X", False, "forbid-objection"),
    ("doctor", "emergency", 4, "XR2", True, "emergency-access"),
    # level 5
    ("doctor", "treatment", 5, "T2", False, "forbid-strict-without-consent"),
    ("doctor", "treatment", 5, "TC42", False, "forbid-strict-without-consent"),
    ("doctor", "treatment", 5, "TC52", True, "treatment-with-consent"),
    ("doctor", "treatment", 5, "C52", True, "treatment-with-consent"),
    ("doctor", "treatment", 5, "TC5", False, "forbid-strict-without-second-factor"),
    ("doctor", "treatment", 5, "C52X", False, "forbid-objection"),
    # emergency
    ("doctor", "emergency", 4, "R2", True, "emergency-access"),
    ("nurse", "emergency", 5, "R2", True, "emergency-access"),
    ("doctor", "emergency", 4, "2", False, "no-reason"),
    ("doctor", "emergency", 4, "R", False, "no-second-factor"),
    ("doctor", "emergency", 5, "TRC5", False, "forbid-strict-without-second-factor"),
    ("pharmacist", "emergency", 4, "R2", False, "default-deny"),
    ("doctor", "emergency", 4, "R2-", False, "forbid-inactive"),
    # own access
    ("self", "own-access", 4, "", True, "own-record"),
    ("self", "own-access", 5, "", True, "own-record"),
    ("self", "own-access", 5, "E", True, "own-record"),
    ("self", "own-access", 4, "X", True, "own-record"),
    ("self", "treatment", 4, "", False, "default-deny"),
    ("citizen", "own-access", 4, "", False, "not-own-record"),
    ("citizen", "own-access", 1, "", False, "not-own-record"),
    ("citizen", "own-access", 4, "G", True, "guardian-of-ward"),
    ("citizen", "own-access", 4, "GE", True, "guardian-of-ward"),
    ("citizen", "own-access", 5, "G", False, "default-deny"),
    ("citizen", "own-access", 5, "GC5", True, "guardian-strict-with-consent"),
    ("doctor", "own-access", 4, "T", False, "default-deny"),
    # quality
    ("records-clerk", "quality", 4, "H", True, "quality-in-own-institution"),
    ("privacy-officer", "quality", 4, "H", True, "quality-in-own-institution"),
    ("records-clerk", "quality", 4, "", False, "default-deny"),
    ("records-clerk", "quality", 5, "H2", False, "forbid-strict-without-consent"),
    ("doctor", "quality", 4, "H", False, "default-deny"),
    # payment, research, public health
    ("third-party", "payment", 4, "", False, "no-consent"),
    ("third-party", "payment", 4, "C4", True, "payment-with-consent"),
    ("third-party", "payment", 4, "C4X", False, "forbid-objection"),
    ("third-party", "treatment", 4, "TC5", False, "default-deny"),
    ("doctor", "research", 4, "T", False, "default-deny"),
    ("doctor", "research", 4, "C4", True, "research-with-consent"),
    ("public-health-officer", "public-health", 5, "2", True, "public-health-duty"),
    ("public-health-officer", "public-health", 4, "", False, "default-deny"),
    ("doctor", "public-health", 4, "T2", False, "default-deny"),
    # operators see nothing
    ("operator", "treatment", 4, "TC5", False, "forbid-operator"),
    ("operator", "emergency", 4, "R2", False, "forbid-operator"),
    ("operator", "quality", 1, "H", False, "forbid-operator"),
]


def facts_of(who, purpose, level, flags):
    consent = int(flags.partition("C")[2][:1] or 0)
    flags = flags.replace(f"C{consent}", "")
    strength = Strength.SECOND_FACTOR if "2" in flags else Strength.PASSWORD
    if who in {"self", "citizen"}:
        actor = Actor.citizen(PATIENT if who == "self" else "b" * 32)
    else:
        actor = Actor(staff_code="s1", institution_code="H1", roles=(Role(who),), strength=strength)
    return Facts(
        who=actor,
        active="-" not in flags,
        patient_id=PATIENT,
        document=DocumentFacts(
            document_id="d1",
            kind="C0053",
            custodian_code="H1" if "H" in flags else "H2",
            level=level,
        ),
        purpose=Purpose(purpose),
        action=Action.EXPORT if "E" in flags else Action.READ,
        treating="T" in flags,
        guardian="G" in flags,
        reason="急性胸痛" if "R" in flags else "",
        consent_level=consent,
        refused="X" in flags,
    )


@pytest.mark.parametrize(("who", "purpose", "level", "flags", "allowed", "policy"), TABLE)
def test_table(who, purpose, level, flags, allowed, policy):
    verdict = compiled(shipped()).decide(facts_of(who, purpose, level, flags), at=NOW)
    assert verdict.allowed is allowed, [reason.id for reason in verdict.why]
    assert policy in {reason.id for reason in verdict.why}
    assert all(reason.zh and reason.en for reason in verdict.why)


def test_every_policy_decides_somewhere_in_the_table():
    """A policy that no line of the table needs is not tested."""
    assert set(compiled(shipped()).policies) == {
        line[5] for line in TABLE if line[5] in compiled(shipped()).policies
    }


def test_an_emergency_binds_to_notice_and_review():
    verdict = compiled(shipped()).decide(facts_of("doctor", "emergency", 5, "R2"), at=NOW)
    assert {(duty.obligation, duty.due_at) for duty in verdict.duties} == {
        (Obligation.NOTIFY_PATIENT, None),
        (Obligation.NOTIFY_OFFICER, None),
        (Obligation.REVIEW, NOW + timedelta(hours=72)),
    }
    assert not compiled(shipped()).decide(facts_of("doctor", "treatment", 4, "T"), at=NOW).duties


flags = st.sets(st.sampled_from("TXR2GH-E")).map("".join)
consents = st.sampled_from(["", "C1", "C3", "C4", "C5"])
actors = st.sampled_from(
    ["self", "citizen", *(r.value for r in Role if r not in (Role.CITIZEN, Role.GUARDIAN))]
)


@given(actors, st.sampled_from(Purpose), st.integers(1, 5), flags, consents)
def test_what_must_never_be(who, purpose, level, flags, consent):
    verdict = compiled(shipped()).decide(facts_of(who, purpose, level, flags + consent), at=NOW)
    if not verdict.allowed:
        return
    staff = who not in {"self", "citizen"}
    assert not (staff and "-" in flags), "an inactive member of staff"
    assert not (staff and "E" in flags), "staff take documents away"
    assert who != "operator"
    assert who != "citizen" or "G" in flags
    if staff and "X" in flags:
        assert purpose in (Purpose.EMERGENCY, Purpose.PUBLIC_HEALTH)
    if staff and level == 5:
        assert "2" in flags
        assert consent == "C5" or purpose in (Purpose.EMERGENCY, Purpose.PUBLIC_HEALTH)
    if purpose is Purpose.EMERGENCY:
        assert "R" in flags
        assert Obligation.REVIEW in {duty.obligation for duty in verdict.duties}


@given(actors, st.sampled_from(Purpose), st.integers(1, 4), flags, consents)
def test_a_lower_level_is_never_harder_to_read(who, purpose, level, flags, consent):
    decide = compiled(shipped()).decide
    if decide(facts_of(who, purpose, level + 1, flags + consent), at=NOW).allowed:
        assert decide(facts_of(who, purpose, level, flags + consent), at=NOW).allowed


def with_policy(text):
    return PolicyTexts.of({**shipped().as_files(), "99-more.cedar": text})


GOOD = '@id("more") @zh("更多") @en("more") permit (principal is Citizen, action, resource);'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("permit (", "not Cedar"),
        ("permit (principal, action, resource);", "lacks its @id"),
        (GOOD.replace('@zh("更多")', ""), "lacks its @zh"),
        (GOOD.replace('"more"', '"own-record"', 1), "called own-record"),
        (GOOD.replace("resource)", "resource) when { resource.levle > 1 }"), "levle"),
        (
            GOOD.replace("resource)", 'resource) when { context.purpose == Purpose::"fun" }'),
            "fun",
        ),
        (GOOD.replace("@zh", '@duties("dance") @zh'), "unknown duty"),
        (GOOD.replace("@zh", '@duties("review-by") @zh'), "hours"),
        (GOOD.replace("@zh", '@duties("notify-patient:3h") @zh'), "hours"),
        (GOOD.replace("principal is Citizen", "principal == ?principal"), "templates"),
        ("\n".join(GOOD.replace('"more"', f'"m{n}"', 1) for n in range(600)), "at most"),
    ],
)
def test_a_set_that_does_not_hold_is_refused(text, why):
    with pytest.raises((Malformed, TooLarge), match=why):
        compiled(with_policy(text))


def test_a_set_needs_schema_and_policies():
    with pytest.raises(Malformed, match="schema"):
        PolicyTexts.of({"a.cedar": GOOD})
    with pytest.raises(Malformed, match="at least one"):
        PolicyTexts.of({"schema.cedarschema": shipped().schema})
    with pytest.raises(TooLarge):
        with_policy("// " + "x" * 2_000_000)


def test_the_hash_is_of_the_texts_alone():
    crlf = {name: text.replace("\n", "\r\n") for name, text in shipped().as_files().items()}
    assert PolicyTexts.of(crlf).digest() == shipped().digest()
    assert with_policy(GOOD).digest() != shipped().digest()
    assert len(os.fsdecode(shipped().digest())) == 64


def test_of_two_permits_the_lighter_binds():
    """Whoever may read anyway is not put under the duties of another permit."""
    both = compiled(
        with_policy(
            '@id("heavy") @zh("重") @en("heavy") @duties("notify-patient") '
            "permit (principal is Staff, action, resource) when { context.treating };"
        )
    )
    verdict = both.decide(facts_of("doctor", "treatment", 4, "T"), at=NOW)
    assert {reason.id for reason in verdict.why} == {"heavy", "treating-doctor"}
    assert verdict.duties == ()


def test_an_error_in_a_policy_denies():
    """Cedar skips a policy that fails; here a failing policy denies, lest a forbid be skipped."""
    broken = compiled(
        with_policy(
            '@id("overflow") @zh("溢出") @en("overflow") forbid (principal is Staff, action, '
            "resource is Document) when { resource.level * 9223372036854775807 > 5 };"
        )
    )
    verdict = broken.decide(facts_of("doctor", "treatment", 4, "T"), at=NOW)
    assert not verdict.allowed
    assert verdict.why[0].id == "policy-error"
