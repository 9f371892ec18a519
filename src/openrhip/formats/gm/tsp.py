"""Timestamps (时间戳; RFC 3161, GM/T 0033): an authority of our own, clients, verification.

`Timestamper` is the port: `LocalTimestamper` asks an authority in process (development, or a
platform with its own TSA key), `RemoteTimestamper` any other through a `post` callable.
Tokens are SignedData over TSTInfo; those of PKCS#7 and those of GB/T 35275 are read alike.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from openrhip.formats.gm import chain, cms, der, oids, sm3, tst
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.findings import Finding
from openrhip.formats.gm.signer import Signer
from openrhip.kernel import clock
from openrhip.kernel.errors import (
    Malformed,
    Misconfigured,
    NotVerified,
    Problem,
    Refused,
    Unavailable,
)

# The policy of a development authority, under the UUID arc of X.667: no registration needed
DEVELOPMENT_POLICY = "2.25.212093462437803612480153968743927718465"
REQUEST_TYPE, RESPONSE_TYPE = "application/timestamp-query", "application/timestamp-reply"
_SIGNING_CERTIFICATE_V1 = "1.2.840.113549.1.9.16.2.12"
# Reasons after which stamps from before the revocation remain good (RFC 3161 4.1)
_HARMLESS = frozenset({"unspecified", "affiliationChanged", "superseded", "cessationOfOperation"})
_HASHES = {oids.SM3: "sm3", "2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.3": "sha512"}


class Timestamper(Protocol):
    """Something that stamps."""

    def stamp(self, data: bytes, /) -> bytes:
        """A TimeStampToken (DER) over SM3(data). Raises Unavailable, Refused or NotVerified."""


class Authority:
    """A timestamp authority over a signer whose certificate is for timeStamping only."""

    def __init__(
        self,
        signer: Signer,
        *,
        policy: str = DEVELOPMENT_POLICY,
        accuracy: timedelta = timedelta(seconds=1),
        outer_type: str = oids.PKCS7_SIGNED_DATA,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        """outer_type: GM_SIGNED_DATA makes tokens of GB/T 35275. Raises Misconfigured."""
        if signer.certificate.extended_key_usage != (oids.EKU_TIME_STAMPING,):
            raise Misconfigured("the certificate is not one for timestamps only (RFC 3161 2.3)")
        self.signer = signer
        self.policy = policy
        self._accuracy = accuracy
        self._outer = outer_type
        self._now = now
        self._bound = (_signing_certificate(signer.certificate),)

    def token(self, digest: bytes, *, nonce: int | None = None, cert: bool = True) -> bytes:
        """A TimeStampToken over an SM3 digest; `cert` puts the certificates into it."""
        now = self._now()
        info = tst.Info(
            policy=self.policy,
            algorithm=oids.SM3,
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
        if request.algorithm != oids.SM3 or len(request.digest) != sm3.SIZE:
            return _refusal("badAlg", "only SM3 digests are stamped")
        if request.policy not in {"", self.policy}:
            return _refusal("unacceptedPolicy", "this policy is not offered")
        if request.critical_extensions:
            return _refusal("unacceptedExtension", "no extensions are understood")
        try:
            token = self.token(request.digest, nonce=request.nonce, cert=request.cert)
        except Problem:
            return _refusal("systemFailure", "the authority cannot sign now")
        return tst.Response(tst.GRANTED, token=token).encode()


class LocalTimestamper:
    """Stamps in process."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    def stamp(self, data: bytes, /) -> bytes:
        return self._authority.token(sm3.digest(data))


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
        request = tst.Request(
            sm3.digest(data), policy=self._policy, nonce=secrets.randbits(63), cert=True
        )
        response = tst.read_response(self._post(request.encode()))
        _check_status(response)
        signed, info = _open(response.token)
        if info.nonce != request.nonce:
            raise NotVerified("the timestamp answers another request: nonce differs")
        if self._policy and info.policy != self._policy:
            raise NotVerified("the timestamp was made under another policy")
        report = _report(signed, info, data, self._trust)
        if not report.ok:
            wrong = next(finding for finding in report.findings if not finding.ok)
            raise NotVerified(f"the timestamp received does not hold: {wrong.text_en}")
        return response.token


@dataclass(frozen=True, slots=True)
class TimestampReport:
    """ok: every finding holds. time: genTime; authority: certificate of the TSA, where found."""

    ok: bool
    time: datetime | None
    findings: tuple[Finding, ...]
    authority: Certificate | None = None
    info: tst.Info | None = None


def verify_token(
    token: bytes,
    data: bytes,
    trust: TrustStore,
    *,
    at: datetime | None = None,
    certificates: Sequence[Certificate] = (),
) -> TimestampReport:
    """Judge a token over `data`. at: instant of the chain, by default the stamped time.

    certificates: of the authority, for tokens that carry none. Never raises for a bad token.
    """
    try:
        signed, info = _open(token)
    except Problem as problem:
        finding = Finding(
            "tsp.format",
            ok=False,
            text_zh="时间戳令牌格式不正确",
            text_en=f"not a timestamp token: {problem.what}",
        )
        return TimestampReport(ok=False, time=None, findings=(finding,))
    return _report(signed, info, data, trust, at=at, certificates=certificates)


def _open(token: bytes) -> tuple[cms.SignedData, tst.Info]:
    signed = cms.parse(token, where="timestamp token")
    if signed.content_type != oids.TST_INFO or signed.content is None:
        raise Malformed("the signed content is not TSTInfo", where="timestamp token")
    if len(signed.signers) != 1:
        raise Malformed("a token has exactly one signer", where="timestamp token")
    return signed, tst.read_info(signed.content)


def _report(
    signed: cms.SignedData,
    info: tst.Info,
    data: bytes,
    trust: TrustStore | None,
    *,
    at: datetime | None = None,
    certificates: Sequence[Certificate] = (),
) -> TimestampReport:
    findings = [_imprint(info, data)]
    signer = signed.signers[0]
    own = signer.find((*signed.certificates, *certificates))
    if own is None:
        findings.append(
            Finding(
                "tsp.certificate",
                ok=False,
                text_zh="缺少时间戳机构的证书",
                text_en="the certificate of the authority is missing",
            )
        )
        return TimestampReport(ok=False, time=info.time, findings=tuple(findings), info=info)
    findings += cms.check(signed, signer, own, signed.content or b"")
    findings.append(_bound_certificate(signer, own))
    if trust is not None:
        pool = (*signed.certificates, *certificates)
        known = trust.with_crls(signed.crls) if signed.crls else trust
        report = chain.validate(own, pool, known, at=at or info.time, usage="timeStamping")
        findings += report.findings
        findings += _compromised(own, report.chain[1:], known)
    return TimestampReport(
        all(finding.ok for finding in findings), info.time, tuple(findings), own, info
    )


def _imprint(info: tst.Info, data: bytes) -> Finding:
    name = _HASHES.get(info.algorithm)
    ok = name == "sm3" and hashlib.new(name, data).digest() == info.digest
    return Finding(
        "tsp.imprint",
        ok,
        f"时间戳的消息印迹{'与数据的 SM3 杂凑值一致' if ok else '与数据不一致，或不是 SM3'}",
        f"the message imprint {'is' if ok else 'is not'} the SM3 of the data",
    )


def _bound_certificate(signer: cms.SignerInfo, own: Certificate) -> Finding:
    """The signing-certificate attribute (RFC 5816, RFC 2634) must name the certificate used."""
    second = signer.attributes.get(oids.SIGNING_CERTIFICATE_V2)
    first = signer.attributes.get(_SIGNING_CERTIFICATE_V1)
    try:
        ok = (
            _names_certificate(second, own, "sha256")
            if second
            else _names_certificate(first, own, "sha1")
            if first
            else True
        )
    except Malformed:
        ok = False
    if not (first or second):
        zh, en = (
            "未绑定签名证书属性（按颁发者和序列号确定）",
            "bound by issuer and serial number only",
        )
    else:
        zh = f"签名证书属性{'与' if ok else '不与'}时间戳机构证书一致"
        en = f"the signing-certificate attribute {'names' if ok else 'does not name'} it"
    return Finding("tsp.signing-certificate", ok, zh, en)


def _names_certificate(values: tuple[bytes, ...], own: Certificate, default: str) -> bool:
    where = "signing certificate"
    listed = der.Fields(der.read(values[0], where), where).take("certs").children()
    if not listed:
        return False
    fields = der.Fields(listed[0], where)
    algorithm = fields.maybe(der.SEQUENCE)
    name = default if algorithm is None else _HASHES.get(cms.read_algorithm(algorithm, where), "")
    digest = fields.take("certHash").octets(where)
    return bool(name) and hashlib.new(name, own.der).digest() == digest


def _compromised(
    own: Certificate, issuers: Sequence[Certificate], trust: TrustStore
) -> list[Finding]:
    """A key that may have leaked stamps any time: then no token of it counts (RFC 3161 4)."""
    for crl in trust.crls:
        entry = crl.revocation(own)
        if (
            entry is not None
            and entry.reason not in _HARMLESS
            and crl.issuer_attributes == own.issuer_attributes
            and any(crl.signed_by(one) for one in issuers)
        ):
            return [
                Finding(
                    "tsp.compromised",
                    ok=False,
                    text_zh="时间戳机构证书因密钥安全原因被撤销，其全部时间戳不可信",
                    text_en="the authority's certificate was revoked for its key: no stamp counts",
                )
            ]
    return []


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
