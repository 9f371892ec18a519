"""Rules of OFD-H about the package, its entry and its metadata."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml import etree

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import ENTRY, Package, open_package
from openrhip.formats.ofd.package_append import Container, rewrite
from openrhip.formats.ofd.package_zip import STORED
from openrhip.formats.ofd.profiles.ofd_a import structure as archive
from openrhip.formats.ofd.profiles.ofd_a.bench import add, fresh, insert_in_order, written
from openrhip.formats.ofd.profiles.ofd_a.entry import DOCUMENT_ORDER
from openrhip.formats.ofd.profiles.rules import Breach
from openrhip.formats.ofd.profiles.view import View
from openrhip.formats.ofd.signing_open import MEDICAL
from openrhip.formats.ofd.signing_records import listed
from openrhip.kernel.errors import Conflict

SHORT = "http://www.ofdspec.org"
LONG = px.NAMESPACE
FOLDER = "Doc_0"
_LARGE = 4096
NAMES: dict[str, tuple[str, ...]] = {
    "subject": ("PatientName", "患者", "患者姓名", "服务对象"),
    "responsible": ("Responsible", "责任者", "Author"),
    "time": ("CreationDate", "生成时间"),
    "keywords": ("Keywords", "关键词"),
    "kind": ("Kind", "DocumentKind", "文件类型", "Subject"),
    "confidentiality": ("Confidentiality", "保密等级", "密级"),
    "identifier": ("DocumentId", "文档标识", "DocID"),
}
"""What metadata must say → the names of DocInfo or CustomData under which it may stand."""

unrelated = archive.unrelated
in_the_clear = archive.encryption


def doc_type(view: View) -> Iterator[Breach]:
    found = view.entry.get("DocType", "")
    if found != MEDICAL:
        yield Breach(ENTRY, f"DocType={found[:20]!r}", f"DocType={found[:20]!r}")


def namespace(view: View) -> Iterator[Breach]:
    found = etree.QName(view.entry).namespace or ""
    if found != SHORT:
        yield Breach(ENTRY, found[:80], found[:80])


def single_document(view: View) -> Iterator[Breach]:
    for _ in view.bodies[1:]:
        yield Breach(ENTRY, f"{len(view.bodies)} 个文档体", f"{len(view.bodies)} document bodies")
    for document in view.documents:
        if document.root.partition("/")[0] != FOLDER:
            yield Breach(document.root)


def deflate(view: View) -> Iterator[Breach]:
    for name, entry in view.package.entries.items():
        if entry.method == STORED and entry.size > _LARGE and name.lower().endswith(".xml"):
            yield Breach(name)


def linear(view: View) -> Iterator[Breach]:
    first = list(view.package.parts[:2])
    if first != [ENTRY, view.documents[0].root]:
        yield Breach(first[0] if first else "")


def stated(what: str) -> Callable[[View], Iterator[Breach]]:
    """A check that metadata say something of this kind."""

    def lacking(view: View) -> Iterator[Breach]:
        known = view.documents[0].metadata
        if not any(known.get(name, "").strip() for name in NAMES[what]):
            names = " / ".join(NAMES[what])
            yield Breach(ENTRY, f"没有 {names}", f"no {names}")

    return lacking


def permitted(view: View) -> Iterator[Breach]:
    for part, root in view.roots:
        for item in px.children(root, "Permissions"):
            for name in ("Annot", "Signature"):
                if px.text(item, name).lower() in ("false", "0"):
                    yield Breach(part, name, name)


def versions(view: View) -> Iterator[Breach]:
    """Every version that is named is there, with all its files."""
    parts = {ENTRY, *view.of_kind("version")}
    for part, location in view.lost:
        if part in parts:
            yield Breach(part, f"{location} 不在包内", f"{location} is not in the package")


def as_medical(data: bytes) -> bytes:
    """An unsigned document as an OFD-H: the type, and a list of annotations that stays open.

    Metadata stay as they are. Raises Malformed, TooLarge, Conflict (it is signed already).
    """
    package = open_package(data)
    _refuse_signed(package)
    entry = px.parse(package.read(ENTRY), where=ENTRY, limits=package.limits)
    entry.set("DocType", MEDICAL)
    parts = {ENTRY: written(entry)}
    part = package.documents[0].root
    root = px.parse(package.read(part), where=part, limits=package.limits)
    if px.child(root, "Annotations") is None:
        named = add(root, "Annotations", "Annotations.xml")
        root.remove(named)
        insert_in_order(root, named, DOCUMENT_ORDER)
        home = f"{part.rpartition('/')[0]}/Annotations.xml".lstrip("/")
        parts |= {part: written(root), home: written(fresh(root, "Annotations"))}
    return rewrite(package, parts)


def _refuse_signed(package: Package) -> None:
    if any(one.signatures in package for one in package.documents) and listed(package):
        raise Conflict(
            "a signed document cannot change its profile or namespace", where=ENTRY,
            remedy="choose them before signing",
        )  # fmt: skip


def in_namespace(data: bytes, namespace: str = SHORT) -> bytes:
    """An unsigned package with all its own XML in another namespace of OFD.

    The draft wants the short one; most readers look for that of 2016 (see docs/ofd.md). Raises
    Malformed, TooLarge, Conflict (signatures would break).
    """
    package = open_package(data)
    _refuse_signed(package)
    old = {SHORT, LONG} - {namespace}
    keep = {one.part for one in package.attachments()}
    container = Container()
    for name in package.parts:
        content = package.read(name)
        changed = content if name in keep else _renamed(content, old, namespace, name)
        if changed is content:
            container.copy(package, name)
        else:
            container.deflate(name, changed)
    return container.finish()


def _renamed(content: bytes, old: set[str], new: str, name: str) -> bytes:
    if not name.lower().endswith(".xml"):
        return content
    changed = content
    for one in old:
        for quote in (b'"', b"'"):
            was = quote + one.encode() + quote
            changed = changed.replace(b"=" + was, b"=" + quote + new.encode() + quote)
    return content if changed == content else changed
