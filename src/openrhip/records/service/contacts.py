"""When each hospital was heard last (最近联系)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from openrhip.directory import service as directory
from openrhip.records.models import Document, Refusal


@dataclass(frozen=True, slots=True)
class Contact:
    """last: newest sign of life of any kind; deposit, refusal: newest of each; None: never."""

    institution: str
    last: datetime | None
    deposit: datetime | None
    refusal: datetime | None


def contacts() -> tuple[Contact, ...]:
    """One line per institution that was ever heard, by code."""
    deposits = dict(
        Document.objects.kept()
        .values("institution")
        .annotate(at=Max("deposited_at"))
        .values_list("institution", "at")
    )
    refusals = dict(
        Refusal.objects.values("institution")
        .annotate(at=Max("refused_at"))
        .values_list("institution", "at")
    )
    signs = directory.last_requests()
    found = []
    for code in sorted({*deposits, *refusals, *signs}):
        times = [at for at in (deposits.get(code), refusals.get(code), signs.get(code)) if at]
        found.append(
            Contact(code, max(times, default=None), deposits.get(code), refusals.get(code))
        )
    return tuple(found)
