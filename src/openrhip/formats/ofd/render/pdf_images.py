"""Images in a PDF: JPEG and JBIG2 as they are, anything else as packed pixels, opacity apart."""

from __future__ import annotations

import struct

from PIL import Image

from openrhip.formats.ofd.render import images
from openrhip.formats.ofd.render.images import Picture
from openrhip.formats.ofd.render.pdf_file import File

_IHDR = struct.Struct(">IIBBBBB")
_CHANNELS = {0: 1, 2: 3, 3: 1}
_BITS = {"1": 1, "L": 8, "RGB": 8}
_SPACES = {"1": "/DeviceGray", "L": "/DeviceGray", "RGB": "/DeviceRGB"}


def image(file: File, picture: Picture) -> int:
    """The picture as an image XObject. Raises Malformed."""
    mask = ""
    if picture.alpha is not None:
        alpha = picture.alpha.convert("L")
        mask = f"/SMask {_pixels(file, alpha)} 0 R"
    if picture.kind == images.JPEG:
        head = _head(picture.width, picture.height, picture.mode)
        return file.stream(f"{head}{mask}/Filter/DCTDecode", picture.data, packed=True)
    if picture.kind == images.JBIG2:
        head = _head(picture.width, picture.height, "1")
        return file.stream(f"{head}{mask}/Filter/JBIG2Decode", picture.data, packed=True)
    if picture.data and not mask and (packed := _png(picture.data)):
        return file.stream(*packed, packed=True)
    return _pixels(file, picture.image(), mask)


def _png(data: bytes) -> tuple[str, bytes] | None:
    """A PNG file whose packed pixels a PDF can take over (it was read whole before).

    Not those that are interlaced or have colours of their own transparency.
    """
    width, height, bits, kind, _, _, interlaced = _IHDR.unpack_from(data, 16)
    if kind not in _CHANNELS or interlaced or bits > 8:
        return None
    parts: list[bytes] = []
    palette = b""
    at = 8
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        if name == b"IDAT":
            parts.append(body)
        elif name == b"PLTE":
            palette = body
        elif name == b"tRNS":
            return None
        at += 12 + size
    space = "/DeviceRGB" if kind == 2 else "/DeviceGray"
    if kind == 3:
        if not palette:
            return None
        space = f"[/Indexed/DeviceRGB {len(palette) // 3 - 1}<{palette.hex()}>]"
    head = (
        f"/Type/XObject/Subtype/Image/Width {width}/Height {height}/ColorSpace{space}"
        f"/BitsPerComponent {bits}/Filter/FlateDecode/DecodeParms<</Predictor 15"
        f"/Colors {_CHANNELS[kind]}/BitsPerComponent {bits}/Columns {width}>>"
    )
    return head, b"".join(parts)


def _head(width: int, height: int, mode: str) -> str:
    return (
        f"/Type/XObject/Subtype/Image/Width {width}/Height {height}"
        f"/ColorSpace{_SPACES[mode]}/BitsPerComponent {_BITS[mode]}"
    )


def _pixels(file: File, pixels: Image.Image, mask: str = "") -> int:
    plain = pixels if pixels.mode in _BITS else pixels.convert("RGB")
    return file.stream(f"{_head(*plain.size, plain.mode)}{mask}", plain.tobytes())
