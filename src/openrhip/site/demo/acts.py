"""What happens in the demo before you arrive (演示情节): a consent, a look with it, a refusal, an
emergency, a night's evidence. All through the services, so that portal, workbench and console have
something to show.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from openrhip.directory import service as directory
from openrhip.directory.service import Actor, Grantee, Purpose, Role, Scope, Strength
from openrhip.formats.cda.samples import city
from openrhip.kernel import clock
from openrhip.kernel.errors import Conflict, Refused
from openrhip.records import service as records


def play() -> None:
    """Done again it adds a few more looks, nothing else."""
    wang, li, zhao = (_person(key) for key in ("wang", "li", "zhao"))
    if not directory.consents_of(wang):
        directory.give_consent(
            person_id=wang,
            scope=Scope(
                grantee=Grantee.INSTITUTION,
                grantee_code=city.XUANWUHU.code,
                purposes=frozenset({Purpose.TREATMENT}),
            ),
            by=_citizen(wang),
            evidence="居民门户，本人登录后确认",
            valid_until=clock.now() + timedelta(days=365),
        )
    for person, hospital, staff_code in (
        (wang, city.JINLING, "JL0101"),
        (li, city.XUANWUHU, "XW0101"),
    ):
        directory.note_relation(
            person_id=person,
            institution_code=hospital.code,
            department_code=hospital.member(staff_code).department,
            source="演示：在院",
        )
    doctor = _doctor(city.XUANWUHU, "XW0101")
    for document in records.search(person_id=wang, institution=city.JINLING.code).items[:2]:
        _look(doctor, document.id, Purpose.TREATMENT)
    for document in records.search(person_id=wang).items[:1]:
        _look(_citizen(wang), document.id, Purpose.OWN_ACCESS)
    for document in records.search(person_id=zhao, institution=city.JINLING.code).items[:1]:
        _look(doctor, document.id, Purpose.TREATMENT)
    for document in records.search(person_id=li, institution=city.JINLING.code).items[:1]:
        _look(doctor, document.id, Purpose.EMERGENCY, "患者昏迷由120送入抢救室，需了解既往史与用药")
    with suppress(Conflict):  # the worker is at it
        records.make_evidence()


def _look(who: Actor, document_id: str, purpose: Purpose, reason: str | None = None) -> None:
    try:
        records.disclose(who=who, document_id=document_id, purpose=purpose, emergency_reason=reason)
    except Refused:
        return  # a refusal is part of the story: it stands in the ledger and in the history


def _person(key: str) -> str:
    patient = city.patient(key)
    found = directory.citizen_login_lookup(patient.name, patient.id_number)
    if found is None:
        raise LookupError(key)
    return found


def _citizen(person_id: str) -> Actor:
    return Actor(person_id=person_id, roles=(Role.CITIZEN,), strength=Strength.ONE_TIME_CODE)


def _doctor(institution: city.CityInstitution, code: str) -> Actor:
    member = institution.member(code)
    return Actor(
        staff_code=code,
        institution_code=institution.code,
        department_code=member.department,
        roles=(Role.DOCTOR,),
        strength=Strength.SECOND_FACTOR,
        name=member.name,
    )
