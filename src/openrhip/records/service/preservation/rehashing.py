"""Hash-tree renewal (哈希树续期; RFC 4998 §5.2): before a digest ages, documents are read and
hashed anew, each together with all its older evidence.

Tree by tree, some documents at a time; what is done stays done, whenever the run ends.
"""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef

from openrhip.kernel.database import writing
from openrhip.records.models import EvidenceLeaf, EvidenceTree
from openrhip.records.service.preservation import filling, trees


def waiting(algorithm: str) -> list[EvidenceTree]:
    """Stamped trees over documents, by another algorithm, that were not gone over; oldest first."""
    found = EvidenceTree.objects.filter(
        kind=EvidenceTree.DOCUMENTS, token__isnull=False, next_tree__isnull=True
    ).exclude(algorithm=algorithm)
    return list(found.order_by("generation", "pk")[:2])


def rehash_step(algorithm: str) -> int:
    """Some documents of the oldest tree that waits, or closing what has grown.

    Answers how much was done.
    """
    rows = waiting(algorithm)
    if not rows:
        return _close(None)
    old = rows[0]
    with writing():
        new = trees.growing(generation=old.generation + 1, algorithm=algorithm)
    done = _take(old, new)
    if not done:
        with writing():
            EvidenceTree.objects.filter(pk=old.pk).update(next_tree=new)
        done = 1
        if new.leaves >= trees.MOST or len(rows) < 2 or rows[1].generation != old.generation:
            _close(new)
    return done


def done() -> int:
    """How many documents were re-hashed, each time counted."""
    return EvidenceLeaf.objects.filter(generation__gt=0).count()


def _take(old: EvidenceTree, new: EvidenceTree) -> int:
    later = EvidenceLeaf.objects.filter(document=OuterRef("document"), generation=new.generation)
    missing = EvidenceLeaf.objects.filter(tree=old).exclude(Exists(later)).order_by("pk")
    found: list[EvidenceLeaf] = []
    size = 0
    for document_id, bytes_ in missing.values_list("document_id", "document__size")[
        : filling.CHUNK
    ]:
        value = filling.digest_hex(document_id, new.algorithm)
        found.append(
            EvidenceLeaf(document_id=document_id, tree=new, generation=new.generation, value=value)
        )
        size += bytes_
        if size >= filling.MOST_BYTES:
            break
    if found:
        with writing():
            EvidenceLeaf.objects.bulk_create(found)
            EvidenceTree.objects.filter(pk=new.pk).update(leaves=F("leaves") + len(found))
    return len(found)


def _close(tree: EvidenceTree | None) -> int:
    """Close this tree, or any re-hash that still grows although nothing waits."""
    growing = EvidenceTree.objects.filter(
        kind=EvidenceTree.DOCUMENTS, generation__gt=0, closed=False
    )
    if tree is not None:
        growing = growing.filter(pk=tree.pk)
    with writing():
        growing.filter(leaves=0).delete()
        return growing.update(closed=True)
