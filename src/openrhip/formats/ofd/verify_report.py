"""The report of a verification (验证报告): verdict, integrity, trust, and every finding.

Two questions are answered apart, since a stranger's file is often intact while nobody here trusts
its authorities: integrity (完整性): is everything as it was signed, and are the signature values
right; trust (信任): do the certificates, seals and times stand for who signed and when.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.chain import UNKNOWN_CODES
from openrhip.formats.gm.findings import Finding
from openrhip.kernel.clock import rfc3339

Verdict = Literal["valid", "invalid", "indeterminate", "unsigned"]
Integrity = Literal["holds", "broken", "unknown", "unsigned"]
Trust = Literal["established", "not-established", "refused", "unsigned"]

UNDECIDED = UNKNOWN_CODES | {
    *("ofd.unsupported", "ofd.unproven", "ofd.key", "ofd.added", "ofd.dangling"),
    *("ofd.revocation", "ofd.entry", "integrity.timestamp", "timestamp.ended"),
}
"""Codes whose failure means that something cannot be known; any other is a fault."""
_TRUST = ("cert.", "chain.", "tsp.", "timestamp")
_TRUST_CODES = frozenset(
    {"ofd.certificate", "ofd.unproven", "ofd.time", "ofd.revocation", "seal.maker-certificate"}
    | {"seal.maker-listed", "seal.listed", "seal.validity", "seal.timestamp"}
)

WORDS: dict[str, tuple[str, str]] = {
    "valid": ("有效", "valid"),
    "invalid": ("无效", "invalid"),
    "indeterminate": ("无法判定", "indeterminate"),
    "unsigned": ("未签名", "unsigned"),
    "holds": ("完整：自签名以来未被改动", "holds: unchanged since it was signed"),
    "broken": ("已破坏", "broken"),
    "unknown": ("无法判定", "unknown"),
    "established": ("已确立", "established"),
    "not-established": ("未确立", "not established"),
    "refused": ("不予信任", "refused"),
}
"""How the words of a report are said in both languages."""


def about_trust(finding: Finding) -> bool:
    """Whether a finding is about who and when, and not about whether something changed."""
    return finding.code in _TRUST_CODES or finding.code.startswith(_TRUST)


def verdict(findings: Iterable[Finding]) -> Verdict:
    """valid if all hold, indeterminate if only what cannot be known fails, else invalid."""
    wrong = {finding.code for finding in findings if not finding.ok}
    if not wrong:
        return "valid"
    return "indeterminate" if wrong <= UNDECIDED else "invalid"


def integrity(findings: Iterable[Finding]) -> Integrity:
    """What the findings say of integrity alone."""
    found = verdict(finding for finding in findings if not about_trust(finding))
    return {"valid": "holds", "invalid": "broken"}.get(found, "unknown")  # type: ignore[return-value]


def trust(findings: Iterable[Finding]) -> Trust:
    """What the findings say of trust alone; not established where a signature cannot be read."""
    rows = list(findings)
    found = verdict(finding for finding in rows if about_trust(finding))
    if found == "valid":
        unread = {"ofd.unsupported", "ofd.key", "ofd.structure", "ofd.list"}
        return "not-established" if unread & {one.code for one in rows if not one.ok} else (
            "established"
        )  # fmt: skip
    return "refused" if found == "invalid" else "not-established"


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """One signature. time: by timestamp if there is one, else as claimed; names from certificates.

    base: ID of the signature it builds on; version: of its seal; holder: the signer's certificate,
    for those who must know more of them than the names.
    """

    id: str
    kind: str
    signer: str
    organization: str
    certificate: str
    seal: str
    time: datetime | None
    timestamped: bool
    findings: tuple[Finding, ...]
    holder: Certificate | None = None
    base: str = ""

    @property
    def verdict(self) -> Verdict:
        return verdict(self.findings)

    @property
    def integrity(self) -> Integrity:
        return integrity(self.findings)

    @property
    def trust(self) -> Trust:
        return trust(self.findings)

    @property
    def ok(self) -> bool:
        return self.verdict == "valid"

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "verdict": self.verdict,
            "integrity": self.integrity,
            "trust": self.trust,
            "signer": self.signer,
            "organization": self.organization,
            "certificate": self.certificate,
            "seal": self.seal,
            "base": self.base,
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

    @property
    def integrity(self) -> Integrity:
        """Of the whole package: unsigned where nothing vouches for it."""
        if self.verdict == "unsigned":
            return "unsigned"
        return integrity(self.all_findings())

    @property
    def trust(self) -> Trust:
        """In all signers, seals and times together."""
        if self.verdict == "unsigned":
            return "unsigned"
        return trust(self.all_findings())

    def all_findings(self) -> tuple[Finding, ...]:
        """Those of the package, then those of each signature."""
        inner = (finding for signature in self.signatures for finding in signature.findings)
        return (*self.findings, *inner)

    def as_dict(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "verdict": self.verdict,
            "integrity": self.integrity,
            "trust": self.trust,
            "at": rfc3339(self.at),
            "findings": [finding.as_dict() for finding in self.findings],
            "signatures": [signature.as_dict() for signature in self.signatures],
        }
