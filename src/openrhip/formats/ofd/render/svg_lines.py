"""Lines of text in SVG: neighbours on one height are one element, whatever objects they were."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from openrhip.formats.ofd.render.scene_items import TextItem
from openrhip.formats.ofd.render.svg_paint import n

_GAP = 1.2  # parts of what the last character may take: farther away is another line


class Span(NamedTuple):
    """Text set in the page's own space. y: as written; start, end: about where it reaches; look:
    its attributes; places: of each character; text: escaped."""

    y: str
    start: float
    end: float
    look: str
    places: list[float]
    text: str

    def element(self, name: str) -> str:
        places = " ".join([n(place) for place in self.places])
        return f'<{name} {self.look} x="{places}" y="{self.y}">{self.text}</{name}>'


def plain(item: TextItem, look: str) -> bool:
    """Whether the item is only moved, and looks as a part of a text can look."""
    turned = item.matrix[:4] != (1.0, 0.0, 0.0, 1.0) or item.char_direction
    return not turned and "url(" not in look and " opacity=" not in look


def joined(parts: Iterable[str | Span]) -> str:
    """The parts in their order; spans that go on in one line as one text."""
    out: list[str] = []
    line: list[Span] = []
    for part in parts:
        if isinstance(part, Span):
            last = line[-1] if line else None
            if last is not None and not (
                part.y == last.y
                and last.places[-1] < part.start
                and part.start - last.places[-1] <= (last.end - last.places[-1]) * _GAP
            ):
                out.append(_line(line))
                line = []
            line.append(part)
        elif part:
            if line:
                out.append(_line(line))
                line = []
            out.append(part)
    if line:
        out.append(_line(line))
    return "".join(out)


def _line(line: list[Span]) -> str:
    if len(line) == 1:
        return line[0].element("text")
    return f"<text>{''.join([span.element('tspan') for span in line])}</text>"
