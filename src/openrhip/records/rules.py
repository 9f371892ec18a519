"""What records speak in: sizes, outcomes, summaries; and the pure decisions about parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from openrhip.kernel.errors import Malformed, Problem, TooLarge
from openrhip.kernel.parts import MAX_PART, Span

MAX_SIZE = 200 * 1000 * 1000  # bytes of one document
PAGE_SIZE = 20
MAX_PAGE_SIZE = 100

_DIGEST = re.compile(r"[0-9a-f]{64}")
Item = TypeVar("Item")


class TooMany(Problem):
    """More requests than anybody at work makes."""

    code = "too-many"
    status = 429
    exit_code = 8


class Media(StrEnum):
    """Kinds of file that may be deposited."""

    OFD = "ofd"


class Deed(StrEnum):
    """What an access did with the document."""

    LIST = "list"  # 急救时查阅目录
    READ = "read"  # 调阅
    EXPORT = "export"  # 导出证明包


def check_upload(*, size: int, digest: str, media: str) -> None:
    """Raises Malformed or TooLarge for what can never be accepted."""
    if size > MAX_SIZE:
        raise TooLarge(f"a document has at most {MAX_SIZE} bytes", where="size")
    if size <= 0:
        raise Malformed("an empty file cannot be deposited", where="size")
    if not _DIGEST.fullmatch(digest):
        raise Malformed("the SM3 of a file is 64 lower-case hex digits", where="sm3")
    if media not in set(Media):
        raise Malformed(
            "this kind of file is not accepted",
            where="media",
            remedy=f"use one of: {', '.join(Media)}",
        )


@dataclass(frozen=True, slots=True)
class UploadState:
    """An upload as its hospital sees it. outcome: set once the file was judged."""

    id: str
    size: int
    digest: str
    missing: tuple[Span, ...]
    received: tuple[int, ...] = ()
    max_part: int = MAX_PART


@dataclass(frozen=True, slots=True)
class DepositOutcome:
    """The centre's answer to a document.

    accepted: it is archived under `number`; else refused, `number` names the refusal.
    report: the four-property report as JSON. receipt: the ledger's, as JSON, over `leaf`.
    already: the same bytes were deposited before; the answer is the same as then.
    """

    accepted: bool
    number: str
    digest: str
    at: datetime
    report: dict[str, Any]
    receipt: dict[str, Any]
    leaf: dict[str, Any]
    already: bool = False

    def as_dict(self) -> dict[str, Any]:
        return {
            "accepted": self.accepted,
            "number": self.number,
            "digest": self.digest,
            "at": self.at.isoformat(),
            "already": self.already,
            "report": self.report,
            "leaf": self.leaf,
            "receipt": self.receipt,
        }


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """A document as lists show it; no content, no name of a person."""

    id: str
    kind: str
    title: str
    institution: str
    institution_name: str
    department: str
    author: str
    author_name: str
    person_id: str
    level: int
    recorded_at: datetime
    deposited_at: datetime
    version: int
    replaces: str | None
    superseded_by: str | None
    pages: int
    size: int
    digest: str

    @property
    def current(self) -> bool:
        return self.superseded_by is None


@dataclass(frozen=True, slots=True)
class AccessSummary:
    """One look (or refused look) at a document, as the patient sees it.

    No document_id: a clinician declared an emergency to see which documents there are.
    """

    id: str
    document_id: str
    kind: str
    title: str
    person_id: str
    actor: str
    actor_name: str
    actor_roles: tuple[str, ...]
    institution: str
    institution_name: str
    purpose: str
    deed: str
    allowed: bool
    reasons: tuple[str, ...]
    emergency: bool
    asked_at: datetime
    leaf: dict[str, Any]
    receipt: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AccessProof:
    """What shows an access to anyone: the leaf with its receipt, and the salt of its commitments.

    opened: name of a leaf field → the text whose SM3 behind the salt it is.
    """

    access: AccessSummary
    salt: str
    opened: dict[str, str]
    receipt: dict[str, Any]
    log_key: str


@dataclass(frozen=True, slots=True)
class RefusalSummary:
    """A refused deposit with what the hospital must do."""

    id: str
    institution: str
    institution_name: str
    digest: str
    size: int
    refused_at: datetime
    reasons: tuple[str, ...]
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Deposits and refusals of one institution on one day (Asia/Shanghai)."""

    day: date
    institution: str
    institution_name: str
    deposited: int
    refused: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What records report for a span of days. reasons: check id → number of refusals.

    evidenced: of the span's documents, those with long-term evidence; evidence_ends: when the
    first timestamp of all ends, before which it is renewed.
    """

    since: date
    until: date
    days: tuple[DayFigures, ...]
    reasons: dict[str, int] = field(default_factory=dict)
    disclosures: int = 0
    refused_disclosures: int = 0
    emergencies: int = 0
    evidenced: int = 0
    evidence_ends: datetime | None = None

    @property
    def deposited(self) -> int:
        return sum(row.deposited for row in self.days)

    @property
    def refused(self) -> int:
        return sum(row.refused for row in self.days)


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list. number counts from 1; total counts all items."""

    items: Sequence[Item]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))


def page_bounds(number: int, size: int) -> slice:
    """The slice of a page. Raises Malformed for absurd numbers."""
    if not (1 <= number <= 100_000 and 1 <= size <= MAX_PAGE_SIZE):
        raise Malformed(
            f"pages are numbered from 1 and hold at most {MAX_PAGE_SIZE} items", where="page"
        )
    return slice((number - 1) * size, number * size)
