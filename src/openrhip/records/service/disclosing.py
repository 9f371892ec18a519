"""Disclosure (调阅): decide, enter into the ledger, and only then release.

A refusal is entered too. The bytes leave the vault against a permit whose receipt was verified;
the row of the access is written before that, so the patient's history never misses a release.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from openrhip.directory import service as directory
from openrhip.directory.service import (
    Action,
    Actor,
    Decision,
    DocumentFacts,
    Purpose,
    RequestProof,
)
from openrhip.kernel import clock, ids
from openrhip.kernel.clock import CITY_ZONE
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Malformed, NotFound, Refused
from openrhip.ledger.rules import Entry, Receipt
from openrhip.records.models import Access
from openrhip.records.rules import Deed, DocumentSummary
from openrhip.records.service import evidence, finding, shelf, vault
from openrhip.records.service.deeds import (
    ACTIONS,
    DisclosureRefused,
    Wish,
    institution_name,
    name_of,
)
from openrhip.records.service.entering import Asked, enter
from openrhip.records.service.shelf import Shelved

VIEW_WINDOW = timedelta(minutes=15)
EMERGENCY_LASTS = timedelta(minutes=30)


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
    decision: Decision
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
        action=ACTIONS[deed],
    )
    wish = Wish(
        who=who,
        person_id=row.person_id,
        row=row,
        purpose=purpose,
        deed=deed,
        reason=emergency_reason or "",
        request=request,
        manifest=manifest,
    )
    access, entry, receipt = _asked(wish, decision, nonce=nonce)
    if not decision.allowed:
        raise DisclosureRefused(decision, access.id)
    if access.emergency or decision.obligations:
        _carry_out(facts, wish, decision, access)
    return Disclosure(
        access_id=access.id,
        size=row.size,
        watermark=watermark(who, access.asked_at),
        receipt=receipt,
        decision=decision,
        asked_at=access.asked_at,
        _row=row,
        permit=vault.Permit(entry, receipt),
    )


def declare_emergency(
    *, who: Actor, person_id: str, reason: str, request: RequestProof | None = None
) -> None:
    """Break glass for one patient (声明急救): entered, kept for review and told, before anything of
    the patient is listed. Within half an hour the same actor need not declare it again.

    Raises NotFound, DisclosureRefused (entered too), Malformed, Unavailable.
    """
    facts = DocumentFacts(document_id="", kind="", custodian_code=who.institution_code, level=5)
    decision = directory.decide(
        who=who,
        whose=person_id,
        document=facts,
        purpose=Purpose.EMERGENCY,
        emergency_reason=reason,
        action=Action.LIST,
    )
    if decision.allowed and _declared(who, person_id):
        return
    wish = Wish(who, person_id, None, Purpose.EMERGENCY, Deed.LIST, reason, request)
    access, _, _ = _asked(wish, decision)
    if not decision.allowed:
        raise DisclosureRefused(decision, access.id)
    _carry_out(facts, wish, decision, access)


def _declared(who: Actor, person_id: str) -> bool:
    return Access.objects.filter(
        person_id__in=directory.same_person_ids(person_id),
        actor=who.reference[:64],
        institution=who.institution_code,
        deed=Deed.LIST.value,
        emergency=True,
        asked_at__gt=clock.now() - EMERGENCY_LASTS,
    ).exists()


def reopen(*, access_id: str, who: Actor) -> Disclosure:
    """The same disclosure again for the same actor within a quarter of an hour: further pages.

    The policies are asked again: a consent withdrawn or a person dismissed since counts at once,
    and that refusal is entered. Raises NotFound, DisclosureRefused, Refused once the time is over.
    """
    if not ids.is_id(access_id):
        raise Malformed("no id of an access", where="access")
    access = Access.objects.filter(pk=access_id, actor=who.reference[:64], allowed=True).first()
    if access is None or access.document_id is None:
        raise NotFound("no such disclosure to this person", where="access")
    if clock.now() - access.asked_at > VIEW_WINDOW:
        raise Refused("the disclosure has lapsed", where=access_id, remedy="ask again")
    row = shelf.find(access.document_id)
    decision = _still(access, row, who)
    entry = evidence.entry_of(access.leaf)
    receipt = Receipt.from_dict(access.receipt)
    return Disclosure(
        access_id=access.id,
        size=row.size,
        watermark=watermark(who, access.asked_at),
        receipt=receipt,
        decision=decision,
        asked_at=access.asked_at,
        _row=row,
        permit=vault.Permit(entry, receipt),
    )


def _still(access: Access, row: Shelved, who: Actor) -> Decision:
    """The decision on an access as it would be now. Raises DisclosureRefused."""
    purpose, deed = Purpose(access.purpose), Deed(access.deed)
    # What was said in an emergency is sealed in the directory; that it was said is known.
    reason = f"stated with access {access.id}" if access.emergency else ""
    decision = directory.decide(
        who=who,
        whose=row.person_id,
        document=finding.facts_of(row),
        purpose=purpose,
        emergency_reason=reason or None,
        action=ACTIONS[deed],
    )
    if not decision.allowed:
        refused, _, _ = _asked(Wish(who, row.person_id, row, purpose, deed, reason), decision)
        raise DisclosureRefused(decision, refused.id)
    return decision


def watermark(who: Actor, at: datetime) -> str:
    """What stands across each page: viewer, institution, time of the city."""
    place = institution_name(who.institution_code) if who.institution_code else "本人"
    return f"{name_of(who)} {place} {at.astimezone(CITY_ZONE):%Y-%m-%d %H:%M}"


def _asked(wish: Wish, decision: Decision, *, nonce: str = "") -> tuple[Access, Entry, Receipt]:
    """Enter a wish with its decision: ledger first, then the row."""
    access_id, now = ids.new_id(), clock.now()
    entry = wish.entry(decision, access_id, now)
    access = wish.access(decision, access_id, now)
    access.leaf = evidence.leaf_of(entry)
    institution = wish.who.institution_code or "citizen"
    return access, entry, enter(Asked(entry, access, nonce=nonce, institution=institution))


def _carry_out(facts: DocumentFacts, wish: Wish, decision: Decision, access: Access) -> None:
    """Obligations: an emergency is kept for review, and whoever must be told is told."""
    who, whose = wish.who, wish.person_id
    with writing():
        if access.emergency:
            directory.record_emergency(
                who=who, whose=whose, document=facts, reason=wish.reason, decision=decision
            )
        else:
            directory.carry_out(
                who=who,
                whose=whose,
                document=facts,
                purpose=wish.purpose,
                decision=decision,
                reason=wish.reason,
            )
