"""The routes (路由): uploads and deposits of hospitals, documents for third systems."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import NinjaAPI, Status
from ninja.errors import ValidationError

from openrhip.directory.api.door import (
    Caller,
    Signed,
    answer_invalid,
    answer_problem,
    caller,
)
from openrhip.directory.service import Purpose, actor_of
from openrhip.formats.gm.frames import FRAME
from openrhip.kernel.errors import Malformed, Problem
from openrhip.records import service
from openrhip.records.api.schemas import (
    DocumentOut,
    ListOut,
    OutcomeOut,
    ProblemOut,
    RefusalsOut,
    SearchIn,
    UploadIn,
    UploadOut,
)
from openrhip.records.rules import DepositOutcome, UploadState

OFD = "application/ofd"
api = NinjaAPI(
    title="OpenRHIP records",
    version="1",
    description="Deposit and use of sealed medical records. Requests are signed with SM2.",
    urls_namespace="records-api",
    docs_url=None,
    auth=Signed(),
)
api.add_exception_handler(Problem, answer_problem)
api.add_exception_handler(ValidationError, answer_invalid)
_FAULTS = {400: ProblemOut, 401: ProblemOut, 403: ProblemOut, 404: ProblemOut, 409: ProblemOut}


@api.post("/documents", response={201: OutcomeOut, 200: OutcomeOut, 422: OutcomeOut, **_FAULTS})
def deposit_whole(request: HttpRequest, sm3: str, media: str = "ofd") -> Any:
    """Deposit a small file in one request: the body is the file (at most 8 MiB)."""
    who = caller(request)
    return _outcome(
        service.deposit(
            institution=who.institution,
            content=who.body,
            digest=sm3,
            media=media,
            request=who.proof,
        )
    )


@api.get("/deposits/{sm3}", response={200: OutcomeOut, 422: OutcomeOut, **_FAULTS})
def deposited(request: HttpRequest, sm3: str) -> Any:
    """What became of the file with this SM3: the receipt, or the newest refusal."""
    return _outcome(service.deposited(institution=caller(request).institution, digest=sm3))


@api.get("/refusals", response={200: RefusalsOut, **_FAULTS})
def refusals(request: HttpRequest, page: int = 1) -> Any:
    """The caller's refused deposits, newest first."""
    found = service.refusals(institution=caller(request).institution, page=page)
    items = [
        {
            "id": item.id,
            "sm3": item.digest,
            "size": item.size,
            "refused_at": item.refused_at,
            "reasons": list(item.reasons),
            "report": item.report,
        }
        for item in found.items
    ]
    return {"total": found.total, "page": page, "items": items}


@api.post("/uploads", response={201: UploadOut, 200: OutcomeOut, **_FAULTS})
def begin(request: HttpRequest, announced: UploadIn) -> Any:
    """Announce a file. 200 with the receipt if these bytes are archived already."""
    who = caller(request)
    begun = service.begin_upload(
        institution=who.institution,
        size=announced.size,
        digest=announced.sm3,
        media=announced.media,
        request=who.proof,
    )
    if isinstance(begun, DepositOutcome):
        return Status(200, begun.as_dict())
    return Status(201, _upload(begun))


@api.get("/uploads/{upload_id}", response={200: UploadOut, **_FAULTS})
def upload(request: HttpRequest, upload_id: str) -> Any:
    """What has come and what is missing."""
    found = service.upload(institution=caller(request).institution, upload_id=upload_id)
    return _upload(found)


@api.put("/uploads/{upload_id}/parts/{number}", response={200: UploadOut, **_FAULTS})
def put_part(request: HttpRequest, upload_id: str, number: int, offset: int, sm3: str) -> Any:
    """One part: the body is the bytes from `offset`. Durable when answered; may come twice."""
    who = caller(request)
    state = service.put_part(
        institution=who.institution,
        upload_id=upload_id,
        number=number,
        offset=offset,
        digest=sm3,
        content=who.body,
    )
    return _upload(state)


@api.post(
    "/uploads/{upload_id}/complete",
    response={201: OutcomeOut, 200: OutcomeOut, 422: OutcomeOut, **_FAULTS},
)
def complete(request: HttpRequest, upload_id: str) -> Any:
    """Have the whole judged: archived (201, or 200 if it was before) or refused (422)."""
    who = caller(request)
    return _outcome(
        service.complete_upload(institution=who.institution, upload_id=upload_id, request=who.proof)
    )


@api.post("/search", response={200: ListOut, **_FAULTS})
def search(request: HttpRequest, wanted: SearchIn) -> Any:
    """Documents of a patient that the clinician may know of, for the stated purpose.

    In an emergency the search itself is entered in the ledger, told and reviewed.
    """
    who = caller(request)
    patient = wanted.patient
    found = service.look_up(
        who=actor_of(who.signed),
        purpose=_purpose(who),
        emergency_reason=who.signed.emergency_reason or None,
        request=who.proof,
        name=patient.name,
        birth_date=patient.birth_date,
        id_number=patient.id_number,
        health_card=patient.health_card,
        kind=wanted.kind,
        institution=wanted.institution,
        since=wanted.since,
        until=wanted.until,
        page=wanted.page,
    )
    items = [DocumentOut.from_orm(item) for item in found.items]
    return {"total": found.total, "page": wanted.page, "items": items}


@api.get("/documents/{document_id}", auth=Signed(keep_nonce=True), response=None)
def document(request: HttpRequest, document_id: str) -> HttpResponse:
    """The document itself (application/ofd), against policy and ledger.

    The institution names the clinician and the purpose in signed headers. Answered with
    X-RHIP-Access (number of the access), X-RHIP-Ledger-Index and X-RHIP-Watermark (UTF-8, percent
    encoded): every page that is shown must carry the watermark.
    """
    who = caller(request)
    made = service.disclose(
        who=actor_of(who.signed),
        document_id=document_id,
        purpose=_purpose(who),
        emergency_reason=who.signed.emergency_reason or None,
        request=who.proof,
        nonce=who.nonce,
    )
    answer: HttpResponse | StreamingHttpResponse
    if made.size <= FRAME:
        answer = HttpResponse(made.content(), content_type=OFD)
    else:
        answer = StreamingHttpResponse(made.chunks(), content_type=OFD)
    answer["Content-Length"] = str(made.size)
    answer["Cache-Control"] = "no-store"
    answer["X-RHIP-Access"] = made.access_id
    answer["X-RHIP-Ledger-Index"] = str(made.receipt.index)
    answer["X-RHIP-Watermark"] = quote(made.watermark)
    return answer  # type: ignore[return-value]


@api.get("/documents/{document_id}/bundle", auth=Signed(keep_nonce=True), response=None)
def bundle(request: HttpRequest, document_id: str) -> HttpResponse:
    """A proof bundle (application/zip), if the policies let the clinician take it away."""
    who = caller(request)
    made = service.export_bundle(
        who=actor_of(who.signed),
        document_id=document_id,
        purpose=_purpose(who),
        request=who.proof,
        nonce=who.nonce,
    )
    answer = HttpResponse(made.content, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{made.name}"'
    answer["Cache-Control"] = "no-store"
    answer["X-RHIP-Access"] = made.access_id
    return answer


def _outcome(outcome: DepositOutcome) -> Status[dict[str, Any]]:
    if not outcome.accepted:
        return Status(422, outcome.as_dict())
    return Status(200 if outcome.already else 201, outcome.as_dict())


def _upload(state: UploadState) -> dict[str, Any]:
    return {
        "id": state.id,
        "size": state.size,
        "sm3": state.digest,
        "missing": [{"offset": span.offset, "size": span.size} for span in state.missing],
        "received": list(state.received),
        "max_part": state.max_part,
    }


def _purpose(who: Caller) -> Purpose:
    try:
        return Purpose(who.signed.purpose)
    except ValueError as error:
        raise Malformed(
            "the request states no purpose of use that is known",
            where="X-RHIP-Purpose",
            remedy=f"one of: {', '.join(Purpose)}",
        ) from error
