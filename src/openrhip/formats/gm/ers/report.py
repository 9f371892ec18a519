"""What the verification of an evidence record says (证据记录核验结论)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from openrhip.formats.gm.chain import UNKNOWN_CODES
from openrhip.formats.gm.findings import Finding
from openrhip.formats.gm.revocation import RevocationData
from openrhip.kernel.clock import rfc3339

Verdict = Literal["valid", "invalid", "indeterminate"]
UNDECIDED = UNKNOWN_CODES | {"ers.unsupported", "ers.timestamp-unknown"}


@dataclass(frozen=True, slots=True)
class StampReport:
    """One archive timestamp. chain: number of its chain, from 1; needed_until: the instant at
    which it had to be good, that of the next one or of the verification."""

    chain: int
    time: datetime | None
    needed_until: datetime
    algorithm: str
    authority: str
    expires: datetime | None
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return all(finding.ok for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        return {
            "chain": self.chain,
            "time": rfc3339(self.time) if self.time else None,
            "needed_until": rfc3339(self.needed_until),
            "algorithm": self.algorithm,
            "authority": self.authority,
            "expires": rfc3339(self.expires) if self.expires else None,
            "ok": self.ok,
            "findings": [finding.as_dict() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True)
class EvidenceReport:
    """ok: the record proves that the document existed at `proven`.

    proven: the time of the earliest archive timestamp from which on nothing fails, if there is
    one. expires: when the newest one needs renewal at the latest. data: what the record carries to
    judge old signatures by.
    """

    at: datetime
    stamps: tuple[StampReport, ...]
    findings: tuple[Finding, ...]
    proven: datetime | None
    data: RevocationData

    @property
    def verdict(self) -> Verdict:
        wrong = {finding.code for finding in self.all_findings() if not finding.ok}
        if not wrong:
            return "valid"
        return "indeterminate" if wrong <= UNDECIDED else "invalid"

    @property
    def ok(self) -> bool:
        return self.verdict == "valid"

    @property
    def expires(self) -> datetime | None:
        return self.stamps[-1].expires if self.stamps else None

    def all_findings(self) -> tuple[Finding, ...]:
        """Those about the record, then those of each archive timestamp."""
        inner = (finding for stamp in self.stamps for finding in stamp.findings)
        return (*self.findings, *inner)

    def as_dict(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "verdict": self.verdict,
            "at": rfc3339(self.at),
            "proven": rfc3339(self.proven) if self.proven else None,
            "expires": rfc3339(self.expires) if self.expires else None,
            "findings": [finding.as_dict() for finding in self.findings],
            "stamps": [stamp.as_dict() for stamp in self.stamps],
        }
