"""可用性: the document can be read now, and by those who come after."""

from __future__ import annotations

from collections.abc import Iterator

from openrhip.formats import ofd
from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.notices import Notices
from openrhip.kernel.errors import Problem
from openrhip.records.checks.case import Case
from openrhip.records.checks.report import Fault

_LASTING = {
    # GB/T 42133-2022 6.6: formats of images that last
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"\x97JB2": "JBIG2",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
}
_FONTS = (b"\0\1\0\0", b"OTTO", b"ttcf", b"true")
_AGAIN = ("由原系统重新生成版式文件", "write the document again from its system")


def parts_open(case: Case) -> Iterator[Fault]:
    """Every part can be unpacked, every XML part is well-formed."""
    for name in case.package.parts:
        try:
            if name.lower().endswith(".xml"):
                case.package.xml(name)
            else:
                case.package.read(name)
        except Problem as problem:
            yield Fault("部件无法打开", f"A part cannot be opened: {problem.what}", name, *_AGAIN)


def pages_there(case: Case) -> Iterator[Fault]:
    """There is at least one page, each page can be opened, and something can be read."""
    try:
        pages = case.package.pages
    except Problem as problem:
        yield Fault(
            "页面无法打开", f"The pages cannot be opened: {problem.what}", problem.where, *_AGAIN
        )
        return
    if not pages:
        yield Fault("文档没有页面", "The document has no pages.", "Document.xml", *_AGAIN)
    elif isinstance(case.texts, Problem):
        yield Fault(
            "页面文字无法读取",
            f"The text of the pages cannot be read: {case.texts.what}",
            case.texts.where,
            *_AGAIN,
        )


def fonts_embedded(case: Case) -> Iterator[Fault]:
    """Every font travels inside (GB/T 42133-2022 6.5)."""
    for name, font in _resources(case, "Font"):
        if not _resource(case, name, px.text(font, "FontFile")).startswith(_FONTS):
            yield Fault(
                "字体未嵌入",
                "A font is not embedded.",
                f"{name}: {font.get('FontName', '')[:60]}",
                "嵌入字体子集",
                "embed the font (a subset is enough)",
            )


def images_lasting(case: Case) -> Iterator[Fault]:
    """Images are in formats that last."""
    for name, media in _resources(case, "MultiMedia"):
        if media.get("Type", "Image") != "Image":
            yield Fault(
                "含有音视频资源",
                "Sound or video is among the resources.",
                name,
                "作为附件提交",
                "hand it in separately",
            )
            continue
        location = px.text(media, "MediaFile")
        if not _resource(case, name, location).startswith(tuple(_LASTING)):
            yield Fault(
                "图像格式不宜长期保存",
                "An image is missing or in a format that does not last.",
                f"{name}: {location[:60]}",
                "使用 PNG、JPEG、TIFF、BMP",
                "use PNG, JPEG, TIFF or BMP",
            )


_DAMAGE = (".malformed", ".missing", ".unreadable")
"""What a drawing for people leaves out with a notice; a record for the archive must be whole."""


def renders(case: Case) -> Iterator[Fault]:
    """The first and the last page can be drawn, with everything that stands on them."""
    last = len(case.package.pages) - 1
    notices = Notices()
    for page in sorted({0, last}):
        try:
            ofd.render.to_svg(case.content, page, notices=notices)
        except Problem as problem:
            yield Fault(
                "页面无法呈现",
                f"The page cannot be drawn: {problem.what}",
                f"page {page + 1}",
                *_AGAIN,
            )
    for notice in notices:
        if notice.code.endswith(_DAMAGE):
            text = f"Something on a page cannot be drawn: {notice.text_en}"
            yield Fault("页面内容无法完整呈现", text, notice.where, *_AGAIN)


def _resource(case: Case, name: str, location: str) -> bytes:
    """The bytes a resource list names, relative to its BaseLoc (GB/T 33190 §7.9); b"" if none."""
    if not location:
        return b""
    base = case.package.xml(name).get("BaseLoc", "")
    for candidate in (f"{base}/{location}" if base else location, location):
        try:
            return case.package.read(case.package.resolve(candidate, base=name))
        except Problem:
            continue
    return b""


def _resources(case: Case, kind: str) -> Iterator[tuple[str, px.Element]]:
    for name in case.package.parts:
        if not name.lower().endswith(".xml"):
            continue
        try:
            root = case.package.xml(name)
        except Problem:
            continue
        if px.local(root) == "Res":
            for element in root.iter():
                if px.local(element) == kind:
                    yield name, element
