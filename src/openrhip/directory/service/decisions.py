"""One decision (授权判定): gather the facts, ask the policies."""

from __future__ import annotations

from openrhip.directory.rules import consent as consent_rules
from openrhip.directory.rules.access import Action, Actor, Decision, DocumentFacts, Purpose, Reason
from openrhip.directory.rules.policy import Facts, clean_reason
from openrhip.directory.service import consents, people, personnel, policies, relations
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed


def decide(
    *,
    who: Actor,
    whose: str,
    document: DocumentFacts,
    purpose: Purpose,
    emergency_reason: str | None = None,
    action: Action = Action.READ,
) -> Decision:
    """May this actor do this to this document for this purpose? Reads only; nothing is cached
    but the parsed policies, so a withdrawal counts in the very next decision.

    whose: any id of the patient. The caller enters the ledger, also when it is refused, and carries
    out the obligations. Raises NotFound for an unknown person, Malformed for a bad level.
    """
    if not 1 <= document.level <= 5:
        raise Malformed("levels are 1 to 5", where="level")
    at = clock.now()
    ids = people.same_person_ids(whose)
    who = _at_root(who)
    treating = relations.is_treating(who=who, person_ids=ids, document=document, at=at)
    stated = consent_rules.covered(
        consents.standings(ids),
        who=who,
        document=document,
        purpose=purpose,
        treating=treating,
        at=at,
    )
    guardian = bool(who.person_id and who.person_id != ids[0]) and relations.is_guardian(
        guardian=who.person_id, ward_ids=ids, at=at
    )
    facts = Facts(
        who=who,
        active=bool(who.staff_code) and personnel.is_active(who.staff_code),
        patient_id=ids[0],
        document=document,
        purpose=purpose,
        action=action,
        treating=treating,
        guardian=guardian,
        reason=clean_reason(emergency_reason),
        consent_level=stated.level,
        refused=stated.refused,
    )
    policy_set = policies.current_policies()
    verdict = policy_set.decide(facts, at=at)
    return Decision(
        allowed=verdict.allowed,
        why=verdict.why,
        policy_set=policy_set.digest,
        obligations=verdict.duties,
        consents=stated.consents,
    )


def explain_policies() -> tuple[tuple[str, Reason, tuple[str, ...]], ...]:
    """(effect, reason, duties) of every policy in force, for people to read."""
    return tuple(
        (policy.effect, Reason(policy.id, policy.zh, policy.en), tuple(d for d, _ in policy.duties))
        for policy in policies.current_policies().policies.values()
    )


def _at_root(who: Actor) -> Actor:
    """A citizen who signed in under an entry that was merged since acts as the survivor."""
    if not who.person_id:
        return who
    root = people.resolve_person(who.person_id)
    if root == who.person_id:
        return who
    return Actor(person_id=root, roles=who.roles, strength=who.strength, name=who.name)
