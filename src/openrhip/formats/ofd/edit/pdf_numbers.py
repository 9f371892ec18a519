"""Objects of a PDF as plain values: whatever they are, nothing is raised (PDF 对象取值)."""

from __future__ import annotations

from decimal import Decimal

import pikepdf

from openrhip.formats.ofd.render.geometry import IDENTITY, Matrix

_FAR = 1e7
_ODD = (pikepdf.PdfError, RuntimeError, ValueError, TypeError, KeyError, AttributeError)


def real(value: object, usual: float = 0.0) -> float:
    """A finite number of sensible size, else `usual`."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        found = float(value)
        return found if -_FAR < found < _FAR else usual
    return usual


def whole(value: object, usual: int = 0) -> int:
    return int(real(value, float(usual)))


def reals(value: object, most: int = 64) -> list[float]:
    """An array of numbers."""
    if isinstance(value, pikepdf.Array):
        return [real(one) for one in list(value.as_list())[:most]]
    return []


def name_of(value: object) -> str:
    """A name without its slash, "" for anything else."""
    if isinstance(value, pikepdf.Name):
        try:
            return str(value).removeprefix("/")
        except _ODD:
            return ""
    return ""


def text_of(value: object, most: int = 2000) -> str:
    """A text string."""
    if isinstance(value, pikepdf.String):
        try:
            return str(value)[:most].strip("\0").strip()
        except _ODD:
            return ""
    return ""


def get(value: object, key: str) -> object:
    """An entry of a dictionary or stream; None for anything else."""
    if isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
        try:
            found: object = value.get(key)
        except _ODD:
            return None
        return found
    return None


def keys(value: object) -> list[str]:
    if isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
        try:
            return [str(key) for key in value.keys()]  # noqa: SIM118 -- no Python mapping
        except _ODD:
            return []
    return []


def matrix(value: object) -> Matrix:
    found = reals(value, 6)
    if len(found) != 6:
        return IDENTITY
    a, b, c, d, e, f = found
    return a, b, c, d, e, f


def rectangle(value: object) -> tuple[float, float, float, float] | None:
    """left, bottom, right, top in order; None if it has no area."""
    found = reals(value, 4)
    if len(found) != 4:
        return None
    left, right = sorted((found[0], found[2]))
    bottom, top = sorted((found[1], found[3]))
    return (left, bottom, right, top) if right > left and top > bottom else None


def key_of(value: object) -> tuple[int, int]:
    """The number of an indirect object; (0, 0) for a direct one."""
    if isinstance(value, pikepdf.Object):
        return value.objgen
    return 0, 0


def short(value: float, places: int = 2) -> str:
    """A number in as few characters as its places need."""
    text = f"{value:.{places}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
