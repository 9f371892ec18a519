"""The verdict on a bundle (核验结论): what holds, and on whose word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from openrhip.formats.gm.findings import Finding


@dataclass(frozen=True, slots=True)
class BundleReport:
    """ok: everything holds, by roots and log key that the verifier trusts.

    notes: what was taken from the bundle itself; unless trust_inside, that proves nothing to a
    stranger, however well it fits together. existed_at: when the document is proven to have
    existed, by its evidence record, if one is inside.
    """

    findings: tuple[Finding, ...]
    document: dict[str, Any]
    deposited_at: str
    exported_at: str
    notes: tuple[Finding, ...]
    signatures: tuple[dict[str, Any], ...] = ()
    trust_inside: bool = False
    existed_at: str = ""

    @property
    def consistent(self) -> bool:
        """Nothing failed, by whatever anchors."""
        return bool(self.findings) and all(finding.ok for finding in self.findings)

    @property
    def verdict(self) -> Literal["valid", "invalid", "indeterminate"]:
        if not self.consistent:
            return "invalid"
        return "indeterminate" if self.notes and not self.trust_inside else "valid"

    @property
    def ok(self) -> bool:
        return self.verdict == "valid"

    def as_dict(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "verdict": self.verdict,
            "consistent": self.consistent,
            "document": self.document,
            "deposited_at": self.deposited_at,
            "exported_at": self.exported_at,
            "existed_at": self.existed_at,
            "findings": [finding.as_dict() for finding in self.findings],
            "notes": [note.as_dict() for note in self.notes],
            "signatures": list(self.signatures),
        }
