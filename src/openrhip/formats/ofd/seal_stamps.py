"""Pictures of seals on pages (印章图像): which picture shows where, for every reader of pages.

A signature's description says where (StampAnnot), the seal inside its value says what; where the
value cannot be read, the seal file beside it does. Pictures come as PNG or JPEG whatever they were:
BMP and GIF are converted, an OFD picture (an OFD package in the seal) is drawn with a clear
background, a riding seal (骑缝章) is cut to its Clip. Whether a seal holds is what `verify` says.

Sources: GB/T 33190-2016 §18.2.3 (StampAnnot), GB/T 38540-2020 §6 and GM/T 0031-2014 (pictures).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import lru_cache

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd import ses
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package import Box, Document, Package
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.render import images
from openrhip.kernel.errors import NotFound, Problem

MOST = 2_000
"""Places of seals in one package that are shown at most."""
_READY = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_DPI = 300
_LONGEST = 1_600  # pixels of a seal picture that is drawn from OFD
_SEAL_LIMITS = images.Limits(size=8 << 20, pixels=16_000_000)


def is_package(picture: bytes) -> bool:
    """Whether a seal's picture is an OFD package."""
    return picture.startswith(b"PK")


def stamps(
    package: Package,
    notices: Notices | None = None,
    page: int | None = None,
    *,
    packages: bool = False,
) -> list[tuple[int, Box, bytes]]:
    """Seals to show: (page index, boundary in mm, PNG or JPEG), in the order of the signatures.

    page: only those on it. packages: an OFD picture that is not cut comes as the package it is.

    A riding seal comes as its parts, each cut out. A seal that cannot be read shows nothing, and
    a notice says so.
    """
    notices = Notices() if notices is None else notices
    found: list[tuple[int, Box, bytes]] = []
    first = 0
    for document in package.documents:
        before, first = first, first + len(document.pages)
        for part, root in _descriptions(package, document):
            places = list(px.children(px.child(root, "SignedInfo"), "StampAnnot"))
            if not places:
                continue
            picture = _picture(package, part, root, packages=packages)
            if not picture:
                _note(notices, part)
                continue
            for item in places[: MOST - len(found)]:
                number = document.pages.number(item.get("PageRef", ""))
                if number is None or page not in (None, before + number):
                    continue
                shown = _shown(item, picture)
                if shown is not None:
                    found.append((before + number, *shown))
    return found


def _note(notices: Notices, part: str) -> None:
    notices.note(
        "seal.unreadable",
        "签章的印章图像无法读取，未显示",
        "the picture of a seal cannot be read; it is not shown",
        part,
    )


def _descriptions(package: Package, document: Document) -> Iterator[tuple[str, Element]]:
    """Each Signature.xml of the list that can be read: for showing, leniently."""
    if not document.signatures:
        return
    try:
        root = package.xml(document.signatures)
    except Problem:
        return
    for number, line in enumerate(px.children(root, "Signature")):
        if number >= MOST:
            return
        try:
            part = package.resolve(line.get("BaseLoc", ""), base=document.signatures)
            yield part, package.xml(part)
        except Problem:
            continue


def _picture(package: Package, part: str, root: Element, *, packages: bool) -> bytes:
    """The seal's picture as PNG or JPEG, or as the package it is; empty if none can be read."""
    seal = px.child(px.child(root, "SignedInfo"), "Seal")
    for location, read in (
        (px.text(root, "SignedValue"), _in_value),
        (px.text(seal, "BaseLoc"), ses.read_seal),
    ):
        if not location:
            continue
        try:
            info = read(package.read(package.resolve(location, base=part))).info
            return info.picture if packages and is_package(info.picture) else ready(info.picture)
        except Problem:
            continue
    return b""


def _in_value(data: bytes) -> ses.SealData:
    return ses.read_signature(data).seal


@lru_cache(maxsize=32)
def ready(picture: bytes) -> bytes:
    """A seal's picture as PNG or JPEG. Raises Malformed, TooLarge."""
    if is_package(picture):
        return _drawn(picture)
    found = images.decode(picture, limits=_SEAL_LIMITS)
    if picture.startswith(_READY):
        return picture
    return found.web()[1]


def _drawn(picture: bytes) -> bytes:
    """The first page of an OFD picture as PNG with a clear background."""
    import pypdfium2  # noqa: PLC0415 - only such seals need it here

    from openrhip.formats.ofd.package import open_package  # noqa: PLC0415 - with the renderer
    from openrhip.formats.ofd.render import pdf  # noqa: PLC0415 - which asks for stamps itself
    from openrhip.formats.ofd.render.raster import PDFIUM  # noqa: PLC0415
    from openrhip.formats.ofd.render.scene import Scene  # noqa: PLC0415

    package = open_package(picture)
    if not package.pages:
        raise NotFound("a seal's picture without a page", where="seal")
    _, _, width, height = package.page_box(package.pages[0])
    made = pdf.to_pdf(Scene.of(package), (), "", [0])
    with PDFIUM:
        document = pypdfium2.PdfDocument(made)
        try:
            sheet = document[0]
            scale = min(_DPI / 72, _LONGEST / (max(width, height) * 72 / 25.4))
            image = sheet.render(scale=scale, fill_color=(255, 255, 255, 0)).to_pil()
            out = io.BytesIO()
            image.convert("RGBA").save(out, "PNG")
            sheet.close()
        finally:
            document.close()
    return out.getvalue()


def _shown(item: Element, picture: bytes) -> tuple[Box, bytes] | None:
    """The visible part of a stamp and its picture. Clip is in mm from the Boundary's corner."""
    try:
        x, y, width, height = px.numbers(item.get("Boundary", ""), 4, where="StampAnnot")
        if width <= 0 or height <= 0:
            return None
        clip = item.get("Clip")
        if not clip:
            return (x, y, width, height), picture
        left, top, across, down = px.numbers(clip, 4, where="StampAnnot")
        left, top = min(max(left, 0.0), width), min(max(top, 0.0), height)
        across, down = min(across, width - left), min(down, height - top)
        if across <= 0 or down <= 0 or (across, down) == (width, height):
            return (x, y, width, height), picture
        if is_package(picture):
            picture = ready(picture)
        place = (left / width, top / height, (left + across) / width, (top + down) / height)
        part = images.cut(images.decode(picture, limits=_SEAL_LIMITS), place)
    except Problem:
        return None
    return (x + left, y + top, across, down), part.web()[1]
