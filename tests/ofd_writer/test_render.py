"""Rendering: PDF whose text is the record's, PNG with ink where it should be, SVG that stands alone."""

import base64
import contextlib
import io
import random
import re

import pikepdf
import pypdfium2
import pytest
import segno
from fontTools.pens.recordingPen import RecordingPen
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image as Pillow

from openrhip.formats import ofd
from openrhip.formats.ofd import render
from openrhip.formats.ofd.package_append import rewrite
from openrhip.formats.ofd.render import pdf
from openrhip.formats.ofd.render.scene import Scene
from openrhip.kernel.errors import Malformed, NotFound, Problem, TooLarge

SVG = "{http://www.w3.org/2000/svg}"


def _png(color=(200, 0, 0, 255)) -> bytes:
    out = io.BytesIO()
    Pillow.new("RGBA", (40, 40), color).save(out, "PNG")
    return out.getvalue()


def _jpeg(mode="RGB") -> bytes:
    out = io.BytesIO()
    Pillow.new(mode, (40, 40)).save(out, "JPEG")
    return out.getvalue()


def _story(**more) -> ofd.Story:
    return ofd.Story(
        "记录",
        [
            ofd.Paragraph("患者张㛃𠮷䶮，女，57岁，血压120/80mmHg。" * 40, ofd.Style(indent=2)),
            ofd.Table([ofd.Column("项目"), ofd.Column("结果")], [["血钾", "6.8 ↑"]] * 60),
            ofd.Image(_png(), width=20),
            ofd.Image(_jpeg(), width=20),
            ofd.Image(_jpeg("L"), width=20),
            ofd.Image(_jpeg("CMYK"), width=20),
        ],
        footer=[ofd.PageNumber()],
        **more,
    )


def _pdf_text(data: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(data)
    texts = []
    for page in document:
        reader = page.get_textpage()
        texts.append(reader.get_text_range())
        reader.close()
        page.close()
    document.close()
    return texts


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _dark(png: bytes) -> int:
    image = Pillow.open(io.BytesIO(png)).convert("L")
    return sum(image.histogram()[:128])


def test_the_pdf_says_the_same_as_the_ofd():
    data = ofd.write(_story())
    assert [_squeezed(t) for t in _pdf_text(render.to_pdf(data))] == [
        _squeezed(t) for t in ofd.text(data)
    ]


@settings(deadline=None, max_examples=25)
@given(st.text(st.sampled_from("患者，。abc XYZ019㛃𠮷䶮℃↑—“”（）½μ\ue123"), max_size=200))
def test_any_text_comes_back_from_the_pdf(text):
    data = ofd.write(ofd.Story("t", [ofd.Paragraph(text)]))
    assert _squeezed("".join(_pdf_text(render.to_pdf(data)))) == _squeezed(text)


def test_the_pdf_is_the_same_every_time_and_holds_only_subsets():
    data = ofd.write(_story())
    made = render.to_pdf(data)
    assert render.to_pdf(data) == made
    with pikepdf.open(io.BytesIO(made)) as document:
        fonts = [font for page in document.pages for font in page.Resources.Font.values()]
        assert fonts
        for font in fonts:
            assert re.fullmatch(r"/[A-Z]{6}\+F\d", str(font.BaseFont))
            descriptor = font.DescendantFonts[0].FontDescriptor
            assert "/FontFile3" in descriptor
        assert str(document.docinfo.Title) == "记录"
        assert float(document.pages[0].mediabox[2]) == pytest.approx(595.28, abs=0.01)


def test_pages_are_counted_and_drawn_at_the_size_asked_for():
    data = ofd.write(_story())
    assert render.page_count(data) == len(ofd.text(data)) == 3
    image = Pillow.open(io.BytesIO(render.to_png(data, 1, dpi=100)))
    assert image.format == "PNG"
    assert image.size == (827, 1169)
    assert _dark(render.to_png(data, 0)) > 10_000


def test_a_watermark_covers_every_page_and_changes_no_text_of_the_record():
    data = ofd.write(_story())
    plain = render.to_png(data, 1, dpi=60)
    marked = render.to_png(data, 1, dpi=60, watermark="李医生 2026-11-24 08:30")
    assert plain != marked
    texts = _pdf_text(render.to_pdf(data, watermark="李医生"))
    assert all(text.count("李医生") >= 6 for text in texts)
    assert "李医生" in render.to_svg(data, watermark="李医生")
    own = ofd.write(_story(watermark="仅供测试"))
    assert ofd.text(own) == ofd.text(data)


def test_svg_stands_alone_and_its_text_is_text():
    data = ofd.write(_story())
    tree = etree.fromstring(render.to_svg(data, 0).encode())
    texts = "".join("".join(e.itertext()) for e in tree.iter(f"{SVG}text"))
    assert _squeezed(texts) == _squeezed(ofd.text(data)[0])
    for element in tree.iter(f"{SVG}text", f"{SVG}tspan"):
        assert len((element.get("x") or "").split()) == len(element.text or "")
    style = tree.find(f"{SVG}style").text
    files = re.findall(r"base64,([A-Za-z0-9+/=]+)", style)
    chars = {c for data in files for c in TTFont(io.BytesIO(base64.b64decode(data))).getBestCmap()}
    assert set(map(ord, texts)) <= chars
    assert "http" not in style


def test_svg_draws_characters_no_font_has_as_geta():
    data = ofd.write(ofd.Story("t", [ofd.Paragraph("甲\ue123乙")]))
    tree = etree.fromstring(render.to_svg(data).encode())
    assert "".join("".join(e.itertext()) for e in tree.iter(f"{SVG}text")) == "甲\ue123乙"
    (file,) = re.findall(r"base64,([A-Za-z0-9+/=]+)", tree.find(f"{SVG}style").text)
    font = TTFont(io.BytesIO(base64.b64decode(file)))
    pen = RecordingPen()
    font.getGlyphSet()[font.getBestCmap()[0xE123]].draw(pen)
    assert [verb for verb, _ in pen.value].count("moveTo") >= 2  # the two bars of 〓


def test_stamps_are_drawn_where_they_stand():
    data = ofd.write(ofd.Story("t", [ofd.Paragraph("甲")]))
    scene = Scene.of(ofd.open_package(data))
    stamps = [(0, (100.0, 200.0, 40.0, 40.0), _png())]
    made = pypdfium2.PdfDocument(pdf.to_pdf(scene, stamps, "", [0]))
    page = made[0]
    image = page.render(scale=1).to_pil().convert("RGB")
    page.close()
    made.close()
    mm = 72 / 25.4
    assert image.getpixel((round(120 * mm), round(220 * mm))) == (200, 0, 0)
    assert image.getpixel((round(95 * mm), round(220 * mm))) == (255, 255, 255)


def test_a_broken_stamp_or_image_is_left_out():
    scene = Scene.of(ofd.open_package(ofd.write(ofd.Story("t", [ofd.Paragraph("甲")]))))
    made = pdf.to_pdf(scene, [(0, (0.0, 0.0, 9.0, 9.0), b"\x89PNG\r\n\x1a\nbroken")], "", [0])
    assert _squeezed(_pdf_text(made)[0]) == "甲"


def test_foreign_packages_templates_parameters_blocks_and_other_fonts(handmade):
    data = handmade(
        '<ofd:Layer ID="2" DrawParam="70"><ofd:PageBlock ID="3">'
        '<ofd:TextObject ID="4" Boundary="10 5 60 8" Font="7" Size="5" CTM="1 0 0 1 0 0">'
        '<ofd:TextCode X="0" Y="4" DeltaX="g 2 5 6" DeltaY="0 0 0">题目甲乙</ofd:TextCode>'
        "</ofd:TextObject></ofd:PageBlock>"
        '<ofd:PathObject ID="5" Boundary="10 20 30 10" Fill="true"><ofd:FillColor Value="#ff 0 0"/>'
        "<ofd:AbbreviatedData>S 0 0 M 0 0 L 30 0 Q 35 5 30 10 A 5 5 0 0 1 20 10 B 15 8 5 8 0 10 C"
        "</ofd:AbbreviatedData></ofd:PathObject>"
        '<ofd:TextObject ID="6" Boundary="1 1 5 5" Font="7" Size="3" Visible="false">'
        '<ofd:TextCode X="0" Y="3">隐</ofd:TextCode></ofd:TextObject>'
        '<ofd:ImageObject ID="8" Boundary="60 20 10 10" CTM="10 0 0 10 0 0" ResourceID="9"/>'
        '<ofd:ImageObject ID="88" Boundary="60 20 10 10" ResourceID="404"/>'
        '<ofd:CompositeObject ID="89" Boundary="60 20 10 10" ResourceID="404"/></ofd:Layer>',
        resources='<ofd:Fonts><ofd:Font ID="7" FontName="宋体"/></ofd:Fonts><ofd:DrawParams>'
        '<ofd:DrawParam ID="70" Relative="71" LineWidth="1"/><ofd:DrawParam ID="71">'
        '<ofd:FillColor Value="0 0 255"/><ofd:StrokeColor Value="0 255 0 0"/></ofd:DrawParam>'
        '</ofd:DrawParams><ofd:ColorSpaces><ofd:ColorSpace ID="72" Type="Gray"/></ofd:ColorSpaces>'
        '<ofd:MultiMedias><ofd:MultiMedia ID="9" Type="Image"><ofd:MediaFile>i.png'
        "</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias>",
        template='<ofd:Content><ofd:Layer ID="91"><ofd:TextObject ID="92" Boundary="10 40 30 6"'
        ' Font="7" Size="4"><ofd:FillColor Value="128"/><ofd:TextCode X="0" Y="4" DeltaX="4 4">'
        "模板字</ofd:TextCode></ofd:TextObject></ofd:Layer></ofd:Content>",
        page='<ofd:Template TemplateID="90" ZOrder="Background"/>',
        parts={"Doc_0/Res/i.png": _png()},
    )
    assert ofd.text(data) == ["题目甲乙\n模板字"]
    template, title, path, image = Scene.of(ofd.open_package(data)).page(0)
    assert template.fill == (128, 128, 128)
    assert title.fill == (0, 0, 255)
    assert [(g.x, g.y) for g in next(title.lines())] == [(0, 4), (5, 4), (10, 4), (16, 4)]
    assert path.fill == (255, 0, 0)
    assert path.stroke == (255, 0, 255)  # four values are CMYK: this is magenta
    assert path.width == 1
    assert image.part == "Doc_0/Res/i.png"
    assert _squeezed(_pdf_text(render.to_pdf(data))[0]) == "模板字题目甲乙"
    assert Pillow.open(io.BytesIO(render.to_png(data, dpi=100))).size == (394, 197)
    assert "题目甲乙" in render.to_svg(data)


@pytest.mark.parametrize(
    "content",
    [
        '<ofd:Layer ID="2"><ofd:PathObject ID="3" Boundary="0 0 1"/></ofd:Layer>',
        '<ofd:Layer ID="2"><ofd:PathObject ID="3" Boundary="0 0 1 nan"/></ofd:Layer>',
        '<ofd:Layer ID="2"><ofd:PathObject ID="3" Boundary="0 0 1 1" CTM="1 0"/></ofd:Layer>',
        *(
            f'<ofd:Layer ID="2"><ofd:PathObject ID="3" Boundary="0 0 1 1"><ofd:AbbreviatedData>{d}'
            "</ofd:AbbreviatedData></ofd:PathObject></ofd:Layer>"
            for d in ("X 1 1", "M 1", "M a b", "B 1 2 3 4 5", "M inf 0", "L 1e9 1")
        ),
        *(
            '<ofd:Layer ID="2"><ofd:TextObject ID="3" Boundary="0 0 1 1" Font="1" Size="2">'
            f'<ofd:TextCode X="{x}" DeltaX="{d}">ab</ofd:TextCode></ofd:TextObject></ofd:Layer>'
            for x, d in (("a", "1"), ("0", "g"), ("0", "g x 1"), ("0", "q"), ("0", "g 5"))
        ),
        (
            '<ofd:Layer ID="2"><ofd:PathObject ID="3" Boundary="0 0 1 1">'
            '<ofd:StrokeColor Value="red"/><ofd:AbbreviatedData>M 0 0</ofd:AbbreviatedData>'
            "</ofd:PathObject></ofd:Layer>"
        ),
    ],
)
def test_objects_that_break_the_standard_are_named_and_the_rest_is_drawn(handmade, content):
    good = '<ofd:PathObject ID="4" Boundary="60 10 20 20" Fill="true"><ofd:FillColor Value="0"/>'
    good += (
        "<ofd:AbbreviatedData>M 0 0 L 20 0 L 20 20 L 0 20 C</ofd:AbbreviatedData></ofd:PathObject>"
    )
    data = handmade(content.replace("</ofd:Layer>", good + "</ofd:Layer>"))
    scene = Scene.of(ofd.open_package(data))
    made = pdf.to_pdf(scene, (), "", [0])
    assert any(notice.where.startswith("Doc_0/Pages/P.xml") for notice in scene.notices)
    assert made.startswith(b"%PDF")
    assert _dark(render.to_png(data, dpi=100)) > 5000
    assert "<svg" in render.to_svg(data)


def test_headings_become_bookmarks():
    blocks = [ofd.Heading("一", 1), ofd.Heading("（一）", 2), ofd.PageBreak(), ofd.Heading("二", 1)]
    made = render.to_pdf(ofd.write(ofd.Story("记录", blocks)))
    with pikepdf.open(io.BytesIO(made)) as document:
        assert str(document.Root.Lang) == "zh-CN"
        with document.open_outline() as outline:
            assert [item.title for item in outline.root] == ["一", "二"]
            assert [item.title for item in outline.root[0].children] == ["（一）"]
            assert outline.root[1].destination[0].objgen == document.pages[1].obj.objgen


def test_glyph_numbers_mean_nothing_in_another_font(handmade):
    text = (
        '<ofd:Layer ID="2"><ofd:TextObject ID="3" Boundary="0 0 20 8" Font="7" Size="5">'
        '{}<ofd:TextCode X="0" Y="4">甲</ofd:TextCode></ofd:TextObject></ofd:Layer>'
    )
    fixed = '<ofd:CGTransform CodePosition="0"><ofd:Glyphs>99</ofd:Glyphs></ofd:CGTransform>'
    fonts = '<ofd:Fonts><ofd:Font ID="7" FontName="宋体"/></ofd:Fonts>'
    plain, given = (handmade(text.format(part), resources=fonts) for part in ("", fixed))
    assert render.to_png(plain) == render.to_png(given)


def test_damaged_fonts_are_replaced(handmade):
    for file in (b"", b"OTTO\0\0", b"junk" * 100):
        data = handmade(
            '<ofd:Layer ID="2"><ofd:TextObject ID="3" Boundary="0 0 20 8" Font="7" Size="5">'
            '<ofd:TextCode X="0" Y="4">甲</ofd:TextCode></ofd:TextObject></ofd:Layer>',
            resources='<ofd:Fonts><ofd:Font ID="7" FontName="黑体"><ofd:FontFile>f.otf'
            "</ofd:FontFile></ofd:Font></ofd:Fonts>",
            parts={"Doc_0/Res/f.otf": file},
        )
        assert _dark(render.to_png(data)) > 20


def test_too_much_is_refused(handmade, monkeypatch):
    data = ofd.write(_story())
    with pytest.raises(TooLarge):
        render.to_png(data, dpi=5000)
    monkeypatch.setattr("openrhip.formats.ofd.render.scene._MAX_ITEMS", 5)
    with pytest.raises(TooLarge):
        render.to_pdf(data)
    deep = '<ofd:PageBlock ID="3">' * 20 + "</ofd:PageBlock>" * 20
    with pytest.raises(TooLarge):
        render.to_pdf(handmade(f'<ofd:Layer ID="2">{deep}</ofd:Layer>'))


@pytest.mark.parametrize("page", [-1, 3, 99])
def test_no_such_page(page):
    data = ofd.write(_story())
    with pytest.raises(NotFound):
        render.to_png(data, page)
    with pytest.raises(NotFound):
        render.to_svg(data, page)


def test_no_package():
    for draw in (render.to_pdf, render.to_png, render.to_svg, render.page_count, ofd.text):
        with pytest.raises(Malformed):
            draw(b"not a package")


def test_the_qr_code_on_the_page_is_the_code():
    text = "urn:oid:2.16.156.10011.1.1/㛃-2026-000123"
    data = ofd.write(ofd.Story("t", [ofd.Barcode(text, 40)]))
    matrix = segno.make(text, error="m", micro=False, mask=3, boost_error=False).matrix
    image = Pillow.open(io.BytesIO(render.to_png(data, dpi=200))).convert("L")
    page, unit, mm = ofd.Page(), 40 / (len(matrix) + 4), 200 / 25.4
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            place = (
                round((page.left + (x + 2.5) * unit) * mm),
                round((page.top + (y + 2.5) * unit) * mm),
            )
            assert (image.getpixel(place) < 128) == bool(dark)


@pytest.mark.parametrize(
    "part", ["Doc_0/Pages/Page_0/Content.xml", "Doc_0/PublicRes.xml", ".otf", ".png"]
)
def test_damaged_parts_end_in_typed_errors_or_a_picture(part):
    story = ofd.Story("t", [ofd.Heading("甲"), ofd.Paragraph("患者㛃𠮷。"), ofd.Image(_png())])
    package = ofd.open_package(ofd.write(story))
    name = next(name for name in package.parts if name.endswith(part))
    good = package.read(name)
    chance = random.Random(part)  # noqa: S311 - the same damage in every run
    for _ in range(60):
        bad = bytearray(good)
        for _ in range(chance.choice([1, 2, 6])):
            at = chance.randrange(len(bad))
            bad[at : at + chance.choice([0, 1, 1, 8])] = chance.randbytes(chance.choice([0, 1, 4]))
        data = rewrite(package, {name: bytes(bad)})
        for draw in (ofd.text, render.to_svg, lambda d: render.to_png(d, dpi=20)):
            with contextlib.suppress(Problem):
                assert draw(data) is not None
