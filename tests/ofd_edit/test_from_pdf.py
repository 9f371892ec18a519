"""PDF → OFD: text stays text, drawings stay drawings, hostile files end in typed errors."""

import io
import os
import shutil
import subprocess
import zlib

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pdf_probe import close, codes, objects, saved
from pikepdf import Array, Dictionary, Name, Pdf

from openrhip.formats import cda, ofd
from openrhip.formats.ofd import edit, render
from openrhip.kernel.errors import Malformed, Problem, Refused, TooLarge

_NS = "{http://www.ofdspec.org/2016}"
HELVETICA = Dictionary(
    Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding
)


def _words(text):
    return [line.split() for line in text.splitlines()]


@pytest.fixture(scope="module")
def record():
    """A laid-out record of ours, and the PDF that we make of it."""
    source = next(iter(cda.samples().values()))
    package = cda.lay_out(cda.parse(source), source=source)
    return package, edit.to_pdf(package).data


def test_there_and_back_keeps_text_look_and_what_belongs_to_it(record):
    package, pdf = record
    made = edit.from_pdf(pdf)
    assert [_words(text) for text in ofd.text(made.data)] == [_words(t) for t in ofd.text(package)]
    for page in range(render.page_count(package)):
        assert close(pdf, made, page)
    assert len(made.data) <= 1.5 * len(pdf)
    assert not made.notices
    before, after = ofd.open_package(package), ofd.open_package(made.data)
    assert after.metadata["Title"] == before.metadata["Title"]
    assert after.metadata["Author"] == before.metadata["Author"]
    assert [h.title for h in edit.outline(after)] == [h.title for h in edit.outline(before)]
    assert [h.page for h in edit.outline(after)] == [h.page for h in edit.outline(before)]
    assert [after.read(a.part) for a in after.attachments()] == [
        before.read(a.part) for a in before.attachments()
    ]


def test_the_same_pdf_gives_the_same_bytes(record):
    assert edit.from_pdf(record[1]).data == edit.from_pdf(record[1]).data


def test_large_streams_are_read_as_they_come_with_the_same_result(record, sheet, monkeypatch):
    form = (
        {"/Type": Name.XObject, "/Subtype": Name.Form, "/BBox": Array([0, 0, 90, 90])},
        b"0 0 9 9 re f",
    )
    nested = sheet("q 2 0 0 2 9 9 cm /X Do Q /X Do (", {"XObject": {"X": form}})
    before = [edit.from_pdf(data).data for data in (record[1], nested)]
    monkeypatch.setattr("openrhip.formats.ofd.edit.pdf_content._LARGE", 0)
    assert [edit.from_pdf(data).data for data in (record[1], nested)] == before


def test_a_line_is_one_object_and_gaps_between_words_are_blanks(sheet):
    content = "BT /F 10 Tf 20 50 Td [(Hel) 20 (lo) -300 (wor) -10 (ld)] TJ 100 0 Td (far) Tj ET"
    made = edit.from_pdf(sheet(content, {"Font": {"F": HELVETICA}}))
    texts = [item.find(f"{_NS}TextCode").text for item in objects(made, "TextObject")]
    assert texts == ["Hello world", "far"]
    assert "font.not-embedded" in codes(made)


def test_colours_opacity_and_modes_of_text(sheet):
    content = "BT /F 10 Tf /G gs 1 0 0 rg 9 9 Td (red) Tj 3 Tr 0 20 Td (unseen) Tj 2 Tr 0 20 Td (both) Tj ET"
    state = Dictionary(ca=0.5)
    made = edit.from_pdf(sheet(content, {"Font": {"F": HELVETICA}, "ExtGState": {"G": state}}))
    red, unseen, both = objects(made, "TextObject")
    assert (red.find(f"{_NS}FillColor").attrib, red.get("Alpha")) == ({"Value": "255 0 0"}, "128")
    assert unseen.get("Fill") == "false"
    assert (both.get("Stroke"), both.get("Fill")) == ("true", None)
    assert ofd.text(made.data) == ["both\nunseen\nred"] or "unseen" in ofd.text(made.data)[0]


def test_paths_lines_and_curves(sheet):
    content = """2 w 1 J 1 j [4 2] 1 d 0 0 1 RG 10 10 m 50 10 l 50 50 60 60 70 10 c S
    [] 0 d 0 1 0 rg 100 10 40 40 re f* 1 0 0 RG 0 0 0 rg 150 10 m 170 50 l 190 10 l b"""
    pdf = sheet(content)
    made = edit.from_pdf(pdf)
    stroke, fill, both = objects(made, "PathObject")
    assert (stroke.get("LineWidth"), stroke.get("Cap"), stroke.get("Join")) == (
        "0.706",
        "Round",
        "Round",
    )
    assert stroke.get("DashPattern") == "1.411 0.706"
    assert (fill.get("Stroke"), fill.get("Rule")) == ("false", "Even-Odd")
    assert both.find(f"{_NS}AbbreviatedData").text.endswith("C")
    assert close(pdf, made)


def test_rectangles_in_one_colour_are_one_object_and_none_cancels_another(sheet):
    content = "0 0 1 rg 10 10 30 30 re f 20 20 30 30 re f 90 10 -30 30 re f 70 20 40 40 re f 1 0 0 rg 150 10 9 9 re f"
    pdf = sheet(content)
    made = edit.from_pdf(pdf)
    assert len(objects(made, "PathObject")) == 4
    assert close(pdf, made)


def test_clips_cut_what_they_cut_and_cost_nothing_else(sheet):
    content = """q 20 20 60 60 re W n 1 0 0 rg 30 30 10 10 re f 0 1 0 rg 60 60 60 20 re f Q
    q 120 10 m 150 90 l 180 10 l h W n 0 0 1 rg 100 0 100 100 re f Q 1 0 1 rg 0 0 10 10 re f"""
    pdf = sheet(content)
    made = edit.from_pdf(pdf)
    clipped = [item.find(f"{_NS}Clips") is not None for item in objects(made, "PathObject")
               if item.getparent().tag == f"{_NS}Layer"]  # fmt: skip
    assert clipped == [False, True, True, False]
    assert close(pdf, made)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_rotation_and_crop_boxes(sheet, rotate):
    content = "0 0 1 rg 60 30 40 20 re f BT /F 12 Tf 60 60 Td (Turned) Tj ET"
    pdf = sheet(
        content, {"Font": {"F": HELVETICA}}, CropBox=Array([50, 20, 150, 90]), Rotate=rotate
    )
    made = edit.from_pdf(pdf)
    wide, tall = (70, 100) if rotate % 180 else (100, 70)
    box = ofd.open_package(made.data).page_box(ofd.open_package(made.data).pages[0])
    assert [round(v * 72 / 25.4) for v in box[2:]] == [wide, tall]
    assert ofd.text(made.data)[0].replace("\n", "") == "Turned"
    assert close(pdf, made)


def test_forms_in_forms_with_matrices_and_group_opacity(sheet):
    inner = ({"/Type": Name.XObject, "/Subtype": Name.Form, "/BBox": Array([0, 0, 20, 20]),
              "/Matrix": Array([2, 0, 0, 1, 10, 10]), "/Group": Dictionary(S=Name.Transparency)},
             b"1 0 0 rg 0 0 50 10 re f")  # fmt: skip
    pdf = sheet("/G gs /X Do", {"XObject": {"X": inner}, "ExtGState": {"G": Dictionary(ca=0.5)}})
    made = edit.from_pdf(pdf)
    (path,) = [p for p in objects(made, "PathObject") if p.getparent().tag == f"{_NS}Layer"]
    assert path.get("Alpha") == "128"
    assert close(pdf, made)


def test_a_highlighter_does_not_cover_its_text(sheet):
    state = {"G": Dictionary(BM=Name.Multiply), "N": Dictionary(BM=Name.Normal)}
    made = edit.from_pdf(
        sheet("/G gs 1 1 0 rg 0 0 50 20 re f /N gs 60 0 50 20 re f", {"ExtGState": state})
    )
    assert [item.get("Alpha") for item in objects(made, "PathObject")] == ["128", None]
    assert "transparency.approximated" in codes(made)


def test_layers_that_are_off_stay_out():
    pdf = Pdf.new()
    layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name="x"))
    pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer])))
    body = pdf.make_stream(b"/OC /L BDC 0 0 9 9 re f EMC 20 20 9 9 re f")
    pdf.pages.append(pikepdf.Page(Dictionary(
        Type=Name.Page, MediaBox=Array([0, 0, 90, 90]), Contents=body,
        Resources=Dictionary(Properties=Dictionary(L=layer)))))  # fmt: skip
    made = edit.from_pdf(saved(pdf))
    assert len(objects(made, "PathObject")) == 1
    assert "layer.off" in codes(made)


def test_links_fields_notes_and_attachments():
    pdf = Pdf.new()
    for _ in range(2):
        pdf.add_blank_page(page_size=(200, 100))
    look = pdf.make_stream(
        b"0 1 0 rg 0 0 20 10 re f",
        {"/Type": Name.XObject, "/Subtype": Name.Form, "/BBox": Array([0, 0, 20, 10])},
    )
    rect = Array([10, 10, 50, 30])

    def note(**entries):
        return pdf.make_indirect(Dictionary(Type=Name.Annot, Rect=rect, **entries))

    pdf.pages[0].obj.Annots = Array([
        note(Subtype=Name.Link, A=Dictionary(S=Name.URI, URI="https://example.org/a?b=1&c")),
        note(Subtype=Name.Link, Dest=Array([pdf.pages[1].obj, Name.XYZ, 0, 60, 0])),
        note(Subtype=Name.Link, A=Dictionary(S=Name.URI, URI="javascript:alert(1)")),
        note(Subtype=Name.Widget, FT=Name.Tx, AP=Dictionary(N=look)),
        note(Subtype=Name.Highlight, Contents="看这里", T="李", AP=Dictionary(N=look)),
        note(Subtype=Name.Text, Contents="hidden", F=2),
    ])  # fmt: skip
    pdf.Root.AcroForm = Dictionary(Fields=Array([pdf.pages[0].obj.Annots[3]]))
    pdf.attachments["数据.xml"] = b"<x/>"
    pinned = Dictionary(Type=Name.Filespec, UF="钉.txt", EF=Dictionary(F=pdf.make_stream(b"pin")))
    pdf.pages[1].obj.Annots = Array([note(Subtype=Name.FileAttachment, FS=pinned)])
    made = edit.from_pdf(saved(pdf))
    package = ofd.open_package(made.data)
    notes = list(package.xml("Doc_0/Annots/Page_0/Annotation.xml"))
    assert [item.get("Type") for item in notes] == ["Link", "Link", "Highlight"]
    assert notes[0].find(f".//{_NS}URI").get("URI") == "https://example.org/a?b=1&c"
    dest = notes[1].find(f".//{_NS}Dest")
    assert dest.get("PageID") == package.pages[1].id
    assert float(dest.get("Top")) == pytest.approx(40 * 25.4 / 72, abs=0.01)
    assert notes[2].find(f"{_NS}Remark").text == "看这里"
    assert notes[2].find(f".//{_NS}PathObject") is not None
    assert len(objects(made, "PathObject")) == 1  # the field
    assert [(a.name, package.read(a.part)) for a in package.attachments()] == [
        ("数据.xml", b"<x/>"),
        ("钉.txt", b"pin"),
    ]


def test_an_encrypted_pdf_opens_with_its_password_alone(sheet):
    pdf = Pdf.open(io.BytesIO(sheet("0 0 9 9 re f")))
    locked = saved(pdf, encryption=pikepdf.Encryption(user="geheim", owner="o"))
    with pytest.raises(Refused, match="encrypted"):
        edit.from_pdf(locked)
    assert objects(edit.from_pdf(locked, password="geheim"), "PathObject")


def test_bombs_loops_and_depth_are_bounded(sheet):
    limits = edit.PdfLimits(stream=1 << 20, content=1 << 20)
    bomb = ({"/Filter": Name.FlateDecode}, zlib.compress(b"0 0 9 9 re f " * 400_000))
    pdf = Pdf.new()
    pdf.add_blank_page()
    pdf.pages[0].obj.Contents = pdf.make_stream(bomb[1], bomb[0])
    with pytest.raises(TooLarge):
        edit.from_pdf(saved(pdf, compress_streams=False), limits=limits)
    loop = Pdf.new()
    form = loop.make_stream(
        b"/X Do 0 0 9 9 re f",
        {"/Type": Name.XObject, "/Subtype": Name.Form, "/BBox": Array([0, 0, 9, 9])},
    )
    form.Resources = Dictionary(XObject=Dictionary(X=form))
    loop.add_blank_page()
    loop.pages[0].obj.Resources = Dictionary(XObject=Dictionary(X=form))
    loop.pages[0].obj.Contents = loop.make_stream(b"/X Do")
    made = edit.from_pdf(saved(loop))
    assert "group.too-deep" in codes(made)
    with pytest.raises(TooLarge):
        edit.from_pdf(sheet("q " * 1000))
    with pytest.raises(TooLarge):
        edit.from_pdf(sheet("0 0 m 1 1 l S " * 500), limits=edit.PdfLimits(operators=1000))
    with pytest.raises(TooLarge):
        edit.from_pdf(sheet("0 0 m 1 1 l S " * 500), limits=edit.PdfLimits(seconds=-1))


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7", b"PK\3\4" * 50, b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj"]
)
def test_what_is_no_pdf(data):
    with pytest.raises(Malformed):
        edit.from_pdf(data)


@pytest.mark.parametrize(
    "content",
    ["q", "Q Q Q", "BT (x) Tj ET", "/None Do", "/None gs", "/None sh", "1 2 re f", "(a) 1 cm", "BI ID EI",
     "/Pattern cs /No scn 0 0 9 9 re f", "[[[", "/CS cs 1 scn 0 0 9 9 re f", "1e30 0 0 1 0 0 cm 0 0 9 9 re f",
     "0 0 0 0 0 0 cm 0 0 9 9 re S BT /F 9 Tf (x) Tj ET", "BT /F 0 Tf (x) Tj ET", "EMC EMC", "99999 w 0 0 m S"],
)  # fmt: skip
def test_content_that_makes_no_sense_is_passed_over(sheet, content):
    made = edit.from_pdf(sheet(content + "\n0 0 1 rg", {"Font": {"F": HELVETICA}}))
    assert len(ofd.text(made.data)) == 1


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damaged_pdfs_end_in_problems(record, data):
    damaged = bytearray(record[1])
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        made = edit.from_pdf(bytes(damaged))
    except Problem:
        return
    assert ofd.open_package(made.data).pages


def test_a_page_that_a_browser_prints(tmp_path):
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no Chromium on this machine prints a page")
    source, pdf = tmp_path / "a.html", tmp_path / "a.pdf"
    source.write_text(
        '<meta charset="utf-8"><h1>标题 Title</h1><p style="color:#639">Text 段落 <b>bold</b></p>'
        '<div style="width:90px;height:40px;background:linear-gradient(90deg,red,blue);border-radius:9px">'
        "</div><svg width=90 height=50><circle cx=30 cy=25 r=20 fill=orange fill-opacity=.5 /></svg>"
    )
    subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'u'}",
         "--no-pdf-header-footer", f"--print-to-pdf={pdf}", source.as_uri()],
        check=True, capture_output=True, timeout=120, env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip
    made = edit.from_pdf(pdf.read_bytes())
    assert ofd.text(made.data)[0].split() == ["标题", "Title", "Text", "段落", "bold"]
    assert close(pdf.read_bytes(), made)
    assert len(made.data) <= 1.5 * len(pdf.read_bytes())
