"""Bare CFF fonts (Adobe Technical Note 5176): wrapped into OpenType, and written from outlines.

Foreign packages hold CFF data without the tables around it, often under the name of .ttf.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from openrhip.formats.ofd.render import faces_sfnt as sfnt
from openrhip.formats.ofd.render.faces_names import STANDARD_COUNT, char_of, standard

_MOST = 65_535  # glyphs
_CHARSET, _CHARSTRINGS, _PRIVATE, _SUBRS, _ROS, _MATRIX = 15, 17, 18, 19, 1230, 1207
_REALS = "0123456789.EE?-"


class Broken(Exception):
    """The data is no CFF font."""


def looks_like(data: bytes) -> bool:
    return (
        len(data) > 16 and data[0] == 1 and data[1] < 4 and 4 <= data[2] < 16 and 1 <= data[3] <= 4
    )


def wrapped(data: bytes) -> bytes:
    """An OpenType file around the data, with a cmap from the names of its glyphs. Raises Broken."""
    try:
        font = _read(data)
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise Broken from error
    return assemble(data, font.upem, font.widths, font.chars)


def assemble(cff: bytes, upem: int, widths: Sequence[int], chars: Mapping[int, int]) -> bytes:
    """An OpenType file: widths by glyph, chars: code point → glyph."""
    count = len(widths)
    parts = {
        "CFF ": cff,
        "head": sfnt.head(upem),
        "hhea": sfnt.hhea(upem, count),
        "maxp": sfnt.maxp(count, outlines=False),
        "hmtx": b"".join(struct.pack(">Hh", min(max(w, 0), 0xFFFF), 0) for w in widths),
        "OS/2": sfnt.os2(upem, sorted(chars)),
        "post": sfnt.post(),
        "name": sfnt.name("OFD"),
    }
    if chars:
        parts["cmap"] = sfnt.cmap(chars)
    return sfnt.build(parts)


def cids(data: bytes) -> dict[int, int]:
    """CID → glyph of a font keyed by character identifiers (§18), {} for any other or broken one.

    Files made from PDF name the glyphs of such fonts by CID.
    """
    try:
        _, at = _index(data, data[2])
        tops, _ = _index(data, at)
        top = _dict(tops[0])
        if _ROS not in top or int(top.get(_CHARSET, [0])[0]) <= 2:
            return {}
        glyphs, _ = _index(data, int(top[_CHARSTRINGS][0]))
        found = _charset(data, int(top[_CHARSET][0]), len(glyphs))
    except (Broken, struct.error, IndexError, KeyError, ValueError, OverflowError):
        return {}
    return {cid: glyph for glyph, cid in enumerate(found)}


class _Font(NamedTuple):
    upem: int
    widths: list[int]
    chars: dict[int, int]


def _read(data: bytes) -> _Font:
    at = data[2]
    _, at = _index(data, at)
    tops, at = _index(data, at)
    strings, at = _index(data, at)
    shared, _ = _index(data, at)
    if not tops:
        raise Broken
    top = _dict(tops[0])
    if _CHARSTRINGS not in top:
        raise Broken
    glyphs, _ = _index(data, int(top[_CHARSTRINGS][0]))
    if not 0 < len(glyphs) <= _MOST:
        raise Broken
    scale = top.get(_MATRIX, [0.001])[0]
    upem = round(1 / scale) if 1 / 16384 <= scale <= 1 / 16 else 1000
    names: list[str] = []
    widths = _Widths()
    if _ROS not in top:
        names = _names(data, int(top.get(_CHARSET, [0])[0]), len(glyphs), strings)
        size, where = (int(n) for n in (*top.get(_PRIVATE, []), 0, 0)[:2])
        private = _dict(data[where : where + size])
        own = int(private.get(_SUBRS, [0])[0])
        local = _index(data, where + own)[0] if own else []
        usual, nominal = private.get(20, [0.0])[0], private.get(21, [0.0])[0]
        widths = _Widths(usual, nominal, local, shared)
    chars: dict[int, int] = {}
    for glyph, name in enumerate(names):
        if char := char_of(name):
            chars.setdefault(ord(char), glyph)
    if _ROS in top:
        return _Font(upem, [upem] * len(glyphs), chars)
    return _Font(upem, [widths.of(code) for code in glyphs], chars)


def _index(data: bytes, at: int) -> tuple[list[bytes], int]:
    """An INDEX (§5) and where it ends."""
    count = struct.unpack_from(">H", data, at)[0]
    if not count:
        return [], at + 2
    size = data[at + 2]
    if not 1 <= size <= 4:
        raise Broken
    start = at + 3
    raw = data[start : start + size * (count + 1)]
    if len(raw) < size * (count + 1):
        raise Broken
    offsets = [int.from_bytes(raw[i : i + size], "big") for i in range(0, len(raw), size)]
    base = start + len(raw) - 1
    if any(b < a for a, b in pairwise(offsets)):
        raise Broken
    if base + offsets[-1] > len(data):
        raise Broken
    items = [data[base + a : base + b] for a, b in pairwise(offsets)]
    return items, base + offsets[-1]


def _dict(data: bytes) -> dict[int, list[float]]:
    """A DICT (§4): operator → numbers; two-byte operators as 1200 + the second."""
    found: dict[int, list[float]] = {}
    stack: list[float] = []
    at = 0
    while at < len(data):
        first = data[at]
        if first <= 21:
            at += 1
            if first == 12:
                first = 1200 + data[at]
                at += 1
            if stack:
                found[first] = stack
            stack = []
        elif first == 30:
            value, at = _real(data, at + 1)
            stack.append(value)
        elif first in (28, 29) or 32 <= first <= 254:
            number, at = _integer(data, at)
            stack.append(number)
        else:
            at += 1
    return found


def _real(data: bytes, at: int) -> tuple[float, int]:
    text = ""
    while True:
        byte = data[at]
        at += 1
        for nibble in (byte >> 4, byte & 15):
            if nibble == 15:
                return float(text or "0"), at
            text += "E-" if nibble == 12 else _REALS[nibble]


def _names(data: bytes, at: int, count: int, strings: list[bytes]) -> list[str]:
    """Names of the glyphs by the charset (§13)."""
    if at <= 2:
        return [".notdef", *(standard(sid) for sid in range(1, count))]
    return [_string(sid, strings) for sid in _charset(data, at, count)]


def _charset(data: bytes, at: int, count: int) -> list[int]:
    """The string or character identifier of each glyph."""
    kind = data[at]
    at += 1
    sids: list[int] = [0]
    while len(sids) < count:
        first = struct.unpack_from(">H", data, at)[0]
        at += 2
        if kind == 0:
            sids.append(first)
            continue
        left = data[at] if kind == 1 else struct.unpack_from(">H", data, at)[0]
        at += kind
        sids.extend(range(first, first + min(left, count) + 1))
    return sids[:count]


def _string(sid: int, strings: list[bytes]) -> str:
    own = sid - STANDARD_COUNT
    return strings[own].decode("latin-1") if 0 <= own < len(strings) else standard(sid)


class _Widths(NamedTuple):
    """What the beginnings of charstrings need: widths of the Private DICT, and subroutines."""

    usual: float = 0.0
    nominal: float = 0.0
    local: Sequence[bytes] = ()
    shared: Sequence[bytes] = ()

    def of(self, code: bytes) -> int:
        """The advance at the beginning of a Type 2 charstring, if it says one."""
        stack: list[float] = []
        first = self._first(code, stack, 0)
        wanted = {21: 2, 22: 1, 4: 1, 14: 0}.get(first)
        odd = len(stack) % 2 if wanted is None else len(stack) > wanted
        return round(self.nominal + stack[0] if odd and stack else self.usual)

    def _first(self, code: bytes, stack: list[float], depth: int) -> int:
        """The first operator that draws or hints; the numbers before it are on the stack."""
        at = 0
        while at < len(code) and len(stack) < 50:
            first = code[at]
            if first in (10, 29):
                routines = self.local if first == 10 else self.shared
                bias = 107 if len(routines) < 1240 else 1131 if len(routines) < 33900 else 32768
                number = int(stack.pop()) + bias if stack else -1
                if depth > 8 or not 0 <= number < len(routines):
                    return 14
                found = self._first(routines[number], stack, depth + 1)
                if found != 11:
                    return found
                at += 1
            elif first == 255:
                stack.append(struct.unpack_from(">i", code, at + 1)[0] / 65536)
                at += 5
            elif first == 28 or first >= 32:
                value, at = _integer(code, at)
                stack.append(value)
            else:
                return first
        return 11


def _integer(data: bytes, at: int) -> tuple[int, int]:
    """A number of a DICT or a charstring, and where it ends."""
    first = data[at]
    if first == 28:
        return int(struct.unpack_from(">h", data, at + 1)[0]), at + 3
    if first == 29:
        return int(struct.unpack_from(">i", data, at + 1)[0]), at + 5
    if first <= 246:
        return first - 139, at + 1
    if first <= 250:
        return (first - 247) * 256 + data[at + 1] + 108, at + 2
    return -(first - 251) * 256 - data[at + 1] - 108, at + 2


def written(charstrings: Sequence[bytes]) -> bytes:
    """A CFF font of these Type 2 charstrings; every width stands elsewhere, in hmtx."""
    header = bytes((1, 0, 4, 4))
    name = _packed([b"OFD"])
    empty = _packed([])
    glyphs = _packed(charstrings)
    charset = b"\2" + struct.pack(">HH", 1, len(charstrings) - 2) if charstrings[1:] else b"\0"
    size = len(_top(0, 0, 0))
    base = len(header) + len(name) + len(_packed([b"\0" * size])) + 2 * len(empty)
    top = _top(base, base + len(charset), base + len(charset) + len(glyphs))
    return header + name + _packed([top]) + empty + empty + charset + glyphs


def _top(charset: int, glyphs: int, private: int) -> bytes:
    def whole(value: int) -> bytes:
        return b"\x1d" + struct.pack(">i", value)

    return (
        whole(charset) + bytes((_CHARSET,)) + whole(glyphs) + bytes((_CHARSTRINGS,))
        + whole(0) + whole(private) + bytes((_PRIVATE,))
    )  # fmt: skip


def _packed(items: Sequence[bytes]) -> bytes:
    if not items:
        return b"\0\0"
    offsets = [1]
    for item in items:
        offsets.append(offsets[-1] + len(item))
    return struct.pack(f">HB{len(offsets)}I", len(items), 4, *offsets) + b"".join(items)
