"""Images and codes: their size and format, read from the header alone."""

from __future__ import annotations

import segno

from openrhip.formats.ofd.layout.pieces import number
from openrhip.kernel.errors import Malformed, TooLarge

_MAX_IMAGE = 30 * 1024 * 1024
_PNG = b"\x89PNG\r\n\x1a\n"
_SIDE = 40_000


def image_size(data: bytes) -> tuple[str, int, int]:
    """("PNG" or "JPEG", width, height in pixels); Malformed for anything else."""
    if len(data) > _MAX_IMAGE:
        raise TooLarge("an image is larger than 30 MiB", where="image")
    if data.startswith(_PNG) and data[12:16] == b"IHDR":
        size = ("PNG", int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
    elif data.startswith(b"\xff\xd8"):
        size = ("JPEG", *_jpeg_size(data))
    else:
        raise Malformed("the image is neither PNG nor JPEG", where="image", remedy="convert it")
    if not (0 < size[1] <= _SIDE and 0 < size[2] <= _SIDE):
        raise Malformed("the image's size is impossible", where="image")
    return size


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Of the first frame header (SOF0 to SOF15 but DHT, JPG, DAC), ISO/IEC 10918-1 B.2.2."""
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(
                data[at + 5 : at + 7], "big"
            )
        at += (
            2
            if marker == 0xFF or 0xD0 <= marker <= 0xD8
            else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        )
    raise Malformed("the JPEG has no frame header", where="image")


def qr_path(text: str, side: float) -> str:
    """A QR code as path data of side × side mm, its quiet zone of 2 modules included."""
    if len(text.encode()) > 1200:
        raise TooLarge("too much text for a QR code", where="barcode")
    matrix = segno.make(text, error="m", micro=False, mask=3).matrix
    unit = side / (len(matrix) + 4)
    parts: list[str] = []
    for y, row in enumerate(matrix, start=2):
        x = 0
        while x < len(row):
            if not row[x]:
                x += 1
                continue
            start = x
            while x < len(row) and row[x]:
                x += 1
            left, right = number((start + 2) * unit), number((x + 2) * unit)
            top, bottom = number(y * unit), number((y + 1) * unit)
            parts.append(f"M {left} {top} L {right} {top} L {right} {bottom} L {left} {bottom} C")
    return " ".join(parts)
