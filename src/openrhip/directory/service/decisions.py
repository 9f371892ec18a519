"""One decision (授权判定): gather the facts, ask the policies."""

from __future__ import annotations

from dataclasses import replace

from openrhip.directory.rules.access import Action, Actor, Decision, DocumentFacts, Purpose, Reason
from openrhip.directory.rules.consent import covered
from openrhip.directory.rules.policy import Facts, clean_reason
from openrhip.directory.service import policies
from openrhip.directory.service.gathering import gather
from openrhip.directory.service.relations import met_recently
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
    known = gather(who=who, whose=whose, at=at)
    if who.person_id and known.actor_root:
        # Signed in under an entry that was merged since: acts as the survivor.
        who = replace(who, person_id=known.actor_root)
    treating = known.related or met_recently(who=who, document=document, at=at)
    stated = covered(
        known.standings, who=who, document=document, purpose=purpose, treating=treating, at=at
    )
    facts = Facts(
        who=who,
        active=known.active,
        patient_id=known.patient,
        document=document,
        purpose=purpose,
        action=action,
        treating=treating,
        guardian=known.guardian,
        reason=clean_reason(emergency_reason),
        consent_level=stated.level,
        refused=stated.refused,
    )
    policy_set = policies.set_of(known.policy_set)
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
