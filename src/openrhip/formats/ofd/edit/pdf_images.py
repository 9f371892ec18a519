"""Pictures of a PDF as files of an OFD package (图像): as they are where that is possible.

JPEG, JPEG 2000 and JBIG2 travel on; CCITT becomes a TIFF of the same data; PNG takes over the
compressed rows of PNG predictors. What has masks or other colour spaces is drawn. Sources: ISO
32000-1 §8.9; PNG 1.2 §4; TIFF 6.0 §2; ITU-T T.88 annex D.4.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

import pikepdf
from PIL import Image

from openrhip.formats.ofd.edit.pdf_colours import Color, Colours, Space
from openrhip.formats.ofd.edit.pdf_limits import Meter, as_list
from openrhip.formats.ofd.edit.pdf_numbers import get, name_of, reals, whole
from openrhip.formats.ofd.edit.pdf_scratch import Scratch
from openrhip.formats.ofd.notices import Notices
from openrhip.kernel.errors import Malformed, Problem, TooLarge

_SIDE = 40_000
_BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    TypeError,
    KeyError,
    EOFError,
    Image.DecompressionBombError,
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A file for the package. form: PNG, JPEG, TIFF, JPEG2000 or JBIG2."""

    data: bytes
    form: str


class Pictures:
    """Converts the images of one PDF."""

    def __init__(self, meter: Meter, scratch: Scratch, colours: Colours, notices: Notices) -> None:
        self._meter = meter
        self._scratch = scratch
        self._colours = colours
        self._notices = notices

    def convert(self, image: pikepdf.Object, resources: object, where: str) -> Picture | None:
        """The picture, or None (with a notice) if it cannot be read."""
        try:
            return self._convert(image, resources)
        except (*_BROKEN, pikepdf.PdfError, Malformed, zlib.error, struct.error, RuntimeError):
            self._notices.note(
                "image.unreadable",
                "图像无法读取，已略去",
                "an image cannot be read; left out",
                where,
            )
            return None

    def _convert(self, image: pikepdf.Object, resources: object) -> Picture:
        width, height = self._size(image)
        filters = [name_of(one) for one in as_list(get(image, "/Filter"))]
        plain = not any(get(image, key) is not None for key in ("/SMask", "/Mask"))
        space = self._colours.space(get(image, "/ColorSpace"), resources)
        last = filters[-1] if filters else ""
        if plain and len(filters) == 1 and get(image, "/Decode") is None:
            made = self._as_it_is(image, last, space, (width, height))
            if made is not None:
                return made
        if plain and last in ("", "FlateDecode", "LZWDecode", "RunLengthDecode", "Fl"):
            made = self._packed(image, space, (width, height), resources)
            if made is not None:
                return made
        return self._drawn(image, (width, height), lossy=last in ("DCTDecode", "JPXDecode"))

    def _size(self, image: pikepdf.Object) -> tuple[int, int]:
        width, height = whole(get(image, "/Width")), whole(get(image, "/Height"))
        if not (0 < width <= _SIDE and 0 < height <= _SIDE):
            raise Malformed("an image without size")
        if width * height > self._meter.limits.pixels:
            raise TooLarge(f"an image of {width} × {height} pixels", where="image")
        return width, height

    def _as_it_is(
        self, image: pikepdf.Object, kind: str, space: Space, size: tuple[int, int]
    ) -> Picture | None:
        """The data of the PDF as a file of its own, where other programs read it the same way."""
        if kind in ("DCTDecode", "DCT") and space.kind in ("gray", "rgb"):
            data = bytes(image.read_raw_bytes())
            with Image.open(io.BytesIO(data), formats=("JPEG",)) as opened:
                ok = opened.mode == {"gray": "L", "rgb": "RGB"}[space.kind]
            return Picture(data, "JPEG") if ok else None
        if kind == "JPXDecode":
            return self._jpx(image)
        if kind == "JBIG2Decode":
            return self._jbig2(image, size) if space.kind == "gray" else None
        if kind in ("CCITTFaxDecode", "CCF") and space.kind == "gray":
            return _fax(image, size)
        if kind in ("FlateDecode", "Fl"):
            return self._rows(image, space, size)
        return None

    def _jpx(self, image: pikepdf.Object) -> Picture | None:
        data = bytes(image.read_raw_bytes())
        with Image.open(io.BytesIO(data), formats=("JPEG2000",)) as opened:
            ok = opened.mode in ("L", "RGB") and whole(get(image, "/SMaskInData")) == 0
        return Picture(data, "JPEG2000") if ok else None

    def _jbig2(self, image: pikepdf.Object, size: tuple[int, int]) -> Picture:
        """A sequential JBIG2 file: header, shared segments, those of the page."""
        del size
        parms = get(image, "/DecodeParms")
        parms = as_list(parms)[0] if as_list(parms) else None
        shared = get(parms, "/JBIG2Globals")
        data = self._meter.read(shared) if isinstance(shared, pikepdf.Stream) else b""
        head = b"\x97JB2\r\n\x1a\n\x01" + struct.pack(">I", 1)
        return Picture(head + data + bytes(image.read_raw_bytes()), "JBIG2")

    def _rows(self, image: pikepdf.Object, space: Space, size: tuple[int, int]) -> Picture | None:
        """PNG predictors are PNG's own: the compressed rows become the IDAT as they are."""
        parms = as_list(get(image, "/DecodeParms"))
        bits = whole(get(image, "/BitsPerComponent"), 8)
        parm = parms[0] if parms else None
        colors = whole(get(parm, "/Colors"), 1)
        fits = (
            whole(get(parm, "/Predictor"), 1) >= 10
            and whole(get(parm, "/Columns"), 1) == size[0]
            and whole(get(parm, "/BitsPerComponent"), 8) == bits
        )
        kind = {("gray", 1): 0, ("rgb", 3): 2}.get((space.kind, colors))
        if not fits or kind is None or bits not in (1, 2, 4, 8) or (kind == 2 and bits != 8):
            return None
        raw = bytes(image.read_raw_bytes())
        row = (size[0] * colors * bits + 7) // 8 + 1
        if _unpacked_size(raw, row * size[1] + 1) != row * size[1]:
            return None
        return Picture(_png(size, bits, kind, raw), "PNG")

    def _packed(
        self, image: pikepdf.Object, space: Space, size: tuple[int, int], resources: object
    ) -> Picture | None:
        """Samples of grey, RGB or a palette as a PNG."""
        bits = whole(get(image, "/BitsPerComponent"), 8)
        if get(image, "/Decode") is not None:
            return None
        palette = self._palette(space, bits, resources) if space.kind == "other" else None
        if space.kind not in ("gray", "rgb") and palette is None:
            return None
        count = 3 if space.kind == "rgb" else 1
        if bits not in (1, 2, 4, 8) or (count == 3 and bits != 8):
            return None
        row = (size[0] * count * bits + 7) // 8
        data = self._meter.read(image)
        if len(data) < row * size[1]:
            data += b"\0" * min(row * size[1] - len(data), row * size[1])
        if count == 1 and bits == 8 and palette is None:
            return Picture(saved(Image.frombytes("L", size, data[: size[0] * size[1]])), "PNG")
        if count == 3:
            return Picture(saved(Image.frombytes("RGB", size, data[: row * size[1]])), "PNG")
        filtered = b"".join(b"\0" + data[at * row : at * row + row] for at in range(size[1]))
        kind = 3 if palette is not None else 0
        return Picture(_png(size, bits, kind, zlib.compress(filtered, 9), palette or b""), "PNG")

    def _palette(self, space: Space, bits: int, resources: object) -> bytes | None:
        """The RGB colours of an Indexed space whose base is a device's."""
        value = space.object
        if not isinstance(value, pikepdf.Array) or len(value) < 4:
            return None
        if name_of(value[0]) not in ("Indexed", "I"):
            return None
        base = self._colours.space(value[1], resources)
        table: object = value[3]
        if isinstance(table, pikepdf.Stream):
            data = self._meter.read(table, 1 << 20)
        elif isinstance(table, pikepdf.String):
            data = bytes(table)
        else:
            return None
        count = min(len(data) // max(base.count, 1), 1 << bits, 256)
        if base.kind == "rgb":
            return data[: count * 3]
        colors: list[int] = []
        for at in range(count):
            part = [byte / 255 for byte in data[at * base.count : (at + 1) * base.count]]
            colors += self._colours.rgb(base, part)
        return bytes(colors) if base.kind in ("gray", "cmyk") else None

    def _drawn(self, image: pikepdf.Object, size: tuple[int, int], *, lossy: bool) -> Picture:
        """Whatever else it is, as pdfium shows it at its own size."""
        clear = any(get(image, key) is not None for key in ("/SMask", "/Mask"))
        soft = get(image, "/SMask")
        across, down = size
        if soft is not None:
            across = max(across, min(whole(get(soft, "/Width")), _SIDE))
            down = max(down, min(whole(get(soft, "/Height")), _SIDE))
            if across * down > self._meter.limits.pixels // 2:
                across, down = size
        drawn = self._scratch.draw(
            f"{across} 0 0 {down} 0 0 cm /I Do", {"XObject": {"I": image}}, (across, down),
            (across, down), clear=clear,
        )  # fmt: skip
        if clear:
            lowest, _ = drawn.getchannel("A").getextrema()
            if lowest == 255:
                drawn = drawn.convert("RGB")
        if drawn.mode == "RGB" and lossy:
            out = io.BytesIO()
            drawn.save(out, "JPEG", quality=90, optimize=True)
            return Picture(out.getvalue(), "JPEG")
        return Picture(saved(simple(drawn)), "PNG")

    def stencil(self, image: pikepdf.Object, color: Color, where: str) -> Picture | None:
        """A mask through which a colour is painted: a picture of one colour and of nothing."""
        try:
            size = self._size(image)
            filters = [name_of(one) for one in as_list(get(image, "/Filter"))]
            last = filters[-1] if filters else ""
            row = (size[0] + 7) // 8
            if last in ("", "FlateDecode", "Fl", "LZWDecode", "RunLengthDecode"):
                data = self._meter.read(image)[: row * size[1]]
                data += b"\xff" * (row * size[1] - len(data))
            else:
                drawn = self._scratch.draw(
                    f"{size[0]} 0 0 {size[1]} 0 0 cm 0 g /I Do",
                    {"XObject": {"I": image}},
                    size,
                    size,
                )
                data = (
                    drawn.convert("L").point(lambda v: 255 if v > 127 else 0).convert("1").tobytes()
                )
            inverted = reals(get(image, "/Decode"), 2) == [1.0, 0.0] and last in (
                "", "FlateDecode", "Fl", "LZWDecode", "RunLengthDecode",
            )  # fmt: skip
            if inverted:
                data = bytes(byte ^ 0xFF for byte in data)
        except (*_BROKEN, pikepdf.PdfError, Problem, RuntimeError):
            self._notices.note(
                "image.unreadable",
                "图像无法读取，已略去",
                "an image cannot be read; left out",
                where,
            )
            return None
        filtered = b"".join(b"\0" + data[at * row : at * row + row] for at in range(size[1]))
        palette = bytes(color) + b"\xff\xff\xff"
        return Picture(
            _png(size, 1, 3, zlib.compress(filtered, 9), palette, alpha=b"\xff\0"), "PNG"
        )


def simple(image: Image.Image) -> Image.Image:
    """In grey or with a palette where that loses nothing."""
    if image.mode != "RGB":
        return image
    colors = image.getcolors(256)
    if colors is None:
        return image
    values = [color for _, color in colors if isinstance(color, tuple)]
    if all(color[0] == color[1] == color[2] for color in values):
        grey = image.convert("L")
        return grey.convert("1") if {color[0] for color in values} <= {0, 255} else grey
    return image.convert("P", palette=Image.Palette.ADAPTIVE, colors=len(values))


def saved(image: Image.Image) -> bytes:
    out = io.BytesIO()
    small = image.width * image.height < 2_000_000
    image.save(out, "PNG", optimize=small, compress_level=9 if small else 6)
    return out.getvalue()


def _unpacked_size(raw: bytes, most: int) -> int:
    inflater = zlib.decompressobj()
    size = 0
    while raw and not inflater.eof and size <= most:
        size += len(inflater.decompress(raw, 1 << 18))
        raw = inflater.unconsumed_tail
    return size if inflater.eof else -1


def _png(
    size: tuple[int, int],
    bits: int,
    kind: int,
    rows: bytes,
    palette: bytes = b"",
    alpha: bytes = b"",
) -> bytes:
    """A PNG file of compressed rows."""
    head = struct.pack(">IIBBBBB", size[0], size[1], bits, kind, 0, 0, 0)
    chunks = [(b"IHDR", head)]
    if palette:
        chunks.append((b"PLTE", palette))
    if alpha:
        chunks.append((b"tRNS", alpha))
    chunks += [(b"IDAT", rows), (b"IEND", b"")]
    out = [b"\x89PNG\r\n\x1a\n"]
    for name, data in chunks:
        out.append(struct.pack(">I", len(data)) + name + data)
        out.append(struct.pack(">I", zlib.crc32(name + data)))
    return b"".join(out)


def _fax(image: pikepdf.Object, size: tuple[int, int]) -> Picture | None:
    """Group 4 data in a TIFF file of one strip."""
    parms = as_list(get(image, "/DecodeParms"))
    parm = parms[0] if parms else None
    if whole(get(parm, "/K")) >= 0 or get(parm, "/EncodedByteAlign") is True:
        return None
    if whole(get(parm, "/Columns"), 1728) != size[0]:
        return None
    black_is_one = get(parm, "/BlackIs1") is True
    data = bytes(image.read_raw_bytes())
    entries = (
        (256, 4, size[0]), (257, 4, size[1]), (258, 3, 1), (259, 3, 4),
        (262, 3, 1 if black_is_one else 0), (273, 4, 8), (277, 3, 1), (278, 4, size[1]),
        (279, 4, len(data)),
    )  # fmt: skip
    start = 8 + len(data) + len(data) % 2
    out = struct.pack("<2sHI", b"II", 42, start) + data + b"\0" * (len(data) % 2)
    out += struct.pack("<H", len(entries))
    for tag, form, value in entries:
        out += struct.pack("<HHI", tag, form, 1)
        out += struct.pack("<HH", value, 0) if form == 3 else struct.pack("<I", value)
    return Picture(out + struct.pack("<I", 0), "TIFF")
