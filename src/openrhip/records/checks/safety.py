"""安全性: nothing in the document acts, calls out, hides or attacks its reader."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pikepdf

from openrhip.formats.ofd import package_xml as px
from openrhip.kernel.errors import Problem
from openrhip.records.checks.case import XML_TYPES, Case
from openrhip.records.checks.report import Fault

_REMOTE = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]{1,20}:|//|\\\\)", re.IGNORECASE)
_PLACES = frozenset({"BaseLoc", "FileLoc", "MediaFile", "FontFile", "DocRoot", "ImageLoc", "Loc"})
_ACTIVE = frozenset({"URI", "GotoA", "Sound", "Movie", "JavaScript", "Script", "Launch"})
_PDF_ACTIVE = ("/JavaScript", "/JS", "/Launch", "/RichMedia", "/EmbeddedFiles", "/XFA")
_PROGRAMS = {
    b"MZ": "Windows program",
    b"\x7fELF": "Linux program",
    b"#!": "script",
    b"\xca\xfe\xba\xbe": "Java or macOS program",
    b"PK\x03\x04": "archive",
    b"Rar!": "archive",
    b"7z\xbc\xaf": "archive",
    b"\xd0\xcf\x11\xe0": "Office file that may hold macros",
    b"<script": "script",
    b"<html": "web page",
}
_KINDS = {
    # extension: (magic bytes, or none to parse as XML)
    ".xml": (),
    ".pdf": (b"%PDF-",),
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".tif": (b"II*\0", b"MM\0*"),
    ".tiff": (b"II*\0", b"MM\0*"),
    ".bmp": (b"BM",),
    ".dcm": (),
}
_MOST_OBJECTS = 20_000
_DEEPEST = 20


def opens_safely(case: Case) -> Iterator[Fault]:
    """The container hides nothing: what the bounded reader refuses, it refuses here."""
    if isinstance(case.opened, Problem):
        yield Fault(
            "文件包不安全或已损坏",
            f"The package is hostile or damaged: {case.opened.what}",
            case.opened.where,
            "由原系统重新生成版式文件",
            "write the document again from its system",
        )
        return
    for name in case.package.parts:
        folder, _, file = name.rpartition("/")
        if file.startswith(".") or any(ord(sign) < 32 for sign in name) or "__MACOSX" in folder:
            yield Fault("包内有隐藏文件", "A hidden file is in the package.", name, *_TAKE_OUT)


def nothing_active(case: Case) -> Iterator[Fault]:
    """No action but going to a page (GB/T 42133-2022 asks the same of OFD-A)."""
    for name, root in case.trees:
        for element in root.iter():
            kind = px.local(element)
            if kind in _ACTIVE and _parent(element) in {"Action", "Actions"}:
                yield Fault(
                    f"含有动作 {kind}", f"The document holds an action: {kind}.", name, *_TAKE_OUT
                )


def nothing_remote(case: Case) -> Iterator[Fault]:
    """Every location is inside the package."""
    for name, root in case.trees:
        for element in root.iter():
            values = [str(value) for key, value in element.attrib.items() if key in _PLACES]
            if px.local(element) in _PLACES:
                values.append(px.text(element))
            if any(_REMOTE.match(value) for value in values):
                yield Fault(
                    "引用了包外资源",
                    "A resource outside the package is referred to.",
                    name,
                    "将资源嵌入文件",
                    "embed the resource",
                )


def no_programs(case: Case) -> Iterator[Fault]:
    """No part is a program, a script or a nested archive, whatever its name says."""
    for name in case.package.parts:
        if kind := _program(case.package.read(name)[:64]):
            yield Fault(f"包内有可执行内容 {kind}", f"A part is a {kind}.", name, *_TAKE_OUT)


def attachments_plain(case: Case) -> Iterator[Fault]:
    """Attachments are of the accepted kinds, are what their names say, and hold nothing active."""
    for part in case.attachments:
        ending = "." + part.part.rpartition(".")[2].lower()
        data = case.package.read(part.part)
        if part.media_type.lower() in XML_TYPES:
            ending = ".xml"
        if ending not in _KINDS:
            yield Fault(
                "附件类型不被接受",
                "The attachment is of a kind that is not accepted.",
                part.part,
                f"可接受: {' '.join(_KINDS)}",
                f"accepted: {' '.join(_KINDS)}",
            )
        elif _KINDS[ending] and not data.startswith(_KINDS[ending]):
            yield Fault(
                "附件内容与扩展名不符",
                "The attachment is not what its name says.",
                part.part,
                "更正附件的类型",
                "correct the kind of the attachment",
            )
        elif ending == ".xml":
            yield from _plain_xml(case, part.part, data)
        elif ending == ".pdf" and (found := _active_pdf(data)):
            yield Fault(
                f"PDF 附件含有活动内容 {found}",
                f"The PDF attachment holds active content: {found}.",
                part.part,
                *_TAKE_OUT,
            )


def _plain_xml(case: Case, name: str, data: bytes) -> Iterator[Fault]:
    try:
        px.parse(data, where=name, limits=case.package.limits)
    except Problem as problem:
        yield Fault(
            "XML 附件不安全或不合规",
            f"The XML attachment cannot be accepted: {problem.what}",
            name,
            "不使用 DOCTYPE 与实体",
            "use neither document type nor entities",
        )


def _active_pdf(data: bytes) -> str:
    """The first active feature of a PDF, or "". A PDF that cannot be opened is one too."""
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            if len(pdf.objects) > _MOST_OBJECTS:
                return "too many objects"
            for item in pdf.objects:
                if found := _active_object(item, 0):
                    return found
    except (pikepdf.PdfError, ValueError, TypeError):
        return "not readable"
    return ""


def _active_object(item: object, depth: int) -> str:
    """The first active key in an object and in what it holds directly."""
    if depth > _DEEPEST:
        return ""
    if isinstance(item, (pikepdf.Dictionary, pikepdf.Stream)):
        for key in _PDF_ACTIVE:
            if key in item or item.get("/S") == key:
                return key
        inner = [value for _, value in item.items()]
    elif isinstance(item, pikepdf.Array):
        inner = list(item)
    else:
        return ""
    # Indirect objects are visited on their own.
    direct = (one for one in inner if not getattr(one, "is_indirect", False))
    return next((found for one in direct if (found := _active_object(one, depth + 1))), "")


def _parent(element: px.Element) -> str:
    parent = element.getparent()
    return px.local(parent) if parent is not None else ""


def _program(head: bytes) -> str:
    lowered = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for magic, kind in _PROGRAMS.items():
        if head.startswith(magic) or (magic.startswith(b"<") and lowered.startswith(magic)):
            return kind
    return ""


_TAKE_OUT = ("移除该内容后重新生成", "take it out and write the document again")
