"""A PDF page as pixels, within bounds of time (PDFium).

PDFium draws in steps and asks between them whether to pause: so a page made to take for ever ends
in a typed error. PDFium serves one thread at a time: whoever else uses it takes `PDFIUM`.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from PIL import Image

from openrhip.kernel.errors import Malformed, TooLarge

PDFIUM = threading.RLock()
_SECONDS = 4.0  # of processor time for a page,
_PIXELS = 10_000_000  # and a second more for each so many pixels


def raster(data: bytes, dpi: float, *, seconds: float = _SECONDS) -> Image.Image:
    """The first page in mode RGB. Raises TooLarge if it takes too long, Malformed."""
    with PDFIUM:
        image = _raster(data, dpi, seconds)
    if image is None:
        raise TooLarge("a page takes too long to draw", where="page", remedy="ask for less dpi")
    return image


def _raster(data: bytes, dpi: float, seconds: float) -> Image.Image | None:
    import pypdfium2  # noqa: PLC0415 - 10 MB that text and PDF do not need
    from pypdfium2 import raw  # noqa: PLC0415

    document = pypdfium2.PdfDocument(data)
    try:
        page = document[0]
        scale = dpi / 72
        width, height = (max(1, round(side * scale)) for side in page.get_size())  # not stretched
        bitmap = pypdfium2.PdfBitmap.new_native(
            width, height, raw.FPDFBitmap_BGR, rev_byteorder=True
        )
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
        allowed = seconds + width * height / _PIXELS
        whole = _drawn(raw, bitmap, page, (width, height), allowed)
        image: Image.Image | None = bitmap.to_pil() if whole else None
        bitmap.close()
        page.close()
    finally:
        document.close()
    return image


def _drawn(raw: Any, bitmap: Any, page: Any, size: tuple[int, int], allowed: float) -> bool:
    """Whether the page was drawn within so many seconds. Raises Malformed."""
    end, soonest = time.thread_time() + allowed, time.monotonic() + allowed

    def late(_: Any) -> int:  # asked often; the processor's clock is slow to read
        return int(time.monotonic() > soonest and time.thread_time() > end)

    kind = dict(raw.IFSDK_PAUSE._fields_)["NeedToPauseNow"]
    pause = raw.IFSDK_PAUSE(version=1, NeedToPauseNow=kind(late))
    flags = raw.FPDF_REVERSE_BYTE_ORDER
    status = raw.FPDF_RenderPageBitmap_Start(bitmap, page, 0, 0, *size, 0, flags, pause)
    while status == raw.FPDF_RENDER_TOBECONTINUED and not late(None):
        status = raw.FPDF_RenderPage_Continue(page, pause)
    raw.FPDF_RenderPage_Close(page)
    if status == raw.FPDF_RENDER_FAILED:
        raise Malformed("a page that cannot be drawn", where="page")
    return bool(status == raw.FPDF_RENDER_DONE)
