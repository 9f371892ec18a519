"""Rows of trees (树): growing, stamping, entering them into the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from openrhip.directory.service import trust
from openrhip.formats.gm import digests, revocation, sm3, tsp
from openrhip.formats.gm.digests import Digest
from openrhip.formats.gm.ers import Tree, material
from openrhip.formats.gm.tsp import TimestampReport
from openrhip.kernel import clock, ids
from openrhip.kernel.clock import rfc3339
from openrhip.kernel.database import writing
from openrhip.kernel.errors import NotVerified, Problem
from openrhip.records.models import EvidenceRenewal, EvidenceTree
from openrhip.records.service import evidence, vault
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
    """Stamp or enter the oldest closed tree that can be finished. Answers how many: 0 or 1.

    One that cannot be finished now does not hold up the others: its problem is raised when nothing
    else is left to do.
    """
    problem: Problem | None = None
    for row in EvidenceTree.objects.filter(closed=True, receipt__isnull=True).order_by("pk"):
        try:
            if row.token is None and not _stamp(row):
                continue
            _enter(row)
        except Problem as error:
            problem = problem or error
            continue
        return 1
    if problem is not None:
        raise problem
    return 0


def _stamp(row: EvidenceTree) -> bool:
    """Build the tree, have its root stamped, keep the nodes. False if there is nothing to stamp.

    Raises Unavailable, Refused, NotVerified.
    """
    digest = digests.by_name(row.algorithm)
    leaves = _leaves(row)
    if not leaves:
        return False
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
    return True


def _leaves(row: EvidenceTree) -> Sequence[bytes]:
    """What the tree is over, as of now: a re-hash takes in renewals that were made meanwhile, a
    renewal leaves out what was re-hashed meanwhile, since that is over the older evidence alone.
    """
    assembler = Assembler()
    if row.kind == EvidenceTree.DOCUMENTS:
        return assembler.document_leaves(row)
    with writing():
        rows = EvidenceRenewal.objects.filter(by=row)
        rows.filter(tree__next_tree__token__isnull=False).delete()
        if not rows.exists():
            row.delete()
            return ()
    return assembler.renewal_leaves(row)


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
