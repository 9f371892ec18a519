"""Verification of a signed package (验签、验章): what holds, what fails, and since when.

Every check is one finding in Chinese and English with a stable code and the part or certificate it
is about. Verdicts: valid (all hold), invalid (something is wrong), indeterminate (nothing is wrong,
but something cannot be known: no trusted root, no revocation list, an unsupported algorithm),
unsigned.

Sources: GB/T 33190-2016 §18.3; GB/T 38540-2020 §7.3 and §8.3; GB/T 35275-2017 §8; GM/T 0099-2020
(nothing in the package that no signature lists).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.chain import UNKNOWN_CODES, TrustStore
from openrhip.formats.gm.findings import Finding
from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd.package import Package, open_package
from openrhip.formats.ofd.package_zip import Limits
from openrhip.formats.ofd.verify_findings import Context, failed
from openrhip.formats.ofd.verify_package import closure, container
from openrhip.formats.ofd.verify_reach import reach
from openrhip.formats.ofd.verify_signature import Judged, judge
from openrhip.kernel import clock
from openrhip.kernel.clock import rfc3339
from openrhip.kernel.errors import NotFound, Problem

Verdict = Literal["valid", "invalid", "indeterminate", "unsigned"]
UNDECIDED = UNKNOWN_CODES | {"ofd.unsupported", "ofd.unproven"}
_TRACES = ("signatures.xml", "signature.xml", "seal.esl")


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """One signature. time: by timestamp if there is one, else as claimed; names from certificates.

    holder: the signer's certificate, for those who must know more of them than the names.
    """

    id: str
    kind: str
    verdict: Verdict
    signer: str
    organization: str
    certificate: str
    seal: str
    time: datetime | None
    timestamped: bool
    findings: tuple[Finding, ...]
    holder: Certificate | None = None

    @property
    def ok(self) -> bool:
        return self.verdict == "valid"

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "verdict": self.verdict,
            "signer": self.signer,
            "organization": self.organization,
            "certificate": self.certificate,
            "seal": self.seal,
            "time": rfc3339(self.time) if self.time else None,
            "timestamped": self.timestamped,
            "findings": [finding.as_dict() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """ok only if the verdict is valid. findings: about the package as a whole."""

    verdict: Verdict
    signatures: tuple[SignatureReport, ...]
    findings: tuple[Finding, ...]
    at: datetime

    @property
    def ok(self) -> bool:
        return self.verdict == "valid"

    def all_findings(self) -> tuple[Finding, ...]:
        """Those of the package, then those of each signature."""
        inner = (finding for signature in self.signatures for finding in signature.findings)
        return (*self.findings, *inner)

    def as_dict(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "verdict": self.verdict,
            "at": rfc3339(self.at),
            "findings": [finding.as_dict() for finding in self.findings],
            "signatures": [signature.as_dict() for signature in self.signatures],
        }


def verify(
    data: bytes,
    *,
    trust: TrustStore,
    at: datetime | None = None,
    limits: Limits = Limits(),  # noqa: B008 -- frozen
) -> Report:
    """Judge a package as of `at` (now if not given).

    Raises Malformed or TooLarge when the bytes cannot be opened as a package at all; everything
    that is wrong inside one is a finding.
    """
    moment = at or clock.now()
    package = open_package(data, limits=limits, exact=True)
    try:
        lines = records.listed(package)
    except Problem as problem:
        return Report("invalid", (), (_unreadable(problem),), moment)
    if not lines:
        return _unsigned(package, moment)
    context = Context(package, trust, moment)
    judged: list[Judged] = []
    for line in reversed(lines):
        later = [one.record for one in judged if one.record]
        judged.insert(0, judge(context, line, later))
    findings = (
        *closure(package, [one.record for one in judged]),
        *reach(package, _own(package, judged)),
        *container(package, judged[-1].record),
    )
    signatures = tuple(_report(one) for one in judged)
    everything = [*findings, *(finding for one in judged for finding in one.findings)]
    return Report(_verdict(everything), signatures, findings, moment)


def _own(package: Package, judged: list[Judged]) -> set[str]:
    """All parts of signatures, and the lists."""
    own = {document.signatures for document in package.documents if document.signatures}
    return own.union(*(one.record.own_parts for one in judged if one.record))


def _verdict(findings: list[Finding]) -> Verdict:
    wrong = {finding.code for finding in findings if not finding.ok}
    if not wrong:
        return "valid"
    return "indeterminate" if wrong <= UNDECIDED else "invalid"


def _report(judged: Judged) -> SignatureReport:
    certificate = judged.certificate
    return SignatureReport(
        id=judged.line.id,
        kind=judged.line.kind,
        verdict=_verdict(judged.findings),
        signer=certificate.common_name if certificate else "",
        organization=certificate.organization if certificate else "",
        certificate=certificate.fingerprint if certificate else "",
        seal=judged.seal_name,
        time=judged.time,
        timestamped=judged.timestamped,
        findings=tuple(judged.findings),
        holder=certificate,
    )


def _unsigned(package: Package, at: datetime) -> Report:
    """No signature is listed. Parts that only signatures have betray a list that was taken away."""
    traces = [part for part in package.parts if part.rpartition("/")[2].lower() in _TRACES]
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
