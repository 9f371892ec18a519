"""Bar charts by day as inline SVG (柱状图): computed here, drawn in a template."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 720, 220
LEFT, BOTTOM, TOP = 44, 28, 10


@dataclass(frozen=True, slots=True)
class Bar:
    """x, width, and for both parts y and height, in units of the view box."""

    x: float
    width: float
    good_y: float
    good_height: float
    bad_y: float
    bad_height: float
    label: str
    label_x: float


@dataclass(frozen=True, slots=True)
class Line:
    """A grid line and what it stands for."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    base: int = HEIGHT - BOTTOM


def daily_chart(
    days: Sequence[tuple[date, int, int]], *, text: Callable[[int], str] = str
) -> Chart:
    """days: (day, good, bad), one bar each, the bad on top: deposited and refused.

    text: how a number is written at the side.
    """
    top = _nice(max((good + bad for _, good, bad in days), default=0))
    room = HEIGHT - BOTTOM - TOP
    step = (WIDTH - LEFT) / max(1, len(days))
    every = max(1, len(days) // 8)
    bars = []
    for at, (day, good, bad) in enumerate(days):
        good_height, bad_height = good / top * room, bad / top * room
        good_y = HEIGHT - BOTTOM - good_height
        bars.append(
            Bar(
                x=round(LEFT + at * step + step * 0.15, 1),
                width=round(step * 0.7, 1),
                good_y=round(good_y, 1),
                good_height=round(good_height, 1),
                bad_y=round(good_y - bad_height, 1),
                bad_height=round(bad_height, 1),
                label=f"{day.month}-{day.day}" if at % every == 0 else "",
                label_x=round(LEFT + at * step + step / 2, 1),
            )
        )
    values = (0, top // 2, top) if top % 2 == 0 else (0, top)
    lines = tuple(
        Line(round(HEIGHT - BOTTOM - value / top * room, 1), text(value)) for value in values
    )
    return Chart(tuple(bars), lines)


def _nice(value: int) -> int:
    """The next of 1, 2, 4, 5, 10, 20, 40, 50, 100…"""
    size = 1
    while True:
        for step in (1, 2, 4, 5):
            if value <= step * size:
                return step * size
        size *= 10
