"""Type 1 fonts (Adobe Type 1 Font Format, PFB and PFA): outlines read and written as CFF.

Decrypted, run with subroutines, flex and accents composed of two glyphs; hints are dropped.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from openrhip.formats.ofd.render.faces_cff import Broken, assemble, written
from openrhip.formats.ofd.render.faces_names import char_of, standard

_LARGEST = 2 << 20
_MOST = 20_000  # glyphs, subroutines
_STEPS = 50_000  # operators of one glyph
_DEEPEST = 12
_EEXEC, _CHARSTRING = 55_665, 4_330
_SUBR = re.compile(rb"dup\s+(\d{1,5})\s+(\d{1,5})\s+\S{1,20} ")
_GLYPH = re.compile(rb"/([^\s/]{1,80})\s+(\d{1,5})\s+\S{1,20} ")
_CODED = re.compile(rb"dup\s+(\d{1,3})\s*/([^\s/]{1,80})\s+put")
_MATRIX = re.compile(rb"/FontMatrix\s*\[\s*([-+.\deE]{1,20})")
_LENIV = re.compile(rb"/lenIV\s+(\d)")


def looks_like(data: bytes) -> bool:
    return data.startswith((b"\x80\x01", b"%!PS-AdobeFont", b"%!FontType1"))


def wrapped(data: bytes) -> bytes:
    """An OpenType file with the font's outlines. Raises Broken."""
    try:
        return program(data).file()
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise Broken from error


class Program(NamedTuple):
    """A font read. names: of its glyphs in their order; encoding: code → name, its own."""

    names: list[str]
    encoding: dict[int, str]
    drawn: list[tuple[bytes, float]]
    upem: int

    def file(self) -> bytes:
        """An OpenType file of it."""
        chars: dict[int, int] = {}
        places = {name: glyph for glyph, name in enumerate(self.names)}
        for glyph, name in enumerate(self.names):
            if char := char_of(name):
                chars.setdefault(ord(char), glyph)
        for code, name in self.encoding.items():  # names that tell nothing: the code does
            if name in places and not char_of(name):
                chars.setdefault(code, places[name])
        widths = [round(width) for _, width in self.drawn]
        return assemble(written([code for code, _ in self.drawn]), self.upem, widths, chars)


def program(data: bytes) -> Program:
    """The font as it is written. Raises Broken."""
    if len(data) > _LARGEST:
        raise Broken
    try:
        return _read(data)
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise Broken from error


def _read(data: bytes) -> Program:
    clear, private = _parts(data)
    found = _LENIV.search(private)
    skip = int(found[1]) if found else 4
    split = private.find(b"/CharStrings")
    if split < 0:
        raise Broken
    routines = dict(_listed(_SUBR, private[:split], skip))
    begin = private.find(b"begin", split)
    listed = _listed(_GLYPH, private[max(begin, split + 12) :], skip)
    outlines = {key.decode("latin-1"): code for key, code in listed}
    names = [".notdef", *(name for name in outlines if name != ".notdef")]
    running = _Running({int(key): code for key, code in routines.items()}, outlines)
    drawn = [running.glyph(name) for name in names]
    scale = _MATRIX.search(clear)
    em = float(scale[1]) if scale else 0.001
    upem = round(1 / em) if 1 / 16384 <= em <= 1 / 16 else 1000
    encoding = {int(code): key.decode("latin-1") for code, key in _CODED.findall(clear)}
    return Program(names, encoding, drawn, upem)


def _parts(data: bytes) -> tuple[bytes, bytes]:
    """What stands in clear, and the decrypted rest."""
    if data[:1] == b"\x80":
        data = _segments(data)
    at = data.find(b"eexec")
    if at < 0:
        raise Broken
    rest = data[at + 5 :].lstrip(b" \t\r\n")
    if re.fullmatch(rb"[0-9A-Fa-f\s]{8}", rest[:8]):
        digits = re.sub(rb"[^0-9A-Fa-f]", b"", rest)
        rest = bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
    return data[:at], _decrypted(rest, _EEXEC, 4)


def _segments(data: bytes) -> bytes:
    out: list[bytes] = []
    at = 0
    while at + 6 <= len(data) and data[at] == 0x80 and data[at + 1] in (1, 2):
        size = struct.unpack_from("<I", data, at + 2)[0]
        out.append(data[at + 6 : at + 6 + size])
        at += 6 + size
    return b"".join(out)


def _decrypted(data: bytes, key: int, skip: int) -> bytes:
    out = bytearray(len(data))
    for at, byte in enumerate(data):
        out[at] = byte ^ (key >> 8)
        key = ((byte + key) * 52_845 + 22_719) & 0xFFFF
    return bytes(out[skip:])


def _listed(pattern: re.Pattern[bytes], data: bytes, skip: int) -> list[tuple[bytes, bytes]]:
    """Names or numbers with their charstrings: each says its length, then come its bytes."""
    found: list[tuple[bytes, bytes]] = []
    at = 0
    while len(found) < _MOST and (match := pattern.search(data, at)):
        end = match.end() + int(match[2])
        found.append((match[1], _decrypted(data[match.end() : end], _CHARSTRING, skip)))
        at = end
    return found


@dataclass(slots=True)
class _Pen:
    """A glyph being drawn: operators of Type 2, the point in font units, the width."""

    out: list[bytes] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    side: float = 0.0
    last: tuple[int, int] = (0, 0)
    open: bool = False
    flex: list[tuple[float, float]] | None = None  # from the point where it began
    left: int = _STEPS

    def move(self, dx: float, dy: float) -> None:
        self.x += dx
        self.y += dy
        if self.flex is not None:
            self.flex.append((self.x, self.y))
        else:
            self.open = False

    def draw(self, verb: int, *points: tuple[float, float]) -> None:
        if not self.open:
            self.open = True
            self._put(21, (self.x, self.y))
        self._put(verb, *points)
        self.x, self.y = points[-1]

    def _put(self, verb: int, *points: tuple[float, float]) -> None:
        words: list[bytes] = []
        for x, y in points:
            to = (round(x), round(y))
            words += [_number(to[0] - self.last[0]), _number(to[1] - self.last[1])]
            self.last = to
        self.out.append(b"".join(words) + bytes((verb,)))

    def line(self, dx: float, dy: float) -> None:
        self.draw(5, (self.x + dx, self.y + dy))

    def curve(self, a: float, b: float, c: float, d: float, e: float, f: float) -> None:
        p = (self.x + a, self.y + b)
        q = (p[0] + c, p[1] + d)
        self.draw(8, p, q, (q[0] + e, q[1] + f))


def _number(value: int) -> bytes:
    return b"\x1c" + struct.pack(">h", max(min(value, 32_767), -32_768))


class _Running:
    """Runs charstrings of Type 1."""

    def __init__(self, routines: Mapping[int, bytes], outlines: Mapping[str, bytes]) -> None:
        self._routines = routines
        self._outlines = outlines

    def glyph(self, name: str) -> tuple[bytes, float]:
        """A glyph as a Type 2 charstring, and its width."""
        pen = _Pen()
        self._run(self._outlines.get(name, b"\x0e"), pen, [], [], 0)
        return b"".join(pen.out) + b"\x0e", pen.width

    def _run(
        self, code: bytes, pen: _Pen, stack: list[float], given: list[float], depth: int
    ) -> bool:
        """True if the glyph has ended."""
        at = 0
        while at < len(code):
            byte = code[at]
            at += 1
            pen.left -= 1
            if pen.left < 0 or len(stack) > 100:
                raise Broken
            if byte >= 32:
                value, at = _value(code, at - 1)
                stack.append(value)
            elif byte == 10:
                routine = self._routines.get(int(stack.pop()), b"\x0b")
                if depth >= _DEEPEST:
                    raise Broken
                if self._run(routine, pen, stack, given, depth + 1):
                    return True
            elif byte == 11:
                return False
            elif byte == 12:
                if self._escape(code[at], pen, stack, given, depth):
                    return True
                at += 1
            elif byte == 14:
                return True
            else:
                _plain(byte, pen, stack)
                stack.clear()
        return False

    def _escape(
        self, kind: int, pen: _Pen, stack: list[float], given: list[float], depth: int
    ) -> bool:
        if kind == 12:
            below = stack.pop()
            stack.append(stack.pop() / below if below else 0.0)
        elif kind == 16:
            _other(pen, stack, given)
        elif kind == 17:
            stack.append(given.pop() if given else 0.0)
        elif kind == 6:
            self._accented(pen, stack, depth)
            return True
        else:
            if kind == 7:
                pen.x, pen.y, pen.width = stack[0], stack[1], stack[2]
                pen.side = pen.x
            stack.clear()
        return False

    def _accented(self, pen: _Pen, stack: list[float], depth: int) -> None:
        """seac: a base glyph and an accent shifted onto it, both of the standard encoding."""
        if depth >= _DEEPEST or len(stack) < 5:
            raise Broken
        side, dx, dy, base, accent = stack[-5:]
        width, own = pen.width, pen.side
        for code, x, y in ((base, 0.0, 0.0), (accent, own - side + dx, dy)):
            part = _Pen(pen.out, last=pen.last, left=pen.left)
            name = standard(_standard_code(int(code)))
            moved = self._outlines.get(name, b"\x0e")
            shifted = _Shifted(part, x, y)
            self._run(moved, shifted, [], [], depth + 1)
            pen.last, pen.left = shifted.last, shifted.left
        pen.width = width


class _Shifted(_Pen):
    """Draws at another place."""

    __slots__ = ("_by",)

    def __init__(self, pen: _Pen, dx: float, dy: float) -> None:
        super().__init__(pen.out, last=pen.last, left=pen.left)
        self._by = (dx, dy)

    def _put(self, verb: int, *points: tuple[float, float]) -> None:
        dx, dy = self._by
        _Pen._put(self, verb, *((x + dx, y + dy) for x, y in points))  # noqa: SLF001 -- its own


def _plain(byte: int, pen: _Pen, stack: list[float]) -> None:
    if byte == 13:
        pen.x, pen.width = stack[0], stack[1]
        pen.side = pen.x
    elif byte == 21:
        pen.move(stack[-2], stack[-1])
    elif byte == 22:
        pen.move(stack[-1], 0)
    elif byte == 4:
        pen.move(0, stack[-1])
    elif byte == 5:
        pen.line(stack[0], stack[1])
    elif byte == 6:
        pen.line(stack[0], 0)
    elif byte == 7:
        pen.line(0, stack[0])
    elif byte == 8:
        pen.curve(*stack[:6])
    elif byte == 30:
        pen.curve(0, stack[0], stack[1], stack[2], stack[3], 0)
    elif byte == 31:
        pen.curve(stack[0], 0, stack[1], stack[2], 0, stack[3])
    elif byte == 9:
        pen.open = False


def _other(pen: _Pen, stack: list[float], given: list[float]) -> None:
    """OtherSubrs: 1 begins a flex, 2 adds a point, 0 ends it; 3 replaces hints."""
    number, count = int(stack.pop()), int(stack.pop())
    words = [stack.pop() for _ in range(min(count, len(stack)))]
    if number == 1:
        pen.flex = [(pen.x, pen.y)]
    elif number == 0 and pen.flex is not None:
        points, pen.flex = pen.flex, None
        if len(points) == 8:
            pen.x, pen.y = points[0]
            pen.draw(8, *points[2:5])
            pen.draw(8, *points[5:8])
        given[:] = [pen.y, pen.x]
    elif number == 3:
        given[:] = [3.0]
    elif number != 2:
        given[:] = words


def _value(code: bytes, at: int) -> tuple[float, int]:
    first = code[at]
    if first <= 246:
        return first - 139, at + 1
    if first <= 250:
        return (first - 247) * 256 + code[at + 1] + 108, at + 2
    if first <= 254:
        return -(first - 251) * 256 - code[at + 1] - 108, at + 2
    return struct.unpack_from(">i", code, at + 1)[0], at + 5


_RANGES = (
    (32, 126, 1), (161, 175, 96), (177, 180, 111), (182, 189, 115), (191, 191, 123),
    (193, 200, 124), (202, 203, 132), (205, 208, 134), (225, 225, 138), (227, 227, 139),
    (232, 235, 140), (241, 241, 144), (245, 245, 145), (248, 251, 146),
)  # fmt: skip


def _standard_code(code: int) -> int:
    """The standard string of a code of the standard encoding."""
    for first, last, sid in _RANGES:
        if first <= code <= last:
            return sid + code - first
    return 0
