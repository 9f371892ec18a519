"""What is easier drawn than computed: colours, gradients, pictures, whole forms as pixels (栅格).

A small PDF with just the thing in question is drawn by pdfium. That keeps colour conversion the
same as in the readers people compare with.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image

from openrhip.formats.ofd.edit.pdf_limits import Meter
from openrhip.kernel.errors import Malformed

_BROKEN = (
    pikepdf.PdfError, pypdfium2.PdfiumError, RuntimeError, ValueError, TypeError, KeyError, OSError,
    AttributeError,
)  # fmt: skip
_MOST = 20_000


class Scratch:
    """Draws pieces of one PDF."""

    def __init__(self, pdf: Pdf, meter: Meter) -> None:
        self.pdf = pdf
        self._meter = meter
        self._count = 0

    @property
    def spent(self) -> bool:
        return self._count >= _MOST

    def draw(
        self,
        content: str | bytes,
        resources: Mapping[str, Mapping[str, object]],
        size: tuple[float, float],
        pixels: tuple[int, int],
        *,
        clear: bool = False,
    ) -> Image.Image:
        """The content over a page of `size` points as RGB, or as RGBA on nothing.

        Raises Malformed.
        """
        self._count += 1
        self._meter.tick()
        if self.spent or pixels[0] * pixels[1] > self._meter.limits.pixels or min(pixels) < 1:
            raise Malformed("too much of the PDF would have to be drawn as pixels")
        try:
            return self._drawn(content, resources, size, pixels, clear=clear)
        except _BROKEN as error:
            raise Malformed("a part of the PDF cannot be drawn") from error

    def _drawn(
        self,
        content: str | bytes,
        resources: Mapping[str, Mapping[str, object]],
        size: tuple[float, float],
        pixels: tuple[int, int],
        *,
        clear: bool,
    ) -> Image.Image:
        made = Pdf.new()
        listed = Dictionary()
        for kind, items in resources.items():
            group = Dictionary()
            for key, item in items.items():
                group[f"/{key}"] = self._foreign(made, item)
            listed[f"/{kind}"] = group
        body = content.encode("latin-1") if isinstance(content, str) else content
        box: Any = [0, 0, *size]
        page = Dictionary(
            Type=Name.Page, MediaBox=Array(box), Resources=listed,
            Contents=made.make_stream(body),
        )  # fmt: skip
        if clear:
            page.Group = Dictionary(S=Name.Transparency, CS=Name.DeviceRGB)
        made.pages.append(pikepdf.Page(page))
        file = io.BytesIO()
        made.save(file, compress_streams=False)
        document = pypdfium2.PdfDocument(file.getvalue())
        try:
            return self._pixels(document, size, pixels, clear=clear)
        finally:
            document.close()

    def _pixels(
        self,
        document: Any,
        size: tuple[float, float],
        pixels: tuple[int, int],
        *,
        clear: bool,
    ) -> Image.Image:
        sheet = document[0]
        scale = max(pixels[0] / size[0], pixels[1] / size[1])
        paper = (0, 0, 0, 0) if clear else (255, 255, 255, 255)
        bitmap = sheet.render(scale=scale, fill_color=paper, maybe_alpha=clear, rev_byteorder=True)
        image: Image.Image = bitmap.to_pil().convert("RGBA" if clear else "RGB")
        bitmap.close()
        sheet.close()
        if image.size != pixels:
            left = image.crop((0, 0, *pixels))
            return left if abs(image.width - pixels[0]) < 3 else image.resize(pixels)
        return image

    def _foreign(self, made: Pdf, item: object) -> Any:
        if not isinstance(item, pikepdf.Object):
            return item
        if item.is_indirect:
            return made.copy_foreign(item)
        if isinstance(item, pikepdf.Name):
            return item
        return made.copy_foreign(self.pdf.make_indirect(item))
