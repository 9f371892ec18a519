"""Colours of a PDF as RGB (颜色): device spaces at once, all others as pdfium shows them.

Sources: ISO 32000-1 §8.6 (colour spaces), §8.7 (patterns, shadings).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pikepdf

from openrhip.formats.ofd.edit.pdf_numbers import get, key_of, name_of, real, short, whole
from openrhip.formats.ofd.edit.pdf_scratch import Scratch
from openrhip.kernel.errors import Problem

Color = tuple[int, int, int]
BLACK: Color = (0, 0, 0)
_ALIASES = {"G": "DeviceGray", "RGB": "DeviceRGB", "CMYK": "DeviceCMYK", "I": "Indexed"}
_DEVICE = {"DeviceGray": 1, "CalGray": 1, "DeviceRGB": 3, "DeviceCMYK": 4}


@dataclass(frozen=True)
class Space:
    """A colour space. kind: gray, rgb, cmyk, pattern, or other (drawn); count: of components."""

    kind: str
    count: int
    object: object = None
    key: bytes = b""
    base: Space | None = None


GRAY = Space("gray", 1, pikepdf.Name.DeviceGray)
RGB = Space("rgb", 3, pikepdf.Name.DeviceRGB)
CMYK = Space("cmyk", 4, pikepdf.Name.DeviceCMYK)
PATTERN = Space("pattern", 0)
_NAMED = {"DeviceGray": GRAY, "CalGray": GRAY, "DeviceRGB": RGB, "DeviceCMYK": CMYK}


class Colours:
    """The colour spaces of one PDF, and what their colours look like."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self._known: dict[tuple[object, ...], Color] = {}
        self._spaces: dict[tuple[int, int], Space] = {}

    def space(self, value: object, resources: object, depth: int = 0) -> Space:
        """A colour space by name or as it stands in the file; grey if it makes no sense."""
        name = _ALIASES.get(name_of(value), name_of(value))
        if name in _NAMED:
            return _NAMED[name]
        if name == "Pattern":
            return PATTERN
        if name and depth < 8:
            found = get(get(resources, "/ColorSpace"), f"/{name}")
            return self.space(found, resources, depth + 1) if found is not None else GRAY
        key = key_of(value)
        if key != (0, 0) and key in self._spaces:
            return self._spaces[key]
        made = self._made(value, resources, depth)
        if key != (0, 0):
            self._spaces[key] = made
        return made

    def _made(self, value: object, resources: object, depth: int) -> Space:
        if not isinstance(value, pikepdf.Array) or not len(value) or depth > 8:
            return GRAY
        kind = _ALIASES.get(name_of(value[0]), name_of(value[0]))
        if kind in _NAMED and len(value) == 1:
            return _NAMED[kind]
        if kind == "ICCBased" and len(value) > 1:
            return self._profile(value)
        if kind == "Pattern":
            base = self.space(value[1], resources, depth + 1) if len(value) > 1 else None
            return Space("pattern", base.count if base else 0, base=base)
        count = {"CalRGB": 3, "CalGray": 1, "Lab": 3, "Indexed": 1, "Separation": 1}.get(kind, 0)
        if kind == "DeviceN" and len(value) > 1 and isinstance(value[1], pikepdf.Array):
            count = len(value[1])
        if kind == "CalGray":
            return GRAY
        return Space("other", count, value, value.unparse()) if count else GRAY

    def _profile(self, value: pikepdf.Array) -> Space:
        count = whole(get(value[1], "/N"), 3)
        if count == 1:
            return GRAY
        if count == 3:
            return RGB
        if count == 4:
            return Space("other", 4, value, value.unparse())
        return GRAY

    def rgb(self, space: Space, values: Sequence[float]) -> Color:
        """A colour of a space as red, green, blue of 0 to 255."""
        if space.kind == "gray":
            level = _byte(values[0] if values else 0.0)
            return level, level, level
        if space.kind == "rgb":
            found = [*values, 0.0, 0.0, 0.0]
            return _byte(found[0]), _byte(found[1]), _byte(found[2])
        key = (space.kind, space.key, *(round(v, 4) for v in values))
        if key not in self._known:
            self._known[key] = self._drawn(space, values)
        return self._known[key]

    def _drawn(self, space: Space, values: Sequence[float]) -> Color:
        numbers = [*values, *[0.0] * space.count][: space.count]
        words = " ".join(short(number, 5) for number in numbers)
        try:
            image = self._scratch.draw(
                f"/S cs {words} scn 0 0 4 4 re f",
                {"ColorSpace": {"S": space.object}},
                (4, 4),
                (4, 4),
            )
        except Problem:
            return _plain(numbers)
        found = image.getpixel((2, 2))
        if isinstance(found, tuple):
            return found[0], found[1], found[2]
        return BLACK


def _byte(value: float) -> int:
    return min(max(round(real(value) * 255), 0), 255)


def _plain(numbers: Sequence[float]) -> Color:
    """Without help: CMYK by the simple formula, one component as ink."""
    if len(numbers) == 4:
        black = 1 - numbers[3]
        return (
            _byte((1 - numbers[0]) * black),
            _byte((1 - numbers[1]) * black),
            _byte((1 - numbers[2]) * black),
        )
    level = _byte(1 - numbers[0]) if numbers else 0
    return level, level, level
