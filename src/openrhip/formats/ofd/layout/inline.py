"""Runs of text → lines: measuring, breaking, justifying, and the pieces of each line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate, count
from typing import NamedTuple

from openrhip.formats.ofd.fonts import Advances, Font, Usage, advances
from openrhip.formats.ofd.layout.breaking import break_lines, is_word
from openrhip.formats.ofd.layout.pieces import ASCENT, PT, Mark, Path, Piece, Text, line_data
from openrhip.formats.ofd.story import BLACK, Align, Color, Face, Inline, Run, Style

_INVALID = re.compile("[^\u0009\u000a\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufe00-\ufe0f\U000e0100-\U000e01ef]")  # fmt: skip
_BOX_PAD = 0.9  # mm beside the text of a framed run
_MAX_STRETCH = 0.22  # of the line: beyond, a line is left ragged


class Ink(NamedTuple):
    """How a span looks, resolved."""

    table: Advances
    color: Color
    underline: bool
    box: bool
    marks: tuple[Mark, ...]


class Span(NamedTuple):
    """text[start:end] of its paragraph in one ink."""

    start: int
    end: int
    ink: Ink


class Line(NamedTuple):
    """One line: height, its pieces relative to its top left, its natural width."""

    height: float
    pieces: list[Piece]
    width: float


class Setter:
    """Sets text for one document: collects the characters used and hands out region marks."""

    def __init__(self) -> None:
        self.usage = Usage()
        self._serial = count(1)
        self._inks: dict[object, Advances] = {}

    def mark(self, *names: str) -> tuple[Mark, ...]:
        return tuple(Mark(name, next(self._serial)) for name in names if name)

    def width_of(self, text: Inline, style: Style) -> float:
        """Width of the longest line, unbroken."""
        paragraphs = self._spans(text, style, ())
        return max((sums[-1] for _, _, sums in paragraphs), default=0.0)

    def lines(
        self,
        content: Inline,
        style: Style,
        width: float,
        *,
        marks: tuple[Mark, ...] = (),
        align: Align | None = None,
    ) -> list[Line]:
        """The lines of the content in a column of `width` mm; line feeds are kept."""
        em = style.size * PT
        lead = em * style.leading
        indent, hanging = em * style.indent, em * style.hanging
        how = align or style.align
        made: list[Line] = []
        for text, spans, sums in self._spans(content, style, marks):
            first = width - indent if not hanging else width
            rest = width - hanging
            pieces = break_lines(text, sums, max(first, em), max(rest, em))
            last = len(pieces) - 1
            for number, (start, end) in enumerate(pieces):
                left = (indent if number == 0 else 0.0) + (hanging if number else 0.0)
                made.append(
                    self._line(
                        text, spans, sums, start, end, left, width,
                        Align.LEFT if how is Align.JUSTIFY and number == last else how, lead,
                    )
                )  # fmt: skip
        return made

    def _spans(
        self, content: Inline, style: Style, marks: tuple[Mark, ...]
    ) -> list[tuple[str, list[Span], list[float]]]:
        """Per paragraph (between line feeds): its text, spans and running sum of widths."""
        runs: Sequence[str | Run] = (
            (content,) if isinstance(content, (str, Run)) else tuple(content)
        )
        paragraphs: list[tuple[str, list[Span], list[float]]] = []
        texts: list[str] = []
        spans: list[Span] = []
        widths: list[float] = []
        for run in runs:
            ink, text = self._ink(run, style, marks)
            for number, part in enumerate(text.split("\n")):
                if number:
                    paragraphs.append(("".join(texts), spans, [0.0, *accumulate(widths)]))
                    texts, spans, widths = [], [], []
                if part:
                    start = len(widths)
                    table = ink.table
                    widths.extend([table[char] for char in part])
                    self._pad(run, ink, widths, start)
                    spans.append(Span(start, len(widths), ink))
                    texts.append(part)
        paragraphs.append(("".join(texts), spans, [0.0, *accumulate(widths)]))
        return paragraphs

    def _ink(self, run: str | Run, style: Style, marks: tuple[Mark, ...]) -> tuple[Ink, str]:
        if isinstance(run, str):
            table = self._table(style.bold, style.face, style.size)
            return Ink(table, style.color, False, False, marks), self._clean(run)
        table = self._table(
            style.bold if run.bold is None else run.bold,
            run.face or style.face,
            run.size or style.size,
        )
        text = self._clean(run.text)
        if not text and (run.width or run.box):
            text = "\u00a0"
        own = self.mark(run.tag) if run.tag else ()
        return Ink(table, run.color or style.color, run.underline, run.box, marks + own), text

    def _table(self, bold: bool, face: Face, size: float) -> Advances:
        font = Font.BOLD if bold else Font.SERIF if face is Face.SERIF else Font.SANS
        return advances(font, size * PT)

    def _clean(self, text: str) -> str:
        if "\r" in text or "\t" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
        if text.isascii() and text.isprintable():
            return text
        for pattern, instead in ((_INVALID, "〓"), (_INVISIBLE, "")):
            found = pattern.findall(text)
            if found:
                self.usage.missing.update(dict.fromkeys(found))
                text = pattern.sub(instead, text)
        return text

    @staticmethod
    def _pad(run: str | Run, ink: Ink, widths: list[float], start: int) -> None:
        if isinstance(run, str):
            return
        if ink.box:
            widths[start] += _BOX_PAD
            widths[-1] += _BOX_PAD
        if run.width:
            widths[-1] += max(0.0, run.width - sum(widths[start:]))

    def _line(
        self,
        text: str,
        spans: list[Span],
        sums: list[float],
        start: int,
        end: int,
        left: float,
        width: float,
        how: Align,
        lead: float,
    ) -> Line:
        visible = end
        while visible > start and text[visible - 1] == " ":
            visible -= 1
        natural = sums[visible] - sums[start]
        room = width - left
        spare = room - natural
        gaps: list[float] | None = None
        x = left
        if spare > 0:
            if how is Align.CENTER:
                x += spare / 2
            elif how is Align.RIGHT:
                x += spare
            elif how is Align.JUSTIFY and spare < room * _MAX_STRETCH:
                gaps = _stretch(text, start, visible, spare)
        pieces: list[Piece] = []
        height = lead
        for span in spans:
            if span.end <= start or span.start >= end:
                continue
            size = span.ink.table.size
            if size * 1.2 > height:
                height = size * 1.2
        base = (height - max((s.ink.table.size for s in spans), default=0.0)) / 2
        base += ASCENT * max((s.ink.table.size for s in spans), default=0.0)
        for span in spans:
            a, b = max(span.start, start), min(span.end, end)
            if a < b:
                x = self._set(span, text, sums, a, b, x, base, gaps, start, pieces)
        return Line(height, pieces, natural + left)

    def _set(
        self,
        span: Span,
        text: str,
        sums: list[float],
        a: int,
        b: int,
        x: float,
        base: float,
        gaps: list[float] | None,
        start: int,
        pieces: list[Piece],
    ) -> float:
        """The pieces of text[a:b]; returns the x where what follows stands."""
        ink = span.ink
        table = ink.table
        part = text[a:b]
        widths = [table[char] for char in part]
        if gaps is not None:
            widths = [width + gap for width, gap in zip(widths, gaps[a - start : b - start])]  # noqa: B905 - gaps may be shorter by trailing spaces
            widths.extend(table[char] for char in part[len(widths) :])
        total = sum(widths)
        origin = x
        if ink.box:
            origin += _BOX_PAD
            total += 2 * _BOX_PAD
        padded = sums[b] - sums[a]
        if not ink.box and padded > sum(table[char] for char in part) + 1e-6:
            total += padded - sum(table[char] for char in part)  # a blank's extra length
        strange = table.strange
        if strange and not strange.keys().isdisjoint(part):
            self._set_mixed(ink, part, widths, origin, base, pieces)
        else:
            self.usage.add(table.font, part)
            pieces.append(
                Text(origin, base, sum(widths), part, widths[:-1], table.font, table.size,
                     ink.color, ink.marks)
            )  # fmt: skip
        if ink.underline:
            drop = base + table.size * 0.2
            pieces.append(Path(x, drop, total, 0.2, line_data((0, 0, total, 0)), ink.color or BLACK, None, 0.2))  # fmt: skip
        if ink.box:
            top = base - table.size * 0.95
            tall = table.size * 1.2
            pieces.append(
                Path(x + 0.2, top, total - 0.4, tall,
                     f"M 0 0 L {total - 0.4:.3f} 0 L {total - 0.4:.3f} {tall:.3f} L 0 {tall:.3f} C",
                     ink.color, None, 0.2)
            )  # fmt: skip
        return x + total

    def _set_mixed(
        self,
        ink: Ink,
        part: str,
        widths: list[float],
        x: float,
        base: float,
        pieces: list[Piece],
    ) -> None:
        """A part in which some characters come from another font, or from none."""
        table = ink.table
        fonts = [table.strange.get(char, table.font) for char in part]
        start = 0
        for at in range(1, len(part) + 1):
            if at < len(part) and fonts[at] is fonts[start] and fonts[at] is table.font:
                continue
            font, run, mine = fonts[start], part[start:at], widths[start:at]
            lost = font is None
            if lost:
                self.usage.missing.update(dict.fromkeys(run))
                self.usage.add(Font.SERIF, "〓")
            else:
                self.usage.add(font or Font.SERIF, run)
            pieces.append(
                Text(x, base, sum(mine), run, mine[:-1], font or Font.SERIF, table.size,
                     ink.color, ink.marks, lost)
            )  # fmt: skip
            x += sum(mine)
            start = at


def _stretch(text: str, start: int, end: int, spare: float) -> list[float] | None:
    """What to add after each character so that the line fills its width; None where it cannot."""
    part = text[start:end]
    last = len(part) - 1
    if last < 1:
        return None
    if not any(" " <= char <= "\u052f" for char in part):
        each = spare / last
        return [each] * last + [0.0]
    open_ = [
        not (is_word(part[i]) and is_word(part[i + 1])) and part[i + 1] != " " for i in range(last)
    ]
    number = sum(open_)
    if not number:
        return None
    each = spare / number
    return [each if wide else 0.0 for wide in open_] + [0.0]
