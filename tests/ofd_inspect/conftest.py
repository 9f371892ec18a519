"""Packages made by hand, in the manner of other producers, and one of our own."""

import pytest

from openrhip.formats import ofd
from openrhip.formats.ofd.package_append import Container

NAMESPACE = "http://www.ofdspec.org/2016"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def usual_parts(ns=NAMESPACE, prefix="ofd"):
    """The parts of a small document: two pages, a template, one drawing parameter, one font."""
    x = f"{prefix}:" if prefix else ""
    name = f"xmlns:{prefix}" if prefix else "xmlns"
    at = f' {name}="{ns}"' if ns else ""
    text = '<{x}TextObject ID="{id}" Boundary="{box}" Font="4" Size="4"><{x}TextCode X="0" Y="4" DeltaX="{dx}">{text}</{x}TextCode></{x}TextObject>'

    def page(first, words):
        objects = "".join(
            text.format(x=x, id=first + n, box=box, dx="g 40 4", text=word)
            for n, (box, word) in enumerate(words)
        )
        return (
            f'{HEAD}<{x}Page{at}><{x}Template TemplateID="3"/><{x}Content><{x}Layer ID="{first - 1}">'
            f"{objects}</{x}Layer></{x}Content></{x}Page>"
        )

    return {
        "OFD.xml": f'{HEAD}<{x}OFD{at} Version="1.0" DocType="OFD"><{x}DocBody><{x}DocInfo>'
        f"<{x}DocID>0123456789abcdef0123456789abcdef</{x}DocID><{x}Title>手工文件</{x}Title>"
        f"</{x}DocInfo><{x}DocRoot>Doc_0/Document.xml</{x}DocRoot></{x}DocBody></{x}OFD>",
        "Doc_0/Document.xml": f"{HEAD}<{x}Document{at}><{x}CommonData><{x}MaxUnitID>99</{x}MaxUnitID>"
        f"<{x}PageArea><{x}PhysicalBox>0 0 100 60</{x}PhysicalBox></{x}PageArea>"
        f"<{x}PublicRes>PublicRes.xml</{x}PublicRes>"
        f'<{x}TemplatePage ID="3" BaseLoc="Tpls/T.xml"/></{x}CommonData><{x}Pages>'
        f'<{x}Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/>'
        f'<{x}Page ID="2" BaseLoc="Pages/Page_1/Content.xml"/></{x}Pages></{x}Document>',
        "Doc_0/PublicRes.xml": f'{HEAD}<{x}Res{at} BaseLoc="Res"><{x}Fonts>'
        f'<{x}Font ID="4" FontName="SimSun" FamilyName="宋体"/></{x}Fonts></{x}Res>',
        "Doc_0/Tpls/T.xml": page(6, [("10 2 80 6", "江城市第一人民医院")]).replace(
            f'<{x}Template TemplateID="3"/>', ""
        ),
        "Doc_0/Pages/Page_0/Content.xml": page(
            11, [("10 10 30 6", "入院"), ("18 10 30 6", "诊断"), ("10 20 60 6", "主诉胸痛三天")]
        ),
        "Doc_0/Pages/Page_1/Content.xml": page(21, [("10 10 60 6", "出院小结ＡＢＣ")]),
    }


def zip_of(parts):
    """A container in our canonical form."""
    container = Container()
    for name, content in parts.items():
        container.deflate(name, content.encode() if isinstance(content, str) else content)
    return container.finish()


@pytest.fixture(scope="session")
def parcel():
    """parcel({part: content, or None to leave it out, or (old, new)}) → package."""

    def make(changes=None, **options):
        parts = usual_parts(**options)
        for name, change in (changes or {}).items():
            if change is None:
                del parts[name]
            elif isinstance(change, tuple):
                old, new = change
                assert old in parts[name]
                parts[name] = parts[name].replace(old, new)
            else:
                parts[name] = change
        return zip_of(parts)

    return make


@pytest.fixture(scope="session")
def own():
    """A document by our own writer, with everything that it can say."""
    story = ofd.Story(
        "出院小结",
        [
            ofd.Heading("诊疗经过"),
            ofd.Paragraph(
                [ofd.Run("主诉：", bold=True), ofd.Run("胸痛三天", tag="DE04.01.119.00")]
            ),
            ofd.Table(
                [ofd.Column("项目", 3), ofd.Column("结果", align=ofd.Align.RIGHT)],
                [["血钾", ofd.Cell("6.8 ↑", bold=True, tag="DE04.30.015.00")]],
            ),
            ofd.PageBreak(),
            ofd.Heading("医嘱"),
            ofd.Paragraph("低盐低脂饮食，按时服药。"),
        ],
        ofd.Metadata(author="某医院", custom=[("Kind", "C0053")], keywords=["心内科"]),
        header=[ofd.Paragraph("某医院")],
        footer=[ofd.PageNumber()],
        attachments=[ofd.Attachment("source.xml", "text/xml", b"<a>1</a>")],
    )
    return ofd.write(story)
