"""Contacts (联系号码): where one-time codes and notices go. Never a number out of a later record.

What hospitals write into records may say anything; whoever receives the codes is the person. So
the number is set by the person, after a code to the number that stands, or by a records clerk who
saw the paper; before that the first number of whoever first identified the person serves
(decision 0066).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import F

from openrhip.directory import models
from openrhip.directory.ports import Message
from openrhip.directory.rules import names, numbers
from openrhip.directory.rules.access import Actor, Office, require
from openrhip.directory.rules.facts import ContactView, Proven
from openrhip.directory.service import doors, entries, first_use, own, people, sealing
from openrhip.kernel import clock, events, ids
from openrhip.kernel.database import writing
from openrhip.kernel.errors import NotVerified, Refused

CONTACT_CHANGED = "directory.contact-changed"
CODE_LIFETIME = timedelta(minutes=10)
_WRONG_AT_MOST = 5
_CODES_PER_HOUR = 5


def contact_of(person_id: str) -> ContactView | None:
    """The contact that stands, masked; None if the person has none. Raises NotFound."""
    row = _standing(person_id)
    return None if row is None else _view(row)


def login_phone(person_id: str) -> str:
    """The number of the contact in the clear, for the message port only; empty if there is none.

    Nobody can sign in without one: a records clerk sets it.
    """
    row = _standing(person_id)
    return "" if row is None else first_use.clear(row)


def ask_contact_code(*, person_id: str, by: Actor) -> str:
    """Send a code to the number that stands; answers the challenge for `set_contact`.

    by: the person. Raises Refused if another asks, without a number, or after too many codes.
    """
    _check_self(by, person_id)
    phone = login_phone(person_id)
    if not phone:
        raise Refused("there is no number to prove", remedy="a records clerk sets the first one")
    now, challenge, code = clock.now(), ids.new_id(), f"{secrets.randbelow(10**6):06d}"
    with writing():
        sent = models.ContactCode.objects.filter(
            person__root=people.resolve_person(person_id), made_at__gt=now - timedelta(hours=1)
        )
        if sent.count() >= _CODES_PER_HOUR:
            raise Refused("too many codes were asked for", remedy="try again in an hour")
        models.ContactCode.objects.create(
            id=challenge,
            person_id=person_id,
            digest=_digest(challenge, code),
            made_at=now,
            expires_at=now + CODE_LIFETIME,
        )
    minutes = int(CODE_LIFETIME.total_seconds() // 60)
    doors.message_sender().send(
        Message(
            to_person=person_id,
            phone=phone,
            kind="contact-code",
            zh=f"您正在更换联系号码，验证码 {code}，{minutes} 分钟内有效。非本人操作请勿告知他人。",
            en=f"Code to change your number: {code}, good for {minutes} minutes. Tell nobody.",
            expires_at=now + CODE_LIFETIME,
        )
    )
    return challenge


def set_contact(
    *,
    person_id: str,
    phone: str,
    by: Actor,
    evidence: str = "",
    challenge: str = "",
    code: str = "",
) -> ContactView:
    """From now on codes and notices go to `phone`; the number that stood is told.

    by: the person, with a code sent to the old number (`ask_contact_code`), or a records clerk
    with a second factor, naming in `evidence` the paper seen. Raises Refused, NotVerified,
    Malformed, NotFound, Unavailable.
    """
    number = numbers.phone(phone)
    root = people.resolve_person(person_id)
    if by.staff_code:
        require(by, Office.CONTACT)
        own.refuse(by, root)
        how, said = Proven.PAPER, names.sentence(evidence, where="evidence", longest=300)
    else:
        _check_self(by, person_id)
        how, said = Proven.CODE, ""
        _use_code(root, challenge, code)
    change = ids.new_id()
    receipt = entries.append("identity", _fields(by, person_id, how), key=change)
    with writing():
        before = _standing(person_id)
        row = models.Contact.objects.create(
            id=change,
            person_id=person_id,
            sealed=first_use.seal(number, change),
            how=how,
            at=clock.now(),
            by=by.reference,
            strength=by.strength,
            evidence=said,
            receipt=receipt,
        )
        if before is not None and first_use.clear(before) != number:
            events.publish(CONTACT_CHANGED, {"contact": before.pk})
    return _view(row)


def deliver_contact_notice(payload: Mapping[str, Any]) -> None:
    """Outbox handler: tell the number that stood before that another one was set."""
    row = models.Contact.objects.filter(pk=payload["contact"]).first()
    if row is None:
        return
    doors.message_sender().send(
        Message(
            to_person=row.person_id,
            phone=first_use.clear(row),
            kind="contact-changed",
            zh="您的联系号码已更换，今后的验证码和通知不再发到本号码。非本人办理请立即联系医院病案室。",
            en="Another number was set for you. If that was not you, call the records office now.",
        )
    )


def reseal_contacts() -> int:
    """Seal anew what older keys sealed."""
    done = 0
    with writing():
        for row in models.Contact.objects.all():
            if not doors.key_ring().is_current(bytes(row.sealed), ""):
                row.sealed = first_use.seal(first_use.clear(row), row.pk)
                row.save(update_fields=["sealed"])
                done += 1
    return done


def _standing(person_id: str) -> models.Contact | None:
    """Proven before first used, of the entry itself before of others merged with it; the newest
    proven one, the oldest first used.
    """
    root = people.resolve_person(person_id)
    rows = list(models.Contact.objects.filter(person__root=root).order_by("at", "pk"))
    proven = [row for row in rows if row.how != Proven.FIRST_USE][::-1]
    for group in (proven, [row for row in rows if row.how == Proven.FIRST_USE]):
        own_rows = [row for row in group if row.person_id == person_id]
        if own_rows or group:
            return (own_rows or group)[0]
    return None


def _check_self(by: Actor, person_id: str) -> None:
    mine = bool(by.person_id) and people.resolve_person(by.person_id)
    if not mine or mine != people.resolve_person(person_id):
        raise Refused("only the person or a records clerk sets the number")


def _use_code(root: str, challenge: str, code: str) -> None:
    """Each code works once; a wrong one is counted. Raises NotVerified."""
    wrong = NotVerified("the code is not right or no longer good", remedy="ask for a new code")
    if not ids.is_id(challenge):
        raise wrong
    rows = models.ContactCode.objects.filter(
        pk=challenge,
        person__root=root,
        used_at=None,
        expires_at__gt=clock.now(),
        wrong__lt=_WRONG_AT_MOST,
    )
    digest = rows.values_list("digest", flat=True).first()
    right = digest is not None and hmac.compare_digest(digest, _digest(challenge, code[:12]))
    with writing():
        if right and rows.update(used_at=clock.now()) == 1:
            return
        rows.update(wrong=F("wrong") + 1)
    raise wrong


def _digest(challenge: str, code: str) -> str:
    return sealing.pseudonym("contact-code", f"{challenge}\x1f{code}")


def _fields(by: Actor, person_id: str, how: Proven) -> entries.Fields:
    return entries.fields_of(
        by,
        action="set-contact",
        reason_code=how.value,
        subject=entries.person_pseudonym(person_id),
    )


def _view(row: models.Contact) -> ContactView:
    return ContactView(
        contact_id=row.pk,
        person_id=row.person_id,
        phone=numbers.mask_number(first_use.clear(row)),
        how=Proven(row.how),
        at=row.at,
        by=row.by,
        strength=row.strength,
        evidence=row.evidence,
        receipt=row.receipt,
    )
