"""Rows of trees (树): growing, stamping, entering them into the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from openrhip.formats.gm import digests, revocation, sm3, tsp
from openrhip.formats.gm.digests import Digest
from openrhip.formats.gm.ers import Tree, material
from openrhip.formats.gm.tsp import TimestampReport
from openrhip.kernel import clock, ids
from openrhip.kernel.clock import rfc3339
from openrhip.kernel.database import writing
from openrhip.kernel.errors import NotVerified
from openrhip.records.models import EvidenceRenewal, EvidenceTree
from openrhip.records.service import evidence, trust, vault
from openrhip.records.service.preservation import means
from openrhip.records.service.preservation.assembling import Assembler

MOST = 200_000
"""Documents after which a tree is closed and another begun."""


def growing(*, generation: int, algorithm: str) -> EvidenceTree:
    """The tree over documents that grows in this generation; a new one if there is none."""
    found = EvidenceTree.objects.filter(
        kind=EvidenceTree.DOCUMENTS, generation=generation, closed=False
    ).first()
    return found or begin(EvidenceTree.DOCUMENTS, generation=generation, algorithm=algorithm)


def begin(kind: str, *, generation: int, algorithm: str, closed: bool = False) -> EvidenceTree:
    return EvidenceTree.objects.create(
        code=ids.new_id(),
        kind=kind,
        generation=generation,
        algorithm=algorithm,
        begun_at=clock.now(),
        closed=closed,
    )


def finish_next() -> int:
    """Stamp or enter the oldest closed tree that is not finished. Answers how many: 0 or 1."""
    row = EvidenceTree.objects.filter(closed=True, receipt__isnull=True).order_by("pk").first()
    if row is None:
        return 0
    if row.token is None:
        _stamp(row)
    _enter(row)
    return 1


def _stamp(row: EvidenceTree) -> None:
    """Build the tree, have its root stamped, keep the nodes. Raises Unavailable, NotVerified."""
    digest = digests.by_name(row.algorithm)
    assembler = Assembler()
    if row.kind == EvidenceTree.RENEWAL:
        leaves: Sequence[bytes] = assembler.renewal_leaves(row)
    else:
        leaves = assembler.document_leaves(row)
    tree = Tree.build(digest, leaves)
    token, report = _token(digest, tree.root)
    stored = vault.store().put(tree.encode())
    certificate = report.authority
    expires = certificate.not_after if certificate else None
    row.root, row.nodes_key, row.leaves = tree.root.hex(), stored.key, tree.leaves
    row.token, row.stamped_at, row.expires_at = token, report.time, expires
    row.authority = certificate.common_name[:100] if certificate else ""
    row.leaf = _leaf(row, len(leaves))
    if row.kind == EvidenceTree.DOCUMENTS:
        row.due_at = expires
    with writing():
        row.save()
        if row.kind == EvidenceTree.RENEWAL:
            covered = EvidenceRenewal.objects.filter(by=row).values("tree_id")
            EvidenceTree.objects.filter(pk__in=covered, due_at__isnull=False).update(due_at=expires)
        EvidenceTree.objects.filter(next_tree=row).update(due_at=None)


def _token(digest: Digest, root: bytes) -> tuple[bytes, TimestampReport]:
    """A verified token with everything it and the documents under it will be judged by.

    Status services that its certificates name are asked once these lead to a trusted root.
    """
    token = means.timestamper().stamp_digest(root, digest.oid)
    now, store = clock.now(), trust.store()
    known = material.of_trust(store, now)
    report = tsp.verify_digest(token, root, digest.oid, store)
    unsettled = {finding.code for finding in report.findings if not finding.ok}
    if report.authority and unsettled <= {"cert.revocation-unknown"}:
        issuers = tsp.open_token(token)[0].certificates
        known += revocation.collect(
            [report.authority], store, means.revocation_port(), intermediates=issuers, at=now
        )
        report = tsp.verify_digest(token, root, digest.oid, known.under(store))
    if not report.ok or report.time is None:
        wrong = next(finding for finding in report.findings if not finding.ok)
        raise NotVerified(
            f"the timestamp received does not hold: {wrong.text_en}",
            where="evidence",
            remedy="put the authority's root and revocation lists into the trust folder",
        )
    return material.into_token(token, known), report


def manifest_of(row: EvidenceTree) -> str:
    """What the ledger holds of a root: itself, or its SM3 where it is longer."""
    root = bytes.fromhex(row.root)
    return row.root if len(root) == sm3.SIZE else sm3.hexdigest(root)


def _leaf(row: EvidenceTree, count: int) -> dict[str, str | int]:
    """The ledger entry: the root and how many it covers."""
    deed = "renew" if row.kind == EvidenceTree.RENEWAL else "rehash" if row.generation else "stamp"
    return {
        "kind": "evidence",
        "time": rfc3339(row.stamped_at or clock.now()),
        "manifest": manifest_of(row),
        "action": f"{deed}:{row.algorithm}",
        "count": count,
    }


def _enter(row: EvidenceTree) -> None:
    receipt = evidence.ledger().append(
        evidence.entry_of(row.leaf or {}), key=f"evidence-{row.code}"
    )
    with writing():
        EvidenceTree.objects.filter(pk=row.pk, receipt__isnull=True).update(
            receipt=receipt.to_dict()
        )
