"""Fonts as foreign packages have them: damaged, bare, of old kinds, missing, hostile."""

import io
import random
import re
import struct
import time

import pikepdf
import pypdfium2
import pytest
import uharfbuzz as hb
from fontTools.ttLib import TTFont
from lxml import etree
from PIL import Image

from openrhip.formats import ofd
from openrhip.formats.ofd import render
from openrhip.formats.ofd.fonts import Font
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.render import faces_cff, faces_sfnt, faces_type1
from openrhip.formats.ofd.render.faces import Faces
from openrhip.formats.ofd.render.faces_house import like
from openrhip.formats.ofd.render.faces_open import open_font
from openrhip.formats.ofd.render.scene import Scene
from openrhip.formats.ofd.render.scene_items import FontRes

SVG = "{http://www.w3.org/2000/svg}"
SQUARE, TALL = "\u7532", "\u4e59"


def _glyf(x: int, y: int) -> bytes:
    """A simple glyph: a rectangle from the origin."""
    head = struct.pack(">hhhhh", 1, 0, 0, x, y)
    points = struct.pack(">H", 3) + b"\0\0" + b"\x01" * 4
    return head + points + struct.pack(">8h", 0, x, 0, -x, 0, 0, y, 0)


def _truetype(*, drop: tuple[str, ...] = (), count: int = 0, cmap: bytes = b"") -> bytes:
    """A TrueType font with a square (glyph 1, 甲) and a tall bar (glyph 2, 乙)."""
    glyphs = [b"", _glyf(800, 800), _glyf(200, 900)]
    glyphs = [glyph + b"\0" * (-len(glyph) % 4) for glyph in glyphs]
    offsets = [0]
    for glyph in glyphs:
        offsets.append(offsets[-1] + len(glyph))
    parts = {
        "glyf": b"".join(glyphs),
        "loca": struct.pack(">4I", *offsets),
        "head": faces_sfnt.head(1000, long=True),
        "hhea": faces_sfnt.hhea(1000, 3),
        "hmtx": struct.pack(">HhHhHh", 1000, 0, 1000, 0, 500, 0),
        "maxp": faces_sfnt.maxp(count or 3, outlines=True),
        "cmap": cmap or faces_sfnt.cmap({ord(SQUARE): 1, ord(TALL): 2}),
    }
    return faces_sfnt.build({tag: data for tag, data in parts.items() if tag not in drop})


def _symbol_cmap() -> bytes:
    table = faces_sfnt.cmap({0xF041: 1, 0xF042: 2})
    return table[:4] + struct.pack(">HH", 3, 0) + table[8:12] + b"\0\0\0\0\0\0\0\0" + table[20:]


def _ink(data: bytes, page: int = 0) -> int:
    image = Image.open(io.BytesIO(render.to_png(data, page, dpi=50))).convert("L")
    return sum(image.histogram()[:128])


def _texts(svg: str) -> str:
    texts = etree.fromstring(svg.encode()).iter(f"{SVG}text")
    return "".join("".join(e.itertext()) for e in texts)


FIXED = '<ofd:CGTransform CodePosition="0" CodeCount="{n}" GlyphCount="{n}"><ofd:Glyphs>{g}</ofd:Glyphs></ofd:CGTransform>'


@pytest.mark.parametrize(
    "drop",
    [
        (),
        ("cmap",),
        ("hmtx",),
        ("hhea", "hmtx"),
        ("head",),
        ("maxp",),
        ("cmap", "head", "maxp", "hhea", "hmtx"),
    ],
)
def test_truetype_fonts_whose_tables_lack(foreign, text_of, font_of, drop):
    more = FIXED.format(n=2, g="1 2")
    data = foreign(
        text_of(SQUARE + TALL, more=more), fonts=font_of("某体", "f.ttf"),
        parts={"Doc_0/Res/f.ttf": _truetype(drop=drop)},
    )  # fmt: skip
    notices = Notices()
    made = render.to_pdf(data, notices=notices)
    assert not notices
    with pikepdf.open(io.BytesIO(made)) as document:
        (font,) = document.pages[0].Resources.Font.values()
        assert "/FontFile2" in font.DescendantFonts[0].FontDescriptor
    image = Image.open(io.BytesIO(render.to_png(data, dpi=127))).convert("L")
    assert image.getpixel((5 * (5 + 3), 5 * (28 - 3))) == 0  # in the square
    assert image.getpixel((5 * (13 + 4), 5 * (28 - 3))) == 255  # right of the bar
    assert image.getpixel((5 * 13 + 4, 5 * (28 - 3))) == 0  # in the bar
    assert _texts(render.to_svg(data)) == SQUARE + TALL


def test_a_wrong_number_of_glyphs(foreign, text_of, font_of):
    for count in (1, 60_000):
        data = foreign(
            text_of(SQUARE), fonts=font_of("某体", "f.ttf"),
            parts={"Doc_0/Res/f.ttf": _truetype(count=count)},
        )  # fmt: skip
        notices = Notices()
        render.to_pdf(data, notices=notices)
        assert not notices
        face = open_font(_truetype(count=count))
        assert face.glyph_count == 3


def test_symbol_fonts_and_private_codes(foreign, text_of, font_of):
    parts = {"Doc_0/Res/f.ttf": _truetype(cmap=_symbol_cmap())}
    for text in ("AB", "\uf041\uf042"):
        notices = Notices()
        data = foreign(text_of(text), fonts=font_of("符号", "f.ttf"), parts=parts)
        render.to_pdf(data, notices=notices)
        assert not notices
        assert _texts(render.to_svg(data)) == text


def test_bare_cff_gets_its_tables_and_its_characters(foreign, text_of, font_of, small_font):
    bare = faces_sfnt.tables(small_font)["CFF "]
    face = open_font(bare)
    original = hb.Face(small_font)
    assert face.glyph_count == original.glyph_count
    assert face.upem == 1000
    more = FIXED.format(n=1, g=hb.Font(original).get_nominal_glyph(ord("甲")))
    data = foreign(
        text_of("甲", more=more), fonts=font_of("某体", "f.ttf"), parts={"Doc_0/Res/f.ttf": bare}
    )
    notices = Notices()
    render.to_pdf(data, notices=notices)
    assert not notices
    assert _ink(data) > 20


def test_names_of_glyphs_are_characters_and_widths_are_read():
    box = b"\x8b\x8b\x15" + b"\xf7\x00\x8b\x05" + b"\x8b\xf7\x00\x05" + b"\x27\x8b\x05\x0e"
    cff = faces_cff.written([b"\x0e", box, box])
    face = open_font(cff)
    font = hb.Font(face)
    assert set(face.unicodes) == {ord(" "), ord("!")}  # standard strings 1 and 2
    assert font.get_glyph_extents(font.get_nominal_glyph(ord("!"))).width == 108


def _type1(*, binary: bool = True) -> bytes:
    def encrypted(data: bytes, key: int) -> bytes:
        out = bytearray()
        for byte in b"\0\0\0\0" + data:
            out.append(byte ^ key >> 8)
            key = ((out[-1] + key) * 52_845 + 22_719) & 0xFFFF
        return bytes(out)

    def number(value: int) -> bytes:
        return b"\xff" + struct.pack(">i", value)

    square = (
        number(0) + number(600) + b"\x0d" + number(50) + number(0) + b"\x15"
        + number(0) + b"\x0a" + number(-500) + b"\x06\x09\x0e"
    )  # fmt: skip
    routine = number(500) + b"\x06" + number(500) + b"\x07\x0b"
    accent = (
        number(0)
        + number(300)
        + b"\x0d"
        + number(0)
        + number(600)
        + b"\x15"
        + number(100)
        + b"\x06"
        + number(100)
        + b"\x07\x09\x0e"
    )
    both = (
        number(0)
        + number(600)
        + b"\x0d"
        + b"".join(map(number, (0, 200, 0, 65, 194)))
        + b"\x0c\x06"
    )
    outlines = {
        "A": square,
        "acute": accent,
        "Aacute": both,
        ".notdef": number(0) + number(250) + b"\x0d\x0e",
        "G77": square,
    }
    code = encrypted(routine, 4330)
    private = b"dup /Private 8 dict dup begin /lenIV 4 def /Subrs 1 array\ndup 0 %d RD %s NP\n" % (
        len(code),
        code,
    )
    private += b"2 index /CharStrings %d dict dup begin\n" % len(outlines)
    for name, body in outlines.items():
        code = encrypted(body, 4330)
        private += b"/%s %d RD %s ND\n" % (name.encode(), len(code), code)
    hidden = encrypted(private + b"end\nend\nmark currentfile closefile\n", 55665)
    clear = b"%!PS-AdobeFont-1.0: Made\n/FontMatrix [0.001 0 0 0.001 0 0] readonly def\n/Encoding 256 array\ndup 90 /G77 put\nreadonly def\ncurrentfile eexec\n"
    if not binary:
        return clear + hidden.hex().encode() + b"\n" + b"0" * 64
    return (
        b"\x80\x01" + struct.pack("<I", len(clear)) + clear
        + b"\x80\x02" + struct.pack("<I", len(hidden)) + hidden + b"\x80\x03"
    )  # fmt: skip


@pytest.mark.parametrize("binary", [True, False])
def test_type_1_fonts(foreign, text_of, font_of, binary):
    data = _type1(binary=binary)
    face = open_font(data)
    font = hb.Font(face)
    assert set(face.unicodes) == {ord("A"), ord("´"), ord("Á"), ord("Z")}
    box = font.get_glyph_extents(font.get_nominal_glyph(ord("A")))
    assert (box.x_bearing, box.y_bearing, box.width, box.height) == (50, 500, 500, -500)
    assert font.get_glyph_h_advance(font.get_nominal_glyph(ord("A"))) == 600
    high = font.get_glyph_extents(font.get_nominal_glyph(ord("Á")))
    assert (high.x_bearing, high.y_bearing, high.height) == (50, 700, -700)
    package = foreign(
        text_of("AÁ"), fonts=font_of("Made", "f.pfb"), parts={"Doc_0/Res/f.pfb": data}
    )
    notices = Notices()
    assert render.to_pdf(package, notices=notices)
    assert not notices
    assert _texts(render.to_svg(package)) == "AÁ"


def test_collections_are_opened_at_the_font_with_the_name():
    one, two = (
        faces_sfnt.build({**faces_sfnt.tables(_truetype()), "name": faces_sfnt.name(name)})
        for name in ("First", "Second Song")
    )
    head = struct.pack(">4sIIII", b"ttcf", 0x10000, 2, 20, 20 + len(one))

    def moved(data: bytes, by: int) -> bytes:
        count = struct.unpack_from(">H", data, 4)[0]
        out = bytearray(data)
        for at in range(12, 12 + 16 * count, 16):
            start = struct.unpack_from(">I", data, at + 8)[0]
            struct.pack_into(">I", out, at + 8, start + by)
        return bytes(out)

    whole = head + moved(one, 20) + moved(two, 20 + len(one))
    assert open_font(whole, ("second song",)).get_name(1) == "Second Song"
    assert open_font(whole, ("none",)).get_name(1) == "First"


def test_a_subset_that_kept_its_cmap_is_completed_from_ours(foreign, text_of, font_of):
    cmap = faces_sfnt.cmap({ord(SQUARE): 1, ord("丙"): 0, ord("丁"): 2})
    font = faces_sfnt.tables(_truetype(cmap=cmap))
    font["glyf"] = font["glyf"][: len(_glyf(800, 800)) + 2]
    font["loca"] = struct.pack(">4I", 0, 0, len(font["glyf"]), len(font["glyf"]))
    data = foreign(
        text_of(SQUARE + "丁"), fonts=font_of("宋体", "f.ttf"),
        parts={"Doc_0/Res/f.ttf": faces_sfnt.build(font)},
    )  # fmt: skip
    notices = Notices()
    render.to_svg(data, notices=notices)
    assert [one.code for one in notices] == ["font.replaced"]
    assert "宋体" in notices[0].text_zh


@pytest.mark.parametrize(
    ("name", "font"),
    [
        ("宋体", Font.SERIF), ("SimSun", Font.SERIF), ("ABCDEF+SimSun", Font.SERIF),
        ("仿宋_GB2312", Font.SERIF), ("楷体", Font.SERIF), ("KaiTi", Font.SERIF),
        ("Times New Roman", Font.SERIF), ("Courier New", Font.SERIF), ("STSongti-SC-Regular", Font.SERIF),
        ("方正小标宋简体", Font.SERIF), ("FZXBSJW--GB1-0", Font.SERIF), ("FZFSJW--GB1-0", Font.SERIF),
        ("黑体", Font.SANS), ("SimHei", Font.SANS), ("微软雅黑", Font.SANS), ("Microsoft YaHei", Font.SANS),
        ("FZHTJW--GB1-0", Font.SANS), ("方正黑体简体", Font.SANS), ("Arial", Font.SANS), ("Calibri", Font.SANS),
        ("Source Han Sans CN", Font.SANS), ("Noto Sans", Font.SANS), ("Noto Serif", Font.SERIF), ("", Font.SERIF),
        ("Tahoma", Font.SANS), ("等线", Font.SANS), ("幼圆", Font.SANS), ("HYb1gj", Font.SERIF),
    ],
)  # fmt: skip
def test_fonts_that_are_not_embedded_get_one_of_their_kind(name, font):
    assert like(FontRes("1", name, "")).font is font


def test_bold_and_slanted_replacements(foreign, text_of, font_of):
    assert like(FontRes("1", "Arial Bold Italic", ""))[:3] == (Font.SANS, True, True)
    plain, bold, slanted = (
        foreign(text_of("永"), fonts=font_of("宋体", **attrs))
        for attrs in ({}, {"Bold": "true"}, {"Italic": "true"})
    )
    assert _ink(bold) > _ink(plain) * 1.1
    assert render.to_png(slanted, dpi=50) != render.to_png(plain, dpi=50)
    (item,) = Scene.of(ofd.open_package(slanted)).page(0)
    faces = Faces(ofd.open_package(slanted))
    (run,) = faces.runs(item, next(item.lines()))
    assert run.slant > 0.2


def test_latin_replacements_keep_to_the_steps_of_the_text(foreign, font_of):
    text = "Monospaced words"
    data = foreign(
        '<ofd:TextObject ID="1" Boundary="5 5 90 10" Font="7" Size="8"><ofd:TextCode X="0" Y="8"'
        f' DeltaX="g {len(text) - 1} 3.4">{text}</ofd:TextCode></ofd:TextObject>',
        fonts=font_of("Arial Narrow"),
    )
    package = ofd.open_package(data)
    (item,) = Scene.of(package).page(0)
    (run,) = Faces(package).runs(item, next(item.lines()))
    width = sum(run.face.advance(number) for number in run.numbers) * 8 * run.narrow
    assert width == pytest.approx(3.4 * len(text), rel=0.08)


def test_replacements_and_missing_characters_are_named_once(foreign, text_of, font_of):
    data = foreign(text_of("甲乙\ue123") * 3, fonts=font_of("方正书宋"))
    for draw in (render.to_pdf, render.to_svg, render.to_page, render.to_png):
        notices = Notices()
        draw(data, notices=notices)
        assert [one.code for one in notices] == ["font.replaced", "glyph.missing"]
        assert "U+E123" in notices[1].text_en
    assert "\ue123" in _texts(render.to_svg(data))


def test_text_of_the_pdf_is_that_of_a_font_without_cmap(foreign, text_of, font_of):
    more = FIXED.format(n=2, g="2 1")
    data = foreign(
        text_of("丙丁", more=more), fonts=font_of("某体", "f.ttf"),
        parts={"Doc_0/Res/f.ttf": _truetype(drop=("cmap",))},
    )  # fmt: skip
    document = pypdfium2.PdfDocument(render.to_pdf(data))
    page = document[0]
    reader = page.get_textpage()
    assert "".join(reader.get_text_range().split()) == "丙丁"
    reader.close()
    page.close()
    document.close()


def test_one_character_with_two_glyphs_keeps_both(foreign, text_of, font_of):
    more = FIXED.format(n=2, g="1 2")
    data = foreign(
        text_of(SQUARE + SQUARE, more=more), fonts=font_of("某体", "f.ttf"),
        parts={"Doc_0/Res/f.ttf": _truetype()},
    )  # fmt: skip
    tree = etree.fromstring(render.to_svg(data).encode())
    assert [e.text for e in tree.iter(f"{SVG}text")] == [SQUARE]
    (path,) = [e for e in tree.iter(f"{SVG}use") if e.get("aria-label") == SQUARE]
    assert path.get("transform")


def test_ligatures_of_a_font_that_is_not_there_are_letters(foreign, text_of, font_of):
    more = '<ofd:CGTransform CodePosition="1" CodeCount="2" GlyphCount="1"><ofd:Glyphs>191</ofd:Glyphs></ofd:CGTransform>'
    data = foreign(text_of("afin", more=more), fonts=font_of("Times New Roman"))
    assert _texts(render.to_svg(data)) == "afin"


def test_scripts_that_browsers_shape_are_paths(foreign, text_of, font_of):
    tree = etree.fromstring(render.to_svg(foreign(text_of("ฤำ"), fonts=font_of("Tahoma"))).encode())
    assert not list(tree.iter(f"{SVG}text"))
    assert [e.get("aria-label") for e in tree.iter(f"{SVG}use")] == ["ฤ", "ำ"]


def test_fonts_in_svg_are_whole(foreign, text_of, font_of):
    data = foreign(
        text_of(SQUARE), fonts=font_of("某体", "f.ttf"), parts={"Doc_0/Res/f.ttf": _truetype()}
    )
    (file,) = re.findall(r"base64,([A-Za-z0-9+/=]+)", render.to_svg(data))
    font = TTFont(io.BytesIO(__import__("base64").b64decode(file)))
    for tag in ("OS/2", "cmap", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "name", "post"):
        assert font[tag]
    assert set(font.getBestCmap()) == {ord(SQUARE)}


@pytest.mark.parametrize("kind", ["truetype", "cff", "bare", "type1"])
def test_hostile_fonts_end_quickly_in_a_font_or_in_none(kind, small_font):
    good = {
        "truetype": _truetype(), "cff": small_font, "type1": _type1(),
        "bare": faces_sfnt.tables(small_font)["CFF "],
    }[kind]  # fmt: skip
    chance = random.Random(kind)  # noqa: S311 - the same damage in every run
    began = time.process_time()
    for _ in range(150):
        bad = bytearray(good)
        for _ in range(chance.choice([1, 2, 6, 20])):
            at = chance.randrange(len(bad))
            bad[at : at + chance.choice([0, 1, 1, 8])] = chance.randbytes(chance.choice([0, 1, 4]))
        face = open_font(bytes(bad))
        assert face is None or face.glyph_count > 0
    assert time.process_time() - began < 20
    assert open_font(b"") is None
    assert faces_type1.looks_like(good) == (kind == "type1")


@pytest.mark.parametrize(
    ("name", "step", "width"), [("宋体", 4, 0.5), ("SimHei", 4, 0.5), ("Courier New", 4.8, 0.6)]
)
def test_letters_of_half_an_em_are_ours_of_half_an_em(foreign, font_of, name, step, width):
    text = "SIGN mil"
    data = foreign(
        '<ofd:TextObject ID="1" Boundary="5 5 90 10" Font="7" Size="8"><ofd:TextCode X="0" Y="8"'
        f' DeltaX="g {len(text) - 1} {step}">{text}</ofd:TextCode></ofd:TextObject>',
        fonts=font_of(name),
    )
    package = ofd.open_package(data)
    (item,) = Scene.of(package).page(0)
    (run,) = Faces(package).runs(item, next(item.lines()))
    assert len(run.numbers) == len(text)
    for number in run.numbers:
        assert run.face.advance(number) * run.narrow == pytest.approx(width, abs=0.002)
    assert _texts(render.to_svg(data)) == text
    document = pypdfium2.PdfDocument(render.to_pdf(data))
    page = document[0]
    reader = page.get_textpage()
    assert reader.get_text_range().strip() == text
    reader.close()
    page.close()
    document.close()


@pytest.mark.parametrize(("name", "width"), [("宋体", 0.5), ("Courier", 0.6)])
def test_texts_without_steps_take_the_widths_of_their_own_font(foreign, font_of, name, width):
    data = foreign(
        '<ofd:TextObject ID="1" Boundary="5 5 90 10" Font="7" Size="8">'
        '<ofd:TextCode X="0" Y="8">Wim甲i</ofd:TextCode></ofd:TextObject>',
        fonts=font_of(name),
    )
    package = ofd.open_package(data)
    (item,) = Scene.of(package).page(0)
    faces = Faces(package)
    places = [glyph.x for glyph in faces.line(item, item.codes[0])]
    assert places == pytest.approx([0, 8 * width, 16 * width, 24 * width, 24 * width + 8])
    assert _texts(render.to_svg(data)) == "Wim甲i"
