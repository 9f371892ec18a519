"""Pages as a whole: layers, templates, annotations, links, documents (§7, §14, §15)."""

import io
from datetime import UTC, datetime

import pikepdf
import pytest

from openrhip.formats import ofd
from openrhip.formats.ofd import render
from openrhip.formats.ofd.notices import Notices
from openrhip.kernel.errors import Malformed

WHITE, RED, BLUE, GREEN = (255, 255, 255), (255, 0, 0), (0, 0, 255), (0, 255, 0)


def square(color, place="10 10 20 20", attrs="", inner=""):
    return (
        f'<ofd:PathObject ID="5" Boundary="{place}" Fill="true" Stroke="false" {attrs}>{inner}'
        f'<ofd:FillColor Value="{color}"/><ofd:AbbreviatedData>M 0 0 L 20 0 L 20 20 L 0 20 C'
        "</ofd:AbbreviatedData></ofd:PathObject>"
    )


def layer(content, kind="Body"):
    return f'<ofd:Layer ID="2" Type="{kind}">{content}</ofd:Layer>'


def template(number, content):
    return {
        f"Doc_0/T{number}.xml": f"<ofd:Page {{NS}}><ofd:Content>{content}</ofd:Content></ofd:Page>"
    }


def test_layers_lie_in_the_order_of_their_types(draw):
    page = layer(square("255 0 0"), "Foreground") + layer(square("0 0 255"))
    page += layer(square("0 255 0", "0 10 20 20"), "Background")
    drawn = draw(pages=[page])
    assert drawn.at(20, 20) == RED
    assert drawn.at(5, 20) == GREEN
    assert drawn.at(15, 20) == RED


def test_templates_lie_behind_or_in_front_and_a_page_may_have_several(draw):
    common = '<ofd:TemplatePage ID="90" BaseLoc="T0.xml"/>'
    common += '<ofd:TemplatePage ID="91" ZOrder="Foreground" BaseLoc="T1.xml"/>'
    parts = template(0, layer(square("0 0 255", "5 10 20 20")))
    parts |= template(1, layer(square("0 255 0", "20 10 20 20")))
    drawn = draw(
        square("255 0 0"),
        page='<ofd:Template TemplateID="90"/><ofd:Template TemplateID="91"/>',
        common=common,
        parts=parts,
    )
    assert drawn.at(7, 20) == BLUE
    assert drawn.at(15, 20) == RED
    assert drawn.at(25, 20) == GREEN
    turned = '<ofd:Template TemplateID="91" ZOrder="Background"/>'
    assert draw(square("255 0 0"), page=turned, common=common, parts=parts).at(25, 20) == RED


def test_a_template_of_many_pages_is_in_the_pdf_once(draw):
    drawn = draw(
        pages=[layer(square("255 0 0"))] * 5,
        page='<ofd:Template TemplateID="90"/>',
        common='<ofd:TemplatePage ID="90" BaseLoc="T0.xml"/>',
        parts=template(0, layer(square("0 0 255", "50 10 20 20"))),
    )
    with drawn.open() as document:
        forms = {form.objgen for page in document.pages for form in page.Resources.XObject.values()}
    assert len(forms) == 1
    assert [drawn.at(60, 20, page) for page in range(5)] == [BLUE] * 5


def test_missing_templates_and_resources_are_named(draw):
    drawn = draw(
        square("255 0 0"),
        page='<ofd:Template TemplateID="90"/><ofd:Template TemplateID="1"/>'
        "<ofd:PageRes>none.xml</ofd:PageRes>",
        common='<ofd:TemplatePage ID="90" BaseLoc="none.xml"/>',
    )
    assert drawn.at(20, 20) == RED
    assert drawn.codes.count("template.missing") >= 2
    assert "resource.missing" in drawn.codes


def test_page_resources_stand_before_those_of_the_document(draw):
    spaces = '<ofd:Res {NS} BaseLoc="."><ofd:ColorSpaces><ofd:ColorSpace ID="80" Type="RGB"/></ofd:ColorSpaces></ofd:Res>'
    content = square("255 0 0").replace('Value="255 0 0"', 'Value="255 0 0" ColorSpace="80"')
    drawn = draw(
        content,
        page="<ofd:PageRes>/Doc_0/Own.xml</ofd:PageRes>",
        resources='<ofd:ColorSpaces><ofd:ColorSpace ID="80" Type="GRAY"/></ofd:ColorSpaces>',
        parts={"Doc_0/Own.xml": spaces},
    )
    assert drawn.at(20, 20) == RED


def test_documents_of_one_package_have_their_own_ids(draw):
    """The same ids mean other things in the second document."""
    drawn = draw(
        '<ofd:CompositeObject ID="5" Boundary="10 10 20 20" ResourceID="60"/>',
        resources=unit(60, square("255 0 0", "0 0 20 20")),
        documents=2,
        parts={
            "Doc_1/Res.xml": f'<ofd:Res {{NS}} BaseLoc="Res">{unit(60, square("0 0 255", "0 0 20 20"))}</ofd:Res>'
        },
    )
    assert drawn.at(20, 20, 0) == RED
    assert drawn.at(20, 20, 1) == BLUE


def unit(key, content):
    return (
        f'<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="{key}" Width="40" Height="40">'
        f"<ofd:Content>{content}</ofd:Content></ofd:CompositeGraphicUnit>"
        "</ofd:CompositeGraphicUnits>"
    )


def annotations(*notes, page=1000):
    listed = f'<ofd:Annotations {{NS}}><ofd:Page PageID="{page}"><ofd:FileLoc>A.xml</ofd:FileLoc></ofd:Page></ofd:Annotations>'
    return {
        "tail": "<ofd:Annotations>Annots.xml</ofd:Annotations>",
        "parts": {
            "Doc_0/Annots.xml": listed,
            "Doc_0/A.xml": f"<ofd:PageAnnot {{NS}}>{''.join(notes)}</ofd:PageAnnot>",
        },
    }


def annot(content, kind="Stamp", place="30 10 20 20", attrs=""):
    return f'<ofd:Annot ID="50" Type="{kind}" Creator="x" LastModDate="2026-01-01" {attrs}><ofd:Appearance Boundary="{place}">{content}</ofd:Appearance></ofd:Annot>'


@pytest.mark.parametrize("kind", ["Path", "Highlight", "Stamp", "Watermark"])
def test_annotations_lie_above_the_page_and_are_no_text_of_it(draw, kind):
    words = '<ofd:TextObject ID="9" Boundary="0 0 20 9" Font="7" Size="4"><ofd:TextCode X="0" Y="5">批注</ofd:TextCode></ofd:TextObject>'
    drawn = draw(
        square("0 0 255", "30 10 20 20"),
        **annotations(annot(square("255 0 0", "5 0 20 20") + words, kind)),
    )
    assert drawn.at(32, 25) == BLUE
    assert drawn.at(45, 25) == RED
    assert ofd.text(drawn.package) == [""]
    assert "批注" in drawn.texts[0]


def test_annotations_that_are_not_to_be_printed_are_shown(draw):
    note = annot(square("255 0 0", "0 0 20 20"), attrs='Print="false"')
    drawn = draw("", **annotations(note, annot(square("0 0 255", "40 0 20 20"))))
    assert drawn.at(40, 20) == RED
    assert drawn.at(80, 20) == BLUE
    with drawn.open() as document:
        (group,) = document.Root.OCProperties.OCGs
        assert str(group.Usage.Print.PrintState) == "/OFF"
        assert document.pages[0].Resources.Properties.S.objgen == group.objgen


def test_hidden_annotations_are_not_drawn_and_damaged_ones_are_named(draw):
    good = annot(square("255 0 0", "0 0 20 20"))
    hidden = annot(square("0 0 255", "0 0 20 20"), place="60 10 20 20", attrs='Visible="false"')
    bad = annot(square("0 0 255", "0 0 20 20"), place="60 x")
    drawn = draw("", **annotations(good, hidden, bad))
    assert drawn.at(40, 20) == RED
    assert drawn.at(70, 20) == WHITE
    assert "object.malformed" in drawn.codes
    lost = draw("", tail="<ofd:Annotations>none.xml</ofd:Annotations>")
    assert lost.codes == ["annotation.malformed"]


def click(action, attrs=""):
    return f'<ofd:Actions><ofd:Action Event="CLICK" {attrs}>{action}</ofd:Action></ofd:Actions>'


def test_actions_become_links(draw):
    dest = '<ofd:Goto><ofd:Dest Type="XYZ" PageID="1001" Left="10" Top="20" Zoom="1.5"/></ofd:Goto>'
    link = square("0", "0 0 20 20", 'Visible="false"', click(dest))
    site = square("255 0 0", inner=click('<ofd:URI URI="a?b=(1)" Base="https://example.org/"/>'))
    marked = square(
        "0 0 255", "60 10 20 20", inner=click('<ofd:Goto><ofd:Bookmark Name="终"/></ofd:Goto>')
    )
    given = annotations(annot(link, "Link", "30 20 20 20"))
    given["tail"] = (
        '<ofd:Bookmarks><ofd:Bookmark Name="终"><ofd:Dest Type="FitH" PageID="1001" Top="5"/>'
        "</ofd:Bookmark></ofd:Bookmarks>" + given["tail"]
    )
    drawn = draw(pages=[layer(site + marked), layer("")], **given)
    with drawn.open() as document:
        first, second, third = document.pages[0].Annots
        assert str(first.A.URI) == "https://example.org/a?b=(1)"
        assert [float(v) for v in first.Rect] == pytest.approx([28.35, 56.69, 85.04, 113.39])
        assert second.Dest[0].objgen == document.pages[1].obj.objgen
        assert str(second.Dest[1]) == "/FitH"
        assert [str(third.Dest[1]), float(third.Dest[2]), float(third.Dest[3]), float(third.Dest[4])] == [
            "/XYZ", pytest.approx(28.35), pytest.approx(85.04), 1.5,
        ]  # fmt: skip
        names = document.Root.Names.Dests.Names
        assert str(names[0]) == "终"
    assert drawn.codes == []


@pytest.mark.parametrize(
    "action",
    [
        '<ofd:URI URI="javascript:alert(1)"/>',
        '<ofd:URI URI="file:///etc/passwd"/>',
        '<ofd:Goto><ofd:Dest Type="Fit" PageID="404"/></ofd:Goto>',
        '<ofd:Goto><ofd:Bookmark Name="nowhere"/></ofd:Goto>',
        '<ofd:Sound ResourceID="1"/>',
        '<ofd:Movie ResourceID="1"/>',
    ],
)
def test_actions_that_lead_nowhere_are_named(draw, action):
    drawn = draw(square("255 0 0", inner=click(action)))
    assert drawn.codes == ["action.left-out"]
    with drawn.open() as document:
        assert "/Annots" not in document.pages[0]


def test_the_outline_keeps_its_places(draw):
    tail = (
        '<ofd:Outlines><ofd:OutlineElem Title="一"><ofd:Actions><ofd:Action Event="CLICK"><ofd:Goto>'
        '<ofd:Dest Type="XYZ" PageID="1000" Top="25"/></ofd:Goto></ofd:Action></ofd:Actions>'
        '<ofd:OutlineElem Title="（一）"/></ofd:OutlineElem><ofd:OutlineElem Title="二"/></ofd:Outlines>'
    )
    drawn = draw("", tail=tail)
    with drawn.open() as document, document.open_outline() as outline:
        assert [item.title for item in outline.root] == ["一", "二"]
        assert [item.title for item in outline.root[0].children] == ["（一）"]
        assert float(outline.root[0].destination[3]) == pytest.approx(70.87, abs=0.01)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("<ofd:Hologram ID='4'/>", "object.unknown"),
        (square("255 0 0", "1 2 3"), "object.malformed"),
        (square("255 0 0", "1 2 3 inf"), "object.malformed"),
        (square("255 0 0", attrs='CTM="1 0 0"'), "object.malformed"),
        (square("255 0 0", attrs='DrawParam="404"'), "resource.missing"),
        ('<ofd:CompositeObject ID="5" Boundary="0 0 1 1" ResourceID="4"/>', "resource.missing"),
    ],
)
def test_what_is_not_understood_is_named_and_the_rest_drawn(draw, content, code):
    drawn = draw(content + square("0 0 255", "60 10 20 20"))
    assert drawn.at(70, 20) == BLUE
    assert code in drawn.codes
    assert all(notice.text_zh and notice.text_en and notice.where for notice in drawn.notices)


def test_notices_come_once_and_end_somewhere():
    notices = Notices()
    for at in range(2000):
        notices.note("a", "甲", "a", str(at // 2))
    assert len(notices) == 500
    assert notices[3].as_dict() == {"code": "a", "text_zh": "甲", "text_en": "a", "where": "3"}


def test_a_long_document_is_written_page_by_page(package):
    data = package(pages=[layer(square("255 0 0"))] * 300)
    sizes = []

    class Target(io.BytesIO):
        def write(self, data):
            sizes.append(len(data))
            return super().write(data)

    target = Target()
    render.write_pdf(data, target)
    assert len(sizes) > 900
    assert max(sizes) < 20_000
    with pikepdf.open(io.BytesIO(target.getvalue())) as document:
        assert len(document.pages) == 300
    assert target.getvalue() == render.to_pdf(data)


def test_the_watermark_of_a_view_is_in_the_pdf_once(package):
    data = package(pages=[layer(square("255 0 0"))] * 30)
    plain, marked = len(render.to_pdf(data)), len(render.to_pdf(data, watermark="李医生 2026"))
    assert marked < plain + 15_000


def test_one_page_of_several_that_cannot_be_read_stays_empty_and_is_named(draw, package):
    bad = {"Doc_0/Pages/P1.xml": b"<broken"}
    drawn = draw(pages=[layer(square("255 0 0"))] * 3, parts=bad)
    assert [drawn.at(20, 20, page) for page in range(3)] == [RED, WHITE, RED]
    assert "page.unreadable" in drawn.codes
    with pytest.raises(Malformed):
        render.to_png(package(pages=[layer("")] * 3, parts=bad), 1)


def test_what_the_document_says_of_itself_goes_into_the_pdf(draw):
    tail = (
        '<ofd:Actions><ofd:Action Event="DO"><ofd:Goto><ofd:Dest Type="Fit" PageID="1001"/>'
        "</ofd:Goto></ofd:Action></ofd:Actions><ofd:VPreferences><ofd:PageMode>UseOutlines"
        "</ofd:PageMode><ofd:PageLayout>TwoPageL</ofd:PageLayout><ofd:TabDisplay>FileName"
        "</ofd:TabDisplay><ofd:HideToolbar>true</ofd:HideToolbar></ofd:VPreferences>"
    )
    drawn = draw(pages=[layer(""), layer("")], tail=tail)
    with drawn.open() as document:
        root = document.Root
        assert root.OpenAction[0].objgen == document.pages[1].obj.objgen
        assert (str(root.PageMode), str(root.PageLayout)) == ("/UseOutlines", "/TwoPageLeft")
        assert not root.ViewerPreferences.DisplayDocTitle
        assert root.ViewerPreferences.HideToolbar
        assert str(document.docinfo.Title) == "手工"


def test_metadata_goes_into_the_pdf():
    made = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
    metadata = ofd.Metadata(author="某医院", keywords=["心电"], created=made)
    data = ofd.write(ofd.Story("记录", [ofd.Paragraph("甲")], metadata))
    with pikepdf.open(io.BytesIO(render.to_pdf(data))) as document:
        info = document.docinfo
        assert [str(info[key]) for key in ("/Author", "/Keywords", "/Creator")] == [
            "某医院", "心电", "OpenRHIP",
        ]  # fmt: skip
        assert str(info.CreationDate) == "D:20261125"


def test_files_are_looked_for_when_somebody_asks(draw):
    listed = "".join(
        f'<ofd:MultiMedia ID="{key}" Type="Image"><ofd:MediaFile>{key}.png</ofd:MediaFile>'
        "</ofd:MultiMedia>"
        for key in (1, 2)
    )
    use = '<ofd:ImageObject ID="5" Boundary="0 0 9 9" CTM="9 0 0 9 0 0" ResourceID="2"/>'
    drawn = draw(use, resources=f"<ofd:MultiMedias>{listed}</ofd:MultiMedias>")
    assert [notice.text_en for notice in drawn.notices if "png" in notice.text_en] == [
        "a resource is missing: 2.png"
    ]


def test_a_page_may_begin_elsewhere_than_at_nought(draw):
    link = square("255 0 0", "20 30 20 20", inner=click('<ofd:URI URI="https://example.org"/>'))
    drawn = draw(link, box="10 20 100 50")
    assert drawn.at(20, 20) == RED
    assert drawn.at(35, 35) == WHITE
    with drawn.open() as document:
        (annotation,) = document.pages[0].Annots
        assert [float(v) for v in annotation.Rect] == pytest.approx([28.35, 56.69, 85.04, 113.39])
