"""Timestamps (时间戳; RFC 3161, GM/T 0033): an authority of our own, clients, verification.

`Timestamper` is the port: `LocalTimestamper` asks an authority in process (development, or a
platform with its own TSA key), `RemoteTimestamper` any other through a `post` callable.
Tokens are SignedData over TSTInfo; those of PKCS#7 and those of GB/T 35275 are read alike.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from openrhip.formats.gm import cms, der, digests, oids, sm3, tst
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.signer import Signer
from openrhip.formats.gm.tsp_report import (
    TimestampReport,
    open_token,
    report_on,
    same_imprint,
    verify_digest,
    verify_token,
)
from openrhip.kernel import clock
from openrhip.kernel.errors import (
    Malformed,
    Misconfigured,
    NotVerified,
    Problem,
    Refused,
    Unavailable,
)

__all__ = [
    "Authority",
    "DigestTimestamper",
    "LocalTimestamper",
    "RemoteTimestamper",
    "TimestampReport",
    "Timestamper",
    "open_token",
    "verify_digest",
    "verify_token",
]

# The policy of a development authority, under the UUID arc of X.667: no registration needed
DEVELOPMENT_POLICY = "2.25.212093462437803612480153968743927718465"
REQUEST_TYPE, RESPONSE_TYPE = "application/timestamp-query", "application/timestamp-reply"


class Timestamper(Protocol):
    """Something that stamps."""

    def stamp(self, data: bytes, /) -> bytes:
        """A TimeStampToken (DER) over SM3(data). Raises Unavailable, Refused or NotVerified."""


class DigestTimestamper(Timestamper, Protocol):
    """Something that stamps what is known by its digest only, such as the root of a hash tree."""

    def stamp_digest(self, digest: bytes, algorithm: str = oids.SM3, /) -> bytes:
        """A TimeStampToken (DER) over the digest. Raises Unavailable, Refused or NotVerified."""


class Authority:
    """A timestamp authority over a signer whose certificate is for timeStamping only."""

    def __init__(
        self,
        signer: Signer,
        *,
        policy: str = DEVELOPMENT_POLICY,
        accuracy: timedelta = timedelta(seconds=1),
        outer_type: str = oids.PKCS7_SIGNED_DATA,
        algorithms: frozenset[str] = frozenset({oids.SM3}),
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        """outer_type: GM_SIGNED_DATA makes tokens of GB/T 35275. algorithms: digests it stamps.

        Raises Misconfigured.
        """
        if signer.certificate.extended_key_usage != (oids.EKU_TIME_STAMPING,):
            raise Misconfigured("the certificate is not one for timestamps only (RFC 3161 2.3)")
        self.signer = signer
        self.policy = policy
        self._accuracy = accuracy
        self._outer = outer_type
        self._algorithms = algorithms
        self._now = now
        self._bound = (_signing_certificate(signer.certificate),)

    def token(
        self,
        digest: bytes,
        *,
        algorithm: str = oids.SM3,
        nonce: int | None = None,
        cert: bool = True,
    ) -> bytes:
        """A TimeStampToken over a digest; `cert` puts the certificates into it.

        Raises Refused for a digest that this authority does not stamp.
        """
        if algorithm not in self._algorithms or len(digest) != digests.by_oid(algorithm).size:
            raise Refused(
                "the timestamp authority does not stamp digests of this algorithm",
                remedy="tsp.Authority(signer, algorithms=digests.OIDS) stamps all",
            )
        now = self._now()
        info = tst.Info(
            policy=self.policy,
            algorithm=algorithm,
            digest=digest,
            serial=secrets.randbits(126) | 1 << 126,
            time=now.replace(microsecond=now.microsecond // 1000 * 1000),
            accuracy=self._accuracy,
            nonce=nonce,
        )
        return cms.sign(
            info.encode(),
            signer=self.signer,
            outer_type=self._outer,
            content_type=oids.TST_INFO,
            attributes=self._bound,
            certificates=None if cert else (),
        )

    def respond(self, request_der: bytes) -> bytes:
        """TimeStampResp for TimeStampReq. A bad request gets a refusal, never an exception."""
        try:
            request = tst.read_request(request_der)
        except Problem as problem:
            return _refusal("badDataFormat", problem.what)
        known = request.algorithm in self._algorithms
        if not known or len(request.digest) != digests.by_oid(request.algorithm).size:
            return _refusal("badAlg", "digests of this algorithm are not stamped")
        if request.policy not in {"", self.policy}:
            return _refusal("unacceptedPolicy", "this policy is not offered")
        if request.critical_extensions:
            return _refusal("unacceptedExtension", "no extensions are understood")
        try:
            token = self.token(
                request.digest,
                algorithm=request.algorithm,
                nonce=request.nonce,
                cert=request.cert,
            )
        except Problem:
            return _refusal("systemFailure", "the authority cannot sign now")
        return tst.Response(tst.GRANTED, token=token).encode()


class LocalTimestamper:
    """Stamps in process."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    def stamp(self, data: bytes, /) -> bytes:
        return self._authority.token(sm3.digest(data))

    def stamp_digest(self, digest: bytes, algorithm: str = oids.SM3, /) -> bytes:
        return self._authority.token(digest, algorithm=algorithm)


class RemoteTimestamper:
    """Asks an authority elsewhere. `post` sends a request's DER and returns the response's."""

    def __init__(
        self,
        post: Callable[[bytes], bytes],
        *,
        policy: str = "",
        trust: TrustStore | None = None,
    ) -> None:
        """policy: asked for, and then required; trust: if given, the token must verify under it."""
        self._post = post
        self._policy = policy
        self._trust = trust

    def stamp(self, data: bytes, /) -> bytes:
        return self.stamp_digest(sm3.digest(data))

    def stamp_digest(self, digest: bytes, algorithm: str = oids.SM3, /) -> bytes:
        request = tst.Request(
            digest, algorithm, policy=self._policy, nonce=secrets.randbits(63), cert=True
        )
        response = tst.read_response(self._post(request.encode()))
        _check_status(response)
        signed, info = open_token(response.token)
        if info.nonce != request.nonce:
            raise NotVerified("the timestamp answers another request: nonce differs")
        if self._policy and info.policy != self._policy:
            raise NotVerified("the timestamp was made under another policy")
        report = report_on(signed, info, same_imprint(info, digest, algorithm), self._trust)
        if not report.ok:
            wrong = next(finding for finding in report.findings if not finding.ok)
            raise NotVerified(f"the timestamp received does not hold: {wrong.text_en}")
        return response.token


def _signing_certificate(certificate: Certificate) -> bytes:
    """SigningCertificateV2 (RFC 5035) with SM3."""
    entry = der.sequence(cms.digest_algorithm(), der.octets(sm3.digest(certificate.der)))
    return cms.attribute(oids.SIGNING_CERTIFICATE_V2, der.sequence(der.sequence(entry)))


def _refusal(failure: str, text: str) -> bytes:
    return tst.Response(tst.REJECTION, text, frozenset({failure})).encode()


def _check_status(response: tst.Response) -> None:
    if response.status in {tst.GRANTED, tst.GRANTED_WITH_MODS}:
        if not response.token:
            raise Malformed("granted, but without a token", where="timestamp response")
        return
    names = ", ".join(sorted(response.failures)) or f"status {response.status}"
    if response.failures & {"timeNotAvailable", "systemFailure"}:
        raise Unavailable(f"the timestamp authority cannot stamp now: {names}")
    raise Refused(f"the timestamp authority refused: {names}")
