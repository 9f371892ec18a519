"""Consent (知情同意): what, whose, for whom, for what purpose, until when; PIPL art. 14, 15, 29."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from openrhip.directory.rules.access import Actor, DocumentFacts, Purpose
from openrhip.formats.gm import sm3
from openrhip.kernel.canonical import canonical_json
from openrhip.kernel.errors import Malformed

_KIND = re.compile(r"[A-Za-z0-9._-]{1,20}")
_CODE = re.compile(r"[A-Za-z0-9._/-]{0,130}")


class Effect(StrEnum):
    """A consent opens; an objection closes, and wins over any consent."""

    PERMIT = "permit"
    """同意"""
    REFUSE = "refuse"
    """拒绝 (反对共享)"""


class Grantee(StrEnum):
    """For whom."""

    INSTITUTION = "institution"
    DEPARTMENT = "department"
    STAFF = "staff"
    ALL_TREATING = "all-treating"
    """凡与患者有诊疗关系者"""
    GUARDIANS = "guardians"
    """监护人: for documents that a guardian may not see otherwise"""
    EVERYONE = "everyone"
    """only for objections: nobody may see it"""


class ConsentStatus(StrEnum):
    """States; each is an appended row."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a consent covers. Empty kinds or purposes mean all; level is the highest covered.

    grantee_code: institution code; institution/department; or staff code. Empty for the others.
    """

    grantee: Grantee
    grantee_code: str = ""
    purposes: frozenset[Purpose] = frozenset()
    kinds: frozenset[str] = frozenset()
    level: int = 4
    effect: Effect = Effect.PERMIT

    def __post_init__(self) -> None:
        named = self.grantee in (Grantee.INSTITUTION, Grantee.DEPARTMENT, Grantee.STAFF)
        if named != bool(self.grantee_code):
            raise Malformed("the grantee needs a code, and only named grantees do", where="grantee")
        if self.grantee is Grantee.DEPARTMENT and self.grantee_code.count("/") != 1:
            raise Malformed("a department is written institution/department", where="grantee")
        if not _CODE.fullmatch(self.grantee_code):
            raise Malformed("not the code of a grantee", where="grantee")
        if self.grantee is Grantee.EVERYONE and self.effect is Effect.PERMIT:
            raise Malformed("nobody can consent for everyone", where="grantee")
        if len(self.kinds) > 100 or not all(_KIND.fullmatch(kind) for kind in self.kinds):
            raise Malformed("document kinds are short codes", where="kinds")
        if not 1 <= self.level <= 5:
            raise Malformed("levels are 1 to 5", where="level")

    def digest(self) -> str:
        """SM3, hex, over the scope's canonical JSON: what a ledger entry can be held against."""
        return sm3.hexdigest(
            canonical_json(
                {
                    "effect": self.effect.value,
                    "grantee": self.grantee.value,
                    "grantee_code": self.grantee_code,
                    "kinds": sorted(self.kinds),
                    "level": self.level,
                    "purposes": sorted(purpose.value for purpose in self.purposes),
                }
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A consent as it stands: its scope and the time it is good for."""

    consent_id: str
    scope: Scope
    valid_from: datetime
    valid_until: datetime | None
    withdrawn_at: datetime | None = None

    def in_force(self, at: datetime) -> bool:
        """From its start until its end or its withdrawal, ends excluded."""
        return (
            self.valid_from <= at
            and (self.valid_until is None or at < self.valid_until)
            and (self.withdrawn_at is None or at < self.withdrawn_at)
        )


@dataclass(frozen=True, slots=True)
class Covered:
    """level: the highest level consented to for this very request (0: none); refused: objection."""

    level: int
    refused: bool
    consents: tuple[str, ...]


def covers(
    scope: Scope, *, who: Actor, document: DocumentFacts, purpose: Purpose, treating: bool
) -> bool:
    """Whether the scope speaks of this actor, kind of document and purpose (level aside)."""
    if scope.purposes and purpose not in scope.purposes:
        return False
    if scope.kinds and document.kind not in scope.kinds:
        return False
    if scope.grantee is Grantee.EVERYONE:
        return True
    if scope.grantee is Grantee.ALL_TREATING:
        return treating
    if scope.grantee is Grantee.GUARDIANS:
        return bool(who.person_id)
    place = {
        Grantee.INSTITUTION: who.institution_code,
        Grantee.DEPARTMENT: f"{who.institution_code}/{who.department_code}",
        Grantee.STAFF: who.staff_code,
    }[scope.grantee]
    return bool(who.staff_code) and scope.grantee_code == place


def covered(
    standings: Iterable[Standing],
    *,
    who: Actor,
    document: DocumentFacts,
    purpose: Purpose,
    treating: bool,
    at: datetime,
) -> Covered:
    """The attributes that the policies see. An objection covers its level and all above."""
    level, refused, used = 0, False, []
    for standing in standings:
        scope = standing.scope
        if not standing.in_force(at) or not covers(
            scope, who=who, document=document, purpose=purpose, treating=treating
        ):
            continue
        if scope.effect is Effect.PERMIT:
            level = max(level, scope.level)
            used.append(standing.consent_id)
        elif document.level >= scope.level:
            refused = True
            used.append(standing.consent_id)
    return Covered(level, refused, tuple(sorted(used)))
