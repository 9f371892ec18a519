"""The routes (路由): announce, upload in parts, complete; follow one's own batches."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import NinjaAPI, Status
from ninja.errors import ValidationError

from openrhip.collect import service
from openrhip.collect.api.schemas import (
    BatchesOut,
    BatchOut,
    EnvelopeIn,
    IncomingFileOut,
    IncomingOut,
    ProblemOut,
)
from openrhip.collect.rules.reports import as_sheet, as_text
from openrhip.collect.rules.states import BatchState, State
from openrhip.collect.service import Incoming, IncomingFile, feedback
from openrhip.directory.api.door import Signed, answer_invalid, answer_problem, caller
from openrhip.kernel.errors import Malformed, NotFound, Problem
from openrhip.kernel.periods import Month

api = NinjaAPI(
    title="OpenRHIP collect",
    version="1",
    description="Batches of collected data. Requests and manifests are signed with SM2.",
    urls_namespace="collect-api",
    docs_url=None,
    auth=Signed(),
)
api.add_exception_handler(Problem, answer_problem)
api.add_exception_handler(ValidationError, answer_invalid)
_FAULTS = dict.fromkeys((400, 401, 403, 404, 409, 413, 422, 503), ProblemOut)
_ENVELOPE = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": EnvelopeIn.json_schema()}},
    }
}
_TYPES = {"json": "application/json", "csv": "text/csv", "txt": "text/plain"}


@api.post(
    "/batches",
    response={201: IncomingOut, 200: BatchOut, **_FAULTS},
    openapi_extra=_ENVELOPE,
)
def begin(request: HttpRequest) -> Any:
    """Announce a batch by its signed manifest: what is to be sent (201), again as often as needed.

    200 with the batch if the same one is here already: then nothing need be sent.
    """
    who = caller(request)
    begun = service.announce(institution=who.institution, envelope=who.body)
    if isinstance(begun, Incoming):
        return Status(201, _incoming(begun))
    return Status(200, begun.as_dict())


@api.get("/uploads/{upload_id}", response={200: IncomingOut, **_FAULTS})
def upload(request: HttpRequest, upload_id: str) -> Any:
    """What has come of an announced batch, and what is missing."""
    return _incoming(service.upload(institution=caller(request).institution, upload_id=upload_id))


@api.put(
    "/uploads/{upload_id}/files/{place}/parts/{number}",
    response={200: IncomingFileOut, **_FAULTS},
)
def part(
    request: HttpRequest, upload_id: str, place: int, number: int, offset: int, sm3: str
) -> Any:
    """One part of a file: the body is the bytes from `offset`. Durable when answered; may come
    twice. place: of the file in the manifest, from 0.
    """
    who = caller(request)
    state = service.put_part(
        institution=who.institution,
        upload_id=upload_id,
        place=place,
        number=number,
        offset=offset,
        digest=sm3,
        content=who.body,
    )
    return _file(state)


@api.post("/uploads/{upload_id}/complete", response={201: BatchOut, 200: BatchOut, **_FAULTS})
def finish(request: HttpRequest, upload_id: str, via: Literal["https", "agent"] = "https") -> Any:
    """Hand the whole in: received (201), or here already (200). The check comes later: ask for
    the batch until it is settled. via: what is noted of the way it came.
    """
    done = service.complete_upload(
        institution=caller(request).institution, upload_id=upload_id, via=via
    )
    return Status(200 if done.already else 201, done.as_dict())


@api.get("/batches", response={200: BatchesOut, **_FAULTS})
def batches(
    request: HttpRequest, table: str = "", state: str = "", month: str = "", page: int = 1
) -> Any:
    """The unit's own batches, newest first. month: YYYY-MM, of the batch's day."""
    found = service.batches(
        unit=caller(request).institution,
        table=table or None,
        state=_state(state),
        month=Month.parse(month) if month else None,
        page=min(max(page, 1), 100_000),
    )
    return {"page": page, "items": [one.as_dict() for one in found]}


@api.get("/batches/{batch_id}", response={200: BatchOut, **_FAULTS})
def batch(request: HttpRequest, batch_id: str) -> Any:
    """A batch: its state, and the rules that its rows broke."""
    return _own(request, batch_id).as_dict()


@api.get("/batches/{batch_id}/report.{form}", response=None)
def report(request: HttpRequest, batch_id: str, form: str) -> HttpResponse:
    """What was wrong and what to do, by rule, with examples. form: json, csv or txt."""
    if form not in _TYPES:
        raise NotFound("a report is had as json, csv or txt", where="path")
    found = feedback.report(_own(request, batch_id).id)
    if form == "json":
        return api.create_response(request, found.as_dict(), status=200)
    text = as_sheet(found) if form == "csv" else as_text(found) + "\n"
    return HttpResponse(text, content_type=f"{_TYPES[form]}; charset=utf-8")


@api.get("/batches/{batch_id}/faults.csv", response=None)
def faults(request: HttpRequest, batch_id: str) -> StreamingHttpResponse:
    """All rows at fault, with line, rules and what to do; personal values masked."""
    found = feedback.rows_at_fault(_own(request, batch_id).id)
    return StreamingHttpResponse(found, content_type="text/csv; charset=utf-8")


def _own(request: HttpRequest, batch_id: str) -> BatchState:
    """The batch, if it is the caller's. Raises NotFound: others' batches are not told of."""
    found = service.batch(batch_id)
    if found.unit != caller(request).institution:
        raise NotFound("no such batch", where="batch")
    return found


def _state(text: str) -> State | None:
    try:
        return State(text) if text else None
    except ValueError as error:
        raise Malformed(
            "no such state", where="state", remedy=f"one of: {', '.join(State)}"
        ) from error


def _incoming(found: Incoming) -> dict[str, Any]:
    return {
        "id": found.id,
        "files": [_file(one) for one in found.files],
        "max_part": found.max_part,
    }


def _file(found: IncomingFile) -> dict[str, Any]:
    return asdict(found)
