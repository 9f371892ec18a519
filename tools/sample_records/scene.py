"""Heads of the records that `cda.generate` writes: the cast of the city in the parts of a ward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from openrhip.formats.cda.generate import (
    Code,
    Contact,
    Header,
    Institution,
    Person,
    Place,
    Record,
    Signer,
    Subject,
    generate,
)
from openrhip.formats.cda.generate.record import Content
from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.samples.city import CityInstitution, patient
from openrhip.kernel.clock import CITY_ZONE
from sample_records.shared_document import ETHNIC, MARITAL, WORK


def at(text: str) -> datetime:
    """2026-06-19 08:30 in the city's time."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC).replace(tzinfo=CITY_ZONE)


def icd(code: str, name: str) -> Code:
    return Code(code, name)


@dataclass(frozen=True)
class Stay:
    """A patient in a ward: what the headers of all their records share."""

    hospital: CityInstitution
    patient: str
    department: str
    numbers: Mapping[str, str]
    room: str = ""
    bed: str = ""
    ward: str = ""
    start: str = ""
    end: str = ""
    contact: Contact | None = None
    informant: Contact | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    def who(self, code: str, when: str = "", organization: str = "") -> Person:
        """A member of staff as a person of a record."""
        one = self.hospital.member(code)
        return Person(one.name, code, at(when) if when else None, organization)

    def signer(self, role: str, code: str, when: str, *, legal: bool = False) -> Signer:
        return Signer(role, self.hospital.member(code).name, code, at(when), legal=legal)

    def own_signature(self, when: str) -> Signer:
        """The patient signs a consent."""
        one = patient(self.patient)
        return Signer("患者", one.name, "", at(when), person_number=one.id_number)

    def head(self, number: str, when: str, author: str, *signers: Signer, **more: object) -> Header:
        department = self.hospital.department(self.department)
        made = at(when)
        one = patient(self.patient)
        header = Header(
            number=f"{self.hospital.prefix}-{number}",
            created=made,
            patient=_subject(self.patient, made.date()),
            author=self.who(author),
            custodian=Institution(self.hospital.code, self.hospital.name),
            numbers={"health-card": one.health_card, **self.numbers},
            signers=signers,
            contacts=(self.contact,) if self.contact else (),
            informant=self.informant,
            place=Place(
                department.name,
                self.department,
                self.ward,
                "BQ" + self.department.replace(".", "") if self.ward else "",
                self.room,
                self.bed,
            ),
            start=at(self.start) if self.start else None,
            end=at(self.end) if self.end else None,
        )
        return replace(header, **more)  # type: ignore[arg-type]


def _subject(key: str, today: date) -> Subject:
    one = patient(key)
    born = one.birth_date
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return Subject(
        name=one.name, sex=one.sex, birth=born, id_number=one.id_number, age=str(age),
        marital=MARITAL[one.marital], ethnic=ETHNIC[one.ethnic], occupation=WORK[one.occupation],
        nationality="156", phone=one.phone, address=f"江苏省南京市{one.address}",
    )  # fmt: skip


def made(kind: Kind, name: str, header: Header, values: Mapping[str, Content]) -> tuple[str, bytes]:
    """Path below the samples, and the document."""
    return f"{kind.code}/{name}.xml", generate(kind, Record(header, values))
