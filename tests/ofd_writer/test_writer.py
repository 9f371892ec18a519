"""The package: order of GB/T 33190, ids, locations, metadata, tags, attachments, determinism."""

import io
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image as Pillow

from openrhip.formats import ofd
from openrhip.formats.ofd import fonts, parts, reading
from openrhip.formats.ofd.layout.pieces import deltas, number
from openrhip.formats.ofd.render.scene import _deltas
from openrhip.kernel.errors import Malformed, TooLarge

NS = {"o": "http://www.ofdspec.org/2016"}

# child order of the standard's elements (GB/T 33190-2016, annex A), as far as we write them
ORDER = {
    "DocBody": ["DocInfo", "DocRoot", "Versions", "Signatures"],
    "DocInfo": [
        "DocID", "Title", "Author", "Subject", "Abstract", "CreationDate", "ModDate", "DocUsage",
        "Cover", "Keywords", "Creator", "CreatorVersion", "CustomDatas",
    ],
    "Document": [
        "CommonData", "Pages", "Outlines", "Permissions", "Actions", "VPreferences", "Bookmarks",
        "Annotations", "CustomTags", "Attachments", "Extensions",
    ],
    "CommonData": ["MaxUnitID", "PageArea", "PublicRes", "DocumentRes", "TemplatePage"],
    "PageArea": ["PhysicalBox", "ApplicationBox", "ContentBox", "BleedBox"],
    "Page": ["Template", "PageRes", "Area", "Content", "Actions"],
    "OutlineElem": ["Actions", "OutlineElem"],
    "TextObject": ["Actions", "Clips", "FillColor", "StrokeColor", "CGTransform", "TextCode"],
    "PathObject": ["Actions", "Clips", "StrokeColor", "FillColor", "AbbreviatedData"],
    "Res": ["ColorSpaces", "DrawParams", "Fonts", "MultiMedias"],
}  # fmt: skip


def _png() -> bytes:
    out = io.BytesIO()
    Pillow.new("RGBA", (40, 20), (200, 0, 0, 128)).save(out, "PNG")
    return out.getvalue()


def _jpeg() -> bytes:
    out = io.BytesIO()
    Pillow.new("RGB", (60, 30), (10, 200, 10)).save(out, "JPEG")
    return out.getvalue()


def _full() -> ofd.Story:
    red = (192, 0, 0)
    return ofd.Story(
        "出院小结 <&\"'>",
        [
            ofd.Heading("一、基本信息", 1),
            ofd.KeyValueGrid(
                [[ofd.Field("姓名：", "张㛃𠮷", tag="DE02.01.039.00"), ofd.Field("性别：", "女")]]
            ),
            ofd.Heading("（一）主诉", 2),
            ofd.Paragraph(
                [ofd.Run("主诉：", bold=True), ofd.Run("胸痛三天", tag="DE04.01.119.00", color=red)]
            ),
            ofd.Heading("二、化验", 1),
            ofd.Table(
                [ofd.Column("项目"), ofd.Column("结果")],
                [["血钾", ofd.Cell("6.8 ↑", bold=True, tag="DE04.30.015.00")]],
                head_shade=(230, 230, 230),
            ),
            ofd.Image(_png(), tag="IMG.1"),
            ofd.Image(_jpeg(), width=30, caption="图"),
            ofd.Rule(dash=True),
            ofd.Barcode("urn:oid:1.2.3", 15),
            ofd.SignatureLine([ofd.Slot("医师：", "李䶮", anchor="author-signature")], seal=True),
        ],
        ofd.Metadata(
            author="李䶮",
            subject="C0053",
            keywords=["出院", "小结"],
            creator_version="0.1",
            created=datetime(2026, 11, 24, 8, 30, tzinfo=UTC),
            custom=[("文书类型", "出院小结"), ("患者标识", "p1")],
        ),
        header=[ofd.Paragraph("某医院")],
        footer=[ofd.PageNumber()],
        watermark="仅供测试",
        attachments=[
            ofd.Attachment("record.xml", "text/xml", b"<ClinicalDocument/>"),
            ofd.Attachment("无后缀", "application/octet-stream", b"\0" * 10),
        ],
    )


def _trees(data: bytes) -> dict[str, etree._Element]:
    package = ofd.open_package(data)
    return {name: package.xml(name) for name in package.parts if name.endswith(".xml")}


def test_the_same_story_gives_the_same_bytes():
    first = ofd.write(_full())
    for _ in range(2):
        assert ofd.write(_full()) == first


def test_other_processes_write_the_same_bytes():
    code = (
        "import hashlib;from openrhip.formats import ofd;"
        "t=ofd.Table([ofd.Column('甲'),ofd.Column('乙')],[['㛃𠮷','12.5 ↑']]*9);"
        "s=ofd.Story('记录',[ofd.Heading('一'),t,ofd.Paragraph('患者，女。',tag='D')]);"
        "print(hashlib.sha256(ofd.write(s)).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_preparing_the_fonts_changes_no_byte():
    before = ofd.write(_full())
    fonts.warm()
    assert ofd.write(_full()) == before


def test_another_story_has_another_id_and_a_given_id_is_kept():
    story = _full()
    ids = [
        ofd.open_package(ofd.write(s)).metadata["DocID"]
        for s in (story, replace(story, title="其他"))
    ]
    assert ids[0] != ids[1]
    meta = replace(story.metadata, doc_id="01234567-89ab-cdef-0123-456789ABCDEF")
    package = ofd.open_package(ofd.write(replace(story, metadata=meta)))
    assert package.metadata["DocID"] == "0123456789abcdef0123456789abcdef"


def test_elements_stand_in_the_order_of_the_standard():
    checked = set()
    for tree in _trees(ofd.write(_full())).values():
        for element in tree.iter():
            name = etree.QName(element).localname
            if name in ORDER and len(element):
                order = [ORDER[name].index(etree.QName(child).localname) for child in element]
                assert order == sorted(order), name
                checked.add(name)
    assert checked >= set(ORDER) - {"OutlineElem"}


def test_ids_are_unique_and_counted():
    trees = _trees(ofd.write(_full()))
    ids = [
        int(element.get("ID"))
        for name, tree in trees.items()
        if not name.endswith(("Attachments.xml", "Document.xml"))
        for element in tree.iter()
        if element.get("ID")
    ]
    document = trees["Doc_0/Document.xml"]
    ids += [int(page.get("ID")) for page in document.iterfind(".//o:Page", NS)]
    assert len(ids) == len(set(ids))
    assert int(document.findtext(".//o:MaxUnitID", namespaces=NS)) == max(ids)


def test_every_part_is_referred_to_and_every_reference_holds():
    package = ofd.open_package(ofd.write(_full()))
    referred = {"OFD.xml"}
    for name in package.parts:
        if not name.endswith(".xml") or "Attachs" in name:
            continue
        base = package.xml(name).get("BaseLoc", "")
        for element in package.xml(name).iter():
            local = etree.QName(element).localname
            location = element.get("BaseLoc") if local == "Page" and element.get("ID") else None
            if local in {"DocRoot", "PublicRes", "DocumentRes", "FileLoc", "CustomTags"}:
                location = element.text
            if local == "Attachments" and element.text:
                location = element.text
            if local in {"FontFile", "MediaFile"}:
                location = f"{base}/{element.text}"
            if location:
                referred.add(package.resolve(location, base=name))
    assert referred == set(package.parts)


def test_metadata():
    found = ofd.open_package(ofd.write(_full())).metadata
    assert found["Title"] == "出院小结 <&\"'>"
    assert found["Author"] == "李䶮"
    assert found["CreationDate"] == found["ModDate"] == "2026-11-24"
    assert found["Keywords"] == "出院; 小结"
    assert found["文书类型"] == "出院小结"
    assert found["Creator"] == "OpenRHIP"


def test_the_day_of_a_document_is_that_of_the_city():
    late = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)  # already the 24th in Shanghai
    package = ofd.open_package(ofd.write(ofd.Story("t", [], ofd.Metadata(created=late))))
    assert package.metadata["CreationDate"] == "2026-11-24"


def test_tags_tie_regions_to_data_elements():
    data = ofd.write(_full())
    assert reading.tag_texts(data) == {
        "DE02.01.039.00": "张㛃𠮷",
        "DE04.01.119.00": "胸痛三天",
        "DE04.30.015.00": "6.8 ↑",
    }
    places = {region.name: region for region in reading.regions(data)}
    assert {"IMG.1", "anchor:author-signature", "anchor:seal"} <= set(places)
    x, y, width, height = places["anchor:seal"].box
    assert (width, height) == (40.0, 40.0)
    assert 0 <= x <= 210 - width
    assert 0 <= y <= 297 - height


def test_a_tag_over_several_lines_and_pages_gives_back_its_text():
    text = "患者反复胸闷，Coronary angiography was performed twice. " * 150
    data = ofd.write(ofd.Story("t", [ofd.Paragraph(text, tag="DE1")]))
    (region,) = reading.regions(data)
    assert region.text == text
    assert region.page == 0


def test_attachments_travel_inside():
    package = ofd.open_package(ofd.write(_full()))
    found = [(a.name, a.media_type, package.read(a.part)) for a in package.attachments()]
    assert found == [
        ("record.xml", "text/xml", b"<ClinicalDocument/>"),
        ("无后缀", "application/octet-stream", b"\0" * 10),
    ]


def test_outline_follows_the_levels_of_headings():
    document = _trees(ofd.write(_full()))["Doc_0/Document.xml"]
    top = document.findall("o:Outlines/o:OutlineElem", NS)
    assert [e.get("Title") for e in top] == ["一、基本信息", "二、化验"]
    assert [e.get("Title") for e in top[0].findall("o:OutlineElem", NS)] == ["（一）主诉"]
    page = document.find("o:Pages/o:Page", NS).get("ID")
    assert {d.get("PageID") for d in document.iter(f"{{{NS['o']}}}Dest")} == {page}


def test_characters_no_font_has_are_shown_as_geta_kept_as_text_and_reported():
    made = ofd.compose(ofd.Story("t", [ofd.Paragraph("造字\ue123甲\U0002a700")]))
    assert made.missing == ("\ue123", "\U0002a700")
    assert ofd.text(made.data) == ["造字\ue123甲\U0002a700"]
    page = _trees(made.data)["Doc_0/Pages/Page_0/Content.xml"]
    glyphs = page.findall(".//o:CGTransform/o:Glyphs", NS)
    subset = ofd.open_package(made.data).read("Doc_0/Res/Font_1.otf")
    assert {int(g.text) for g in glyphs} == {fonts.glyph_in(subset, "〓")}
    assert fonts.glyph_in(subset, "〓") > 0


@pytest.mark.parametrize(
    ("char", "plain"), [("⁹", "9"), ("₂", "2"), ("☐", "□"), ("☑", "□"), ("⁻", "−")]
)
def test_marks_the_fonts_lack_are_drawn_by_what_they_have(char, plain):
    made = ofd.compose(ofd.Story("t", [ofd.Paragraph(f"×10{char}/L", tag="X")]))
    assert made.missing == ()
    assert reading.tag_texts(made.data) == {"X": f"×10{char}/L"}
    page = _trees(made.data)["Doc_0/Pages/Page_0/Content.xml"]
    (glyph,) = page.findall(".//o:CGTransform/o:Glyphs", NS)
    subset = ofd.open_package(made.data).read("Doc_0/Res/Font_1.otf")
    assert int(glyph.text) == fonts.glyph_in(subset, plain)


def test_what_xml_cannot_carry_is_replaced_and_reported():
    made = ofd.compose(ofd.Story("t\0", [ofd.Paragraph("a\0b\x1bc\ud800d\ufeff")]))
    assert ofd.text(made.data) == ["a〓b〓c〓d"]
    assert set(made.missing) == {"\0", "\x1b", "\ud800", "\ufeff"}


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60), st.text(max_size=20), st.text(max_size=20))
def test_any_text_makes_a_readable_package(body, title, tag):
    story = ofd.Story(
        title,
        [ofd.Heading(title or "x"), ofd.Paragraph(body, tag=tag)],
        ofd.Metadata(author=title, custom=[(tag, body)]),
    )
    package = ofd.open_package(ofd.write(story))
    assert len(package.pages) >= 1
    reading.regions(package)


@settings(deadline=None)
@given(st.lists(st.sampled_from([1.25, 3.7042, 0.5, 12.0]), max_size=60))
def test_the_short_form_of_advances_reads_back(values):
    assert _deltas(deltas(values), len(values), "x") == [float(number(v)) for v in values]


@settings(deadline=None)
@given(st.floats(-9e4, 9e4))
def test_numbers_are_plain_decimals(value):
    text = number(value)
    assert "e" not in text
    assert abs(float(text) - value) <= max(5e-4, abs(value) * 5e-5 + 0.05 * (abs(value) >= 1e4))


@settings(deadline=None)
@given(st.text())
def test_escaping_is_undone_by_a_parser(text):
    legal = "".join(c if c in "\t\n\r" or not parts._ILLEGAL.match(c) else "\ufffd" for c in text)
    tree = etree.fromstring(f'<a b="{parts.escape(text)}">{parts.escape(text)}</a>')
    assert (tree.text or "") == legal
    assert tree.get("b") == legal


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + b"\0" * 20,
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 8,
        b"\xff\xd8",
        b"\xff\xd8\xff\xe0\xff\xff",
        b"\xff\xd8" + b"\xff\xd9" * 100,
    ],
)
def test_bad_images_are_refused(data):
    with pytest.raises(Malformed):
        ofd.write(ofd.Story("t", [ofd.Image(data)]))


def test_too_large_things_are_refused(monkeypatch):
    with pytest.raises(TooLarge):
        ofd.write(ofd.Story("t", [ofd.Barcode("x" * 5000)]))
    monkeypatch.setattr("openrhip.formats.ofd.layout.pictures._MAX_IMAGE", 10)
    with pytest.raises(TooLarge):
        ofd.write(ofd.Story("t", [ofd.Image(_png())]))


@pytest.mark.parametrize("name", ["", "x" * 300])
def test_attachments_need_a_name(name):
    with pytest.raises(Malformed):
        ofd.write(ofd.Story("t", [], attachments=[ofd.Attachment(name, "text/xml", b"")]))


@pytest.mark.parametrize("doc_id", ["xyz", "0" * 31, "g" * 32])
def test_document_ids_are_checked(doc_id):
    with pytest.raises(Malformed):
        ofd.write(ofd.Story("t", [], ofd.Metadata(doc_id=doc_id)))


def test_images_used_twice_are_stored_once():
    package = ofd.open_package(ofd.write(ofd.Story("t", [ofd.Image(_png()), ofd.Image(_png())])))
    assert sum(name.endswith(".png") for name in package.parts) == 1
