"""Attributes of an object with those of its draw parameters behind them (绘制参数, §8.2)."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.render.geometry import IDENTITY, Matrix, multiply
from openrhip.formats.ofd.render.scene_items import PEN, Paint, Pen
from openrhip.formats.ofd.render.scene_paint import Paints, matrix_of
from openrhip.formats.ofd.render.scene_store import LOCAL, Store

_FAR = 1e6
_CHAIN = 8  # draw parameters that build on each other
_DASHES = 16
_LINE = ("LineWidth", "Cap", "Join", "MiterLimit", "DashPattern", "DashOffset")
BLENDS = frozenset({
    "Multiply", "Screen", "Overlay", "Darken", "Lighten", "ColorDodge", "ColorBurn", "HardLight",
    "SoftLight", "Difference", "Exclusion", "Hue", "Saturation", "Color", "Luminosity",
})  # fmt: skip


class Params:
    """Draw parameters by id, each with those it builds on merged in."""

    def __init__(self, store: Store, where: str) -> None:
        self._store = store
        self._where = where
        self._known: dict[str, tuple[dict[str, str], dict[str, Element]]] = {}

    def get(self, key: str) -> tuple[dict[str, str], dict[str, Element]]:
        """Their attributes, and their FillColor and StrokeColor."""
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._merged(key)
        return found

    def _merged(self, key: str) -> tuple[dict[str, str], dict[str, Element]]:
        words: dict[str, str] = {}
        colors: dict[str, Element] = {}
        for _ in range(_CHAIN):
            element = self._store.param(key)
            if element is None:
                self._store.missing(f"DrawParam {key[:20]}", self._where)
                break
            words = {**_words(element), **words}
            colors = {**_colors(element), **colors}
            key = element.get("Relative", "")
            if not key:
                break
        return words, colors


def _words(element: Element) -> dict[str, str]:
    return {name: value for name in _LINE if (value := element.get(name))}


def _colors(element: Element) -> dict[str, Element]:
    found: dict[str, Element] = {}
    for child in element:
        name = LOCAL[child.tag]
        if name in {"FillColor", "StrokeColor"}:
            found.setdefault(name, child)
    return found


@lru_cache(maxsize=2048)
def _box(value: str) -> tuple[Box, bool]:
    """A Boundary as far as it can be read, and whether it is whole."""
    found: list[float] = []
    for word in value.replace(",", " ").split()[:4]:
        try:
            number = float(word)
        except ValueError:
            break
        if not -_FAR < number < _FAR:
            break
        found.append(number)
    whole = len(found) == 4 and len(value.split()) <= 4
    found.extend([0.0] * (4 - len(found)))
    return (found[0], found[1], found[2], found[3]), whole


class Look:
    """One object: where it stands, and how it is drawn."""

    __slots__ = ("_colors", "_line", "_paints", "alpha", "box", "get", "matrix", "own", "sound")

    def __init__(self, element: Element, params: Params, param: str, paints: Paints) -> None:
        words = cast("dict[str, str]", dict(element.items()))
        get = self.get = words.get
        key = get("DrawParam") or param
        self._line, behind = params.get(key) if key else (_NO_WORDS, _NO_COLORS)
        self._colors = {**behind, **_colors(element)} if len(element) else behind
        self._paints = paints
        self.box, self.sound = _box(get("Boundary", ""))
        own = matrix_of(ctm) if (ctm := get("CTM")) else IDENTITY
        if own is None:
            own, self.sound = IDENTITY, False
        self.own = own
        x, y, _, _ = self.box
        a, b, c, d, e, f = own
        self.matrix: Matrix = (a, b, c, d, e + x, f + y)
        alpha = get("Alpha")
        self.alpha = min(max(_number(alpha, 255.0), 0.0), 255.0) / 255 if alpha else 1.0

    @property
    def blend(self) -> str:
        word = self.get("BlendMode", "")
        return word if word in BLENDS else ""

    def number(self, name: str, usual: float) -> float:
        word = self.get(name)
        if not word:
            return usual
        found = _number(word, _FAR)
        if found == _FAR:
            self.sound = False
            return usual
        return found

    def pen(self) -> Pen:
        """The line: own attributes first."""
        get, behind = self.get, self._line
        words = tuple(get(name) or behind.get(name, "") for name in _LINE)
        return _pen(*words) if any(words) else PEN

    def paint(self, name: str) -> tuple[Paint, float] | None:
        """FillColor or StrokeColor with its own opacity; None if neither says any."""
        found = self._colors.get(name)
        return self._paints.read(found) if found is not None else None

    def around(self) -> Matrix:
        """The corner of the Boundary alone, without the CTM."""
        return multiply(IDENTITY, (1.0, 0.0, 0.0, 1.0, self.box[0], self.box[1]))


_NO_WORDS: dict[str, str] = {}
_NO_COLORS: dict[str, Element] = {}


def _number(word: str, usual: float) -> float:
    try:
        value = float(word)
    except ValueError:
        return usual
    return value if -_FAR < value < _FAR else usual


@lru_cache(maxsize=1024)
def _pen(width: str, cap: str, join: str, miter: str, dash: str, offset: str) -> Pen:
    steps = tuple(abs(_number(word, 0.0)) for word in dash.replace(",", " ").split()[:_DASHES])
    return Pen(
        abs(_number(width, PEN.width)) if width else PEN.width,
        cap if cap in {"Round", "Square"} else "Butt",
        join if join in {"Round", "Bevel"} else "Miter",
        max(_number(miter, PEN.miter), 1.0) if miter else PEN.miter,
        steps if any(steps) else (),
        _number(offset, 0.0) if offset else 0.0,
    )
