"""What a part is to a reader (部件名称): "page 2", "the annotations", and not a path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import ENTRY, Document, Package
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.signing_records import Record
from openrhip.kernel.errors import Problem


class Kind(StrEnum):
    """Kinds of parts that a signature's report tells apart."""

    ENTRY = "entry"
    ROOT = "root"
    PAGE = "page"
    RESOURCES = "resources"
    ANNOTATIONS = "annotations"
    TAGS = "tags"
    ATTACHMENTS = "attachments"
    EXTENSIONS = "extensions"
    SIGNATURES = "signatures"
    OTHER = "other"


class Name(NamedTuple):
    """A part as both languages call it."""

    kind: Kind
    zh: str
    en: str


_OTHER = Name(Kind.OTHER, "文件", "the part")
_SIGNATURE = Name(Kind.SIGNATURES, "签名文件", "a file of a signature")
_LISTS = {
    "PublicRes": Name(Kind.RESOURCES, "公共资源", "the shared resources"),
    "DocumentRes": Name(Kind.RESOURCES, "文档资源", "the document's resources"),
    "Annotations": Name(Kind.ANNOTATIONS, "注释列表", "the list of annotations"),
    "CustomTags": Name(Kind.TAGS, "自定义标引", "the custom tags"),
    "Attachments": Name(Kind.ATTACHMENTS, "附件列表", "the list of attachments"),
    "Extensions": Name(Kind.EXTENSIONS, "扩展列表", "the list of extensions"),
}


class Names:
    """Names of a package's parts, worked out when first asked for: only faults need them."""

    def __init__(self, package: Package) -> None:
        self._package = package

    def of(self, part: str) -> Name:
        found = self._known.get(part)
        if found is None:
            name = part.rpartition("/")[2].lower()
            own = ("signature.xml", "signedvalue.dat", "seal.esl", "revocation.der")
            return _SIGNATURE if name in own else _OTHER
        return found

    def rooted(self, record: Record) -> bool:
        """Whether a signature protects the roots of all documents, whatever OFD.xml says of them.

        Without versions, nothing else that OFD.xml leads to is shown.
        """
        entry = self._package.xml(ENTRY)
        plain = next(entry.iter("{*}Version", "{*}Versions"), None) is None
        return plain and record.covered >= {one.root for one in self._package.documents}

    @cached_property
    def _known(self) -> dict[str, Name]:
        found = {ENTRY: Name(Kind.ENTRY, "入口文件 OFD.xml", "the entry file OFD.xml")}
        try:
            documents = self._package.documents
        except Problem:
            return found
        number = 0
        for document in documents:
            found[document.root] = Name(Kind.ROOT, "文档根文件", "the document's root")
            if document.signatures:
                found[document.signatures] = Name(
                    Kind.SIGNATURES, "签名列表", "the list of signatures"
                )
            for page in document.pages:
                number += 1
                found[page.part] = Name(
                    Kind.PAGE, f"第 {number} 页的内容", f"the content of page {number}"
                )
            for part, name in _listed(self._package, document):
                found.setdefault(part, name)
        return found


def _listed(package: Package, document: Document) -> Iterator[tuple[str, Name]]:
    """What the document's root leads to."""
    tree = package.body(document)
    for element, name in _LISTS.items():
        for item in tree.iter(f"{{*}}{element}"):
            part = _resolved(package, px.text(item), document.root)
            if part:
                yield part, name
                yield from _inside(package, part, element)
    for item in tree.iter("{*}TemplatePage"):
        part = _resolved(package, item.get("BaseLoc", ""), document.root)
        if part:
            yield part, Name(Kind.PAGE, "页面模板", "a page template")


def _inside(package: Package, part: str, element: str) -> Iterator[tuple[str, Name]]:
    """The files that a list names."""
    naming = _FILES.get(element)
    if naming is None:
        return
    try:
        tree = package.xml(part)
    except Problem:
        return
    for item in tree:
        file = _resolved(package, px.text(item, "FileLoc"), part)
        if file:
            yield file, naming(item)


def _resolved(package: Package, location: str, base: str) -> str:
    try:
        return package.resolve(location, base=base) if location else ""
    except Problem:
        return ""


_FILES: dict[str, Callable[[Element], Name]] = {
    "Annotations": lambda item: Name(
        Kind.ANNOTATIONS,
        f"页面 {item.get('PageID', '')[:40]} 的注释",
        f"the annotations of page {item.get('PageID', '')[:40]}",
    ),
    "Attachments": lambda item: Name(
        Kind.ATTACHMENTS,
        f"附件“{item.get('Name', '')[:80]}”",
        f"the attachment '{item.get('Name', '')[:80]}'",
    ),
    "CustomTags": lambda _: Name(Kind.TAGS, "自定义标引", "custom tags"),
    "Extensions": lambda _: Name(Kind.EXTENSIONS, "扩展数据", "extension data"),
}
