"""Timestamp renewal (时间戳续期; RFC 4998 §5.2): before a timestamp ages, a newer one covers it.

All trees that are due at once become leaves of one renewal tree: one timestamp renews them all.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from openrhip.kernel.database import writing
from openrhip.records.models import EvidenceRenewal, EvidenceTree
from openrhip.records.service.preservation import means, trees

PAUSE = timedelta(days=7)
"""A renewal that gained no time, because the authority still uses the old certificate, is tried
again after this."""
_MOST = 100_000


def due(before: datetime) -> QuerySet[EvidenceTree]:
    """Stamped trees over documents whose newest timestamp ends before this."""
    waiting = EvidenceRenewal.objects.filter(tree=OuterRef("pk"), by__token__isnull=True)
    return EvidenceTree.objects.filter(
        kind=EvidenceTree.DOCUMENTS, token__isnull=False, due_at__lt=before
    ).exclude(Exists(waiting))


def renewal_step(now: datetime) -> int:
    """Begin what is due within the margin. Answers how many trees it covers."""
    recent = EvidenceRenewal.objects.filter(tree=OuterRef("pk"), by__stamped_at__gt=now - PAUSE)
    return begin(due(now + means.margin()).exclude(Exists(recent)))


def begin(rows: QuerySet[EvidenceTree]) -> int:
    """Renewal trees over these, one for each algorithm; `trees.finish_next` stamps them."""
    chosen = list(rows.order_by("algorithm", "pk")[:_MOST])
    with writing():
        by_algorithm: dict[str, EvidenceTree] = {}
        for row in chosen:
            if row.algorithm not in by_algorithm:
                by_algorithm[row.algorithm] = trees.begin(
                    EvidenceTree.RENEWAL, generation=0, algorithm=row.algorithm, closed=True
                )
        EvidenceRenewal.objects.bulk_create(
            [EvidenceRenewal(tree=row, by=by_algorithm[row.algorithm]) for row in chosen],
            batch_size=2000,
        )
    return len(chosen)
