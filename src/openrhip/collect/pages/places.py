"""Whose pages these are (控制台与本单位): the operator sees all units, a unit only itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from openrhip.collect import service as collect
from openrhip.directory.pages.asked import AskedRequest
from openrhip.directory.pages.words import chinese
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed, NotFound
from openrhip.kernel.periods import Month

MONTHS = 60  # of the chooser


@dataclass(frozen=True, slots=True)
class Tab:
    """One link of the pages' own navigation."""

    text: str
    href: str
    here: bool


@dataclass(frozen=True, slots=True)
class Place:
    """unit: code of the unit whose desk this is; empty on the operator's console."""

    unit: str = ""
    name: str = ""

    def owns(self, unit: str) -> bool:
        return not self.unit or self.unit == unit

    def home(self, unit: str, month: Month | None = None) -> str:
        """A unit's page of a month."""
        if self.unit:
            return reverse("unit-month", args=[month]) if month else reverse("unit-desk")
        if month is None:
            return reverse("collection-unit", args=[unit])
        return reverse("collection-unit-month", args=[unit, month])

    def batch(self, batch: str) -> str:
        return reverse("unit-batch" if self.unit else "collection-batch", args=[batch])

    def file(self, batch: str, name: str) -> str:
        route = "unit-batch-file" if self.unit else "collection-batch-file"
        return reverse(route, args=[batch, name])

    def batches(self, **chosen: object) -> str:
        """The list with these filters."""
        if self.unit:
            chosen.pop("unit", None)
        return _with(reverse("unit-batches" if self.unit else "collection-batches"), chosen)

    def faults(self, **chosen: object) -> str:
        if self.unit:
            chosen.pop("unit", None)
        return _with(reverse("unit-faults" if self.unit else "collection-faults"), chosen)

    def rule(self, unit: str, rule: str) -> str:
        """The open faults of a unit and rule, day by day."""
        if self.unit:
            return reverse("unit-rule", args=[rule])
        return reverse("collection-rule", args=[unit, rule])

    def tabs(self, request: HttpRequest) -> tuple[Tab, ...]:
        entries = [(_("采集目录"), reverse("catalogue"))]
        if self.unit:
            entries = [
                (_("本月情况"), reverse("unit-desk")),
                (_("待改问题"), reverse("unit-faults")),
                (_("批次"), reverse("unit-batches")),
                *entries,
            ]
        else:
            entries = [
                (_("总览"), reverse("collection")),
                (_("热力图"), reverse("collection-heat")),
                (_("批次"), reverse("collection-batches")),
                (_("问题"), reverse("collection-faults")),
                (_("建档人数"), reverse("collection-persons")),
                *entries,
            ]
        best = max((len(h) for _t, h in entries if request.path.startswith(h)), default=0)
        return tuple(
            Tab(text, href, request.path.startswith(href) and len(href) == best)
            for text, href in entries
        )


CONSOLE = Place()


@dataclass(frozen=True, slots=True)
class Chooser:
    """The months to choose from, newest first; before and after are addresses or empty."""

    month: Month
    months: tuple[tuple[str, str], ...]
    before: str
    after: str


def desk_of(request: AskedRequest) -> Place:
    """The desk of the visitor's own unit. Raises NotFound if their institution sends nothing."""
    unit = collect.unit(request.actor.institution_code)
    return Place(unit.code, unit.name)


def month_of(request: HttpRequest) -> Month:
    """?month=YYYY-MM, else this month; nonsense means this month."""
    return parsed(request.GET.get("month", "")) or Month.of(clock.now())


def parsed(text: str) -> Month | None:
    try:
        return Month.parse(text)
    except Malformed:
        return None


def asked_month(text: str) -> Month:
    """A month that stands in the address. Raises NotFound."""
    found = parsed(text)
    if found is None:
        raise NotFound("no such month", where=text[:20])
    return found


def chooser(month: Month, address: str = "?month={}") -> Chooser:
    """From the first month with data to this one, and the one shown."""
    now = Month.of(clock.now())
    first = min(collect.first_month() or now, month)
    months: list[Month] = []
    at = max(now, month)
    while at >= first and len(months) < MONTHS:
        months.append(at)
        at = before(at)
    return Chooser(
        month=month,
        months=tuple((str(one), month_text(one)) for one in months),
        before=address.format(before(month)) if before(month) >= first else "",
        after=address.format(month.next()) if month < now else "",
    )


def before(month: Month) -> Month:
    return Month(month.year - (month.month == 1), (month.month - 2) % 12 + 1)


def month_text(month: Month) -> str:
    """2026年11月, in English Nov 2026."""
    if chinese():
        return f"{month.year}年{month.month}月"
    return f"{first_day(month):%b %Y}"


def first_day(month: Month) -> date:
    return date(month.year, month.month, 1)


def _with(path: str, chosen: dict[str, object]) -> str:
    query = urlencode({key: str(value) for key, value in chosen.items() if value})
    return f"{path}?{query}" if query else path
