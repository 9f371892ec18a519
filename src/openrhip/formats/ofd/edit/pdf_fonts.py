"""Fonts of a PDF: what each code shows, how wide it is, and what it means (字体与文字).

Sources: ISO 32000-1 §9.6 (simple fonts), §9.7 (composite fonts), §9.10 (meaning of text).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import pikepdf

from openrhip.formats.ofd.edit import pdf_cmap, unseen
from openrhip.formats.ofd.edit.book import Book, FontLook
from openrhip.formats.ofd.edit.pdf_cmap import CMap
from openrhip.formats.ofd.edit.pdf_descriptor import (
    SYMBOLIC,
    cid_heights,
    cid_widths,
    differences,
    look_of,
    reach,
)
from openrhip.formats.ofd.edit.pdf_limits import Meter
from openrhip.formats.ofd.edit.pdf_metrics import standard_widths
from openrhip.formats.ofd.edit.pdf_names import base_encoding, char_of
from openrhip.formats.ofd.edit.pdf_numbers import (
    get,
    key_of,
    matrix,
    name_of,
    real,
    reals,
    whole,
)
from openrhip.formats.ofd.edit.pdf_program import Program, load
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.render.geometry import Matrix
from openrhip.kernel.errors import Problem, TooLarge


class Shown(NamedTuple):
    """One code of a string: its glyph (None: by the character), what it means, its advance in
    1/1000 em, the place of its vertical origin, and whether word spacing applies."""

    glyph: int | None
    text: str
    width: float
    code: int
    origin: tuple[float, float] = (0.0, 0.0)
    space: bool = False


@dataclass
class PdfFont:
    """A font as the content uses it. resource: its number in the new document."""

    look: FontLook
    program: Program | None
    resource: int
    vertical: bool = False
    cmap: CMap | None = None
    meaning: CMap | None = None
    gids: bytes | None = None
    widths: dict[int, float] = field(default_factory=dict)
    usual: float = 0.0
    tall: dict[int, tuple[float, float, float]] = field(default_factory=dict)
    usual_tall: tuple[float, float] = (880.0, -1000.0)
    texts: dict[int, str] = field(default_factory=dict)
    glyphs: dict[int, int] = field(default_factory=dict)
    reach: tuple[float, float] = (-0.3, 0.95)
    procs: object = None
    names: dict[int, str] = field(default_factory=dict)
    matrix: Matrix = (0.001, 0.0, 0.0, 0.001, 0.0, 0.0)
    resources: object = None
    _known: dict[int, Shown] = field(default_factory=dict)

    @property
    def drawn(self) -> bool:
        """Type 3: each glyph is a piece of content."""
        return self.procs is not None

    def show(self, data: bytes) -> Iterator[Shown]:
        """What a string shows, code by code."""
        if self.cmap is None:
            for code in data:
                found = self._known.get(code)
                if found is None:
                    found = self._known[code] = self._simple(code)
                yield found
            return
        for code, raw in self.cmap.codes(data):
            found = self._known.get(code)
            if found is None or len(raw) == 1:
                found = self._known[code] = self._composite(code, raw)
            yield found

    def _simple(self, code: int) -> Shown:
        text = self.meaning.text(code, b"") if self.meaning else ""
        text = text or self.texts.get(code, "")
        glyph = None if self.program is None else self.glyphs.get(code, 0)
        return Shown(glyph, text, self.widths.get(code, self.usual), code, space=code == 32)

    def _composite(self, code: int, raw: bytes) -> Shown:
        cmap = self.cmap
        cid = cmap.cid(code) if cmap else code
        text = self.meaning.text(code, raw) if self.meaning else ""
        if not text and cmap is not None:
            text = cmap.text(code, raw)
        glyph: int | None = None
        program = self.program
        if program is not None:
            glyph = self.glyph(program, cid, text)
        width = self.widths.get(cid, self.usual)
        origin = (0.0, 0.0)
        if self.vertical:
            down = self.tall.get(cid)
            origin = (down[1], down[2]) if down else (width / 2, self.usual_tall[0])
            width = down[0] if down else self.usual_tall[1]
        space = len(raw) == 1 and code == 32
        return Shown(glyph, text, width, cid, origin, space)

    def glyph(self, program: Program, cid: int, text: str) -> int:
        if self.cmap is not None and self.cmap.codec:
            return program.of_char(text)
        if self.gids is not None:
            return int.from_bytes(self.gids[2 * cid : 2 * cid + 2], "big")
        if program.cids is not None:
            return program.cids.get(cid, 0)
        return cid if cid < program.count else 0


class Fonts:
    """The fonts of one PDF, read when first used; programs are shared."""

    def __init__(self, book: Book, meter: Meter, notices: Notices) -> None:
        self._book = book
        self._meter = meter
        self._notices = notices
        self._fonts: dict[object, PdfFont] = {}
        self._programs: dict[tuple[int, int], Program | None] = {}
        self._looks: dict[FontLook, int] = {}
        self._embedded: list[tuple[Program, str]] = []
        self._unseen = 0
        self.unseen: set[str] = set()
        """The characters of Type 3 fonts: drawn as paths, and there as text that is not seen."""

    def font(self, value: object) -> PdfFont:
        """A font dictionary of the resources; one without a name where there is none."""
        key: object = key_of(value)
        if key == (0, 0):
            key = value.unparse() if isinstance(value, pikepdf.Object) else b""
        found = self._fonts.get(key)
        if found is None:
            if len(self._fonts) >= self._meter.limits.fonts:
                raise TooLarge(f"more than {self._meter.limits.fonts} fonts", where="fonts")
            found = self._fonts[key] = self._read(value)
        return found

    def finish(self) -> None:
        """The font files, with the characters that were used."""
        if self._unseen:
            self._book.font_file(self._unseen, unseen.font(self.unseen | {" "}))
        for program, name in self._embedded:
            if program.resource:
                self._book.font_file(program.resource, program.file(name))

    def _read(self, value: object) -> PdfFont:
        kind = name_of(get(value, "/Subtype"))
        below = get(value, "/DescendantFonts")
        inner: object = value
        if kind == "Type0" and isinstance(below, pikepdf.Array) and len(below):
            inner = below[0]
        descriptor = get(inner, "/FontDescriptor")
        base = name_of(get(value, "/BaseFont")) or name_of(get(inner, "/BaseFont"))
        look = look_of(base, whole(get(descriptor, "/Flags")), descriptor)
        program = None if kind == "Type3" else self._program(descriptor, look)
        number = self._unseen_font() if kind == "Type3" else self._resource(program, look)
        made = PdfFont(look, program, number)
        made.reach = reach(get(descriptor, "/FontBBox"))
        meaning = get(value, "/ToUnicode")
        if isinstance(meaning, pikepdf.Stream):
            made.meaning = self._cmap(meaning)
        if kind == "Type0":
            self._composite(made, value, inner)
        else:
            self._simple(made, value, descriptor, kind)
        return made

    def _cmap(self, stream: pikepdf.Object) -> CMap | None:
        try:
            return pdf_cmap.parse(self._meter.read(stream, 8 << 20))
        except Problem:
            return None

    def _resource(self, program: Program | None, look: FontLook) -> int:
        if program is not None:
            if not program.resource:
                program.resource = self._book.font(look)
                self._embedded.append((program, look.name))
            return program.resource
        if look not in self._looks:
            self._looks[look] = self._book.font(look)
        return self._looks[look]

    def _unseen_font(self) -> int:
        self._unseen = self._unseen or self._book.font(unseen.LOOK)
        return self._unseen

    def _program(self, descriptor: object, look: FontLook) -> Program | None:
        for kind in ("FontFile2", "FontFile3", "FontFile"):
            stream = get(descriptor, f"/{kind}")
            if not isinstance(stream, pikepdf.Stream):
                continue
            key = key_of(stream)
            if key not in self._programs:
                try:
                    self._programs[key] = load(self._meter.read(stream), kind)
                except Problem:
                    self._programs[key] = None
            found = self._programs[key]
            if found is None:
                self._notices.note(
                    "font.unreadable",
                    f"嵌入的字体“{look.name}”无法读取，以其名称引用",
                    f"the embedded font {look.name!r} cannot be read; it is referred to by name",
                    "fonts",
                )
            return found
        self._notices.note(
            "font.not-embedded",
            f"PDF 未嵌入字体“{look.name}”，结果同样只引用其名称",
            f"the PDF does not embed the font {look.name!r}: the result refers to its name",
            "fonts",
        )
        return None

    def _composite(self, made: PdfFont, value: object, inner: object) -> None:
        encoding = get(value, "/Encoding")
        if isinstance(encoding, pikepdf.Stream):
            made.cmap = self._cmap(encoding)
            used = pdf_cmap.named(name_of(get(encoding, "/UseCMap")))
            if made.cmap is not None and used is not None and not made.cmap.spaces:
                made.cmap.identity = used.identity
            if made.cmap is not None and get(encoding, "/WMode") == 1:
                made.cmap.vertical = True
        else:
            made.cmap = pdf_cmap.named(name_of(encoding))
        if made.cmap is None:
            made.cmap = CMap(identity=True)
            self._notices.note(
                "text.unknown",
                f"未知的字符编码 {name_of(encoding)[:40]!r}",
                f"an unknown encoding of text: {name_of(encoding)[:40]!r}",
                "fonts",
            )
        made.vertical = made.cmap.vertical
        gids = get(inner, "/CIDToGIDMap")
        if isinstance(gids, pikepdf.Stream):
            made.gids = self._meter.read(gids, 1 << 18)
        made.usual = real(get(inner, "/DW"), 1000.0)
        cid_widths(made.widths, get(inner, "/W"))
        tall = reals(get(inner, "/DW2"), 2)
        if len(tall) == 2:
            made.usual_tall = tall[0], tall[1]
        cid_heights(made.tall, get(inner, "/W2"))
        if made.program is not None and "CFF " in made.program.tables:
            for cid, width in made.widths.items():
                made.program.widths[made.glyph(made.program, cid, "")] = width

    def _simple(self, made: PdfFont, value: object, descriptor: object, kind: str) -> None:
        first = whole(get(value, "/FirstChar"))
        for at, width in enumerate(reals(get(value, "/Widths"), 256)):
            made.widths[first + at] = width
        made.usual = real(get(descriptor, "/MissingWidth"))
        encoding = get(value, "/Encoding")
        base = name_of(encoding) or name_of(get(encoding, "/BaseEncoding"))
        names = differences(get(encoding, "/Differences"))
        flags = whole(get(descriptor, "/Flags"))
        family = made.look.name.lower()
        program = made.program
        if not base and program is None:
            base = "Symbol" if family.startswith("symbol") else "StandardEncoding"
        table = base_encoding(base) if base else {}
        if not base and kind != "TrueType" and not (flags & SYMBOLIC):
            table = base_encoding("StandardEncoding")
        made.texts = dict(table)
        made.texts |= {code: char_of(name) for code, name in names.items()}
        made.names = names
        if program is not None:
            _simple_glyphs(made, program, names, symbolic=bool(flags & SYMBOLIC), base=base)
        elif kind != "Type3" and not made.widths:
            made.widths = standard_widths(made.look, made.texts)
            made.usual = made.usual or 556.0
        if kind == "Type3":
            made.procs = get(value, "/CharProcs")
            made.matrix = matrix(get(value, "/FontMatrix"))
            made.resources = get(value, "/Resources")


def _simple_glyphs(
    made: PdfFont, program: Program, names: dict[int, str], *, symbolic: bool, base: str
) -> None:
    """Code → glyph of a simple font (§9.6.6), and the meaning of codes known by name alone."""
    named = {glyph: name for name, glyph in reversed(program.names.items())}
    by_char = {char_of(name): glyph for name, glyph in program.names.items() if char_of(name)}
    own = program.cmaps.get((3, 0), {}) or program.cmaps.get((1, 0), {})
    for code in range(256):
        name, char = names.get(code, ""), made.texts.get(code, "")
        glyph = program.names.get(name, 0) if name else 0
        if not glyph and "CFF " in program.tables and (name or base):
            glyph = by_char.get(char, 0) if char else 0
            if not glyph and not name and not char:
                glyph = program.encoding.get(code, 0)
        elif not glyph and (not symbolic or name) and char:
            glyph = program.of_char(char)
            if not glyph and len(char) == 1:
                glyph = _mac(program, char)
        if not glyph and not name:
            glyph = program.encoding.get(code, 0) or own.get(code, 0) or _symbol(program, code)
        if not glyph and not name and not program.encoding:
            glyph = program.cmaps.get((1, 0), {}).get(code, 0) or program.of_char(chr(code))
        if glyph:
            made.glyphs[code] = glyph
            if not char:
                made.texts[code] = char_of(named.get(glyph, "")) or _meant(program, glyph, code)
            if "CFF " in program.tables and code in made.widths:
                program.widths[glyph] = made.widths[code]


def _mac(program: Program, char: str) -> int:
    raw = char.encode("mac_roman", "ignore")
    return program.cmaps.get((1, 0), {}).get(raw[0], 0) if len(raw) == 1 else 0


def _symbol(program: Program, code: int) -> int:
    table = program.cmaps.get((3, 0), {})
    return table.get(0xF000 + code, 0) or table.get(0xF100 + code, 0)


def _meant(program: Program, glyph: int, code: int) -> str:
    """A character for a glyph without name: of a Unicode cmap, else the code as it stands."""
    for key in ((3, 1), (3, 10), (0, 3)):
        for char, found in program.cmaps.get(key, {}).items():
            if found == glyph and not 0xE000 <= char < 0xF900:
                return chr(char)
    return chr(code) if 0x20 < code < 0x7F else ""
