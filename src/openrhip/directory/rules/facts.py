"""What the directory tells other rooms: frozen, without table rows and without clear numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from openrhip.directory.rules.access import Role
from openrhip.directory.rules.consent import ConsentStatus, Scope
from openrhip.directory.rules.matching import Certainty


@dataclass(frozen=True, slots=True)
class Department:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Institution:
    """code and official name; `aliases` are all other names it is known under."""

    code: str
    name: str
    kind: str = "hospital"
    aliases: tuple[str, ...] = ()
    active: bool = True


class Found(StrEnum):
    """How a name was resolved."""

    CODE = "code"
    NAME = "name"
    LOOSE = "loose"
    """by the loosened key, because it fits one institution only"""
    AMBIGUOUS = "ambiguous"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Resolution:
    """The answer to `resolve`: one institution, or the several that claim the name, or none."""

    asked: str
    how: Found
    institutions: tuple[Institution, ...]


@dataclass(frozen=True, slots=True)
class Staff:
    code: str
    name: str
    institution_code: str
    institution_name: str
    department_code: str
    department_name: str
    roles: tuple[Role, ...]
    active: bool
    account_id: int | None


@dataclass(frozen=True, slots=True)
class PersonRef:
    """person_id: the survivor now, for reading. reviews: doubtful pairs that this opened.

    entry_id: the entry that holds what was said. It stays the same through merges and unmerges:
    records, consents and relations are kept under it.
    """

    person_id: str
    entry_id: str
    certainty: Certainty
    reviews: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NumberView:
    """A number as it may be shown: masked."""

    kind: str
    subtype: str
    masked: str
    source: str
    contested: bool


@dataclass(frozen=True, slots=True)
class Person:
    """A person; merged entries are gathered under their survivor."""

    person_id: str
    name: str
    sex: str
    birth_date: date
    id_number: str
    """masked; empty if none is known"""
    phone: str
    """masked"""
    names: tuple[str, ...]
    numbers: tuple[NumberView, ...]
    sources: tuple[str, ...]
    merged_ids: tuple[str, ...]
    made_at: datetime


class Proven(StrEnum):
    """How a contact became the person's."""

    FIRST_USE = "first-use"
    """首次登记: the first number of the source that first identified the person"""
    CODE = "code"
    """原号码验证: set by the person after a code to the number before"""
    PAPER = "paper"
    """窗口核验: set by a records clerk who saw the paper"""


@dataclass(frozen=True, slots=True)
class ContactView:
    """The number that codes and notices go to, masked. person_id: the entry it was set for."""

    contact_id: str
    person_id: str
    phone: str
    how: Proven
    at: datetime
    by: str
    strength: str
    evidence: str
    receipt: dict[str, object] | None


@dataclass(frozen=True, slots=True)
class Review:
    """A doubtful pair with what agrees and what differs. verdict: empty while it is open."""

    review_id: str
    fresh: Person
    known: Person
    points: int
    agree: tuple[str, ...]
    differ: tuple[str, ...]
    source: str
    at: datetime
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class MergeStep:
    """One step of the history of a person."""

    step_id: str
    verb: str
    person_id: str
    survivor_id: str
    at: datetime
    by: str
    why: str
    receipt: dict[str, object] | None
    strength: str = ""
    """how `by` had signed in"""


@dataclass(frozen=True, slots=True)
class ConsentView:
    """A consent as it stands. pending: the ledger has not yet taken the last change."""

    consent_id: str
    person_id: str
    scope: Scope
    given_by: str
    guardian: bool
    given_at: datetime
    valid_from: datetime
    valid_until: datetime | None
    withdrawn_at: datetime | None
    evidence: str
    status: ConsentStatus
    pending: bool
    grantee_name: str = ""
    receipts: tuple[dict[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class PolicySetInfo:
    """The policy set in force. applied_at is None for the one shipped with the program."""

    digest: str
    files: tuple[tuple[str, str], ...]
    applied_at: datetime | None
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class EmergencyView:
    """A break-glass access and its review, if there was one."""

    emergency_id: str
    person_id: str
    staff_code: str
    institution_code: str
    document_id: str
    reason: str
    at: datetime
    review_by: datetime
    overdue: bool
    justified: bool | None = None
    note: str = ""
    reviewed_by: str = ""


@dataclass(frozen=True, slots=True)
class Ward:
    """A person for whom a guardian may act."""

    guardianship_id: str
    person_id: str
    name: str
    kind: str
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class RequestProof:
    """The signed request behind a deed: SM3 of it, fingerprint of the signer, Base64 signature."""

    digest: str
    signer: str
    signature: str
