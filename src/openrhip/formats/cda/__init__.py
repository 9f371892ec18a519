"""Shared documents (卫生信息共享文档): HL7 CDA R2 in the shape of WS/T 500-2016.

parse: bytes → ClinicalDocument. check: every failure with place and remedy. lay_out: → OFD.
generate: record of plain dataclasses → XML, record_of: back. catalogue: what each kind consists of.
Terms: 文档头 header, 章节 section, 条目 entry, 数据元 data element (DE…), 叙述块 narrative block.
"""

from __future__ import annotations

from openrhip.formats.cda.check import check
from openrhip.formats.cda.generate import Header, Item, Record, generate, record_of
from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.layout import lay_out
from openrhip.formats.cda.model import (
    ClinicalDocument,
    Coded,
    Encounter,
    Entry,
    Finding,
    Identifier,
    Organization,
    Participant,
    Patient,
    Section,
)
from openrhip.formats.cda.parse import parse
from openrhip.formats.cda.samples import load as samples

__all__ = [
    "ClinicalDocument",
    "Coded",
    "Encounter",
    "Entry",
    "Finding",
    "Header",
    "Identifier",
    "Item",
    "Kind",
    "Organization",
    "Participant",
    "Patient",
    "Record",
    "Section",
    "check",
    "generate",
    "lay_out",
    "parse",
    "record_of",
    "samples",
]
