"""Writing shared documents (生成共享文档): generate(kind, record) and back with record_of(xml).

Raises Malformed for content the kind has no place for, or in another type than its data element.
"""

from __future__ import annotations

from lxml import etree

from openrhip.formats.cda import catalogue
from openrhip.formats.cda.generate import body, head, xml
from openrhip.formats.cda.generate.fill import nest
from openrhip.formats.cda.generate.read import record_of
from openrhip.formats.cda.generate.record import (
    Code,
    Contact,
    Header,
    Institution,
    Item,
    Person,
    Place,
    Quantity,
    Record,
    Signer,
    Subject,
)
from openrhip.formats.cda.kinds import Kind
from openrhip.kernel.errors import Malformed

__all__ = [
    "Code",
    "Contact",
    "Header",
    "Institution",
    "Item",
    "Person",
    "Place",
    "Quantity",
    "Record",
    "Signer",
    "Subject",
    "generate",
    "normal",
    "record_of",
]


def generate(kind: Kind, record: Record) -> bytes:
    """The XML of a document of this kind, indented, in UTF-8; the same record, the same bytes."""
    spec = catalogue.of(kind)
    values = nest(spec, record.values)
    unknown = record.narrative.keys() - {section.key for section in spec.sections}
    if unknown:
        raise Malformed(f"{kind.code} has no section {min(unknown)!r}.", where="narrative")
    root = xml.root("ClinicalDocument")
    head.write(root, kind, record.header)
    body.write(root, spec, values, record.narrative)
    etree.indent(root, space=" ")
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8")) + b"\n"


def normal(kind: Kind, record: Record) -> Record:
    """The record as `record_of(generate(kind, record))` gives it back: nested and typed."""
    return Record(record.header, nest(catalogue.of(kind), record.values), record.narrative)
