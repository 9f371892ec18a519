"""The facts of one decision in two statements.

Every disclosure passes here, so these two are written in SQL: the object mapper spends ten times
as long building seven queries as the database spends answering them (benchmarks/policy.py).
Nothing is cached: a withdrawal, a dismissal, a new policy set count in the next decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from openrhip.directory.rules.access import Actor, Purpose
from openrhip.directory.rules.consent import Effect, Grantee, Scope, Standing
from openrhip.directory.service.ids import checked
from openrhip.kernel.errors import NotFound
from openrhip.kernel.statements import ask, json_value

_PEOPLE = """
SELECT patient.id, patient.root,
  (SELECT root FROM directory_person WHERE id = %s),
  EXISTS (SELECT 1 FROM directory_staff WHERE code = %s AND active),
  EXISTS (
    SELECT 1 FROM directory_treatmentrelation relation
    WHERE relation.person_id = patient.id AND relation.institution_id = %s
      AND relation.since <= %s AND relation.until > %s
      AND relation.department_code IN ('', %s) AND relation.staff_code IN ('', %s)),
  EXISTS (
    SELECT 1 FROM directory_guardianship office
    JOIN directory_person guardian ON guardian.id = office.guardian_id
    WHERE office.ward_id = patient.id AND office.ended_at IS NULL
      AND office.valid_from <= %s AND (office.valid_until IS NULL OR office.valid_until > %s)
      AND guardian.root = (SELECT root FROM directory_person WHERE id = %s)),
  (SELECT digest FROM directory_policysetrow ORDER BY id DESC LIMIT 1)
FROM directory_person patient
WHERE patient.root = (SELECT root FROM directory_person WHERE id = %s)
"""
_CONSENTS = """
SELECT consent.id, consent.effect, consent.grantee, consent.grantee_code, consent.purposes,
  consent.kinds, consent.level, consent.valid_from, consent.valid_until, ended.at
FROM directory_consent consent
JOIN directory_person patient ON patient.id = consent.person_id
LEFT JOIN directory_consentstate ended
  ON ended.consent_id = consent.id AND ended.status = 'withdrawn'
WHERE patient.root = %s
  AND (consent.grantee_code = '' OR consent.grantee_code IN (%s, %s, %s))
"""


@dataclass(frozen=True, slots=True)
class Gathered:
    """patient and actor by survivor; policy_set is None while the shipped set is in force."""

    patient: str
    actor_root: str | None
    active: bool
    related: bool
    guardian: bool
    policy_set: str | None
    standings: tuple[Standing, ...]


def gather(*, who: Actor, whose: str, at: datetime) -> Gathered:
    """Everything the tables say about this actor and this patient now. Raises NotFound."""
    person = checked(who.person_id, "person") if who.person_id else ""
    rows = ask(
        _PEOPLE,
        person,
        who.staff_code,
        who.institution_code,
        at,
        at,
        who.department_code,
        who.staff_code,
        at,
        at,
        person,
        checked(whose, "person"),
    )
    if not rows or (person and rows[0][2] is None):
        raise NotFound("no such person")
    place = f"{who.institution_code}/{who.department_code}"
    consents = ask(_CONSENTS, rows[0][1], who.institution_code, place, who.staff_code)
    return Gathered(
        patient=rows[0][1],
        actor_root=rows[0][2],
        active=bool(rows[0][3]),
        related=bool(who.staff_code) and any(row[4] for row in rows),
        guardian=bool(person) and any(row[5] for row in rows),
        policy_set=rows[0][6],
        standings=tuple(_standing(row) for row in consents),
    )


def _standing(row: tuple[Any, ...]) -> Standing:
    pk, effect, grantee, code, purposes, kinds, level, since, until, withdrawn = row
    return Standing(
        consent_id=pk,
        scope=Scope(
            grantee=Grantee(grantee),
            grantee_code=code,
            purposes=frozenset(Purpose(item) for item in json_value(purposes)),
            kinds=frozenset(json_value(kinds)),
            level=level,
            effect=Effect(effect),
        ),
        valid_from=_instant(since),
        valid_until=None if until is None else _instant(until),
        withdrawn_at=None if withdrawn is None else _instant(withdrawn),
    )


def _instant(value: datetime) -> datetime:
    """PostgreSQL gives an aware instant, SQLite a naive one in UTC."""
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)
