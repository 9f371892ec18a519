"""Verification of a signed package (验签、验章): what holds, what fails, and since when.

Every check is one finding in Chinese and English with a stable code and the part or certificate it
is about. Verdicts: valid (all hold), invalid (something is wrong), indeterminate (nothing is wrong,
but something cannot be known: no trusted root, no revocation list, an unsupported algorithm),
unsigned. `verify_report` tells integrity and trust apart.

Sources: GB/T 33190-2016 §18.3; GB/T 38540-2020 §7.3 and §8.3; GB/T 35275-2017 §8; GM/T 0099-2020
(nothing in the package that no signature lists).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.findings import Finding
from openrhip.formats.gm.revocation import Revocation, RevocationData
from openrhip.formats.gm.sm2 import PublicKey
from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd.package import Package, open_package
from openrhip.formats.ofd.package_zip import Limits
from openrhip.formats.ofd.verify_findings import Context, failed, held
from openrhip.formats.ofd.verify_listing import judge_listing
from openrhip.formats.ofd.verify_package import closure, container
from openrhip.formats.ofd.verify_reach import reach
from openrhip.formats.ofd.verify_report import (
    UNDECIDED,
    Report,
    SignatureReport,
    Verdict,
    verdict,
)
from openrhip.formats.ofd.verify_signature import Judged, judge
from openrhip.kernel import clock
from openrhip.kernel.errors import NotFound, Problem, TooLarge

__all__ = ["UNDECIDED", "Report", "SignatureReport", "Verdict", "verify"]

MOST_DATA = 16 << 20
"""Bytes of all signature values and revocation data of a file that are judged."""
_PER_PART = 4
"""Parts that all signatures together name, for each part that a package may have."""
_TRACES = ("signatures.xml", "signature.xml", "seal.esl")


def verify(
    data: bytes,
    *,
    trust: TrustStore,
    at: datetime | None = None,
    keys: Sequence[PublicKey | Certificate] = (),
    port: Revocation | None = None,
    detailed: bool = False,
    proven: datetime | None = None,
    limits: Limits = Limits(),  # noqa: B008 -- frozen
) -> Report:
    """Judge a package as of `at` (now if not given).

    keys: of signers, for bare signatures that carry no certificate. port: asked for revocation
    data that neither the file nor the trust holds; nobody is asked without. detailed: a finding
    for each protected part and each step of a chain, else summaries of what holds. proven: an
    instant by which the file is known to have existed, as an evidence record shows.

    Raises Malformed or TooLarge when the bytes cannot be opened as a package at all; everything
    that is wrong inside one is a finding.
    """
    moment = at or clock.now()
    package = open_package(data, limits=limits, exact=True)
    try:
        lines = records.listed(package)
    except Problem as problem:
        return _no_list(package, problem, moment)
    if not lines:
        return _unsigned(package, moment)
    context = Context(
        package=package,
        trust=trust,
        at=moment,
        keys=keys,
        port=port,
        detailed=detailed,
        proven=proven,
    )
    try:
        judged = [Judged(line, record=record) for line, record in _described(package, lines)]
    except TooLarge as problem:
        return Report("invalid", (), (_unreadable(problem),), moment)
    if (size := _weight(package, judged)) > MOST_DATA:
        heavy = TooLarge(f"signatures of {size} bytes; at most {MOST_DATA} are judged")
        return Report("invalid", (), (_unreadable(heavy),), moment)
    _stored(context, judged)
    for number, one in enumerate(judged):
        later = [other.record for other in judged[number + 1 :] if other.record]
        judge(context, one, judged[:number], later)
    findings = (
        _directory(package),
        *closure(package, context.names, [one.record for one in judged]),
        *reach(package, _own(package, judged)),
        *container(package, judged[-1].record),
        *judge_listing(package, trust, moment),
    )
    signatures = tuple(_report(one) for one in judged)
    everything = [*findings, *(finding for one in judged for finding in one.findings)]
    return Report(verdict(everything), signatures, findings, moment)


def _described(
    package: Package, lines: Sequence[records.Listed]
) -> Iterator[tuple[records.Listed, records.Record | None]]:
    """Each signature with its description. Raises TooLarge if they name too many parts together."""
    left = _PER_PART * package.limits.parts
    for line in lines:
        record = _read(package, line)
        left -= len(record.references) if record else 0
        if left < 0:
            raise TooLarge("the signatures name too many parts together", where=line.list_part)
        yield line, record


def _read(package: Package, line: records.Listed) -> records.Record | None:
    """The description, or None if it cannot be read: `judge` then says why."""
    try:
        return records.read_record(package, line)
    except Problem:
        return None


def _weight(package: Package, judged: list[Judged]) -> int:
    """Bytes that stand in signature values and revocation data: lists in them cost time to read."""
    parts = {
        part
        for one in judged
        if one.record
        for part in (one.record.value_part, one.record.revocation_part)
    }
    return sum(package.entries[part].size for part in parts if part in package)


def _stored(context: Context, judged: list[Judged]) -> None:
    """Chains and revocation data that were kept at signing, from all signatures together."""
    for one in judged:
        record = one.record
        if record is None or not record.revocation_part:
            continue
        part = record.revocation_part
        try:
            if context.full:
                raise TooLarge("the signatures before it keep as much as is looked at")
            data = RevocationData.decode(context.package.read(part))
            context.know(data)
        except Problem as problem:
            one.findings.append(
                failed(
                    "ofd.revocation",
                    f"随签名保存的撤销信息无法读取：{problem.what}",
                    f"the revocation data kept at signing cannot be read: {problem.what}",
                    part,
                )
            )
            continue
        one.findings.append(_kept(record, data))


def _kept(record: records.Record, data: RevocationData) -> Finding:
    part = record.revocation_part
    if part not in record.covered:
        return failed(
            "ofd.closure",
            "随签名保存的撤销信息不受该签名保护",
            "the revocation data kept at signing is not protected by the signature",
            part,
        )
    count = len(data.crls), len(data.answers)
    return held(
        "ofd.revocation",
        f"签名时保存了撤销信息：撤销列表 {count[0]} 个，OCSP 响应 {count[1]} 个",
        f"revocation data was kept at signing: {count[0]} lists, {count[1]} OCSP answers",
        part,
    )


def _directory(package: Package) -> Finding:
    """Opening exactly has refused everything else."""
    count = len(package.entries)
    return held(
        "ofd.directory",
        f"容器目录 {count} 项：名称不重复，本地文件头与目录一致，无多余字节",
        f"{count} entries in the directory: none twice, local headers equal it, no stray bytes",
    )


def _own(package: Package, judged: list[Judged]) -> set[str]:
    """All parts of signatures, and the lists."""
    own = {document.signatures for document in package.documents if document.signatures}
    return own.union(*(one.record.own_parts for one in judged if one.record))


def _report(judged: Judged) -> SignatureReport:
    certificate = judged.certificate
    return SignatureReport(
        id=judged.line.id,
        kind=judged.line.kind,
        signer=certificate.common_name if certificate else "",
        organization=certificate.organization if certificate else "",
        certificate=certificate.fingerprint if certificate else "",
        seal=judged.seal_name,
        time=judged.time,
        timestamped=judged.timestamped,
        findings=tuple(judged.findings),
        holder=certificate,
        base=judged.line.base,
    )


def _no_list(package: Package, problem: Problem, at: datetime) -> Report:
    """A template may name a list that no signature has made yet: then it is unsigned."""
    try:
        lists = [document.signatures for document in package.documents if document.signatures]
    except Problem:
        lists = []
    if lists and not any(part in package for part in lists) and not _traces(package):
        return _unsigned(package, at)
    return Report("invalid", (), (_unreadable(problem),), at)


def _traces(package: Package) -> list[str]:
    """Parts that only signatures have betray a list that was taken away."""
    return [part for part in package.parts if part.rpartition("/")[2].lower() in _TRACES]


def _unsigned(package: Package, at: datetime) -> Report:
    """No signature is listed."""
    traces = _traces(package)
    if traces:
        finding = failed(
            "ofd.list",
            "文件中存有签名文件，但入口文件未列出任何签名：签名列表已被移除",
            "the package holds signature files but lists no signature: the list was removed",
            traces[0],
        )
        return Report("invalid", (), (finding,), at)
    finding = failed("ofd.unsigned", "文件没有任何签名", "the document carries no signature")
    return Report("unsigned", (), (finding,), at)


def _unreadable(problem: Problem) -> Finding:
    return failed(
        "ofd.list",
        "签名列表或文档结构无法读取" if not isinstance(problem, NotFound) else "文件缺少必需的部件",
        f"the document's structure cannot be read: {problem.what}",
        problem.where,
    )
