"""Page numbers and filters in addresses (翻页与筛选)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from django.http import HttpRequest


class Paged(Protocol):
    """A page of a list. number: from 1; pages: how many there are; total: of items."""

    @property
    def number(self) -> int: ...
    @property
    def pages(self) -> int: ...
    @property
    def total(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Pages:
    """Where the reader is; previous and next are addresses, empty at the ends."""

    number: int
    count: int
    total: int
    previous: str
    next: str


def page_number(request: HttpRequest) -> int:
    """The page asked for; nonsense means the first."""
    text = request.GET.get("page", "1")
    return int(text) if text.isdecimal() and 1 <= int(text[:6]) <= 100_000 else 1


def pages_of(request: HttpRequest, page: Paged) -> Pages:
    """Keeps the other parts of the address."""

    def to(number: int) -> str:
        query = request.GET.copy()
        query["page"] = str(number)
        return f"?{query.urlencode()}"

    return Pages(
        number=page.number,
        count=page.pages,
        total=page.total,
        previous=to(page.number - 1) if page.number > 1 else "",
        next=to(page.number + 1) if page.number < page.pages else "",
    )
