"""Merge and unmerge (合并、拆分) and the review list (疑似重复). Nothing is moved, nothing is lost:
a merge is an appended state and a pointer; numbers and registrations stay where they were said.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import F, OuterRef, Q, Subquery

from openrhip.directory import models
from openrhip.directory.rules.access import Actor, Office, require
from openrhip.directory.rules.facts import MergeStep, Review
from openrhip.directory.rules.names import sentence
from openrhip.directory.service import consents, entries, ids, own, people
from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Conflict, NotFound
from openrhip.kernel.ids import new_id

MERGED, DISTINCT, SPLIT = "merged", "distinct", "split"
"""Verdicts. A pair that was split after a merge is open again."""


def reviews(*, open_only: bool = True, limit: int = 100) -> tuple[Review, ...]:
    """Doubtful pairs, oldest first. Open: neither merged now nor found distinct."""
    last = models.ReviewState.objects.filter(review=OuterRef("pk")).order_by("-pk")
    rows = models.Review.objects.select_related("fresh", "known").annotate(
        last=Subquery(last.values("verdict")[:1])
    )
    if open_only:
        rows = rows.exclude(fresh__root=F("known__root"))
        rows = rows.filter(Q(last=None) | ~Q(last=DISTINCT))
    shown = list(rows.order_by("at", "pk")[:limit])
    roots = sorted({pk for row in shown for pk in (row.fresh.root, row.known.root)})
    known = {item.person_id: item for item in people.views(roots)}
    return tuple(
        Review(
            review_id=row.pk,
            fresh=known[row.fresh.root],
            known=known[row.known.root],
            points=row.points,
            agree=tuple(row.agree),
            differ=tuple(row.differ),
            source=row.source,
            at=row.at,
            verdict=_verdict(row, row.last),
        )
        for row in shown
    )


def settle_review(*, review_id: str, same: bool, by: Actor, why: str) -> None:
    """Decide a doubtful pair: one person (merges them) or two. Raises NotFound, Refused."""
    require(by, Office.INDEX)
    rows = models.Review.objects.select_related("fresh", "known")
    row = rows.filter(pk=ids.checked(review_id, "review")).first()
    if row is None:
        raise NotFound("no such review")
    own.refuse(by, row.fresh.root, row.known.root)
    if same and row.fresh.root != row.known.root:
        merge(survivor=row.known.root, merged=row.fresh.root, by=by, why=why)
    with writing():
        _settle(row, MERGED if same else DISTINCT, by, sentence(why, where="why"))


def merge(*, survivor: str, merged: str, by: Actor, why: str) -> MergeStep:
    """`merged` becomes an entry of `survivor`. Raises Refused, NotFound, Conflict,
    Unavailable.

    Both must stand alone or be survivors themselves. The ledger entry is made first.
    """
    require(by, Office.INDEX)
    reason = sentence(why, where="why")
    _check_mergeable(survivor, merged)
    own.refuse(by, survivor, merged)
    change = new_id()
    receipt = _enter(change, "merge", merged, survivor, by)
    with writing():
        _lock((survivor, merged))
        _check_mergeable(survivor, merged)
        models.Person.objects.filter(pk=merged).update(survivor_id=survivor)
        models.Person.objects.filter(root=merged).update(root=survivor)
        state = models.MergeState.objects.create(
            id=change,
            verb="merge",
            person_id=merged,
            survivor_id=survivor,
            at=clock.now(),
            by=by.reference,
            strength=by.strength,
            why=reason,
            receipt=receipt,
        )
        both = {survivor, merged}
        for row in models.Review.objects.filter(fresh_id__in=both, known_id__in=both):
            _settle(row, MERGED, by, reason)
    return _step(state)


def unmerge(*, person_id: str, by: Actor, why: str) -> MergeStep:
    """Take an entry out of its survivor, with all merged into it. Raises NotFound, Conflict."""
    require(by, Office.INDEX)
    reason = sentence(why, where="why")
    survivor = _survivor(person_id)
    own.refuse(by, people.resolve_person(person_id))
    change = new_id()
    receipt = _enter(change, "unmerge", person_id, survivor, by)
    with writing():
        _lock((survivor, person_id))
        if _survivor(person_id) != survivor:
            raise Conflict("the person was merged elsewhere meanwhile", remedy="look again")
        models.Person.objects.filter(pk=person_id).update(survivor=None)
        models.Person.objects.filter(pk__in=_below(person_id)).update(root=person_id)
        state = models.MergeState.objects.create(
            id=change,
            verb="unmerge",
            person_id=person_id,
            survivor_id=survivor,
            at=clock.now(),
            by=by.reference,
            strength=by.strength,
            why=reason,
            receipt=receipt,
        )
        both = {survivor, person_id}
        for row in models.Review.objects.filter(fresh_id__in=both, known_id__in=both):
            _settle(row, SPLIT, by, reason)
        waiting = _part_objections(person_id, survivor, by)
    for objection, fields in waiting:
        entries.try_now(objection, fields)
    return _step(state)


def _part_objections(
    person_id: str, survivor: str, by: Actor
) -> list[tuple[models.ConsentState, entries.Fields]]:
    steps = models.MergeState.objects.filter(
        verb="merge", person_id=person_id, survivor_id=survivor
    )
    return consents.part_objections(
        first=people.same_person_ids(person_id),
        second=people.same_person_ids(survivor),
        since=steps.order_by("-at", "-pk").values_list("at", flat=True)[0],
        by=by,
    )


def merge_history(person_id: str) -> tuple[MergeStep, ...]:
    """Every step in which any id of this person took part, oldest first."""
    own = people.same_person_ids(person_id)
    rows = models.MergeState.objects.filter(person_id__in=own) | models.MergeState.objects.filter(
        survivor_id__in=own
    )
    return tuple(_step(row) for row in rows.order_by("at", "pk"))


def _verdict(row: models.Review, last: str | None) -> str:
    if row.fresh.root == row.known.root:
        return MERGED
    return DISTINCT if last == DISTINCT else ""


def _settle(row: models.Review, verdict: str, by: Actor, why: str) -> None:
    models.ReviewState.objects.create(
        review=row,
        verdict=verdict,
        at=clock.now(),
        by=by.reference,
        strength=by.strength,
        why=why,
    )


def _check_mergeable(survivor: str, merged: str) -> None:
    if survivor == merged:
        raise Conflict("a person cannot be merged with themselves")
    both = [ids.checked(person_id, "person") for person_id in (survivor, merged)]
    found = dict(models.Person.objects.filter(pk__in=both).values_list("pk", "survivor_id"))
    if len(found) != 2:
        raise NotFound("no such person")
    if any(value is not None for value in found.values()):
        raise Conflict("one of the two is already merged", remedy="use the id of the survivor")


def _survivor(person_id: str) -> str:
    row = models.Person.objects.filter(pk=ids.checked(person_id, "person")).first()
    if row is None:
        raise NotFound("no such person")
    if row.survivor_id is None:
        raise Conflict("the person is not merged")
    return str(row.survivor_id)


def _lock(ids: Iterable[str]) -> None:
    """Once, late, in one order; on SQLite the write gate has done it."""
    list(models.Person.objects.select_for_update().filter(pk__in=sorted(ids)).order_by("pk"))


def _below(person_id: str) -> set[str]:
    """The entry and all that were merged into it, directly or not."""
    found, edge = {person_id}, {person_id}
    while edge:
        edge = (
            set(models.Person.objects.filter(survivor_id__in=edge).values_list("pk", flat=True))
            - found
        )
        found |= edge
    return found


def _enter(change: str, verb: str, person_id: str, survivor: str, by: Actor) -> dict[str, Any]:
    fields = entries.fields_of(
        by,
        action=verb,
        subject=entries.person_pseudonym(person_id),
        other=entries.person_pseudonym(survivor),
    )
    return entries.append("identity", fields, key=change)


def _step(row: models.MergeState) -> MergeStep:
    return MergeStep(
        step_id=row.pk,
        verb=row.verb,
        person_id=row.person_id,
        survivor_id=row.survivor_id,
        at=row.at,
        by=row.by,
        strength=row.strength,
        why=row.why,
        receipt=row.receipt,
    )
