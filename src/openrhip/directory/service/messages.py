"""Messages kept by the platform itself (demo), sealed."""

from __future__ import annotations

import json
from datetime import datetime

from openrhip.directory import models
from openrhip.directory.ports import Message
from openrhip.directory.service import doors, sealing
from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Malformed
from openrhip.kernel.ids import new_id

_TABLE = "directory_storedmessage"


def send_message(message: Message) -> None:
    """Hand a message to the configured sender. Raises Unavailable."""
    doors.message_sender().send(message)


def store_message(message: Message) -> None:
    """Keep a message; for the outbox adapter."""
    pk = new_id()
    body = json.dumps({"zh": message.zh, "en": message.en, "phone": message.phone})
    with writing():
        models.StoredMessage.objects.filter(expires_at__lt=clock.now()).delete()
        models.StoredMessage.objects.create(
            id=pk,
            to_person=message.to_person,
            to_staff=message.to_staff,
            kind=message.kind,
            body=sealing.seal(body, table=_TABLE, column="body", row=pk),
            made_at=clock.now(),
            expires_at=message.expires_at,
        )


def stored_messages(
    person_id: str = "", *, staff_code: str = "", kind: str = "", limit: int = 20
) -> tuple[tuple[datetime, Message], ...]:
    """Messages to a person or member of staff that have not expired, newest first."""
    if bool(person_id) == bool(staff_code):
        raise Malformed("name either a person or a member of staff", where="to")
    rows = models.StoredMessage.objects.filter(to_person=person_id, to_staff=staff_code).exclude(
        expires_at__lt=clock.now()
    )
    if kind:
        rows = rows.filter(kind=kind)
    return tuple(_open(row) for row in rows.order_by("-made_at", "-pk")[:limit])


def _open(row: models.StoredMessage) -> tuple[datetime, Message]:
    body = json.loads(sealing.unseal(row.body, table=_TABLE, column="body", row=row.pk))
    return row.made_at, Message(
        to_person=row.to_person,
        to_staff=row.to_staff,
        phone=body["phone"],
        kind=row.kind,
        zh=body["zh"],
        en=body["en"],
        expires_at=row.expires_at,
    )
