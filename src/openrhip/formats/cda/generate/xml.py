"""Small means for writing HL7 elements (写 XML)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from lxml import etree

from openrhip.formats.cda.tree import HL7, NS, XSI_TYPE, Element
from openrhip.kernel.clock import CITY_ZONE
from openrhip.kernel.errors import Malformed

_XSI = "http://www.w3.org/2001/XMLSchema-instance"


def root(name: str) -> Element:
    names: dict[Any, str] = {None: HL7, "xsi": _XSI}
    return etree.Element(NS + name, nsmap=names)


def add(parent: Element, name: str, text: str = "", **attributes: str) -> Element:
    """A child with the attributes that are not empty; Malformed for what XML cannot carry."""
    made = etree.SubElement(parent, NS + name)
    try:
        for key, value in attributes.items():
            if value:
                made.set(XSI_TYPE if key == "xsi_type" else key, value)
        if text:
            made.text = text
    except ValueError:
        raise Malformed(
            "A text has characters that XML does not allow.",
            where=name,
            remedy="Take control characters out.",
        ) from None
    return made


def moment(at: date | datetime) -> str:
    """HL7 TS in the city's time: YYYYMMDD for a day, YYYYMMDDHHMMSS for an instant."""
    if isinstance(at, datetime):
        if at.tzinfo is None:
            raise Malformed("A time needs its zone.", remedy="Give an aware datetime.")
        return at.astimezone(CITY_ZONE).strftime("%Y%m%d%H%M%S")
    return at.strftime("%Y%m%d")


def ident(parent: Element, root_oid: str, extension: str = "") -> None:
    add(parent, "id", root=root_oid, extension=extension)
