"""Rates and scores of coverage (采集评分), in the manner of DHIS2's reporting rates.

actual: table-days that came; expected: table-days due; rate: actual / expected; on time: those that
came within so many days of the end of their day; on-time rate: on time / expected. Every score is
from 0 to 1 and, all else equal, never falls when a further table-day comes, when one comes earlier,
or when fewer rows are at fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

WEIGHTS = (
    # of the overall score: what came, what came in time, what passed, what was consistent
    ("completeness", Decimal("0.4")),
    ("timeliness", Decimal("0.2")),
    ("correctness", Decimal("0.3")),
    ("consistency", Decimal("0.1")),
)
_PLACES = Decimal("0.0001")
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Counts:
    """What scores are made of. expected, actual: table-days; actual counts only those expected.
    timely: of actual, within each limit; received, loaded: rows of the batches that stand;
    doubtful: of actual, table-days with an open finding across tables or against the history.
    """

    expected: int
    actual: int
    timely: tuple[int, ...]
    received: int
    loaded: int
    doubtful: int = 0


@dataclass(frozen=True, slots=True)
class Scores:
    """Each from 0 to 1, or None where there is nothing to judge by (nothing was due).

    timeliness: on-time rates, one for each limit. overall: the weighted mean, with the first limit.
    """

    completeness: Decimal | None
    timeliness: tuple[Decimal | None, ...]
    correctness: Decimal | None
    consistency: Decimal | None
    overall: Decimal | None


def scores(counts: Counts) -> Scores:
    """Scores of a unit, a table or the whole city."""
    complete = rate(counts.actual, counts.expected)
    timely = tuple(rate(number, counts.expected) for number in counts.timely)
    correct = rate(counts.loaded, counts.received)
    consistent = rate(counts.actual - counts.doubtful, counts.actual)
    if complete is None:
        return Scores(None, timely, correct, consistent, None)
    # What never came was never shown to be right: no rows, no correctness.
    parts = (complete, timely[0] if timely else None, correct, consistent)
    whole = sum(
        (weight * (part or Decimal(0)) for (_, weight), part in zip(WEIGHTS, parts, strict=True)),
        Decimal(0),
    )
    return Scores(complete, timely, correct, consistent, _rounded(whole))


def rate(actual: int, expected: int) -> Decimal | None:
    """actual / expected, at most 1, to four places; None where nothing is expected.

    Rounding never makes a whole of what is not whole, nor something of nothing.
    """
    if expected <= 0:
        return None
    if actual >= expected:
        return _ONE
    if actual <= 0:
        return Decimal(0)
    near = _rounded(Decimal(actual) / Decimal(expected))
    return min(max(near, _PLACES), _ONE - _PLACES)


def percent(share: Decimal | None) -> str:
    """For people: 97.31%, or a dash where there is nothing to judge by."""
    return "—" if share is None else f"{share * 100:.2f}%"


def total(parts: Sequence[Counts]) -> Counts:
    """The counts of several units or tables together."""
    width = max((len(part.timely) for part in parts), default=0)
    return Counts(
        expected=sum(part.expected for part in parts),
        actual=sum(part.actual for part in parts),
        timely=tuple(
            sum(part.timely[at] for part in parts if at < len(part.timely)) for at in range(width)
        ),
        received=sum(part.received for part in parts),
        loaded=sum(part.loaded for part in parts),
        doubtful=sum(part.doubtful for part in parts),
    )


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_PLACES, rounding=ROUND_HALF_EVEN)
