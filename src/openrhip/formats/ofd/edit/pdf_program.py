"""Font programs of a PDF, prepared to travel in an OFD package (字体程序).

TrueType and OpenType keep their tables but get a cmap of the text they show; bare CFF and Type 1
are put into OpenType. Sources: ISO 32000-1 §9.6.6, §9.9; OpenType 1.9 (cmap); Adobe Technical Note
5176 (CFF).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from openrhip.formats.ofd.edit.pdf_names import base_encoding, char_of
from openrhip.formats.ofd.render import faces_cff, faces_sfnt, faces_type1
from openrhip.formats.ofd.render.faces_names import STANDARD_COUNT, standard
from openrhip.formats.ofd.render.faces_open import open_font

_KEPT = ("CFF ", "glyf", "loca", "head", "hhea", "hmtx", "maxp", "cvt ", "fpgm", "prep")
_MOST = 65_535


@dataclass
class Program:
    """A font file. cmaps: (platform, encoding) → code → glyph; names: glyph name → glyph; cids: CID
    → glyph where the font has its own; encoding: code → glyph of its own encoding.

    chars: what has been given a glyph by its character; the file's cmap is made of them.
    """

    tables: dict[str, bytes]
    count: int
    upem: int
    cmaps: dict[tuple[int, int], dict[int, int]] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    cids: dict[int, int] | None = None
    encoding: dict[int, int] = field(default_factory=dict)
    chars: dict[int, int] = field(default_factory=dict)
    widths: dict[int, float] = field(default_factory=dict)
    resource: int = 0

    def of_char(self, char: str) -> int:
        """The glyph of a character by the font's own tables."""
        if len(char) == 1:
            for key in ((3, 10), (0, 4), (0, 6), (3, 1), (0, 3), (0, 2), (0, 1), (0, 0)):
                if found := self.cmaps.get(key, {}).get(ord(char)):
                    return found
        return 0

    def file(self, family: str) -> bytes:
        """The font file: tables that other programs ask for are made up."""
        parts = {tag: data for tag, data in self.tables.items() if tag in _KEPT}
        parts = faces_sfnt.completed(parts, upem=self.upem, count=self.count)
        if self.widths and "CFF " in parts:
            each = [round(self.widths.get(at, 0.0) * self.upem / 1000) for at in range(self.count)]
            parts["hhea"] = faces_sfnt.hhea(self.upem, self.count)
            parts["hmtx"] = b"".join(struct.pack(">Hh", min(max(w, 0), 0xFFFF), 0) for w in each)
        codes = sorted(self.chars)
        parts["cmap"] = faces_sfnt.cmap(self.chars or {0xFFFD: 0})
        parts["OS/2"] = faces_sfnt.os2(self.upem, codes)
        parts["post"], parts["name"] = faces_sfnt.post(), faces_sfnt.name(family[:60] or "OFD")
        return faces_sfnt.build(parts)


def load(data: bytes, kind: str) -> Program | None:
    """A font file of a PDF; kind: its key there. None if nothing can be drawn with it."""
    try:
        made = _load(data, kind)
    except (faces_cff.Broken, struct.error, IndexError, ValueError, KeyError, OverflowError):
        return None
    if made is None or open_font(made.file("check")) is None:
        return None
    return made


def _load(data: bytes, kind: str) -> Program | None:
    if faces_cff.looks_like(data) and not data.startswith((b"\0\1\0\0", b"OTTO")):
        return _bare(data)
    if kind == "FontFile" or faces_type1.looks_like(data):
        return _of_type1(data)
    tables = faces_sfnt.tables(data)
    if "CFF " in tables:
        made = _bare(tables["CFF "])
        made.cmaps = _cmaps(tables.get("cmap", b""))
        return made
    if "loca" in tables:
        tables.setdefault("glyf", bytes(4))  # a font of nothing but blanks
    if not {"glyf", "loca"} <= tables.keys():
        return None
    fixed = faces_sfnt.completed({tag: tables[tag] for tag in tables if tag in _KEPT})
    count = struct.unpack_from(">H", fixed["maxp"], 4)[0]
    upem = struct.unpack_from(">H", fixed["head"], 18)[0]
    names = _post_names(tables.get("post", b""))
    return Program(
        fixed, count, upem if 16 <= upem <= 16384 else 1000, _cmaps(tables.get("cmap", b"")), names
    )


def _of_type1(data: bytes) -> Program:
    font = faces_type1.program(data)
    made = _bare(faces_sfnt.tables(font.file())["CFF "])
    made.names = {name: glyph for glyph, name in reversed(list(enumerate(font.names)))}
    made.upem = font.upem
    made.cids = None
    found = {code: made.names[name] for code, name in font.encoding.items() if name in made.names}
    if not found:
        chars = {char_of(name): glyph for name, glyph in made.names.items() if char_of(name)}
        usual = base_encoding("StandardEncoding")
        found = {code: chars[char] for code, char in usual.items() if char in chars}
    made.encoding = found
    return made


def _bare(data: bytes) -> Program:
    """A CFF font with the tables that OpenType wants around it."""
    font = _Cff(data)
    tables = {
        "CFF ": data,
        "head": faces_sfnt.head(font.upem),
        "maxp": faces_sfnt.maxp(font.count, outlines=False),
    }
    made = Program(tables, font.count, font.upem)
    if font.keyed:
        made.cids = {sid: glyph for glyph, sid in enumerate(font.charset)}
    else:
        for glyph, sid in enumerate(font.charset):
            made.names.setdefault(font.string(sid), glyph)
        made.encoding = font.encoding(made.names)
    return made


class _Cff:
    """What of a CFF font is needed to find its glyphs."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        _, at = index(data, data[2])
        tops, at = index(data, at)
        self._strings, _ = index(data, at)
        self._top = dictionary(tops[0])
        glyphs, _ = index(data, int(self._top[17][0]))
        self.count = len(glyphs)
        if not 0 < self.count <= _MOST:
            raise faces_cff.Broken
        self.keyed = 1230 in self._top
        scale = self._top.get(1207, [0.001])[0]
        self.upem = round(1 / scale) if 1 / 16384 <= scale <= 1 / 16 else 1000
        self.charset = self._charset(int(self._top.get(15, [0])[0]))

    def string(self, sid: int) -> str:
        own = sid - STANDARD_COUNT
        if 0 <= own < len(self._strings):
            return self._strings[own].decode("latin-1")
        return standard(sid)

    def _charset(self, at: int) -> list[int]:
        if at <= 2:
            return list(range(self.count))
        data, kind = self._data, self._data[at]
        at += 1
        found = [0]
        while len(found) < self.count:
            first = struct.unpack_from(">H", data, at)[0]
            at += 2
            if kind == 0:
                found.append(first)
                continue
            left = data[at] if kind == 1 else struct.unpack_from(">H", data, at)[0]
            at += kind
            found.extend(range(first, first + min(left, self.count) + 1))
        return found[: self.count]

    def encoding(self, names: dict[str, int]) -> dict[int, int]:
        """Code → glyph."""
        at = int(self._top.get(16, [0])[0])
        if at <= 1:
            chars = {char_of(name): glyph for name, glyph in names.items() if char_of(name)}
            usual = base_encoding("StandardEncoding")
            return {code: chars[char] for code, char in usual.items() if char in chars}
        data, kind = self._data, self._data[at] & 0x7F
        more = self._data[at] & 0x80
        count = data[at + 1]
        at += 2
        found: dict[int, int] = {}
        if kind == 0:
            for glyph in range(1, count + 1):
                found[data[at + glyph - 1]] = glyph
            at += count
        else:
            glyph = 1
            for _ in range(count):
                first, left = data[at], data[at + 1]
                at += 2
                for code in range(first, first + left + 1):
                    found[code] = glyph
                    glyph += 1
        if more:
            for place in range(data[at]):
                code, sid = struct.unpack_from(">BH", data, at + 1 + 3 * place)
                found[code] = names.get(self.string(sid), 0)
        return found


def index(data: bytes, at: int) -> tuple[list[bytes], int]:
    """An INDEX of CFF and where it ends."""
    count = struct.unpack_from(">H", data, at)[0]
    if not count:
        return [], at + 2
    size, start = data[at + 2], at + 3
    raw = data[start : start + size * (count + 1)]
    if not 1 <= size <= 4 or len(raw) < size * (count + 1):
        raise faces_cff.Broken
    offsets = [int.from_bytes(raw[i : i + size], "big") for i in range(0, len(raw), size)]
    base = start + len(raw) - 1
    if any(b < a for a, b in pairwise(offsets)) or base + offsets[-1] > len(data):
        raise faces_cff.Broken
    return [data[base + a : base + b] for a, b in pairwise(offsets)], base + offsets[-1]


def dictionary(data: bytes) -> dict[int, list[float]]:
    """A DICT of CFF: operator → numbers; two-byte operators as 1200 + the second."""
    found: dict[int, list[float]] = {}
    stack: list[float] = []
    at = 0
    while at < len(data):
        first = data[at]
        at += 1
        if first <= 21:
            if first == 12:
                first = 1200 + data[at]
                at += 1
            if stack:
                found[first] = stack
            stack = []
        elif first == 28:
            stack.append(struct.unpack_from(">h", data, at)[0])
            at += 2
        elif first == 29:
            stack.append(struct.unpack_from(">i", data, at)[0])
            at += 4
        elif first == 30:
            text = ""
            while not text.endswith("f"):
                text += f"{data[at]:02x}"
                at += 1
            text = text.partition("f")[0].replace("a", ".").replace("c", "E-").replace("b", "E")
            stack.append(float(text.replace("e", "-") if text.startswith("e") else text or 0))
        elif 32 <= first <= 246:
            stack.append(first - 139)
        elif first <= 254:
            high = (first - 247) * 256 if first <= 250 else -(first - 251) * 256
            stack.append(high + data[at] + 108 if first <= 250 else high - data[at] - 108)
            at += 1
    return found


def _cmaps(table: bytes) -> dict[tuple[int, int], dict[int, int]]:
    """The subtables of a cmap that are of a known format."""
    found: dict[tuple[int, int], dict[int, int]] = {}
    if len(table) < 4:
        return found
    for number in range(min(struct.unpack_from(">H", table, 2)[0], 32)):
        try:
            platform, encoding, at = struct.unpack_from(">HHI", table, 4 + 8 * number)
            reader = _READERS.get(struct.unpack_from(">H", table, at)[0])
            if reader is not None:
                found[platform, encoding] = reader(table, at)
        except (struct.error, IndexError):
            continue
    return found


def _format0(table: bytes, at: int) -> dict[int, int]:
    return {code: glyph for code, glyph in enumerate(table[at + 6 : at + 262]) if glyph}


def _format4(table: bytes, at: int) -> dict[int, int]:
    count = struct.unpack_from(">H", table, at + 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", table, at + 14)
    starts = struct.unpack_from(f">{count}H", table, at + 16 + 2 * count)
    deltas = struct.unpack_from(f">{count}H", table, at + 16 + 4 * count)
    base = at + 16 + 6 * count
    offsets = struct.unpack_from(f">{count}H", table, base)
    found: dict[int, int] = {}
    for i in range(count):
        for code in range(starts[i], min(ends[i], 0xFFFE) + 1):
            glyph = code
            if offsets[i]:
                place = base + 2 * i + offsets[i] + 2 * (code - starts[i])
                if place + 2 > len(table):
                    break
                glyph = struct.unpack_from(">H", table, place)[0]
                if not glyph:
                    continue
            glyph = (glyph + deltas[i]) & 0xFFFF
            if glyph:
                found[code] = glyph
    return found


def _format6(table: bytes, at: int) -> dict[int, int]:
    first, count = struct.unpack_from(">HH", table, at + 6)
    glyphs = struct.unpack_from(f">{count}H", table, at + 10)
    return {first + i: glyph for i, glyph in enumerate(glyphs) if glyph}


def _format12(table: bytes, at: int) -> dict[int, int]:
    found: dict[int, int] = {}
    count = min(struct.unpack_from(">I", table, at + 12)[0], 100_000)
    for i in range(count):
        first, last, glyph = struct.unpack_from(">III", table, at + 16 + 12 * i)
        for code in range(first, min(last, first + _MOST) + 1):
            found[code] = glyph + code - first
        if len(found) > 2 * _MOST:
            break
    return found


_READERS: dict[int, Callable[[bytes, int], dict[int, int]]] = {
    0: _format0, 4: _format4, 6: _format6, 12: _format12,
}  # fmt: skip


def _post_names(table: bytes) -> dict[str, int]:
    """Glyph names of a post table of version 2, without the 258 of the Macintosh."""
    found: dict[str, int] = {}
    if len(table) < 34 or table[:4] != b"\0\2\0\0":
        return found
    count = struct.unpack_from(">H", table, 32)[0]
    numbers = struct.unpack_from(
        f">{count}H", table[: 34 + 2 * count].ljust(34 + 2 * count, b"\0"), 34
    )
    words: list[str] = []
    at = 34 + 2 * count
    while at < len(table):
        size = table[at]
        words.append(table[at + 1 : at + 1 + size].decode("latin-1"))
        at += 1 + size
    for glyph, number in enumerate(numbers):
        if 258 <= number < 258 + len(words):
            found.setdefault(words[number - 258], glyph)
    return found
