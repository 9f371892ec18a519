"""Scans in two layers and PDFs with what belongs to them."""

import io
import json

import pikepdf
import pypdfium2
import pytest
from click.testing import CliRunner
from PIL import Image

from openrhip.formats import ofd
from openrhip.formats.ofd import edit, render
from openrhip.formats.ofd.cli import cli
from openrhip.formats.ofd.edit import recognised
from openrhip.kernel.errors import Malformed, NotFound, Problem, TooLarge

_NS = "{http://www.ofdspec.org/2016}"


def _file(image, form, **how):
    out = io.BytesIO()
    image.save(out, form, **how)
    return out.getvalue()


@pytest.fixture
def picture():
    made = Image.new("RGB", (300, 200), "white")
    made.paste((200, 0, 0), (0, 0, 100, 50))
    return made


def _words(*pages):
    return json.dumps([{"words": list(words)} for words in pages]).encode()


def _ink(made, page=0):
    return Image.open(io.BytesIO(render.to_png(made.data, page, 50))).convert("RGB")


def test_the_picture_lies_behind_and_the_text_over_it_unseen(picture):
    words = _words(
        [{"text": "HELLO", "box": [30, 20, 50, 12]}, {"text": "你好", "box": [30, 60, 60, 30]}]
    )
    made = edit.from_images([edit.Scan(_file(picture, "PNG", dpi=(150, 150)))], text=words)
    package = ofd.open_package(made.data)
    page = package.xml(package.pages[0].part)
    layers = {layer.get("Type"): [item.tag for item in layer] for layer in page.iter(f"{_NS}Layer")}
    assert layers == {"Background": [f"{_NS}ImageObject"], "Body": [f"{_NS}TextObject"] * 2}
    text = page.find(f".//{_NS}TextObject")
    assert (text.get("Fill"), text.get("Alpha")) == ("false", "0")
    assert text.get("Boundary").split()[0] == "5.08"
    assert ofd.text(made.data) == ["HELLO\n你好"]
    without = edit.from_images([edit.Scan(_file(picture, "PNG", dpi=(150, 150)))])
    assert _ink(made).tobytes() == _ink(without).tobytes()
    assert package.page_box(package.pages[0])[2:] == pytest.approx((50.8, 33.867), abs=0.01)


def test_the_text_can_still_be_found_in_a_pdf(picture):
    words = _words([{"text": "ABC一二三", "box": [30, 20, 90, 12]}])
    made = edit.from_images([edit.Scan(_file(picture, "PNG", dpi=(150, 150)))], text=words)
    document = pypdfium2.PdfDocument(edit.to_pdf(made.data).data)
    assert "".join(document[0].get_textpage().get_text_range().split()) == "ABC一二三"


def test_jpeg_stays_as_it_is_and_is_turned_by_its_matrix(picture):
    exif = Image.Exif()
    for turn in range(1, 9):
        exif[0x0112] = turn
        data = _file(picture, "JPEG", exif=exif, dpi=(100, 100), quality=95)
        made = edit.from_images([edit.Scan(data)])
        package = ofd.open_package(made.data)
        assert [package.read(name) for name in package.parts if name.endswith(".jpg")] == [data]
        wide, tall = package.page_box(package.pages[0])[2:]
        assert (wide > tall) == (turn < 5)
        shown, at = _ink(made), (3, 3)
        corner = {
            1: at,
            2: (-4, 3),
            3: (-4, -4),
            4: (3, -4),
            5: at,
            6: (-4, 3),
            7: (-4, -4),
            8: (3, -4),
        }[turn]
        x, y = corner[0] % shown.width, corner[1] % shown.height
        assert shown.getpixel((x, y))[1] < 60, turn


def test_every_page_of_a_tiff_and_other_formats(picture):
    tiff = _file(
        picture, "TIFF", save_all=True, append_images=[picture.convert("L"), picture.convert("1")]
    )
    cmyk = _file(picture.convert("CMYK"), "JPEG")
    clear = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    scans = [
        edit.Scan(tiff, "a"),
        edit.Scan(cmyk, "b"),
        edit.Scan(_file(clear, "PNG"), "c"),
        edit.Scan(_file(picture, "BMP"), "d"),
    ]
    made = edit.from_images(scans, dpi=100)
    assert len(ofd.open_package(made.data).pages) == 6
    assert {notice.code for notice in made.notices} == {"image.recoded"}
    assert _ink(made, 4).getpixel((3, 3)) == (255, 255, 255)


def test_a_picture_without_resolution_says_so(picture):
    made = edit.from_images([edit.Scan(_file(picture, "PNG"), "a.png")])
    assert [(notice.code, notice.where) for notice in made.notices] == [
        ("image.no-resolution", "a.png")
    ]


_HOCR = b"""<!DOCTYPE html><html><body><div class="ocr_page" title="bbox 0 0 300 200"><span class="ocr_line" title="bbox 0 0 9 9">
<span class="ocrx_word" title="bbox 10 20 60 30; x_wconf 9">one</span> <span class='ocrx_word' title='bbox 70 20 99 30'><b>two</b></span>
</span></div></body></html>"""
_ALTO = """<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Description><MeasurementUnit>{unit}</MeasurementUnit></Description>
<Layout><Page><PrintSpace><TextBlock><TextLine><String CONTENT="one" HPOS="254" VPOS="254" WIDTH="254" HEIGHT="50"/>
<String CONTENT="two" HPOS="600" VPOS="254" WIDTH="254" HEIGHT="50"/></TextLine></TextBlock></PrintSpace></Page></Layout></alto>"""


@pytest.mark.parametrize(
    "text", [_HOCR, _ALTO.format(unit="pixel").encode(), _ALTO.format(unit="mm10").encode()]
)
def test_hocr_and_alto_give_lines(picture, text):
    made = edit.from_images([edit.Scan(_file(picture, "PNG"))], text=text, dpi=100)
    assert ofd.text(made.data) == ["one two"]


def test_units_of_paper_do_not_depend_on_the_scan(picture):
    text = _ALTO.format(unit="mm10").encode()
    for dpi in (100, 300):
        made = edit.from_images([edit.Scan(_file(picture, "PNG"))], text=text, dpi=dpi)
        package = ofd.open_package(made.data)
        found = package.xml(package.pages[0].part).find(f".//{_NS}TextObject").get("Boundary")
        assert found.split()[0] == "25.4"


@pytest.mark.parametrize(
    "text",
    [b"", b"x", b"{}", b"[1]", b'[{"words":1}]', b'[{"words":[{"text":"a"}]}]', b'[{"words":[{"text":"a","box":[1,2,3]}]}]',
     b"<html><body/></html>", b"<alto><", b"[" * 5000, b'[{"words":[]},{"words":[]}]', b'<!DOCTYPE a [<!ENTITY b "c">]><alto>&b;</alto>'],
)  # fmt: skip
def test_text_that_is_none(picture, text):
    with pytest.raises(Problem):
        edit.from_images([edit.Scan(_file(picture, "PNG"))], text=text, dpi=100)


def test_what_is_no_picture(picture):
    for data in (b"", b"GIF89a", _file(picture, "PNG")[:60], b"%PDF-1.7"):
        with pytest.raises(Malformed):
            edit.from_images([edit.Scan(data)])
    with pytest.raises(Malformed):
        edit.from_images([])
    with pytest.raises(Malformed):
        edit.from_images([edit.Scan(_file(picture, "PNG"))], dpi=5)


def test_a_picture_too_large(picture, monkeypatch):
    monkeypatch.setattr("openrhip.formats.ofd.edit.scans._MOST_PIXELS", 100)
    with pytest.raises(TooLarge):
        edit.from_images([edit.Scan(_file(picture, "PNG"))])


def test_words_without_number_are_bounded(monkeypatch):
    monkeypatch.setattr(recognised, "_MOST_WORDS", 2)
    with pytest.raises(TooLarge):
        recognised.read(_words([{"text": "a", "box": [0, 0, 1, 1]}] * 3))


def test_a_pdf_carries_metadata_attachments_and_chosen_pages(first):
    made = edit.to_pdf(
        edit.attach(first, [edit.File("数据.csv", b"1,2")]), pages=[2, 0], watermark="查阅"
    )
    with pikepdf.open(io.BytesIO(made.data)) as pdf:
        assert len(pdf.pages) == 2
        assert str(pdf.docinfo["/Title"]) == "甲"
        with pdf.open_outline() as outline:
            assert [(item.title, item.destination[0] == pdf.pages[1].obj) for item in outline.root] == [
                ("甲1", True), ("甲3", False),
            ]  # fmt: skip
        found = {
            name: bytes(spec.get_file().read_bytes()) for name, spec in pdf.attachments.items()
        }
    assert found == {"source.xml": b"<a/>", "数据.csv": b"1,2"}
    text = pypdfium2.PdfDocument(made.data)[0].get_textpage().get_text_range()
    assert "第一份第三页" in text
    bare = edit.to_pdf(first, attachments=False, metadata=False)
    with pikepdf.open(io.BytesIO(bare.data)) as pdf:
        assert not len(pdf.attachments)
    with pytest.raises(NotFound):
        edit.to_pdf(first, pages=[9])
    assert edit.to_pdf(first).data == edit.to_pdf(first).data


def test_the_commands_convert(first, picture, tmp_path):
    def run(*words, code=0):
        result = CliRunner().invoke(cli, [str(word) for word in words])
        assert result.exit_code == code, (result.output, result.exception)
        return result.output

    source, pdf, back = tmp_path / "a.ofd", tmp_path / "a.pdf", tmp_path / "b.ofd"
    source.write_bytes(first)
    run("to-pdf", source, "-o", pdf, "--pages", "1,3")
    said = json.loads(run("from-pdf", pdf, "-o", back, "--title", "回", "--json"))
    assert said["notices"] == []
    assert ofd.text(back.read_bytes()) == [ofd.text(first)[0], ofd.text(first)[2]]
    assert ofd.open_package(back.read_bytes()).metadata["Title"] == "回"
    (tmp_path / "p.png").write_bytes(_file(picture, "PNG"))
    (tmp_path / "w.json").write_bytes(_words([{"text": "字", "box": [1, 1, 9, 9]}]))
    run(
        "from-images", tmp_path / "p.png", "-o", back, "--text", tmp_path / "w.json", "--dpi", "100"
    )
    assert ofd.text(back.read_bytes()) == ["字"]
    with pikepdf.open(pdf) as document:
        document.save(tmp_path / "locked.pdf", encryption=pikepdf.Encryption(user="u", owner="o"))
    (tmp_path / "word").write_text("u\n")
    run("from-pdf", tmp_path / "locked.pdf", "-o", back, "--password-file", tmp_path / "word")
