"""Judging timestamps (时间戳核验; RFC 3161, GM/T 0033): signature, imprint, chain, revocation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from openrhip.formats.gm import chain, cms, der, oids, status, tst
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.crl import Revocation
from openrhip.formats.gm.findings import Finding
from openrhip.kernel.errors import Malformed, Problem

_SIGNING_CERTIFICATE_V1 = "1.2.840.113549.1.9.16.2.12"
# Reasons after which stamps from before the revocation remain good (RFC 3161 4.1)
_HARMLESS = frozenset({"unspecified", "affiliationChanged", "superseded", "cessationOfOperation"})
_HASHES = {oids.SM3: "sm3", "2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.3": "sha512"}


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
    proven: datetime | None = None,
    certificates: Sequence[Certificate] = (),
) -> TimestampReport:
    """Judge a token over `data`. at: instant of the chain, by default the stamped time.

    proven: an instant by which the token is known to have existed, as `verify_digest` says.
    certificates: of the authority, for tokens that carry none. Never raises for a bad token.
    """
    try:
        signed, info = open_token(token)
    except Problem as problem:
        return _no_token(problem)
    imprint = _imprint(info, data)
    return report_on(signed, info, imprint, trust, at=at, proven=proven, certificates=certificates)


def verify_digest(
    token: bytes,
    digest: bytes,
    algorithm: str,
    trust: TrustStore,
    *,
    at: datetime | None = None,
    proven: datetime | None = None,
    certificates: Sequence[Certificate] = (),
) -> TimestampReport:
    """Judge a token over a digest of a named algorithm (OID), as `verify_token` does over data.

    proven: an instant by which the token is known to have existed, as a later timestamp over it
    shows: a key that was lost after it made none of it up.
    """
    try:
        signed, info = open_token(token)
    except Problem as problem:
        return _no_token(problem)
    imprint = same_imprint(info, digest, algorithm)
    return report_on(signed, info, imprint, trust, at=at, proven=proven, certificates=certificates)


def _no_token(problem: Problem) -> TimestampReport:
    finding = Finding(
        "tsp.format",
        ok=False,
        text_zh="时间戳令牌格式不正确",
        text_en=f"not a timestamp token: {problem.what}",
    )
    return TimestampReport(ok=False, time=None, findings=(finding,))


def open_token(token: bytes) -> tuple[cms.SignedData, tst.Info]:
    """What is in a token; nothing is verified. Raises Malformed, TooLarge."""
    signed = cms.parse(token, where="timestamp token")
    if signed.content_type != oids.TST_INFO or signed.content is None:
        raise Malformed("the signed content is not TSTInfo", where="timestamp token")
    if len(signed.signers) != 1:
        raise Malformed("a token has exactly one signer", where="timestamp token")
    return signed, tst.read_info(signed.content)


def report_on(
    signed: cms.SignedData,
    info: tst.Info,
    imprint: Finding,
    trust: TrustStore | None,
    *,
    at: datetime | None = None,
    proven: datetime | None = None,
    certificates: Sequence[Certificate] = (),
) -> TimestampReport:
    """Judge an opened token, after what was found about its imprint."""
    findings = [imprint]
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
        findings += _compromised(own, report.chain[1:], known, proven)
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


def same_imprint(info: tst.Info, digest: bytes, algorithm: str) -> Finding:
    ok = (info.algorithm, info.digest) == (algorithm, digest)
    return Finding(
        "tsp.imprint",
        ok,
        f"时间戳的消息印迹{'与杂凑值一致' if ok else '不是该杂凑值，或算法不同'}",
        f"the message imprint {'is' if ok else 'is not'} the digest, by the same algorithm",
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
    own: Certificate,
    issuers: Sequence[Certificate],
    trust: TrustStore,
    proven: datetime | None,
) -> list[Finding]:
    """A key that may have leaked stamps any time: then no token of it counts (RFC 3161 4)."""
    for entry in _revocations(own, issuers, trust):
        if entry.reason not in _HARMLESS and not (proven and entry.at > proven):
            return [
                Finding(
                    "tsp.compromised",
                    ok=False,
                    text_zh="时间戳机构证书因密钥安全原因被撤销，其全部时间戳不可信",
                    text_en="the authority's certificate was revoked for its key: no stamp counts",
                )
            ]
    return []


def _revocations(
    own: Certificate, issuers: Sequence[Certificate], trust: TrustStore
) -> Iterator[Revocation]:
    """What lists and answers of its issuer say against a certificate, from whatever time."""
    for crl in trust.crls:
        entry = crl.revocation(own)
        if (
            entry is not None
            and crl.issuer_attributes == own.issuer_attributes
            and any(crl.signed_by(one) for one in issuers)
        ):
            yield entry
    for answer in trust.answers:
        for issuer in issuers:
            row = answer.about(own, issuer)
            if row and row.revocation and status.speaks_for(answer, issuer, trust.crls):
                yield row.revocation
