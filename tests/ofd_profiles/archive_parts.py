"""A small package that keeps every rule of OFD-A, as parts, and for each rule how to break it.

Not a test: `conftest.archive` loads it.
"""

import io

from PIL import Image

from openrhip.formats.ofd import fonts
from openrhip.formats.ofd.fonts import Font
from openrhip.formats.ofd.render import faces_sfnt

NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'
MADE = 'CreationDate="2026-11-24"'


def picture(kind="PNG"):
    out = io.BytesIO()
    Image.new("RGB", (4, 4), (200, 30, 30)).save(out, kind)
    return out.getvalue()


def element(name, body="", attributes=""):
    return f"<ofd:{name} {NS}{attributes}>{body}</ofd:{name}>"


OFD = element(
    "OFD",
    "<ofd:DocBody><ofd:DocInfo><ofd:DocID>1</ofd:DocID><ofd:Title>病历</ofd:Title><ofd:CustomDatas>"
    '<ofd:CustomData Name="题名">病历</ofd:CustomData><ofd:CustomData Name="责任者">张三</ofd:CustomData>'
    '<ofd:CustomData Name="日期">2026-11-24</ofd:CustomData></ofd:CustomDatas></ofd:DocInfo>'
    "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody>",
    ' Version="1.0" DocType="OFD-A"',
)
GOTO = (
    '<ofd:Action Event="CLICK"><ofd:Goto><ofd:Dest Type="XYZ" PageID="1"/></ofd:Goto></ofd:Action>'
)
URI = '<ofd:Action Event="CLICK"><ofd:URI URI="http://elsewhere.example/"/></ofd:Action>'
DOCUMENT = element(
    "Document",
    "<ofd:CommonData><ofd:MaxUnitID>20</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 210 297"
    "</ofd:PhysicalBox></ofd:PageArea><ofd:PublicRes>PublicRes.xml</ofd:PublicRes>"
    "<ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes></ofd:CommonData><ofd:Pages>"
    '<ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages><ofd:Outlines>'
    f'<ofd:OutlineElem Title="一"><ofd:Actions>{GOTO}</ofd:Actions></ofd:OutlineElem></ofd:Outlines>'
    "<ofd:Annotations>Annotations.xml</ofd:Annotations>"
    "<ofd:Attachments>Attachments.xml</ofd:Attachments>",
)
TEXT = (
    '<ofd:TextObject ID="3" Boundary="10 10 60 6" Font="10" Size="4">'
    '<ofd:TextCode X="0" Y="4" DeltaX="4 g 2 4">病历二三</ofd:TextCode></ofd:TextObject>'
)
IMAGE = '<ofd:ImageObject ID="4" Boundary="10 30 20 20" CTM="20 0 0 20 0 0" ResourceID="11"/>'
PAGE = element(
    "Page",
    f'<ofd:Content><ofd:Layer ID="2" Name="正文">{TEXT}{IMAGE}</ofd:Layer></ofd:Content>',
)
PUBLIC = element(
    "Res",
    '<ofd:Fonts><ofd:Font ID="10" FontName="Noto Serif SC"><ofd:FontFile>font.otf</ofd:FontFile>'
    "</ofd:Font></ofd:Fonts>",
    ' BaseLoc="Res"',
)
OTHER = element(
    "Res",
    '<ofd:MultiMedias><ofd:MultiMedia ID="11" Type="Image" Format="PNG"><ofd:MediaFile>image.png'
    "</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias>",
    ' BaseLoc="Res"',
)
NOTE = (
    '<ofd:Annot ID="15" Type="Highlight" Creator="D1" LastModDate="2026-11-24" ReadOnly="true"'
    ' NoZoom="true" NoRotate="true"><ofd:Appearance Boundary="10 10 20 5"/></ofd:Annot>'
)
ANNOTATIONS = element(
    "Annotations",
    '<ofd:Page PageID="1"><ofd:FileLoc>Annots/Annot_0.xml</ofd:FileLoc></ofd:Page>',
)
ATTACHMENTS = element(
    "Attachments",
    f'<ofd:Attachment ID="a0" Name="source.xml" Format="XML" {MADE}><ofd:FileLoc>Attachs/a.xml'
    "</ofd:FileLoc></ofd:Attachment>",
)


def parts():
    return {
        "OFD.xml": OFD,
        "Doc_0/Document.xml": DOCUMENT,
        "Doc_0/PublicRes.xml": PUBLIC,
        "Doc_0/DocumentRes.xml": OTHER,
        "Doc_0/Pages/Page_0/Content.xml": PAGE,
        "Doc_0/Annotations.xml": ANNOTATIONS,
        "Doc_0/Annots/Annot_0.xml": element("PageAnnot", NOTE),
        "Doc_0/Attachments.xml": ATTACHMENTS,
        "Doc_0/Attachs/a.xml": "<a/>",
        "Doc_0/Res/font.otf": fonts.subset(Font.SERIF, "病历二三"),
        "Doc_0/Res/image.png": picture(),
    }


DOC, PAGE_PART = "Doc_0/Document.xml", "Doc_0/Pages/Page_0/Content.xml"


def replaced(part, old, new):
    """A change: part → its text with something replaced."""

    def change(found):
        assert old in found[part], (part, old)
        return {part: found[part].replace(old, new, 1)}

    return change


def added(**more):
    return lambda found: more


def in_page(body, *, name="TextObject"):
    del name
    return replaced(PAGE_PART, "</ofd:Layer>", f"{body}</ofd:Layer>")


def in_document(body, before="<ofd:Annotations>"):
    return replaced(DOC, before, body + before)


def joined(*changes):
    def change(found):
        found, out = dict(found), {}
        for one in changes:
            more = one(found)
            found |= more
            out |= more
        return out

    return change


def clip(path, unit='ID="30" Boundary="10 80 20 10"'):
    return (
        f"<ofd:PathObject {unit}><ofd:Clips><ofd:Clip><ofd:Area>{path}</ofd:Area></ofd:Clip>"
        "</ofd:Clips><ofd:AbbreviatedData>M 0 0 L 20 10</ofd:AbbreviatedData></ofd:PathObject>"
    )


AROUND = (
    '<ofd:Path Boundary="0 0 20 10"><ofd:AbbreviatedData>M 0 0 L 20 0 L 20 10 L 0 10 C'
    "</ofd:AbbreviatedData></ofd:Path>"
)
NOTHING = (
    '<ofd:Path Boundary="0 0 0 0"><ofd:AbbreviatedData>M 0 0 L 0 0 L 0 0 C</ofd:AbbreviatedData>'
    "</ofd:Path>"
)


def without_tables(*tags):
    """The font without some of its tables."""
    data = parts()["Doc_0/Res/font.otf"]
    have = {tag: body for tag, body in faces_sfnt.tables(data).items() if tag not in tags}
    return faces_sfnt.build(have)


def nested(depth):
    return (
        "".join(f'<ofd:PageBlock ID="4{at}">' for at in range(depth))
        + '<ofd:TextObject ID="50" Boundary="1 1 9 9" Font="10" Size="4"><ofd:TextCode X="0" Y="4">'
        "二</ofd:TextCode></ofd:TextObject>" + "</ofd:PageBlock>" * depth
    )


SIGNED = {
    "Doc_0/Signs/Signatures.xml": element(
        "Signatures",
        '<ofd:MaxSignId>s001</ofd:MaxSignId><ofd:Signature ID="s001" Type="Sign"'
        ' BaseLoc="/Doc_0/Signs/Sign_0/Signature.xml"/>',
    ),
    "Doc_0/Signs/Sign_0/Signature.xml": element(
        "Signature",
        '<ofd:SignedInfo><ofd:Provider ProviderName="x"/><ofd:SignatureMethod>1</ofd:SignatureMethod>'
        '<ofd:SignatureDateTime>20261124</ofd:SignatureDateTime><ofd:References CheckMethod="MD5">'
        '<ofd:Reference FileRef="/OFD.xml"><ofd:CheckValue>AAAA</ofd:CheckValue></ofd:Reference>'
        "</ofd:References></ofd:SignedInfo><ofd:SignedValue>/Doc_0/Signs/Sign_0/SignedValue.dat"
        "</ofd:SignedValue>",
    ),
    "Doc_0/Signs/Sign_0/SignedValue.dat": b"nothing that is a signature",
}
SECOND = (
    "<ofd:DocBody><ofd:DocInfo><ofd:DocID>2</ofd:DocID></ofd:DocInfo>"
    "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody>"
)
VIDEO = (
    '<ofd:MultiMedia ID="12" Type="Video" Format="MP4"><ofd:MediaFile>image.png</ofd:MediaFile>'
    "</ofd:MultiMedia>"
)
SPACE = '<ofd:ColorSpaces><ofd:ColorSpace ID="13" Type="{}"/></ofd:ColorSpaces>'
COMPOSITE = '<ofd:CompositeObject ID="31" Boundary="1 1 9 9" ResourceID="99" LineWidth="1"/>'
TWO_PAGES = joined(
    replaced(
        DOC, "</ofd:Pages>", '<ofd:Page ID="5" BaseLoc="Pages/Page_1/Content.xml"/></ofd:Pages>'
    ),
    replaced(PAGE_PART, "<ofd:Content>", "<ofd:PageRes>PageRes.xml</ofd:PageRes><ofd:Content>"),
    lambda found: {
        "Doc_0/Pages/Page_1/Content.xml": found[PAGE_PART].replace('ID="', 'ID="7'),
        "Doc_0/Pages/Page_0/PageRes.xml": OTHER.replace("image.png", "/Doc_0/Res/image.png"),
        "Doc_0/Pages/Page_1/PageRes.xml": OTHER.replace(
            "image.png", "/Doc_0/Res/image.png"
        ).replace('ID="11"', 'ID="711"'),
        "Doc_0/DocumentRes.xml": element("Res", "", ' BaseLoc="Res"'),
    },
)

BROKEN = {
    "external": replaced(
        DOC,
        "<ofd:DocumentRes>",
        "<ofd:PublicRes>http://a.example/x.xml</ofd:PublicRes><ofd:DocumentRes>",
    ),
    "unrelated": added(**{"Doc_0/Res/smuggled.bin": b"x"}),
    "doc-type": replaced("OFD.xml", "OFD-A", "OFD"),
    "single-document": replaced("OFD.xml", "</ofd:DocBody>", f"</ofd:DocBody>{SECOND}"),
    "permissions": in_document("<ofd:Permissions><ofd:Edit>false</ofd:Edit></ofd:Permissions>"),
    "view-preferences": in_document("<ofd:VPreferences/>"),
    "document-actions": in_document(f"<ofd:Actions>{URI}</ofd:Actions>"),
    "extensions": joined(
        replaced(
            DOC,
            "</ofd:Attachments>",
            "</ofd:Attachments><ofd:Extensions>Extensions.xml</ofd:Extensions>",
        ),
        added(**{"Doc_0/Extensions.xml": element("Extensions")}),
    ),
    "page-actions": replaced(
        PAGE_PART, "</ofd:Content>", f"</ofd:Content><ofd:Actions>{URI}</ofd:Actions>"
    ),
    "layer-names": replaced(
        PAGE_PART, "</ofd:Content>", '<ofd:Layer ID="6" Name="正文"/></ofd:Content>'
    ),
    "page-blocks": in_page(nested(4)),
    "outline-actions": replaced(DOC, GOTO, URI),
    "outline-targets": replaced(DOC, 'PageID="1"', 'PageID="99"'),
    "resource-place": lambda found: {
        "Doc_0/PublicRes.xml": found["Doc_0/PublicRes.xml"].replace(
            "</ofd:Fonts>",
            "</ofd:Fonts>" + OTHER[OTHER.index("<ofd:MultiMedias>") : OTHER.index("</ofd:Res>")],
        ),
        "Doc_0/DocumentRes.xml": element("Res", "", ' BaseLoc="Res"'),
    },
    "fonts-embedded": replaced("Doc_0/PublicRes.xml", "<ofd:FontFile>font.otf</ofd:FontFile>", ""),
    "font-tables": lambda found: {
        "Doc_0/Res/font.otf": without_tables("cmap", "OS/2", "name", "post")
    },
    "image-formats": lambda found: {"Doc_0/Res/image.png": picture("GIF")},
    "image-extensions": replaced(
        "Doc_0/DocumentRes.xml",
        "</ofd:MultiMedia>",
        '<x:own xmlns:x="urn:x">1</x:own></ofd:MultiMedia>',
    ),
    "audio-video": replaced(
        "Doc_0/DocumentRes.xml", "</ofd:MultiMedias>", f"{VIDEO}</ofd:MultiMedias>"
    ),
    "colour-spaces": replaced(
        "Doc_0/PublicRes.xml", "<ofd:Fonts>", SPACE.format("Lab") + "<ofd:Fonts>"
    ),
    "clips-redundant": in_page(clip(AROUND)),
    "clips-empty": in_page(clip(NOTHING)),
    "object-actions": replaced(
        PAGE_PART, "<ofd:TextCode", f"<ofd:Actions>{GOTO}{URI}</ofd:Actions><ofd:TextCode"
    ),
    "stroke-attributes": replaced(PAGE_PART, 'Size="4"', 'Size="4" LineWidth="1"'),
    "composite-attributes": in_page(COMPOSITE),
    "image-fill": replaced(PAGE_PART, 'ResourceID="11"/>', 'ResourceID="11" Fill="true"/>'),
    "image-place": TWO_PAGES,
    "interpolate": replaced(PAGE_PART, 'ResourceID="11"/>', 'ResourceID="11" Interpolate="true"/>'),
    "text-size": replaced(PAGE_PART, ' Size="4"', ""),
    "text-scale": replaced(PAGE_PART, 'Size="4"', 'Size="4" CTM="0.5 0 0 1 0 0"'),
    "annotation-actions": replaced(
        "Doc_0/Annots/Annot_0.xml",
        'Boundary="10 10 20 5"/>',
        f'Boundary="10 10 20 5"><ofd:PathObject ID="60" Boundary="0 0 9 9"><ofd:Actions>{URI}</ofd:Actions>'
        "<ofd:AbbreviatedData>M 0 0</ofd:AbbreviatedData></ofd:PathObject></ofd:Appearance>",
    ),
    "annotation-blocks": replaced(
        "Doc_0/Annots/Annot_0.xml",
        'Boundary="10 10 20 5"/>',
        'Boundary="10 10 20 5"><ofd:PageBlock ID="61"/></ofd:Appearance>',
    ),
    "annotation-flags": replaced("Doc_0/Annots/Annot_0.xml", 'NoZoom="true"', 'NoZoom="false"'),
    "tags": joined(
        replaced(
            DOC,
            "<ofd:Attachments>",
            "<ofd:CustomTags>CustomTags.xml</ofd:CustomTags><ofd:Attachments>",
        ),
        added(
            **{
                "Doc_0/CustomTags.xml": element(
                    "CustomTags",
                    '<ofd:CustomTag NameSpace="urn:x"><ofd:FileLoc>none.xml</ofd:FileLoc></ofd:CustomTag>',
                )
            }
        ),
    ),
    "signatures": joined(
        replaced(
            "OFD.xml",
            "</ofd:DocRoot>",
            "</ofd:DocRoot><ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures>",
        ),
        added(**SIGNED),
    ),
    "attachments": replaced(
        "Doc_0/Attachments.xml", 'Name="source.xml" Format="XML"', 'Name="table.xlsx" Format="xlsx"'
    ),
    "encryption": added(**{"Encryptions.xml": element("Encryptions")}),
    "video-objects": in_page('<ofd:VideoObject ID="62" Boundary="1 1 9 9" ResourceID="11"/>'),
}
