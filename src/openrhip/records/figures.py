"""What records report for a span of days (统计): deposits, refusals with reasons, disclosures."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta

from django.db.models import Count, Min, Sum
from django.db.models.functions import TruncDate

from openrhip.kernel.clock import CITY_ZONE
from openrhip.kernel.errors import Malformed
from openrhip.kernel.periods import city_day, day_bounds
from openrhip.records.models import Access, Document, EvidenceLeaf, EvidenceTree, Refusal
from openrhip.records.naming import names_of
from openrhip.records.rules import DayFigures, Figures

LONGEST = timedelta(days=366)


def figures(*, since: date, until: date, institution: str | None = None) -> Figures:
    """Figures of the days since..until, both included. Raises Malformed for absurd spans."""
    if not timedelta(0) <= until - since <= LONGEST:
        raise Malformed("a span of one day to one year is reported", where="until")
    first, end = day_bounds(since)[0], day_bounds(until)[1]
    documents = Document.objects.kept().filter(deposited_at__gte=first, deposited_at__lt=end)
    refusals = Refusal.objects.filter(refused_at__gte=first, refused_at__lt=end)
    accesses = Access.objects.filter(asked_at__gte=first, asked_at__lt=end)
    if institution:
        documents = documents.filter(institution=institution)
        refusals = refusals.filter(institution=institution)
        accesses = accesses.filter(institution=institution)
    counts: defaultdict[tuple[date, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    by_day = documents.annotate(day=TruncDate("deposited_at", tzinfo=CITY_ZONE))
    for day, code, number, size in by_day.values_list("day", "institution").annotate(
        Count("id"), Sum("size")
    ):
        counts[day, code][0] = number
        counts[day, code][2] = size
    reasons: Counter[str] = Counter()
    for at, code, why in refusals.values_list("refused_at", "institution", "reasons").iterator():
        counts[city_day(at), code][1] += 1
        reasons.update(why)
    names = names_of(code for _, code in counts)
    return Figures(
        since=since,
        until=until,
        days=tuple(
            DayFigures(day, code, names[code], *line)
            for (day, code), line in sorted(counts.items())
        ),
        reasons=dict(reasons.most_common()),
        disclosures=accesses.filter(allowed=True, document__isnull=False).count(),
        refused_disclosures=accesses.filter(allowed=False).count(),
        emergencies=accesses.filter(emergency=True).count(),
        evidenced=EvidenceLeaf.objects.filter(
            generation=0, tree__token__isnull=False, document__in=documents
        ).count(),
        evidence_ends=EvidenceTree.objects.aggregate(first=Min("due_at"))["first"],
    )
