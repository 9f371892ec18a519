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
from openrhip.records.checks import holders
from openrhip.records.rules import RequestProof
from openrhip.records.service import trust

_KEEP_SECONDS = 15.0  # a revoked certificate is refused this soon after its list is in the folder
_MOST_KEPT = 2000
_lock = threading.Lock()
_valid: dict[tuple[str, ...], tuple[Certificate, float]] = {}


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
    """The clinician whom the institution names in a signed request. Raises Refused, Malformed.

    An institution may name its own active staff; roles come from the directory. It may say that
    they signed in, but not how well: a second factor counts only with the clinician's signature.
    """
    if not request.actor:
        raise Malformed(
            "the request names no clinician", where="X-RHIP-Actor", remedy="send the staff code"
        )
    try:
        asserted = Strength(request.strength) if request.strength else Strength.PASSWORD
    except ValueError as error:
        raise Malformed("an unknown way of signing in", where="X-RHIP-Actor-Strength") from error
    proven = _signed_by_actor(request)
    strength = asserted if proven else Strength.PASSWORD
    try:
        found = directory.actor_of_staff(request.actor, strength=strength)
    except (NotFound, Refused) as error:
        raise Refused("the clinician is not registered here", where="X-RHIP-Actor") from error
    if found.institution_code != request.institution:
        raise Refused("the clinician is no staff of this institution", where="X-RHIP-Actor")
    return found


def _signed_by_actor(request: wire.SignedRequest) -> bool:
    """Whether the clinician signed too. Raises NotVerified for a signature of somebody else."""
    if not request.actor_signature and not request.actor_certificates:
        return False
    if not request.actor_certificates:
        raise Malformed("the clinician's certificate is missing", where="X-RHIP-Actor-Certificate")
    key = ("staff", request.institution, request.actor, request.actor_certificates[0].hex())
    certificate = _remembered(key) or _proven(
        request.actor_certificates, "X-RHIP-Actor-Certificate"
    )
    if holders.staff_code(certificate) != request.actor or (
        holders.institution_code(certificate) != request.institution
    ):
        raise NotVerified(
            "the certificate is not the named clinician's", where="X-RHIP-Actor-Certificate"
        )
    _remember(key, certificate)
    wire.check_actor(request, certificate=certificate)
    return True


def _certificate(request: wire.SignedRequest) -> Certificate:
    """The request's certificate once its chain and its registration hold; remembered shortly."""
    key = ("institution", request.institution, request.certificates[0].hex())
    if kept := _remembered(key):
        return kept
    certificate = _proven(request.certificates, "X-RHIP-Certificate")
    _check_registration(certificate, request.institution)
    _remember(key, certificate)
    return certificate


def _remembered(key: tuple[str, ...]) -> Certificate | None:
    kept = _valid.get(key)
    return kept[0] if kept and time.monotonic() < kept[1] else None


def _remember(key: tuple[str, ...], certificate: Certificate) -> None:
    with _lock:
        if len(_valid) >= _MOST_KEPT:
            _valid.clear()
        _valid[key] = (certificate, time.monotonic() + _KEEP_SECONDS)


def _proven(ders: tuple[bytes, ...], where: str) -> Certificate:
    """The first certificate, once its chain leads to a trusted root."""
    certificate = Certificate.from_der(ders[0])
    _check_chain(certificate, [Certificate.from_der(der) for der in ders[1:]], clock.now(), where)
    return certificate


def _check_chain(leaf: Certificate, issuers: list[Certificate], at: datetime, where: str) -> None:
    report = chain.validate(leaf, issuers, trust.store(), at=at, usage="digitalSignature")
    if not report.ok:
        fault = next(finding for finding in report.findings if not finding.ok)
        raise NotVerified(
            f"the certificate of the request does not hold: {fault.text_en}",
            where=where,
            remedy="renew the certificate",
        )


def _check_registration(certificate: Certificate, code: str) -> None:
    where = "X-RHIP-Certificate"
    if holders.institution_code(certificate) != code:
        raise NotVerified("the certificate is of another institution", where=where)
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
    if not holders.speaks_for(certificate, code, names=(found.name, *found.aliases)):
        raise NotVerified(
            "the certificate is not the institution's own",
            where=where,
            remedy="sign with the institution's certificate, not with one of its staff",
        )
