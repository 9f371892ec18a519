"""What preservation answers (结果): frozen, for commands, pages and figures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Done:
    """documents: newly in a tree (or re-hashed); renewed: trees; stamps: trees finished."""

    documents: int
    renewed: int
    stamps: int


@dataclass(frozen=True, slots=True)
class EvidenceStatus:
    """documents: with a timestamp of their own tree; pending: kept, in no stamped tree.

    next_renewal: end of the timestamp that ends first; last_night: end of the newest nightly run.
    warnings: what needs somebody, in Chinese and English.
    """

    documents: int
    pending: int
    trees: int
    unfinished: int
    renewals: int
    algorithms: dict[str, int]
    next_renewal: datetime | None
    last_night: datetime | None
    warnings: tuple[tuple[str, str], ...]

    def as_dict(self) -> dict[str, Any]:
        found = asdict(self)
        for name in ("next_renewal", "last_night"):
            found[name] = found[name].isoformat() if found[name] else None
        found["warnings"] = [{"zh": zh, "en": en} for zh, en in self.warnings]
        return found


@dataclass(frozen=True, slots=True)
class StampSummary:
    """One archive timestamp of a document, newest last. documents: leaves of its tree."""

    chain: int
    algorithm: str
    at: datetime
    authority: str
    expires: datetime | None
    leaves: int
    code: str


@dataclass(frozen=True, slots=True)
class DocumentEvidence:
    """The evidence of one document: when its existence is proven, until when that lasts."""

    document_id: str
    digest: str
    since: datetime
    until: datetime | None
    stamps: tuple[StampSummary, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
