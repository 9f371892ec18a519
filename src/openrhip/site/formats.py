"""How values are written on pages (显示格式): days and times of the city, sizes."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import get_language

from openrhip.kernel.clock import CITY_ZONE


def city_date(value: date | datetime | None) -> str:
    """2026年11月24日, in English 24 Nov 2026; an instant is put into the city's zone first."""
    if value is None:
        return "—"
    day = value.astimezone(CITY_ZONE).date() if isinstance(value, datetime) else value
    if (get_language() or "").startswith("zh"):
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {day:%b} {day.year}"


def city_time(value: datetime | None) -> str:
    """2026年11月24日 16:05, in English 24 Nov 2026, 16:05; always the city's zone."""
    if value is None:
        return "—"
    local = value.astimezone(CITY_ZONE)
    comma = "" if (get_language() or "").startswith("zh") else ","
    return f"{city_date(value)}{comma} {local:%H:%M}"


def size_text(size: int) -> str:
    """1.4 MB, 812 kB."""
    if size >= 1_000_000:
        return f"{size / 1_000_000:.1f} MB"
    return f"{max(1, round(size / 1000))} kB"
