"""Text in lines (行): what a reader sees in a row, from however many text objects it is made.

Words are compared in a folded form: compatibility forms (full width, circled), case and the blanks
between Chinese characters make no difference (归一化检索).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from openrhip.formats.ofd.inspect.drawn import Char, Run

_SAME_LINE = 0.45
"""Baselines that differ by less than this part of the type size stand in one line."""
_SPACE = 0.28
_COLUMN = 2.2
"""Gaps, in type sizes: from here on a blank, or another column."""
COLUMN = "\t"
_WIDE = 0x2E80
_STOPS = frozenset("。！？；.!?;")
_MOST_ABOVE = 40
_NOWHERE = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Line:
    """The characters of a line in order; blanks that stand for gaps have no box.

    pieces: the texts that it was put together from.
    """

    chars: tuple[Char, ...]
    pieces: frozenset[str]

    @property
    def text(self) -> str:
        return "".join(one.char for one in self.chars)


def lines(runs: Iterable[Run]) -> list[Line]:
    """Runs gathered into lines, from top to bottom and left to right."""
    upright: list[Run] = []
    found: list[tuple[float, Line]] = []
    for run in runs:
        if not run.chars:
            continue
        if run.upright:
            upright.append(run)
        else:
            found.append((run.chars[0].box[1], Line(run.chars, frozenset({run.text}))))
    upright.sort(key=lambda run: run.y)
    row: list[Run] = []
    for run in upright:
        if row and run.y - row[0].y > _SAME_LINE * min(row[0].size, run.size):
            found.append((row[0].y, _line(row)))
            row = []
        row.append(run)
    if row:
        found.append((row[0].y, _line(row)))
    found.sort(key=lambda one: one[0])
    return [line for _, line in found]


def _line(row: list[Run]) -> Line:
    row.sort(key=lambda run: run.chars[0].box[0])
    chars: list[Char] = []
    end: float | None = None
    for run in row:
        if end is not None:
            gap = (run.chars[0].box[0] - end) / (run.size or 1.0)
            if gap > _COLUMN:
                chars.append(Char(COLUMN, _NOWHERE))
            elif gap > _SPACE:
                chars.append(Char(" ", _NOWHERE))
        chars.extend(run.chars)
        last = run.chars[-1].box
        end = max(end or last[0], last[0] + last[2])
    return Line(tuple(chars), frozenset(run.text for run in row))


def segments(line: Line) -> Iterator[tuple[Char, ...]]:
    """The columns of a line."""
    chars: list[Char] = []
    for one in line.chars:
        if one.char == COLUMN:
            if chars:
                yield tuple(chars)
            chars = []
        else:
            chars.append(one)
    if chars:
        yield tuple(chars)


def wrapped(rows: Sequence[Line], reach: int) -> Iterator[tuple[Line, int]]:
    """The ends of lines with the beginnings of those that go on below, and where they meet.

    reach: characters on each side. A line goes on if it is at least five characters wide, ends
    without a full stop and not far before the next, which is of the same size, close below, and
    begins with it or further left.
    """
    above: list[tuple[Char, ...]] = []
    for row in rows:
        here = [one for one in segments(row) if one[0].box[3] > 0]
        for end in above:
            goal = next((one for one in here if _goes_on(end, one)), None)
            if goal is not None:
                first, second = end[-reach:], goal[:reach]
                if ord(first[-1].char) < _WIDE and ord(second[0].char) < _WIDE:
                    first = (*first, Char(" ", _NOWHERE))
                yield Line((*first, *second), frozenset()), len(first)
        if here:
            size = min(one[0].box[3] for one in here)
            low = max(one[0].box[1] for one in here)
            above = [one for one in above if low - one[0].box[1] < 1.5 * size] + here
            above = above[-_MOST_ABOVE:]


def _goes_on(end: tuple[Char, ...], goal: tuple[Char, ...]) -> bool:
    left, top, _, size = end[0].box
    right = end[-1].box[0] + end[-1].box[2]
    x, y, _, other = goal[0].box
    edge = goal[-1].box[0] + goal[-1].box[2]
    return (
        end[-1].char not in _STOPS
        and right - left >= 5 * size
        and abs(size - other) < 0.2 * size
        and 0.6 * size < y - top < 2.2 * size
        and left - 4 * size < x < left + 0.6 * size
        and right > edge - size
    )


@lru_cache(maxsize=8192)
def fold_char(char: str) -> str:
    """A character without compatibility form and case; may become several, or none."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    return " " if plain.isspace() and plain != COLUMN else plain


def fold(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its characters the index of the one it comes from."""
    out: list[str] = []
    origin: list[int] = []
    for at, char in enumerate(text):
        for plain in fold_char(char):
            if plain == " ":
                if not out or out[-1] == " " or ord(out[-1]) >= _WIDE:
                    continue
            elif out and out[-1] == " " and ord(plain) >= _WIDE:
                out.pop()
                origin.pop()
            out.append(plain)
            origin.append(at)
    return "".join(out), origin


@lru_cache(maxsize=1)
def _variants() -> dict[str, tuple[str, ...]]:
    """Folded character → all characters whose folded form holds it, if others than itself."""
    found: dict[str, list[str]] = {}
    for code in chain(range(0x21, 0xD800), range(0xE000, 0x20000), range(0x2F800, 0x2FA20)):
        char = chr(code)
        plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
        if plain != char:
            for one in plain:
                found.setdefault(one, []).append(char)
    return {one: tuple(chars) for one, chars in found.items()}


def spellings(char: str) -> tuple[bytes, ...]:
    """All bytes of UTF-8 that may stand for a folded character."""
    return tuple(one.encode() for one in (char, *_variants().get(char, ())))


def occurrences(line: Line, word: str) -> Iterator[tuple[int, int]]:
    """Where a folded word stands in a line: indexes of the first character and after the last."""
    text, origin = fold(line.text)
    at = text.find(word)
    while at >= 0:
        yield origin[at], origin[at + len(word) - 1] + 1
        at = text.find(word, at + len(word))
