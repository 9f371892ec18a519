"""Deeds (行为): what somebody wishes to do with records, as ledger entry and as row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from openrhip.directory import service as directory
from openrhip.directory.service import Action, Actor, Decision, Purpose, RequestProof
from openrhip.kernel.clock import rfc3339
from openrhip.kernel.errors import NotFound, Refused
from openrhip.ledger.rules import Entry
from openrhip.records.models import Access
from openrhip.records.rules import Deed
from openrhip.records.service import evidence
from openrhip.records.service.shelf import Shelved

ACTIONS = {Deed.LIST: Action.LIST, Deed.READ: Action.READ, Deed.EXPORT: Action.EXPORT}


class DisclosureRefused(Refused):
    """Refused, with the decision's reasons and the number of the refusal's row."""

    def __init__(self, decision: Decision, access_id: str) -> None:
        super().__init__(
            "; ".join(decision.reasons) or "not permitted",
            where=access_id,
            remedy="ask the patient for consent, or state an emergency",
        )
        self.decision = decision
        self.access_id = access_id


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants what of whose records, and why. row: the document, or None for the list of them."""

    who: Actor
    person_id: str
    row: Shelved | None
    purpose: Purpose
    deed: Deed = Deed.READ
    reason: str = ""
    request: RequestProof | None = None
    manifest: str = ""

    def access(self, decision: Decision, access_id: str, now: datetime) -> Access:
        """The row of this wish, with its leaf; the receipt comes with `entering.enter`."""
        who = self.who
        return Access(
            id=access_id,
            document_id=self.row.id if self.row else None,
            person_id=self.person_id,
            actor=who.reference[:64],
            actor_name=name_of(who)[:100],
            actor_roles=[role.value for role in who.roles],
            institution=who.institution_code,
            purpose=self.purpose.value,
            deed=self.deed.value,
            allowed=decision.allowed,
            reasons=list(decision.reasons),
            emergency=decision.allowed and self.purpose is Purpose.EMERGENCY,
            asked_at=now,
        )

    def entry(self, decision: Decision, access_id: str, now: datetime) -> Entry:
        """The ledger entry: a permit by kind of deed, or a refusal."""
        who, salt = self.who, evidence.salt_of(access_id)
        fields: dict[str, str | int] = {
            "time": rfc3339(now),
            "actor": evidence.commitment(salt, who.reference),
            "patient": directory.person_pseudonym(self.person_id),
            "subject": access_id,
            "purpose": self.purpose.value,
            "policy_set": decision.policy_set,
            "decision": "permit" if decision.allowed else "deny",
            **evidence.requested(self.request),
        }
        if self.row:
            fields["document"] = self.row.digest
            fields["document_id"] = self.row.id
            fields["document_kind"] = self.row.kind
        if self.manifest:
            fields["manifest"] = self.manifest
        if who.roles:
            fields["role"] = who.roles[0].value
        if who.institution_code:
            fields["institution"] = who.institution_code
        if not decision.allowed:
            if decision.why:
                fields["reason_code"] = decision.why[0].id
            return Entry("refuse", fields)
        if self.purpose is Purpose.EMERGENCY:
            fields["reason"] = evidence.commitment(salt, self.reason)
            return Entry("emergency", fields)
        return Entry("export" if self.deed is Deed.EXPORT else "disclose", fields)


def name_of(who: Actor) -> str:
    return who.name or who.staff_code or "本人"


@cache
def institution_name(code: str) -> str:
    try:
        return directory.institution(code).name
    except NotFound:
        return code
