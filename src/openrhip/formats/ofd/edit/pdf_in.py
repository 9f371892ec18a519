"""PDF → OFD (由 PDF 转换): text stays text, drawings stay drawings, pictures stay as they are.

What OFD has no like for (meshes, tiles, soft masks) becomes pixels, and is noted. Sources: ISO
32000-1; GB/T 33190-2016.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import pikepdf

from openrhip.formats.ofd.edit.book import Book
from openrhip.formats.ofd.edit.merging import Made
from openrhip.formats.ofd.edit.pdf_annotations import Annotations
from openrhip.formats.ofd.edit.pdf_colours import Colours
from openrhip.formats.ofd.edit.pdf_content import Content
from openrhip.formats.ofd.edit.pdf_drawing import Sheet
from openrhip.formats.ofd.edit.pdf_fonts import Fonts
from openrhip.formats.ofd.edit.pdf_images import Pictures
from openrhip.formats.ofd.edit.pdf_limits import Meter, PdfLimits, opened
from openrhip.formats.ofd.edit.pdf_numbers import get, key_of, real, rectangle, whole
from openrhip.formats.ofd.edit.pdf_outline import Places, attachments, metadata
from openrhip.formats.ofd.edit.pdf_scratch import Scratch
from openrhip.formats.ofd.edit.pdf_tools import Tools
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.render.geometry import Matrix
from openrhip.kernel.errors import Malformed, TooLarge

_MM = 25.4 / 72
_A4 = (0.0, 0.0, 595.28, 841.89)
_LARGEST = 20_000.0  # points
_BROKEN = (
    pikepdf.PdfError, RuntimeError, ValueError, TypeError, LookupError, ArithmeticError,
    MemoryError, AttributeError, OSError, struct.error, zlib.error,
)  # fmt: skip
"""What damaged objects may still raise: the last net, under those where each thing is read."""


@dataclass(frozen=True, slots=True)
class View:
    """A page as it is seen. box: in mm; matrix: user space → mm, y down."""

    box: Box
    matrix: Matrix


def from_pdf(
    data: bytes, *, password: str = "", title: str = "", limits: PdfLimits | None = None
) -> Made:
    """The PDF as an OFD package.

    Raises Malformed (no PDF, or damaged), TooLarge, Refused (encrypted, without its password).
    """
    limits = limits or PdfLimits()
    notices = Notices()
    with opened(data, password, limits) as pdf:
        count = len(pdf.pages)
        if not count:
            raise Malformed("the PDF has no page", where="Pages")
        if count > limits.pages:
            raise TooLarge(f"{count} pages; at most {limits.pages} are read", where="Pages")
        try:
            made = _Conversion(pdf, limits, notices).run(title)
        except _BROKEN as error:
            raise Malformed("the PDF is damaged beyond reading", where="content") from error
        return Made(made, tuple(notices))


class _Conversion:
    def __init__(self, pdf: pikepdf.Pdf, limits: PdfLimits, notices: Notices) -> None:
        self._pdf = pdf
        self._meter = Meter(limits)
        self._notices = notices
        self._book = Book()
        scratch = Scratch(pdf, self._meter)
        colours = Colours(scratch)
        pictures = Pictures(self._meter, scratch, colours, notices)
        self._tools = Tools(self._book, self._meter, scratch, pictures, notices)
        self._fonts = Fonts(self._book, self._meter, notices)
        self._content = Content(self._tools, self._fonts, colours, _hidden(pdf))

    def run(self, title: str) -> bytes:
        book, pdf = self._book, self._pdf
        pages = list(pdf.pages)
        views = [view(page) for page in pages]
        book.expect_pages(len(pages))
        found, book.metadata = metadata(pdf)
        book.title = title or found
        places = Places(pdf, views, self._notices)
        book.outline = places.outline()
        book.attachments = attachments(pdf, self._meter, self._notices)
        notes = Annotations(self._tools, self._content, places)
        for number, (page, seen) in enumerate(zip(pages, views, strict=True)):
            self._meter.tick()
            sheet = Sheet(self._tools, seen.box, f"page {number + 1}")
            resources = get(page.obj, "/Resources")
            if resources is None:
                resources = getattr(page, "resources", None)
            self._content.draw(sheet, page, resources, seen.matrix)
            annotations = notes.read(page.obj, sheet, seen)
            book.page(number, seen.box, [("Body", sheet.finish())], annotations)
        self._fonts.finish()
        return book.finish()


def view(page: pikepdf.Page) -> View:
    """Size, rotation and origin of a page."""
    media = rectangle(_inherited(page, "/MediaBox")) or _A4
    crop = rectangle(_inherited(page, "/CropBox"))
    box = media
    if crop is not None:
        met = (
            max(media[0], crop[0]), max(media[1], crop[1]),
            min(media[2], crop[2]), min(media[3], crop[3]),
        )  # fmt: skip
        box = met if met[2] > met[0] and met[3] > met[1] else media
    unit = real(get(page.obj, "/UserUnit"), 1.0)
    scale = _MM * (unit if 0.01 < unit < 1000 else 1.0)
    left, bottom, right, top = box
    right, top = min(right, left + _LARGEST), min(top, bottom + _LARGEST)
    wide, tall = (right - left) * scale, (top - bottom) * scale
    turn = whole(_inherited(page, "/Rotate")) % 360
    s = scale
    if turn == 90:
        return View((0.0, 0.0, tall, wide), (0.0, s, s, 0.0, -bottom * s, -left * s))
    if turn == 180:
        return View((0.0, 0.0, wide, tall), (-s, 0.0, 0.0, s, right * s, -bottom * s))
    if turn == 270:
        return View((0.0, 0.0, tall, wide), (0.0, -s, -s, 0.0, top * s, right * s))
    return View((0.0, 0.0, wide, tall), (s, 0.0, 0.0, -s, -left * s, top * s))


def _inherited(page: pikepdf.Page, key: str) -> object:
    node: object = page.obj
    for _ in range(64):
        found = get(node, key)
        if found is not None:
            return found
        node = get(node, "/Parent")
        if node is None:
            break
    return None


def _hidden(pdf: pikepdf.Pdf) -> frozenset[tuple[int, int]]:
    """The layers that are off when the document is opened."""
    usual = get(get(pdf.Root, "/OCProperties"), "/D")
    off = get(usual, "/OFF")
    items = list(off.as_list())[:10_000] if isinstance(off, pikepdf.Array) else []
    return frozenset(key_of(one) for one in items) - {(0, 0)}
