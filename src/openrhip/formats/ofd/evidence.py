"""A signed document judged decades later by its evidence record (凭证据记录核验; RFC 4998).

The record proves that the document existed at an instant. Signatures, seals and chains are then
judged as of that instant, by the certificates and revocation data that the record carries: that
they have expired since takes nothing away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openrhip.formats.gm import ers
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.digests import SM3
from openrhip.formats.gm.ers import EvidenceReport
from openrhip.formats.gm.ers.policy import SIGNATURE, Policy
from openrhip.formats.gm.findings import Finding
from openrhip.formats.gm.revocation import Revocation
from openrhip.formats.gm.sm2 import PublicKey
from openrhip.formats.ofd.package_zip import Limits
from openrhip.formats.ofd.verify_findings import failed
from openrhip.formats.ofd.verifying import Report, Verdict, verify
from openrhip.kernel import clock


@dataclass(frozen=True, slots=True)
class EvidencedReport:
    """document: as of the instant that the record proves, or of the verification if it proves none.

    ok only if both hold. findings: about the algorithms of the file at that instant.
    """

    document: Report
    evidence: EvidenceReport
    findings: tuple[Finding, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The document's, unless the record does not hold: then what changed is still invalid,
        and what has merely aged cannot be known."""
        if not all(finding.ok for finding in self.findings):
            return "invalid"
        if self.evidence.ok:
            return self.document.verdict
        return "invalid" if self.document.integrity == "broken" else self.evidence.verdict

    @property
    def ok(self) -> bool:
        return self.verdict == "valid"

    def all_findings(self) -> tuple[Finding, ...]:
        """Those of the record, then those of the document."""
        return (*self.evidence.all_findings(), *self.findings, *self.document.all_findings())

    def as_dict(self) -> dict[str, Any]:
        return {
            **self.document.as_dict(),
            "ok": self.ok,
            "verdict": self.verdict,
            "evidence": self.evidence.as_dict(),
            "algorithms": [finding.as_dict() for finding in self.findings],
        }


def verify_evidenced(
    data: bytes,
    record: bytes,
    *,
    trust: TrustStore,
    at: datetime | None = None,
    policy: Policy = Policy(),  # noqa: B008 -- frozen
    keys: Sequence[PublicKey | Certificate] = (),
    port: Revocation | None = None,
    detailed: bool = False,
    limits: Limits = Limits(),  # noqa: B008 -- frozen
) -> EvidencedReport:
    """Judge a package and its evidence record as of `at` (now if not given).

    trust: roots of all the authorities concerned, and seal makers; the rest is in the record.
    policy: until when algorithms counted, for the record and, at the instant that it proves, for
    the signatures. keys, port, detailed, limits: as for `verify`. Raises Malformed or TooLarge
    when the bytes cannot be opened as a package at all.
    """
    moment = at or clock.now()
    evidence = ers.verify(record, [data], trust=trust, at=moment, policy=policy)
    then = evidence.proven or moment
    document = verify(
        data,
        trust=evidence.data.under(trust),
        at=then,
        proven=evidence.proven,
        keys=keys,
        port=port,
        detailed=detailed,
        limits=limits,
    )
    return EvidencedReport(document, evidence, tuple(_aged(policy, then)))


def _aged(policy: Policy, at: datetime) -> Iterator[Finding]:
    """What signatures are made with must still have counted when the file is known to exist."""
    for name in (SM3.name, SIGNATURE):
        if not policy.holds(name, at):
            day = f"{at:%Y-%m-%d}"
            yield failed(
                "ofd.algorithm-aged",
                f"签名所用算法 {name} 在 {day} 已不再安全，此前没有证据证明文件存在",
                f"{name}, which the signatures use, no longer counted on {day}, and nothing "
                "proves that the file is older",
            )
