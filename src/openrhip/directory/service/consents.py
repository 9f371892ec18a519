"""Consents and objections (同意、反对): give, withdraw, list."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import IntegrityError

from openrhip.directory import models
from openrhip.directory.rules.access import Actor, Office, Purpose, require
from openrhip.directory.rules.consent import ConsentStatus, Effect, Grantee, Scope
from openrhip.directory.rules.facts import ConsentView
from openrhip.directory.rules.names import sentence
from openrhip.directory.service import entries, people, relations
from openrhip.directory.service.ids import checked
from openrhip.kernel import clock, ids
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Conflict, Malformed, NotFound, Refused


def give_consent(
    *,
    person_id: str,
    scope: Scope,
    by: Actor,
    evidence: str,
    valid_until: datetime | None = None,
    valid_from: datetime | None = None,
    key: str | None = None,
) -> ConsentView:
    """Record a consent or an objection. Raises Refused, Malformed, NotFound, Unavailable.

    It is kept under the entry `person_id` and goes with it when a merge is undone.
    by: the person, a guardian, or staff who saw a signed paper (named in `evidence`).
    key: id of this change (32 hex digits); the same key twice records once.
    The ledger is asked first; for an objection, which closes access, the outbox steps in.
    """
    root = people.resolve_person(person_id)
    guardian = _may_speak(by, root)
    change = key or ids.new_id()
    if not ids.is_id(change):
        raise Malformed("a key has 32 hex digits", where="key")
    if earlier := models.Consent.objects.filter(pk=change).first():
        return _repeated(earlier, root, scope)
    row = models.Consent(
        id=change,
        person_id=person_id,
        given_by=by.reference,
        guardian=guardian,
        effect=scope.effect,
        grantee=scope.grantee,
        grantee_code=scope.grantee_code,
        purposes=sorted(scope.purposes),
        kinds=sorted(scope.kinds),
        level=scope.level,
        valid_from=valid_from or clock.now(),
        valid_until=valid_until,
        evidence=sentence(evidence, where="evidence", longest=300),
    )
    _check(row, scope)
    return _give(row, scope, by)


def _give(row: models.Consent, scope: Scope, by: Actor) -> ConsentView:
    state = models.ConsentState(
        consent=row, status=ConsentStatus.GIVEN, at=clock.now(), by=by.reference
    )
    fields = _fields(by, state, row.person_id, scope, row.valid_until)
    closing = scope.effect is Effect.REFUSE
    if not closing:
        state.receipt = entries.append("consent", fields, key=state.pk)
    try:
        with writing():
            row.save(force_insert=True)
            state.save(force_insert=True)
            if closing:
                entries.publish_pending(state, fields)
    except IntegrityError:  # the same key twice at once: the other one was first
        return _repeated(models.Consent.objects.get(pk=row.pk), row.person_id, scope)
    if closing:
        entries.try_now(state, fields)
    return consent(row.pk)


def withdraw_consent(*, consent_id: str, by: Actor, why: str = "") -> ConsentView:
    """Withdraw: effective with the commit, never blocked by the ledger (PIPL art. 15). Idempotent.

    Withdrawing an objection opens access again, so there the ledger is asked first.
    """
    row = models.Consent.objects.filter(pk=checked(consent_id, "consent")).first()
    if row is None:
        raise NotFound("no such consent")
    _may_speak(by, people.resolve_person(row.person_id))
    if models.ConsentState.objects.filter(consent=row, status=ConsentStatus.WITHDRAWN).exists():
        return consent(consent_id)
    state = models.ConsentState(
        consent=row,
        status=ConsentStatus.WITHDRAWN,
        at=clock.now(),
        by=by.reference,
        why=sentence(why, where="why", shortest=0),
    )
    fields = _fields(by, state, row.person_id, _scope(row), row.valid_until)
    opening = row.effect == Effect.REFUSE
    if opening:
        state.receipt = entries.append("consent", fields, key=state.pk)
    with writing():
        made = models.ConsentState.objects.get_or_create(
            consent=row,
            status=ConsentStatus.WITHDRAWN,
            defaults={
                "id": state.pk,
                "at": state.at,
                "by": state.by,
                "why": state.why,
                "receipt": state.receipt,
            },
        )[1]
        if made and not opening:
            entries.publish_pending(state, fields)
    if made and not opening:
        entries.try_now(state, fields)
    return consent(consent_id)


def part_objections(
    *, first: Collection[str], second: Collection[str], since: datetime, by: Actor
) -> list[tuple[models.ConsentState, entries.Fields]]:
    """After a split nobody's access opens by mistake: runs in the transaction of an unmerge.

    Each side begins with its own id. An objection made while they were one stands on both sides;
    one that the other side withdrew stands again. Answers what to enter after the commit.
    """
    rows = models.Consent.objects.filter(
        person_id__in=[*first, *second], effect=Effect.REFUSE
    ).exclude(valid_until__lte=clock.now())
    made = []
    for row in rows.order_by("valid_from", "pk"):
        own, other = (first, second) if row.person_id in first else (second, first)
        states = {s.status: s for s in models.ConsentState.objects.filter(consent=row)}
        given, ended = states[ConsentStatus.GIVEN], states.get(ConsentStatus.WITHDRAWN)
        if ended is None and given.at >= since:
            made.append(_stand_again(row, next(iter(other)), by))
        elif ended is not None and ended.at >= since and not _spoke(ended.by, own):
            made.append(_stand_again(row, row.person_id, by))
    return made


def _spoke(reference: str, own: Collection[str]) -> bool:
    return reference in {f"citizen:{person_id}" for person_id in own}


def _stand_again(
    row: models.Consent, person_id: str, by: Actor
) -> tuple[models.ConsentState, entries.Fields]:
    kept = [
        "given_by",
        "guardian",
        "effect",
        "grantee",
        "grantee_code",
        "purposes",
        "kinds",
        "level",
    ]
    kept += ["valid_from", "valid_until", "evidence"]
    copy = models.Consent.objects.create(
        id=ids.new_id(),
        person_id=person_id,
        copy_of=row,
        **{name: getattr(row, name) for name in kept},
    )
    state = models.ConsentState.objects.create(
        consent=copy, status=ConsentStatus.GIVEN, at=clock.now(), by=by.reference, why="unmerge"
    )
    fields = _fields(by, state, person_id, _scope(copy), copy.valid_until)
    entries.publish_pending(state, fields)
    return state, fields


def consent(consent_id: str) -> ConsentView:
    """One consent. Raises NotFound."""
    row = models.Consent.objects.filter(pk=checked(consent_id, "consent")).first()
    if row is None:
        raise NotFound("no such consent")
    return _views([row])[0]


def consents_of(person_id: str, *, current_only: bool = False) -> tuple[ConsentView, ...]:
    """All consents of a person, newest first; those given for merged entries included."""
    ids_of_person = people.same_person_ids(person_id)
    rows = models.Consent.objects.filter(person_id__in=ids_of_person).order_by("-valid_from", "pk")
    now = clock.now()
    return tuple(
        view
        for view in _views(list(rows))
        if not current_only
        or (view.status is ConsentStatus.GIVEN and (not view.valid_until or view.valid_until > now))
    )


def _may_speak(by: Actor, root: str) -> bool:
    """Whether `by` speaks as guardian; staff record what was signed on paper. Raises Refused."""
    if by.staff_code:
        require(by, Office.PAPER)
        return False
    speaker = people.resolve_person(by.person_id)
    if speaker == root:
        return False
    wards = people.same_person_ids(root)
    if relations.is_guardian(guardian=speaker, ward_ids=wards, at=clock.now()):
        return True
    raise Refused("only the person or a guardian may consent")


def _repeated(earlier: models.Consent, root: str, scope: Scope) -> ConsentView:
    if people.resolve_person(earlier.person_id) != root or _scope(earlier) != scope:
        raise Conflict("the key was used for another consent", where="key")
    return consent(earlier.pk)


def _check(row: models.Consent, scope: Scope) -> None:
    if row.valid_until is not None and row.valid_until <= row.valid_from:
        raise Malformed("a consent ends after it begins", where="valid_until")
    code = scope.grantee_code
    found = True
    if scope.grantee is Grantee.INSTITUTION:
        found = models.Institution.objects.filter(code=code).exists()
    elif scope.grantee is Grantee.STAFF:
        found = models.Staff.objects.filter(code=code).exists()
    elif scope.grantee is Grantee.DEPARTMENT:
        place, _, department = code.partition("/")
        found = models.Department.objects.filter(institution_id=place, code=department).exists()
    if not found:
        raise NotFound("the grantee is not in the directory", where="grantee")


def _scope(row: models.Consent) -> Scope:
    return Scope(
        grantee=Grantee(row.grantee),
        grantee_code=row.grantee_code,
        purposes=frozenset(Purpose(item) for item in row.purposes),
        kinds=frozenset(row.kinds),
        level=row.level,
        effect=Effect(row.effect),
    )


def _fields(
    by: Actor, state: models.ConsentState, person_id: str, scope: Scope, until: datetime | None
) -> entries.Fields:
    """The ledger entry: pseudonyms, the consent's id, and the digest of its scope."""
    verb = "withdraw" if state.status == ConsentStatus.WITHDRAWN else "give"
    fields = entries.fields_of(
        by,
        patient=entries.person_pseudonym(person_id),
        subject=str(state.consent_id),
        action=verb if scope.effect is Effect.PERMIT else f"{verb}-objection",
        scope=scope.digest(),
    )
    if until is not None:
        fields["until"] = clock.rfc3339(until)
    return fields


def _views(rows: Sequence[models.Consent]) -> tuple[ConsentView, ...]:
    states: dict[str, list[models.ConsentState]] = {}
    for state in models.ConsentState.objects.filter(consent__in=rows).order_by("at", "pk"):
        states.setdefault(state.consent_id, []).append(state)
    return tuple(_view(row, states.get(row.pk, [])) for row in rows)


def _view(row: models.Consent, states: Sequence[models.ConsentState]) -> ConsentView:
    ended = next((state for state in states if state.status == ConsentStatus.WITHDRAWN), None)
    given = next((state for state in states if state.status == ConsentStatus.GIVEN), None)
    return ConsentView(
        consent_id=row.pk,
        person_id=row.person_id,
        scope=_scope(row),
        given_by=row.given_by,
        guardian=row.guardian,
        given_at=given.at if given else row.valid_from,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        withdrawn_at=ended.at if ended else None,
        evidence=row.evidence,
        status=ConsentStatus.WITHDRAWN if ended else ConsentStatus.GIVEN,
        pending=any(state.receipt is None for state in states),
        grantee_name=_grantee_name(row),
        receipts=tuple(state.receipt for state in states if state.receipt is not None),
    )


def _grantee_name(row: models.Consent) -> str:
    code = row.grantee_code
    if row.grantee == Grantee.INSTITUTION:
        place = models.Institution.objects.filter(code=code).first()
        return place.name if place else ""
    if row.grantee == Grantee.STAFF:
        member = models.Staff.objects.filter(code=code).first()
        return member.name if member else ""
    if row.grantee == Grantee.DEPARTMENT:
        hospital, _, department = code.partition("/")
        found = models.Department.objects.filter(institution_id=hospital, code=department)
        return " ".join(found.values_list("institution__name", "name").first() or ())
    return ""
