"""Permission (授权): who asks, for what purpose, of which document, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from openrhip.kernel.errors import Malformed, Refused


class Role(StrEnum):
    """Roles named in the policy files."""

    DOCTOR = "doctor"
    NURSE = "nurse"
    PHARMACIST = "pharmacist"
    TECHNICIAN = "technician"
    RECORDS_CLERK = "records-clerk"
    PRIVACY_OFFICER = "privacy-officer"
    PUBLIC_HEALTH = "public-health-officer"
    OPERATOR = "operator"
    DATA_MANAGER = "data-manager"
    ANALYST = "analyst"
    CITIZEN = "citizen"
    GUARDIAN = "guardian"
    THIRD_PARTY = "third-party"

    @property
    def zh(self) -> str:
        return _ROLES_ZH[self]


_ROLES_ZH = {
    Role.DOCTOR: "医师",
    Role.NURSE: "护士",
    Role.PHARMACIST: "药师",
    Role.TECHNICIAN: "技师",
    Role.RECORDS_CLERK: "病案管理员",
    Role.PRIVACY_OFFICER: "隐私保护专员",
    Role.PUBLIC_HEALTH: "公共卫生人员",
    Role.OPERATOR: "平台运维人员",
    Role.DATA_MANAGER: "数据管理员",
    Role.ANALYST: "数据分析员",
    Role.CITIZEN: "居民",
    Role.GUARDIAN: "监护人",
    Role.THIRD_PARTY: "第三方机构人员",
}


class Purpose(StrEnum):
    """Purpose of use, asked with each request."""

    TREATMENT = "treatment"
    EMERGENCY = "emergency"
    PAYMENT = "payment"
    QUALITY = "quality"
    RESEARCH = "research"
    PUBLIC_HEALTH = "public-health"
    OWN_ACCESS = "own-access"

    @property
    def zh(self) -> str:
        return _PURPOSES_ZH[self]


_PURPOSES_ZH = {
    Purpose.TREATMENT: "诊疗",
    Purpose.EMERGENCY: "急救",
    Purpose.PAYMENT: "医保结算与支付",
    Purpose.QUALITY: "医疗质量管理",
    Purpose.RESEARCH: "科学研究",
    Purpose.PUBLIC_HEALTH: "公共卫生",
    Purpose.OWN_ACCESS: "本人或监护人查阅",
}


class Action(StrEnum):
    """What is to be done: know that it exists, read it, take it away."""

    LIST = "list"
    READ = "read"
    EXPORT = "export"


class Strength(StrEnum):
    """How the actor proved who they are (鉴别强度)."""

    PASSWORD = "password"  # noqa: S105 - a name of a kind of proof
    ONE_TIME_CODE = "one-time-code"
    SECOND_FACTOR = "second-factor"
    """password and TOTP, or a passkey"""
    MACHINE = "machine"
    """a command typed on the platform's own machine: its sign-in is all that is known"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks: a member of staff, or a citizen. Never nobody."""

    staff_code: str = ""
    person_id: str = ""
    institution_code: str = ""
    department_code: str = ""
    roles: tuple[Role, ...] = ()
    strength: Strength = Strength.PASSWORD
    name: str = ""

    def __post_init__(self) -> None:
        if bool(self.staff_code) == bool(self.person_id):
            raise Malformed("an actor is either a member of staff or a citizen", where="actor")

    @property
    def reference(self) -> str:
        """For ledger entries and state rows: staff:1001 or citizen:<opaque id>."""
        return f"staff:{self.staff_code}" if self.staff_code else f"citizen:{self.person_id}"

    @property
    def second_factor(self) -> bool:
        return self.strength is Strength.SECOND_FACTOR

    @classmethod
    def citizen(cls, person_id: str, *, strength: Strength = Strength.ONE_TIME_CODE) -> Actor:
        return cls(person_id=person_id, roles=(Role.CITIZEN,), strength=strength)


class Office(StrEnum):
    """Acts on the directory itself, each of certain roles (三员分立: separate offices)."""

    INDEX = "index"
    """合并、拆分、处理疑似重复"""
    PAPER = "paper"
    """代录纸质同意书、登记监护关系"""
    CONTACT = "contact"
    """凭证件更换联系号码"""
    POLICY = "policy"
    """启用授权策略"""
    REVIEW = "review"
    """复核急救访问"""


OFFICES: dict[Office, frozenset[Role]] = {
    Office.INDEX: frozenset({Role.RECORDS_CLERK, Role.PRIVACY_OFFICER}),
    Office.PAPER: frozenset({Role.RECORDS_CLERK, Role.PRIVACY_OFFICER}),
    Office.CONTACT: frozenset({Role.RECORDS_CLERK}),
    Office.POLICY: frozenset({Role.PRIVACY_OFFICER}),
    Office.REVIEW: frozenset({Role.PRIVACY_OFFICER}),
}

IDENTITY = frozenset({Office.INDEX, Office.CONTACT})
"""Who holds these decides who may read as whom: a second factor, and no operator, ever."""


def require(by: Actor, office: Office) -> None:
    """Raises Refused unless the actor is staff with a role of the office, proven as it demands."""
    if not by.staff_code or not OFFICES[office] & set(by.roles):
        roles = ", ".join(sorted(OFFICES[office]))
        raise Refused("the actor has not the role for this", remedy=f"needs one of: {roles}")
    if office not in IDENTITY:
        return
    if Role.OPERATOR in by.roles:
        raise Refused("operators never decide who is who, not even with another role beside")
    if by.strength not in (Strength.SECOND_FACTOR, Strength.MACHINE):
        raise Refused("this needs a second factor", remedy="sign in with the second factor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Encounter:
    """That a person was treated somewhere: the caller's fact for the treatment relation."""

    institution_code: str
    at: datetime
    department_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFacts:
    """What permission needs to know of a document; encounters are those known to the caller."""

    document_id: str
    kind: str
    custodian_code: str
    level: int = 4
    department_code: str = ""
    author_staff_code: str = ""
    encounters: tuple[Encounter, ...] = ()


class Obligation(StrEnum):
    """What must be done together with the disclosure."""

    NOTIFY_PATIENT = "notify-patient"
    NOTIFY_OFFICER = "notify-officer"
    REVIEW = "review-by"


@dataclass(frozen=True, slots=True)
class Duty:
    """An obligation, for reviews with the deadline."""

    obligation: Obligation
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """A policy that decided, or what was missing: id, one sentence in Chinese and in English."""

    id: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.id}: {self.zh} / {self.en}"


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict. `policy_set` is the SM3 of the policy texts that decided."""

    allowed: bool
    why: tuple[Reason, ...]
    policy_set: str
    obligations: tuple[Duty, ...] = ()
    consents: tuple[str, ...] = field(default=())

    @property
    def reasons(self) -> tuple[str, ...]:
        """One line per policy: id, Chinese, English."""
        return tuple(str(reason) for reason in self.why)
