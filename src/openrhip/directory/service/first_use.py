"""The first contact (首次登记号码): trusted once, from who first identified the person."""

from __future__ import annotations

from openrhip.directory import models
from openrhip.directory.rules.facts import Proven
from openrhip.directory.service import claims, sealing
from openrhip.kernel import clock, ids

_TABLE = "directory_contact"


def trust_first_use(given: claims.Given, person_id: str) -> None:
    """Runs in the transaction of a registration: keep its number if nobody else could have set one.

    Only the source that first brought the entry's identity number, only while the entry holds no
    other telephone number, only once.
    """
    if claims.NUMBER not in given.texts or claims.PHONE not in given.texts:
        return
    if models.Contact.objects.filter(person_id=person_id).exists():
        return
    held = models.Identifier.objects.filter(person_id=person_id)
    first = held.filter(kind=claims.NUMBER, contested=False).order_by("at", "pk").first()
    if first is None or first.source != given.source:
        return
    if first.lookup not in given.lookups[claims.NUMBER]:
        return
    if held.filter(kind=claims.PHONE).exclude(lookup__in=given.lookups[claims.PHONE]).exists():
        return
    pk = ids.new_id()
    models.Contact.objects.create(
        id=pk,
        person_id=person_id,
        sealed=seal(given.texts[claims.PHONE], pk),
        how=Proven.FIRST_USE,
        at=clock.now(),
        by=f"source:{given.source}",
    )


def seal(number: str, row: str) -> bytes:
    return sealing.seal(number, table=_TABLE, column="sealed", row=row)


def clear(row: models.Contact) -> str:
    return sealing.unseal(row.sealed, table=_TABLE, column="sealed", row=row.pk)
