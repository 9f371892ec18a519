"""Presenters: summaries of the service as the pages show them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.utils.translation import gettext as _

from openrhip.directory.pages.words import chinese, one_of, purpose_text, role_text
from openrhip.kernel.periods import city_day
from openrhip.records.pages.words import kind_text, level_text
from openrhip.records.service import AccessSummary, Deed, DocumentSummary


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document in a list."""

    id: str
    kind: str
    title: str
    place: str
    by: str
    recorded_at: datetime
    deposited_at: datetime
    pages: int
    size: int
    version: int
    corrected: bool
    superseded: bool
    sensitive: bool
    level: str
    digest: str


@dataclass(frozen=True, slots=True)
class Visit:
    """Documents of one institution and one day: what a citizen remembers as one visit."""

    day: date
    place: str
    rows: tuple[DocumentRow, ...]


@dataclass(frozen=True, slots=True)
class AccessRow:
    """One look at a record."""

    id: str
    who: str
    role: str
    place: str
    what: str
    purpose: str
    deed: str
    at: datetime
    allowed: bool
    emergency: bool
    own: bool
    reasons: tuple[str, ...]
    entry: str
    document_id: str


def document_row(item: DocumentSummary) -> DocumentRow:
    by = " ".join(part for part in (item.department, item.author_name) if part)
    return DocumentRow(
        id=item.id,
        kind=kind_text(item.kind),
        title=_title(item.title, item.kind),
        place=item.institution_name,
        by=by,
        recorded_at=item.recorded_at,
        deposited_at=item.deposited_at,
        pages=item.pages,
        size=item.size,
        version=item.version,
        corrected=item.replaces is not None,
        superseded=item.superseded_by is not None,
        sensitive=item.level >= 5,
        level=level_text(item.level),
        digest=item.digest,
    )


def _title(title: str, kind: str) -> str:
    """The record's own title, which is Chinese; in English the name of its kind."""
    return title if title and chinese() else kind_text(kind)


def visits(items: Sequence[DocumentSummary]) -> list[Visit]:
    """Group neighbours of one day and institution; the order of the list is kept."""

    def key(item: DocumentSummary) -> tuple[date, str]:
        return city_day(item.recorded_at), item.institution_name

    return [
        Visit(day, place, tuple(document_row(item) for item in group))
        for (day, place), group in groupby(items, key)
    ]


def access_row(item: AccessSummary, *, reader: Collection[str] = ()) -> AccessRow:
    """reader: the ids of the citizen who reads this list; empty for staff."""
    own = item.actor.removeprefix("citizen:") in reader
    patient = own or item.actor == f"citizen:{item.person_id}"
    return AccessRow(
        id=item.id,
        who=_("您本人") if own else _("患者本人") if patient else item.actor_name,
        role="" if patient else _("、").join(role_text(role) for role in item.actor_roles),
        place=item.institution_name,
        what=_title(item.title, item.kind) if item.document_id else _("病历目录"),
        purpose=purpose_text(item.purpose),
        deed=_("下载") if item.deed == Deed.EXPORT else _("查看"),
        at=item.asked_at,
        allowed=item.allowed,
        emergency=item.emergency,
        own=own,
        reasons=tuple(one_of(item.reasons)),
        entry=str(item.receipt.get("index", "")),
        document_id=item.document_id,
    )
