"""Verification of evidence records (证据记录核验; RFC 4998 §4.3, §5.3).

Each archive timestamp must have been good when the next one was made, and the last one must be
good at the instant of verification: its tree leads from what it proves to its token, the token's
chain was valid and not revoked, and neither its digest nor its signature algorithm was broken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from openrhip.formats.gm import tsp
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.digests import Digest
from openrhip.formats.gm.ers import material, structures
from openrhip.formats.gm.ers.building import (
    Content,
    digest_of,
    rehashed_members,
)
from openrhip.formats.gm.ers.policy import SIGNATURE, Policy
from openrhip.formats.gm.ers.report import UNDECIDED, EvidenceReport, StampReport
from openrhip.formats.gm.ers.structures import ArchiveTimeStamp, EvidenceRecord
from openrhip.formats.gm.ers.tree import climb
from openrhip.formats.gm.findings import Finding
from openrhip.formats.gm.revocation import RevocationData
from openrhip.kernel import clock
from openrhip.kernel.errors import NotVerified, Problem

Expected = Callable[[Digest], tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class _Role:
    """What an archive timestamp is there for, and what is said if it does not do that."""

    code: str
    zh: str
    en: str


_FIRST = _Role(
    "ers.document",
    "哈希树中没有本文件：文件或证据记录被改动，或证据记录属于另一文件",
    "the document is not in the hash tree: it or the record was changed, or the record is of "
    "another document",
)
_CHAIN = _Role("ers.chain", "未覆盖前一个时间戳", "does not cover the timestamp before it")
_REHASH = _Role(
    "ers.rehash",
    "换算法后的哈希树未包含本文件及此前全部证据",
    "the re-hashed tree does not hold this document with all older evidence",
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an archive timestamp stands. expected: the values that its first list must hold.
    until: when it had to be good; last: that is the verification."""

    number: int
    chain: int
    role: _Role
    expected: Expected
    until: datetime
    last: bool
    digest: Digest | None
    """That of the chain's first one."""


def verify(
    record: EvidenceRecord | bytes,
    contents: Sequence[Content],
    *,
    trust: TrustStore,
    at: datetime | None = None,
    policy: Policy = Policy(),  # noqa: B008 -- frozen
    whole_group: bool = False,
) -> EvidenceReport:
    """Judge a record for these documents (one, or members of one data object group).

    at: instant of verification, by default now. whole_group: the record's group must consist of
    just these documents. Roots are those of `trust`; issuers and revocation data may come from the
    record. Never raises for what is in the record.
    """
    moment = at or clock.now()
    try:
        found = structures.read(record) if isinstance(record, bytes) else record
        data = material.of_record(found)
        times = [tsp.open_token(stamp.token)[1].time for stamp in found.stamps()]
    except Problem as problem:
        broken = _failed(
            "ers.format",
            "证据记录无法读取",
            f"the evidence record cannot be read: {problem.what}",
            problem.where,
        )
        return EvidenceReport(moment, (), (broken,), None, RevocationData())
    known = data.under(trust)
    stamps = tuple(
        _judge(stamp, place, known, policy, whole_group)
        for stamp, place in zip(
            found.stamps(), _places(found, contents, times, moment), strict=True
        )
    )
    findings = (*_form(found), *_order(times, moment))
    return EvidenceReport(moment, stamps, findings, _proven(stamps, findings), data)


def _places(
    record: EvidenceRecord,
    contents: Sequence[Content],
    times: Sequence[datetime],
    moment: datetime,
) -> list[_Place]:
    until = [*times[1:], moment]
    places: list[_Place] = []
    for number, chain in enumerate(record.chains):
        for position in range(len(chain)):
            at = len(places)
            if position:
                role, expected = _CHAIN, _before(chain[position - 1])
            elif number:
                role, expected = _REHASH, _older(contents, record, number)
            else:
                role, expected = _FIRST, _documents(contents)
            last = at == len(times) - 1
            place = _Place(
                at + 1, number + 1, role, expected, until[at], last, _digest_of(chain[0])
            )
            places.append(place)
    return places


def _documents(contents: Sequence[Content]) -> Expected:
    return lambda digest: tuple(digest_of(one, digest) for one in contents)


def _before(stamp: ArchiveTimeStamp) -> Expected:
    return lambda digest: (digest.of(stamp.token),)


def _older(contents: Sequence[Content], record: EvidenceRecord, number: int) -> Expected:
    chains = record.chains[:number]
    return lambda digest: rehashed_members(
        digest, [digest_of(one, digest) for one in contents], chains
    )


def _judge(
    stamp: ArchiveTimeStamp, place: _Place, trust: TrustStore, policy: Policy, whole_group: bool
) -> StampReport:
    where = f"archive timestamp {place.number}"
    try:
        digest = stamp.digest()
        root, findings = _climb(stamp, place, digest, whole_group)
    except NotVerified as problem:
        zh = "归档时间戳使用了不受支持的算法，无法判定"
        wrong = _failed("ers.unsupported", zh, f"nothing can be said: {problem.what}", where)
        return StampReport(place.chain, None, place.until, "", "", None, (wrong,))
    except Problem as problem:
        wrong = _failed("ers.tree", "归约哈希树格式不正确", problem.what, where)
        return StampReport(place.chain, None, place.until, "", "", None, (wrong,))
    token = tsp.verify_digest(
        stamp.token,
        root,
        digest.oid,
        trust,
        at=place.until,
        proven=None if place.last else place.until,
    )
    certificate = token.authority
    findings += [_token(token, place), *(one for one in token.findings if not one.ok)]
    findings += _aged(token, place)
    findings += _algorithms(digest, place, policy)
    return StampReport(
        place.chain,
        token.time,
        place.until,
        digest.name,
        certificate.common_name if certificate else "",
        certificate.not_after if certificate else None,
        tuple(replace(one, where=f"{where} {one.where}".strip()) for one in findings),
    )


def _climb(
    stamp: ArchiveTimeStamp, place: _Place, digest: Digest, whole_group: bool
) -> tuple[bytes, list[Finding]]:
    """The root of the tree, and whether the tree begins with what it must prove."""
    expected = place.expected(digest)
    first = stamp.lists[0] if stamp.lists else (tsp.open_token(stamp.token)[1].digest,)
    ok = bool(expected) and set(expected) <= set(first)
    if whole_group and len(expected) > 1 and place.role is not _CHAIN:
        ok = ok and set(expected) == set(first)
    findings = [
        Finding(
            place.role.code,
            ok,
            "哈希树从所证明的内容出发" if ok else place.role.zh,
            "the hash tree begins with what it proves" if ok else place.role.en,
        )
    ]
    if place.digest and digest != place.digest:
        findings.append(
            _failed(
                "ers.chain-algorithm",
                "同一时间戳链内使用了不同的杂凑算法",
                "the timestamps of a chain use different digest algorithms",
            )
        )
    return climb(digest, stamp.lists) if stamp.lists else first[0], findings


def _token(token: tsp.TimestampReport, place: _Place) -> Finding:
    wrong = {one.code for one in token.findings if not one.ok}
    undecided = bool(wrong) and wrong <= UNDECIDED
    when = f"{token.time:%Y-%m-%d %H:%M:%S} UTC" if token.time else "?"
    until = f"{place.until:%Y-%m-%d}"
    zh, en = (
        ("有效", "was good")
        if token.ok
        else ("是否有效无法判定", "cannot be judged as")
        if undecided
        else ("不成立", "does not hold")
    )
    return Finding(
        "ers.timestamp-unknown" if undecided else "ers.timestamp",
        token.ok,
        f"归档时间戳（{when}）在 {until} {zh}",
        f"the archive timestamp of {when} {en} {'of' if undecided else 'on'} {until}",
    )


def _aged(token: tsp.TimestampReport, place: _Place) -> list[Finding]:
    """Whether the authority's certificate ended before the next timestamp was made."""
    end = token.authority.not_after if token.authority else None
    if end is None or place.until <= end:
        return []
    return [
        _failed(
            "ers.renewal",
            f"时间戳证书于 {end:%Y-%m-%d} 到期，此前未续期",
            f"the timestamp's certificate ended on {end:%Y-%m-%d}, and it was not renewed before",
        )
    ]


def _algorithms(digest: Digest, place: _Place, policy: Policy) -> list[Finding]:
    return [
        _failed(
            "ers.algorithm",
            f"算法 {name} 自 {policy.end_of(name):%Y-%m-%d} 起不再安全，此前未更换",
            f"{name} no longer counts from {policy.end_of(name):%Y-%m-%d}; it was not replaced "
            "before",
        )
        for name in (digest.name, SIGNATURE)
        if not policy.holds(name, place.until)
    ]


def _form(record: EvidenceRecord) -> list[Finding]:
    findings = []
    if record.encrypted:
        findings.append(
            _failed(
                "ers.unsupported",
                "证据记录针对加密数据（RFC 4998 第 6 章），不受支持",
                "the record is about encrypted data (RFC 4998 §6): not supported",
            )
        )
    named = {one.oid for one in filter(None, map(_digest_of, record.stamps()))}
    if record.algorithms and not named <= set(record.algorithms):
        findings.append(
            _failed(
                "ers.algorithms",
                "证据记录未列出所用的杂凑算法",
                "the record does not list a digest algorithm that it uses",
                "digestAlgorithms",
            )
        )
    return findings


def _order(times: Sequence[datetime], moment: datetime) -> list[Finding]:
    """Each was made after the one before it, and none after the verification."""
    ok = all(one <= other for one, other in pairwise([*times, moment]))
    return [
        Finding(
            "ers.order",
            ok,
            f"{len(times)} 个归档时间戳{'依时间先后' if ok else '的时间先后颠倒，或晚于核验时刻'}",
            f"the {len(times)} archive timestamps {'follow' if ok else 'do not follow'} in time",
        )
    ]


def _proven(stamps: Sequence[StampReport], findings: Sequence[Finding]) -> datetime | None:
    """The time of the first stamp from which on everything holds."""
    proven = None
    if all(finding.ok for finding in findings):
        for stamp in reversed(stamps):
            if not stamp.ok:
                break
            proven = stamp.time
    return proven


def _digest_of(stamp: ArchiveTimeStamp) -> Digest | None:
    try:
        return stamp.digest()
    except Problem:
        return None


def _failed(code: str, text_zh: str, text_en: str, where: str = "") -> Finding:
    return Finding(code, False, text_zh, text_en, where)
