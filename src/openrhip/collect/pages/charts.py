"""Charts of collection as inline SVG: computed here, drawn in templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from openrhip.collect.figures import in_chinese_units
from openrhip.directory.pages.charts import Chart, daily_chart
from openrhip.directory.pages.words import chinese

WIDTH = 720
NAME, VALUE = 150, 90  # room for the names at the left, for the numbers at the right
HIGH, GAP = 16, 10


@dataclass(frozen=True, slots=True)
class Bar:
    """kind: which series, from 0."""

    y: float
    width: float
    text: str
    kind: int


@dataclass(frozen=True, slots=True)
class Lying:
    """Bars of one name. y: of the name's middle."""

    name: str
    y: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class LyingChart:
    """Bars from left to right, in groups."""

    groups: tuple[Lying, ...]
    height: int
    width: int = WIDTH
    left: int = NAME
    thick: int = HIGH


def rows_by_day(days: Sequence[tuple[date, int, int]]) -> Chart:
    """Rows that were loaded and those kept back, by day."""
    return daily_chart(days, text=short)


def short(number: int) -> str:
    """For an axis: 4.6万, in English 46 k."""
    if chinese():
        return in_chinese_units(number).replace(".0", "")
    for size, sign in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:.1f}".removesuffix(".0") + sign
    return str(number)


def lying(rows: Sequence[tuple[str, Sequence[int]]]) -> LyingChart:
    """Groups of bars with a common scale: (name, its numbers)."""
    most = max((value for _name, values in rows for value in values), default=0) or 1
    room = WIDTH - NAME - VALUE
    groups, y = [], 4.0
    for name, values in rows:
        top = y
        bars = []
        for kind, value in enumerate(values):
            width = round(value / most * room, 1)
            bars.append(Bar(y, max(width, 1.5) if value else 0, f"{value:,}", kind))
            y += HIGH + 2
        groups.append(Lying(name, round((top + y - 2) / 2 + 4, 1), tuple(bars)))
        y += GAP
    return LyingChart(tuple(groups), round(y))
