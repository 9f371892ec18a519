"""Charts of answers as inline SVG (查询结果图): bars that lie, lines over days or months."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from openrhip.collect.pages.asking_words import number
from openrhip.collect.pages.charts import GAP, HIGH, NAME, VALUE, WIDTH
from openrhip.collect.rules.questions import ChartKind, ChartPlan, Column

MOST_BARS, MOST_SERIES, MOST_POINTS = 30, 6, 400
HEIGHT, LEFT, BOTTOM, TOP = 260, 56, 30, 12


@dataclass(frozen=True, slots=True)
class Bar:
    """From left to right; kind: of its series, from 0."""

    y: float
    width: float
    text: str
    kind: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    bars: tuple[Bar, ...]
    series: tuple[str, ...]
    height: float
    left_out: int = 0
    width: int = WIDTH
    left: int = NAME
    thick: int = HIGH


@dataclass(frozen=True, slots=True)
class Line:
    """points: as a polyline writes them; dots: (x, y), where there are few."""

    points: str
    kind: int
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """grid: (y, text); marks: (x, text) below the axis."""

    lines: tuple[Line, ...]
    series: tuple[str, ...]
    grid: tuple[tuple[float, str], ...]
    marks: tuple[tuple[float, str], ...]
    left_out: int = 0
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    base: int = HEIGHT - BOTTOM


def chart_of(
    plan: ChartPlan, columns: Sequence[Column], rows: Sequence[Sequence[str | None]]
) -> Bars | Lines | None:
    """None where the columns are not there or hold no numbers."""
    names = [one.name for one in columns]
    if plan.kind is ChartKind.NONE or plan.x not in names or plan.y not in names:
        return None
    x, y = names.index(plan.x), names.index(plan.y)
    series = names.index(plan.series) if plan.series in names else None
    points = [
        (str(row[x] or "—"), value, str(row[series] or "—") if series is not None else "")
        for row in rows
        if (value := _number(row[y])) is not None
    ]
    if not points:
        return None
    return _bars(points) if plan.kind is ChartKind.BAR else _lines(points)


def _bars(points: Sequence[tuple[str, float, str]]) -> Bars:
    known = _kinds(points)
    shown = [one for one in points if one[2] in known][:MOST_BARS]
    most = max((value for _n, value, _s in shown), default=0) or 1
    room, y, last = WIDTH - NAME - VALUE, 4.0, ""
    bars: list[Bar] = []
    for name, value, series in shown:
        if bars:
            y += HIGH + (2 if name == last else GAP)
        width = max(0.0, round(value / most * room, 1))
        text = number(_short(value))
        bars.append(Bar(y, width, text, known[series], _cut(name) if name != last else ""))
        last = name
    names = tuple(known) if any(known) else ()
    return Bars(tuple(bars), names, round(y + HIGH + 6), len(points) - len(shown))


def _lines(points: Sequence[tuple[str, float, str]]) -> Lines:
    known = _kinds(points)
    places = sorted({name for name, _v, series in points if series in known})[:MOST_POINTS]
    at = {name: number for number, name in enumerate(places)}
    top = _nice(max((value for _n, value, _s in points), default=0))
    room, high = WIDTH - LEFT - 16, HEIGHT - BOTTOM - TOP
    step = room / max(1, len(places) - 1)
    lines = []
    for series, kind in known.items():
        own = sorted((at[n], v) for n, v, s in points if s == series and n in at)
        dots = tuple(
            (round(LEFT + 8 + place * step, 1), round(HEIGHT - BOTTOM - max(0, v) / top * high, 1))
            for place, v in own
        )
        text = " ".join(f"{x},{y}" for x, y in dots)
        lines.append(Line(text, kind, dots if len(dots) <= 62 else ()))
    every = max(1, math.ceil(len(places) / 8))
    marks = tuple(
        (round(LEFT + 8 + number * step, 1), _day(name))
        for number, name in enumerate(places)
        if number % every == 0
    )
    grid = tuple(
        (round(HEIGHT - BOTTOM - share * high, 1), number(_short(top * share)))
        for share in (0, 0.5, 1)
    )
    names = tuple(known) if any(known) else ()
    return Lines(tuple(lines), names, grid, marks, len({p[2] for p in points}) - len(known))


def _kinds(points: Sequence[tuple[str, float, str]]) -> dict[str, int]:
    """The series with the largest sums, numbered."""
    sums: dict[str, float] = {}
    for _name, value, series in points:
        sums[series] = sums.get(series, 0) + value
    most = sorted(sums, key=lambda one: -sums[one])[:MOST_SERIES]
    return {series: kind for kind, series in enumerate(most)}


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) < 1e15 else None


def _nice(value: float) -> float:
    if value <= 0:
        return 1
    size = 10.0 ** math.floor(math.log10(value))
    return next(step * size for step in (1, 2, 4, 5, 10) if value <= step * size * 1.0001)


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _day(text: str) -> str:
    """2026-11-05 as 11-05; a month's first day as the month."""
    day = text[:10]
    if len(day) == 10 and day[4] == day[7] == "-":
        return day[5:] if not day.endswith("-01") else day[:7]
    return _cut(text)


def _cut(name: str) -> str:
    wide, kept = 0, ""
    for sign in name:
        wide += 2 if ord(sign) > 0x2E7F else 1
        if wide > 20:
            return kept + "…"
        kept += sign
    return kept


def described(found: Bars | Lines) -> str:
    """What a chart is, for who does not see it."""
    if isinstance(found, Bars):
        return _("条形图；同样的数字在下面的表里")
    return _("折线图；同样的数字在下面的表里")
