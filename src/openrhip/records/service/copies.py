"""Copies of documents in other forms (副本), linked by digest: the OFD-A copy for the archive.

The signed original stays as it is, with its evidence record; a copy names its digest and carries
the report of its making. A copy is made inside the vault and encrypted like a document.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError

from openrhip.formats.gm import sm3
from openrhip.formats.ofd.profiles import ofd_a
from openrhip.kernel import clock, ids
from openrhip.kernel.database import writing
from openrhip.kernel.errors import NotVerified
from openrhip.records.models import DocumentCopy
from openrhip.records.service import shelf, vault

OFD_A = "ofd-a"


@dataclass(frozen=True, slots=True)
class CopySummary:
    """original: SM3 of the document; digest: SM3 of the copy; report: changes and findings."""

    id: str
    document_id: str
    kind: str
    original: str
    digest: str
    size: int
    made_at: datetime
    report: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def make(*, document_id: str) -> CopySummary:
    """The OFD-A copy of a document (GB/T 42133); the one there is if it was made before.

    Raises NotFound; NotVerified if the copy does not keep the profile's rules; what the conversion
    raises.
    """
    found = shelf.find(document_id)
    if known := _known(document_id):
        return _summary(known, found.digest)
    copy_id = ids.new_id()
    made: list[ofd_a.Conversion] = []

    def convert(content: bytes) -> bytes:
        made.append(ofd_a.convert(content))
        if not made[0].ok:
            wrong = next(finding for finding in made[0].findings if not finding.ok)
            raise NotVerified(
                f"the copy does not keep the rules of OFD-A: {wrong.text_en}", where=wrong.where
            )
        return made[0].data

    kept = vault.keep_made(found, convert, copy_id=copy_id)
    data = made[0].data
    try:
        with writing():
            row = DocumentCopy.objects.create(
                id=copy_id,
                document_id=document_id,
                kind=OFD_A,
                digest=sm3.hexdigest(data),
                size=len(data),
                stored_key=kept.stored_key,
                wrapped_key=kept.wrapped_key,
                key_id=kept.key_id,
                made_at=clock.now(),
                report=made[0].as_dict(),
            )
    except IntegrityError:
        vault.store().delete(kept.stored_key)
        row = DocumentCopy.objects.get(document_id=document_id, kind=OFD_A)
    return _summary(row, found.digest)


def of(document_id: str) -> tuple[CopySummary, ...]:
    """The copies of a document. Raises Malformed, NotFound."""
    found = shelf.find(document_id)
    rows = DocumentCopy.objects.filter(document_id=document_id).order_by("made_at")
    return tuple(_summary(row, found.digest) for row in rows)


def _known(document_id: str) -> DocumentCopy | None:
    return DocumentCopy.objects.filter(document_id=document_id, kind=OFD_A).first()


def _summary(row: DocumentCopy, original: str) -> CopySummary:
    return CopySummary(
        id=row.id,
        document_id=row.document_id,
        kind=row.kind,
        original=original,
        digest=row.digest,
        size=row.size,
        made_at=row.made_at,
        report=row.report,
    )
