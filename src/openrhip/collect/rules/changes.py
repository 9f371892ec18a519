"""A batch against the unit's own history (与历史数据比较): robust, and aware of the weekday.

A day is compared with the same weekday of the weeks before, where there are enough of them, else
with all days before. The distance is the modified z-score (Iglewicz and Hoaglin 1993): 0.6745 times
the distance from the median over the median absolute deviation, so that a few odd days do not hide
the next. A unit that has sent little is not judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from math import sqrt
from statistics import fmean, median

WINDOW = timedelta(days=70)  # so much history is looked at
SAME_WEEKDAYS = 6  # from so many on, only the same weekday counts
LEAST_DAYS = 14  # with fewer days of history nothing is said
LEAST_MONTHS = 4  # of monthly tables
FAR = 3.5  # modified z-score from which a value is far
FACTOR = 1.5  # and it must differ by this factor at least
SMALL = 5  # a median below this says nothing about an empty day
MOST = 3  # times the most that ever came


class Kind(StrEnum):
    """zero: no rows where there always were; low, high: far from the median; most: far more than
    ever before.
    """

    ZERO = "zero"
    LOW = "low"
    HIGH = "high"
    MOST = "most"


@dataclass(frozen=True, slots=True)
class Past:
    """What came on a day before."""

    day: date
    rows: int


@dataclass(frozen=True, slots=True)
class Change:
    """What is odd about a day's rows. days: of history compared; weekday: the same one only."""

    kind: Kind
    rows: int
    median: int
    most: int
    days: int
    weekday: bool
    distance: float


def change(*, day: date, rows: int, past: Sequence[Past], monthly: bool = False) -> Change | None:
    """What is odd about so many rows on this day, or None."""
    before = [one for one in past if one.day < day]
    if not monthly:
        before = [one for one in before if one.day >= day - WINDOW]
    if len(before) < (LEAST_MONTHS if monthly else LEAST_DAYS):
        return None
    alike = [] if monthly else [one for one in before if one.day.weekday() == day.weekday()]
    weekday = len(alike) >= SAME_WEEKDAYS
    values = [one.rows for one in (alike if weekday else before)]
    middle, most = median(values), max(one.rows for one in before)
    # The deviation is at least that of counting: three rows instead of two are no news, and a
    # history without any spread divides by nothing.
    distance = modified_z(rows, values, least=sqrt(max(middle, 1.0)))
    kind = _kind(rows, values, middle, most, distance)
    if kind is None:
        return None
    return Change(kind, rows, round(middle), most, len(values), weekday, round(distance, 1))


def modified_z(value: float, values: Sequence[float], *, least: float) -> float:
    """How far a value lies from the median of others, in robust deviations of at least `least`."""
    middle = median(values)
    away = [abs(one - middle) for one in values]
    deviation = median(away) / 0.6745 or fmean(away) * 1.2533
    return (value - middle) / max(deviation, least)


def _kind(
    rows: int, values: Sequence[int], middle: float, most: int, distance: float
) -> Kind | None:
    if rows == 0:
        always = sum(one > 0 for one in values) >= 0.9 * len(values)
        return Kind.ZERO if always and middle >= SMALL else None
    if rows > MOST * most and rows >= MOST * SMALL:
        return Kind.MOST
    if distance >= FAR and rows >= FACTOR * middle:
        return Kind.HIGH
    if distance <= -FAR and rows * FACTOR <= middle:
        return Kind.LOW
    return None


def silent_since(days: Sequence[date], *, until: date, least: int = 3) -> date | None:
    """The last day a daily table came, where it has been missing for `least` days up to `until`
    though it came regularly before: on three quarters of the days of the four weeks before, at
    least. None where it is not silent.
    """
    came = sorted({day for day in days if day <= until})
    if not came or (until - came[-1]).days < least:
        return None
    span = [day for day in came if day > came[-1] - timedelta(days=28)]
    first = max(came[0], came[-1] - timedelta(days=27))
    usual = (came[-1] - first).days + 1
    return came[-1] if usual >= 7 and len(span) * 4 >= usual * 3 else None
