"""Everything that a package says of itself comes out as it stands there."""

import json

import pytest

from openrhip.formats import ofd
from openrhip.formats.ofd.inspect.actions import Dest
from openrhip.formats.ofd.inspect.contents import Permissions

NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'
DOCUMENT = "Doc_0/Document.xml"
REST = """</ofd:Pages><ofd:Outlines>
<ofd:OutlineElem Title="一" Expanded="false"><ofd:Actions><ofd:Action Event="CLICK"><ofd:Goto>
<ofd:Dest Type="XYZ" PageID="2" Left="1" Top="2.5" Zoom="1"/></ofd:Goto></ofd:Action></ofd:Actions>
<ofd:OutlineElem Title="一之一"/></ofd:OutlineElem><ofd:OutlineElem Title="二"/></ofd:Outlines>
<ofd:Permissions><ofd:Edit>false</ofd:Edit><ofd:Print Printable="true" Copies="3"/>
<ofd:ValidPeriod StartDate="2026-01-01T00:00:00" EndDate="2027-01-01T00:00:00"/></ofd:Permissions>
<ofd:Actions><ofd:Action Event="DO"><ofd:URI URI="http://x/" Base="b"/></ofd:Action>
<ofd:Action Event="PO"><ofd:Region><ofd:Area Start="0 0"><ofd:Close/></ofd:Area></ofd:Region>
<ofd:Sound ResourceID="9" Volume="5"/></ofd:Action>
<ofd:Action Event="CLICK"><ofd:GotoA AttachID="a1"/></ofd:Action>
<ofd:Action Event="CLICK"><ofd:Goto><ofd:Bookmark Name="m"/></ofd:Goto></ofd:Action>
<ofd:Action Event="CLICK"><ofd:Dance Steps="4"/></ofd:Action></ofd:Actions>
<ofd:VPreferences><ofd:PageMode>UseOutlines</ofd:PageMode><ofd:Zoom>1.5</ofd:Zoom></ofd:VPreferences>
<ofd:Bookmarks><ofd:Bookmark Name="m"><ofd:Dest Type="Fit" PageID="1"/></ofd:Bookmark></ofd:Bookmarks>
<ofd:Annotations>Annots.xml</ofd:Annotations><ofd:CustomTags>Tags.xml</ofd:CustomTags>
<ofd:Attachments>Attachs/List.xml</ofd:Attachments><ofd:Extensions>Ext.xml</ofd:Extensions>"""
FULL = {
    DOCUMENT: ("</ofd:Pages>", REST),
    "OFD.xml": (
        "</ofd:DocRoot>",
        (
            '</ofd:DocRoot><ofd:Versions><ofd:Version ID="v1" Index="0" BaseLoc="Doc_0/V/V1.xml"/>'
            '<ofd:Version ID="v2" Index="1" Current="true" BaseLoc="Doc_0/V/V2.xml"/></ofd:Versions>'
        ),
    ),
    "Doc_0/V/V1.xml": f'<ofd:DocVersion {NS} ID="v1" Name="初稿" CreationDate="2026-01-02"><ofd:FileList>'
    '<ofd:File ID="f1">/Doc_0/Document.xml</ofd:File><ofd:File ID="f2">/Doc_0/No.xml</ofd:File>'
    "</ofd:FileList><ofd:DocRoot>../Document.xml</ofd:DocRoot></ofd:DocVersion>",
    "Doc_0/Annots.xml": f'<ofd:Annotations {NS}><ofd:Page PageID="2"><ofd:FileLoc>Annots/A.xml'
    "</ofd:FileLoc></ofd:Page></ofd:Annotations>",
    "Doc_0/Annots/A.xml": f'<ofd:PageAnnot {NS}><ofd:Annot ID="50" Type="Highlight" Creator="李医生" '
    'LastModDate="2026-11-24" Visible="false"><ofd:Remark>复核</ofd:Remark><ofd:Parameters>'
    '<ofd:Parameter Name="k">v</ofd:Parameter></ofd:Parameters><ofd:Appearance Boundary="1 2 3 4"/>'
    "</ofd:Annot></ofd:PageAnnot>",
    "Doc_0/Tags.xml": f'<ofd:CustomTags {NS}><ofd:CustomTag NameSpace="urn:x"><ofd:FileLoc>Tag.xml'
    "</ofd:FileLoc></ofd:CustomTag></ofd:CustomTags>",
    "Doc_0/Tag.xml": f'<t:Root xmlns:t="urn:x" {NS}><t:Name><ofd:ObjectRef PageRef="1">11'
    "</ofd:ObjectRef></t:Name></t:Root>",
    "Doc_0/Attachs/List.xml": f'<ofd:Attachments {NS}><ofd:Attachment ID="a1" Name="源" Format="xml">'
    '<ofd:FileLoc>a.xml</ofd:FileLoc></ofd:Attachment><ofd:Attachment ID="a2" Name="影像" '
    'Format="dicom"><ofd:FileLoc>https://pacs/1.dcm</ofd:FileLoc></ofd:Attachment></ofd:Attachments>',
    "Doc_0/Attachs/a.xml": "<a/>",
    "Doc_0/Ext.xml": f'<ofd:Extensions {NS}><ofd:Extension AppName="某软件" RefId="1" Date="2026-01-01T00:00:00">'
    '<ofd:Property Name="p" Type="t">值</ofd:Property><ofd:Data><x>数</x></ofd:Data>'
    "<ofd:ExtendData>Ext.bin</ofd:ExtendData></ofd:Extension></ofd:Extensions>",
    "Doc_0/Ext.bin": "x",
}


@pytest.fixture
def found(parcel):
    return ofd.contents(parcel(FULL))


def test_entry_and_metadata(found):
    assert (found.doc_type, found.version) == ("OFD", "1.0")
    assert found.namespace == "http://www.ofdspec.org/2016"
    (document,) = found.documents
    assert document.metadata["Title"] == "手工文件"
    assert (document.pages, document.max_unit_id) == (2, "99")


def test_outline_and_bookmarks(found):
    (document,) = found.documents
    first, second = document.outlines
    assert (first.title, first.expanded, second.title) == ("一", False, "二")
    assert first.dest == Dest("XYZ", "2", 1.0, 2.5, None, None, 1.0)
    assert [one.title for one in first.children] == ["一之一"]
    assert second.dest is None
    assert document.bookmarks[0].dest == Dest("Fit", "1")


def test_permissions_and_preferences(found):
    (document,) = found.documents
    assert document.permissions == Permissions(
        edit=False, copies=3, valid_from="2026-01-01T00:00:00", valid_to="2027-01-01T00:00:00"
    )
    assert document.preferences == {"PageMode": "UseOutlines", "Zoom": "1.5"}


def test_actions_of_every_kind_and_unknown_ones(found):
    deeds = found.documents[0].actions
    assert [(one.event, one.kind, one.target, one.region) for one in deeds] == [
        ("DO", "uri", "http://x/", False),
        ("PO", "sound", "9", True),
        ("CLICK", "attachment", "a1", False),
        ("CLICK", "goto", "m", False),
        ("CLICK", "Dance", "", False),
    ]
    assert deeds[0].options == (("Base", "b"),)
    assert deeds[-1].options == (("Steps", "4"),)


def test_annotations_extensions_versions(found):
    (document,) = found.documents
    (note,) = document.annotations
    assert (note.page, note.kind, note.creator, note.remark) == (1, "Highlight", "李医生", "复核")
    assert (note.box, note.visible, note.parameters) == ((1, 2, 3, 4), False, (("k", "v"),))
    (extension,) = document.extensions
    assert extension.app == "某软件"
    assert extension.properties == (("p", "t", "值"),)
    assert "数" in extension.data[0]
    assert extension.files == ("Doc_0/Ext.bin",)
    first, second = document.versions
    assert (first.name, first.current, first.root) == ("初稿", False, DOCUMENT)
    assert first.files == (("f1", "/Doc_0/Document.xml", DOCUMENT), ("f2", "/Doc_0/No.xml", ""))
    assert (second.current, second.part) == (True, "")


def test_attachments_inside_and_outside(found):
    inside, outside = found.attachments
    assert (inside.part, inside.size) == ("Doc_0/Attachs/a.xml", 4)
    assert (outside.part, outside.size, outside.location) == ("", 0, "https://pacs/1.dcm")
    assert {one.code for one in found.notices} == {"attachment.outside", "part.unreadable"}


def test_tags_templates_resources(found):
    (document,) = found.documents
    assert [(one.name, one.objects) for one in found.tags] == [("Name", (("1", "11"),))]
    assert document.tag_files[0].namespace == "urn:x"
    assert [(one.id, one.part) for one in document.templates] == [("3", "Doc_0/Tpls/T.xml")]
    assert [(one.kind, one.name) for one in document.resources] == [("Font", "宋体")]


def test_all_of_it_goes_into_json(found):
    again = json.loads(json.dumps(found.as_dict()))
    assert again["documents"][0]["outlines"][0]["children"][0]["title"] == "一之一"


def test_a_document_of_our_own(own):
    found = ofd.contents(own)
    (document,) = found.documents
    assert [one.title for one in document.outlines] == ["诊疗经过", "医嘱"]
    assert document.custom == {"Kind": "C0053"}
    assert {"DE04.01.119.00", "DE04.30.015.00"} <= {tag.name for tag in found.tags}
    assert found.attachments[0].name == "source.xml"
    assert found.notices == ()


def test_resources_that_are_missing_are_told(parcel):
    found = ofd.contents(
        parcel({
            "Doc_0/Tpls/T.xml": None,
            DOCUMENT: ("<ofd:TemplatePage", "<ofd:DocumentRes>No.xml</ofd:DocumentRes><ofd:TemplatePage"),
            "Doc_0/PublicRes.xml": (
                '<ofd:Font ID="4" FontName="SimSun" FamilyName="宋体"/>',
                '<ofd:Font ID="4" FontName="SimSun"><ofd:FontFile>a.ttf</ofd:FontFile></ofd:Font>',
            ),
        })
    )  # fmt: skip
    assert {one.code for one in found.notices} == {"resource.missing"}
    assert [one.where for one in found.notices] == ["Doc_0/PublicRes.xml", DOCUMENT, DOCUMENT]
