"""From bytes to a bounded XML tree (安全读取 XML): no DTD, no entities, no network.

Errors: TooLarge for what exceeds a bound, Malformed for what is no XML or carries a DTD.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

from openrhip.kernel.errors import Malformed, TooLarge

MAX_BYTES = 20 * 1024 * 1024
MAX_DEPTH = 96
MAX_ELEMENTS = 200_000
MAX_TEXT = 500_000  # characters in one text that is no picture
MAX_ALL_TEXT = 4_000_000  # characters in all texts that are no pictures
MAX_ATTRIBUTE = 10_000

HL7 = "urn:hl7-org:v3"
NS = f"{{{HL7}}}"
_PREFIX = len(NS)
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"

Element = etree._Element  # noqa: SLF001  lxml has no public name for it


def read(xml: bytes) -> Element:
    """The root element of a well-formed, bounded document without a DTD."""
    if len(xml) > MAX_BYTES:
        raise TooLarge(
            f"The document has {len(xml)} bytes; at most {MAX_BYTES} are taken.",
            remedy="Send large pictures as files of their own.",
        )
    if not xml or xml.isspace():
        raise Malformed("The document is empty.", remedy="Export the record again.")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        collect_ids=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as problem:
        raise _unreadable(problem) from None
    _bounded(root, xml)
    return root


def _unreadable(problem: Exception) -> Exception:
    text = str(problem)
    line = f"line {problem.lineno}" if isinstance(problem, etree.XMLSyntaxError) else ""
    if "ncoding" in text or "proper UTF-8" in text:
        return Malformed(
            "The bytes do not fit the declared encoding.",
            where=line,
            remedy="Write the file in UTF-8 and say so in the XML declaration.",
        )
    if "ntity" in text:
        return Malformed(
            "The document uses an XML entity, which is not accepted.",
            where=line,
            remedy="Write characters directly; leave out DTD and entities.",
        )
    if "xcessive depth" in text or "uge" in text or "too long" in text:
        return TooLarge(
            "The document nests too deeply or holds an overlong text.",
            where=line,
            remedy="Check the export: no record needs this.",
        )
    return Malformed(
        "The document is not well-formed XML.",
        where=line,
        remedy="Check that the export was written completely.",
    )


_COUNT: Callable[[Element], Any] = etree.XPath("count(//*)")
_TOO_DEEP: Callable[[Element], Any] = etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")")
_LONG_TEXT: Callable[[Element], Any] = etree.XPath(
    f"boolean(//text()[string-length() > {MAX_TEXT}][not(../@representation = 'B64')])"
)
_LONG_ATTRIBUTE: Callable[[Element], Any] = etree.XPath(
    f"boolean(//@*[string-length() > {MAX_ATTRIBUTE}])"
)
# In these encodings the byte of `<` stands for nothing else.
_PLAIN_ENCODINGS = frozenset({"UTF-8", "US-ASCII", "ASCII", "GB18030", "GBK", "GB2312"})
_LENGTH: Callable[[Element], Any] = etree.XPath("string-length(/*)")
_PICTURES: Callable[[Element], Any] = etree.XPath("//*[@representation = 'B64']")


def _bounded(root: Element, xml: bytes) -> None:
    """Depth, number of elements, length of texts; a DTD, and with it every entity, is refused.

    What a document of this size cannot exceed is not counted: no character has less than one byte
    in any encoding, no element less than four. An attribute stands between two signs of `<`.
    """
    size = len(xml)
    if root.getroottree().docinfo.internalDTD is not None:
        raise Malformed(
            "The document carries a DTD, which is not accepted.",
            where="/",
            remedy="Leave out the DOCTYPE declaration.",
        )
    if _TOO_DEEP(root) or (size > 4 * MAX_ELEMENTS and _COUNT(root) > MAX_ELEMENTS):
        raise TooLarge(
            f"More than {MAX_DEPTH} levels or {MAX_ELEMENTS} elements.",
            remedy="Check the export: no record needs this.",
        )
    info = root.getroottree().docinfo
    plain = (info.encoding or "UTF-8").upper() in _PLAIN_ENCODINGS
    if ((not plain or _long_run(xml)) and _LONG_ATTRIBUTE(root)) or (
        size > MAX_TEXT and (_LONG_TEXT(root) or _too_much(root))
    ):
        raise TooLarge(
            "A text is too long, or all of them together.",
            remedy="Check the export; send large pictures as files of their own.",
        )


def _long_run(xml: bytes) -> bool:
    """Whether MAX_ATTRIBUTE bytes and more stand between two signs of `<`, in long leaps."""
    at, last = xml.find(b"<"), len(xml) - 1
    while 0 <= at <= last - MAX_ATTRIBUTE:
        ahead = xml.rfind(b"<", at + 1, at + MAX_ATTRIBUTE + 1)
        if ahead < 0:
            return True
        at = ahead
    return False


def _too_much(root: Element) -> bool:
    pictures = sum(len(one.text or "") for one in _PICTURES(root))
    return bool(float(_LENGTH(root)) - pictures > MAX_ALL_TEXT)


def name(element: Element) -> str:
    """The local name of an HL7 element, "" for one of another namespace."""
    tag = element.tag
    return tag[len(NS) :] if isinstance(tag, str) and tag.startswith(NS) else ""


def top_sections(root: Element) -> list[Element]:
    """The sections of a document: in its structuredBody, or below the root as some write them."""
    within = f"{NS}component/{NS}section"
    return root.findall(f"{NS}component/{NS}structuredBody/{within}") or root.findall(within)


def child(element: Element | None, *path: str) -> Element | None:
    """Follow child names from an element; None when one is missing."""
    for step in path:
        if element is None:
            return None
        element = next(element.iterchildren(NS + step), None)
    return element


def firsts(element: Element | None) -> dict[str, Element]:
    """The first child of each name, by local name: one pass where many children are wanted."""
    found: dict[str, Element] = {}
    if element is not None:
        for one in element:
            tag = one.tag
            if isinstance(tag, str) and tag.startswith(NS):
                found.setdefault(tag[_PREFIX:], one)
    return found


def by_tag(element: Element) -> dict[str, Element]:
    """As `firsts`, by whole tag: quicker."""
    return {one.tag: one for one in element.iterchildren(reversed=True)}


def children(element: Element | None, step: str) -> Iterator[Element]:
    if element is not None:
        yield from element.iterchildren(NS + step)


def attribute(element: Element | None, key: str) -> str:
    return (element.get(key) or "").strip() if element is not None else ""


def text(element: Element | None) -> str:
    """All text inside an element, outer white space removed."""
    if element is None:
        return ""
    if not len(element):
        return (element.text or "").strip()
    return "".join(str(part) for part in element.itertext()).strip()
