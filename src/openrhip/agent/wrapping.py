"""PDF pages as OFD in two layers (双层版式): each page a picture behind, its text over it, unseen.

What a PDF shows is kept exactly; what it says can be found and copied. The draft of OFD-H wants
both of whatever is not laid out here (picture in the Background layer, text in Body).
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pypdfium2

from openrhip.formats.ofd import edit
from openrhip.kernel.errors import Malformed, TooLarge

DPI = 150
MOST_PAGES = 200
_MOST_RUNS = 20_000
_POINTS = 72


def pages(pdf: bytes) -> bytes:
    """An unsigned OFD with the pages of a PDF. Raises Malformed, TooLarge."""
    scans: list[edit.Scan] = []
    words: list[dict[str, Any]] = []
    try:
        source = pypdfium2.PdfDocument(pdf)
        if len(source) > MOST_PAGES:
            raise TooLarge(f"a PDF of more than {MOST_PAGES} pages")
        for page in source:
            picture = page.render(scale=DPI / _POINTS).to_pil().convert("RGB")
            out = io.BytesIO()
            picture.save(out, "JPEG", quality=85)
            scans.append(edit.Scan(out.getvalue()))
            words.append({"words": list(_words(page))})
        source.close()
    except pypdfium2.PdfiumError as error:
        raise Malformed("the PDF cannot be opened", remedy="write an unprotected PDF") from error
    if not scans:
        raise Malformed("the PDF has no pages")
    text = json.dumps(words).encode() if any(page["words"] for page in words) else None
    made: bytes = edit.from_images(scans, text=text, dpi=DPI).data
    return made


def _words(page: pypdfium2.PdfPage) -> Iterator[dict[str, Any]]:
    """Runs of text with their boxes in pixels of the picture."""
    scale = DPI / _POINTS
    height = page.get_height()
    text = page.get_textpage()
    for at in range(min(text.count_rects(), _MOST_RUNS)):
        left, bottom, right, top = text.get_rect(at)
        run = text.get_text_bounded(left, bottom, right, top).strip()
        if run and right > left and top > bottom:
            box = (left, height - top, right - left, top - bottom)
            yield {"text": run, "box": [round(value * scale, 2) for value in box]}
    text.close()
