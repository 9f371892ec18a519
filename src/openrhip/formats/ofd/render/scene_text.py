"""Text codes: characters, their places and their glyphs (GB/T 33190-2016 §11).

Read leniently: a word that is no number ends a list of steps, a place that is none is the origin;
both are noted. Steps that a file does not give are the characters' own advances.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package_xml import Element
from openrhip.kernel.errors import Malformed

Cluster = tuple[int, int, tuple[int, ...]]
"""From which character on, how many characters, and the numbers of their glyphs (CGTransform)."""

_LONGEST = 100_000  # characters of one text code
_FAR = 1e6
_WIDE = "\u2e80"  # from here on characters are one em wide as a rule


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character where it stands (mm, object space). index: glyph number if the file fixes it.

    text: what it stands for where that is not `char`: a ligature stands for several characters,
    and what follows the first glyph of several for none.
    """

    char: str
    x: float
    y: float
    index: int | None = None
    text: str | None = None


class Cell(NamedTuple):
    """A glyph to place: `at` its character's offset, `part` and `of`: one of several glyphs."""

    at: int
    char: str
    number: int | None = None
    text: str | None = None
    part: int = 0
    of: int = 1


@dataclass(slots=True, eq=False)
class Code:
    """A TextCode as it stands in the file, with the CGTransforms that concern it."""

    text: str
    start: tuple[str, str] = ("0", "0")
    deltas: tuple[str, str] = ("", "")
    fixed: tuple[Cluster, ...] = ()
    where: str = ""
    sink: Notices | None = None

    def place(self) -> tuple[float, float]:
        """Where the first character stands."""
        return self._number(self.start[0]), self._number(self.start[1])

    def steps(self) -> tuple[list[float], list[float]]:
        """DeltaX and DeltaY; empty where the file has none. Where one ends early, its last step
        goes on: so some producers write equal steps."""
        across, down = self._given()
        return _full(across, len(self.text)), _full(down, len(self.text))

    def _given(self) -> tuple[list[float], list[float]]:
        across, down = self.deltas
        count = len(self.text)
        return (
            self._steps(across, count) if across else [],
            self._steps(down, count) if down else [],
        )

    def glyphs(
        self,
        scale: float = 1.0,
        direction: int = 0,
        advance: Callable[[str], float] | None = None,
        *,
        plain: bool = False,
    ) -> tuple[Glyph, ...]:
        """The characters where they stand. plain: without the glyph numbers of the file.

        scale: mm of one em along the line; direction: of reading in degrees; advance: width of a
        character in em.
        """
        cells = self.cells(plain=plain)
        xs, ys = self.places(cells, scale, direction, advance)
        return tuple(
            Glyph(cell.char, x, y, cell.number, cell.text)
            for cell, x, y in zip(cells, xs, ys, strict=True)
        )

    def cells(self, *, plain: bool = False) -> list[Cell]:
        """What is to be drawn: one glyph a character, but where CGTransform says otherwise."""
        if plain or not self.fixed:
            return [Cell(at, char) for at, char in enumerate(self.text)]
        text, found, at = self.text, list[Cell](), 0
        for begin, count, numbers in self.fixed:
            if begin < at or begin >= len(text) or not numbers:
                continue
            found.extend(Cell(i, text[i]) for i in range(at, begin))
            whole = text[begin : begin + count]
            if len(whole) == len(numbers):
                found.extend(
                    Cell(begin + i, char, number)
                    for i, (char, number) in enumerate(zip(whole, numbers, strict=True))
                )
            else:
                found.extend(
                    Cell(begin, whole[0], number, "" if i else whole, i, len(numbers))
                    for i, number in enumerate(numbers)
                )
            at = begin + len(whole)
        found.extend(Cell(i, text[i]) for i in range(at, len(text)))
        return found

    def places(
        self,
        cells: list[Cell],
        scale: float,
        direction: int,
        advance: Callable[[str], float] | None,
    ) -> tuple[list[float], list[float]]:
        """Where each cell stands: steps count characters, or glyphs where there are fewer."""
        x, y = self.place()
        across, down = self._given()
        longest = max(len(across), len(down))
        if not longest and len(cells) > 1:
            return self._natural(cells, scale, direction, advance or _usual)
        by_glyph = len(cells) != len(self.text) and longest < len(self.text) - 1
        offsets = range(len(cells)) if by_glyph else [cell.at for cell in cells]
        count = len(self.text)
        xs, ys = _sums(x, _full(across, count)), _sums(y, _full(down, count))
        xs += xs[-1:] * (count - len(xs))
        ys += ys[-1:] * (count - len(ys))
        if not self.fixed:
            return xs[:count], ys[:count]
        left, top = list[float](), list[float]()
        end = min(len(xs), len(ys)) - 1
        for cell, offset in zip(cells, offsets, strict=True):
            at, after = min(offset, end), min(offset + 1, end)
            share = 0.0 if by_glyph else cell.part / cell.of
            left.append(xs[at] + (xs[after] - xs[at]) * share)
            top.append(ys[at] + (ys[after] - ys[at]) * share)
        return left, top

    def _natural(
        self, cells: list[Cell], scale: float, direction: int, advance: Callable[[str], float]
    ) -> tuple[list[float], list[float]]:
        x, y = self.place()
        dx, dy = _WAYS.get(direction, (1.0, 0.0))
        xs, ys = list[float](), list[float]()
        for cell in cells:
            xs.append(x)
            ys.append(y)
            step = advance(cell.char) * scale / cell.of
            x, y = x + dx * step, y + dy * step
        return xs, ys

    def _number(self, word: str) -> float:
        try:
            value = float(word or 0)
        except ValueError:
            value = _FAR
        if -_FAR < value < _FAR:
            return value
        self._note()
        return 0.0

    def _steps(self, value: str, count: int) -> list[float]:
        found, whole = steps(value, count)
        if not whole:
            self._note()
        return found

    def _note(self) -> None:
        if self.sink is not None:
            self.sink.note(
                "text.malformed",
                "文字位置不是数字，已按字宽排列",
                "the places of a text are not numbers; its characters stand in their own widths",
                self.where,
            )


_WAYS = {0: (1.0, 0.0), 90: (0.0, 1.0), 180: (-1.0, 0.0), 270: (0.0, -1.0)}


def _usual(char: str) -> float:
    return 1.0 if char >= _WIDE else 0.5


def _full(steps: list[float], count: int) -> list[float]:
    """A step after each of `count` characters but the last; none where there are none."""
    missing = count - 1 - len(steps)
    return steps + steps[-1:] * missing if steps and missing > 0 else steps


def _sums(first: float, steps: list[float]) -> list[float]:
    return list(accumulate(steps, initial=first))


@lru_cache(maxsize=1024)
def _cached(value: str, count: int) -> tuple[tuple[float, ...], bool]:
    found, whole = _opened(value, count)
    return tuple(found), whole


def steps(value: str, count: int) -> tuple[list[float], bool]:
    """At most `count` steps, the short form "g n d" opened (§11.3), and whether all was read."""
    if len(value) > 200:
        return _opened(value, count)
    found, whole = _cached(value, count)
    return list(found), whole


def _opened(value: str, count: int) -> tuple[list[float], bool]:
    if "g" not in value:
        try:
            found = [float(word) for word in value.split()[:count]]
        except ValueError:
            pass
        else:
            if all(-_FAR < step < _FAR for step in found):
                return found, True
    return _worded(value, count)


def _worded(value: str, count: int) -> tuple[list[float], bool]:
    out: list[float] = []
    words = iter(value.split())
    try:
        for word in words:
            if len(out) >= count:
                break
            times, step = 1, word
            if word == "g":
                times, step = min(int(next(words)), count), next(words)
            number = float(step)
            if not -_FAR < number < _FAR:
                return out, False
            out.extend([number] * times)
    except (ValueError, StopIteration):
        return out, False
    return out, True


def codes(element: Element, where: str, sink: Notices | None = None) -> tuple[Code, ...]:
    """The object's TextCodes with the CGTransforms before each.

    A code without X or Y takes that of the code before it (§11.3). A position beyond its own text
    counts from the beginning of the whole object.
    """
    found: list[Code] = []
    waiting: list[Cluster] = []
    x, y = "0", "0"
    for child in element:
        kind = px.local(child)
        if kind == "TextCode":
            get = child.get
            x, y = get("X") or x, get("Y") or y
            text = child.text or ""
            if "\n" in text or "\r" in text:
                text = text.replace("\r", "").replace("\n", "")
            code = Code(
                text[:_LONGEST], (x, y), (get("DeltaX", ""), get("DeltaY", "")), (), where, sink
            )
            found.append(code)
            if waiting:
                _share(waiting, found)
                waiting = []
        elif kind == "CGTransform":
            waiting.extend(_cluster(child))
    if waiting and found:
        _share(waiting, found)
    return tuple(found)


def _share(waiting: list[Cluster], found: list[Code]) -> None:
    last = found[-1]
    before = sum(len(code.text) for code in found[:-1])
    mine = [one for one in waiting if one[0] < len(last.text)]
    mine += [
        (at - before, count, numbers)
        for at, count, numbers in waiting
        if len(last.text) <= at and 0 <= at - before < len(last.text)
    ]
    last.fixed = tuple(sorted([*last.fixed, *mine]))


def _cluster(element: Element) -> Iterator[Cluster]:
    try:
        at = int(element.get("CodePosition", "0"))
        count = int(element.get("CodeCount", "1"))
        numbers = tuple(int(float(word)) for word in px.text(element, "Glyphs").split()[:_LONGEST])
    except (ValueError, OverflowError):
        return
    if at >= 0 and count > 0 and all(0 <= number < 1 << 16 for number in numbers):
        yield at, count, numbers


def _deltas(value: str, count: int, part: str) -> list[float]:
    """The strict form: raises Malformed."""
    found, whole = steps(value, count)
    if not whole:
        raise Malformed("DeltaX or DeltaY is not a list of numbers", where=part)
    return found
