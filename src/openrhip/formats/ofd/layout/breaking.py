"""Where a line may end: 避头尾 (kinsoku, GB/T 15834 and W3C clreq), Latin words kept whole.

Pure functions over a text and the running sum of its advances.
"""

from __future__ import annotations

from bisect import bisect_right

NO_START = frozenset(
    "，。、；：？！）》〉」』】〕〗”’％‰℃°·…—～々↑↓,.;:?!)]}%﹐﹑﹒﹔﹕﹖﹗﹚﹜﹞｝］"
)
NO_END = frozenset("（《〈「『【〔〖“‘([{$¥￥£＄＃#№｛［﹙﹛﹝")
_PAIRED = frozenset("…—")  # two of them are one mark
_SPACE = " "
_EPSILON = 1e-6


def is_word(char: str) -> bool:
    """Part of a Latin, Greek or Cyrillic word, number or measure: not broken inside."""
    return "!" <= char <= "~" or "\u00a1" <= char < "\u0530" or char == "\u00a0"


def may_break(text: str, at: int) -> bool:
    """Whether a line may end before text[at]; 0 < at < len(text)."""
    last, first = text[at - 1], text[at]
    if first == _SPACE:
        return False  # spaces stay at the end of the line they follow
    if last == _SPACE:
        return True
    if first in NO_START or last in NO_END:
        return False
    if is_word(last) and is_word(first):
        return False
    return not (last in _PAIRED and first == last)


def break_lines(text: str, sums: list[float], first: float, rest: float) -> list[tuple[int, int]]:
    """Lines as (start, end) of `text` (without line feeds); every character is in one line.

    sums[i] is the width of text[:i] (len(text) + 1 entries); first and rest are the line widths.
    A word longer than a line is cut where it must be.
    """
    lines: list[tuple[int, int]] = []
    start, count, room = 0, len(text), first
    while start < count:
        fit = bisect_right(sums, sums[start] + room + _EPSILON, start) - 1
        if fit >= count:
            lines.append((start, count))
            break
        end = _line_end(text, start, fit)
        lines.append((start, end))
        start, room = end, rest
    return lines or [(0, 0)]


def _line_end(text: str, start: int, fit: int) -> int:
    """The end of a line of which text[start:fit] fits: trailing spaces may hang over the edge."""
    count = len(text)
    hang = fit
    while hang < count and text[hang] == _SPACE:
        hang += 1
    if hang == count or (hang > fit and hang > start):
        return hang
    end = fit
    while end > start and not may_break(text, end):
        end -= 1
    return end if end > start else max(fit, start + 1)
