"""Fonts of PDFs: every way from a code to a glyph, a character and a place."""

import io

import pikepdf
import pypdfium2
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image, ImageChops, ImageFilter, ImageStat

from openrhip.formats import ofd
from openrhip.formats.ofd import edit, render
from openrhip.formats.ofd.edit import pdf_cmap
from openrhip.formats.ofd.edit.pdf_names import base_encoding, char_of

_NS = "{http://www.ofdspec.org/2016}"
_GLYPHS = {".notdef": 0, "A": 300, "B": 500, "f_i": 700}


def _shape(pen, side):
    if side:
        pen.moveTo((50, 0))
        pen.lineTo((50 + side, 0))
        pen.lineTo((50 + side, side))
        pen.lineTo((50, side // 2))
        pen.closePath()


def _truetype(cmap=None, symbol=False):
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(list(_GLYPHS))
    builder.setupCharacterMap(cmap or {})
    outlines = {}
    for name, side in _GLYPHS.items():
        pen = TTGlyphPen(None)
        _shape(pen, side)
        outlines[name] = pen.glyph()
    builder.setupGlyf(outlines)
    builder.setupHorizontalMetrics(
        {name: (side + 100, 50 if side else 0) for name, side in _GLYPHS.items()}
    )
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupOS2()
    builder.setupPost(keepGlyphNames=False)
    if symbol:
        for table in builder.font["cmap"].tables:
            table.platEncID = 0
    out = io.BytesIO()
    builder.save(out)
    return out.getvalue()


def _cff():
    builder = FontBuilder(1000, isTTF=False)
    builder.setupGlyphOrder(list(_GLYPHS))
    builder.setupCharacterMap({})
    strings = {}
    for name, side in _GLYPHS.items():
        pen = T2CharStringPen(side + 100, None)
        _shape(pen, side)
        strings[name] = pen.getCharString()
    builder.setupCFF("Test", {"FullName": "Test"}, strings, {})
    return builder.font["CFF "].compile(builder.font)


_UNICODE = (b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <ff> endcodespacerange "
            b"2 beginbfchar <01> <0041> <03> <00660069> endbfchar 1 beginbfrange <02> <02> [<0042>] endbfrange endcmap")  # fmt: skip


def _pdf(make, show=b"<010203> Tj"):
    """make: called with the PDF, gives the font dictionary."""
    pdf = Pdf.new()
    font = pdf.make_indirect(make(pdf))
    body = pdf.make_stream(b"BT /F 40 Tf 10 20 Td " + show + b" ET")
    pdf.pages.append(pikepdf.Page(Dictionary(
        Type=Name.Page, MediaBox=Array([0, 0, 200, 100]), Contents=body,
        Resources=Dictionary(Font=Dictionary(F=font)))))  # fmt: skip
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def _simple(kind, key, data, flags=32, meaning=None, file=None, **more):
    def make(pdf):
        stream = pdf.make_stream(data, file or {})
        look = Dictionary(Type=Name.FontDescriptor, FontName=Name("/ABCDEF+Test"), Flags=flags,
                          FontBBox=Array([0, -200, 1000, 800]))  # fmt: skip
        look[f"/{key}"] = stream
        font = Dictionary(Type=Name.Font, Subtype=Name(f"/{kind}"), BaseFont=Name("/ABCDEF+Test"), Widths=Array([400, 600, 800]), FontDescriptor=look, **more)  # fmt: skip
        if meaning:
            font.ToUnicode = pdf.make_stream(meaning)
        return font

    return make


_ACROSS = Name("/Identity-H")


def _composite(kind, key, data, encoding=_ACROSS, meaning=_UNICODE, file=None, **more):
    def make(pdf):
        look = Dictionary(
            Type=Name.FontDescriptor,
            FontName=Name.Test,
            Flags=4,
            FontBBox=Array([0, -200, 1000, 800]),
        )
        look[f"/{key}"] = pdf.make_stream(data, file or {})
        below = Dictionary(Type=Name.Font, Subtype=Name(f"/{kind}"), BaseFont=Name.Test, FontDescriptor=look,
                           CIDSystemInfo=Dictionary(Registry="Adobe", Ordering="Identity", Supplement=0),
                           W=Array([1, Array([400, 600]), 3, 3, 800]))  # fmt: skip
        for name, value in more.items():
            below[f"/{name}"] = pdf.make_stream(value) if isinstance(value, bytes) else value
        font = Dictionary(Type=Name.Font, Subtype=Name.Type0, BaseFont=Name.Test, Encoding=encoding,
                          DescendantFonts=Array([pdf.make_indirect(below)]))  # fmt: skip
        if meaning:
            wide = meaning.replace(b"<00> <ff>", b"<0000> <ffff>")
            for code in (b"01", b"02", b"03"):
                wide = wide.replace(b"<" + code + b">", b"<00" + code + b">")
            font.ToUnicode = pdf.make_stream(wide)
        return font

    return make


_FIRST = {"FirstChar": 1, "LastChar": 3}
_C0 = {"/Subtype": Name.Type1C}
_CID0 = {"/Subtype": Name.CIDFontType0C}
_NAMED = Dictionary(Type=Name.Encoding, Differences=Array([1, Name.A, Name.B, Name.f_i]))
_WIDE = b"<000100020003> Tj"
_FLIPPED = b"\0\0\0\2\0\1\0\3"


@pytest.mark.parametrize(
    ("make", "show", "text"),
    [
        (_simple("TrueType", "FontFile2", _truetype({1: "A", 2: "B", 3: "f_i"}), 4, _UNICODE, **_FIRST), b"<010203> Tj", "ABfi"),
        (_simple("TrueType", "FontFile2", _truetype({0xF001: "A", 0xF002: "B", 0xF003: "f_i"}, symbol=True), 4, _UNICODE, **_FIRST),
         b"<010203> Tj", "ABfi"),
        (_simple("TrueType", "FontFile2", _truetype({65: "A", 66: "B"}), 32, None, FirstChar=65, LastChar=66,
                 Encoding=Name.WinAnsiEncoding), b"(AB) Tj", "AB"),
        (_simple("Type1", "FontFile3", _cff(), 4, None, _C0, Encoding=_NAMED, **_FIRST), b"<010203> Tj", "ABfi"),
        (_simple("Type1", "FontFile3", _cff(), 4, _UNICODE, _C0, Encoding=_NAMED, **_FIRST), b"<010203> Tj", "ABfi"),
        (_composite("CIDFontType2", "FontFile2", _truetype()), _WIDE, "ABfi"),
        (_composite("CIDFontType2", "FontFile2", _truetype(), CIDToGIDMap=_FLIPPED), _WIDE, "ABfi"),
        (_composite("CIDFontType0", "FontFile3", _cff(), file=_CID0), _WIDE, "ABfi"),
    ],
)  # fmt: skip
def test_glyphs_characters_and_places(make, show, text):
    pdf = _pdf(make, show)
    made = edit.from_pdf(pdf)
    assert ofd.text(made.data) == [text]
    assert not made.notices
    _looks_the_same(pdf, made)
    package = ofd.open_package(made.data)
    assert len([name for name in package.parts if "/Res/Font" in name]) == 1


def _looks_the_same(pdf, made):
    mine = Image.open(io.BytesIO(render.to_png(made.data, 0, 144))).convert("L")
    theirs = pypdfium2.PdfDocument(pdf)[0].render(scale=2).to_pil().convert("L")
    blurred = [
        image.filter(ImageFilter.GaussianBlur(1)) for image in (mine.resize(theirs.size), theirs)
    ]
    assert ImageStat.Stat(theirs).mean[0] < 250, "the PDF shows nothing"
    assert ImageStat.Stat(ImageChops.difference(*blurred)).mean[0] < 0.8


def test_characters_of_the_cmap_need_no_numbers_and_others_do():
    made = edit.from_pdf(_pdf(_composite("CIDFontType2", "FontFile2", _truetype()), _WIDE))
    page = ofd.open_package(made.data).xml("Doc_0/Pages/Page_0/Content.xml")
    (fixed,) = page.iter(f"{_NS}CGTransform")
    assert fixed.attrib == {"CodePosition": "2", "CodeCount": "2", "GlyphCount": "1"}
    assert fixed[0].text == "3"


def test_ligatures_become_letters_that_are_found():
    meaning = _UNICODE.replace(b"00660069", b"fb01")
    pdf = _pdf(_composite("CIDFontType2", "FontFile2", _truetype(), meaning=meaning), _WIDE)
    made = edit.from_pdf(pdf)
    assert ofd.text(made.data) == ["ABfi"]
    _looks_the_same(pdf, made)


def test_text_can_be_a_clip():
    font = _composite("CIDFontType2", "FontFile2", _truetype())
    pdf = _pdf(font, b"7 Tr " + _WIDE + b" ET 1 0 0 rg 0 0 60 60 re f 0 0 1 rg 50 0 90 40 re f BT")
    made = edit.from_pdf(pdf)
    page = ofd.open_package(made.data).xml("Doc_0/Pages/Page_0/Content.xml")
    assert len(list(page.iter(f"{_NS}Text"))) == 2
    assert ofd.text(made.data) == ["ABfi"]
    _looks_the_same(pdf, made)


def test_text_without_meaning_keeps_its_glyph():
    pdf = _pdf(_composite("CIDFontType2", "FontFile2", _truetype(), meaning=None), _WIDE)
    made = edit.from_pdf(pdf)
    assert ofd.text(made.data) == ["\ufffd\ufffd\ufffd"]
    _looks_the_same(pdf, made)


def test_vertical_writing_goes_down():
    pdf = _pdf(
        _composite("CIDFontType2", "FontFile2", _truetype(), Name("/Identity-V")),
        b"100 60 Td 20 TL " + _WIDE,
    )
    made = edit.from_pdf(pdf)
    code = next(
        ofd.open_package(made.data).xml("Doc_0/Pages/Page_0/Content.xml").iter(f"{_NS}TextCode")
    )
    steps = [float(word) for word in code.get("DeltaY").split() if word != "g"]
    assert steps[0] == pytest.approx(40 * 25.4 / 72, abs=0.02)
    assert ofd.text(made.data)[0].replace("\n", "") == "ABfi"
    _looks_the_same(pdf, made)


def test_two_fonts_of_one_program_share_it():
    data = _truetype()

    def make(pdf):
        one = _composite("CIDFontType2", "FontFile2", data)(pdf)
        stream = one.DescendantFonts[0].FontDescriptor.FontFile2
        two = _composite("CIDFontType2", "FontFile2", b"x", meaning=None)(pdf)
        two.DescendantFonts[0].FontDescriptor.FontFile2 = pdf.make_indirect(stream)
        one.DescendantFonts[0].FontDescriptor.FontFile2 = two.DescendantFonts[
            0
        ].FontDescriptor.FontFile2
        one.Twin = pdf.make_indirect(two)
        return one

    raw = _pdf(make, _WIDE)
    with pikepdf.open(io.BytesIO(raw)) as pdf:
        fonts = pdf.pages[0].Resources.Font
        fonts.G = fonts.F.Twin
        pdf.pages[0].contents_add(b"BT /G 20 Tf 10 70 Td <00010002> Tj ET")
        out = io.BytesIO()
        pdf.save(out)
    package = ofd.open_package(edit.from_pdf(out.getvalue()).data)
    assert len([name for name in package.parts if "/Res/Font" in name]) == 1


@pytest.mark.parametrize(
    "data", [b"", b"\0\1\0\0", b"OTTO" + b"\0" * 40, b"\1\0\4\1" * 9, b"%!PS-AdobeFont-1.0"]
)
def test_programs_that_nobody_reads_are_named(data):
    made = edit.from_pdf(_pdf(_composite("CIDFontType2", "FontFile2", data), _WIDE))
    assert {notice.code for notice in made.notices} == {"font.unreadable"}
    assert ofd.text(made.data) == ["ABfi"]


def test_chinese_encodings_without_fonts_are_read():
    def make(pdf):
        below = Dictionary(Type=Name.Font, Subtype=Name.CIDFontType0, BaseFont=Name.STSong,
                           CIDSystemInfo=Dictionary(Registry="Adobe", Ordering="GB1", Supplement=4))  # fmt: skip
        return Dictionary(Type=Name.Font, Subtype=Name.Type0, BaseFont=Name.STSong, Encoding=Name("/GBK-EUC-H"),
                          DescendantFonts=Array([pdf.make_indirect(below)]))  # fmt: skip

    made = edit.from_pdf(_pdf(make, b"(" + "血钾A张㛃".encode("gbk", "replace") + b") Tj"))
    assert ofd.text(made.data)[0].startswith("血钾A张")
    assert {notice.code for notice in made.notices} == {"font.not-embedded"}


def test_type_3_glyphs_are_drawn_and_their_text_is_found():
    def make(pdf):
        proc = pdf.make_stream(b"600 0 0 0 500 500 d1 0 0 500 500 re f")
        return Dictionary(
            Type=Name.Font, Subtype=Name.Type3, FontBBox=Array([0, 0, 600, 600]), FirstChar=65, LastChar=65,
            FontMatrix=Array([0.001, 0, 0, 0.001, 0, 0]), Widths=Array([600]), Resources=Dictionary(),
            CharProcs=Dictionary(A=proc), Encoding=Dictionary(Differences=Array([65, Name.A])),
        )  # fmt: skip

    pdf = _pdf(make, b"(AA) Tj")
    made = edit.from_pdf(pdf)
    assert ofd.text(made.data) == ["AA"]
    _looks_the_same(pdf, made)


@pytest.mark.parametrize(
    ("name", "char"),
    [("A", "A"), ("eacute", "é"), ("Zcaron", "Ž"), ("alpha", "α"), ("Omega", "Ω"), ("uni4E2D", "中"), ("u1F600", "😀"),
     ("f_f_i", "ffi"), ("a.alt", "a"), ("fi", "fi"), ("Euro", "€"), (".notdef", ""), ("g123", ""), ("", ""),
     ("uni4E2D6587", "中文"), ("infinity", "∞"), ("unknownacute", "")],
)  # fmt: skip
def test_names_of_glyphs(name, char):
    assert char_of(name) in (
        {char, "Ω"} if name == "Omega" else {char, "ﬁ"} if name == "fi" else {char}
    )


def test_encodings():
    assert base_encoding("WinAnsiEncoding")[0x80] == "€"
    assert base_encoding("MacRomanEncoding")[0x80] == "Ä"
    assert base_encoding("StandardEncoding")[0xFB] == "ß"
    assert base_encoding("StandardEncoding")[0xD0] == "—"
    assert base_encoding("Symbol")[0x61] == "α"


def test_cmaps_are_read_leniently():
    found = pdf_cmap.parse(
        b"/WMode 1 def 2 begincodespacerange <00> <7f> <8000> <ffff> endcodespacerange 1 begincidrange <8000> <80ff> 100 "
        b"endcidrange 1 begincidchar <05> 7 endcidchar 1 beginbfrange <8000> <8002> <4e00> endbfrange junk <zz ] ["
    )
    assert found.vertical
    assert [code for code, _ in found.codes(b"\x05\x80\x01\x41")] == [5, 0x8001, 0x41]
    assert (found.cid(5), found.cid(0x8003), found.cid(9)) == (7, 103, 0)
    assert found.text(0x8002, b"") == "丂"
    assert pdf_cmap.parse(b"\xff\xfe<<<>>>[[]]" * 50).texts == {}
