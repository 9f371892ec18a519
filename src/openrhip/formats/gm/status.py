"""Whether a certificate was revoked at an instant (撤销状态), from lists and answers at hand.

A list or answer counts if the issuer made it (an answer: or one whom the issuer named for that,
RFC 6960 4.2.2.2) and it reaches the instant: a later one says more, an earlier one that ended
before the instant says nothing. One that says "revoked" outweighs any that say nothing or "good".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from openrhip.formats.gm import ocsp, oids
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.crl import Crl, Revocation
from openrhip.formats.gm.findings import Finding

FRESH = timedelta(hours=24)
"""How long an answer or list without nextUpdate speaks for: RFC 6960 leaves it to the asker."""
_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Word:
    """What one source says. source: Chinese and English name; since: its thisUpdate."""

    source: tuple[str, str]
    since: datetime
    revocation: Revocation | None


_LIST, _ANSWER = ("证书撤销列表", "revocation list"), ("OCSP 响应", "OCSP answer")


def judge(
    certificate: Certificate,
    issuer: Certificate,
    at: datetime,
    known: tuple[Sequence[Crl], Sequence[ocsp.Answer]],
    where: str,
) -> Finding:
    """One finding: not revoked, revoked, revoked later, or unknown."""
    words = list(heard(certificate, issuer, at, known))
    entries = [word.revocation for word in words if word.revocation]
    if entries:
        entry = min(entries, key=lambda one: one.at)
        ok = entry.at > at
        moment = f"{entry.at:%Y-%m-%dT%H:%M:%SZ}"
        why_zh, why_en = entry.reason or "未写明原因", entry.reason or "no reason given"
        return Finding(
            "cert.revocation" if ok else "cert.revoked",
            ok,
            f"证书于 {moment} 被撤销（{why_zh}），{'晚于' if ok else '不晚于'}核验时刻",
            f"revoked on {moment} ({why_en}), {'after' if ok else 'not after'} the instant",
            where,
        )
    # What was said after expiry may have dropped the entry (RFC 5280 3.3): it proves nothing.
    good = [word for word in words if word.since <= certificate.not_after]
    if good:
        zh, en = good[0].source
        return Finding(
            "cert.revocation",
            True,
            f"证书未被撤销（{zh}）",
            f"the certificate is not revoked ({en})",
            where,
        )
    return Finding(
        "cert.revocation-unknown",
        False,
        "没有覆盖该时刻的有效证书撤销列表或 OCSP 响应，撤销状态未知",
        "no valid revocation list or OCSP answer covers the instant: revocation status unknown",
        where,
    )


def heard(
    certificate: Certificate,
    issuer: Certificate,
    at: datetime,
    known: tuple[Sequence[Crl], Sequence[ocsp.Answer]],
) -> Iterator[Word]:
    """What lists and answers that count say of the certificate."""
    crls, answers = known
    for crl in crls:
        if crl.covers(certificate) and current(crl, issuer, at):
            entry = crl.revocation(certificate)
            lifted = entry is not None and entry.reason == "removeFromCRL"
            yield Word(_LIST, crl.this_update, None if lifted else entry)
    for answer in answers:
        row = answer.about(certificate, issuer)
        if (
            row is not None
            and row.state != ocsp.UNKNOWN
            and reaches(row, at)
            and speaks_for(answer, issuer, crls)
        ):
            yield Word(_ANSWER, row.this_update, row.revocation)


def current(crl: Crl, issuer: Certificate, at: datetime) -> bool:
    """Whether the list is the issuer's own and current at the instant, or later."""
    return (
        crl.issuer_attributes == issuer.attributes
        and (crl.next_update or crl.this_update + FRESH) >= at
        and ("cRLSign" in issuer.key_usage or not issuer.key_usage)
        and crl.signed_by(issuer)
    )


def reaches(row: ocsp.Status, at: datetime) -> bool:
    """Whether an answer speaks for the instant: made for it, or later."""
    until = row.next_update or row.this_update + FRESH
    return until >= at and until >= row.this_update


def speaks_for(answer: ocsp.Answer, issuer: Certificate, crls: Sequence[Crl] = ()) -> bool:
    """Whether the issuer answered, or one with a certificate of the issuer for just that.

    Such a responder's own revocation is looked up in the issuer's lists, unless the issuer said
    that it need not be (id-pkix-ocsp-nocheck).
    """
    if not answer.understood:
        return False
    if ocsp.responds(answer, issuer) and answer.signed_by(issuer):
        return True
    return any(
        ocsp.responds(answer, one)
        and delegated(one, issuer, answer.produced_at, crls)
        and answer.signed_by(one)
        for one in answer.certificates
    )


def delegated(
    responder: Certificate, issuer: Certificate, at: datetime, crls: Sequence[Crl]
) -> bool:
    """Whether the issuer named this one as its responder, then in time and not revoked."""
    named = (
        oids.EKU_OCSP_SIGNING in responder.extended_key_usage
        and responder.issuer_attributes == issuer.attributes
        and responder.not_before - _SKEW <= at <= responder.not_after
        and responder.signed_by(issuer)
    )
    if not named or oids.OCSP_NO_CHECK in responder.extensions:
        return named
    lists = [crl for crl in crls if crl.covers(responder) and current(crl, issuer, at)]
    return bool(lists) and all(crl.revocation(responder) is None for crl in lists)
