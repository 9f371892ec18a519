"""The door (入口): bounded bodies, signatures, nonces; problems as JSON."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from ninja.errors import ValidationError

from openrhip.agent import wire
from openrhip.directory import service
from openrhip.directory.service import RequestProof
from openrhip.kernel.errors import Malformed, Misconfigured, NotVerified, Problem, Refused, TooLarge
from openrhip.kernel.parts import MAX_PART

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who made a request, proven. nonce: "" once it is used up."""

    signed: wire.SignedRequest
    proof: RequestProof
    body: bytes
    nonce: str = ""

    @property
    def institution(self) -> str:
        return self.signed.institution


class Signed:
    """Authentication by signed request. `keep_nonce`: the view uses it up with its own entry."""

    # Read by ninja for the API's description.
    openapi_type = "apiKey"

    def __init__(self, *, keep_nonce: bool = False) -> None:
        self.keep_nonce = keep_nonce

    def __call__(self, request: HttpRequest) -> Caller:
        _refuse_plain_http(request)
        body = read_body(request)
        signed = wire.read(
            method=request.method or "GET",
            host=_host(request),
            target=request.get_full_path(),
            headers=request.headers,
        )
        proof = service.authenticate(signed, body)
        if self.keep_nonce:
            return Caller(signed, proof, body, signed.nonce)
        service.use_nonce(institution=signed.institution, nonce=signed.nonce)
        return Caller(signed, proof, body)


def caller(request: HttpRequest) -> Caller:
    """The caller that `Signed` put on the request."""
    found: Caller = request.auth  # type: ignore[attr-defined]
    return found


def read_body(request: HttpRequest) -> bytes:
    """The body, at most one part long. Raises TooLarge, Malformed."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal():
        raise Malformed("the length of the body is not stated", where="Content-Length")
    if int(length) > MAX_PART:
        raise TooLarge(
            f"one request carries at most {MAX_PART} bytes",
            where="body",
            remedy="upload larger files in parts",
        )
    body = request.read(MAX_PART + 1) if int(length) else b""
    if len(body) != int(length):
        raise Malformed("the body is shorter than stated", where="body")
    # Django would refuse bodies over its own lower limit; this one has been bounded above.
    request._body = body  # noqa: SLF001
    return bytes(body)


def answer_problem(_request: HttpRequest, problem: Problem | type[Problem]) -> HttpResponse:
    """A typed problem as problem+json. A signature that does not hold is 401, not 422."""
    if isinstance(problem, type):  # the framework's signature allows it; it never happens
        problem = problem("")
    status = problem.status
    if isinstance(problem, NotVerified) and problem.where.startswith(wire.PREFIX):
        status = 401
    if isinstance(problem, Misconfigured):
        _log.error("misconfigured: %s", problem)
    return problem_json(status, problem.as_dict())


def answer_invalid(
    _request: HttpRequest, error: ValidationError | type[ValidationError]
) -> HttpResponse:
    """What does not fit the description of a request; values are not repeated."""
    faults = [] if isinstance(error, type) else error.errors
    where = ", ".join(".".join(str(step) for step in one["loc"]) for one in faults)[:200]
    problem = Malformed("the request does not fit the description of the API", where=where)
    return problem_json(problem.status, problem.as_dict())


def problem_json(status: int, content: Mapping[str, object]) -> HttpResponse:
    body = {
        "type": "about:blank",
        "title": content.get("code", "problem"),
        "status": status,
        "detail": content.get("what", ""),
        **content,
    }
    return HttpResponse(
        json.dumps(body, ensure_ascii=False),
        status=status,
        content_type="application/problem+json",
    )


def _host(request: HttpRequest) -> str:
    """The host that was asked, if it is one of this centre's (setting `hosts`)."""
    try:
        return request.get_host()
    except DisallowedHost as error:
        raise Malformed(
            "this is no host of this centre", where="Host", remedy="use the centre's own address"
        ) from error


def _refuse_plain_http(request: HttpRequest) -> None:
    """Health data travels encrypted, except within one machine and in development."""
    if request.is_secure() or getattr(settings, "DEVELOPMENT", False):
        return
    if request.META.get("REMOTE_ADDR", "") in {"127.0.0.1", "::1", ""}:
        return
    raise Refused("nothing is accepted over unencrypted HTTP", remedy="use https")
