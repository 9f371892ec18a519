"""Scene → PDF 1.7 (ISO 32000-1): text stays text, drawings stay drawings, written page by page.

Templates and composite units that a longer document repeats are form XObjects, gradients are
shadings, patterns tiles, fonts subsets: one each for the whole document.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from openrhip.formats.ofd import seal_stamps
from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.render import pdf_catalog, pdf_outline
from openrhip.formats.ofd.render.faces import Face, Faces
from openrhip.formats.ofd.render.geometry import Matrix
from openrhip.formats.ofd.render.overlay import overlay
from openrhip.formats.ofd.render.pdf_canvas import Canvas
from openrhip.formats.ofd.render.pdf_draw import Draw
from openrhip.formats.ofd.render.pdf_file import File, Target, n
from openrhip.formats.ofd.render.pdf_fonts import embed
from openrhip.formats.ofd.render.pdf_seals import Seals
from openrhip.formats.ofd.render.scene import GroupItem, Scene
from openrhip.formats.ofd.render.scene_items import Destination, Sheet
from openrhip.kernel.errors import Malformed, NotFound, Problem

_PT = 72 / 25.4
Stamp = tuple[int, Box, bytes]


def to_pdf(scene: Scene, stamps: Sequence[Stamp], watermark: str, pages: Sequence[int]) -> bytes:
    """The pages as a PDF; the same input gives the same bytes."""
    out = io.BytesIO()
    write(scene, stamps, watermark, pages, out)
    return out.getvalue()


def write(
    scene: Scene,
    stamps: Sequence[Stamp],
    watermark: str,
    pages: Sequence[int],
    target: Target,
    level: int = 5,
) -> None:
    """The pages as a PDF, written as they are drawn. level: of compression, 0 for none."""
    making = _Making(scene, File(target, level), pages)
    placed: dict[int, list[tuple[Box, bytes]]] = {}
    for page, box, data in stamps:
        placed.setdefault(page, []).append((box, data))
    for index in pages:
        making.page(index, placed.get(index, ()), watermark)
    making.finish()


class _Making:
    def __init__(self, scene: Scene, file: File, pages: Sequence[int]) -> None:
        self._scene = scene
        self._file = file
        self._pages = {index: file.reserve() for index in pages}
        self._tree = file.reserve()
        self._faces = Faces(scene.package, scene.notices)
        self._fonts: dict[int, tuple[str, int, Face]] = {}
        self._draw = Draw(scene, file, self._faces, self._font, forms=len(pages) > 1)
        self._seals = Seals(file, self._font)
        self._marks: dict[Box, GroupItem] = {}

    def _font(self, canvas: Canvas, face: Face) -> str:
        known = self._fonts.get(id(face))
        if known is None:
            known = (f"F{len(self._fonts)}", self._file.reserve(), face)
            self._fonts[id(face)] = known
        return canvas.use("Font", known[0], known[1])

    def page(self, index: int, stamps: Sequence[tuple[Box, bytes]], watermark: str) -> None:
        sheet = self._sheet(index)
        x, y, width, height = box = sheet.box
        base: Matrix = (_PT, 0.0, 0.0, -_PT, -x * _PT, (height + y) * _PT)
        canvas = Canvas(base)
        canvas.move(base)
        draw = self._draw
        draw.begin(base)
        draw.items(canvas, sheet.items)
        self._seals.begin()
        for place, data in stamps:
            self._stamp(canvas, base, place, data)
        if watermark:
            draw.items(canvas, [self._mark(watermark, box)])
        content = self._file.stream("", canvas.content())
        links = "".join(pdf_outline.annotation(link, box, self._place) for link in sheet.links)
        size = f"[0 0 {n(round(width * _PT, 2))} {n(round(height * _PT, 2))}]"
        self._file.put(
            f"<</Type/Page/Parent {self._tree} 0 R/MediaBox{size}"
            f"/Resources{canvas.resource_words()}/Contents {content} 0 R"
            f"{f'/Annots[{links}]' if links else ''}>>",
            self._pages[index],
        )

    def _stamp(self, canvas: Canvas, base: Matrix, place: Box, data: bytes) -> None:
        left, top, wide, tall = place
        if seal_stamps.is_package(data):
            if self._seals.show(canvas, base, place, data):
                return
            try:
                data = seal_stamps.ready(data)
            except Problem:
                self._scene.notices.note(
                    "seal.unreadable",
                    "签章的印章图像无法读取，未显示",
                    "the picture of a seal cannot be read; it is not shown",
                )
                return
        self._draw.picture(canvas, (wide, 0.0, 0.0, tall, left, top), data)

    def _sheet(self, index: int) -> Sheet:
        """The page; of several, one that cannot be read stays empty and is named."""
        try:
            return self._scene.sheet(index)
        except (Malformed, NotFound) as problem:
            if len(self._pages) == 1:
                raise
            self._scene.notices.note(
                "page.unreadable",
                f"第 {index + 1} 页无法读取，留为空白",
                f"page {index + 1} cannot be read and stays empty",
                problem.where,
            )
            return Sheet(self._scene.package.pages[index].box)

    def _mark(self, text_: str, box: Box) -> GroupItem:
        """The watermark of a view, the same on every page of this size."""
        found = self._marks.get(box)
        if found is None:
            items = tuple(overlay(text_, box[2], box[3]))
            matrix: Matrix = (1.0, 0.0, 0.0, 1.0, box[0], box[1])
            found = GroupItem("", box, matrix, 1.0, items, f"mark:{box}", "mark")
            self._marks[box] = found
        return found

    def _place(self, index: int, place: Destination | None) -> str:
        number = self._pages.get(index)
        if number is None:
            return ""
        package = self._scene.package
        try:
            box = package.page_box(package.pages[index])
        except Problem:
            return ""
        return pdf_outline.words(number, box, place)

    def finish(self) -> None:
        file, package = self._file, self._scene.package
        for name, number, face in self._fonts.values():
            embed(file, face, name, number)
        body = package.body(package.documents[0])
        extra = pdf_catalog.preferences(body)
        if len(self._pages) == len(package.pages):
            entries = pdf_outline.entries(self._scene)
            if entries:
                extra += f"/Outlines {pdf_outline.add(file, entries, self._place)} 0 R"
            names = pdf_outline.names(file, pdf_outline.bookmarks(self._scene), self._place)
            extra += f"/Names {names} 0 R" if names else ""
            extra += pdf_catalog.opening(self._scene, body, self._place)
        if self._draw.screen:
            extra += pdf_catalog.screen_only(file, self._draw.screen)
        self._page_tree()
        root = file.put(f"<</Type/Catalog/Pages {self._tree} 0 R/Lang(zh-CN){extra}>>")
        file.finish(root, file.put(pdf_catalog.info(package.metadata)))

    def _page_tree(self) -> None:
        """One list: every reader takes it, and no page names but its parent."""
        kids = " ".join(f"{number} 0 R" for number in self._pages.values())
        self._file.put(f"<</Type/Pages/Count {len(self._pages)}/Kids[{kids}]>>", self._tree)
