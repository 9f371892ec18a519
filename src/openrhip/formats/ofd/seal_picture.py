"""Pictures of seals (印模): the round seal of an institution, the signature of a person.

The round seal follows the custom of 国务院 1999 No. 25: 42 mm across, a star in the middle, the
name of the unit in Song type along the arc from left to right, the kind of seal (专用章) below.
Pictures are PNG with one ink colour and 16 steps of transparency: small, and sharp in print.
"""

from __future__ import annotations

import io
import math
from functools import lru_cache

import pylopdf_fonts_zh_cn
from PIL import Image, ImageDraw, ImageFont

from openrhip.kernel.errors import Malformed

DIAMETER = 42
"""Millimetres across for a unit of county level and below, as hospitals have."""
SIGNATURE = (30, 12)
"""Width and height of a personal signature in millimetres."""
RECORDS_SEAL = "电子病历专用章"
RED = (200, 16, 24)
INK = (24, 28, 60)
_DOTS = 12
"""Pixels to the millimetre in the picture (305 dpi)."""
_FINE = 3
"""Drawn this many times larger, then reduced: smooth edges."""
_STEPS = 16
_LONGEST_NAME = 30
_WIDEST = 226.0
"""Degrees of the circle that a name takes at most: beyond, it would meet the line below."""


_KINDS = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG", b"PK\x03\x04": "OFD"}


def kind(picture: bytes) -> str:
    """PNG, JPEG or OFD, as the type of a seal's picture is written; nothing for anything else."""
    return next((name for head, name in _KINDS.items() if picture.startswith(head)), "")


def round_seal(name: str, purpose: str = RECORDS_SEAL) -> bytes:
    """PNG of DIAMETER × DIAMETER mm. Raises Malformed for a name that does not fit the arc."""
    if not 1 <= len(name) <= _LONGEST_NAME or len(purpose) > 12:
        raise Malformed(f"a seal holds 1 to {_LONGEST_NAME} characters of name", where="seal name")
    scale = _DOTS * _FINE
    size = DIAMETER * scale
    ink = Image.new("L", (size, size), 0)
    draw = ImageDraw.Draw(ink)
    edge = round(1.2 * scale)
    draw.ellipse((scale // 3, scale // 3, size - scale // 3, size - scale // 3), 255)
    inner = scale // 3 + edge
    draw.ellipse((inner, inner, size - inner, size - inner), 0)
    draw.polygon(_star(size / 2, size / 2 - 0.5 * scale, 6.6 * scale), 255)
    _along_arc(ink, name, scale)
    _below(ink, purpose, scale)
    return _png(ink, RED)


def signature(name: str) -> bytes:
    """PNG of SIGNATURE mm: the name as its bearer's mark, where no picture of the hand is kept."""
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise Malformed("a signature needs a name", where="signature name")
    scale = _DOTS * _FINE
    width, height = (side * scale for side in SIGNATURE)
    font = _font(round(min(0.78 * height, 0.92 * width / len(name))))
    ink = Image.new("L", (width, height), 0)
    ImageDraw.Draw(ink).text((width / 2, height / 2), name, 255, font, anchor="mm")
    slanted = ink.transform(
        (width, height), Image.Transform.AFFINE, (1, 0.18, -0.09 * height, 0, 1, 0)
    )
    return _png(slanted, INK)


def _star(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    """Ten corners of a five-pointed star, one point up."""
    short = radius * math.sin(math.radians(18)) / math.sin(math.radians(54))
    return [
        (
            x + length * math.sin(math.radians(36 * corner)),
            y - length * math.cos(math.radians(36 * corner)),
        )
        for corner in range(10)
        for length in ((radius if corner % 2 == 0 else short),)
    ]


def _along_arc(ink: Image.Image, name: str, scale: int) -> None:
    """Characters stand on a circle, heads outwards; long names take more of it and get narrower."""
    count = len(name)
    spread = min(_WIDEST, 24.0 * (count - 1))
    radius = (DIAMETER / 2 - 1.2 - 0.33 - 0.9) * scale
    step = spread / max(count - 1, 1)
    height = 5.6 if count <= 14 else 5.0
    room = math.radians(step) * (radius - height * scale) if count > 1 else height * scale
    width = min(height * scale, max(room * 0.98, 0.3 * height * scale))
    for number, character in enumerate(name):
        angle = -spread / 2 + step * number if count > 1 else 0.0
        glyph = _glyph(character, round(width), round(height * scale))
        turned = glyph.rotate(-angle, Image.Resampling.BICUBIC, expand=True)
        reach = radius - height * scale / 2
        x = ink.width / 2 + reach * math.sin(math.radians(angle)) - turned.width / 2
        y = ink.height / 2 - reach * math.cos(math.radians(angle)) - turned.height / 2
        ink.paste(255, (round(x), round(y)), turned)


def _below(ink: Image.Image, purpose: str, scale: int) -> None:
    if not purpose:
        return
    height = 3.9 * scale
    width = min(height * 0.82, 25 * scale / len(purpose))
    left = (ink.width - width * len(purpose)) / 2
    for number, character in enumerate(purpose):
        glyph = _glyph(character, round(width * 0.97), round(height))
        place = (round(left + number * width), round(ink.height / 2 + 9.6 * scale))
        ink.paste(255, place, glyph)


def _glyph(character: str, width: int, height: int) -> Image.Image:
    """One character filling a box of this size."""
    side = height * 2
    picture = Image.new("L", (side, side), 0)
    ImageDraw.Draw(picture).text(
        (side / 2, side / 2), character, 255, _font(height), anchor="mm", stroke_width=height // 60
    )
    near, far = (side - height) // 2, (side + height) // 2
    square = picture.crop((near, near, far, far))
    return square.resize((max(width, 1), height), Image.Resampling.BICUBIC)


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(pylopdf_fonts_zh_cn.serif_path()), size)


def _png(ink: Image.Image, color: tuple[int, int, int]) -> bytes:
    """One colour, its transparency in a palette."""
    small = ink.resize((ink.width // _FINE, ink.height // _FINE), Image.Resampling.LANCZOS)
    steps = small.point([round(value / 255 * (_STEPS - 1)) for value in range(256)])
    picture = Image.frombytes("P", steps.size, steps.tobytes())
    picture.putpalette(list(color) * _STEPS)
    out = io.BytesIO()
    opacity = bytes(round(235 * step / (_STEPS - 1)) for step in range(_STEPS))
    picture.save(out, "PNG", transparency=opacity, optimize=True, bits=4)
    return out.getvalue()
