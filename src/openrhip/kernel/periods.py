"""Days and months of the city (自然日、自然月), Asia/Shanghai."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from openrhip.kernel.clock import CITY_ZONE
from openrhip.kernel.errors import Malformed


def city_day(at: datetime) -> date:
    """The day an instant belongs to."""
    return at.astimezone(CITY_ZONE).date()


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """First instant of the day and first of the next, in UTC: a half-open interval."""
    return _midnight(day), _midnight(day + timedelta(days=1))


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month, for instance 2020-11."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1 <= self.year <= 9998 and 1 <= self.month <= 12):
            raise Malformed(f"{self.year}-{self.month} is no month", remedy="write it as YYYY-MM")

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read YYYY-MM. Raises Malformed."""
        year, dash, month = text.partition("-")
        if not (
            dash
            and len(year) == 4
            and len(month) == 2
            and (year + month).isdecimal()
            and text.isascii()
        ):
            raise Malformed(f"{text[:20]!r} is no month", remedy="write it as YYYY-MM")
        return cls(int(year), int(month))

    @classmethod
    def of(cls, at: datetime) -> Month:
        """The month an instant belongs to."""
        day = city_day(at)
        return cls(day.year, day.month)

    def next(self) -> Month:
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    def days(self) -> Iterator[date]:
        for number in range(1, monthrange(self.year, self.month)[1] + 1):
            yield date(self.year, self.month, number)

    def bounds(self) -> tuple[datetime, datetime]:
        """First instant of the month and first of the next, in UTC: a half-open interval."""
        following = self.next()
        return (
            _midnight(date(self.year, self.month, 1)),
            _midnight(date(following.year, following.month, 1)),
        )

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CITY_ZONE).astimezone(UTC)
