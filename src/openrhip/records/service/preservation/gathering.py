"""The nightly run (每夜归集): every kept document that is in no tree yet becomes a leaf.

Rows are taken by the database itself, some thousands in one short transaction, so that deposits
go on meanwhile. Which deposits to look at is remembered, so that a night does not look at all of
the archive; a run by hand does.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db.models import Exists, F, Min, OuterRef

from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.kernel.statements import change
from openrhip.records.models import Document, EvidenceLeaf, EvidenceNight, EvidenceTree
from openrhip.records.service.preservation import filling, means, trees

CHUNK = 10_000
_OVERLAP = timedelta(days=1)
"""Rows that were on their way in while the night before looked are found by the next one."""
_LATE = timedelta(hours=36)
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_TAKE = """
INSERT INTO records_evidenceleaf (document_id, tree_id, generation, value)
SELECT d.id, %s, 0, '' FROM records_document d
WHERE d.receipt IS NOT NULL AND d.deposited_at >= %s AND d.deposited_at < %s
AND NOT EXISTS (
    SELECT 1 FROM records_evidenceleaf l WHERE l.document_id = d.id AND l.generation = 0
)
ORDER BY d.deposited_at LIMIT %s
"""


def night_step(now: datetime) -> int:
    """One step of the night's run, if one is due or under way. Answers how much was done."""
    due = means.last_due(now)
    night = EvidenceNight.objects.filter(day=due.date()).first()
    if night is None:
        with writing():
            night, _ = EvidenceNight.objects.get_or_create(
                day=due.date(), defaults={"begun_at": now, "cutoff": now}
            )
    if night.ended_at is not None:
        return 0
    return gather(night, since=_looked_until(night))


def gather_all(now: datetime) -> int:
    """All that is missing up to now, however old; a run by hand. Answers how many documents."""
    before = EvidenceLeaf.objects.filter(generation=0).count()
    while gather(None, since=_BEGINNING, cutoff=now):
        pass
    return EvidenceLeaf.objects.filter(generation=0).count() - before


def gather(night: EvidenceNight | None, *, since: datetime, cutoff: datetime | None = None) -> int:
    """Take one portion; close the tree when nothing is left or it is full."""
    until = cutoff or (night.cutoff if night else clock.now())
    algorithm = means.algorithm().name
    with writing():
        tree = trees.growing(generation=0, algorithm=algorithm)
        room = min(CHUNK, trees.MOST - tree.leaves)
        taken = change(_TAKE, tree.pk, since, until, room)
        EvidenceTree.objects.filter(pk=tree.pk).update(leaves=F("leaves") + taken)
        tree.leaves += taken
        if night and taken:
            EvidenceNight.objects.filter(pk=night.pk).update(documents=F("documents") + taken)
        if not tree.leaves:
            tree.delete()
    if taken == room and tree.leaves < trees.MOST:
        return taken
    if tree.leaves and (filled := filling.fill(tree)):
        return taken or filled
    with writing():
        if tree.leaves:
            EvidenceTree.objects.filter(pk=tree.pk).update(closed=True)
        if night and taken < room:
            _end(night)
    return taken


def overdue(now: datetime) -> bool:
    """Whether a document of the last month should have been taken by a night that is over."""
    late = Document.objects.kept().filter(
        deposited_at__gt=now - timedelta(days=30), deposited_at__lt=now - _LATE
    )
    covered = EvidenceLeaf.objects.filter(document=OuterRef("pk"), generation=0)
    return late.exclude(Exists(covered)).exists()


def _end(night: EvidenceNight) -> None:
    """The night is over; what had no receipt yet is looked at again by the next."""
    unfinished = Document.objects.filter(receipt__isnull=True, deposited_at__lt=night.cutoff)
    first = unfinished.aggregate(first=Min("deposited_at"))["first"]
    EvidenceNight.objects.filter(pk=night.pk).update(
        ended_at=clock.now(), scanned_until=min(first or night.cutoff, night.cutoff)
    )


def _looked_until(night: EvidenceNight) -> datetime:
    before = EvidenceNight.objects.filter(day__lt=night.day, ended_at__isnull=False)
    newest = before.order_by("-day").first()
    if newest is None or newest.scanned_until is None:
        return _BEGINNING
    found: datetime = newest.scanned_until
    return found - _OVERLAP
