"""What dictionaries of PDF fonts say: looks, widths, encodings (字体描述): ISO 32000-1 §9.6-9.8."""

from __future__ import annotations

from contextlib import suppress

import pikepdf

from openrhip.formats.ofd.edit.book import FontLook
from openrhip.formats.ofd.edit.pdf_numbers import get, name_of, real, reals, whole

FIXED, SERIF, SYMBOLIC, ITALIC, FORCED = 1, 2, 4, 64, 1 << 18
_MOST_CODES = 70_000


def look_of(base: str, flags: int, descriptor: object) -> FontLook:
    name = base.partition("+")[2] if len(base) > 7 and base[6:7] == "+" else base
    with suppress(UnicodeError):
        name = name.encode("latin-1").decode("utf-8")
    low = name.lower()
    weight = real(get(descriptor, "/FontWeight"))
    return FontLook(
        name=name[:80] or "Unknown",
        family=name.partition(",")[0].partition("-")[0][:80],
        bold="bold" in low or "black" in low or weight >= 600 or bool(flags & FORCED),
        italic="italic" in low or "oblique" in low or bool(flags & ITALIC),
        serif=bool(flags & SERIF) or "times" in low or "serif" in low.replace("sans", ""),
        fixed=bool(flags & FIXED) or "courier" in low or "mono" in low,
    )


def reach(box: object) -> tuple[float, float]:
    """How far glyphs reach below and above the baseline, in em."""
    found = reals(box, 4)
    if len(found) != 4:
        return -0.3, 0.95
    return min(max(found[1] / 1000, -4.0), -0.3), max(min(found[3] / 1000, 4.0), 0.95)


def differences(value: object) -> dict[int, str]:
    found: dict[int, str] = {}
    if not isinstance(value, pikepdf.Array):
        return found
    code = 0
    for item in list(value.as_list())[:1024]:
        if isinstance(item, int):
            code = item
        elif isinstance(item, pikepdf.Name) and 0 <= code < 256:
            found[code] = name_of(item)
            code += 1
    return found


def cid_widths(found: dict[int, float], value: object) -> None:
    """/W: c [w1 w2 …] or c1 c2 w."""
    items = list(value.as_list())[:_MOST_CODES] if isinstance(value, pikepdf.Array) else []
    at = 0
    while at + 1 < len(items) and len(found) < _MOST_CODES:
        first, second = whole(items[at]), items[at + 1]
        if isinstance(second, pikepdf.Array):
            for i, width in enumerate(reals(second, _MOST_CODES)):
                found[first + i] = width
            at += 2
        elif at + 2 < len(items):
            width = real(items[at + 2])
            for cid in range(first, min(whole(second), first + _MOST_CODES) + 1):
                found[cid] = width
            at += 3
        else:
            break


def cid_heights(found: dict[int, tuple[float, float, float]], value: object) -> None:
    """/W2: c [w1 vx vy …] or c1 c2 w1 vx vy."""
    items = list(value.as_list())[:_MOST_CODES] if isinstance(value, pikepdf.Array) else []
    at = 0
    while at + 1 < len(items) and len(found) < _MOST_CODES:
        first, second = whole(items[at]), items[at + 1]
        if isinstance(second, pikepdf.Array):
            numbers = reals(second, _MOST_CODES)
            for i in range(len(numbers) // 3):
                found[first + i] = numbers[3 * i], numbers[3 * i + 1], numbers[3 * i + 2]
            at += 2
        elif at + 4 < len(items):
            three = real(items[at + 2]), real(items[at + 3]), real(items[at + 4])
            for cid in range(first, min(whole(second), first + _MOST_CODES) + 1):
                found[cid] = three
            at += 5
        else:
            break
