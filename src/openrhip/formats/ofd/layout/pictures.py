"""Images and codes: their size and format, read from the header alone."""

from __future__ import annotations

import re

import segno

from openrhip.kernel.errors import Malformed, TooLarge

_MAX_IMAGE = 30 * 1024 * 1024
_PNG = b"\x89PNG\r\n\x1a\n"
_SIDE = 40_000
_MAX_CODE = 1200  # bytes
_DARK = re.compile(b"\x01+")


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


def qr_path(text: str) -> tuple[int, str]:
    """A QR code (level M) with a quiet zone of two modules: its side in modules, its path data in
    modules. One closed run for each row's neighbouring dark modules."""
    if len(text.encode("utf-8", "replace")) > _MAX_CODE:
        raise TooLarge("too much text for a QR code", where="barcode")
    matrix = segno.make(text, error="m", micro=False, mask=3, boost_error=False).matrix
    parts: list[str] = []
    for y, row in enumerate(matrix, start=2):
        for run in _DARK.finditer(row):
            left, right = run.start() + 2, run.end() + 2
            parts.append(f"M {left} {y} L {right} {y} L {right} {y + 1} L {left} {y + 1} C")
    return len(matrix) + 4, " ".join(parts)
