"""Finding documents (检索), their versions, who looked at them, and what was refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from openrhip.directory import service as directory
from openrhip.directory.service import DocumentFacts
from openrhip.kernel import ids
from openrhip.kernel.errors import Malformed, NotFound
from openrhip.ledger.rules import Receipt, receipt_ok, verify_receipt
from openrhip.records.models import Access, Document, Refusal
from openrhip.records.naming import names_of
from openrhip.records.rules import (
    PAGE_SIZE,
    AccessProof,
    AccessSummary,
    DocumentSummary,
    Page,
    RefusalSummary,
    page_bounds,
)
from openrhip.records.service import evidence
from openrhip.records.service.shelf import Shelved

_MOST_VERSIONS = 200


def search(
    *,
    person_id: str | None = None,
    kind: str | None = None,
    institution: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    with_superseded: bool = False,
    page: int = 1,
    size: int = PAGE_SIZE,
) -> Page[DocumentSummary]:
    """Documents, newest first. person_id: any id of the person. since/until: time of the record.

    Raises Malformed for absurd pages, NotFound for an unknown person.
    """
    rows = Document.objects.kept() if with_superseded else Document.objects.current()
    if person_id is not None:
        rows = rows.filter(person_id__in=directory.same_person_ids(person_id))
    if kind:
        rows = rows.filter(kind=kind)
    if institution:
        rows = rows.filter(institution=institution)
    if since is not None:
        rows = rows.filter(recorded_at__gte=since)
    if until is not None:
        rows = rows.filter(recorded_at__lt=until)
    bounds = page_bounds(page, size)
    ordered = rows.order_by("-recorded_at", "-deposited_at", "id")
    return Page(summaries(list(ordered[bounds])), page, size, rows.count())


def facts_of(row: Document | Shelved) -> DocumentFacts:
    """What permission needs to know of a document; encounters are in the directory already."""
    return DocumentFacts(
        document_id=row.id,
        kind=row.kind,
        custodian_code=row.institution,
        level=row.level,
        department_code=row.department_code,
        author_staff_code=row.author,
    )


def document(document_id: str) -> DocumentSummary:
    """One document's summary: that it exists, not what it says. Raises NotFound."""
    return summary(_document(document_id))


def versions(document_id: str) -> tuple[DocumentSummary, ...]:
    """All versions of a document of its patient, the first one first."""
    row = _document(document_id)
    same = Document.objects.kept().filter(person_id__in=directory.same_person_ids(row.person_id))
    chain = [row]
    while chain[0].replaces_id and len(chain) < _MOST_VERSIONS:
        earlier = same.filter(pk=chain[0].replaces_id).first()
        if earlier is None:
            break
        chain.insert(0, earlier)
    while len(chain) < _MOST_VERSIONS:
        later = same.filter(replaces=chain[-1]).first()
        if later is None:
            break
        chain.append(later)
    return tuple(summaries(chain))


def accesses_of(
    person_id: str, *, page: int = 1, size: int = PAGE_SIZE, others: bool = False
) -> Page[AccessSummary]:
    """Who looked at this person's records, or tried to; newest first. Raises NotFound.

    others: without the looks of the person.
    """
    same = directory.same_person_ids(person_id)
    rows = Access.objects.filter(person_id__in=same)
    if others:
        rows = rows.exclude(actor__in=[f"citizen:{one}" for one in same])
    return _accesses(rows.order_by("-asked_at", "id"), page, size)


def accesses_to(document_id: str, *, page: int = 1, size: int = PAGE_SIZE) -> Page[AccessSummary]:
    """Who looked at one document, or tried to. Raises NotFound."""
    rows = Access.objects.filter(document=_document(document_id))
    return _accesses(rows.order_by("-asked_at", "id"), page, size)


def access_proof(access_id: str, *, person_id: str) -> AccessProof:
    """The proof of one access, for the person whose record it was. Raises NotFound."""
    row = _access(access_id, person_id)
    salt = evidence.salt_of(row.id)
    opened = {"actor": row.actor}
    stored = Receipt.from_dict(row.receipt)
    entry = evidence.entry_of(row.leaf)
    findings = verify_receipt(entry.leaf, stored, log_key=evidence.log_key())
    if not receipt_ok(findings):
        raise NotFound("the stored receipt no longer holds", where=access_id)
    return AccessProof(
        access=_shown([row])[0],
        salt=salt,
        opened=opened,
        receipt=row.receipt,
        log_key=str(evidence.log_key()),
    )


def refusals(
    *,
    institution: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    page: int = 1,
    size: int = PAGE_SIZE,
) -> Page[RefusalSummary]:
    """Refused deposits, newest first, with their reports."""
    rows = Refusal.objects.all()
    if institution:
        rows = rows.filter(institution=institution)
    if since is not None:
        rows = rows.filter(refused_at__gte=since)
    if until is not None:
        rows = rows.filter(refused_at__lt=until)
    found = list(rows.order_by("-refused_at", "id")[page_bounds(page, size)])
    names = names_of(row.institution for row in found)
    items = [
        RefusalSummary(
            id=row.id,
            institution=row.institution,
            institution_name=names[row.institution],
            digest=row.digest,
            size=row.size,
            refused_at=row.refused_at,
            reasons=tuple(row.reasons),
            report=row.report,
        )
        for row in found
    ]
    return Page(items, page, size, rows.count())


def summaries(rows: Sequence[Document]) -> list[DocumentSummary]:
    """Rows as others may see them, with what supersedes them."""
    names = names_of(row.institution for row in rows)
    later = dict(
        Document.objects.kept()
        .filter(replaces__in=[row.pk for row in rows])
        .values_list("replaces_id", "id")
    )
    return [_summary(row, names[row.institution], later.get(row.pk)) for row in rows]


def summary(row: Document) -> DocumentSummary:
    return summaries([row])[0]


def _summary(row: Document, name: str, superseded_by: str | None) -> DocumentSummary:
    return DocumentSummary(
        id=row.id,
        kind=row.kind,
        title=row.title,
        institution=row.institution,
        institution_name=name,
        department=row.department,
        author=row.author,
        author_name=row.author_name,
        person_id=row.person_id,
        level=row.level,
        recorded_at=row.recorded_at,
        deposited_at=row.deposited_at,
        version=row.version,
        replaces=row.replaces_id,
        superseded_by=superseded_by,
        pages=row.pages,
        size=row.size,
        digest=row.digest,
    )


def _accesses(rows: object, page: int, size: int) -> Page[AccessSummary]:
    queryset = rows
    found = list(queryset.select_related("document")[page_bounds(page, size)])  # type: ignore[attr-defined]
    return Page(_shown(found), page, size, queryset.count())  # type: ignore[attr-defined]


def _shown(rows: Sequence[Access]) -> list[AccessSummary]:
    names = names_of(row.institution for row in rows)
    return [
        AccessSummary(
            id=row.id,
            document_id=row.document_id or "",
            kind=row.document.kind if row.document else "",
            title=row.document.title if row.document else "",
            person_id=row.person_id,
            actor=row.actor,
            actor_name=row.actor_name,
            actor_roles=tuple(row.actor_roles),
            institution=row.institution,
            institution_name=names[row.institution],
            purpose=row.purpose,
            deed=row.deed,
            allowed=row.allowed,
            reasons=tuple(row.reasons),
            emergency=row.emergency,
            asked_at=row.asked_at,
            leaf=row.leaf,
            receipt=row.receipt,
        )
        for row in rows
    ]


def _document(document_id: str) -> Document:
    if not ids.is_id(document_id):
        raise Malformed("no id of a document", where="document")
    row = Document.objects.kept().filter(pk=document_id).first()
    if row is None:
        raise NotFound("no such document", where="document")
    return row


def _access(access_id: str, person_id: str) -> Access:
    row = (
        Access.objects.select_related("document")
        .filter(pk=access_id, person_id__in=directory.same_person_ids(person_id))
        .first()
    )
    if row is None:
        raise NotFound("no such access to this person's records", where="access")
    return row
