"""From a document back to the record it says (读回): what the catalogue describes, and no more.

`cda.parse` keeps everything of a document; this keeps what `generate` can write again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from openrhip.formats.cda import catalogue, tree, values
from openrhip.formats.cda.catalogue import Slot
from openrhip.formats.cda.catalogue.matching import Lookup, section_key, sections
from openrhip.formats.cda.generate.head import NUMBERS
from openrhip.formats.cda.generate.read_head import header_of
from openrhip.formats.cda.generate.record import (
    Code,
    Content,
    Item,
    Person,
    Quantity,
    Record,
    Scalar,
)
from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.parse import kind_of, root_of
from openrhip.formats.cda.tree import NS, Element, attribute, child, children
from openrhip.kernel.clock import CITY_ZONE

__all__ = ["NUMBERS", "record_of"]
_FORMS = {NS + form: form for form in ("observation", "organizer", "procedure", "act",
                                       "substanceAdministration")}  # fmt: skip
_BELOW = frozenset({NS + "entryRelationship", NS + "component"})


def record_of(document: bytes) -> tuple[Kind, Record]:
    """Kind and record of a shared document. Raises as `parse` does for what is none."""
    root = root_of(document)
    kind = kind_of(root)
    matches = sections(kind)
    found: dict[str, list[Scalar | Item]] = {}
    narrative: dict[str, tuple[str, ...]] = {}
    for section in tree.top_sections(root):
        match = matches.get(section_key(section))
        if match is None:
            continue
        paragraphs = [tree.text(one) for one in section.iterfind(f"{NS}text/{NS}paragraph")]
        texts = match.lookup.facets.get("text", [])
        for slot in texts[:1]:
            if paragraphs:
                found.setdefault(slot.key, []).append(paragraphs.pop(0))
        if paragraphs:
            narrative[match.specs[0].key] = tuple(paragraphs)
        for statement in _statements(section, {NS + "entry"}):
            _take(match.lookup, statement, found)
    ordered = {key: _joined(found[key]) for key in catalogue.of(kind).entries if key in found}
    return kind, Record(header_of(root), ordered, narrative)


def _statements(parent: Element, steps: frozenset[str] | set[str]) -> Iterator[Element]:
    for step in parent:
        if step.tag in steps:
            yield from (one for one in step if one.tag in _FORMS)


def _joined(found: list[Scalar | Item]) -> Content:
    return found[0] if len(found) == 1 else tuple(found)


def _take(lookup: Lookup, statement: Element, found: dict[str, list[Scalar | Item]]) -> None:
    slot = lookup.find(statement, _FORMS[str(statement.tag)])
    if slot is None:
        return
    parts: dict[str, list[Scalar | Item]] = {}
    below = lookup.below(slot)
    for places in below.facets.values():
        _facets(statement, places, parts)
    for inner in _statements(statement, _BELOW):
        _take(below, inner, parts)
    value = _value(slot, child(statement, "value")) if slot.kind else None
    if value is None and not parts:
        return
    ordered = {part.key: _joined(parts[part.key]) for part in slot.parts if part.key in parts}
    made = value if value is not None and not ordered else Item(value, ordered)
    found.setdefault(slot.key, []).append(made)


def _value(slot: Slot, element: Element | None) -> Scalar | None:
    if element is None:
        return None
    reader = _READERS.get(slot.kind.partition("+")[0], _text)
    return reader(element)


def _text(element: Element) -> Scalar | None:
    return tree.text(element) or None


def _flag(element: Element) -> Scalar | None:
    return {"true": True, "false": False}.get(attribute(element, "value"))


def _whole(element: Element) -> Scalar | None:
    raw = attribute(element, "value")
    return int(raw) if raw.lstrip("-").isdigit() and len(raw) < 19 else None


def _moment(element: Element) -> date | None:
    at = values.moment_of(element)
    if at is None or at.at is None:
        return None
    return at.at.astimezone(CITY_ZONE) if at.timed else at.at.date()


def _coded(element: Element) -> Scalar | None:
    coded = values.coded_of(element)
    if coded.code:
        return Code(coded.code, coded.display, coded.system)
    return coded.original or None


def _number(element: Element) -> Scalar | None:
    try:
        number = Decimal(attribute(element, "value"))
    except InvalidOperation:
        return None
    return Quantity(number, attribute(element, "unit") or attribute(element, "currency"))


_READERS: dict[str, Callable[[Element], Scalar | None]] = {
    "BL": _flag, "INT": _whole, "TS": _moment, "CD": _coded, "PQ": _number, "MO": _number,
    "REAL": _number,
}  # fmt: skip


def _facets(statement: Element, slots: list[Slot], parts: dict[str, list[Scalar | Item]]) -> None:
    """What stands in elements of its own inside a statement: times, people, drugs, codes."""
    place = slots[0].place
    if place in {"performer", "author", "participant"}:
        for element in children(statement, place):
            _person(element, slots, parts)
        return
    for slot in slots:
        value = _PLACES[place](statement) if place in _PLACES else None
        if value is not None:
            parts.setdefault(slot.key, []).append(value)


def _person(element: Element, slots: list[Slot], parts: dict[str, list[Scalar | Item]]) -> None:
    inner = next((one for one in element if str(one.tag).endswith(("Entity", "Author", "Role"))),
                 None)  # fmt: skip
    person = next((one for one in inner if str(one.tag).endswith(("Person", "Entity"))), None) \
        if inner is not None else None  # fmt: skip
    name = tree.text(child(person, "name"))
    if not name:
        return
    role = attribute(child(inner, "code"), "displayName")
    slot = next((one for one in slots if role in {one.role, one.name}), slots[0])
    at = _moment_of(child(element, "time"))
    made = Person(name, attribute(child(inner, "id"), "extension"), at,
                  tree.text(child(inner, "representedOrganization", "name")))  # fmt: skip
    parts.setdefault(slot.key, []).append(made)


def _moment_of(element: Element | None) -> datetime | None:
    at = values.moment_of(element)
    return at.at.astimezone(CITY_ZONE) if at and at.at else None


def _at(*path: str) -> Callable[[Element], Scalar | None]:
    def read(statement: Element) -> Scalar | None:
        element = child(statement, *path)
        return _moment(element) if element is not None else None

    return read


def _at_code(*path: str) -> Callable[[Element], Scalar | None]:
    def read(statement: Element) -> Scalar | None:
        element = child(statement, *path)
        return _coded(element) if element is not None else None

    return read


def _at_number(*path: str) -> Callable[[Element], Scalar | None]:
    def read(statement: Element) -> Scalar | None:
        element = child(statement, *path)
        return _number(element) if element is not None else None

    return read


def _at_text(*path: str) -> Callable[[Element], Scalar | None]:
    return lambda statement: tree.text(child(statement, *path)) or None


def _at_id(*path: str) -> Callable[[Element], Scalar | None]:
    return lambda statement: attribute(child(statement, *path), "extension") or None


_PRODUCT = ("consumable", "manufacturedProduct")
_PLACES: dict[str, Callable[[Element], Scalar | None]] = {
    "time": _at("effectiveTime"),
    "low": _at("effectiveTime", "low"),
    "high": _at("effectiveTime", "high"),
    "code": _at_code("code"),
    "route": _at_code("routeCode"),
    "site": _at_code("targetSiteCode"),
    "form": _at_code("administrationUnitCode"),
    "dose": _at_number("doseQuantity"),
    "rate": _at_number("rateQuantity"),
    "drug.code": _at_code(*_PRODUCT, "manufacturedLabeledDrug", "code"),
    "drug.name": _at_text(*_PRODUCT, "manufacturedLabeledDrug", "name"),
    "material.code": _at_code(*_PRODUCT, "manufacturedMaterial", "code"),
    "material.name": _at_text(*_PRODUCT, "manufacturedMaterial", "name"),
    "maker": _at_text(*_PRODUCT, "manufacturerOrganization", "name"),
    "product.id": _at_id(*_PRODUCT, "id"),
    "id": _at_id("id"),
    "allergen": _at_text("participant", "participantRole", "playingEntity", "desc"),
}
