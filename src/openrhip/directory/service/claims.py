"""A claim on its way into the tables: read, compare with candidates, register."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

from openrhip.directory import models
from openrhip.directory.rules import names, numbers
from openrhip.directory.rules.matching import Claim, Known
from openrhip.directory.service import sealing
from openrhip.kernel import clock, periods
from openrhip.kernel.errors import Malformed
from openrhip.kernel.ids import new_id

NUMBER, CARD, LOCAL, PHONE, TRIPLE = "id_number", "health_card", "local", "phone", "triple"
SHOWN = (NUMBER, CARD, LOCAL, PHONE)
_UNIQUE = (NUMBER, CARD, LOCAL, TRIPLE)
_MOST_CANDIDATES = 200
TABLE = "directory_identifier"


@dataclass(frozen=True, slots=True)
class Given:
    """A checked claim: name as written, clear texts by kind, look-up values under every key."""

    name: str
    source: str
    claim: Claim
    subtype: str
    texts: dict[str, str] = field(repr=False)
    lookups: dict[str, tuple[str, ...]] = field(repr=False)


def read(
    *,
    name: str,
    sex: str,
    birth_date: date,
    id_number: str | None,
    id_type: str,
    health_card: str | None,
    phone: str | None,
    source: str,
    local_id: str | None,
) -> Given:
    """Check everything that came from outside. Raises Malformed, TooLarge."""
    clean = names.clean_name(name)
    key = names.person_key(clean)
    if not key:
        raise Malformed("a name needs letters", where="name")
    stated = numbers.sex_of(sex)
    _check_birth(birth_date)
    origin = names.clean_name(source, where="source")
    texts: dict[str, str] = {}
    if id_number:
        found = numbers.certificate(id_number, id_type=id_type)
        numbers.agree(found, birth_date=birth_date, sex=stated)
        stated = found.sex or stated
        texts[NUMBER] = found.lookup_text
    if health_card:
        texts[CARD] = numbers.health_card(health_card)
    if local_id:
        texts[LOCAL] = f"{origin}\x1f{numbers.local_id(local_id)}"
    if phone:
        texts[PHONE] = numbers.phone(phone)
        texts[TRIPLE] = f"{key}\x1f{birth_date.isoformat()}\x1f{texts[PHONE]}"
    lookups = {kind: sealing.indexes(kind, text) for kind, text in texts.items()}
    claim = Claim(
        name_key=key,
        birth_date=birth_date,
        sex=stated,
        number=texts.get(NUMBER),
        card=texts.get(CARD),
        local=texts.get(LOCAL),
        phone=texts.get(PHONE),
    )
    subtype = texts[NUMBER].partition(":")[0] if NUMBER in texts else ""
    return Given(clean, origin, claim, subtype, texts, lookups)


def candidates(given: Given) -> tuple[Known, ...]:
    """Everybody who shares a number, or the name with the birth date; by survivor."""
    roots = {root for _, root, _ in _owners(given)[:_MOST_CANDIDATES]}
    namesakes = models.Registration.objects.filter(
        name_key=given.claim.name_key, birth_date=given.claim.birth_date
    )
    roots.update(
        namesakes.order_by("person__root")
        .values_list("person__root", flat=True)
        .distinct()[:_MOST_CANDIDATES]
    )
    return known(roots)


def known(roots: Iterable[str]) -> tuple[Known, ...]:
    """What the tables say of these people, every variant included."""
    wanted = sorted(set(roots))
    said = list(
        models.Registration.objects.filter(person__root__in=wanted).values_list(
            "person__root", "name_key", "birth_date", "sex"
        )
    )
    held: dict[str, dict[str, set[str]]] = {root: {} for root in wanted}
    rows = models.Identifier.objects.filter(person__root__in=wanted, kind__in=SHOWN)
    for row in rows.select_related("person"):
        held[row.person.root].setdefault(row.kind, set()).add(whole(row))
    return tuple(
        Known(
            person_id=root,
            name_keys=frozenset(key for r, key, _, _ in said if r == root),
            birth_dates=frozenset(born for r, _, born, _ in said if r == root),
            sexes=frozenset(numbers.Sex(sex) for r, _, _, sex in said if r == root),
            numbers=frozenset(held[root].get(NUMBER, ())),
            cards=frozenset(held[root].get(CARD, ())),
            locals=frozenset(held[root].get(LOCAL, ())),
            phones=frozenset(held[root].get(PHONE, ())),
        )
        for root in wanted
    )


class LookAgain(Exception):
    """Somebody registered one of these numbers since the candidates were read."""


def register(given: Given, *, person_id: str, root: str, seen: Collection[str]) -> None:
    """Append what the source said and the numbers it brought; nothing known is changed.

    seen: the people compared with. A number of one of them stays contested; a number of somebody
    who was not there to compare with raises LookAgain: registering it as contested would make two
    of one person.
    """
    now = clock.now()
    models.Registration.objects.get_or_create(
        person_id=person_id,
        source=given.source,
        name=given.name,
        sex=given.claim.sex,
        birth_date=given.claim.birth_date,
        defaults={"name_key": given.claim.name_key, "at": now},
    )
    owners = _owners(given)
    for kind, text in given.texts.items():
        if kind not in _UNIQUE:
            continue
        mine = [(owner, contested) for other, owner, contested in owners if other == kind]
        if any(owner == root for owner, _ in mine):
            continue
        if any(owner not in seen for owner, _ in mine):
            raise LookAgain
        taken = any(not contested for _, contested in mine)
        _add(given, kind, text, person_id=person_id, contested=taken)
    if PHONE in given.texts and not _has_phone(given, root):
        _add(given, PHONE, given.texts[PHONE], person_id=person_id, contested=False)


def _owners(given: Given) -> list[tuple[str, str, bool]]:
    """(kind, survivor, contested) of everybody who holds a number of the claim that tells people.

    One query: look-up values of different kinds never meet, the kind is part of what is hashed.
    """
    values = [value for kind in _UNIQUE for value in given.lookups.get(kind, ())]
    rows = models.Identifier.objects.filter(kind__in=_UNIQUE, lookup__in=values)
    return list(rows.order_by("pk").values_list("kind", "person__root", "contested"))


def _has_phone(given: Given, root: str) -> bool:
    rows = models.Identifier.objects.filter(kind=PHONE, lookup__in=given.lookups[PHONE])
    return rows.filter(person__root=root).exists()


def clear(row: models.Identifier) -> str:
    """The number in the clear, for masking and for the message port. Never leaves the room."""
    text = whole(row)
    if row.kind == NUMBER:
        return text.partition(":")[2]
    if row.kind == LOCAL:
        return text.partition("\x1f")[2]
    return text


def whole(row: models.Identifier) -> str:
    """The text under the seal, as it was indexed."""
    return sealing.unseal(row.sealed, table=TABLE, column="sealed", row=row.pk)


def _add(given: Given, kind: str, text: str, *, person_id: str, contested: bool) -> None:
    pk = new_id()
    models.Identifier.objects.create(
        id=pk,
        person_id=person_id,
        kind=kind,
        subtype=given.subtype if kind == NUMBER else "",
        lookup=given.lookups[kind][0],
        sealed=sealing.seal(text, table=TABLE, column="sealed", row=pk),
        contested=contested,
        source=given.source,
        at=clock.now(),
    )


def _check_birth(birth_date: date) -> None:
    if not isinstance(birth_date, date):
        raise Malformed("a birth date is a date", where="birth_date")
    if birth_date.year < 1850 or birth_date > periods.city_day(clock.now()):
        raise Malformed("the birth date is not plausible", where="birth_date")
