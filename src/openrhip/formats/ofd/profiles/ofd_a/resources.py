"""Rules about resources: fonts, images, colour spaces, and where they are listed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from lxml import etree

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.profiles.ofd_a import sfnt
from openrhip.formats.ofd.profiles.rules import Breach
from openrhip.formats.ofd.profiles.view import OF_PAGE, PUBLIC, Resource, View
from openrhip.kernel.errors import Problem

LARGEST_SUBSET = 4 << 20
"""Bytes: a larger font file is taken for the whole font."""
_IN_PUBLIC = {"ColorSpaces", "Fonts"}
_ELSEWHERE = {"MultiMedias", "CompositeGraphicUnits", "DrawParams"}
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"\x97JB2\r\n\x1a\n", "JBIG2"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
)
ALLOWED_COLOURS = frozenset({"GRAY", "RGB", "CMYK"})


def image_kind(data: bytes) -> str:
    """By its first bytes; "" if it is none of those that archives may hold."""
    return next((kind for head, kind in _MAGIC if data.startswith(head)), "")


def _place(one: Resource, zh: str = "", en: str = "") -> Breach:
    return Breach(one.file or f"{one.list_part}#{one.id}", zh or one.id, en or one.id)


def placement(view: View) -> Iterator[Breach]:
    for part, scope in view.resource_lists:
        for group in view.package.xml(part):
            name = px.local(group)
            wrong = _ELSEWHERE if scope == PUBLIC else _IN_PUBLIC
            if name in wrong and len(group):
                yield Breach(part, name, name)


def embedded(view: View) -> Iterator[Breach]:
    for font in view.resources("Font"):
        name = font.element.get("FontName", "")[:60]
        if not font.file:
            yield _place(font, f"{name} 未嵌入", f"{name} is not embedded")
        elif view.package.entries[font.file].size > LARGEST_SUBSET:
            yield _place(font, f"{name} 未作子集", f"{name} is no subset")


def tables(view: View) -> Iterator[Breach]:
    for font in view.resources("Font"):
        if not font.file:
            continue
        try:
            lacking = sfnt.lacking(view.package.read(font.file))
        except Problem as problem:
            yield _place(font, f"无法读取：{problem.what}", f"unreadable: {problem.what}")
            continue
        if lacking:
            words = " ".join(lacking)
            yield _place(font, f"缺少 {words}", f"lacks {words}")


def images(view: View) -> Iterator[Resource]:
    return (one for one in view.resources("MultiMedia") if one.element.get("Type") == "Image")


def image_formats(view: View) -> Iterator[Breach]:
    for image in images(view):
        if image.file and not image_kind(view.package.read(image.file)):
            yield _place(image, f"图像 {image.id} 为其他格式", f"image {image.id} is another kind")


def image_extensions(view: View) -> Iterator[Breach]:
    for image in images(view):
        if extras(image):
            yield _place(image)


def extras(image: Resource) -> list[px.Element]:
    """Children that the standard does not know."""
    own = etree.QName(image.element).namespace
    return [
        child
        for child in image.element
        if isinstance(child.tag, str)
        and (px.local(child) != "MediaFile" or etree.QName(child).namespace != own)
    ]


def audio_video(view: View) -> Iterator[Breach]:
    for media in view.resources("MultiMedia"):
        kind = media.element.get("Type", "")
        if kind in ("Audio", "Video"):
            yield _place(media, kind, kind)


def colour_spaces(view: View) -> Iterator[Breach]:
    for space in view.resources("ColorSpace"):
        kind = space.element.get("Type", "")
        if kind.upper() not in ALLOWED_COLOURS:
            yield _place(space, f"类型 {kind[:20]}", f"type {kind[:20]}")


def colour_profiles(view: View) -> Iterator[Breach]:
    for space in view.resources("ColorSpace"):
        if not space.file:
            yield _place(space)


def shared_images(view: View) -> Iterator[Breach]:
    """The same image file in the lists of several pages."""
    lists: dict[str, set[str]] = defaultdict(set)
    for image in images(view):
        if image.scope == OF_PAGE and image.file:
            lists[image.file].add(image.list_part)
    for file, parts in lists.items():
        if len(parts) > 1:
            yield Breach(file, f"{len(parts)} 页共用", f"shared by {len(parts)} pages")
