"""From a ClinicalDocument to the pages of a sealed record (版式): `lay_out`.

Each kind has a page template, in modules of kinds that share parts. The source document travels
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
_GROUPS = {
    # module: the kinds whose pages it builds
    "admission": (Kind.ADMISSION,),
    "consents": (
        Kind.OPERATION_CONSENT, Kind.ANAESTHESIA_CONSENT, Kind.TRANSFUSION_CONSENT,
        Kind.SPECIAL_CONSENT, Kind.CRITICAL_NOTICE, Kind.OTHER_CONSENT,
    ),
    "course": (
        Kind.SHORT_STAY, Kind.SHORT_STAY_DEATH, Kind.FIRST_COURSE, Kind.DAILY_COURSE,
        Kind.SENIOR_ROUND, Kind.DIFFICULT_CASE, Kind.HANDOVER, Kind.TRANSFER, Kind.STAGE_SUMMARY,
        Kind.RESCUE, Kind.CONSULTATION, Kind.DISCHARGE_RECORD, Kind.DEATH, Kind.DEATH_DISCUSSION,
    ),
    "discharge_summary": (Kind.DISCHARGE_SUMMARY,),
    "examination": (Kind.EXAMINATION,),
    "front_sheet": (Kind.FRONT_SHEET,),
    "laboratory": (Kind.LABORATORY,),
    "nursing": (
        Kind.NURSING, Kind.CRITICAL_NURSING, Kind.OPERATION_NURSING, Kind.VITAL_SIGNS,
        Kind.INTAKE_OUTPUT, Kind.CONSUMABLES, Kind.ADMISSION_ASSESSMENT, Kind.NURSING_PLAN,
        Kind.DISCHARGE_ASSESSMENT,
    ),
    "obstetrics": (Kind.LABOUR, Kind.BIRTH, Kind.CAESAREAN),
    "operations": (
        Kind.OPERATION, Kind.PRE_ANAESTHESIA, Kind.ANAESTHESIA, Kind.POST_ANAESTHESIA,
        Kind.TRANSFUSION, Kind.PRE_OPERATION, Kind.PRE_OPERATION_DISCUSSION, Kind.POST_OPERATION,
    ),
    "outpatient": (Kind.OUTPATIENT,),
    "prescription": (Kind.PRESCRIPTION, Kind.HERBAL),
    "summary": (Kind.SUMMARY,),
    "tcm_front_sheet": (Kind.TCM_FRONT_SHEET,),
    "wards": (Kind.OBSERVATION, Kind.TREATMENT, Kind.ORDERS, Kind.CHECK_UP),
}  # fmt: skip
_TEMPLATES = {kind: module for module, kinds in _GROUPS.items() for kind in kinds}


def story_of(
    document: ClinicalDocument, *, source: bytes, printed_at: datetime | None = None
) -> Story:
    """The story of a document, ready for `ofd.write`."""
    module = import_module(f"{__name__}.{_TEMPLATES[document.kind]}")
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
