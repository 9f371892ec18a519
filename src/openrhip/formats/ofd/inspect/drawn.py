"""The objects of a page where they stand (图元与文字位置): quick, without paints or fonts.

For searching, comparing and checking; drawing has its own, fuller reader.

Sources: GB/T 33190-2016 §7.7 (pages), §8.5 (graphic units), §11.3 (text), §13 (composites), §14
(annotations).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.inspect.resources import Resource, Resources
from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.render.geometry import IDENTITY, Matrix, apply, bounds, multiply
from openrhip.kernel.errors import Malformed, Problem

_DEEPEST = 16
_MOST, _MOST_CHARS = 200_000, 500_000
_MOST_UNITS = 5_000
"""Objects, characters and composite objects of a page that are looked at."""
OBJECTS = frozenset({"TextObject", "PathObject", "ImageObject", "CompositeObject"})
_UP, _DOWN = 0.88, 0.12
"""What a character takes above and below its baseline, in its size."""


class Char(NamedTuple):
    """A character with its box on the page (mm)."""

    char: str
    box: Box


@dataclass(frozen=True, slots=True)
class Run:
    """The characters of one TextCode. y: the baseline; size: on the page; upright: along x."""

    chars: tuple[Char, ...]
    y: float
    size: float
    upright: bool

    @property
    def text(self) -> str:
        return "".join(one.char for one in self.chars)


@dataclass(frozen=True, slots=True)
class Drawn:
    """An object on a page: kind is its element's name, box on the page in millimetres.

    layer: type of its layer, or "Annotation"; part: where it stands.
    """

    id: str
    kind: str
    box: Box
    layer: str
    part: str
    element: Element
    matrix: Matrix

    def runs(self) -> Iterator[Run]:
        """The text. What is malformed in it is left out here; checks report it."""
        if self.kind != "TextObject":
            return
        size = number(self.element.get("Size"), 0.0)
        stretch = number(self.element.get("HScale"), 1.0)
        x = y = 0.0
        for code in px.children(self.element, "TextCode"):
            text = code.text or ""
            x, y = number(code.get("X"), x), number(code.get("Y"), y)
            if text and size > 0:
                yield _run(text, (x, y), code, self.matrix, (size, stretch))

    @property
    def text(self) -> str:
        return "".join(code.text or "" for code in px.children(self.element, "TextCode"))


def _run(
    text: str, start: tuple[float, float], code: Element, matrix: Matrix, sizes: tuple[float, float]
) -> Run:
    size, stretch = sizes
    across = deltas(code.get("DeltaX", ""), len(text))
    down = deltas(code.get("DeltaY", ""), len(text))
    a, b, c, d, e, f = matrix
    plain = b == c == 0 and a > 0 and d > 0
    tall, full, half = (_UP + _DOWN) * size, size * stretch, size * stretch * 0.5
    free = not across and not down
    across += [0.0] * (len(text) - len(across))
    falls = down + [0.0] * (len(text) - len(down))
    x, y = start
    chars: list[Char] = []
    for char, step, fall in zip(text, across, falls, strict=False):
        wide = full if ord(char) > 0x2E7F else half
        if 0 < step < wide:
            wide = step
        if plain:
            box = (a * x + e, d * (y - _UP * size) + f, a * wide, d * tall)
        else:
            box = _box(bounds(matrix, (x, y - _UP * size, wide, tall)))
        chars.append(Char(char, box))
        x, y = x + (wide if free else step), y + fall
    scale = (c * c + d * d) ** 0.5 or 1.0
    along = abs(a) >= abs(b) and not (down and not any(across))
    _, base = apply(matrix, *start)
    return Run(tuple(chars), base, size * scale, along)


def deltas(value: str, most: int) -> list[float]:
    """Advances, their short form "g n d" opened (§11.3); what is no number ends the list."""
    out: list[float] = []
    words = iter(value.split())
    for word in words:
        if len(out) >= most:
            break
        try:
            if word == "g":
                times = min(max(int(next(words, "")), 0), most)
                out.extend([float(next(words, ""))] * times)
            else:
                out.append(float(word))
        except ValueError:
            break
    return [one if abs(one) < 1e6 else 0.0 for one in out]


def number(value: str | None, usual: float) -> float:
    """A number of sensible size, else the usual one."""
    try:
        found = float(value) if value else usual
    except ValueError:
        return usual
    return found if abs(found) < 1e6 else usual


def _box(values: tuple[float, ...]) -> Box:
    x, y, wide, tall = values
    return x, y, wide, tall


class Walker:
    """Walks through the objects of a document's pages."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self._count = self._chars = self._units = 0

    def page(self, part: str, *, templates: bool = True) -> Iterator[Drawn]:
        """All objects of a page, those of its templates first. Raises Malformed, NotFound."""
        self._count = self._chars = self._units = 0
        root = self.resources.package.xml(part)
        own = self.resources.of_page(part, root)
        if templates:
            for use in px.children(root, "Template"):
                template = self.resources.templates.get(use.get("TemplateID", ""))
                if template:
                    try:
                        yield from self.content(template, own)
                    except Problem as problem:
                        self.resources.package.tell(
                            problem, "模板页无法读取", "a template page cannot be read"
                        )
        yield from self.content(part, own)

    def content(self, part: str, own: dict[str, Resource] | None = None) -> Iterator[Drawn]:
        """The objects of one page part or template, without its templates."""
        root = self.resources.package.xml(part)
        for layer in px.children(px.child(root, "Content"), "Layer"):
            kind = layer.get("Type", "Body")
            yield from self.block(layer, IDENTITY, (kind, part), own or {})

    def block(
        self,
        parent: Element,
        matrix: Matrix,
        place: tuple[str, str],
        own: dict[str, Resource],
        depth: int = 0,
    ) -> Iterator[Drawn]:
        """The objects inside an element. place: layer and part."""
        if depth > _DEEPEST:
            return
        for element in parent:
            kind = px.local(element)
            if kind == "PageBlock":
                yield from self.block(element, matrix, place, own, depth + 1)
            elif kind in OBJECTS:
                self._count += 1
                if kind == "TextObject":
                    codes = px.children(element, "TextCode")
                    self._chars += sum(len(code.text or "") for code in codes)
                if self._count > _MOST or self._chars > _MOST_CHARS:
                    raise Malformed("too many objects or characters on a page", where=place[1])
                drawn = _drawn(element, kind, matrix, place)
                if drawn is None:
                    continue
                yield drawn
                if kind == "CompositeObject":
                    yield from self._unit(drawn, own, depth)

    def _unit(self, drawn: Drawn, own: dict[str, Resource], depth: int) -> Iterator[Drawn]:
        """The objects of a composite object."""
        unit = self.resources.find(drawn.element.get("ResourceID", ""), own)
        content = px.child(unit.element, "Content") if unit is not None else None
        if content is None:
            return
        self._units += 1
        if self._units <= _MOST_UNITS:
            place = (drawn.layer, drawn.part)
            yield from self.block(content, drawn.matrix, place, own, depth + 1)
        else:
            self.resources.package.notices.note(
                "group.too-many",
                f"复合图元超过 {_MOST_UNITS} 个，其余未读取",
                f"more than {_MOST_UNITS} composite objects on a page; the rest is left out",
                drawn.part,
            )


def _drawn(element: Element, kind: str, matrix: Matrix, place: tuple[str, str]) -> Drawn | None:
    box = quadruple(element.get("Boundary", ""))
    if box is None:
        return None
    own = _matrix(element.get("CTM", ""))
    inner = multiply(multiply(own, (1.0, 0.0, 0.0, 1.0, box[0], box[1])), matrix)
    outer = box if matrix is IDENTITY else _box(bounds(matrix, box))
    return Drawn(element.get("ID", ""), kind, outer, *place, element, inner)


def quadruple(value: str) -> Box | None:
    """Four numbers of sensible size, else None."""
    words = value.split()
    if len(words) != 4:
        return None
    try:
        x, y, wide, tall = map(float, words)
    except ValueError:
        return None
    return (x, y, wide, tall) if all(abs(one) < 1e6 for one in (x, y, wide, tall)) else None


def _matrix(value: str) -> Matrix:
    words = value.split()
    if len(words) != 6:
        return IDENTITY
    try:
        a, b, c, d, e, f = map(float, words)
    except ValueError:
        return IDENTITY
    return (a, b, c, d, e, f) if all(abs(one) < 1e6 for one in (a, b, c, d, e, f)) else IDENTITY
