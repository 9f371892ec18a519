"""Images in a PDF: JPEG as it is, anything else as packed pixels with its transparency apart."""

from __future__ import annotations

import io
import zlib

from pikepdf import Name, Pdf, Stream
from PIL import Image

_MAX_PIXELS = 60_000_000


def image_stream(pdf: Pdf, data: bytes) -> Stream | None:
    """An image XObject; None where the image cannot be read."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "BMP", "TIFF")) as image:
            if image.width * image.height > _MAX_PIXELS:
                return None
            if image.format == "JPEG" and image.mode in ("RGB", "L"):
                space = Name.DeviceGray if image.mode == "L" else Name.DeviceRGB
                return _xobject(pdf, image, data, Name.DCTDecode, space)
            image.load()
            return _pixels(pdf, image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _xobject(pdf: Pdf, image: Image.Image, data: bytes, kind: Name, space: Name) -> Stream:
    made = Stream(pdf, data)
    made.Type, made.Subtype = Name.XObject, Name.Image
    made.Width, made.Height = image.width, image.height
    made.ColorSpace, made.BitsPerComponent, made.Filter = space, 8, kind
    result: Stream = pdf.make_indirect(made)
    return result


def _pixels(pdf: Pdf, image: Image.Image) -> Stream:
    see_through = "A" in image.mode or "transparency" in image.info
    full = image.convert("RGBA") if see_through else image
    gray = full.mode in ("1", "L", "I;16")
    plain = full.convert("L" if gray else "RGB")
    space = Name.DeviceGray if gray else Name.DeviceRGB
    made = _xobject(pdf, plain, zlib.compress(plain.tobytes(), 6), Name.FlateDecode, space)
    if see_through:
        mask = full.getchannel("A")
        packed = zlib.compress(mask.tobytes(), 6)
        made.SMask = _xobject(pdf, mask, packed, Name.FlateDecode, Name.DeviceGray)
    return made
