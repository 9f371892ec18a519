"""Hash-tree renewal (哈希树续期; RFC 4998 §5.2): before a digest ages, documents are read and
hashed anew, each together with all its older evidence.

Tree by tree, some documents at a time; what is done stays done, whenever the run ends.
"""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef

from openrhip.formats.gm import digests
from openrhip.kernel.database import writing
from openrhip.records.models import EvidenceLeaf, EvidenceTree
from openrhip.records.service.preservation import filling, means, trees


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
    new = _begun(old.generation + 1, algorithm)
    done = _take(old, new)
    if not done:
        with writing():
            EvidenceTree.objects.filter(pk=old.pk).update(next_tree=new)
        done = 1
        if new.leaves >= trees.MOST or len(rows) < 2 or rows[1].generation != old.generation:
            _close(new)
    return done


def _begun(generation: int, algorithm: str) -> EvidenceTree:
    """The tree that grows; before a new one, the authority is asked whether it stamps such."""
    growing = EvidenceTree.objects.filter(
        kind=EvidenceTree.DOCUMENTS, generation=generation, closed=False
    ).first()
    if growing is not None:
        return growing
    digest = digests.by_name(algorithm)
    means.timestamper().stamp_digest(digest.of(b"does the authority stamp this?"), digest.oid)
    with writing():
        return trees.growing(generation=generation, algorithm=algorithm)


def abandon() -> int:
    """Forget re-hashes without a timestamp, with their rows. Answers how many documents."""
    rows = EvidenceTree.objects.filter(
        kind=EvidenceTree.DOCUMENTS, generation__gt=0, token__isnull=True
    )
    with writing():
        EvidenceTree.objects.filter(next_tree__in=rows).update(next_tree=None)
        leaves = EvidenceLeaf.objects.filter(tree__in=rows)
        count = leaves.count()
        leaves.delete()
        rows.delete()
    return count


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
