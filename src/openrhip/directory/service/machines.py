"""Who a machine speaks for (机构鉴别): certificate, chain, registration of an institution.

Rooms that machines talk to share this: signed requests (`agent.wire`) and signed manifests of
batches (`agent.manifest`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import datetime

from openrhip.agent import wire
from openrhip.directory.rules import holders
from openrhip.directory.rules.access import Actor, Strength
from openrhip.directory.rules.facts import RequestProof
from openrhip.directory.service import quick, trust
from openrhip.directory.service.institutions import institution
from openrhip.formats.gm import chain
from openrhip.formats.gm.certs import Certificate
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed, NotFound, NotVerified, Refused

_KEEP_SECONDS = 15.0  # a revoked certificate is refused this soon after its list is in the folder
_MOST_KEPT = 2000
_lock = threading.Lock()
_valid: dict[tuple[str, ...], tuple[Certificate, float]] = {}


def authenticate(request: wire.SignedRequest, body: bytes) -> RequestProof:
    """Time, body, signature, chain and registration hold. The nonce is for the caller to use up.

    Raises NotVerified, Refused (not registered, or not active), Malformed.
    """
    certificate = prove_institution(
        code=request.institution,
        certificates=request.certificates,
        where="X-RHIP-Certificate",
        named="X-RHIP-Institution",
    )
    wire.check(request, certificate=certificate, now=clock.now())
    wire.check_body(request, body)
    return RequestProof(
        digest=request.proof_digest,
        signer=certificate.fingerprint,
        signature=request.signature_text,
    )


def prove_institution(
    *, code: str, certificates: Sequence[bytes], where: str, named: str
) -> Certificate:
    """The first of these certificates (DER): its chain and its registration as this institution's
    own hold. Remembered shortly. where, named: what a refusal points at.

    Raises NotVerified, Refused (not registered, or not active), Malformed.
    """
    key = ("institution", code, certificates[0].hex())
    if kept := _remembered(key):
        return kept
    certificate = _proven(certificates, where)
    _check_registration(certificate, code, where, named)
    _remember(key, certificate)
    return certificate


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
        found = quick.actor_of_staff(request.actor, strength=strength)
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


def _remembered(key: tuple[str, ...]) -> Certificate | None:
    kept = _valid.get(key)
    return kept[0] if kept and time.monotonic() < kept[1] else None


def _remember(key: tuple[str, ...], certificate: Certificate) -> None:
    with _lock:
        if len(_valid) >= _MOST_KEPT:
            _valid.clear()
        _valid[key] = (certificate, time.monotonic() + _KEEP_SECONDS)


def _proven(ders: Sequence[bytes], where: str) -> Certificate:
    """The first certificate, once its chain leads to a trusted root."""
    certificate = Certificate.from_der(ders[0])
    _check_chain(certificate, [Certificate.from_der(der) for der in ders[1:]], clock.now(), where)
    return certificate


def _check_chain(leaf: Certificate, issuers: list[Certificate], at: datetime, where: str) -> None:
    report = chain.validate(leaf, issuers, trust.store(), at=at, usage="digitalSignature")
    if not report.ok:
        fault = next(finding for finding in report.findings if not finding.ok)
        raise NotVerified(
            f"the certificate does not hold: {fault.text_en}",
            where=where,
            remedy="renew the certificate",
        )


def _check_registration(certificate: Certificate, code: str, where: str, named: str) -> None:
    if holders.institution_code(certificate) != code:
        raise NotVerified("the certificate is of another institution", where=where)
    try:
        found = institution(code)
    except NotFound as error:
        raise Refused(
            "the institution is not registered here",
            where=named,
            remedy="ask the centre to register it",
        ) from error
    if found.code != code or not found.active:
        raise Refused("the institution is not active here", where=named)
    if not holders.speaks_for(certificate, code, names=(found.name, *found.aliases)):
        raise NotVerified(
            "the certificate is not the institution's own",
            where=where,
            remedy="sign with the institution's certificate, not with one of its staff",
        )
