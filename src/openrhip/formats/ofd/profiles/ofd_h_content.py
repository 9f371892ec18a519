"""Rules of OFD-H about what the record holds: resources, scans, structured data, attachments."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.profiles.ofd_a import geometry, resources
from openrhip.formats.ofd.profiles.rules import Breach
from openrhip.formats.ofd.profiles.view import PAGE, Sheet, View
from openrhip.formats.ofd.reading import regions
from openrhip.kernel.errors import Problem

IMAGES = frozenset({"BMP", "JPEG", "TIFF", "PNG"})
_SOUND = (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")
_DICOM = b"DICM"
_PREAMBLE = 128
_DICOM_TYPES = frozenset({"dcm", "dicom", "application/dicom"})
_DECLARED = re.compile(rb"^<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([^\"']{1,40})")
_SCAN = 0.5
"""Part of the page that one picture must take to be a scan of it."""


def fonts(view: View) -> Iterator[Breach]:
    for font in view.resources("Font"):
        if not font.file:
            name = font.element.get("FontName", "")[:60]
            yield Breach(f"{font.list_part}#{font.id}", name, name)


def images(view: View) -> Iterator[Breach]:
    for image in resources.images(view):
        if not image.file:
            yield Breach(f"{image.list_part}#{image.id}", image.id, image.id)


def image_formats(view: View) -> Iterator[Breach]:
    for image in resources.images(view):
        if image.file:
            kind = resources.image_kind(view.package.read(image.file))
            if kind not in IMAGES:
                yield Breach(image.file, kind or "其他格式", kind or "another kind")


def media_formats(view: View) -> Iterator[Breach]:
    for media in view.resources("MultiMedia"):
        if media.element.get("Type") in ("Audio", "Video") and media.file:
            head = view.package.read(media.file)[:12]
            if not head.startswith(_SOUND) and head[4:8] != b"ftyp":
                yield Breach(media.file)


def external(view: View) -> Iterator[Breach]:
    """Attachments may be outside (6.15 of the archive's guide, chapter 7 of the draft)."""
    attached = view.of_kind("attachments")
    for part, location in view.lost:
        if part not in attached:
            yield Breach(part, f"{location} 不在包内", f"{location} is not in the package")


def dicom(view: View) -> Iterator[Breach]:
    for one in view.package.attachments():
        stated = (one.media_type.lower(), one.name.rpartition(".")[2].lower())
        head = view.package.read(one.part)[_PREAMBLE : _PREAMBLE + 4]
        if head == _DICOM or _DICOM_TYPES & set(stated):
            yield Breach(one.part, one.name[:60], one.name[:60])


def scanned(view: View, sheet: Sheet) -> Iterator[Breach]:
    """A page that one picture fills needs its text in Body, and the picture in Background."""
    if sheet.kind != PAGE:
        return
    page = _page_area(view, sheet)
    for unit in sheet.root.iter("{*}ImageObject"):
        box = geometry.numbers(unit.get("Boundary", ""), 4)
        if box is None or box[2] * box[3] < _SCAN * page:
            continue
        texts = [one for one in sheet.root.iter("{*}TextObject") if _layer(one) == "Body"]
        where = f"{sheet.part}#{unit.get('ID', '')}"
        if not texts and px.child(sheet.root, "Template") is None:
            yield Breach(where, "没有文字", "no text")
        elif _layer(unit) != "Background" and _under(texts, box):
            yield Breach(where, "图像不在背景层", "the picture is not in Background")


def _under(texts: list[Element], box: tuple[float, ...]) -> bool:
    """Whether most of the text lies on the picture: then it is the text of a scan."""
    inside = 0
    for one in texts:
        place = geometry.numbers(one.get("Boundary", ""), 4)
        if place is not None:
            x, y = place[0] + place[2] / 2, place[1] + place[3] / 2
            inside += box[0] <= x <= box[0] + box[2] and box[1] <= y <= box[1] + box[3]
    return inside * 2 > len(texts)


def _page_area(view: View, sheet: Sheet) -> float:
    try:
        _, _, width, height = view.package.page_box(view.package.pages[sheet.number])
    except Problem:
        return 1.0
    return max(width * height, 1.0)


def _layer(unit: Element) -> str:
    for one in unit.iterancestors():
        if px.local(one) == "Layer":
            return one.get("Type", "Body")
    return "Body"


def structured(view: View) -> Iterator[Breach]:
    if not view.of_kind("tags") and not view.package.attachments():
        yield Breach(view.documents[0].root)


def tags_lead(view: View) -> Iterator[Breach]:
    pages = {page.id for page in view.pages()}
    for tag in view.package.tags():
        if not any(page in pages for page, _ in tag.objects):
            yield Breach(tag.name[:60], "没有对应的对象", "no object of a page")


def tags_agree(view: View) -> Iterator[Breach]:
    """A tag that carries a value says what its region shows."""
    valued: dict[str, list[str]] = {}
    for tag in view.package.tags():
        if tag.text:
            valued.setdefault(tag.name, []).append(_squeezed(tag.text))
    if not valued:
        return
    for region in regions(view.package):
        if region.name in valued:
            shown = _squeezed(region.text)
            if not any(value in shown or shown in value for value in valued[region.name]):
                yield Breach(region.name[:60])


def _squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def utf8(view: View) -> Iterator[Breach]:
    for part in (*view.of_kind("tag"), *view.of_kind("tags")):
        content = view.package.read(part)
        declared = _DECLARED.match(content[:300])
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            yield Breach(part)
            continue
        if declared and declared[1].lower() not in (b"utf-8", b"us-ascii"):
            yield Breach(part, declared[1].decode("latin-1"), declared[1].decode("latin-1"))
