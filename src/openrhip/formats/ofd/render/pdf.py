"""Scene → PDF 1.7 (ISO 32000-1): text stays text, fonts are embedded as subsets."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream

from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.render import pdf_outline
from openrhip.formats.ofd.render.faces import Face, Faces
from openrhip.formats.ofd.render.geometry import Matrix, multiply
from openrhip.formats.ofd.render.overlay import overlay
from openrhip.formats.ofd.render.pdf_fonts import embed
from openrhip.formats.ofd.render.pdf_images import image_stream
from openrhip.formats.ofd.render.scene import (
    Glyph,
    ImageItem,
    Item,
    PathItem,
    Scene,
    TextItem,
)
from openrhip.formats.ofd.render.scene_items import flat

_PT = 72 / 25.4
_CAPS = {"Round": 1, "Square": 2}
_JOINS = {"Round": 1, "Bevel": 2}
Stamp = tuple[int, Box, bytes]


def to_pdf(scene: Scene, stamps: Sequence[Stamp], watermark: str, pages: Sequence[int]) -> bytes:
    """The pages as a PDF; the same input gives the same bytes."""
    making = _Making(scene)
    whole = len(pages) == len(scene.package.pages)
    for index in pages:
        mine = [(box, data) for page, box, data in stamps if page == index]
        making.page(index, mine, watermark)
    return making.finish(pdf_outline.entries(scene.package) if whole else ())


def _n(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") if value else "0"


class _Shown(NamedTuple):
    """Glyphs of one face with the shift (1/1000 em) after each: numbers are known at the end."""

    face: Face
    glyphs: list[tuple[int, float]]


class _Sheet(NamedTuple):
    """A page being made: its box, content, and what it uses."""

    box: Box
    out: list[str | _Shown]
    fonts: set[str]
    images: set[str]
    alphas: set[int]


class _Making:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._faces = Faces(scene.package)
        self._pdf = Pdf.new()
        self._names: dict[int, str] = {}
        self._order: list[Face] = []
        self._sheets: list[_Sheet] = []
        self._images: dict[str, Stream | None] = {}

    def page(self, index: int, stamps: Sequence[tuple[Box, bytes]], watermark: str) -> None:
        page = self._scene.package.pages[index]
        box = self._scene.package.page_box(page)
        self._sheets.append(_Sheet(box, [], set(), set(), set()))
        for item in self._scene.page(index):
            self._item(item)
        for number, (place, data) in enumerate(stamps):
            x, y, width, height = place
            self._picture((width, 0, 0, height, x, y), 1.0, f"stamp:{index}:{number}", data)
        if watermark:
            for item in overlay(watermark, box[2], box[3]):
                self._item(item)

    @property
    def _out(self) -> list[str | _Shown]:
        return self._sheets[-1].out

    def _item(self, item: Item) -> None:
        if isinstance(item, TextItem):
            self._text(item)
        elif isinstance(item, PathItem):
            self._path(item)
        elif isinstance(item, ImageItem):
            self._image(item)

    def _alpha(self, alpha: float) -> str:
        level = round(alpha * 255)
        if level >= 255:
            return ""
        self._sheets[-1].alphas.add(level)
        return f"/A{level} gs "

    def _path(self, item: PathItem) -> None:
        words = ["q ", self._alpha(item.alpha), " ".join(map(_n, item.matrix)), " cm "]
        if item.stroke:
            words.append(" ".join(_n(c / 255) for c in flat(item.stroke)) + " RG ")
            words.append(f"{_n(item.width)} w ")
            if item.dash and any(item.dash):
                words.append(f"[{' '.join(map(_n, item.dash))}] 0 d ")
            if item.cap in _CAPS:
                words.append(f"{_CAPS[item.cap]} J ")
            if item.join in _JOINS:
                words.append(f"{_JOINS[item.join]} j ")
        if item.fill:
            words.append(" ".join(_n(c / 255) for c in flat(item.fill)) + " rg ")
        begun = False
        for name, numbers in item.segments:
            if name == "C":
                words.append("h " if begun else "")
                continue
            if not begun and name != "M":
                words.append("0 0 m ")
            begun = True
            words.append(" ".join(map(_n, numbers)) + {"M": " m ", "L": " l ", "B": " c "}[name])
        star = "*" if item.even_odd and item.fill else ""
        verb = ("B" if item.fill else "S") if item.stroke else "f"
        words.append(f"{verb}{star if verb != 'S' else ''} Q\n" if begun else "n Q\n")
        self._out.append("".join(words))

    def _text(self, item: TextItem) -> None:
        fill = " ".join(_n(c / 255) for c in flat(item.fill or (0, 0, 0)))
        self._out.append(f"q {self._alpha(item.alpha)}{fill} rg BT ")
        for line in item.lines():
            self._line(item, line)
        self._out.append("ET Q\n")

    def _line(self, item: TextItem, line: Sequence[Glyph]) -> None:
        """Glyphs on one baseline and in one face are shown together."""
        picked = [self._faces.pick(item, glyph) for glyph in line]
        start = 0
        for at in range(1, len(line) + 1):
            if at < len(line) and picked[at][0] is picked[start][0] and line[at].y == line[start].y:
                continue
            numbers = [number for _, number in picked[start:at]]
            self._show(item, picked[start][0], line[start:at], numbers)
            start = at

    def _name(self, face: Face) -> str:
        name = self._names.get(id(face))
        if name is None:
            name = self._names[id(face)] = f"F{len(self._order)}"
            self._order.append(face)
        self._sheets[-1].fonts.add(name)
        return name

    def _show(
        self, item: TextItem, face: Face, run: Sequence[Glyph], numbers: Sequence[int]
    ) -> None:
        name = self._name(face)
        matrix: Matrix = (item.stretch, 0.0, 0.0, -1.0, run[0].x, run[0].y)
        self._out.append(
            f"/{name} {_n(item.size)} Tf {' '.join(map(_n, multiply(matrix, item.matrix)))} Tm ["
        )
        shown: list[tuple[int, float]] = []
        unit = item.size * item.stretch
        for at, (glyph, number) in enumerate(zip(run, numbers, strict=True)):
            shift = 0.0
            if at + 1 < len(run) and unit:
                shift = face.advance(number) - (run[at + 1].x - glyph.x) / unit
            shown.append((number, round(shift * 1000, 1)))
        self._out.append(_Shown(face, shown))
        self._out.append("] TJ ")

    def _image(self, item: ImageItem) -> None:
        self._picture(item.matrix, item.alpha, item.part, None)

    def _picture(self, matrix: Matrix, alpha: float, key: str, data: bytes | None) -> None:
        if key not in self._images:
            content = self._scene.package.read(key) if data is None else data
            self._images[key] = image_stream(self._pdf, content)
        if self._images[key] is None:
            return
        name = f"I{list(self._images).index(key)}"
        self._sheets[-1].images.add(key)
        placed = multiply((1.0, 0.0, 0.0, -1.0, 0.0, 1.0), matrix)
        self._out.append(f"q {self._alpha(alpha)}{' '.join(map(_n, placed))} cm /{name} Do Q\n")

    def finish(self, outline: tuple[pdf_outline.Entry, ...]) -> bytes:
        fonts: dict[str, Dictionary] = {}
        mappings: dict[int, dict[int, int]] = {}
        for face in self._order:
            font, mapping = embed(self._pdf, face, self._names[id(face)])
            fonts[self._names[id(face)]] = font
            mappings[id(face)] = mapping
        for sheet in self._sheets:
            self._pdf.pages.append(self._sheet(sheet, fonts, mappings))
        pdf_outline.add(self._pdf, outline)
        self._pdf.Root.Lang = pikepdf.String("zh-CN")
        self._pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
        title = self._scene.package.metadata.get("Title", "")
        self._pdf.docinfo = self._pdf.make_indirect(Dictionary(Title=title, Producer="OpenRHIP"))
        file = io.BytesIO()
        self._pdf.save(file, deterministic_id=True)
        return file.getvalue()

    def _sheet(
        self, sheet: _Sheet, fonts: dict[str, Dictionary], mappings: dict[int, dict[int, int]]
    ) -> pikepdf.Page:
        x, y, width, height = sheet.box
        keys = list(self._images)
        head = f"{_n(_PT)} 0 0 {_n(-_PT)} {_n(-x * _PT)} {_n((height + y) * _PT)} cm\n"
        body = "".join(
            part if isinstance(part, str) else _encode(part.glyphs, mappings[id(part.face)])
            for part in sheet.out
        )
        content = Stream(self._pdf, zlib.compress((head + body).encode("ascii"), 6))
        content.Filter = Name.FlateDecode
        resources = Dictionary(
            Font=Dictionary({f"/{name}": fonts[name] for name in sorted(sheet.fonts)}),
            XObject=Dictionary(
                {f"/I{at}": self._images[key] for at, key in enumerate(keys) if key in sheet.images}
            ),
            ExtGState=Dictionary(
                {f"/A{level}": Dictionary(CA=level / 255, ca=level / 255) for level in sheet.alphas}
            ),
        )
        size: Any = [0, 0, round(width * _PT, 2), round(height * _PT, 2)]
        return pikepdf.Page(
            Dictionary(
                Type=Name.Page,
                MediaBox=Array(size),
                Resources=resources,
                Contents=self._pdf.make_indirect(content),
            )
        )


def _encode(glyphs: list[tuple[int, float]], mapping: dict[int, int]) -> str:
    """Glyphs as the elements of a TJ array."""
    out: list[str] = []
    open_ = False
    for glyph, shift in glyphs:
        out.append(f"{'' if open_ else '<'}{mapping[glyph]:04x}")
        open_ = True
        if abs(shift) >= 0.5:
            out.append(f"> {_n(shift)} ")
            open_ = False
    return "".join(out) + (">" if open_ else "")
