"""A signed document judged decades later by its evidence record (凭证据记录核验; RFC 4998).

The record proves that the document existed at an instant. Signatures, seals and chains are then
judged as of that instant, by the certificates and revocation data that the record carries: that
they have expired since takes nothing away.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openrhip.formats.gm import ers
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.ers import EvidenceReport
from openrhip.formats.gm.ers.policy import Policy
from openrhip.formats.gm.findings import Finding
from openrhip.formats.ofd.package_zip import Limits
from openrhip.formats.ofd.verifying import Report, Verdict, verify
from openrhip.kernel import clock


@dataclass(frozen=True, slots=True)
class EvidencedReport:
    """document: as of the instant that the record proves, or of the verification if it proves none.

    ok only if both hold.
    """

    document: Report
    evidence: EvidenceReport

    @property
    def verdict(self) -> Verdict:
        """The document's, unless the record does not hold."""
        return self.document.verdict if self.evidence.ok else self.evidence.verdict

    @property
    def ok(self) -> bool:
        return self.document.ok and self.evidence.ok

    def all_findings(self) -> tuple[Finding, ...]:
        """Those of the record, then those of the document."""
        return (*self.evidence.all_findings(), *self.document.all_findings())

    def as_dict(self) -> dict[str, Any]:
        return {
            **self.document.as_dict(),
            "ok": self.ok,
            "verdict": self.verdict,
            "evidence": self.evidence.as_dict(),
        }


def verify_evidenced(
    data: bytes,
    record: bytes,
    *,
    trust: TrustStore,
    at: datetime | None = None,
    policy: Policy = Policy(),  # noqa: B008 -- frozen
    limits: Limits = Limits(),  # noqa: B008 -- frozen
) -> EvidencedReport:
    """Judge a package and its evidence record as of `at` (now if not given).

    trust: roots of all the authorities concerned, and seal makers; the rest is in the record.
    Raises Malformed or TooLarge when the bytes cannot be opened as a package at all.
    """
    moment = at or clock.now()
    evidence = ers.verify(record, [data], trust=trust, at=moment, policy=policy)
    document = verify(
        data, trust=evidence.data.under(trust), at=evidence.proven or moment, limits=limits
    )
    return EvidencedReport(document, evidence)
