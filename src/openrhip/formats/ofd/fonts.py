"""Typefaces: which glyph, how wide, and the subset that travels in the file.

宋体 look: Noto Serif SC; 黑体 look: Noto Sans SC; real bold and rare characters: Noto Sans CJK
(variable). All three arrive as package dependencies under the SIL Open Font License. Faces are
memory-mapped and kept for the life of the process; nothing here is per document but `Usage`.
"""

from __future__ import annotations

import enum
import threading
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import manimgx_fonts_cjk
import pylopdf_fonts_zh_cn
import uharfbuzz as hb

from openrhip.kernel.errors import Misconfigured

GETA = "〓"  # 下駄/空铅: the printers' sign for a character that is not in the case

_WIDE = "\u2e80"  # from here on characters are one em wide as a rule
_WEIGHT = "wght"
_SC = 2  # place of the Simplified Chinese face in the collection
_PREPROCESS_AFTER = 12  # subsets; a one-off 0.2 to 0.4 s then makes each later one 3 times faster
_DROPPED = ("GSUB", "GPOS", "GDEF", "BASE", "DSIG", "VORG", "vhea", "vmtx", "STAT")
_DROPPED_TAGS = [int.from_bytes(tag.encode(), "big") for tag in _DROPPED]
_FLAGS = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NO_LAYOUT_CLOSURE


class Font(enum.Enum):
    """A font of the document: (name in the file, weight, serif, file of the package)."""

    SERIF = ("Noto Serif SC", 0, True)
    SANS = ("Noto Sans SC", 0, False)
    BOLD = ("Noto Sans CJK SC Bold", 700, False)
    MORE = ("Noto Serif SC More", 0, True)
    RARE = ("Noto Sans CJK SC", 400, False)
    RARE_BOLD = ("Noto Sans CJK SC Rare Bold", 700, False)

    __hash__ = object.__hash__  # members are unique; the usual hash of enums is slow

    def __init__(self, label: str, weight: int, serif: bool) -> None:
        self.label = label
        self.weight = weight
        self.serif = serif


# where a character is looked for when the wanted font lacks it
_NEXT = {
    Font.SERIF: Font.MORE,
    Font.MORE: Font.RARE,
    Font.SANS: Font.RARE,
    Font.BOLD: Font.RARE_BOLD,
    Font.RARE: None,
    Font.RARE_BOLD: None,
}


def _path(font: Font) -> Path:
    if font in {Font.SERIF, Font.MORE}:
        return Path(pylopdf_fonts_zh_cn.serif_path())
    if font is Font.SANS:
        return Path(pylopdf_fonts_zh_cn.sans_path())
    return Path(manimgx_fonts_cjk.__file__).with_name("NotoSansCJK-VF.otf.ttc")


_BLOCKS = (
    (0x20, 0x7F), (0xA0, 0x180), (0x370, 0x460), (0x2010, 0x2040), (0x2070, 0x20A0),
    (0x2100, 0x2400), (0x2460, 0x2700), (0x3000, 0x3040), (0xFF00, 0xFFF0),
)  # fmt: skip
_NAMES = "堃喆祎珺玥翀璟犇垚焱旸晞曈濛烜燊玘玙珈珩瑄璎甯竑筠芃苡蓁赟郗霈韫頔飏骁骉"


@lru_cache(maxsize=1)
def _everyday() -> frozenset[int]:
    """GB/T 2312, Latin, Greek, Cyrillic, signs, and what names often hold beyond."""
    marks = "".join(
        bytes((row, cell)).decode("gb2312", "ignore")
        for row in range(0xA1, 0xF8)
        for cell in range(0xA1, 0xFF)
    )
    blocks = (code for first, end in _BLOCKS for code in range(first, end))
    return frozenset({*blocks, *map(ord, marks), *map(ord, _NAMES)})


_EVERYDAY_FONTS = frozenset({Font.SERIF, Font.SANS, Font.BOLD})


class _Face:
    """One loaded font: nominal glyphs and advances, and subsets of it.

    The everyday fonts stop at GB/T 2312, what lies beyond is another `Font`: so their subsets can
    always come from a small face. It is made once a process has use for it; until then the whole
    face gives the same bytes more slowly.
    """

    def __init__(self, font: Font) -> None:
        path = _path(font)
        try:
            blob = hb.Blob.from_file_path(str(path))
        except (OSError, hb.HarfBuzzError) as error:
            raise Misconfigured(
                "a font file is missing",
                where=path.name,
                remedy="install the font packages named in pyproject.toml",
            ) from error
        self.font = font
        self.face = hb.Face(blob, _SC if font.weight else 0)
        self.weight = font.weight
        self._everyday = _everyday() if font in _EVERYDAY_FONTS else None
        if font is Font.BOLD:  # pinning a weight takes long: once for all
            self.face = self._subset(self.face, _everyday())
            self.weight = 0
        self.shaper = hb.Font(self.face)
        if self.weight:
            self.shaper.set_variations({_WEIGHT: float(self.weight)})
        self.upem: int = self.face.upem
        self._small: hb.Face | None = None
        self._count = 0
        self._lock = threading.Lock()

    def glyph(self, char: str) -> int:
        """The nominal glyph, 0 if this font is not the one for the character."""
        if self._everyday is not None and ord(char) not in self._everyday:
            return 0
        return self.shaper.get_nominal_glyph(ord(char)) or 0

    def advance(self, glyph: int) -> float:
        """In em."""
        return float(self.shaper.get_glyph_h_advance(glyph)) / self.upem

    def _subset(self, face: hb.Face, codes: Iterable[int]) -> hb.Face:
        wanted = hb.SubsetInput()
        wanted.unicode_set.update(codes)
        wanted.layout_feature_tag_set.clear()
        wanted.drop_table_tag_set.update(_DROPPED_TAGS)
        wanted.flags = _FLAGS
        if self.weight:
            wanted.pin_axis_location(face, _WEIGHT, float(self.weight))
            wanted.flags = _FLAGS | hb.SubsetFlags.DOWNGRADE_CFF2
        return wanted.subset(face)

    def warm(self) -> None:
        """Make the small face, prepared for quick subsetting."""
        with self._lock:
            if self._small is None and self._everyday is not None:
                whole = self.font is not Font.BOLD
                small = self._subset(self.face, self._everyday) if whole else self.face
                self._small = hb.subset_preprocess(small)

    def subset(self, chars: Iterable[str]) -> bytes:
        """An OpenType (CFF) file with these characters only, the same bytes for the same set."""
        if self._small is None:
            self._count += 1
            if self._count > _PREPROCESS_AFTER:
                self.warm()
        return bytes(self._subset(self._small or self.face, map(ord, chars)).blob.data)


_faces: dict[Font, _Face] = {}
_loading = threading.Lock()


def _face(font: Font) -> _Face:
    face = _faces.get(font)
    if face is None:
        with _loading:
            face = _faces.get(font)
            if face is None:
                face = _faces[font] = _Face(font)
    return face


def loaded(font: Font) -> tuple[hb.Face, int]:
    """A font's face as loaded, and the weight it must be pinned at (0: none)."""
    face = _face(font)
    return face.face, face.weight


def warm() -> None:
    """Load and prepare the everyday fonts now, for a process that will write many documents."""
    for font in (Font.SERIF, Font.BOLD):
        _face(font).warm()


class StandIn(NamedTuple):
    """How a character that no font has is drawn by another's glyph: its scale, and its rise as a
    part of the size."""

    plain: str
    scale: float = 1.0
    rise: float = 0.0


_MOST_WORDS = 10_000

_ALIKE = dict(zip("☐☑☒✓✔✗✘\u2011\u2212", "□□□√√××--", strict=True))
_RAISED = {"<super>": StandIn("", 0.62, 0.36), "<sub>": StandIn("", 0.62, -0.14)}


def stand_in(char: str) -> StandIn | None:
    """Superscripts, subscripts, boxes and ticks drawn by what the fonts do have."""
    if char in _ALIKE:
        return StandIn(_ALIKE[char])
    kind, _, code = unicodedata.decomposition(char).partition(" ")
    if kind in _RAISED and code and " " not in code:
        return _RAISED[kind]._replace(plain=chr(int(code, 16)))
    return None


class _Texts(dict[str, str]):
    """Widths as DeltaX has them."""

    def __init__(self, table: Advances) -> None:
        super().__init__()
        self._table = table

    def __missing__(self, char: str) -> str:
        made = self[char] = f"{self._table[char]:.5g}"
        return made


class _Words(dict[str, tuple[str, float, str]]):
    """Per word: the widths of all characters but the last as DeltaX has them, that of the last as
    a number and as written. Forgets everything when it has grown large."""

    def __init__(self, table: Advances) -> None:
        super().__init__()
        self._table = table

    def __missing__(self, word: str) -> tuple[str, float, str]:
        if len(self) > _MOST_WORDS:
            self.clear()
        text = self._table.text
        made = self[word] = (
            " ".join(map(text.__getitem__, word[:-1])), self._table[word[-1]], text[word[-1]]
        )  # fmt: skip
        return made


class Advances(dict[str, float]):
    """Widths in mm of characters in a font at a size; knows which come from another font.

    `strange` maps a character to the font that has it, or to None where no font has it: such a
    character is drawn by its stand-in, else as 〓 and reported. `odd` holds wide characters that
    are not one em wide.
    """

    def __init__(self, font: Font, size: float) -> None:
        super().__init__()
        self.font = font
        self.size = size
        self.strange: dict[str, Font | None] = {}
        self.odd: set[str] = set()
        self.stand_ins: dict[str, StandIn] = {}
        self.text = _Texts(self)
        self.words = _Words(self)

    def __missing__(self, char: str) -> float:
        font: Font | None = self.font
        while font is not None:
            face = _face(font)
            glyph = face.glyph(char)
            if glyph:
                if font is not self.font:
                    self.strange[char] = font
                width = face.advance(glyph) * self.size
                if char >= _WIDE and abs(width - self.size) > 1e-9:
                    self.odd.add(char)
                self[char] = width
                return width
            font = _NEXT[font]
        self.strange[char] = None
        return self._stand_in(char)

    def _stand_in(self, char: str) -> float:
        found = stand_in(char)
        width = self.size
        if found is not None and found.plain not in self.strange and self[found.plain]:
            width = self[found.plain] * found.scale
            self.stand_ins[char] = found
        self[char] = width
        if char >= _WIDE or abs(width - self.size) > 1e-9:
            self.odd.add(char)
        return width


@lru_cache(maxsize=128)
def advances(font: Font, size: float) -> Advances:
    """size in mm."""
    return Advances(font, size)


@dataclass
class Usage:
    """The characters a document uses in each font, and those no font has."""

    chars: dict[Font, set[str]] = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)

    def add(self, font: Font, text: str) -> None:
        known = self.chars.get(font)
        if known is None:
            self.chars[font] = set(text)
        else:
            known.update(text)

    def files(self) -> dict[Font, bytes]:
        """The subset font files, in the order of `Font`."""
        return {font: _face(font).subset(self.chars[font]) for font in Font if font in self.chars}


def has(font: Font, char: str) -> bool:
    """Whether a font is the one for a character."""
    return bool(_face(font).glyph(char))


def subset(font: Font, chars: Iterable[str]) -> bytes:
    """An OpenType (CFF) file with these characters only."""
    return _face(font).subset(chars)


def glyph_in(data: bytes, char: str) -> int:
    """The glyph number of a character in a subset file (for CGTransform)."""
    return hb.Font(hb.Face(data)).get_nominal_glyph(ord(char)) or 0
