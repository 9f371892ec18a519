"""Shared documents (卫生信息共享文档): HL7 CDA R2 in the shape of WS/T 500-2016.

parse: bytes → ClinicalDocument. check: every failure with place and remedy. lay_out: → OFD.
Terms: 文档头 header, 章节 section, 条目 entry, 数据元 data element (DE…), 叙述块 narrative block.
"""

from __future__ import annotations

from openrhip.formats.cda.check import check
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
    "Identifier",
    "Kind",
    "Organization",
    "Participant",
    "Patient",
    "Section",
    "check",
    "lay_out",
    "parse",
    "samples",
]
