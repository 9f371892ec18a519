"""The patient index (患者主索引): register a claim, find people, show a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import IntegrityError

from openrhip.directory import models
from openrhip.directory.rules import matching, names, numbers
from openrhip.directory.rules.facts import NumberView, Person, PersonRef
from openrhip.directory.rules.matching import Certainty, Claim, Comparison
from openrhip.directory.service import claims, first_use, ids, sealing
from openrhip.directory.service.claims import Given, LookAgain
from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Conflict, Malformed, NotFound, Problem

_TRIES = 4
_SHARED = (claims.NUMBER, claims.CARD, claims.LOCAL, claims.TRIPLE)
"""Numbers that tell whose entry a claim belongs to, the most telling first."""


def identify(
    *,
    name: str,
    sex: str,
    birth_date: date,
    id_number: str | None = None,
    health_card: str | None = None,
    phone: str | None = None,
    source: str,
    id_type: str = numbers.IdType.RESIDENT,
    local_id: str | None = None,
) -> PersonRef:
    """Who is this? Registers what the source says; makes a person if nobody fits.

    source: code of the institution or system that says so; local_id: its own patient number.
    Raises Malformed for numbers that break their standard or contradict birth date or sex.
    Two simultaneous calls for one new person make one: the loser of the race looks again.
    """
    given = claims.read(
        name=name,
        sex=sex,
        birth_date=birth_date,
        id_number=id_number,
        id_type=id_type,
        health_card=health_card,
        phone=phone,
        source=source,
        local_id=local_id,
    )
    for _ in range(_TRIES):
        try:
            with writing():
                return _identify_once(given)
        except (IntegrityError, LookAgain):
            continue
    raise Conflict("the person is being registered by too many at once", remedy="try again")


def person(person_id: str) -> Person:
    """A person, merged entries under the survivor, numbers masked. Raises NotFound."""
    return views([resolve_person(person_id)])[0]


def resolve_person(person_id: str) -> str:
    """The survivor's id of any id ever given out. Raises NotFound."""
    rows = models.Person.objects.filter(pk=ids.checked(person_id, "person"))
    root = rows.values_list("root", flat=True).first()
    if root is None:
        raise NotFound("no such person")
    return root


def same_person_ids(person_id: str) -> tuple[str, ...]:
    """All ids that mean this person, the survivor first: under them the records are filed."""
    root = resolve_person(person_id)
    others = models.Person.objects.filter(root=root).exclude(pk=root).order_by("pk")
    return (root, *others.values_list("pk", flat=True))


def find_people(
    *,
    name: str | None = None,
    birth_date: date | None = None,
    id_number: str | None = None,
    id_type: str = numbers.IdType.RESIDENT,
    health_card: str | None = None,
    phone: str | None = None,
    limit: int = 20,
) -> tuple[Person, ...]:
    """People on whom everything given agrees. A name alone is not enough: Malformed."""
    if not (id_number or health_card or (name and (birth_date or phone))):
        raise Malformed(
            "a search needs a number, or a name with birth date or telephone", where="search"
        )
    wanted = [
        (claims.NUMBER, numbers.certificate(id_number, id_type=id_type).lookup_text)
        if id_number
        else None,
        (claims.CARD, numbers.health_card(health_card)) if health_card else None,
        (claims.PHONE, numbers.phone(phone)) if phone else None,
    ]
    sets = [_holders(*pair) for pair in wanted if pair is not None]
    if name:
        rows = models.Registration.objects.filter(name_key=names.person_key(names.clean_name(name)))
        if birth_date:
            rows = rows.filter(birth_date=birth_date)
        sets.append(set(rows.values_list("person__root", flat=True)))
    elif birth_date:
        rows = models.Registration.objects.filter(birth_date=birth_date)
        sets.append(
            set(rows.filter(person__root__in=sets[0]).values_list("person__root", flat=True))
        )
    return views(sorted(set.intersection(*sets))[: max(1, min(limit, 100))])


def citizen_login_lookup(
    name: str, id_number: str, *, id_type: str = numbers.IdType.RESIDENT
) -> str | None:
    """The entry of this name and number, else None. It means the person also while merged, and
    nobody else after a split: sign-in keeps it.

    Always normalises, hashes, queries and compares alike, whatever is given.
    """
    try:
        text = numbers.certificate(id_number, id_type=id_type).lookup_text
    except Problem:
        text = f"{id_type}:{'0' * 18}"
    try:
        called = names.clean_name(name)
    except Problem:
        called = "\x01"  # nobody's name
    key = names.person_key(called)
    rows = models.Identifier.objects.filter(
        kind=claims.NUMBER, lookup__in=sealing.indexes(claims.NUMBER, text)
    )
    holders = list(rows.order_by("contested", "at").values_list("person_id", "person__root"))
    roots = [root for _, root in holders] or [""]
    namesakes = models.Registration.objects.filter(person__root__in=roots, name_key=key)
    pairs = set(namesakes.values_list("person_id", "person__root"))
    itself = next((entry for entry, root in holders if (entry, root) in pairs), None)
    known = {root for _, root in pairs}
    return itself or next((entry for entry, root in holders if root in known), None)


def views(roots: Sequence[str]) -> tuple[Person, ...]:
    """People in the order asked, in four queries however many they are."""
    people = {row.pk: row for row in models.Person.objects.filter(pk__in=roots)}
    said: dict[str, list[models.Registration]] = {}
    for item in models.Registration.objects.filter(person__root__in=roots).select_related("person"):
        said.setdefault(item.person.root, []).append(item)
    held: dict[str, list[models.Identifier]] = {}
    for number in (
        models.Identifier.objects.filter(person__root__in=roots)
        .exclude(kind=claims.TRIPLE)
        .select_related("person")
        .order_by("at", "pk")
    ):
        held.setdefault(number.person.root, []).append(number)
    merged: dict[str, list[str]] = {}
    for pk, root in models.Person.objects.filter(root__in=roots).values_list("pk", "root"):
        if pk != root:
            merged.setdefault(root, []).append(pk)
    return tuple(
        _view(people[root], said.get(root, []), held.get(root, []), merged.get(root, []))
        for root in roots
        if root in people
    )


def _view(
    row: models.Person,
    said: Sequence[models.Registration],
    held: Sequence[models.Identifier],
    merged: Sequence[str],
) -> Person:
    shown = tuple(
        NumberView(n.kind, n.subtype, numbers.mask_number(claims.clear(n)), n.source, n.contested)
        for n in held
    )
    first = {kind: next((n.masked for n in shown if n.kind == kind), "") for kind in claims.SHOWN}
    ordered = sorted(said, key=lambda item: (item.at, item.pk))
    return Person(
        person_id=row.pk,
        name=row.name,
        sex=row.sex,
        birth_date=row.birth_date,
        id_number=first[claims.NUMBER],
        phone=next((n.masked for n in reversed(shown) if n.kind == claims.PHONE), ""),
        names=tuple(dict.fromkeys(item.name for item in ordered)),
        numbers=shown,
        sources=tuple(dict.fromkeys(item.source for item in ordered)),
        merged_ids=tuple(sorted(merged)),
        made_at=row.made_at,
    )


def _holders(kind: str, text: str) -> set[str]:
    rows = models.Identifier.objects.filter(kind=kind, lookup__in=sealing.indexes(kind, text))
    return set(rows.values_list("person__root", flat=True))


def _identify_once(given: Given) -> PersonRef:
    people = claims.candidates(given)
    pairs = matching.judge(given.claim, people)
    chosen, doubts = matching.choose(pairs)
    if chosen is None:
        keeper = _new_person(given)
        certainty = Certainty.DOUBTFUL if doubts else Certainty.NEW
        root = keeper
    else:
        keeper, root, certainty = _keeper(given, chosen), chosen, Certainty.CERTAIN
    seen = {known.person_id for known in people}
    claims.register(given, person_id=keeper, root=root, seen=seen)
    first_use.trust_first_use(given, keeper)
    opened = tuple(
        review for pair in doubts if (review := _review(root, pair, given.source)) is not None
    )
    return PersonRef(root, keeper, certainty, opened)


def _new_person(given: Given) -> str:
    row = models.Person(
        name=given.name,
        sex=given.claim.sex,
        birth_date=given.claim.birth_date,
        made_at=clock.now(),
    )
    row.root = row.pk
    row.save(force_insert=True)
    return row.pk


def _keeper(given: Given, root: str) -> str:
    """The entry of a merged person that holds the agreeing number: unmerge then parts rightly."""
    values = [value for kind in _SHARED for value in given.lookups.get(kind, ())]
    rows = models.Identifier.objects.filter(
        kind__in=_SHARED, lookup__in=values, person__root=root
    ).values_list("kind", "contested", "at", "person_id")
    ranked = sorted((_SHARED.index(kind), *rest) for kind, *rest in rows)
    return str(ranked[0][3]) if ranked else _namesake(given, root)


def _namesake(given: Given, root: str) -> str:
    """The entry of a merged person that has this name and birth date; the survivor's own first."""
    rows = models.Registration.objects.filter(
        name_key=given.claim.name_key, birth_date=given.claim.birth_date, person__root=root
    )
    entries = set(rows.values_list("person_id", flat=True))
    return root if root in entries or not entries else min(entries)


def _review(fresh: str, pair: Comparison, source: str) -> str | None:
    """Open a review unless the pair has one already, in either order."""
    known = pair.person_id
    if models.Review.objects.filter(
        fresh_id__in=(fresh, known), known_id__in=(fresh, known)
    ).exists():
        return None
    row = models.Review.objects.create(
        fresh_id=fresh,
        known_id=known,
        points=pair.points,
        agree=[mark.value for mark in pair.agree],
        differ=[mark.value for mark in pair.differ],
        source=source,
        at=clock.now(),
    )
    return row.pk


__all__ = [
    "Claim",
    "citizen_login_lookup",
    "find_people",
    "identify",
    "person",
    "resolve_person",
    "same_person_ids",
    "views",
]
