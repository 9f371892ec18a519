"""Oddities of a month (异常情况) over the city's coverage, beside the month before."""

from __future__ import annotations

from datetime import date, timedelta

from openrhip.collect.rules.lines import Coverage, Earlier
from openrhip.collect.rules.oddities import Oddity, oddities
from openrhip.collect.service.coverage import coverage_of, earlier
from openrhip.kernel.periods import Month


def oddities_of(month: Month, *, found: Coverage | None = None) -> tuple[Oddity, ...]:
    """What a careful reader would ask about. found: the coverage of the month, if it is at hand."""
    now = found or coverage_of(month)
    first = date(month.year, month.month, 1)
    return oddities(
        now.lines,
        month=month,
        days=max(0, (now.until - first).days + 1),
        before=_before(month),
    )


def _before(month: Month) -> dict[str, Earlier]:
    last = date(month.year, month.month, 1) - timedelta(days=1)
    return earlier(Month(last.year, last.month))
