"""Scans → OFD with two layers (双层版式): the picture behind, the recognised text over it, unseen.

JPEG files travel as they are, turned by the matrix where EXIF says so. Sources: GB/T 33190-2016
§7.7 (layers), §10 (images); GB/T 42133-2022 and the draft of OFD-H (picture in the Background
layer, recognised text in the Body); TIFF 6.0; EXIF 2.3 (Orientation).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image

from openrhip.formats.ofd.edit import recognised, unseen
from openrhip.formats.ofd.edit.book import Book
from openrhip.formats.ofd.edit.merging import Made
from openrhip.formats.ofd.edit.pdf_images import saved, simple
from openrhip.formats.ofd.edit.pdf_numbers import short
from openrhip.formats.ofd.edit.recognised import Line, Recognised, Word
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.parts import escape
from openrhip.formats.ofd.render.geometry import Matrix
from openrhip.formats.ofd.story import Metadata
from openrhip.kernel.errors import Malformed, TooLarge

_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "JPEG2000", "WEBP")
_MOST_FILES = 2_000
_MOST_PAGES = 5_000
_MOST_PIXELS = 120_000_000
_LARGEST = 256 << 20
_USUAL_DPI = 200.0
_BROKEN = (
    OSError, ValueError, SyntaxError, TypeError, KeyError, EOFError, RuntimeError, MemoryError,
    Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip
_TURNS: dict[int, tuple[int, int, int, int, int, int]] = {
    1: (1, 0, 0, 1, 0, 0), 2: (-1, 0, 0, 1, 1, 0), 3: (-1, 0, 0, -1, 1, 1),
    4: (1, 0, 0, -1, 0, 1), 5: (0, 1, 1, 0, 0, 0), 6: (0, 1, -1, 0, 1, 0),
    7: (0, -1, -1, 0, 1, 1), 8: (0, -1, 1, 0, 0, 1),
}  # fmt: skip
"""Orientation → the unit square of the picture as it is seen."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A picture file, TIFF with any number of pages. name: for messages."""

    data: bytes
    name: str = ""


@dataclass(frozen=True, slots=True)
class _Leaf:
    """One page: a file for the package, pixels as stored, dpi, and EXIF orientation."""

    data: bytes
    form: str
    width: int
    height: int
    dpi: tuple[float, float]
    turn: int = 1

    @property
    def seen(self) -> tuple[int, int]:
        return (self.height, self.width) if self.turn >= 5 else (self.width, self.height)

    @property
    def seen_dpi(self) -> tuple[float, float]:
        return (self.dpi[1], self.dpi[0]) if self.turn >= 5 else self.dpi


def from_images(
    scans: Sequence[Scan],
    *,
    text: bytes | None = None,
    dpi: float | None = None,
    title: str = "",
    metadata: Metadata | None = None,
) -> Made:
    """A page for each picture. text: words.json, hOCR or ALTO of all pages in their order; dpi:
    instead of what the pictures say.

    Raises Malformed (no picture, or text of another number of pages), TooLarge.
    """
    if not scans or len(scans) > _MOST_FILES:
        raise Malformed(f"1 to {_MOST_FILES} pictures are taken")
    if dpi is not None and not 20 <= dpi <= 4800:
        raise Malformed("dpi is between 20 and 4800", where="dpi")
    notices = Notices()
    leaves = [leaf for scan in scans for leaf in _leaves(scan, dpi, notices)]
    if len(leaves) > _MOST_PAGES:
        raise TooLarge(f"more than {_MOST_PAGES} pages")
    words = recognised.read(text) if text is not None else None
    if words is not None and len(words.pages) != len(leaves):
        raise Malformed(
            f"the text is of {len(words.pages)} pages, the pictures are {len(leaves)}",
            where="text",
            remedy="give the text of all pages in the order of the pictures",
        )
    return Made(_bound(leaves, words, title, metadata), tuple(notices))


def _bound(
    leaves: Sequence[_Leaf], words: Recognised | None, title: str, metadata: Metadata | None
) -> bytes:
    book = Book(title, metadata or Metadata())
    book.expect_pages(len(leaves))
    used: set[str] = set()
    font = book.font(unseen.LOOK) if words is not None and any(words.pages) else 0
    for number, leaf in enumerate(leaves):
        across, down = leaf.seen
        mm = 25.4 / leaf.seen_dpi[0], 25.4 / leaf.seen_dpi[1]
        box = (0.0, 0.0, across * mm[0], down * mm[1])
        layers = [("Background", _picture(book, leaf, box[2], box[3]))]
        if words is not None and font:
            scale = mm
            if words.per_inch:
                scale = 25.4 / words.per_inch, 25.4 / words.per_inch
            body = "".join(_text(book, line, font, scale) for line in words.pages[number])
            used.update(*(word.text for line in words.pages[number] for word in line))
            layers.append(("Body", body))
        book.page(number, box, layers)
    if font:
        book.font_file(font, unseen.font(used | {" "}))
    return book.finish()


def _picture(book: Book, leaf: _Leaf, width: float, height: float) -> str:
    a, b, c, d, e, f = _TURNS[leaf.turn]
    matrix: Matrix = (a * width, b * height, c * width, d * height, e * width, f * height)
    stored = book.image(leaf.data, leaf.form)
    size = f"{short(width, 3)} {short(height, 3)}"
    return (
        f'<ofd:ImageObject ID="{book.next_id()}" Boundary="0 0 {size}"'
        f' CTM="{" ".join(short(value, 3) for value in matrix)}" ResourceID="{stored}"/>'
    )


def _text(book: Book, line: Line, font: int, mm: tuple[float, float]) -> str:
    """A line as one text object: characters spread over the boxes of their words."""
    words = [word for word in line if _clean(word.text)]
    if not words:
        return ""
    top = min(word.box[1] for word in words) * mm[1]
    bottom = max(word.box[1] + word.box[3] for word in words) * mm[1]
    left = min(word.box[0] for word in words) * mm[0]
    size = max(bottom - top, 0.2)
    shown, places = _spread(words, mm[0], left)
    steps = [after - before for before, after in pairwise(places)]
    delta = f' DeltaX="{" ".join(short(step) for step in steps)}"' if steps else ""
    wide = max(places[-1] + size, max(w.box[0] + w.box[2] for w in words) * mm[0] - left)
    return (
        f'<ofd:TextObject ID="{book.next_id()}" Boundary="{short(left)} {short(top)} {short(wide)}'
        f' {short(size)}" Font="{font}" Size="{short(size)}" Fill="false" Alpha="0">'
        f'<ofd:TextCode X="0" Y="{short(size * 0.82)}"{delta}>{escape(shown)}</ofd:TextCode>'
        "</ofd:TextObject>"
    )


def _spread(words: Sequence[Word], scale: float, left: float) -> tuple[str, list[float]]:
    """The characters of a line and where each stands, in mm from the line's beginning."""
    shown: list[str] = []
    places: list[float] = []
    for word in words:
        text = _clean(word.text)
        begin, wide = word.box[0] * scale - left, max(word.box[2] * scale, 0.01)
        if shown and not (shown[-1] >= "\u2e80" and text[0] >= "\u2e80"):
            shown.append(" ")
            places.append(max((places[-1] + begin) / 2, places[-1]))
        for at, char in enumerate(text):
            shown.append(char)
            places.append(begin + wide * at / len(text))
    return "".join(shown), places


def _clean(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text[:2000]).split())


def _leaves(scan: Scan, dpi: float | None, notices: Notices) -> Iterator[_Leaf]:
    if len(scan.data) > _LARGEST:
        raise TooLarge(f"a picture of {len(scan.data)} bytes", where=scan.name)
    try:
        with Image.open(io.BytesIO(scan.data), formats=_FORMATS) as image:
            frames = getattr(image, "n_frames", 1)
            if frames > _MOST_PAGES:
                raise TooLarge(f"a picture of {frames} pages", where=scan.name)
            for number in range(frames if image.format == "TIFF" else 1):
                image.seek(number)
                if image.width * image.height > _MOST_PIXELS:
                    raise TooLarge(
                        f"a picture of {image.width} × {image.height} pixels", where=scan.name
                    )
                yield _leaf(image, scan, dpi, notices)
    except _BROKEN as error:
        raise Malformed(
            "a picture that cannot be read", where=scan.name, remedy="give PNG, JPEG or TIFF"
        ) from error


def _leaf(image: Image.Image, scan: Scan, dpi: float | None, notices: Notices) -> _Leaf:
    resolution = (dpi, dpi) if dpi is not None else _resolution(image, scan.name, notices)
    turn = image.getexif().get(0x0112, 1)
    turn = turn if turn in _TURNS else 1
    size = image.width, image.height
    if image.format == "JPEG" and image.mode in ("L", "RGB"):
        return _Leaf(scan.data, "JPEG", *size, resolution, turn)
    opaque = image.mode in ("1", "L", "RGB", "P") and "transparency" not in image.info
    if image.format == "PNG" and opaque:
        return _Leaf(scan.data, "PNG", *size, resolution, turn)
    data, form = _recoded(image, scan, notices)
    return _Leaf(data, form, *size, resolution, turn)


def _recoded(image: Image.Image, scan: Scan, notices: Notices) -> tuple[bytes, str]:
    """A frame as PNG, or as TIFF of group 4 where it is black and white and that is smaller."""
    if image.format == "JPEG" or image.mode == "CMYK":
        notices.note(
            "image.recoded",
            "CMYK 图像已转为 RGB",
            "a picture in CMYK was converted to RGB",
            scan.name,
        )
        out = io.BytesIO()
        image.convert("RGB").save(out, "JPEG", quality=92, optimize=True)
        return out.getvalue(), "JPEG"
    frame = image.copy()
    if "A" in frame.getbands() or "transparency" in frame.info:
        rgba = frame.convert("RGBA")
        paper = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        frame = Image.alpha_composite(paper, rgba).convert("RGB")
    elif frame.mode.startswith(("I", "F")):
        frame = frame.convert("L")
    elif frame.mode not in ("1", "L", "RGB", "P"):
        frame = frame.convert("RGB")
    frame.info.clear()
    png = saved(simple(frame))
    if frame.mode == "1":
        out = io.BytesIO()
        frame.save(out, "TIFF", compression="group4")
        if out.tell() * 4 < len(png) * 3:
            return out.getvalue(), "TIFF"
    return png, "PNG"


def _resolution(image: Image.Image, name: str, notices: Notices) -> tuple[float, float]:
    found = image.info.get("dpi")
    try:
        across, down = (float(one) for one in found) if found else (0.0, 0.0)
    except (TypeError, ValueError, ZeroDivisionError):
        across, down = 0.0, 0.0
    if 20 <= across <= 4800 and 20 <= down <= 4800:
        return across, down
    notices.note(
        "image.no-resolution",
        f"图像未说明分辨率，按 {_USUAL_DPI:g} dpi 计",
        f"the picture says no resolution: taken as {_USUAL_DPI:g} dpi",
        name,
    )
    return _USUAL_DPI, _USUAL_DPI
