"""Evidence of documents as others see it (证据查询): status, one document's record, its verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Count, Min

from openrhip.directory.service import trust
from openrhip.formats.gm import ers
from openrhip.formats.gm.digests import Digest
from openrhip.formats.gm.ers import EvidenceReport, building, material
from openrhip.formats.gm.ers.policy import SIGNATURE
from openrhip.formats.gm.findings import Finding
from openrhip.kernel import clock
from openrhip.kernel.errors import NotFound
from openrhip.ledger.rules import Receipt, verify_receipt
from openrhip.records.models import (
    Document,
    EvidenceLeaf,
    EvidenceNight,
    EvidenceRenewal,
    EvidenceTree,
)
from openrhip.records.service import evidence, shelf, vault
from openrhip.records.service.preservation import gathering, means, trees
from openrhip.records.service.preservation.assembling import Assembler
from openrhip.records.service.preservation.results import (
    DocumentEvidence,
    EvidenceStatus,
    StampSummary,
)

_LATE = timedelta(hours=12)


def status() -> EvidenceStatus:
    """Where preservation stands. Raises Misconfigured."""
    now = clock.now()
    stamped = EvidenceTree.objects.filter(kind=EvidenceTree.DOCUMENTS, token__isnull=False)
    covered = EvidenceLeaf.objects.filter(generation=0, tree__token__isnull=False).count()
    kept = Document.objects.kept().count()
    current = stamped.filter(next_tree__isnull=True)
    counted = current.values_list("algorithm").annotate(Count("id"))
    next_renewal = stamped.aggregate(first=Min("due_at"))["first"]
    newest = EvidenceNight.objects.filter(ended_at__isnull=False).order_by("-day").first()
    unfinished = EvidenceTree.objects.filter(receipt__isnull=True).count()
    algorithms = {str(name): int(count) for name, count in counted}
    return EvidenceStatus(
        documents=covered,
        pending=max(0, kept - covered),
        trees=stamped.count(),
        unfinished=unfinished,
        renewals=EvidenceTree.objects.filter(
            kind=EvidenceTree.RENEWAL, token__isnull=False
        ).count(),
        algorithms=algorithms,
        next_renewal=next_renewal,
        last_night=newest.ended_at if newest else None,
        warnings=tuple(_warnings(now, next_renewal, algorithms)),
    )


def of_document(document_id: str) -> DocumentEvidence:
    """The evidence of a document. Raises Malformed, NotFound."""
    found = shelf.find(document_id)
    stamps: list[StampSummary] = []
    leaves = EvidenceLeaf.objects.filter(document_id=document_id, tree__token__isnull=False)
    for number, leaf in enumerate(leaves.order_by("generation").select_related("tree"), 1):
        renewals = EvidenceRenewal.objects.filter(tree=leaf.tree, by__token__isnull=False)
        ordered = renewals.order_by("by__stamped_at", "by_id").select_related("by")
        stamps += [_summary(number, row) for row in (leaf.tree, *(one.by for one in ordered))]
    if not stamps:
        raise NotFound("there is no evidence of this document yet", where="document")
    return DocumentEvidence(
        document_id, found.digest, stamps[0].at, stamps[-1].expires, tuple(stamps)
    )


def record_of(document_id: str) -> bytes:
    """The evidence record (RFC 4998, DER), with what is known of its authorities today.

    Raises Malformed, NotFound.
    """
    found = shelf.find(document_id)
    record = Assembler().record(found.id, found.digest)
    return building.with_material(record, material.of_trust(trust.store(), clock.now())).encoded


def holding_record_of(document_id: str) -> bytes:
    """The record of a document if there is one that holds now, else nothing."""
    try:
        found = record_of(document_id)
    except NotFound:
        return b""
    return found if verify(document_id, record=found).ok else b""


def verify(
    document_id: str,
    *,
    record: bytes = b"",
    at: datetime | None = None,
    read: bool = False,
) -> EvidenceReport:
    """Judge the record of a document, by default as `record_of` gives it.

    read: by its bytes in the archive, not the digests kept.

    Raises Malformed, NotFound.
    """
    found = shelf.find(document_id)
    kept = {"sm3": found.digest}
    for leaf in EvidenceLeaf.objects.filter(document_id=document_id).exclude(value=""):
        kept[leaf.tree.algorithm] = leaf.value

    def content(digest: Digest) -> bytes:
        if read or digest.name not in kept:
            return vault.digests_of(found, [digest])[digest.name]
        return bytes.fromhex(kept[digest.name])

    return ers.verify(
        record or record_of(document_id),
        [content],
        trust=trust.store(),
        at=at,
        policy=means.policy(),
    )


def entered(document_id: str) -> tuple[Finding, ...]:
    """Whether each tree over a document is in the ledger as it is, receipt and all: a night that
    was made up later is not. Raises Malformed, NotFound.
    """
    shelf.find(document_id)
    findings: list[Finding] = []
    for leaf in EvidenceLeaf.objects.filter(document_id=document_id, tree__token__isnull=False):
        renewals = EvidenceRenewal.objects.filter(tree=leaf.tree, by__token__isnull=False)
        for row in (leaf.tree, *(one.by for one in renewals.select_related("by"))):
            findings += _entry_findings(row)
    return tuple(findings)


def _entry_findings(row: EvidenceTree) -> Iterator[Finding]:
    where = f"tree {row.code[:12]}"
    entry = evidence.entry_of(row.leaf) if row.leaf else None
    same = entry is not None and entry.fields.get("manifest") == trees.manifest_of(row)
    yield Finding(
        "evidence.entry",
        same and row.receipt is not None,
        "树根已登记在存证账本中" if same and row.receipt else "树根与账本登记的不同，或尚未登记",
        "the root is the one entered into the ledger"
        if same and row.receipt
        else "the root is not the entered one, or is not entered yet",
        where,
    )
    if entry is not None and row.receipt:
        receipt = Receipt.from_dict(row.receipt)
        for finding in verify_receipt(entry.leaf, receipt, log_key=evidence.log_key()):
            if not finding.ok:
                yield replace(finding, code=f"ledger.{finding.code}", where=where)


def covered_documents(*, after: int = 0, most: int = 1000) -> list[tuple[int, str]]:
    """Documents with evidence, tree by tree, for going through all: a mark to go on after, and id.

    Those of one tree come together, so that it is read once.
    """
    leaves = EvidenceLeaf.objects.filter(generation=0, tree__token__isnull=False, pk__gt=after)
    return list(leaves.order_by("pk").values_list("pk", "document_id")[:most])


def _summary(chain: int, row: EvidenceTree) -> StampSummary:
    return StampSummary(
        chain=chain,
        algorithm=row.algorithm,
        at=row.stamped_at or row.begun_at,
        authority=row.authority,
        expires=row.expires_at,
        leaves=row.leaves,
        code=row.code,
    )


def _warnings(
    now: datetime,
    next_renewal: datetime | None,
    algorithms: dict[str, int],
) -> Iterator[tuple[str, str]]:
    day = f"{next_renewal:%Y-%m-%d}" if next_renewal else ""
    if next_renewal and next_renewal < now:
        zh = f"有时间戳已于 {day} 到期而未续期"
        yield zh, f"a timestamp ended on {day} and was not renewed"
    elif next_renewal and next_renewal < now + means.margin():
        zh = f"时间戳将于 {day} 到期：等待续期；若已续期，时间戳机构应更换证书"
        en = f"timestamps end on {day}: renewal is due; if it was done, the authority must change"
        yield zh, f"{en} its certificate"
    policy = means.policy()
    for name in sorted({*algorithms, SIGNATURE} if algorithms else ()):
        end = policy.end_of(name)
        if end and not policy.holds(name, now + means.margin()):
            zh = f"算法 {name} 自 {end:%Y-%m-%d} 起不再安全：须在此前更换"
            yield zh, f"{name} no longer counts from {end:%Y-%m-%d}: replace it before"
    waiting = EvidenceTree.objects.filter(closed=True, token__isnull=True)
    if waiting.filter(begun_at__lt=now - _LATE).exists():
        zh = "有哈希树 12 小时以上没有得到时间戳：请检查 tsa_url 与信任目录"
        yield zh, "a tree has waited 12 hours for its timestamp: see tsa_url and the trust folder"
    if gathering.overdue(now):
        zh = "36 小时以前归档的病历仍没有证据：每夜归集没有完成"
        yield zh, "records of more than 36 hours ago have no evidence: no nightly run has ended"
