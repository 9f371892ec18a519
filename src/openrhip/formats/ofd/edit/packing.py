"""A document put together, as a package: its entry file and container (打包)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from copy import deepcopy

from lxml import etree

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.edit.copying import Media
from openrhip.formats.ofd.edit.sources import Source
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package import ENTRY
from openrhip.formats.ofd.package_append import Container
from openrhip.formats.ofd.package_xml import NAMESPACE, Element

_NS = f"{{{NAMESPACE}}}"
_LEVEL = 6


def xml_bytes(root: Element) -> bytes:
    """An XML part: the prefix ofd, no unused namespaces."""
    etree.cleanup_namespaces(root, top_nsmap={"ofd": NAMESPACE})
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def entry_part(inputs: Sequence[Source], title: str, notices: Notices) -> Element:
    """OFD.xml with the metadata of the first input. DocID is filled in by `pack`."""
    root = etree.Element(f"{_NS}OFD", nsmap={"ofd": NAMESPACE}, Version="1.0", DocType="OFD")
    body = etree.SubElement(root, f"{_NS}DocBody")
    info = _info(inputs[0])
    for item in list(info):
        if px.local(item) in ("DocID", "Cover") or (title and px.local(item) == "Title"):
            info.remove(item)
    made = etree.Element(f"{_NS}DocID")
    info.insert(0, made)
    if title:
        named = etree.Element(f"{_NS}Title")
        named.text = title
        info.insert(1, named)
    body.append(info)
    etree.SubElement(body, f"{_NS}DocRoot").text = "Doc_0/Document.xml"
    kinds = {source.package.xml(ENTRY).get("DocType", "OFD") for source in inputs}
    if kinds - {"OFD"}:
        notices.note(
            "profile.dropped",
            "结果是普通 OFD，不再声明档案或病历类型",
            "the result is a plain OFD: it no longer claims the profile of its inputs",
            inputs[0].name,
        )
    if any(source.document.metadata != inputs[0].document.metadata for source in inputs):
        notices.note(
            "metadata.first",
            "元数据取自第一份文档",
            "the metadata are those of the first document",
            inputs[0].name,
        )
    return root


def _info(source: Source) -> Element:
    """DocInfo of an input in the one namespace."""
    entry = source.package.xml(ENTRY)
    for body in px.children(entry, "DocBody"):
        root = source.package.resolve(px.text(body, "DocRoot"), base=ENTRY)
        if root == source.document.root and (found := px.child(body, "DocInfo")) is not None:
            made = deepcopy(found)
            made.tail = None
            for item in made.iter("*"):
                item.tag = f"{_NS}{px.local(item)}"
            return made
    return etree.Element(f"{_NS}DocInfo")


def pack(parts: Mapping[str, bytes | Element], media: Mapping[str, Media]) -> bytes:
    """The container. The document's id comes from all that is in it."""
    whole = hashlib.sha256()
    contents: dict[str, bytes] = {}
    for name, part in parts.items():
        contents[name] = part if isinstance(part, bytes) else xml_bytes(part)
        whole.update(name.encode() + hashlib.sha256(contents[name]).digest())
    for name, item in media.items():
        whole.update(name.encode() + item.source.digest(item.part))
    entry = parts[ENTRY]
    if not isinstance(entry, bytes):
        number = entry.find(f".//{_NS}DocID")
        if number is not None and not number.text:
            number.text = whole.hexdigest()[:32]
        contents[ENTRY] = xml_bytes(entry)
    container = Container()
    for name, content in contents.items():
        container.deflate(name, content, level=_LEVEL)
    for name, item in media.items():
        item.source.package.read(item.part)  # damaged bytes are not passed on
        container.copy(item.source.package, item.part, under=name)
    return container.finish()
