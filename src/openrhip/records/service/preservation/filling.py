"""Digests by another algorithm (换算法重算): documents are read again, some at a time."""

from __future__ import annotations

from openrhip.formats.gm import digests
from openrhip.kernel.database import writing
from openrhip.records.models import EvidenceLeaf, EvidenceTree
from openrhip.records.service import shelf, vault

CHUNK = 200
MOST_BYTES = 256 << 20
DEPOSITED = digests.SM3.name
"""The algorithm whose digest a deposit has already."""


def digest_hex(document_id: str, algorithm: str) -> str:
    """The digest of a document's bytes, read from the archive. Raises NotFound, NotVerified."""
    digest = digests.by_name(algorithm)
    return vault.digests_of(shelf.find(document_id), [digest])[digest.name].hex()


def fill(tree: EvidenceTree) -> int:
    """Give some leaves of a new tree their values. Answers how many: 0 when all have theirs."""
    if tree.algorithm == DEPOSITED:
        return 0
    part = list(EvidenceLeaf.objects.filter(tree=tree, value="").order_by("pk")[:CHUNK])
    for leaf in part:
        leaf.value = digest_hex(leaf.document_id, tree.algorithm)
    with writing():
        EvidenceLeaf.objects.bulk_update(part, ["value"])
    return len(part)
