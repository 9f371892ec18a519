"""Disclosure (调阅): decide, enter into the ledger, and only then release.

A refusal is entered too. The bytes leave the vault against a permit whose receipt was verified;
the row of the access is written before that, so the patient's history never misses a release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from openrhip.directory import service as directory
from openrhip.directory.service import (
    Action,
    Actor,
    Decision,
    DocumentFacts,
    Obligation,
    Purpose,
)
from openrhip.kernel import clock, events, ids
from openrhip.kernel.clock import CITY_ZONE, rfc3339
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Malformed, NotFound, Refused
from openrhip.ledger.rules import Entry, Receipt
from openrhip.records.models import Access
from openrhip.records.rules import Deed, DocumentSummary, RequestProof
from openrhip.records.service import evidence, finding, shelf, vault
from openrhip.records.service.entering import Asked, enter
from openrhip.records.service.shelf import Shelved

EMERGENCY, NOTICE = "records.emergency", "records.notice"
VIEW_WINDOW = timedelta(minutes=15)
_ACTIONS = {Deed.READ: Action.READ, Deed.EXPORT: Action.EXPORT}


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A released document. `chunks()` gives the bytes once the caller is ready to send them.

    watermark: who looks, from where, when; pages must be shown with it. obligations: what else
    the policies demanded (carried out already).
    """

    access_id: str
    size: int
    watermark: str
    receipt: Receipt
    decision: Decision | None
    asked_at: datetime
    _row: Shelved = field(repr=False)
    permit: vault.Permit = field(repr=False)

    @property
    def document(self) -> DocumentSummary:
        """What the document is."""
        return finding.document(self._row.id)

    def chunks(self) -> Iterator[bytes]:
        """The document, frame by frame; each frame is authenticated before it is given."""
        return vault.release(self._row, self.permit)

    def content(self) -> bytes:
        return b"".join(self.chunks())


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
class _Wish:
    """Who wants what, and why."""

    who: Actor
    purpose: Purpose
    deed: Deed
    reason: str
    request: RequestProof | None
    manifest: str


def disclose(
    *,
    who: Actor,
    document_id: str,
    purpose: Purpose,
    emergency_reason: str | None = None,
    deed: Deed = Deed.READ,
    request: RequestProof | None = None,
    nonce: str = "",
    manifest: str = "",
) -> Disclosure:
    """Release a document to an actor for a purpose, or refuse; both are in the ledger on return.

    request and nonce: of the signed request behind it, if one was; a nonce seen before refuses it.
    manifest: digest that the ledger entry binds, for exports.
    Raises NotFound, DisclosureRefused, Malformed, Unavailable (ledger away: nothing is released).
    """
    row = shelf.find(document_id)
    facts = finding.facts_of(row)
    decision = directory.decide(
        who=who,
        whose=row.person_id,
        document=facts,
        purpose=purpose,
        emergency_reason=emergency_reason,
        action=_ACTIONS[deed],
    )
    wish = _Wish(who, purpose, deed, emergency_reason or "", request, manifest)
    access_id, now = ids.new_id(), clock.now()
    entry = _entry(row, wish, decision, access_id, now)
    access = _access(row, wish, decision, access_id, now)
    access.leaf = evidence.leaf_of(entry)
    receipt = enter(Asked(entry, access, nonce=nonce, institution=_asker(who)))
    if not decision.allowed:
        raise DisclosureRefused(decision, access_id)
    if access.emergency or decision.obligations:
        _carry_out(row, facts, wish, decision, access)
    return Disclosure(
        access_id=access_id,
        size=row.size,
        watermark=watermark(who, now),
        receipt=receipt,
        decision=decision,
        asked_at=now,
        _row=row,
        permit=vault.Permit(entry, receipt),
    )


def reopen(*, access_id: str, who: Actor) -> Disclosure:
    """The same disclosure again for the same actor within a quarter of an hour: further pages.

    Raises NotFound, Refused once the time is over.
    """
    if not ids.is_id(access_id):
        raise Malformed("no id of an access", where="access")
    access = Access.objects.filter(pk=access_id, actor=who.reference[:64], allowed=True).first()
    if access is None:
        raise NotFound("no such disclosure to this person", where="access")
    if clock.now() - access.asked_at > VIEW_WINDOW:
        raise Refused("the disclosure has lapsed", where=access_id, remedy="ask again")
    row = shelf.find(access.document_id)
    entry = evidence.entry_of(access.leaf)
    receipt = Receipt.from_dict(access.receipt)
    return Disclosure(
        access_id=access.id,
        size=row.size,
        watermark=watermark(who, access.asked_at),
        receipt=receipt,
        decision=None,
        asked_at=access.asked_at,
        _row=row,
        permit=vault.Permit(entry, receipt),
    )


def watermark(who: Actor, at: datetime) -> str:
    """What stands across each page: viewer, institution, time of the city."""
    place = _institution_name(who.institution_code) if who.institution_code else "本人"
    return f"{_name(who)} {place} {at.astimezone(CITY_ZONE):%Y-%m-%d %H:%M}"


def deliver_notice(payload: Mapping[str, Any]) -> None:
    """Outbox handler: tell the patient of an access that the policies want told."""
    person, place = str(payload["person_id"]), _institution_name(str(payload["institution"]))
    purpose = Purpose(payload["purpose"])
    directory.send_message(
        directory.Message(
            to_person=person,
            phone=directory.phone_of(person),
            kind="record-access",
            zh=f"{place}为{purpose.zh}查阅了您的病历，可在“谁看过我的病历”中查看。",
            en=f"{place} opened your record ({purpose.value}).",
        )
    )


def _access(row: Shelved, wish: _Wish, decision: Decision, access_id: str, now: datetime) -> Access:
    who = wish.who
    return Access(
        id=access_id,
        document_id=row.id,
        person_id=row.person_id,
        actor=who.reference[:64],
        actor_name=_name(who)[:100],
        actor_roles=[role.value for role in who.roles],
        institution=who.institution_code,
        purpose=wish.purpose.value,
        deed=wish.deed.value,
        allowed=decision.allowed,
        reasons=list(decision.reasons),
        emergency=decision.allowed and wish.purpose is Purpose.EMERGENCY,
        asked_at=now,
    )


def _entry(row: Shelved, wish: _Wish, decision: Decision, access_id: str, now: datetime) -> Entry:
    who, salt = wish.who, evidence.salt_of(access_id)
    fields: dict[str, str | int] = {
        "time": rfc3339(now),
        "actor": evidence.commitment(salt, who.reference),
        "patient": evidence.pseudonym(row.person_id),
        "document": row.digest,
        "document_id": row.id,
        "document_kind": row.kind,
        "subject": access_id,
        "purpose": wish.purpose.value,
        "policy_set": decision.policy_set,
        "decision": "permit" if decision.allowed else "deny",
        **evidence.requested(wish.request),
    }
    if wish.manifest:
        fields["manifest"] = wish.manifest
    if who.roles:
        fields["role"] = who.roles[0].value
    if who.institution_code:
        fields["institution"] = who.institution_code
    if not decision.allowed:
        if decision.why:
            fields["reason_code"] = decision.why[0].id
        return Entry("refuse", fields)
    if wish.purpose is Purpose.EMERGENCY:
        fields["reason"] = evidence.commitment(salt, wish.reason)
        return Entry("emergency", fields)
    return Entry("export" if wish.deed is Deed.EXPORT else "disclose", fields)


def _carry_out(
    row: Shelved, facts: DocumentFacts, wish: _Wish, decision: Decision, access: Access
) -> None:
    """Obligations: break-glass is kept for review and told by the directory, else told here."""
    payload = {
        "access_id": access.id,
        "document_id": row.id,
        "person_id": row.person_id,
        "institution": wish.who.institution_code,
        "purpose": wish.purpose.value,
        "obligations": [duty.obligation.value for duty in decision.obligations],
    }
    with writing():
        if access.emergency:
            directory.record_emergency(
                who=wish.who,
                whose=row.person_id,
                document=facts,
                reason=wish.reason,
                decision=decision,
            )
            events.publish(EMERGENCY, payload)
        elif Obligation.NOTIFY_PATIENT.value in payload["obligations"]:
            events.publish(NOTICE, payload)


def _name(who: Actor) -> str:
    return who.name or who.staff_code or "本人"


def _asker(who: Actor) -> str:
    return who.institution_code or "citizen"


@cache
def _institution_name(code: str) -> str:
    try:
        return directory.institution(code).name
    except NotFound:
        return code
