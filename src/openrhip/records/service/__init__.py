"""The only door of records: keyword-only verbs, frozen dataclasses in and out."""

from openrhip.records.rules import (
    AccessProof,
    AccessSummary,
    Deed,
    DepositOutcome,
    DocumentSummary,
    Figures,
    Media,
    Page,
    RefusalSummary,
    UploadState,
)
from openrhip.records.service.deeds import DisclosureRefused
from openrhip.records.service.depositing import (
    DEPOSITED,
    REFUSED,
    deposit,
    deposited,
    finish_pending,
    four_properties,
)
from openrhip.records.service.disclosing import (
    EMERGENCY_LASTS,
    Disclosure,
    declare_emergency,
    disclose,
    reopen,
    watermark,
)
from openrhip.records.service.exporting import Export, export_bundle
from openrhip.records.service.finding import (
    access_proof,
    accesses_of,
    accesses_to,
    document,
    refusals,
    search,
    versions,
)
from openrhip.records.service.preservation.results import (
    DocumentEvidence,
    Done,
    EvidenceStatus,
)
from openrhip.records.service.preservation.running import keep_evidence
from openrhip.records.service.preservation.running import run as make_evidence
from openrhip.records.service.preservation.showing import of_document as evidence_of
from openrhip.records.service.preservation.showing import status as evidence_status
from openrhip.records.service.searching import look_up, search_for
from openrhip.records.service.uploads import (
    begin_upload,
    complete_upload,
    put_part,
    sweep_uploads,
    upload,
)

__all__ = [
    "DEPOSITED",
    "EMERGENCY_LASTS",
    "REFUSED",
    "AccessProof",
    "AccessSummary",
    "Deed",
    "DepositOutcome",
    "Disclosure",
    "DisclosureRefused",
    "DocumentEvidence",
    "DocumentSummary",
    "Done",
    "EvidenceStatus",
    "Export",
    "Figures",
    "Media",
    "Page",
    "RefusalSummary",
    "UploadState",
    "access_proof",
    "accesses_of",
    "accesses_to",
    "begin_upload",
    "complete_upload",
    "declare_emergency",
    "deposit",
    "deposited",
    "disclose",
    "document",
    "evidence_of",
    "evidence_status",
    "export_bundle",
    "finish_pending",
    "four_properties",
    "keep_evidence",
    "look_up",
    "make_evidence",
    "put_part",
    "refusals",
    "reopen",
    "search",
    "search_for",
    "sweep_uploads",
    "upload",
    "versions",
    "watermark",
]
