"""JBIG2 (ITU-T T.88): found, bounded and brought into the embedded form; pdfium decodes it.

A file has a header and its segments one after the other, or all their headers first (annex D).
OFD packages hold such files, or the bare segments as PDF has them.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from PIL import Image

from openrhip.formats.ofd.render.raster import PDFIUM
from openrhip.kernel.errors import Malformed, TooLarge

_HEAD = b"\x97JB2\r\n\x1a\n"
_PAGE_INFORMATION, _END_OF_PAGE, _END_OF_STRIPE, _END_OF_FILE = 48, 49, 50, 51
_REGIONS = frozenset({4, 6, 7, 20, 22, 23, 36, 38, 39, 40, 42, 43})
_MOST = 10_000  # segments
_LARGEST = 50_000_000  # pixels of one region
_UNKNOWN = 0xFFFFFFFF


class _Segment(NamedTuple):
    kind: int
    head: bytes
    size: int


def looks_like(data: bytes) -> bool:
    """Whether it is a JBIG2 file, or segments that begin with the information of a page."""
    if data.startswith(_HEAD):
        return True
    return len(data) > 30 and data[:4] == b"\0\0\0\0" and data[4] & 0x7F == _PAGE_INFORMATION


def embedded(data: bytes) -> tuple[int, int, bytes]:
    """(width, height, segments of the first page as ISO 32000-1 §7.4.7 has them).

    Raises Malformed, TooLarge.
    """
    try:
        return _embedded(data)
    except (struct.error, IndexError) as error:
        raise Malformed("JBIG2 data that ends too early", where="image") from error


def _embedded(data: bytes) -> tuple[int, int, bytes]:
    at, random = 0, False
    if data.startswith(_HEAD):
        flags = data[8]
        random = not flags & 1
        at = 9 if flags & 2 else 13
    width = height = reached = 0
    kept: list[bytes] = []
    for segment, content in _segments(data, at, random):
        if segment.kind == _PAGE_INFORMATION:
            if width:  # a second page
                break
            width, height = struct.unpack_from(">II", content)
        elif segment.kind in _REGIONS:
            across, down = struct.unpack_from(">II", content)
            if across * min(down, 1 << 20) > _LARGEST:
                raise TooLarge("a JBIG2 region is too large", where="image")
        elif segment.kind == _END_OF_STRIPE:
            reached = max(reached, struct.unpack_from(">I", content)[0] + 1)
        if segment.kind not in (_END_OF_PAGE, _END_OF_FILE):
            kept.append(segment.head + content)
        elif segment.kind == _END_OF_PAGE:
            break
    if not width or not kept:
        raise Malformed("JBIG2 data without a page", where="image")
    return width, reached if height == _UNKNOWN else height, b"".join(kept)


def _segments(data: bytes, at: int, random: bool) -> Iterator[tuple[_Segment, bytes]]:
    """Each with its data; random: all headers stand before all data."""
    heads: list[_Segment] = []
    for _ in range(_MOST):
        if at >= len(data):
            break
        segment, at = _head(data, at)
        if random:
            heads.append(segment)
        else:
            yield segment, _content(data, at, segment)
            at += min(segment.size, len(data) - at)
        if segment.kind == _END_OF_FILE:
            break
    for segment in heads:
        yield segment, _content(data, at, segment)
        at += min(segment.size, len(data) - at)


def _content(data: bytes, at: int, segment: _Segment) -> bytes:
    """A region of unknown length reaches to the end: it is the last in files of one picture."""
    if segment.size == _UNKNOWN:
        return data[at:]
    if at + segment.size > len(data):
        raise Malformed("JBIG2 data that ends too early", where="image")
    return data[at : at + segment.size]


def _head(data: bytes, at: int) -> tuple[_Segment, int]:
    """A segment's header (§7.2), and where it ends. Its page becomes page 1."""
    begin = at
    number, flags = struct.unpack_from(">IB", data, at)
    at += 5
    count = data[at] >> 5
    if count == 7:
        count = struct.unpack_from(">I", data, at)[0] & 0x1FFFFFFF
        at += 4 + (count + 8) // 8
    else:
        at += 1
    at += count * (1 if number <= 256 else 2 if number <= 65536 else 4)
    if count > _MOST or at > len(data):
        raise Malformed("JBIG2 data with absurd references", where="image")
    wide = flags & 0x40
    page = struct.unpack_from(">I" if wide else ">B", data, at)[0]
    mine = min(page, 1).to_bytes(4 if wide else 1, "big")
    size = data[at + len(mine) : at + len(mine) + 4]
    head = data[begin:at] + mine + size
    return _Segment(flags & 0x3F, head, struct.unpack(">I", size)[0]), begin + len(head)


def pixels(stream: bytes, width: int, height: int) -> Image.Image:
    """The decoded page, mode 1. Raises Malformed."""
    import pikepdf  # noqa: PLC0415 - with pypdfium2 10 MB that most documents do not need
    import pypdfium2  # noqa: PLC0415

    pdf = pikepdf.Pdf.new()
    image = pikepdf.Stream(pdf, stream)
    image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    image.Width, image.Height, image.BitsPerComponent = width, height, 1
    image.ColorSpace, image.Filter = pikepdf.Name.DeviceGray, pikepdf.Name.JBIG2Decode
    page: Any = pikepdf.Dictionary(
        Type=pikepdf.Name.Page,
        MediaBox=pikepdf.Array([0, 0, 100, 100]),
        Resources=pikepdf.Dictionary(XObject=pikepdf.Dictionary(I=pdf.make_indirect(image))),
        Contents=pdf.make_indirect(pikepdf.Stream(pdf, b"100 0 0 100 0 0 cm /I Do")),
    )
    pdf.pages.append(pikepdf.Page(page))
    out = io.BytesIO()
    pdf.save(out, compress_streams=False)
    with PDFIUM:
        document = pypdfium2.PdfDocument(out.getvalue())
        try:
            sheet = document[0]
            shown = next(iter(sheet.get_objects(max_depth=1)))
            bitmap = shown.get_bitmap(render=False)
            found: Image.Image = bitmap.to_pil().convert("1", dither=Image.Dither.NONE)
            sheet.close()
        except (pypdfium2.PdfiumError, StopIteration, AttributeError) as error:
            raise Malformed("JBIG2 data that cannot be decoded", where="image") from error
        finally:
            document.close()
    return found
