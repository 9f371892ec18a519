"""A parsed shared document (共享文档) as frozen dataclasses.

Texts are as written, with outer white space removed. A missing text is "", a missing time None.
`where` fields hold the place in the XML in the manner of XPath, without the prefix.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from openrhip.formats.cda.kinds import Kind


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that holds or fails: code, both languages, where, and what to do about it.

    severity: "error" (the document is not accepted) or "warning" (it is, and should be mended);
    `ok` is False for errors only.
    """

    code: str
    ok: bool
    text_zh: str
    text_en: str
    where: str = ""
    remedy: str = ""
    remedy_zh: str = ""
    severity: str = "error"

    def as_dict(self) -> dict[str, str | bool]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Identifier:
    """HL7 II: an OID root and an extension."""

    root: str
    extension: str


@dataclass(frozen=True, slots=True)
class Coded:
    """HL7 CD/CE. `text` is what a person reads: display name, else original text, else code."""

    code: str = ""
    display: str = ""
    system: str = ""
    system_name: str = ""
    original: str = ""
    qualifier: str = ""

    @property
    def text(self) -> str:
        return self.display or self.original or self.code

    def __bool__(self) -> bool:
        return bool(self.code or self.display or self.original)


@dataclass(frozen=True, slots=True)
class Moment:
    """HL7 TS: the text as written, its value, and whether it names an hour. Unreadable: at None."""

    raw: str
    at: datetime | None
    timed: bool = False

    def __bool__(self) -> bool:
        return bool(self.raw)


@dataclass(frozen=True, slots=True)
class Span:
    """HL7 IVL_TS: from, to; either side may be None."""

    low: Moment | None = None
    high: Moment | None = None

    def __bool__(self) -> bool:
        return bool(self.low or self.high)


@dataclass(frozen=True, slots=True)
class Organization:
    """An institution, department, ward, room or bed; `root` tells which (see oids)."""

    code: str = ""
    name: str = ""
    root: str = ""


@dataclass(frozen=True, slots=True)
class Participant:
    """Who took part: author, signer, contact. `role` is the printed role (住院医师, 审核医师)."""

    kind: str
    role: str = ""
    code: str = ""
    name: str = ""
    title: str = ""
    time: Moment | None = None
    organization: Organization | None = None
    phone: str = ""
    address: str = ""
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Patient:
    """The subject of the record (recordTarget/patientRole)."""

    name: str
    sex: Coded
    birth: Moment | None
    id_number: str
    health_card: str
    outpatient_number: str
    inpatient_number: str
    phone: str = ""
    address: str = ""
    age: str = ""
    marital: Coded = Coded()
    ethnic: Coded = Coded()
    nationality: Coded = Coded()
    occupation: Coded = Coded()
    patient_type: Coded = Coded()
    employer: str = ""
    birthplace: str = ""
    native_place: str = ""
    household: str = ""
    ids: tuple[Identifier, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def birth_date(self) -> date | None:
        return self.birth.at.date() if self.birth and self.birth.at else None

    def number(self, root: str) -> str:
        """The extension of the first id with this root, or ""."""
        return next((one.extension for one in self.ids if one.root == root), "")


@dataclass(frozen=True, slots=True)
class Encounter:
    """The visit or stay (componentOf/encompassingEncounter); places from bed to hospital."""

    ids: tuple[Identifier, ...] = ()
    kind: Coded = Coded()
    start: Moment | None = None
    end: Moment | None = None
    places: tuple[Organization, ...] = ()

    def place(self, root: str) -> str:
        return next((one.name or one.code for one in self.places if one.root == root), "")


@dataclass(frozen=True, slots=True)
class Media:
    """An embedded picture or file (observationMedia, HL7 ED in base64)."""

    id: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Value:
    """HL7 ANY. `kind` is the xsi:type; `text` is what a person reads, unit included."""

    kind: str
    text: str
    number: str = ""
    unit: str = ""
    coded: Coded | None = None
    moment: Moment | None = None
    media: Media | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A labelled text beside an entry's value: dose, route, specimen, performer."""

    label: str
    text: str
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A structured statement: observation, organizer, procedure, substanceAdministration, …

    `form` is the element's local name, `code.code` the data element (数据元) it is tied to.
    """

    form: str
    code: Coded
    values: tuple[Value, ...] = ()
    text: str = ""
    time: Span = Span()
    status: str = ""
    interpretation: Coded = Coded()
    reference: str = ""
    negated: bool = False
    ids: tuple[Identifier, ...] = ()
    facts: tuple[Fact, ...] = ()
    people: tuple[Participant, ...] = ()
    parts: tuple[Entry, ...] = ()
    where: str = field(default="", compare=False)

    @property
    def value(self) -> Value | None:
        return self.values[0] if self.values else None

    @property
    def label(self) -> str:
        return self.code.qualifier or self.code.display or self.code.code

    def part(self, code: str) -> Entry | None:
        """The first entry below this one with the data element `code`."""
        for one in self.parts:
            if one.code.code == code:
                return one
            if found := one.part(code):
                return found
        return None


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph or list item of the narrative."""

    text: str
    bullet: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of the narrative: heads and rows of cell texts."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A place in the narrative where a Media belongs (renderMultiMedia)."""

    media_id: str
    caption: str = ""


Block = Line | Grid | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the body with a code, narrative blocks, entries and sections below it."""

    code: Coded
    title: str
    blocks: tuple[Block, ...] = ()
    entries: tuple[Entry, ...] = ()
    media: tuple[Media, ...] = ()
    sections: tuple[Section, ...] = ()
    where: str = field(default="", compare=False)

    def entry(self, code: str) -> Entry | None:
        """The first entry with the data element `code`, at any depth."""
        for one in self.entries:
            if one.code.code == code:
                return one
            if found := one.part(code):
                return found
        return None


@dataclass(frozen=True, slots=True)
class Replaced:
    """The document that this one corrects (relatedDocument RPLC)."""

    document_id: Identifier
    set_id: str = ""
    version: int | None = None


@dataclass(frozen=True, slots=True)
class ClinicalDocument:
    """A shared document: header, body, and the faults found while reading it."""

    kind: Kind
    title: str
    document_id: Identifier
    effective_time: Moment
    confidentiality: Coded
    language: str
    set_id: str
    version: int
    patient: Patient
    authors: tuple[Participant, ...]
    custodian: Organization
    data_enterer: Participant | None
    legal_authenticator: Participant | None
    authenticators: tuple[Participant, ...]
    participants: tuple[Participant, ...]
    replaces: Replaced | None
    encounter: Encounter
    sections: tuple[Section, ...]
    faults: tuple[Finding, ...] = ()
    source: bytes = field(default=b"", compare=False, repr=False)

    @property
    def authenticator(self) -> Participant | None:
        """Who answers for the document: the legal authenticator, else the first authenticator."""
        first = self.authenticators[0] if self.authenticators else None
        return self.legal_authenticator or first

    @property
    def created_at(self) -> datetime | None:
        """When the document was made, an aware instant."""
        return self.effective_time.at

    def section(self, code: str) -> Section | None:
        return next((one for one in self.sections if one.code.code == code), None)

    def entry(self, code: str) -> Entry | None:
        """The first entry anywhere in the body with the data element `code`."""
        return next((found for one in self.sections if (found := one.entry(code))), None)

    def text_of(self, code: str) -> str:
        """The value of a data element as a person reads it, or ""."""
        found = self.entry(code)
        return found.value.text if found and found.value else ""
