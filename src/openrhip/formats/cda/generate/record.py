"""What a document is generated from (文档内容): a header and values by data element.

Values by the keys of the catalogue: a data element that stands once in the kind is its own key
("DE04.01.119.00"); others carry their name ("DE05.01.025.00/修正诊断-西医诊断名称"); groups and
people go by name or role ("手术操作", "手术者").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Code:
    """A code; name and system are filled in from the value set where it is known."""

    code: str
    name: str = ""
    system: str = ""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit; "" takes the unit of the catalogue."""

    value: Decimal
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who did something: name, staff code, when, for which department or body."""

    name: str
    code: str = ""
    time: datetime | None = None
    organization: str = ""


Scalar = str | bool | int | Decimal | date | datetime | Code | Quantity | Person


@dataclass(frozen=True, slots=True)
class Item:
    """A value with what hangs on it, or a group (value None) of parts by their keys."""

    value: Scalar | None = None
    parts: Mapping[str, Content] = field(default_factory=dict)


Content = Scalar | Item | tuple[Scalar | Item, ...]


@dataclass(frozen=True, slots=True)
class Institution:
    """The body that keeps the document: 统一社会信用代码 and name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Subject:
    """The patient. Codes as in GB/T 2261.1, 2261.2, 3304, 2261.4, 2659."""

    name: str
    sex: str
    birth: date | None = None
    id_number: str = ""
    age: str = ""
    marital: str = ""
    ethnic: str = ""
    occupation: str = ""
    nationality: str = ""
    patient_type: str = ""
    phone: str = ""
    address: str = ""
    employer: str = ""


@dataclass(frozen=True, slots=True)
class Signer:
    """A signature: printed role, who, when; `legal` for the legal authenticator.

    `person_number` instead of a staff code for a patient or a relative.
    """

    role: str
    name: str
    code: str = ""
    time: datetime | None = None
    legal: bool = False
    person_number: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """A further participant: relative, host of a discussion, requesting department.

    kind: typeCode (NOT contact, PRF requester, CON member, ORG host). relation: GB/T 4761.
    """

    name: str
    kind: str = "NOT"
    role: str = ""
    relation: str = ""
    phone: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the patient is or was: department, ward, room, bed."""

    department: str = ""
    department_code: str = ""
    ward: str = ""
    ward_code: str = ""
    room: str = ""
    bed: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a document. numbers: kind of number → number (see NUMBERS in `head`).

    discussed: when and where a case was discussed. days_after: 手术或分娩后天数.
    """

    number: str
    created: datetime
    patient: Subject
    author: Person
    custodian: Institution
    numbers: Mapping[str, str] = field(default_factory=dict)
    signers: tuple[Signer, ...] = ()
    contacts: tuple[Contact, ...] = ()
    informant: Contact | None = None
    place: Place = Place()
    start: datetime | None = None
    end: datetime | None = None
    encounter: Code | None = None
    discussed: datetime | None = None
    discussed_where: str = ""
    days_after: int | None = None
    title: str = ""
    confidentiality: str = "N"
    version: int = 1
    set_id: str = ""
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """Everything a document says. narrative: key of a section → its paragraphs."""

    header: Header
    values: Mapping[str, Content] = field(default_factory=dict)
    narrative: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
