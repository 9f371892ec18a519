"""Pictures of every kind, masks, bombs and damage; the frame that stands for what nobody reads."""

import io
import random
import struct
import time
import zlib

import pikepdf
import pytest
from lxml import etree
from PIL import Image

from openrhip.formats.ofd import render
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.render import images, images_jbig2
from openrhip.kernel.errors import Malformed, Problem, TooLarge

XLINK = "{http://www.w3.org/1999/xlink}href"
SVG = "{http://www.w3.org/2000/svg}"


def _made(mode: str, form: str, **more) -> bytes:
    image = Image.new("RGB", (16, 16), (200, 30, 30))
    image.paste((0, 0, 200), (8, 0, 16, 16))
    out = io.BytesIO()
    image.convert(mode).save(out, form, **more)
    return out.getvalue()


KINDS = {
    "png": _made("RGB", "PNG"),
    "png-palette": _made("P", "PNG"),
    "png-alpha": _made("RGBA", "PNG"),
    "png-1bit": _made("1", "PNG"),
    "png-16bit": _made("I;16", "PNG"),
    "jpeg": _made("RGB", "JPEG"),
    "jpeg-progressive": _made("RGB", "JPEG", progressive=True),
    "jpeg-grey": _made("L", "JPEG"),
    "jpeg-cmyk": _made("CMYK", "JPEG"),
    "bmp": _made("RGB", "BMP"),
    "gif": _made("P", "GIF"),
    "tiff": _made("RGB", "TIFF"),
    "tiff-lzw": _made("RGB", "TIFF", compression="tiff_lzw"),
    "tiff-g4": _made("1", "TIFF", compression="group4"),
    "tiff-g3": _made("1", "TIFF", compression="group3"),
    "tiff-cmyk": _made("CMYK", "TIFF"),
    "jpeg2000": _made("RGB", "JPEG2000", irreversible=False),
    "jpeg2000-grey": _made("L", "JPEG2000"),
}


def _segment(number: int, kind: int, content: bytes, page: int = 1) -> bytes:
    return struct.pack(">IBBBI", number, kind, 0, page, len(content)) + content


def _jbig2(width: int = 8, height: int = 8) -> list[bytes]:
    """A page with one region coded in MMR (which is group 4 of TIFF): a bar of two rows."""
    image = Image.new("1", (8, 8), 0)
    image.paste(1, (0, 4, 8, 6))
    out = io.BytesIO()
    image.save(out, "TIFF", compression="group4")
    with Image.open(out) as tiff:
        at, size = tiff.tag_v2[273][0], tiff.tag_v2[279][0]
    information = struct.pack(">IIIIBH", width, height, 0, 0, 0, 0)
    region = struct.pack(">IIIIB", width, height, 0, 0, 0) + b"\x01"
    region += out.getvalue()[at : at + size]
    return [
        _segment(0, 48, information), _segment(1, 38, region),
        _segment(2, 49, b""), _segment(3, 51, b"", 0),
    ]  # fmt: skip


def _file(segments: list[bytes], *, random_access: bool = False) -> bytes:
    if not random_access:
        return b"\x97JB2\r\n\x1a\n\x01" + struct.pack(">I", 1) + b"".join(segments)
    heads, bodies = [segment[:11] for segment in segments], [segment[11:] for segment in segments]
    return b"\x97JB2\r\n\x1a\n\x00" + struct.pack(">I", 1) + b"".join(heads + bodies)


def _object(key: int = 9, more: str = "") -> str:
    return f'<ofd:ImageObject ID="5" Boundary="10 10 40 40" CTM="40 0 0 40 0 0" ResourceID="{key}"{more}/>'


def _media(name: str, key: int = 9) -> str:
    return f'<ofd:MultiMedia ID="{key}" Type="Image"><ofd:MediaFile>{name}</ofd:MediaFile></ofd:MultiMedia>'


def _pixel(png: bytes, x: float, y: float, dpi: int) -> tuple[int, int, int]:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    return image.getpixel((round(x * dpi / 25.4), round(y * dpi / 25.4)))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_in_pdf_png_and_svg(foreign, kind):
    data = foreign(_object(), media=_media("i.dat"), parts={"Doc_0/Res/i.dat": KINDS[kind]})
    notices = Notices()
    png = render.to_png(data, dpi=50, notices=notices)
    left, right, out = (_pixel(png, x, 30, 50) for x in (20, 40, 70))
    assert not notices
    assert out == (255, 255, 255)
    if not kind.endswith(("1bit", "g4", "g3", "16bit")):
        assert left != (255, 255, 255)
        assert left != right
    tree = etree.fromstring(render.to_svg(data).encode())
    (image,) = tree.iter(f"{SVG}image")
    assert image.get(XLINK).startswith(("data:image/png;base64,", "data:image/jpeg;base64,"))


def test_jpeg_and_png_travel_as_they_are(foreign):
    assert images.decode(KINDS["jpeg"]).web() == ("image/jpeg", KINDS["jpeg"])
    assert images.decode(KINDS["png"]).web() == ("image/png", KINDS["png"])
    data = foreign(_object(), media=_media("i.jpg"), parts={"Doc_0/Res/i.jpg": KINDS["jpeg"]})
    with pikepdf.open(io.BytesIO(render.to_pdf(data))) as document:
        (image,) = document.pages[0].Resources.XObject.values()
        assert str(image.Filter) == "/DCTDecode"
        assert image.read_raw_bytes() == KINDS["jpeg"]


@pytest.mark.parametrize("form", ["file", "random", "bare"])
def test_jbig2_with_and_without_its_header(foreign, form):
    segments = _jbig2()
    data = {
        "file": _file(segments), "random": _file(segments, random_access=True),
        "bare": b"".join(segments[:2]),
    }[form]  # fmt: skip
    picture = images.decode(data)
    assert (picture.kind, picture.width, picture.height, picture.mode) == ("JBIG2", 8, 8, "1")
    grey = picture.image().convert("L")
    column = [grey.getpixel((4, y)) for y in range(8)]
    assert column == [255, 255, 255, 255, 0, 0, 255, 255]
    package = foreign(_object(), media=_media("i.jb2"), parts={"Doc_0/Res/i.jb2": data})
    png = render.to_png(package, dpi=50)
    assert _pixel(png, 30, 32.5, 50) == (0, 0, 0)
    assert _pixel(png, 30, 20, 50) == (255, 255, 255)
    assert "data:image/png" in render.to_svg(package)


def test_jbig2_that_cannot_be():
    segments = _jbig2()
    for bad in (
        _file(segments[1:]), _file(segments)[:40], _file([]), b"\x97JB2\r\n\x1a\n",
        _file([segments[0], _segment(1, 38, b"\0" * 4)]),
    ):  # fmt: skip
        with pytest.raises(Malformed):
            images.decode(bad)
    with pytest.raises(TooLarge):
        images.decode(_file(_jbig2(60_000, 60_000)[:1]))
    wide = _segment(1, 38, struct.pack(">IIIIB", 60_000, 60_000, 0, 0, 0) + b"\x01")
    with pytest.raises(TooLarge):
        images.decode(_file([segments[0], wide]))
    many = [segments[0]] + [_segment(at, 52, b"") for at in range(1, 10_100)]
    assert images_jbig2.embedded(_file(many))[:2] == (8, 8)


def test_a_mask_leaves_out_what_is_dark_in_it(foreign):
    mask = Image.new("1", (16, 16), 1)
    mask.paste(0, (0, 0, 8, 16))
    out = io.BytesIO()
    mask.save(out, "PNG")
    for kind in ("jpeg", "png", "bmp"):
        data = foreign(
            _object(more=' ImageMask="11"'), media=_media("i") + _media("m", 11),
            parts={"Doc_0/Res/i": KINDS[kind], "Doc_0/Res/m": out.getvalue()},
        )  # fmt: skip
        png = render.to_png(data, dpi=50)
        assert _pixel(png, 20, 30, 50) == (255, 255, 255)
        assert _pixel(png, 40, 30, 50)[2] > 150
        image = images.masked(images.decode(KINDS[kind]), images.decode(out.getvalue()))
        kind_, web = image.web()
        assert kind_ == "image/png"
        assert Image.open(io.BytesIO(web)).convert("RGBA").getpixel((2, 2))[3] == 0
        assert Image.open(io.BytesIO(web)).convert("RGBA").getpixel((12, 2))[3] == 255


def _bomb(width: int, height: int) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        whole = name + content
        return struct.pack(">I", len(content)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"junk" * 50,
        _bomb(30_000, 30_000),
        _bomb(9_000, 9_000),
        KINDS["png"][:60],
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_unreadable_pictures_are_frames_with_a_notice(foreign, bad):
    data = foreign(_object(), media=_media("i.png"), parts={"Doc_0/Res/i.png": bad})
    for draw in (
        render.to_pdf,
        render.to_svg,
        render.to_page,
        lambda d, notices: render.to_png(d, dpi=100, notices=notices),
    ):
        notices = Notices()
        made = draw(data, notices=notices)
        assert [one.code for one in notices] == ["image.unreadable"]
        assert notices[0].where == "Doc_0/Res/i.png"
    image = Image.open(io.BytesIO(made)).convert("L").crop((40, 40, 197, 197))
    assert image.getextrema()[0] < 250
    with pytest.raises(Problem):
        images.decode(bad)


def test_bounds():
    with pytest.raises(TooLarge):
        images.decode(KINDS["png"], limits=images.Limits(size=10))
    with pytest.raises(TooLarge):
        images.decode(KINDS["tiff-g4"], limits=images.Limits(pixels=10))


@pytest.mark.parametrize("kind", [*KINDS, "jbig2"])
def test_damaged_pictures_end_in_a_typed_error_or_a_picture(kind):
    good = _file(_jbig2()) if kind == "jbig2" else KINDS[kind]
    chance = random.Random(kind)  # noqa: S311 - the same damage in every run
    began = time.process_time()
    for _ in range(40):
        bad = bytearray(good)
        for _ in range(chance.choice([1, 3, 9])):
            at = chance.randrange(len(bad))
            bad[at : at + chance.choice([0, 1, 4])] = chance.randbytes(chance.choice([0, 1, 4]))
        try:
            picture = images.decode(bytes(bad))
            picture.full()
            picture.web()
        except Problem:
            continue
    assert time.process_time() - began < 10


def test_a_part_of_a_picture():
    part = images.cut(images.decode(KINDS["png"]), (0.5, 0.0, 1.0, 0.5))
    assert (part.width, part.height) == (8, 8)
    assert part.image().getpixel((1, 1)) == (0, 0, 200)
    clear = images.cut(images.decode(_made("RGBA", "PNG")), (0.0, 0.0, 0.001, 0.001))
    assert (clear.width, clear.height) == (1, 1)
