"""XML parts (XML 部件), read without document types, entities or the network.

OFD files in the wild use two namespaces (`http://www.ofdspec.org/2016` and the short one) and
sometimes none, so elements are matched by local name only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from lxml import etree

from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package_encoding import DECLARED, as_utf8
from openrhip.formats.ofd.package_zip import Limits
from openrhip.kernel.errors import Malformed, TooLarge

Element = etree._Element  # noqa: SLF001 -- lxml names its element class no other way

NAMESPACE = "http://www.ofdspec.org/2016"
_HEAD = 2048
_ENCODINGS = {b"utf-8", b"us-ascii", b"gb2312", b"gbk", b"gb18030", b"utf8"}


def parse(data: bytes, *, where: str, limits: Limits, notices: Notices | None = None) -> Element:
    """The root element. Raises Malformed or TooLarge; never loads or expands anything.

    notices: given, UTF-16, encodings that are not as declared and undeclared prefixes are read
    and told; else they are refused.
    """
    if len(data) > limits.xml:
        raise TooLarge(f"XML of {len(data)} bytes; at most {limits.xml} are read", where=where)
    forced = None
    if notices is not None:
        data, forced = as_utf8(data, where, notices)
    check_nodes(data, limits.nodes, where)
    if b"\0" in data:
        raise Malformed("XML in UTF-16 or with zero bytes is not read", where=where)
    declared = DECLARED.match(data[:300])
    if not forced and declared and declared[1].lower() not in _ENCODINGS:
        raise Malformed("XML in an encoding that is not read", where=where, remedy="write UTF-8")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise Malformed("XML with a document type or entities", where=where)
    root = _root(data, where, forced, notices)
    if root.getroottree().docinfo.internalDTD is not None:
        raise Malformed("XML with a document type or entities", where=where)
    check_depth(root, limits.depth, where)
    return root


def check_nodes(data: bytes, most: int, where: str) -> None:
    """Raises TooLarge for XML whose tree would be too large: it is many times its text."""
    if data.count(b"<") > most:
        raise TooLarge(f"XML with more than {most} marks", where=where)


def check_depth(root: Element, depth: int, where: str) -> None:
    """Raises TooLarge for an element that is nested too deeply."""
    if _too_deep(depth)(root):
        raise TooLarge(f"XML nested deeper than {depth}", where=where)


def _parser(forced: str | None, *, recover: bool = False) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_pis=True,
        collect_ids=False,
        encoding=forced,
        recover=recover,
    )


def _root(data: bytes, where: str, forced: str | None, notices: Notices | None) -> Element:
    parser = _parser(forced)
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        if notices is None or not _only_names(parser):
            raise Malformed("not well-formed XML", where=where) from error
    try:
        root = etree.fromstring(data, _parser(forced, recover=True))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Malformed("not well-formed XML", where=where) from error
    if root is None:
        raise Malformed("not well-formed XML", where=where)
    for element in root.iter(etree.Element):
        tag = str(element.tag)
        if ":" in tag and not tag.startswith("{"):
            _rename(element, tag.rpartition(":")[2] or "_", where)
    notices.note(
        "xml.prefix",
        "XML 前缀未声明或命名空间有误，按本地名读取",
        "prefixes that are not declared, or wrong namespaces; read by local names",
        where,
    )
    return root


def _rename(element: Element, name: str, where: str) -> None:
    try:
        element.tag = name
    except ValueError as error:  # what stands behind the prefix is no name
        raise Malformed("not well-formed XML", where=where) from error


def _only_names(parser: etree.XMLParser) -> bool:
    """Whether nothing was wrong but names and namespaces."""
    lines = list(parser.error_log)
    return bool(lines) and all(line.domain_name == "NAMESPACE" for line in lines)


def leading(data: bytes, name: str) -> Element | None:
    """The root's first child if it has this local name, without parsing what follows.

    None if it is another one, or stands too far from the beginning: then `parse` decides.
    """
    head = data[:_HEAD]
    if b"<!" in head or ((declared := DECLARED.match(head)) and declared[1].lower() != b"utf-8"):
        return None
    parser = etree.XMLPullParser(
        events=("end",), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        parser.feed(head)
        for _, element in cast("Iterator[tuple[str, Element]]", parser.read_events()):
            parent = element.getparent()
            if parent is not None and parent.getparent() is None:
                return element if local(element) == name else None
    except etree.XMLSyntaxError:
        return None
    return None


_checks: dict[int, etree.XPath] = {}


def _too_deep(depth: int) -> etree.XPath:
    if depth not in _checks:
        _checks[depth] = etree.XPath("boolean(" + "/*" * (depth + 1) + ")")
    return _checks[depth]


def local(element: Element) -> str:
    """The name without its namespace; empty for comments."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: Element | None, name: str) -> Iterator[Element]:
    """Direct children of this local name."""
    if element is not None:
        for child in element:
            if local(child) == name:
                yield child


def child(element: Element | None, name: str) -> Element | None:
    """The first direct child of this local name."""
    return next(children(element, name), None)


def text(element: Element | None, name: str = "") -> str:
    """Text of the element, or of its first child of this name, without outer spaces."""
    at = child(element, name) if name else element
    return (at.text or "").strip() if at is not None else ""


def numbers(value: str, count: int, *, where: str) -> tuple[float, ...]:
    """`count` finite numbers between spaces (ST_Box, ST_Pos). Raises Malformed."""
    try:
        found = tuple(float(word) for word in value.split())
    except ValueError as error:
        raise Malformed("numbers expected", where=where) from error
    if len(found) != count or not all(abs(number) < 1e6 for number in found):
        raise Malformed(f"{count} numbers of sensible size expected", where=where)
    return found
