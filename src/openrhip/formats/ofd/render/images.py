"""Pictures of a package, read and bounded (图像): `decode` for PDF and SVG alike.

Read by content, whatever the file is called: PNG, JPEG, BMP, GIF, TIFF, JPEG 2000, and JBIG2 with
or without its file header. JPEG and JBIG2 can travel on as they are; everything becomes pixels
where that is asked for. Sources: GB/T 33190-2016 §10 (images, ImageMask), ITU-T T.88 annex D.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, replace

from PIL import Image

from openrhip.formats.ofd.render import images_jbig2 as jbig2
from openrhip.formats.ofd.render.geometry import Segment
from openrhip.kernel.errors import Malformed, TooLarge

JPEG, JBIG2, PIXELS = "JPEG", "JBIG2", "PIXELS"
_FORMATS = ("PNG", "JPEG", "BMP", "DIB", "GIF", "TIFF", "JPEG2000")
_BROKEN = (
    OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, OverflowError, MemoryError,
    EOFError, NotImplementedError, RuntimeError, AttributeError, ZeroDivisionError, struct.error,
    Image.DecompressionBombError, Image.DecompressionBombWarning, UserWarning,
)  # fmt: skip

PLACEHOLDER: tuple[Segment, ...] = (
    ("M", (0.0, 0.0)), ("L", (1.0, 0.0)), ("L", (1.0, 1.0)), ("L", (0.0, 1.0)), ("C", ()),
    ("M", (0.0, 0.0)), ("L", (1.0, 1.0)), ("M", (1.0, 0.0)), ("L", (0.0, 1.0)),
)  # fmt: skip
"""The frame that stands for a picture nobody can read, in the picture's unit square."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read of one picture at most."""

    size: int = 128 << 20
    pixels: int = 50_000_000


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture. kind: JPEG (`data` is the file, grey or RGB), JBIG2 (`data` is the embedded
    stream of ISO 32000-1 §7.4.7) or PIXELS (`data` is a PNG file with just these pixels, if any);
    mode: "1", "L" or "RGB"; alpha: its own opacity, also on a JPEG that a mask lies over."""

    width: int
    height: int
    kind: str
    mode: str
    data: bytes = b""
    pixels: Image.Image | None = None
    alpha: Image.Image | None = None

    def image(self) -> Image.Image:
        """Its pixels without the opacity: mode 1, L or RGB. Raises Malformed."""
        if self.pixels is not None:
            return self.pixels
        if self.kind == JBIG2:
            return jbig2.pixels(self.data, self.width, self.height)
        try:
            with Image.open(io.BytesIO(self.data), formats=("JPEG",)) as image:
                image.load()
                return image.copy()
        except _BROKEN as error:
            raise Malformed("a picture that cannot be read", where="image") from error

    def full(self) -> Image.Image:
        """Its pixels with the opacity in them. Raises Malformed."""
        image = self.image()
        if self.alpha is None:
            return image
        image = image.convert("LA" if image.mode in ("1", "L") else "RGBA")
        image.putalpha(_sized(self.alpha, image.size))
        return image

    def web(self) -> tuple[str, bytes]:
        """(media type, bytes) as every browser shows them. Raises Malformed."""
        if self.kind == JPEG and self.alpha is None:
            return "image/jpeg", self.data
        if self.kind == PIXELS and self.data:
            return "image/png", self.data
        out = io.BytesIO()
        self.full().save(out, "PNG", compress_level=4)
        return "image/png", out.getvalue()


def decode(data: bytes, *, limits: Limits = Limits()) -> Picture:
    """Read a picture. Raises Malformed (unreadable or of a kind not known), TooLarge."""
    if len(data) > limits.size:
        raise TooLarge(f"a picture of {len(data)} bytes", where="image")
    if jbig2.looks_like(data):
        width, height, stream = jbig2.embedded(data)
        _bound(width, height, limits)
        return Picture(width, height, JBIG2, "1", stream)
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            _bound(image.width, image.height, limits)
            if image.format == "JPEG" and image.mode in ("RGB", "L"):
                return Picture(image.width, image.height, JPEG, image.mode, data)
            image.load()
            made = _pixels(image)
            return replace(made, data=data) if image.format == "PNG" else made
    except _BROKEN as error:
        raise Malformed("a picture that cannot be read", where="image") from error


def masked(picture: Picture, mask: Picture) -> Picture:
    """The picture where the mask is light (ImageMask). Raises Malformed."""
    opacity = mask.image().convert("L").point(_light)
    opacity = _sized(opacity, (picture.width, picture.height))
    data = b"" if picture.kind == PIXELS else picture.data
    return replace(picture, alpha=opacity, data=data)


def cut(picture: Picture, box: tuple[float, float, float, float]) -> Picture:
    """A part of it; box: left, top, right, bottom as parts of 1. Raises Malformed."""
    full = picture.full()
    left, top, right, bottom = (min(max(side, 0.0), 1.0) for side in box)
    x, y = (
        min(round(left * full.width), full.width - 1),
        min(round(top * full.height), full.height - 1),
    )
    across, down = round((right - left) * full.width), round((bottom - top) * full.height)
    return _pixels(full.crop((x, y, x + max(across, 1), y + max(down, 1))))


def _light(value: int) -> int:
    return 255 if value >= 128 else 0


def _sized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image if image.size == size else image.resize(size, Image.Resampling.NEAREST)


def _bound(width: int, height: int, limits: Limits) -> None:
    if width <= 0 or height <= 0:
        raise Malformed("a picture without area", where="image")
    if width * height > limits.pixels:
        raise TooLarge(f"a picture of {width} by {height} pixels", where="image")


def _pixels(image: Image.Image) -> Picture:
    """In one of the three modes, with the opacity apart."""
    alpha = None
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        low, _ = alpha.getextrema()
        alpha = alpha if low != 255 else None
    if image.mode.startswith("I;16") or image.mode == "I":
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode not in ("1", "L", "RGB"):
        image = image.convert("L" if image.mode in ("F", "LA", "La") else "RGB")
    return Picture(image.width, image.height, PIXELS, image.mode, pixels=image, alpha=alpha)
