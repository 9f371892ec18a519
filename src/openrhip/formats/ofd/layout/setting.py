"""One line: alignment, justification, and its pieces with their advances (DeltaX)."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from openrhip.formats.ofd.fonts import GETA, Advances, Font, StandIn, Usage
from openrhip.formats.ofd.layout.pieces import (
    ASCENT,
    Mark,
    Path,
    Piece,
    Text,
    deltas,
    line_data,
    number,
)
from openrhip.formats.ofd.story import Align, Color

BOX_PAD = 0.9  # mm beside the text of a framed run
_MAX_STRETCH = 0.22  # of the line: beyond, a line is left ragged
_SPACE_SHARE = 3  # a space takes three shares of what justification gives, any other gap one
_TOKENS = re.compile("[\u2e80-\uff60\uffe0-\uffe6]+|[!-~\u00a0-\u052f]+| +|.", re.DOTALL)
_WIDE = "\u2e80"
_CLOSED = ("", " ")  # no gap stands before these
_TICKS = {  # what is drawn into the box, in parts of the size
    "☑": (0.26, 0.5, 0.44, 0.7, 0.78, 0.28),
    "☒": (0.28, 0.28, 0.72, 0.72, 0.72, 0.28, 0.28, 0.72),
}


class Ink(NamedTuple):
    """How a span looks. rise: mm above the baseline."""

    table: Advances
    color: Color
    marks: tuple[Mark, ...]
    underline: bool = False
    box: bool = False
    rise: float = 0.0


class Span(NamedTuple):
    """text[start:end] of its paragraph in one ink."""

    start: int
    end: int
    ink: Ink


class Measured(NamedTuple):
    """A paragraph: text, spans in order, running sum of advances (one more than characters)."""

    text: str
    spans: list[Span]
    sums: list[float]


class Line(NamedTuple):
    """height and pieces relative to the line's top left; width that the text takes."""

    height: float
    pieces: list[Piece]
    width: float


class Room(NamedTuple):
    """Where a line goes: left edge and column width, height of a line, size of the type, in mm."""

    left: float
    width: float
    lead: float
    size: float
    how: Align


def set_line(measured: Measured, start: int, end: int, room: Room, usage: Usage) -> Line:
    """text[start:end] as a line."""
    text, spans, sums = measured
    left, width, lead, tallest, how = room
    visible = end
    while visible > start and text[visible - 1] == " ":
        visible -= 1
    natural = sums[visible] - sums[start]
    spare = width - left - natural
    x, gap = left, 0.0
    if spare > 0:
        if how is Align.CENTER:
            x += spare / 2
        elif how is Align.RIGHT:
            x += spare
        elif how is Align.JUSTIFY and spare < (width - left) * _MAX_STRETCH:
            shares = count_shares(text[start:visible])
            gap = spare / shares if shares else 0.0
    height = lead
    if len(spans) > 1:
        spans = [span for span in spans if span.end > start and span.start < end]
        tallest = max((span.ink.table.size for span in spans), default=tallest)
        height = max(lead, tallest * 1.25)
    base = (height - tallest) / 2 + ASCENT * tallest
    pieces: list[Piece] = []
    for span in spans:
        a, b = max(span.start, start), min(span.end, end)
        after = text[b] if b < visible else ""
        part = Part(text[a:b], sums[b] - sums[a], base, gap, after)
        x = _set(span.ink, part, x, usage, pieces)
    return Line(height, pieces, natural + left)


class Part(NamedTuple):
    """A part of a line in one ink. width: without justification; after: what follows in the line,
    "" at its end."""

    text: str
    width: float
    base: float
    gap: float
    after: str


def _set(ink: Ink, part: Part, x: float, usage: Usage, pieces: list[Piece]) -> float:
    """The pieces of a part; returns the x where what follows stands."""
    text, width, base, gap, after = part
    table = ink.table
    base -= ink.rise
    origin = x + BOX_PAD if ink.box else x
    strange = table.strange
    if strange and not strange.keys().isdisjoint(text):
        shares = _set_mixed(ink, part, origin, usage, pieces)
        width += shares * gap
    else:
        usage.add(table.font, text)
        steps, shares = encode(text, table, gap, after)
        width += shares * gap
        pieces.append(
            Text(origin, base, width, text, steps, table.font, table.size, ink.color, ink.marks)
        )
    if ink.underline:
        y = base + table.size * 0.2
        line = line_data((0, 0, width, 0))
        pieces.append(Path(x, y, width, 0.2, line, ink.color, None, 0.2))
    if ink.box:
        pieces.append(_frame(x + 0.2, base - table.size * 0.95, width - 0.4, table.size * 1.2, ink))
    return x + width


def _frame(x: float, y: float, width: float, height: float, ink: Ink) -> Path:
    w, h = number(width), number(height)
    return Path(x, y, width, height, f"M 0 0 L {w} 0 L {w} {h} L 0 {h} C", ink.color, None, 0.2)


def _set_mixed(ink: Ink, part: Part, x: float, usage: Usage, pieces: list[Piece]) -> int:
    """A part in which some characters come from another font, or from none: each stands alone."""
    text, _, base, gap, after = part
    base -= ink.rise
    table = ink.table
    shares, start = 0, 0
    fonts = [table.strange.get(char, table.font) for char in text]
    for at in range(1, len(text) + 1):
        if at < len(text) and fonts[at] is fonts[start] is table.font:
            continue
        font, run = fonts[start], text[start:at]
        steps, mine = encode(run, table, gap, text[at] if at < len(text) else after)
        width = sum(map(table.__getitem__, run)) + mine * gap
        if font is None:
            pieces += _substitute(ink, run, (x, base, width), usage)
        else:
            usage.add(font, run)
            pieces.append(Text(x, base, width, run, steps, font, table.size, ink.color, ink.marks))
        x += width
        shares += mine
        start = at
    return shares


def _substitute(
    ink: Ink, char: str, place: tuple[float, float, float], usage: Usage
) -> list[Piece]:
    """A character no font has: its stand-in, or 〓 and a report. The text keeps the character."""
    x, base, width = place
    table = ink.table
    font, found = table.font, table.stand_ins.get(char)
    if found is None:
        usage.missing[char] = None
        found, font = StandIn(GETA), Font.SERIF
    usage.add(font, found.plain)
    size, y = table.size * found.scale, base - table.size * found.rise
    pieces: list[Piece] = [
        Text(x, y, width, char, "", font, size, ink.color, ink.marks, found.plain)
    ]
    if char in _TICKS:
        pieces.append(
            Path(x, base - ASCENT * size, size, size, _tick(char, size), ink.color, None, size / 14)
        )
    return pieces


def _tick(char: str, size: float) -> str:
    points = [number(at * size) for at in _TICKS[char]]
    words = ["M", *points[:2], "L", *points[2:4], "M" if char == "☒" else "L", *points[4:6]]
    return " ".join([*words, *(["L", *points[6:]] if char == "☒" else [])])


@lru_cache(maxsize=4)
def _tokens(part: str) -> list[str]:
    """Runs of wide characters, words, spaces. Shares and steps of one line ask for the same."""
    return _TOKENS.findall(part)


def count_shares(line: str) -> int:
    """How many shares of stretch a line has: one between characters, more at spaces, none within
    words and before spaces."""
    total = 0
    for token in _tokens(line):
        first = token[0]
        if first == " ":
            total += _SPACE_SHARE - 1
        else:
            total += len(token) if first >= _WIDE else 1
    return total - 1 if total else 0


def encode(part: str, table: Advances, gap: float, after: str) -> tuple[str, int]:
    """DeltaX of the part (one less than its characters), and the shares of `gap` it takes.

    `after` is the character that follows in the line, "" at its end: no gap stands there, nor
    before a space. Without a gap no shares are counted.
    """
    if table.odd and not table.odd.isdisjoint(part):
        return _encode_each(part, table, gap, after)
    if not gap:
        get, each = table.text.__getitem__, f"{table.size:.5g}"
        return " ".join(
            [
                (f"g {len(token)} {each}" if len(token) > 1 else each)
                if token[0] >= _WIDE
                else " ".join(map(get, token))
                for token in _TOKENS.findall(part[:-1])
            ]
        ), 0
    tokens = _tokens(part)
    steps: list[str] = []
    shares = 0
    em, each = table.size, f"{table.size + gap:.5g}"
    words = table.words
    for token, following in pairwise(tokens):
        first, count = token[0], len(token)
        open_ = following[0] != " "
        if first >= _WIDE:
            run = count if open_ else count - 1
            steps.append(f"g {run} {each}" if run > 1 else each if run else "")
            shares += run
            if not open_:
                steps.append(f"{em:.5g}")
            continue
        before, width, closed = words[token]
        if count > 1:
            steps.append(before)
        if open_:
            share = _SPACE_SHARE if first == " " else 1
            shares += share
            steps.append(f"{width + gap * share:.5g}")
        else:
            steps.append(closed)
    last = tokens[-1]
    count = len(last) - 1
    if last[0] >= _WIDE:
        steps.append(f"g {count} {each}" if count > 1 else each if count else "")
        shares += count
    else:
        steps.append(words[last][0])
    if after not in _CLOSED:
        shares += _SPACE_SHARE if last[0] == " " else 1
    return " ".join(filter(None, steps)), shares


def _encode_each(part: str, table: Advances, gap: float, after: str) -> tuple[str, int]:
    """The same, character by character, for wide characters that are not one em wide."""
    values: list[float] = []
    shares = 0
    for at, char in enumerate(part):
        following = part[at + 1] if at + 1 < len(part) else after
        inside = "!" <= char < _WIDE and "!" <= following < "\u0530" and char < "\u0530"
        share = 0 if following in ("", " ") or inside else _SPACE_SHARE if char == " " else 1
        values.append(table[char] + gap * share)
        shares += share
    return deltas(values[:-1]), shares
