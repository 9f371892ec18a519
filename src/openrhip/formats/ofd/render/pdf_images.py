"""Images in a PDF: JPEG and JBIG2 as they are, anything else as packed pixels, opacity apart."""

from __future__ import annotations

from PIL import Image

from openrhip.formats.ofd.render import images
from openrhip.formats.ofd.render.images import Picture
from openrhip.formats.ofd.render.pdf_file import File

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
    return _pixels(file, picture.image(), mask)


def _head(width: int, height: int, mode: str) -> str:
    return (
        f"/Type/XObject/Subtype/Image/Width {width}/Height {height}"
        f"/ColorSpace{_SPACES[mode]}/BitsPerComponent {_BITS[mode]}"
    )


def _pixels(file: File, pixels: Image.Image, mask: str = "") -> int:
    plain = pixels if pixels.mode in _BITS else pixels.convert("RGB")
    return file.stream(f"{_head(*plain.size, plain.mode)}{mask}", plain.tobytes())
