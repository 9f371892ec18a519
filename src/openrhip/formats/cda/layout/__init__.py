"""From a ClinicalDocument to the pages of a sealed record (版式): `lay_out`.

Each kind has a template; kinds without one take the general form. The source document travels
inside as an attachment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from importlib import import_module

from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.layout import legible
from openrhip.formats.cda.model import ClinicalDocument
from openrhip.formats.ofd.signing_open import MEDICAL
from openrhip.formats.ofd.story import Attachment, Metadata, Story

ATTACHMENT = "source.xml"
_TEMPLATES = {
    Kind.ADMISSION: "admission",
    Kind.EXAMINATION: "examination",
    Kind.FRONT_SHEET: "front_sheet",
    Kind.LABORATORY: "laboratory",
    Kind.OUTPATIENT: "outpatient",
    Kind.PRESCRIPTION: "prescription",
    Kind.SUMMARY: "summary",
    Kind.HERBAL: "prescription",
    Kind.DISCHARGE_SUMMARY: "discharge_summary",
}


def story_of(
    document: ClinicalDocument, *, source: bytes, printed_at: datetime | None = None
) -> Story:
    """The story of a document, ready for `ofd.write`."""
    module = import_module(f"{__name__}.{_TEMPLATES.get(document.kind, 'general')}")
    build: Callable[[ClinicalDocument], Story] = module.build
    story = build(legible.document(document, source))
    return Story(
        title=story.title,
        blocks=story.blocks,
        metadata=_metadata(document, source, printed_at),
        header=story.header,
        first_header=story.first_header,
        footer=story.footer,
        attachments=(Attachment(ATTACHMENT, "text/xml", source),),
        page=story.page,
    )


def lay_out(
    document: ClinicalDocument, *, source: bytes, printed_at: datetime | None = None
) -> bytes:
    """An unsigned OFD package of the document, `source` (its XML) attached as source.xml.

    The same document and source give the same bytes; `printed_at` sets the creation date only.
    """
    from openrhip.formats import ofd  # noqa: PLC0415  fonts load when something is laid out

    package: bytes = ofd.write(story_of(document, source=source, printed_at=printed_at))
    return package


def _metadata(document: ClinicalDocument, source: bytes, printed_at: datetime | None) -> Metadata:
    """What OFD-H wants to know of a record, and what the centre asks for."""
    digest = hashlib.new("sm3", source).hexdigest()
    patient = document.patient
    number = patient.inpatient_number or patient.outpatient_number or patient.health_card
    return Metadata(
        doc_type=MEDICAL,
        author=document.custodian.name,
        subject=document.kind.title_zh,
        keywords=(document.kind.code, document.kind.title_zh),
        created=printed_at or document.created_at,
        custom=(
            ("DocumentId", f"{document.document_id.root}/{document.document_id.extension}"),
            ("SetId", document.set_id),
            ("Version", str(document.version)),
            ("Kind", document.kind.code),
            ("Template", document.kind.template_id),
            ("Institution", document.custodian.code),
            ("SourceSM3", digest),
            ("PatientName", patient.name),
            ("PatientId", number),
            ("Responsible", _responsible(document)),
            ("Confidentiality", document.confidentiality.code or "N"),
        ),
    )


def _responsible(document: ClinicalDocument) -> str:
    """Who answers for the record (责任者): the authenticator, else the first named author."""
    named = (document.authenticator, *document.authors)
    return next((one.name for one in named if one and one.name), document.custodian.name)
