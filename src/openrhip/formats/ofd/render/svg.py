"""Scene → SVG 1.1: one page; text as text in fonts that travel inside, drawings as paths."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.render.faces import Face, Faces
from openrhip.formats.ofd.render.geometry import Matrix
from openrhip.formats.ofd.render.overlay import overlay
from openrhip.formats.ofd.render.scene import Glyph, ImageItem, Item, PathItem, Scene, TextItem
from openrhip.formats.ofd.render.scene_items import flat

_VERBS = {"M": "M", "L": "L", "B": "C", "C": "Z"}
_KINDS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg"}


def to_svg(scene: Scene, page: int, stamps: Sequence[tuple[int, Box, bytes]], mark: str) -> str:
    """A whole SVG document of one page, sized in mm."""
    x, y, width, height = scene.package.page_box(scene.package.pages[page])
    drawing = _Drawing(scene)
    for item in scene.page(page):
        drawing.add(item)
    for place, (left, top, wide, tall), data in stamps:
        if place == page:
            drawing.picture((wide, 0, 0, tall, left, top), 1.0, data)
    for item in overlay(mark, width, height) if mark else ():
        drawing.add(item)
    title = scene.package.metadata.get("Title", "")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f' width="{_n(width)}mm" height="{_n(height)}mm" role="img"'
        f' viewBox="{_n(x)} {_n(y)} {_n(width)} {_n(height)}"><title>{_text(title)}</title>'
        f"<style>{drawing.styles()}</style>"
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" fill="#fff"/>'
        f"{''.join(drawing.out)}</svg>"
    )


def _n(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") if value else "0"


def _text(text: str) -> str:
    return escape("".join(c if c.isprintable() else "\ufffd" for c in text))


def _matrix(matrix: Matrix) -> str:
    return f"matrix({' '.join(map(_n, matrix))})"


def _hex(color: tuple[int, int, int]) -> str:
    return f"#{color[0]:02x}{color[1]:02x}{color[2]:02x}"


class _Drawing:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._faces = Faces(scene.package)
        self._names: dict[int, str] = {}
        self._order: list[Face] = []
        self.out: list[str] = []

    def add(self, item: Item) -> None:
        if isinstance(item, TextItem):
            for line in item.lines():
                self._line(item, line)
        elif isinstance(item, PathItem):
            self._path(item)
        elif isinstance(item, ImageItem):
            self.picture(item.matrix, item.alpha, self._scene.package.read(item.part))

    def _opacity(self, alpha: float) -> str:
        return f' opacity="{_n(alpha)}"' if alpha < 1 else ""

    def _path(self, item: PathItem) -> None:
        data = "".join(_VERBS[name] + " ".join(map(_n, n)) for name, n in item.segments)
        if not data:
            return
        look = f'fill="{_hex(flat(item.fill)) if item.fill else "none"}"'
        if item.fill and item.even_odd:
            look += ' fill-rule="evenodd"'
        if item.stroke:
            look += f' stroke="{_hex(flat(item.stroke))}" stroke-width="{_n(item.width)}"'
            if item.dash:
                look += f' stroke-dasharray="{" ".join(map(_n, item.dash))}"'
        where = _matrix(item.matrix)
        self.out.append(f'<path d="{data}" transform="{where}" {look}{self._opacity(item.alpha)}/>')

    def picture(self, matrix: Matrix, alpha: float, data: bytes) -> None:
        kind = next((k for head, k in _KINDS.items() if data.startswith(head)), "")
        if kind:
            inside = base64.b64encode(data).decode("ascii")
            self.out.append(
                f'<image width="1" height="1" preserveAspectRatio="none"'
                f' transform="{_matrix(matrix)}"{self._opacity(alpha)}'
                f' xlink:href="data:image/{kind};base64,{inside}"/>'
            )

    def _line(self, item: TextItem, line: Sequence[Glyph]) -> None:
        """Neighbours in one face are one text; a glyph that is not its character's is a path."""
        start = 0
        picked = [self._faces.pick(item, glyph) for glyph in line]
        plain = [
            face.lookup(glyph.char) == number
            for (face, number), glyph in zip(picked, line, strict=True)
        ]
        for at in range(1, len(line) + 1):
            same = (
                at < len(line) and picked[at][0] is picked[start][0] and line[at].y == line[start].y
            )
            if same and plain[start] and plain[at]:
                continue
            face, number = picked[start]
            if plain[start] and number:
                self._show(item, face, line[start:at])
            else:
                self._outline(item, face, line[start], number)
            start = at

    def _show(self, item: TextItem, face: Face, run: Sequence[Glyph]) -> None:
        name = self._names.get(id(face))
        if name is None:
            name = self._names[id(face)] = f"f{len(self._order)}"
            self._order.append(face)
        places = " ".join(_n(glyph.x) for glyph in run)
        shown = _text("".join(glyph.char for glyph in run))
        fill = "" if item.fill == (0, 0, 0) else f' fill="{_hex(flat(item.fill or (0, 0, 0)))}"'
        self.out.append(
            f'<text class="{name}" font-size="{_n(item.size)}" x="{places}" y="{_n(run[0].y)}"'
            f' transform="{_matrix(item.matrix)}"{fill}{self._opacity(item.alpha)}'
            f' xml:space="preserve">{shown}</text>'
        )

    def _outline(self, item: TextItem, face: Face, glyph: Glyph, number: int) -> None:
        """A glyph that its number fixes, drawn as a path under the name of its character."""
        scale = item.size / face.upem
        a, b, c, d, e, f = item.matrix
        matrix = (
            a * scale, b * scale, -c * scale, -d * scale,
            a * glyph.x + c * glyph.y + e, b * glyph.x + d * glyph.y + f,
        )  # fmt: skip
        data = face.outline(number)
        label = quoteattr(_text(glyph.char))
        ink = _hex(flat(item.fill or (0, 0, 0)))
        self.out.append(
            f'<path d="{data}" transform="{_matrix(matrix)}" fill="{ink}" aria-label={label}/>'
        )

    def styles(self) -> str:
        """The fonts used, as data inside the file; their names are those of their content."""
        rules: list[str] = []
        for face in self._order:
            data, _ = face.subset()
            family = "ofd" + hashlib.sha256(data).hexdigest()[:12]
            inside = base64.b64encode(data).decode("ascii")
            rules.append(
                f"@font-face{{font-family:{family};src:url(data:font/otf;base64,{inside})}}"
                f".{self._names[id(face)]}{{font-family:{family},serif}}"
            )
        return "".join(rules)
