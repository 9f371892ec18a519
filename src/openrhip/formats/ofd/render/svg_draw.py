"""Items → SVG elements: text as text where a browser can set it, everything else as paths."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from openrhip.formats.ofd.render.faces import Face, Faces, Run
from openrhip.formats.ofd.render.geometry import Matrix, multiply
from openrhip.formats.ofd.render.images import PLACEHOLDER, decode, masked
from openrhip.formats.ofd.render.scene import Scene
from openrhip.formats.ofd.render.scene_items import (
    GroupItem,
    ImageItem,
    Item,
    Mesh,
    PathItem,
    Pen,
    Radial,
    TextItem,
)
from openrhip.formats.ofd.render.svg_fonts import WebFonts
from openrhip.formats.ofd.render.svg_lines import Span, joined, plain
from openrhip.formats.ofd.render.svg_paint import (
    Paints,
    apart,
    hexed,
    matrix,
    n,
    path_data,
    transform,
)
from openrhip.kernel.errors import Problem, TooLarge

_CAPS = {"Round": "round", "Square": "square"}
_JOINS = {"Round": "round", "Bevel": "bevel"}
_DEEPEST = 24
MARK = "mark:"
"""What the key of a view's watermark begins with."""
_LENGTHS = re.compile(r'(stroke-(?:width|dasharray|dashoffset))="([^"]*)"')
_LARGEST = 96 << 20  # characters of one file


class Drawing:
    """What the pages of one file share: faces, fonts, definitions, pictures."""

    def __init__(self, scene: Scene, faces: Faces, prefix: str = "d") -> None:
        self._scene = scene
        self._faces = faces
        self.fonts = WebFonts()
        self.paints = Paints(self, prefix)
        self.blends: set[str] = set()
        self._pictures: dict[tuple[str, str], str] = {}
        self._depth = 0
        self._size = 0

    def inside(self, items: Iterable[Item]) -> str:
        """The items one after the other. Raises TooLarge.

        Texts that go on where others end are one text, so that a browser finds words in it.
        """
        parts: list[str | Span] = []
        for item in items:
            if isinstance(item, TextItem) and not item.clips:
                parts.extend(self._text(item))
            else:
                parts.append(self.item(item))
        made = joined(parts)
        self.grow(len(made))
        return made

    def grow(self, size: int) -> None:
        """Count characters made. Raises TooLarge."""
        self._size += size
        if self._size > _LARGEST:
            raise TooLarge("the page would be too large as SVG", where="page")

    def item(self, item: Item) -> str:
        if isinstance(item, TextItem):
            made = joined(self._text(item))
        elif isinstance(item, PathItem):
            made = self._path(item)
        elif isinstance(item, ImageItem):
            made = self._image(item)
        else:
            made = self._group(item)
        if item.clips and made:
            return f'<g clip-path="url(#{self.paints.clip(item.clips)})">{made}</g>'
        return made

    # groups

    def _group(self, item: GroupItem) -> str:
        if self._depth >= _DEEPEST or not item.items:
            return ""
        self._depth += 1
        try:
            faint = _faint(item.alpha)
            if item.blend:
                name = _blend(item.blend)
                self.blends.add(name)
                faint += f' class="mix-{name}"'
            if item.key and (item.key.startswith(MARK) or _wordless(item)):
                key = self.paints.define(
                    ("group", item.key), lambda key: f'<g id="{key}">{self.inside(item.items)}</g>'
                )
                return f'<use xlink:href="#{key}"{transform(item.matrix)}{faint}/>'
            attributes = f"{transform(item.matrix)}{faint}"
            body = self.inside(item.items)
            return f"<g{attributes}>{body}</g>" if attributes else body
        finally:
            self._depth -= 1

    # paths

    def _path(self, item: PathItem) -> str:
        data = path_data(item.segments)
        if not data:
            return ""
        own, look, filled = item.matrix, "", ""
        where = transform(own)
        if isinstance(item.fill, Mesh) or (isinstance(item.fill, Radial) and apart(item.fill)):
            faint = item.alpha * item.fill_alpha
            filled = f"<g{where}>{self.paints.pieces(data, item.even_odd, item.fill, faint)}</g>"
            look = ' fill="none"'
        else:
            look = self.paints.look("fill", item.fill, item.fill_alpha, own)
            if item.fill is not None and item.even_odd:
                look += ' fill-rule="evenodd"'
        if item.stroke is not None:
            look += self.paints.look("stroke", item.stroke, item.stroke_alpha, own) + _pen(item.pen)
        elif filled:
            return filled
        return f'{filled}<path d="{data}"{where}{look}{_faint(item.alpha)}/>'

    # pictures

    def _image(self, item: ImageItem) -> str:
        key = self._picture(item)
        if not key:
            return _placeholder(item.matrix)
        made = f'<use xlink:href="#{key}"{transform(item.matrix)}{_faint(item.alpha)}/>'
        if item.border is not None:
            x, y, wide, tall = item.box
            rx, ry = item.border.radii
            made += (
                f'<rect x="{n(x)}" y="{n(y)}" width="{n(wide)}" height="{n(tall)}"'
                f' rx="{n(rx)}" ry="{n(ry)}" fill="none" stroke="{hexed(item.border.color)}"'
                f"{_pen(item.border.pen)}{_faint(item.border.alpha, 'stroke-opacity')}/>"
            )
        return made

    def _picture(self, item: ImageItem) -> str:
        """The id of its definition, empty if nobody can read it."""
        known = (item.part, item.mask)
        found = self._pictures.get(known)
        if found is None:
            made = self._read(item)
            found = (
                self.paints.define(("image", *known), lambda key: _embedded(key, made))
                if made
                else ""
            )
            self._pictures[known] = found
        return found

    def _read(self, item: ImageItem) -> tuple[str, bytes] | None:
        for part in (item.part, item.substitution):
            if not part:
                continue
            try:
                picture = decode(self._scene.package.read(part))
                if item.mask:
                    picture = masked(picture, decode(self._scene.package.read(item.mask)))
                return picture.web()
            except Problem as problem:
                self._faces.notices.note(
                    "image.unreadable",
                    f"图像无法读取，以方框代替：{problem.what}",
                    f"a picture cannot be read; a frame stands for it: {problem.what}",
                    part,
                )
        return None

    # text

    def _text(self, item: TextItem) -> list[str | Span]:
        out: list[str | Span] = []
        look = self.paints.look("fill", item.fill, item.fill_alpha, item.matrix)
        if item.fill is None:
            look = ' fill-opacity="0"'  # still to be found and selected
        if item.stroke is not None:
            look += self.paints.look("stroke", item.stroke, item.stroke_alpha, item.matrix)
            look += _pen(item.pen)
        look += _faint(item.alpha)
        for code in item.codes:
            line = self._faces.line(item, code)
            for run in self._faces.runs(item, line, level=item.italic):
                out.extend(self._run(item, run, look))
        return out

    def _run(self, item: TextItem, run: Run, look: str) -> Iterator[str | Span]:
        """Neighbours that a browser can set are one text; the others are paths."""
        web = self.fonts.of(run.face)
        if run.strong and item.stroke is None and isinstance(item.fill, tuple):
            look += f' stroke="{hexed(item.fill)}" stroke-width="{n(run.strong * item.size)}"'
        start = 0
        glyphs, numbers = run.glyphs, run.numbers
        shown = [_shown(glyph.char, glyph.text) for glyph in glyphs]
        fine = [web.takes(text, number) for text, number in zip(shown, numbers, strict=True)]
        if run.slant and item.char_direction:  # no attribute leans a turned character
            fine = [False] * len(fine)
        for at in range(1, len(glyphs) + 1):
            if at < len(glyphs) and fine[start] and fine[at]:
                continue
            if fine[start]:
                yield self._set(item, run, slice(start, at), shown[start:at], web.name, look)
            else:
                yield self._drawn(item, run, start, shown[start], look)
            start = at

    def _set(
        self, item: TextItem, run: Run, part: slice, shown: Sequence[str], name: str, look: str
    ) -> str | Span:
        glyphs = run.glyphs[part]
        wide = item.stretch * run.narrow
        text = escape("".join(shown))
        head = f'class="{name}" font-size="{n(item.size)}"'
        if wide == 1 and not run.slant and plain(item, look):
            base, (_, _, _, _, left, top) = glyphs[0].y, item.matrix
            if all(glyph.y == base for glyph in glyphs):
                at = [glyph.x + left for glyph in glyphs]
                return Span(n(base + top), at[0], at[-1] + item.size, f"{head}{look}", at, text)
        own: Matrix = (wide, 0.0, 0.0, 1.0, 0.0, 0.0)
        base = glyphs[0].y
        if run.slant:
            own = (wide, 0.0, -run.slant, 1.0, run.slant * base, 0.0)
        where = item.matrix if wide == 1 and not run.slant else multiply(own, item.matrix)
        xs = " ".join(n(glyph.x / wide if wide != 1 else glyph.x) for glyph in glyphs)
        ys = n(base)
        if any(glyph.y != base for glyph in glyphs):
            ys = " ".join(n(glyph.y) for glyph in glyphs)
        turn = f' rotate="{item.char_direction}"' if item.char_direction else ""
        return f'<text {head} x="{xs}" y="{ys}"{turn}{transform(where)}{look}>{text}</text>'

    def _drawn(self, item: TextItem, run: Run, at: int, shown: str, look: str) -> str:
        """A glyph as a path, under the name of what it stands for."""
        face, number = run.face, run.numbers[at]
        if not number or face.empty(number):
            return ""
        key = self._glyph(face, number)
        label = quoteattr(_clean(shown))
        where = _placed(item, run, at)
        if "stroke-" in look:
            scale = face.upem / item.size
            look = _LENGTHS.sub(lambda found: _scaled(found, scale), look)
        return (
            f'<use xlink:href="#{key}" transform="{matrix(where)}"{look}'
            f' role="img" aria-label={label}/>'
        )

    def _glyph(self, face: Face, number: int) -> str:
        return self.paints.define(
            ("glyph", id(face), number),
            lambda key: f'<path id="{key}" d="{face.outline(number)}"/>',
        )

    def outlines(self, item: TextItem) -> Iterator[str]:
        """The text as paths in the space around it, for clips."""
        for code in item.codes:
            for run in self._faces.runs(item, self._faces.line(item, code)):
                for at, number in enumerate(run.numbers):
                    data = run.face.outline(number)
                    if data:
                        yield f'<path d="{data}" transform="{matrix(_placed(item, run, at))}"/>'


def _placed(item: TextItem, run: Run, at: int) -> Matrix:
    """From the glyph's own units, y up, into the space around the item."""
    scale = item.size / run.face.upem
    wide = scale * item.stretch * run.narrow
    glyph = run.glyphs[at]
    own: Matrix = (wide, 0.0, run.slant * scale, -scale, 0.0, 0.0)
    if item.char_direction:
        own = multiply(own, _turned(item.char_direction))
    own = (own[0], own[1], own[2], own[3], glyph.x, glyph.y)
    return multiply(own, item.matrix)


def _wordless(group: GroupItem) -> bool:
    """Whether it holds no text: text that is drawn by reference could not be found or selected."""
    return not any(
        isinstance(item, TextItem) or (isinstance(item, GroupItem) and not _wordless(item))
        for item in group.items
    )


def _scaled(found: re.Match[str], scale: float) -> str:
    values = (n(float(word) * scale) for word in found[2].split())
    return f'{found[1]}="{" ".join(values)}"'


def _turned(degrees: int) -> Matrix:
    cos, sin = {90: (0.0, 1.0), 180: (-1.0, 0.0), 270: (0.0, -1.0)}.get(degrees % 360, (1.0, 0.0))
    return (cos, sin, -sin, cos, 0.0, 0.0)


def _shown(char: str, text: str | None) -> str:
    return _clean(char if text is None or len(text) != 1 else text)


_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _clean(text: str) -> str:
    """Without what XML cannot hold, and with every space as one."""
    if text.isprintable():
        return text
    text = "".join(" " if c.isspace() else c for c in text)
    return _NO_XML.sub("\ufffd", text)


def _blend(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"-\1", name).lower()


def _faint(alpha: float, name: str = "opacity") -> str:
    return f' {name}="{n(alpha)}"' if alpha < 1 else ""


def _pen(pen: Pen) -> str:
    made = f' stroke-width="{n(pen.width)}"'
    if pen.dash and any(pen.dash):
        made += f' stroke-dasharray="{" ".join(map(n, pen.dash))}"'
        if pen.dash_offset:
            made += f' stroke-dashoffset="{n(pen.dash_offset)}"'
    if pen.cap in _CAPS:
        made += f' stroke-linecap="{_CAPS[pen.cap]}"'
    if pen.join in _JOINS:
        made += f' stroke-linejoin="{_JOINS[pen.join]}"'
    elif pen.miter != 4.0:
        made += f' stroke-miterlimit="{n(max(pen.miter, 1.0))}"'
    return made


def _embedded(key: str, picture: tuple[str, bytes]) -> str:
    kind, data = picture
    inside = base64.b64encode(data).decode("ascii")
    return (
        f'<image id="{key}" width="1" height="1" preserveAspectRatio="none"'
        f' xlink:href="data:{kind};base64,{inside}"/>'
    )


def _placeholder(where: Matrix) -> str:
    return (
        f'<path d="{path_data(PLACEHOLDER)}"{transform(where)} fill="none" stroke="#999"'
        ' stroke-width=".3" vector-effect="non-scaling-stroke"/>'
    )
