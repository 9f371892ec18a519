"""Treatment relations (诊疗关系) and guardianship (监护)."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

from django.db.models import Q, QuerySet

from openrhip.directory import models
from openrhip.directory.rules import names
from openrhip.directory.rules.access import Actor, DocumentFacts, Office, require
from openrhip.directory.rules.facts import Ward
from openrhip.directory.service import own, people
from openrhip.directory.service.ids import checked, checked_code
from openrhip.kernel import clock, config
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Malformed, Misconfigured, NotFound

KINDS = frozenset({"encounter", "referral", "consultation"})


@cache
def treatment_time() -> timedelta:
    """For how long an encounter makes a treatment relation: the setting `treatment_days`."""
    text = config.current()["treatment_days"]
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 3650:
        raise Misconfigured("treatment_days is a number from 1 to 3650", where="openrhip.toml")
    return timedelta(days=int(text))


def note_relation(
    *,
    person_id: str,
    institution_code: str,
    source: str,
    department_code: str = "",
    staff_code: str = "",
    kind: str = "encounter",
    since: datetime | None = None,
    until: datetime | None = None,
) -> None:
    """A person is treated at an institution from `since` until `until`. Idempotent.

    It is kept under the entry `person_id` and goes with it when a merge is undone.
    """
    if kind not in KINDS:
        raise Malformed("a relation is an encounter, referral or consultation", where="kind")
    start = since or clock.now()
    end = until or start + treatment_time()
    if end <= start:
        raise Malformed("a relation ends after it begins", where="until")
    place = checked_code(institution_code, "institution")
    if not models.Institution.objects.filter(code=place).exists():
        raise NotFound("no institution of this code", where=place)
    people.resolve_person(person_id)
    with writing():
        models.TreatmentRelation.objects.get_or_create(
            person_id=person_id,
            institution_id=institution_code,
            department_code=department_code,
            staff_code=staff_code,
            kind=kind,
            since=start,
            defaults={"until": end, "source": names.clean_name(source, where="source")},
        )


def met_recently(*, who: Actor, document: DocumentFacts, at: datetime) -> bool:
    """Whether the caller knows of a recent encounter at the actor's institution."""
    oldest = at - treatment_time()
    return bool(who.staff_code) and any(
        met.institution_code == who.institution_code and oldest <= met.at <= at
        for met in document.encounters
    )


def treated_people(
    *, institution_code: str, department_code: str = "", limit: int = 50
) -> tuple[str, ...]:
    """Survivor ids of people with a relation in force here, newest first: the workbench's list."""
    now = clock.now()
    rows = models.TreatmentRelation.objects.filter(
        institution_id=institution_code, since__lte=now, until__gt=now
    )
    if department_code:
        rows = rows.filter(Q(department_code="") | Q(department_code=department_code))
    ordered = rows.order_by("-since").values_list("person__root", flat=True)[: limit * 4]
    return tuple(dict.fromkeys(ordered))[:limit]


def appoint_guardian(
    *,
    guardian: str,
    ward: str,
    kind: str,
    evidence: str,
    by: Actor,
    valid_until: datetime | None = None,
) -> str:
    """A person may act for a child or ward; evidence names the document seen. Answers the id."""
    require(by, Office.PAPER)
    acting = people.resolve_person(guardian)
    own.refuse(by, acting)
    if acting == people.resolve_person(ward):
        raise Malformed("nobody is their own guardian", where="guardian")
    seen = names.sentence(evidence, where="evidence", longest=300)
    with writing():
        row = models.Guardianship.objects.create(
            guardian_id=guardian,
            ward_id=ward,
            kind=names.clean_name(kind, where="kind")[:30],
            valid_from=clock.now(),
            valid_until=valid_until,
            evidence=seen,
            by=by.reference,
        )
    return row.pk


def end_guardianship(*, guardianship_id: str) -> None:
    """From now on the guardian may no longer act. Raises NotFound."""
    with writing():
        wanted = checked(guardianship_id, "guardianship")
        if not models.Guardianship.objects.filter(pk=wanted).exists():
            raise NotFound("no such guardianship")
        models.Guardianship.objects.filter(pk=guardianship_id, ended_at=None).update(
            ended_at=clock.now()
        )


def is_guardian(*, guardian: str, ward_ids: tuple[str, ...], at: datetime) -> bool:
    """Whether this person may act for the ward now."""
    return _in_force(at).filter(guardian__root=guardian, ward_id__in=ward_ids).exists()


def wards_of(person_id: str) -> tuple[Ward, ...]:
    """For whom this person may act now."""
    rows = _in_force(clock.now()).filter(guardian__root=people.resolve_person(person_id))
    return tuple(
        Ward(row.pk, row.ward.root, row.ward.name, row.kind, row.valid_until)
        for row in rows.select_related("ward").order_by("valid_from", "pk")
    )


def _in_force(at: datetime) -> QuerySet[models.Guardianship]:
    return models.Guardianship.objects.filter(valid_from__lte=at, ended_at=None).filter(
        Q(valid_until=None) | Q(valid_until__gt=at)
    )
