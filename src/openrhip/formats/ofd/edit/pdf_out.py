"""OFD → PDF with all that a document is besides its pages (转换为 PDF).

The pages are drawn by `render` (text stays text; seals, annotations, outline, links); here come the
choice of pages, the metadata, and the attachments as files embedded in the PDF. Sources: ISO
32000-1 §14.3 (metadata), §7.11.4 (embedded files).
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

import pikepdf

from openrhip.formats.ofd import seal_stamps
from openrhip.formats.ofd.edit.attaching import Heading, outline
from openrhip.formats.ofd.edit.merging import Made
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package import Package, open_package
from openrhip.formats.ofd.render import pdf as drawing
from openrhip.formats.ofd.render.scene import Scene
from openrhip.kernel.errors import Malformed, NotFound, Problem

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_NAMES = {"Title": "Title", "Author": "Author", "Subject": "Subject", "Keywords": "Keywords"}


def to_pdf(
    data: bytes | Package,
    *,
    pages: Sequence[int] | None = None,
    watermark: str = "",
    attachments: bool = True,
    metadata: bool = True,
) -> Made:
    """The document, or some of its pages (indexes from 0), as a PDF.

    Raises Malformed, TooLarge, NotFound (no such page).
    """
    package = data if isinstance(data, Package) else open_package(data)
    count = len(package.pages)
    if not count:
        raise Malformed("the document has no page", where="Document.xml")
    chosen = range(count) if pages is None else pages
    for page in chosen:
        if not 0 <= page < count:
            raise NotFound("the document has no such page", where=f"page {page + 1}")
    notices = Notices()
    scene = Scene(package, notices)
    file = io.BytesIO()
    stamps = seal_stamps.stamps(package, notices)
    drawing.write(scene, stamps, watermark, list(chosen), file)
    files = _files(package, notices) if attachments else []
    headings = [] if list(chosen) == list(range(count)) else _headings(package, chosen)
    if not files and not metadata and not headings:
        return Made(file.getvalue(), tuple(notices))
    made = _completed(file.getvalue(), package, files, headings, metadata=metadata)
    return Made(made, tuple(notices))


def _headings(package: Package, chosen: Sequence[int]) -> list[pikepdf.OutlineItem]:
    """The outline as far as it leads to the chosen pages; of the whole, the renderer makes it."""
    places = {page: at for at, page in reversed(list(enumerate(chosen)))}
    found: list[pikepdf.OutlineItem] = []
    first = 0
    for number, document in enumerate(package.documents):
        for heading in outline(package, document=number):
            found += _heading(package, heading, first, places)
        first += len(document.pages)
    return found


def _heading(
    package: Package, heading: Heading, first: int, places: dict[int, int]
) -> list[pikepdf.OutlineItem]:
    """An entry with those below it; only those below where its own page is not there."""
    below = [item for one in heading.below for item in _heading(package, one, first, places)]
    page = places.get(first + heading.page)
    if page is None:
        return below
    tall = package.page_box(package.pages[first + heading.page])[3]
    top = (tall - heading.y) * 72 / 25.4
    made = pikepdf.OutlineItem(heading.title, page, "XYZ", left=0, top=round(top, 2))
    made.children.extend(below)
    return [made]


def _files(package: Package, notices: Notices) -> list[tuple[str, str, bytes]]:
    found: list[tuple[str, str, bytes]] = []
    try:
        listed = package.attachments()
    except Problem as problem:
        notices.note("attachment.unreadable", "附件列表无法读取", problem.what, problem.where)
        return found
    for item in listed:
        try:
            found.append((item.name or item.id, item.media_type, package.read(item.part)))
        except Problem as problem:
            notices.note("attachment.unreadable", "附件无法读取", problem.what, item.name[:100])
    return found


def _completed(
    data: bytes,
    package: Package,
    files: Sequence[tuple[str, str, bytes]],
    headings: Sequence[pikepdf.OutlineItem],
    *,
    metadata: bool,
) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        if metadata:
            _metadata(pdf, package.metadata)
        if headings:
            with pdf.open_outline() as made:
                made.root.extend(headings)
        taken: set[str] = set()
        for name, media_type, content in files:
            shown = _clean(name) or "attachment"
            while shown in taken:
                shown = f"_{shown}"
            taken.add(shown)
            spec = pikepdf.AttachedFileSpec(
                pdf, content, filename=shown, mime_type=_media(media_type)
            )
            pdf.attachments[shown] = spec
        pdf.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def _clean(text: str) -> str:
    return "".join(char for char in text if char.isprintable() and char not in "/\\")[:200]


def _media(text: str) -> str:
    known = re.fullmatch(r"[A-Za-z0-9.+-]{1,60}/[A-Za-z0-9.+-]{1,80}", text or "")
    return text if known else "application/octet-stream"


def _metadata(pdf: pikepdf.Pdf, found: dict[str, str]) -> None:
    """Document information, and the custom data of the record under their own names."""
    info: Any = pdf.docinfo
    for name, key in _NAMES.items():
        if value := found.get(name, "").strip():
            info[f"/{key}"] = value[:4000]
    for name, key in (("CreationDate", "CreationDate"), ("ModDate", "ModDate")):
        if match := _DATE.match(found.get(name, "")):
            info[f"/{key}"] = f"D:{match[1]}{match[2]}{match[3]}"
    if value := found.get("Creator", "").strip():
        info["/Creator"] = value[:200]
    usual = {*_NAMES, "CreationDate", "ModDate", "Creator", "CreatorVersion", "DocUsage", "Cover"}
    for name, value in list(found.items())[:200]:
        own = name and name not in usual and name.isascii() and name.isalnum()
        if own and f"/{name[:80]}" not in info:
            info[f"/{name[:80]}"] = value[:2000]
