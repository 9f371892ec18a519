"""Break-glass accesses (急救访问): recorded, notified, reviewed by a deadline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from openrhip.directory import models
from openrhip.directory.ports import Message
from openrhip.directory.rules.access import (
    Actor,
    Decision,
    DocumentFacts,
    Obligation,
    Office,
    Purpose,
    Role,
    require,
)
from openrhip.directory.rules.facts import EmergencyView
from openrhip.directory.rules.names import sentence
from openrhip.directory.rules.policy import SHORTEST_REASON
from openrhip.directory.service import contacts, doors, people, sealing
from openrhip.directory.service.ids import checked
from openrhip.kernel import clock, events
from openrhip.kernel.database import writing
from openrhip.kernel.errors import NotFound, Refused
from openrhip.kernel.ids import new_id

NOTICE_DUE = "directory.notice-due"
_TABLE = "directory_emergency"
_REVIEW_WITHIN = timedelta(hours=72)
_CENTRE = "centre"


def record_emergency(
    *, who: Actor, whose: str, document: DocumentFacts, reason: str, decision: Decision
) -> EmergencyView:
    """Keep an allowed emergency access for review, and put the notices into the outbox.

    Runs in the caller's transaction, before the document is released. A message gateway that is
    down delays the notice, never the treatment.
    """
    if not decision.allowed:
        raise Refused("only an allowed access is recorded as an emergency")
    said = sentence(reason, where="reason", shortest=SHORTEST_REASON)
    duties = {duty.obligation: duty.due_at for duty in decision.obligations}
    people.resolve_person(whose)
    at, pk = clock.now(), new_id()
    with writing():
        row = models.Emergency.objects.create(
            id=pk,
            person_id=whose,
            staff_code=who.staff_code,
            institution_code=who.institution_code,
            custodian_code=document.custodian_code,
            document_id=document.document_id,
            reason=sealing.seal(said, table=_TABLE, column="reason", row=pk),
            policy_set=decision.policy_set,
            at=at,
            review_by=duties.get(Obligation.REVIEW) or at + _REVIEW_WITHIN,
        )
        if Obligation.NOTIFY_PATIENT in duties:
            events.publish(NOTICE_DUE, {"emergency": pk, "to": "patient"})
        if Obligation.NOTIFY_OFFICER in duties:
            events.publish(NOTICE_DUE, {"emergency": pk, "to": "officer"})
    return _view(row, None)


def carry_out(
    *,
    who: Actor,
    whose: str,
    document: DocumentFacts,
    purpose: Purpose,
    decision: Decision,
    reason: str = "",
) -> None:
    """Whatever an allowed decision obliges to. Runs in the transaction of the disclosure."""
    duties = {duty.obligation for duty in decision.obligations}
    if Obligation.REVIEW in duties:
        record_emergency(who=who, whose=whose, document=document, reason=reason, decision=decision)
    elif Obligation.NOTIFY_PATIENT in duties:
        people.resolve_person(whose)
        payload = {
            "to": "patient",
            "person": whose,
            "institution": who.institution_code,
            "purpose": purpose.value,
            "at": clock.now().isoformat(),
        }
        events.publish(NOTICE_DUE, payload)


def deliver_notice(payload: Mapping[str, Any]) -> None:
    """Outbox handler: tell the patient, or the privacy officers of both institutions."""
    if "emergency" not in payload:
        at = datetime.fromisoformat(payload["at"])
        _tell_patient(payload["person"], payload["institution"], Purpose(payload["purpose"]), at)
        return
    row = models.Emergency.objects.filter(pk=payload["emergency"]).first()
    if row is not None and payload["to"] == "patient":
        _tell_patient(row.person_id, row.institution_code, Purpose.EMERGENCY, row.at)
    elif row is not None:
        _tell_officers(row)


def _tell_patient(person: str, institution: str, purpose: Purpose, at: datetime) -> None:
    name, when = _place(institution), _when(at)
    doors.message_sender().send(
        Message(
            to_person=person,
            phone=contacts.login_phone(person),
            kind=f"{purpose.value}-access",
            zh=f"{name}于{when}因{purpose.zh}查阅了您的病历。如有疑问，请联系隐私保护专员。",
            en=f"{name} opened your record on {when} for {purpose.value}.",
        )
    )


def _tell_officers(row: models.Emergency) -> None:
    name, when, due = _place(row.institution_code), _when(row.at), _when(row.review_by)
    for officer in _officers({row.institution_code, row.custodian_code}):
        doors.message_sender().send(
            Message(
                to_staff=officer,
                kind="emergency-review",
                zh=f"{name}工作人员{row.staff_code}于{when}急救访问病历，请于{due}前复核。",
                en=f"{row.staff_code} of {name} used emergency access on {when}; review by {due}.",
            )
        )


def _place(code: str) -> str:
    row = models.Institution.objects.filter(code=code).first()
    return row.name if row is not None else code


def _when(at: datetime) -> str:
    return at.astimezone(clock.CITY_ZONE).strftime("%Y-%m-%d %H:%M")


def emergencies(
    *,
    by: Actor | None = None,
    institution_code: str = "",
    open_only: bool = True,
    limit: int = 200,
) -> tuple[EmergencyView, ...]:
    """Emergency accesses, the most urgent first; with `by`, those that this officer may review.

    Without `by`: all of the platform, for its own commands and figures, never for a page.
    """
    rows = models.Emergency.objects.order_by("review_by", "pk")
    if by is not None:
        require(by, Office.REVIEW)
        if not _of_centre(by):
            place = by.institution_code
            rows = rows.filter(Q(institution_code=place) | Q(custodian_code=place))
    if institution_code:
        rows = rows.filter(institution_code=institution_code)
    found = {
        item.emergency_id: item
        for item in models.EmergencyReview.objects.filter(emergency__in=rows).order_by("pk")
    }
    shown = [row for row in rows if not (open_only and row.pk in found)]
    return tuple(_view(row, found.get(row.pk)) for row in shown[:limit])


def review_emergency(*, emergency_id: str, justified: bool, note: str, by: Actor) -> EmergencyView:
    """The finding of a privacy officer of the accessing or the keeping institution, or of the
    centre (an institution of kind `centre`). Nobody reviews their own access.
    """
    row = models.Emergency.objects.filter(pk=checked(emergency_id, "emergency access")).first()
    if row is None:
        raise NotFound("no such emergency access")
    require(by, Office.REVIEW)
    if by.staff_code == row.staff_code:
        raise Refused("nobody reviews their own access")
    if by.institution_code not in (row.institution_code, row.custodian_code) and not _of_centre(by):
        raise Refused("the access concerns other institutions")
    said = sentence(note, where="note")
    with writing():
        review = models.EmergencyReview.objects.create(
            emergency=row, justified=justified, note=said, by=by.reference, at=clock.now()
        )
    return _view(row, review)


def _of_centre(by: Actor) -> bool:
    return models.Institution.objects.filter(code=by.institution_code, kind=_CENTRE).exists()


def _officers(codes: set[str]) -> list[str]:
    rows = models.Staff.objects.filter(institution_id__in=codes, active=True).order_by("code")
    return [row.code for row in rows if Role.PRIVACY_OFFICER.value in row.roles]


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
