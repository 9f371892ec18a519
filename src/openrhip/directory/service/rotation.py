"""Rotation of keys (密钥轮换): seal every number anew under the newest keys."""

from __future__ import annotations

from openrhip.directory import models
from openrhip.directory.service import claims, contacts, doors, sealing
from openrhip.kernel.database import writing

_BATCH = 200


def reseal() -> int:
    """Seal and index anew what older keys made; answers how many numbers. May be interrupted.

    Until it is done, look-ups try the index of every key in the ring. Stored messages expire;
    emergency reasons and contacts are sealed anew too.
    """
    done, last = 0, ""
    while rows := list(models.Identifier.objects.filter(pk__gt=last).order_by("pk")[:_BATCH]):
        with writing():
            done += sum(_reseal_number(row) for row in rows)
        last = rows[-1].pk
    return done + _reseal_reasons() + contacts.reseal_contacts()


def _reseal_number(row: models.Identifier) -> int:
    if doors.key_ring().is_current(bytes(row.sealed), row.lookup):
        return 0
    text = claims.whole(row)
    row.sealed = sealing.seal(text, table=claims.TABLE, column="sealed", row=row.pk)
    row.lookup = sealing.index(row.kind, text)
    row.save(update_fields=["sealed", "lookup"])
    return 1


def _reseal_reasons() -> int:
    done = 0
    with writing():
        for row in models.Emergency.objects.all():
            if not doors.key_ring().is_current(bytes(row.reason), ""):
                cell = {"table": "directory_emergency", "column": "reason", "row": row.pk}
                row.reason = sealing.seal(sealing.unseal(row.reason, **cell), **cell)
                row.save(update_fields=["reason"])
                done += 1
    return done
