"""Ledger entries of the directory: consent, identity, policy.

Order (decision 0061): what opens access is entered first and takes effect with its receipt; what
closes access takes effect first and is delivered by the outbox if the ledger does not answer.
Each append carries the id of its change as key: one that got no answer is placed once.
No name and no number enters a leaf: people and actors are keyed pseudonyms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openrhip.directory.models import ConsentState
from openrhip.directory.rules.access import Actor
from openrhip.directory.service import doors, sealing
from openrhip.kernel import clock, events
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Unavailable
from openrhip.ledger.rules import Entry

ENTRY_PENDING = "directory.entry-pending"
Fields = dict[str, str | int]


def person_pseudonym(person_id: str) -> str:
    """How a person appears in ledger entries; the same for good, also for a merged id."""
    return sealing.pseudonym("person", person_id)


def fields_of(by: Actor, **fields: str | int) -> Fields:
    """Time, actor, role and institution, and what the entry is about."""
    made: Fields = {
        "time": clock.rfc3339(clock.now()),
        "actor": sealing.pseudonym("actor", by.reference),
        **fields,
    }
    if by.roles:
        made["role"] = by.roles[0].value
    if by.institution_code:
        made["institution"] = by.institution_code
    return made


def append(kind: str, fields: Mapping[str, str | int], *, key: str) -> dict[str, Any]:
    """Enter durably; the receipt as a dictionary. Raises Unavailable."""
    return doors.ledger().append(Entry(kind=kind, fields=dict(fields)), key=key).to_dict()


def publish_pending(state: ConsentState, fields: Mapping[str, str | int]) -> None:
    """Put the entry of a withdrawal into the outbox, in the transaction of the withdrawal."""
    events.publish(ENTRY_PENDING, {"state": state.pk, "fields": dict(fields)})


def deliver_pending_entry(payload: Mapping[str, Any]) -> None:
    """Outbox handler: enter what is not yet entered. Idempotent."""
    state = ConsentState.objects.filter(pk=payload["state"]).first()
    if state is None or state.receipt is not None:
        return
    receipt = append("consent", payload["fields"], key=state.pk)
    with writing():
        ConsentState.objects.filter(pk=state.pk, receipt__isnull=True).update(receipt=receipt)


def try_now(state: ConsentState, fields: Mapping[str, str | int]) -> None:
    """One attempt right after the commit; if it fails the outbox repeats it."""
    try:
        deliver_pending_entry({"state": state.pk, "fields": fields})
    except Unavailable:
        return
