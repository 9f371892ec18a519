"""What breaks the standard is named, with its place; what keeps it is not."""

from pathlib import Path

import pytest

from openrhip.formats import ofd
from openrhip.formats.ofd.inspect import schema
from openrhip.formats.ofd.inspect.schema_tables import ROOTS, TABLE
from openrhip.formats.ofd.package_append import rewrite
from openrhip.kernel.errors import NotFound

NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'
PAGE = "Doc_0/Pages/Page_0/Content.xml"
DOCUMENT = "Doc_0/Document.xml"
RES = "Doc_0/PublicRes.xml"
VECTORS = Path(__file__).parents[1] / "vectors" / "ofd"
FONT = '<ofd:Font ID="4" FontName="SimSun" FamilyName="宋体"/>'
PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9cc\xf8\x0f\0"
    b"\x01\x01\x01\0\x1b\xb6\xeeV\0\0\0\0IEND\xaeB`\x82"
)


def codes(data, profile="ofd"):
    report = ofd.check(data, profile)
    return {one.code for one in report.findings if not one.ok}


def test_our_own_documents_conform(own):
    report = ofd.check(own)
    assert report.ok
    assert all(one.ok for one in report.findings)
    assert {one.code for one in report.findings} == {"schema", "reference", "font", "image"}


def test_a_hand_made_document_conforms_but_for_its_font(parcel):
    report = ofd.check(parcel())
    assert report.ok
    assert codes(parcel()) == {"font.embedded"}


@pytest.mark.parametrize(
    ("part", "old", "new", "code", "words"),
    [
        (PAGE, "<ofd:Content>", "<ofd:Contents/><ofd:Content>", "schema.unknown", "Contents"),
        (PAGE, ' Size="4"', "", "schema.attribute", "Size"),
        (PAGE, ' Size="4"', ' Size="four"', "schema.value", "four"),
        (PAGE, ' Size="4"', ' Size="4" Colour="red"', "schema.unknown", "Colour"),
        (PAGE, 'Boundary="10 20 60 6"', 'Boundary="10 20 60"', "schema.value", "four numbers"),
        (PAGE, "g 40 4", "g 40", "schema.value", "DeltaX"),
        (PAGE, 'ID="11"', 'ID="-11"', "schema.value", "-11"),
        (PAGE, 'Layer ID="10"', 'Layer ID="10" Type="Middle"', "schema.value", "Foreground"),
        (DOCUMENT, "<ofd:MaxUnitID>99</ofd:MaxUnitID>", "", "schema.missing", "MaxUnitID"),
        (DOCUMENT, "<ofd:MaxUnitID>99</ofd:MaxUnitID>", "<ofd:MaxUnitID>99</ofd:MaxUnitID>" * 2,
         "schema.order", "MaxUnitID"),
        (DOCUMENT, "<ofd:PublicRes>PublicRes.xml</ofd:PublicRes>",
         "<ofd:DefaultCS>4</ofd:DefaultCS><ofd:PublicRes>PublicRes.xml</ofd:PublicRes>",
         "schema.order", "PublicRes"),
        (PAGE, "主诉胸痛三天</ofd:TextCode>", '主诉胸痛三天</ofd:TextCode><ofd:CGTransform CodePosition="0"/>',
         "schema.missing", "TextCode"),
        (RES, "<ofd:Fonts>", "<ofd:Fonts>stray", "schema.text", "none"),
        (RES, "</ofd:Fonts>", "</ofd:Fonts>stray", "schema.text", "none"),
        (RES, ' BaseLoc="Res"', "", "schema.attribute", "BaseLoc"),
        ("OFD.xml", 'Version="1.0"', 'Version="3.0"', "schema.value", "3.0"),
        ("OFD.xml", "</ofd:DocInfo>", "<ofd:CreationDate>2026年</ofd:CreationDate></ofd:DocInfo>",
         "schema.value", "2026-11-25"),
        ("OFD.xml", "<ofd:OFD ", "<ofd:OFD xmlns:x='urn:x' x:a='1' ", "schema.unknown", "urn:x"),
    ],
)  # fmt: skip
def test_structure(parcel, part, old, new, code, words):
    report = ofd.check(parcel({part: (old, new)}))
    found = [one for one in report.findings if one.code == code]
    assert found
    assert any(words in one.text_en for one in found)
    assert all(one.where.startswith(part) for one in found)
    assert all(one.text_zh for one in found)
    assert not report.ok


def test_another_root_and_namespace(parcel):
    assert "schema.namespace" in codes(parcel(ns="http://www.ofdspec.org"))
    assert "schema.root" in codes(parcel({RES: f"<ofd:Resources {NS}/>"}))


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({PAGE: ('Font="4"', 'Font="44"')}, "reference.id-missing", "Font 44"),
        ({PAGE: ('TemplateID="3"', 'TemplateID="33"')}, "reference.id-missing", "TemplatePage 33"),
        ({PAGE: (' Size="4"', ' Size="4" DrawParam="5"')}, "reference.id-missing", "DrawParam 5"),
        ({PAGE: ('ID="12"', 'ID="11"')}, "reference.id", "11"),
        ({PAGE: ('ID="12"', 'ID="1200"')}, "reference.max-id", "write 1200"),
        ({RES: None}, "reference.missing", "PublicRes.xml"),
        ({PAGE: None}, "reference.missing", "Page_0/Content.xml"),
        ({DOCUMENT: ("Tpls/T.xml", "tpls/T.xml")}, "path.irregular", "/Doc_0/Tpls/T.xml"),
        ({DOCUMENT: ("Tpls/T.xml", "Doc_0/Tpls/T.xml")}, "path.irregular", "/Doc_0/Tpls/T.xml"),
        ({"Doc_0/Extra.xml": "<a/>"}, "part.unused", "nothing leads"),
        ({PAGE: "<ofd:Page"}, "part.unreadable", "well-formed"),
        ({RES: "<ofd:Res"}, "part.unreadable", "well-formed"),
        ({RES: (FONT, '<ofd:Font ID="4" FontName="a"><ofd:FontFile>a.ttf</ofd:FontFile></ofd:Font>')},
         "reference.missing", "a.ttf"),
        ({RES: (FONT, '<ofd:Font ID="4" FontName="a"><ofd:FontFile>a.ttf</ofd:FontFile></ofd:Font>'),
          "Doc_0/Res/a.ttf": "no font at all"}, "font.unreadable", "damaged"),
        ({RES: ("</ofd:Res>", ('<ofd:MultiMedias><ofd:MultiMedia ID="40" Type="Image"><ofd:MediaFile>'
                "a.png</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias></ofd:Res>")),
          "Doc_0/Res/a.png": "no picture"}, "image.unreadable", "cannot be read"),
        ({DOCUMENT: ("</ofd:Pages>", ('</ofd:Pages><ofd:Bookmarks><ofd:Bookmark Name="m"><ofd:Dest '
                     'Type="Fit" PageID="77"/></ofd:Bookmark></ofd:Bookmarks>'))},
         "reference.id-missing", "Page 77"),
        ({DOCUMENT: ("</ofd:Pages>", ('</ofd:Pages><ofd:Actions><ofd:Action Event="DO"><ofd:Goto>'
                     '<ofd:Bookmark Name="m"/></ofd:Goto></ofd:Action></ofd:Actions>'))},
         "reference.id-missing", "Bookmark m"),
    ],
)  # fmt: skip
def test_references_and_files(parcel, changes, code, words):
    report = ofd.check(parcel(changes))
    found = [one for one in report.findings if one.code == code]
    assert any(words in one.text_en for one in found), report.findings


def test_tags_point_at_objects_that_are_there(parcel):
    tags = {
        DOCUMENT: ("</ofd:Pages>", "</ofd:Pages><ofd:CustomTags>Tags.xml</ofd:CustomTags>"),
        "Doc_0/Tags.xml": f'<ofd:CustomTags {NS}><ofd:CustomTag NameSpace="urn:x"><ofd:FileLoc>Tag.xml'
        "</ofd:FileLoc></ofd:CustomTag></ofd:CustomTags>",
    }
    tag = f'<t {NS}><a><ofd:ObjectRef PageRef="1">%s</ofd:ObjectRef></a></t>'
    assert codes(parcel({**tags, "Doc_0/Tag.xml": tag % 11})) == {"font.embedded"}
    assert "reference.id-missing" in codes(parcel({**tags, "Doc_0/Tag.xml": tag % 500}))


def test_fonts_lack_no_glyph(own):
    package = ofd.open_package(own)
    part = package.pages[0].part
    changed = rewrite(package, {part: package.read(part).replace("诊疗".encode(), "龘疗".encode())})
    (finding,) = [one for one in ofd.check(changed).findings if one.code == "font.glyph"]
    assert "龘" in finding.text_en


def test_attachments_outside_are_advice(parcel):
    report = ofd.check(
        parcel({
            DOCUMENT: ("</ofd:Pages>", "</ofd:Pages><ofd:Attachments>L.xml</ofd:Attachments>"),
            "Doc_0/L.xml": f'<ofd:Attachments {NS}><ofd:Attachment ID="a1" Name="影像"><ofd:FileLoc>'
            "https://pacs/1.dcm</ofd:FileLoc></ofd:Attachment></ofd:Attachments>",
        })
    )  # fmt: skip
    assert report.ok
    assert "reference.outside" in {one.code for one in report.findings}


def test_the_same_again_and_again_is_summed_up(parcel):
    bad = "".join(f'<ofd:PathObject ID="{n}"/>' for n in range(30, 80))
    report = ofd.check(parcel({PAGE: ("</ofd:Layer>", f"{bad}</ofd:Layer>")}))
    assert any("more of the same" in one.text_en for one in report.findings)
    assert len(report.findings) < 60


def test_irregular_names_and_encodings_are_findings(parcel):
    page = parcel()
    text = ofd.open_package(page).read(PAGE).decode().replace("UTF-8", "GBK")
    assert "xml.encoding" in codes(parcel({PAGE: text.encode("gbk")}))


def test_profiles_come_on_top(parcel):
    assert any(code.startswith("ofd-a.") for code in codes(parcel(), "ofd-a"))
    with pytest.raises(NotFound):
        ofd.check(parcel(), "ofd-z")


def test_the_list_of_files_is_a_profile_too(parcel):
    assert "integrity.absent" in codes(parcel(), "gmt-0099")


def test_the_table_is_whole():
    """Every kind that a line names is a line or a simple type; every root has a line."""
    known = schema.kinds()
    assert len(known) == len(TABLE)
    assert set(known) >= ROOTS
    for name, kind in known.items():
        for particle in kind.content:
            for inner in particle.names.values():
                assert inner in known or inner in schema._TYPES, (name, inner)
        for attribute, (form, _) in kind.attributes.items():
            assert form in schema._TYPES or "|" in form, (name, attribute)


def test_deep_and_strange_trees_end():
    from lxml import etree

    root = etree.fromstring(
        f"<ofd:Page {NS}>" + "<ofd:Content>" * 50 + "</ofd:Content>" * 50 + "</ofd:Page>"
    )
    assert schema.Checker("x").root(root, "Page")
    strange = etree.fromstring(f"<ofd:Page {NS}><!-- a --><?pi x?><ofd:Content/></ofd:Page>")
    assert [one.code for one in schema.Checker("x").root(strange, "Page")] == ["schema.missing"]


@pytest.mark.parametrize("name", ["unsigned", "signed-and-sealed", "sealed-and-locked"])
def test_signed_documents_of_our_own_conform(name):
    report = ofd.check(VECTORS / f"{name}.ofd")
    assert all(one.ok for one in report.findings)


def test_transformations_of_glyphs_without_end_end(parcel):
    spans = "".join(
        f'<ofd:CGTransform CodePosition="{n}" CodeCount="99999999"/>' for n in range(2000)
    )
    report = ofd.check(parcel({PAGE: ('Size="4"><ofd:TextCode', f'Size="4">{spans}<ofd:TextCode')}))
    assert {one.code for one in report.findings if not one.ok} == {"font.embedded"}
