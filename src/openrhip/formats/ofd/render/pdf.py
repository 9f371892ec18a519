"""Scene → PDF 1.7 (ISO 32000-1): text stays text, fonts are embedded as subsets."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence

import pikepdf
from PIL import Image
from pikepdf import Array, Dictionary, Name, Pdf, Stream

from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.render.faces import Face, Faces
from openrhip.formats.ofd.render.geometry import Matrix, multiply
from openrhip.formats.ofd.render.overlay import overlay
from openrhip.formats.ofd.render.scene import (
    Glyph,
    ImageItem,
    Item,
    PathItem,
    Scene,
    TextItem,
)

_PT = 72 / 25.4
_MAX_PIXELS = 60_000_000
_CAPS = {"Round": 1, "Square": 2}
_JOINS = {"Round": 1, "Bevel": 2}
Stamp = tuple[int, Box, bytes]


def to_pdf(scene: Scene, stamps: Sequence[Stamp], watermark: str, pages: Sequence[int]) -> bytes:
    """The pages as a PDF; the same input gives the same bytes."""
    making = _Making(scene)
    for index in pages:
        mine = [(box, data) for page, box, data in stamps if page == index]
        making.page(index, mine, watermark)
    return making.finish()


def _n(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") if value else "0"


class _Making:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._faces = Faces(scene.package)
        self._pdf = Pdf.new()
        self._names: dict[int, str] = {}
        self._order: list[Face] = []
        self._pages: list[tuple[Box, list[object], set[str], set[str], set[int]]] = []
        self._images: dict[str, Stream | None] = {}
        self._out: list[object] = []
        self._fonts_here: set[str] = set()
        self._images_here: set[str] = set()
        self._alphas_here: set[int] = set()

    def page(self, index: int, stamps: Sequence[tuple[Box, bytes]], watermark: str) -> None:
        page = self._scene.package.pages[index]
        box = self._scene.package.page_box(page)
        self._out = []
        self._fonts_here, self._images_here, self._alphas_here = set(), set(), set()
        for item in self._scene.page(index):
            self._item(item)
        for number, (place, data) in enumerate(stamps):
            x, y, width, height = place
            self._picture((width, 0, 0, height, x, y), 1.0, f"stamp:{index}:{number}", data)
        if watermark:
            for item in overlay(watermark, box[2], box[3]):
                self._item(item)
        facts = (self._fonts_here, self._images_here, self._alphas_here)
        self._pages.append((box, self._out, *facts))

    def _item(self, item: Item) -> None:
        if isinstance(item, TextItem):
            self._text(item)
        elif isinstance(item, PathItem):
            self._path(item)
        else:
            self._image(item)

    def _alpha(self, alpha: float) -> str:
        level = round(alpha * 255)
        if level >= 255:
            return ""
        self._alphas_here.add(level)
        return f"/A{level} gs "

    def _path(self, item: PathItem) -> None:
        words = ["q ", self._alpha(item.alpha), " ".join(map(_n, item.matrix)), " cm "]
        if item.stroke:
            words.append(" ".join(_n(c / 255) for c in item.stroke) + " RG ")
            words.append(f"{_n(item.width)} w ")
            if item.dash and any(item.dash):
                words.append(f"[{' '.join(map(_n, item.dash))}] 0 d ")
            if item.cap in _CAPS:
                words.append(f"{_CAPS[item.cap]} J ")
            if item.join in _JOINS:
                words.append(f"{_JOINS[item.join]} j ")
        if item.fill:
            words.append(" ".join(_n(c / 255) for c in item.fill) + " rg ")
        begun = False
        for name, numbers in item.segments:
            if name == "C":
                words.append("h " if begun else "")
                continue
            if not begun and name != "M":
                words.append("0 0 m ")
            begun = True
            words.append(" ".join(map(_n, numbers)) + {"M": " m ", "L": " l ", "B": " c "}[name])
        star = "*" if item.even_odd and item.fill else ""
        verb = ("B" if item.fill else "S") if item.stroke else "f"
        words.append(f"{verb}{star if verb != 'S' else ''} Q\n" if begun else "n Q\n")
        self._out.append("".join(words))

    def _text(self, item: TextItem) -> None:
        fill = " ".join(_n(c / 255) for c in item.fill)
        self._out.append(f"q {self._alpha(item.alpha)}{fill} rg BT ")
        for line in item.lines:
            self._line(item, line)
        self._out.append("ET Q\n")

    def _line(self, item: TextItem, line: Sequence[Glyph]) -> None:
        """Glyphs on one baseline and in one face are shown together."""
        start = 0
        faces = [self._face(item, glyph) for glyph in line]
        for at in range(1, len(line) + 1):
            if at < len(line) and faces[at] is faces[start] and line[at].y == line[start].y:
                continue
            self._show(item, faces[start], line[start:at])
            start = at

    def _face(self, item: TextItem, glyph: Glyph) -> Face:
        if glyph.index is not None:
            return self._faces.of(item.font, bold=item.bold)
        return self._faces.for_char(item.font, glyph.char, bold=item.bold)

    def _name(self, face: Face) -> str:
        name = self._names.get(id(face))
        if name is None:
            name = self._names[id(face)] = f"F{len(self._order)}"
            self._order.append(face)
        self._fonts_here.add(name)
        return name

    def _show(self, item: TextItem, face: Face, run: Sequence[Glyph]) -> None:
        name = self._name(face)
        matrix: Matrix = (item.stretch, 0.0, 0.0, -1.0, run[0].x, run[0].y)
        self._out.append(
            f"/{name} {_n(item.size)} Tf {' '.join(map(_n, multiply(matrix, item.matrix)))} Tm ["
        )
        shown: list[tuple[int, float]] = []
        unit = item.size * item.stretch
        for at, glyph in enumerate(run):
            number = face.glyph(glyph.char, glyph.index)
            shift = 0.0
            if at + 1 < len(run) and unit:
                shift = face.advance(number) - (run[at + 1].x - glyph.x) / unit
            shown.append((number, round(shift * 1000, 1)))
        self._out.append((face, shown))
        self._out.append("] TJ ")

    def _image(self, item: ImageItem) -> None:
        self._picture(item.matrix, item.alpha, item.part, None)

    def _picture(self, matrix: Matrix, alpha: float, key: str, data: bytes | None) -> None:
        if key not in self._images:
            content = self._scene.package.read(key) if data is None else data
            self._images[key] = image_stream(self._pdf, content)
        if self._images[key] is None:
            return
        name = f"I{list(self._images).index(key)}"
        self._images_here.add(key)
        placed = multiply((1.0, 0.0, 0.0, -1.0, 0.0, 1.0), matrix)
        self._out.append(f"q {self._alpha(alpha)}{' '.join(map(_n, placed))} cm /{name} Do Q\n")

    def finish(self) -> bytes:
        fonts: dict[str, Dictionary] = {}
        mappings: dict[int, dict[int, int]] = {}
        for face in self._order:
            font, mapping = embed(self._pdf, face, self._names[id(face)])
            fonts[self._names[id(face)]] = font
            mappings[id(face)] = mapping
        keys = list(self._images)
        for box, out, fonts_here, images_here, alphas in self._pages:
            x, y, width, height = box
            head = f"{_n(_PT)} 0 0 {_n(-_PT)} {_n(-x * _PT)} {_n((height + y) * _PT)} cm\n"
            body = "".join(
                part if isinstance(part, str) else _encode(part, mappings) for part in out
            )
            content = Stream(self._pdf, zlib.compress((head + body).encode("ascii"), 6))
            content.Filter = Name.FlateDecode
            resources = Dictionary(
                Font=Dictionary({f"/{n}": fonts[n] for n in sorted(fonts_here)}),
                XObject=Dictionary(
                    {f"/I{keys.index(k)}": self._images[k] for k in keys if k in images_here}
                ),
                ExtGState=Dictionary(
                    {f"/A{a}": Dictionary(CA=a / 255, ca=a / 255) for a in sorted(alphas)}
                ),
            )
            self._pdf.pages.append(
                pikepdf.Page(
                    Dictionary(
                        Type=Name.Page,
                        MediaBox=Array([0, 0, round(width * _PT, 2), round(height * _PT, 2)]),
                        Resources=resources,
                        Contents=self._pdf.make_indirect(content),
                    )
                )
            )
        title = self._scene.package.metadata.get("Title", "")
        self._pdf.docinfo = self._pdf.make_indirect(Dictionary(Title=title, Producer="OpenRHIP"))
        file = io.BytesIO()
        self._pdf.save(file, deterministic_id=True)
        return file.getvalue()


def _encode(part: object, mappings: dict[int, dict[int, int]]) -> str:
    face, shown = part  # type: ignore[misc]
    mapping = mappings[id(face)]
    out: list[str] = []
    open_ = False
    for glyph, shift in shown:
        out.append(f"{'' if open_ else '<'}{mapping[glyph]:04x}")
        open_ = True
        if abs(shift) >= 0.5:
            out.append(f"> {_n(shift)} ")
            open_ = False
    return "".join(out) + (">" if open_ else "")


def embed(pdf: Pdf, face: Face, name: str) -> tuple[Dictionary, dict[int, int]]:
    """The face as a Type 0 font with its used glyphs; old glyph → code."""
    face.used.setdefault(0, "")
    data, mapping = face.subset()
    label = f"{_tag(data)}+{name}"
    file = Stream(pdf, zlib.compress(data, 6))
    file.Filter = Name.FlateDecode
    if face.is_cff:
        file.Subtype = Name.OpenType
    else:
        file.Length1 = len(data)
    descriptor = Dictionary(
        Type=Name.FontDescriptor, FontName=Name(f"/{label}"), Flags=4,
        FontBBox=Array([-200, -300, 1200, 1100]), ItalicAngle=0, Ascent=880, Descent=-120,
        CapHeight=733, StemV=80,
    )  # fmt: skip
    descriptor["/FontFile3" if face.is_cff else "/FontFile2"] = pdf.make_indirect(file)
    widths = Array()
    for old, new in sorted(mapping.items(), key=lambda pair: pair[1]):
        widths.extend([new, Array([round(face.advance(old) * 1000, 1)])])
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType0 if face.is_cff else Name.CIDFontType2,
        BaseFont=Name(f"/{label}"),
        CIDSystemInfo=Dictionary(
            Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String("Identity"), Supplement=0
        ),
        FontDescriptor=pdf.make_indirect(descriptor),
        DW=1000,
        W=widths,
    )
    if not face.is_cff:
        descendant.CIDToGIDMap = Name.Identity
    names = Stream(pdf, to_unicode({mapping[old]: text for old, text in face.used.items()}))
    font = Dictionary(
        Type=Name.Font, Subtype=Name.Type0, BaseFont=Name(f"/{label}"),
        Encoding=Name("/Identity-H"), DescendantFonts=Array([pdf.make_indirect(descendant)]),
        ToUnicode=pdf.make_indirect(names),
    )  # fmt: skip
    return pdf.make_indirect(font), mapping


def _tag(data: bytes) -> str:
    """Six letters that name the subset (ISO 32000-1 §9.6.4)."""
    value = zlib.crc32(data)
    return "".join(chr(65 + value // 26**i % 26) for i in range(6))


def to_unicode(codes: dict[int, str]) -> bytes:
    """A ToUnicode CMap (ISO 32000-1 §9.10.3)."""
    lines = [
        f"<{code:04x}> <{text.encode('utf-16-be').hex()}>"
        for code, text in sorted(codes.items())
        if text
    ]
    blocks = "".join(
        f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar\n"
        for part in (lines[i : i + 100] for i in range(0, len(lines), 100))
    )
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{blocks}endcmap CMapName currentdict /CMap defineresource pop end end\n"
    ).encode("ascii")


def image_stream(pdf: Pdf, data: bytes) -> Stream | None:
    """An image XObject; None where the image cannot be read."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "BMP", "TIFF")) as image:
            if image.width * image.height > _MAX_PIXELS:
                return None
            if image.format == "JPEG" and image.mode in ("RGB", "L"):
                space = Name.DeviceGray if image.mode == "L" else Name.DeviceRGB
                return _xobject(pdf, image, data, Name.DCTDecode, space)
            image.load()
            return _pixels(pdf, image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _xobject(pdf: Pdf, image: Image.Image, data: bytes, kind: Name, space: Name) -> Stream:
    made = Stream(pdf, data)
    made.Type, made.Subtype = Name.XObject, Name.Image
    made.Width, made.Height = image.width, image.height
    made.ColorSpace, made.BitsPerComponent, made.Filter = space, 8, kind
    result: Stream = pdf.make_indirect(made)
    return result


def _pixels(pdf: Pdf, image: Image.Image) -> Stream:
    see_through = "A" in image.mode or "transparency" in image.info
    full = image.convert("RGBA") if see_through else image
    gray = full.mode in ("1", "L", "I;16")
    plain = full.convert("L" if gray else "RGB")
    space = Name.DeviceGray if gray else Name.DeviceRGB
    made = _xobject(pdf, plain, zlib.compress(plain.tobytes(), 6), Name.FlateDecode, space)
    if see_through:
        mask = full.getchannel("A")
        packed = zlib.compress(mask.tobytes(), 6)
        made.SMask = _xobject(pdf, mask, packed, Name.FlateDecode, Name.DeviceGray)
    return made
