"""Slices onto pages: page breaks, repeated heads, header and footer of each page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from openrhip.formats.ofd.layout.blocks import Composer
from openrhip.formats.ofd.layout.inline import Setter
from openrhip.formats.ofd.layout.pieces import (
    Group,
    Number,
    Path,
    Picture,
    Piece,
    Slice,
    Text,
    flat,
)
from openrhip.formats.ofd.story import Story
from openrhip.kernel.errors import Malformed, TooLarge

_MAX_PAGES = 20_000
_SLACK = 0.01  # mm


@dataclass
class LaidPage:
    """A page with everything in its place, in reading order."""

    pieces: list[Piece] = field(default_factory=list)


@dataclass
class Laid:
    """A story laid out: pages, images, the setter that knows the characters used."""

    pages: list[LaidPage]
    images: list[bytes]
    setter: Setter


def lay_out(story: Story) -> Laid:
    """Place the whole story. Malformed or TooLarge when it cannot be placed."""
    paper = story.page
    width = paper.width - paper.left - paper.right
    if width < 20 or paper.height - paper.top - paper.bottom < 40:
        raise Malformed("the page has no room between its margins", where="page")
    setter = Setter()
    composer = Composer(setter, paper.height - paper.top - paper.bottom)
    first = story.header if story.first_header is None else story.first_header
    heads = [composer.stacked(first, width), composer.stacked(story.header, width)]
    foot, foot_height = composer.stacked(story.footer, width)
    tops = [paper.top + height for _, height in heads]
    bottom = paper.height - paper.bottom - foot_height
    if bottom - max(tops) < 30:
        raise Malformed("header and footer leave no room for the text", where="header")
    flow = _Flow(paper.left, tops, bottom)
    flow.run(composer.slices(story.blocks, width))
    pages: list[LaidPage] = []
    total = len(flow.pages)
    for index, body in enumerate(flow.pages):
        head = flat(heads[1 if index else 0][0], paper.left, paper.top)
        tail = flat(foot, paper.left, bottom)
        if index:  # a repeated header is tagged where it stands first
            head, tail = _unmarked(head), _unmarked(tail)
        numbers = (index + 1, total)
        pages.append(
            LaidPage([*_numbered(setter, head, numbers), *body, *_numbered(setter, tail, numbers)])
        )
    return Laid(pages, list(composer.images), setter)


def _unmarked(pieces: list[Piece]) -> list[Piece]:
    return [
        piece._replace(marks=())
        if isinstance(piece, (Text, Path, Picture)) and piece.marks
        else piece
        for piece in pieces
    ]


def _numbered(setter: Setter, pieces: list[Piece], numbers: tuple[int, int]) -> list[Piece]:
    """The pieces with the page numbers set."""
    made: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Number):
            page, pages = map(str, numbers)
            text = piece.form.replace("{page}", page).replace("{pages}", pages)
            lines = setter.lines(text, piece.style, piece.width)
            made.append(Group(piece.x, piece.y, lines[0].pieces))
        else:
            made.append(piece)
    return made


class _Flow:
    """Puts slices one below the other and begins pages."""

    def __init__(self, left: float, tops: Sequence[float], bottom: float) -> None:
        self._left = left
        self._tops = tops
        self._bottom = bottom
        self.pages: list[list[Piece]] = []
        self._table = 0
        self._closing: list[Piece] = []
        self._y = 0.0
        self._fresh = True
        self._new_page()

    def _new_page(self) -> None:
        self._close_table()
        if len(self.pages) >= _MAX_PAGES:
            raise TooLarge(f"the document has more than {_MAX_PAGES} pages", where="story")
        self._y = self._tops[0 if not self.pages else 1]
        self._fresh = True
        self.pages.append([])

    def _close_table(self) -> None:
        if self.pages:
            self.pages[-1].extend(self._closing)
        self._closing = []
        self._table = 0

    def run(self, slices: list[Slice]) -> None:
        at = 0
        while at < len(slices):
            end = at + 1
            while end < len(slices) and slices[end - 1].keep:
                end += 1
            self._unit(slices[at:end])
            at = end
        self._close_table()

    def _unit(self, unit: list[Slice]) -> None:
        """Slices that want to stay together."""
        if not self._fresh:
            inked = len(unit)
            while inked > 1 and not unit[inked - 1].pieces:
                inked -= 1  # space at the end may fall off the page's foot
            need = sum(part.height + part.before for part in unit[: inked - 1])
            last = unit[inked - 1]
            need += last.before + (min(last.height, 12.0) if last.split else last.height)
            room = self._bottom - self._y
            if need > room + _SLACK and need <= self._bottom - self._tops[1] + _SLACK:
                self._new_page()
        for part in unit:
            self._place(part)

    def _place(self, part: Slice) -> None:
        if part.break_page:
            if not self._fresh:
                self._new_page()
            return
        before = 0.0 if self._fresh else part.before
        if not self._fresh and self._y + before + part.height > self._bottom + _SLACK:
            if part.split and (cut := part.split(self._bottom - self._y - before)):
                self._put(cut[0], before)
                self._new_page()
                self._place(cut[1])
                return
            if part.height <= 0 or not part.pieces:
                return  # space at the foot of a page
            self._new_page()
            before = 0.0
        if self._fresh:
            for head in part.head:
                self._put(head, 0.0)
            room = self._bottom - self._y
            if part.height > room + _SLACK and part.split and (cut := part.split(room)):
                self._put(cut[0], 0.0)
                self._new_page()
                self._place(cut[1])
                return
        self._put(part, before)

    def _put(self, part: Slice, before: float) -> None:
        page = self.pages[-1]
        y = self._y + before
        begins = part.table != self._table and bool(part.opening)
        if part.table != self._table:
            page.extend(self._closing)
            self._closing = []
            self._table = part.table
        page.append(Group(self._left, y, part.pieces))
        if begins:
            page.append(Group(self._left, y, part.opening))
        self._y = y + part.height
        self._closing = [Group(self._left, self._y, part.closing)] if part.closing else []
        if part.pieces or part.height:
            self._fresh = False
