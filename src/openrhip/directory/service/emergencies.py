"""Break-glass accesses (急救访问): recorded, notified, reviewed by a deadline."""

from __future__ import annotations

from datetime import timedelta

from openrhip.directory import models
from openrhip.directory.ports import Message
from openrhip.directory.rules.access import Actor, Decision, DocumentFacts, Obligation, Role
from openrhip.directory.rules.facts import EmergencyView
from openrhip.directory.service import doors, people, sealing
from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Malformed, NotFound, Refused
from openrhip.kernel.ids import new_id

_TABLE = "directory_emergency"
_REVIEW_WITHIN = timedelta(hours=72)


def record_emergency(
    *, who: Actor, whose: str, document: DocumentFacts, reason: str, decision: Decision
) -> EmergencyView:
    """Keep an allowed emergency access for review and tell the patient. Runs in the caller's
    transaction; the message goes through the port and, in the demo, into the same transaction.
    """
    if not decision.allowed:
        raise Refused("only an allowed access is recorded as an emergency")
    root, at, pk = people.resolve_person(whose), clock.now(), new_id()
    due = next(
        (duty.due_at for duty in decision.obligations if duty.obligation is Obligation.REVIEW), None
    )
    with writing():
        row = models.Emergency.objects.create(
            id=pk,
            person_id=root,
            staff_code=who.staff_code,
            institution_code=who.institution_code,
            document_id=document.document_id,
            reason=sealing.seal(reason.strip()[:500], table=_TABLE, column="reason", row=pk),
            policy_set=decision.policy_set,
            at=at,
            review_by=due or at + _REVIEW_WITHIN,
        )
        if any(duty.obligation is Obligation.NOTIFY_PATIENT for duty in decision.obligations):
            doors.message_sender().send(_notice(root, who))
    return _view(row, None)


def emergencies(
    *, institution_code: str = "", open_only: bool = True, limit: int = 200
) -> tuple[EmergencyView, ...]:
    """Emergency accesses for the privacy officer, the most urgent first."""
    rows = models.Emergency.objects.order_by("review_by", "pk")
    if institution_code:
        rows = rows.filter(institution_code=institution_code)
    found = {
        item.emergency_id: item
        for item in models.EmergencyReview.objects.filter(emergency__in=rows).order_by("pk")
    }
    shown = [row for row in rows if not (open_only and row.pk in found)]
    return tuple(_view(row, found.get(row.pk)) for row in shown[:limit])


def review_emergency(*, emergency_id: str, justified: bool, note: str, by: Actor) -> EmergencyView:
    """The privacy officer's finding. Nobody reviews their own access."""
    row = models.Emergency.objects.filter(pk=emergency_id).first()
    if row is None:
        raise NotFound("no such emergency access")
    if Role.PRIVACY_OFFICER not in by.roles or by.staff_code == row.staff_code:
        raise Refused("a privacy officer who did not make the access reviews it")
    if not 2 <= len(note.strip()) <= 500:
        raise Malformed("a note of 2 to 500 characters is needed", where="note")
    with writing():
        review = models.EmergencyReview.objects.create(
            emergency=row, justified=justified, note=note.strip(), by=by.reference, at=clock.now()
        )
    return _view(row, review)


def _notice(root: str, who: Actor) -> Message:
    place = models.Institution.objects.filter(code=who.institution_code).first()
    name = place.name if place is not None else who.institution_code
    when = clock.now().astimezone(clock.CITY_ZONE).strftime("%Y-%m-%d %H:%M")
    return Message(
        to_person=root,
        phone=people.phone_of(root),
        kind="emergency-access",
        zh=f"{name}于{when}因急救查阅了您的病历。如有疑问，请联系隐私保护专员。",
        en=f"{name} opened your record in an emergency on {when}.",
    )


def _view(row: models.Emergency, review: models.EmergencyReview | None) -> EmergencyView:
    return EmergencyView(
        emergency_id=row.pk,
        person_id=row.person_id,
        staff_code=row.staff_code,
        institution_code=row.institution_code,
        document_id=row.document_id,
        reason=sealing.unseal(row.reason, table=_TABLE, column="reason", row=row.pk),
        at=row.at,
        review_by=row.review_by,
        overdue=review is None and clock.now() > row.review_by,
        justified=review.justified if review else None,
        note=review.note if review else "",
        reviewed_by=review.by if review else "",
    )
