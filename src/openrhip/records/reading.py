"""What the archive's index takes from a record's source (著录项), and who its patient is. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from openrhip.directory.rules import sensitivity as levels
from openrhip.formats.cda import ClinicalDocument, Entry, Section, oids
from openrhip.records.checks.integrity import source_id

_ICD = re.compile(r"[A-Z]\d{2}(\.[0-9A-Za-z.+*-]{1,8})?")
_POSITIVE = ("阳性", "(+", "（+", "检出", "可疑")


@dataclass(frozen=True, slots=True)
class Indexed:
    """The fields of the index."""

    kind: str
    title: str
    source_id: str
    set_id: str
    version: int
    replaces: str
    author: str
    author_name: str
    department: str
    department_code: str
    level: int
    recorded_at: datetime | None


@dataclass(frozen=True, slots=True)
class PatientClaim:
    """What the source says of its patient, for the patient index."""

    name: str
    sex: str
    birth_date: date | None
    id_number: str | None
    health_card: str | None
    phone: str | None
    local_id: str | None


def index_of(document: ClinicalDocument) -> Indexed:
    """The index fields of a document."""
    author = next((one for one in document.authors if one.code), None)
    place = next((one for one in document.encounter.places if one.root == oids.DEPARTMENT), None)
    department = place.name if place else ""
    replaces = document.replaces
    return Indexed(
        kind=document.kind.code,
        title=document.title[:200],
        source_id=source_id(document.document_id),
        set_id=document.set_id,
        version=document.version,
        replaces=source_id(replaces.document_id) if replaces else "",
        author=author.code if author else "",
        author_name=author.name if author else "",
        department=department[:100],
        department_code=place.code[:64] if place else "",
        level=level_of(document, department),
        recorded_at=document.created_at,
    )


def claim_of(document: ClinicalDocument) -> PatientClaim:
    """Who the patient is, as the source says."""
    patient = document.patient
    return PatientClaim(
        name=patient.name,
        sex=patient.sex.code,
        birth_date=patient.birth_date,
        id_number=patient.id_number or None,
        health_card=patient.health_card or None,
        phone=patient.phone or None,
        # Only the case number stays the same from visit to visit.
        local_id=patient.number(oids.CASE) or None,
    )


def level_of(document: ClinicalDocument, department: str) -> int:
    """The sensitivity level (GB/T 39725): by diagnoses, department, positive findings, marking."""
    codes: list[str] = []
    words: list[str] = []
    for entry in _entries(document.sections):
        for value in entry.values:
            if value.coded and _ICD.fullmatch(value.coded.code):
                codes.append(value.coded.code)
                words.append(value.text)
        shown = " ".join(value.text for value in entry.values)
        if any(mark in shown for mark in _POSITIVE):
            words.append(f"{entry.code.text} {shown}")
    return levels.sensitivity(
        kind=document.kind.code,
        diagnoses=codes,
        department=department,
        text=" ".join(words),
        confidentiality=document.confidentiality.code or "N",
    ).level


def _entries(sections: tuple[Section, ...]) -> Iterator[Entry]:
    stack = [entry for section in sections for entry in section.entries]
    for section in sections:
        yield from _entries(section.sections)
    while stack:
        entry = stack.pop()
        yield entry
        stack += entry.parts
