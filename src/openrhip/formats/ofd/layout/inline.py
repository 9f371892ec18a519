"""Runs of text → lines: cleaning, measuring, breaking, and handing each line to `setting`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate, count

from openrhip.formats.ofd.fonts import GETA, Advances, Font, Usage, advances
from openrhip.formats.ofd.layout.breaking import break_lines
from openrhip.formats.ofd.layout.pieces import PT, Mark
from openrhip.formats.ofd.layout.setting import BOX_PAD, Ink, Line, Measured, Room, Span, set_line
from openrhip.formats.ofd.story import Align, Face, Inline, Raised, Run, Style
from openrhip.kernel.errors import TooLarge

_ODD = re.compile(
    "[^\u0009\u000a\u0020-\u200a\u2010-\u2029\u202f-\u205f\u2070-\ud7ff\ue000-\ufdff"
    "\ufe10-\ufefe\uff00-\uffef\ufff9-\ufffd\U00010000-\U000e00ff\U000e01f0-\U0010ffff]"
)
_INVISIBLE = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]"
)
_MOST_CHARACTERS = 5_000_000
_RAISED_SIZE = 0.62
_RISE = {Raised.NO: 0.0, Raised.SUPER: 0.36, Raised.SUB: -0.14}  # of the size of the text around


class Setter:
    """Sets text for one document: collects the characters used and hands out region marks."""

    def __init__(self) -> None:
        self.usage = Usage()
        self._serial = count(1)
        self._count = 0
        self._styles: dict[int, tuple[Style, Advances]] = {}

    def mark(self, *names: str) -> tuple[Mark, ...]:
        return tuple(Mark(name, next(self._serial)) for name in names if name)

    def width_of(self, text: Inline, style: Style) -> float:
        """Width of the longest line, unbroken."""
        return max(measured.sums[-1] for measured in self._measure(text, style, ()))

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
        indent, hanging = em * style.indent, em * style.hanging
        how = align or style.align
        lead = em * style.leading
        made: list[Line] = []
        first, rest = max(width - indent, em), max(width - hanging, em)
        for measured in self._measure(content, style, marks):
            if measured.sums[-1] <= first:
                cuts = [(0, len(measured.text))]
            else:
                cuts = break_lines(measured.text, measured.sums, first, rest)
            last = len(cuts) - 1
            for at, (start, end) in enumerate(cuts):
                left = hanging if at else indent
                mine = Align.LEFT if how is Align.JUSTIFY and at == last else how
                room = Room(left, width, lead, em, mine)
                made.append(set_line(measured, start, end, room, self.usage))
        return made

    def _measure(self, content: Inline, style: Style, marks: tuple[Mark, ...]) -> list[Measured]:
        """Per paragraph (between line feeds): its text, spans and running sum of widths."""
        plain = Ink(self._plain(style), style.color, marks)
        if isinstance(content, str):
            return [self._simple(text, plain) for text in self._clean(content).split("\n")]
        runs: Sequence[str | Run] = (content,) if isinstance(content, Run) else content
        paragraphs: list[Measured] = []
        texts: list[str] = []
        spans: list[Span] = []
        widths: list[float] = []
        for run in runs:
            ink = plain if isinstance(run, str) else self._ink(run, style, marks)
            text = self._clean(run if isinstance(run, str) else run.text)
            if not text and isinstance(run, Run) and (run.width or run.box):
                text = "\u00a0"
            for number, part in enumerate(text.split("\n")):
                if number:
                    sums = [0.0, *accumulate(widths)]
                    paragraphs.append(Measured("".join(texts), spans, sums))
                    texts, spans, widths = [], [], []
                if part:
                    start = len(widths)
                    widths.extend(map(ink.table.__getitem__, part))
                    if isinstance(run, Run) and (run.box or run.width):
                        _pad(run, widths, start)
                    spans.append(Span(start, len(widths), ink))
                    texts.append(part)
        paragraphs.append(Measured("".join(texts), spans, [0.0, *accumulate(widths)]))
        return paragraphs

    def _plain(self, style: Style) -> Advances:
        """The advances of a style; styles are told apart by identity, which is quick."""
        known = self._styles.get(id(style))
        if known is None or known[0] is not style:
            known = (style, _table(style.bold, style.face, style.size))
            self._styles[id(style)] = known
        return known[1]

    @staticmethod
    def _simple(text: str, ink: Ink) -> Measured:
        sums = [0.0, *accumulate(map(ink.table.__getitem__, text))]
        return Measured(text, [Span(0, len(text), ink)] if text else [], sums)

    def _ink(self, run: Run, style: Style, marks: tuple[Mark, ...]) -> Ink:
        size = run.size or style.size
        rise = _RISE[run.raised] * size * PT
        if run.raised is not Raised.NO:
            size *= _RAISED_SIZE
        bold = style.bold if run.bold is None else run.bold
        table = _table(bold, run.face or style.face, size)
        own = self.mark(run.tag) if run.tag else ()
        return Ink(table, run.color or style.color, marks + own, run.underline, run.box, rise)

    def _clean(self, text: str) -> str:
        """The text without what cannot be drawn or written as XML; that is reported."""
        self._count += len(text)
        if self._count > _MOST_CHARACTERS:
            raise TooLarge(
                f"the document has more than {_MOST_CHARACTERS} characters",
                where="story",
                remedy="divide it",
            )
        if text.isprintable() and not _INVISIBLE.search(text):
            return text
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
        odd = _ODD.findall(text)
        if odd:
            self.usage.missing.update(dict.fromkeys(odd))
            text = _ODD.sub(GETA, _INVISIBLE.sub("", text))
        return text


def _table(bold: bool, face: Face, size: float) -> Advances:
    font = Font.BOLD if bold else Font.SERIF if face is Face.SERIF else Font.SANS
    return advances(font, size * PT)


def _pad(run: Run, widths: list[float], start: int) -> None:
    """Room for the frame of a boxed run; a blank's length."""
    if run.box:
        widths[start] += BOX_PAD
        widths[-1] += BOX_PAD
    if run.width:
        widths[-1] += max(0.0, run.width - sum(widths[start:]))
