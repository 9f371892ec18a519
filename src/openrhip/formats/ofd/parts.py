"""The XML parts of a package other than pages: OFD.xml, Document.xml, resources, tags.

GB/T 33190-2016 §7 (document, outlines, resources), §16 (custom tags), §20 (attachments).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from openrhip.formats.ofd.fonts import Font
from openrhip.formats.ofd.layout.pieces import number
from openrhip.formats.ofd.story import Attachment, Metadata, Page
from openrhip.kernel.errors import Malformed
from openrhip.kernel.periods import city_day

NAMESPACE = "http://www.ofdspec.org/2016"
TAGS_NAMESPACE = "urn:openrhip:ofd:tags:1"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_ILLEGAL = re.compile("[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL = re.compile("[&<>\"'\r\n\t]")
_ENTITIES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
    "\r": "&#13;",
    "\n": "&#10;",
    "\t": "&#9;",
}


def escape(text: str) -> str:
    """For element content and attribute values alike; what XML cannot carry becomes U+FFFD."""
    if text.isalnum():
        return text
    if not text.isprintable() and _ILLEGAL.search(text):
        text = _ILLEGAL.sub("\ufffd", text)
    if _SPECIAL.search(text):
        text = _SPECIAL.sub(lambda found: _ENTITIES[found.group()], text)
    return text


def root(name: str, body: str, attributes: str = "") -> bytes:
    return f'{_HEAD}<ofd:{name} xmlns:ofd="{NAMESPACE}"{attributes}>{body}</ofd:{name}>'.encode()


def element(name: str, text: str) -> str:
    return f"<ofd:{name}>{escape(text)}</ofd:{name}>" if text else ""


class Goal(NamedTuple):
    """An outline entry: level, title, page id, y."""

    level: int
    title: str
    page: int
    y: float


def entry(title: str, meta: Metadata, doc_id: str) -> bytes:
    """OFD.xml: DocInfo in the order of the schema."""
    day = _day(meta.created).isoformat() if meta.created else ""
    words = "".join(element("Keyword", word) for word in meta.keywords)
    custom = "".join(
        f'<ofd:CustomData Name="{escape(name)}">{escape(value)}</ofd:CustomData>'
        for name, value in meta.custom
    )
    info = "".join(
        (
            element("DocID", doc_id),
            element("Title", title),
            element("Author", meta.author),
            element("Subject", meta.subject),
            element("CreationDate", day),
            element("ModDate", day),
            element("DocUsage", meta.usage),
            f"<ofd:Keywords>{words}</ofd:Keywords>" if words else "",
            element("Creator", meta.creator),
            element("CreatorVersion", meta.creator_version),
            f"<ofd:CustomDatas>{custom}</ofd:CustomDatas>" if custom else "",
        )
    )
    body = (
        f"<ofd:DocBody><ofd:DocInfo>{info}</ofd:DocInfo>"
        "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody>"
    )
    return root("OFD", body, f' Version="1.0" DocType="{escape(meta.doc_type)}"')


def _day(at: datetime) -> date:
    """The day in the city; a time without zone is taken as it stands."""
    return at.date() if at.tzinfo is None else city_day(at)


def document(
    page: Page,
    pages: Sequence[int],
    goals: Sequence[Goal],
    *,
    top_id: int,
    tags: bool,
    attachments: bool,
    annotations: bool = False,
) -> bytes:
    """Document.xml. pages: the pages' ids, in order."""
    listed = "".join(
        f'<ofd:Page ID="{page_id}" BaseLoc="Pages/Page_{at}/Content.xml"/>'
        for at, page_id in enumerate(pages)
    )
    body = (
        f"<ofd:CommonData><ofd:MaxUnitID>{top_id}</ofd:MaxUnitID><ofd:PageArea>"
        f"<ofd:PhysicalBox>0 0 {number(page.width)} {number(page.height)}</ofd:PhysicalBox>"
        "</ofd:PageArea><ofd:PublicRes>PublicRes.xml</ofd:PublicRes>"
        "<ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes></ofd:CommonData>"
        f"<ofd:Pages>{listed}</ofd:Pages>{outlines(goals)}"
    )
    if annotations:
        body += "<ofd:Annotations>Annotations.xml</ofd:Annotations>"
    if tags:
        body += "<ofd:CustomTags>CustomTags.xml</ofd:CustomTags>"
    if attachments:
        body += "<ofd:Attachments>Attachments.xml</ofd:Attachments>"
    return root("Document", body)


def outlines(goals: Sequence[Goal]) -> str:
    """The outline tree from headings in order."""
    if not goals:
        return ""
    out: list[str] = []
    open_levels: list[int] = []
    for goal in goals:
        while open_levels and open_levels[-1] >= goal.level:
            out.append("</ofd:OutlineElem>")
            open_levels.pop()
        out.append(
            f'<ofd:OutlineElem Title="{escape(goal.title)}"><ofd:Actions>'
            '<ofd:Action Event="CLICK"><ofd:Goto>'
            f'<ofd:Dest Type="XYZ" PageID="{goal.page}" Left="0" Top="{number(goal.y)}"/>'
            "</ofd:Goto></ofd:Action></ofd:Actions>"
        )
        open_levels.append(goal.level)
    out.append("</ofd:OutlineElem>" * len(open_levels))
    return f"<ofd:Outlines>{''.join(out)}</ofd:Outlines>"


def public_res(fonts: Iterable[tuple[int, Font]]) -> bytes:
    out: list[str] = []
    for font_id, font in fonts:
        bold = ' Bold="true"' if font.weight == 700 else ""
        serif = ' Serif="true"' if font.serif else ""
        out.append(
            f'<ofd:Font ID="{font_id}" FontName="{font.label}" FamilyName="{font.label}"'
            f"{bold}{serif}><ofd:FontFile>Font_{font_id}.otf</ofd:FontFile></ofd:Font>"
        )
    listed = "".join(out)
    return root("Res", f"<ofd:Fonts>{listed}</ofd:Fonts>" if listed else "", ' BaseLoc="Res"')


def document_res(images: Sequence[tuple[int, str]]) -> bytes:
    """images: (resource id, "PNG" or "JPEG")."""
    listed = "".join(
        f'<ofd:MultiMedia ID="{key}" Type="Image" Format="{form}">'
        f"<ofd:MediaFile>Image_{key}.{'png' if form == 'PNG' else 'jpg'}</ofd:MediaFile>"
        "</ofd:MultiMedia>"
        for key, form in images
    )
    body = f"<ofd:MultiMedias>{listed}</ofd:MultiMedias>" if listed else ""
    return root("Res", body, ' BaseLoc="Res"')


def custom_tags() -> bytes:
    return root(
        "CustomTags",
        f'<ofd:CustomTag NameSpace="{TAGS_NAMESPACE}">'
        "<ofd:FileLoc>Tags/Tag_0.xml</ofd:FileLoc></ofd:CustomTag>",
    )


def tag_file(regions: Iterable[tuple[str, Sequence[tuple[int, int]]]]) -> bytes:
    """The tags of the record: for each region its name and the (page, object) ids it covers."""
    listed = "".join(
        f'<Region Name="{escape(name)}">'
        + "".join(
            f'<ofd:ObjectRef PageRef="{page}">{object_id}</ofd:ObjectRef>'
            for page, object_id in places
        )
        + "</Region>"
        for name, places in regions
    )
    return (
        f'{_HEAD}<Tags xmlns="{TAGS_NAMESPACE}" xmlns:ofd="{NAMESPACE}">{listed}</Tags>'
    ).encode()


def attachments(files: Sequence[Attachment], day: str) -> tuple[bytes, list[tuple[str, bytes]]]:
    """Attachments.xml, and the files with their names in the package."""
    listed: list[str] = []
    stored: list[tuple[str, bytes]] = []
    for at, file in enumerate(files):
        if not file.name or len(file.name) > 200:
            raise Malformed("an attachment needs a name of at most 200 characters", where="name")
        suffix = re.sub("[^A-Za-z0-9]", "", file.name.rpartition(".")[2])[:8].lower()
        inside = f"Attach_{at}.{suffix or 'bin'}"
        created = f' CreationDate="{day}"' if day else ""
        listed.append(
            f'<ofd:Attachment ID="a{at}" Name="{escape(file.name)}"'
            f' Format="{escape(file.media_type)}"{created}'
            f' Size="{number(len(file.data) / 1024)}" Visible="true">'
            f"<ofd:FileLoc>Attachs/{inside}</ofd:FileLoc></ofd:Attachment>"
        )
        stored.append((f"Doc_0/Attachs/{inside}", file.data))
    return root("Attachments", "".join(listed)), stored
