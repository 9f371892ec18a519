"""Who an institution's signed request is from (机构鉴别): certificate, chain, registration."""

from __future__ import annotations

import threading
import time
from datetime import datetime

from openrhip.agent import wire
from openrhip.directory import service as directory
from openrhip.directory.service import Actor, Strength
from openrhip.formats.gm import chain
from openrhip.formats.gm.certs import Certificate
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed, NotFound, NotVerified, Refused
from openrhip.records.rules import RequestProof
from openrhip.records.service import trust

_KEEP_SECONDS = 15.0  # a revoked certificate is refused this soon after its list is in the folder
_MOST_KEPT = 2000
_lock = threading.Lock()
_valid: dict[tuple[str, bytes], tuple[Certificate, float]] = {}


def authenticate(request: wire.SignedRequest, body: bytes) -> RequestProof:
    """Time, body, signature, chain and registration hold. The nonce is for the caller to use up.

    Raises NotVerified, Refused (not registered, or not active), Malformed.
    """
    certificate = _certificate(request)
    wire.check(request, certificate=certificate, now=clock.now())
    wire.check_body(request, body)
    return RequestProof(
        digest=request.proof_digest,
        signer=certificate.fingerprint,
        signature=request.signature_text,
    )


def actor_of(request: wire.SignedRequest) -> Actor:
    """The clinician whom the institution names in a signed request. Raises Refused, Malformed."""
    if not request.actor:
        raise Malformed(
            "the request names no clinician", where="X-RHIP-Actor", remedy="send the staff code"
        )
    try:
        strength = Strength(request.strength) if request.strength else Strength.PASSWORD
    except ValueError as error:
        raise Malformed("an unknown way of signing in", where="X-RHIP-Actor-Strength") from error
    try:
        found = directory.actor_of_staff(request.actor, strength=strength)
    except (NotFound, Refused) as error:
        raise Refused("the clinician is not registered here", where="X-RHIP-Actor") from error
    if found.institution_code != request.institution:
        raise Refused("the clinician is no staff of this institution", where="X-RHIP-Actor")
    return found


def _certificate(request: wire.SignedRequest) -> Certificate:
    """The request's certificate once its chain and its registration hold; remembered shortly."""
    key = (request.institution, request.certificates[0])
    now = time.monotonic()
    kept = _valid.get(key)
    if kept and now < kept[1]:
        return kept[0]
    certificate = Certificate.from_der(request.certificates[0])
    issuers = [Certificate.from_der(der) for der in request.certificates[1:]]
    _check_chain(certificate, issuers, clock.now())
    _check_registration(certificate, request.institution)
    with _lock:
        if len(_valid) >= _MOST_KEPT:
            _valid.clear()
        _valid[key] = (certificate, now + _KEEP_SECONDS)
    return certificate


def _check_chain(leaf: Certificate, issuers: list[Certificate], at: datetime) -> None:
    report = chain.validate(leaf, issuers, trust.store(), at=at, usage="digitalSignature")
    if not report.ok:
        fault = next(finding for finding in report.findings if not finding.ok)
        raise NotVerified(
            f"the certificate of the request does not hold: {fault.text_en}",
            where="X-RHIP-Certificate",
            remedy="renew the institution's certificate",
        )


def _check_registration(certificate: Certificate, code: str) -> None:
    if certificate.attribute("organizationIdentifier") != code:
        raise NotVerified("the certificate is of another institution", where="X-RHIP-Certificate")
    try:
        found = directory.institution(code)
    except NotFound as error:
        raise Refused(
            "the institution is not registered here",
            where="X-RHIP-Institution",
            remedy="ask the centre to register it",
        ) from error
    if found.code != code or not found.active:
        raise Refused("the institution is not active here", where="X-RHIP-Institution")
