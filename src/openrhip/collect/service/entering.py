"""One ledger entry for each batch (批次存证), many in one request.

Batches that were settled together share an `entry_key`, under which the ledger places their entries
once, however often they are asked for; so what a crash left open is asked for again as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from openrhip.collect import models
from openrhip.collect.rules.states import State, Trouble
from openrhip.directory import service as directory
from openrhip.kernel.clock import rfc3339
from openrhip.kernel.database import writing
from openrhip.ledger.rules import Entry
from openrhip.ledger.service import LedgerDoor


def ledger() -> LedgerDoor:
    """The ledger's door, as the directory was given it."""
    return cast("LedgerDoor", directory.ledger())


def leaf_of(
    row: models.Batch, *, trouble: Trouble | None, replaced: str | None
) -> dict[str, str | int]:
    """The fields of a batch's entry. replaced: digest of the manifest that stood before."""
    fields: dict[str, str | int] = {
        "time": rfc3339(row.finished_at) if row.finished_at else "",
        "institution": row.unit_id,
        "document": row.digest,
        "document_id": row.id,
        "document_kind": row.table,
        "signer": row.signer,
        "action": "refuse" if trouble else "load",
        "count": row.loaded,
    }
    if trouble:
        fields["reason_code"] = trouble.code
    if replaced:
        fields["supersedes"] = replaced
    return fields


def enter(rows: Sequence[models.Batch]) -> None:
    """Into the ledger, in the order of their places; receipts into the rows. Raises Unavailable."""
    if not rows:
        return
    entries = [Entry("batch", cast("Any", row.leaf)) for row in rows]
    receipts = ledger().append_many(entries, key=rows[0].entry_key)
    with writing():
        for row, receipt in zip(rows, receipts, strict=True):
            row.receipt = receipt.to_dict()
            models.Batch.objects.filter(pk=row.pk, receipt__isnull=True).update(receipt=row.receipt)


def finish_pending(*, most: int = 50) -> int:
    """Bring settled batches without receipt into the ledger; for the worker. Answers how many."""
    open_rows = models.Batch.objects.filter(leaf__isnull=False, receipt__isnull=True)
    keys = open_rows.order_by("entry_key").values_list("entry_key", flat=True).distinct()[:most]
    done = 0
    for key in list(keys):
        rows = list(models.Batch.objects.filter(entry_key=key).order_by("entry_place"))
        enter(rows)
        done += len(rows)
    return done


def settled(row: models.Batch) -> bool:
    return State(row.state) in (State.LOADED, State.REFUSED)
