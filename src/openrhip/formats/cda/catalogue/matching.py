"""Which slot of the catalogue a statement fills (对照): by data element, then by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from openrhip.formats.cda.catalogue.load import of
from openrhip.formats.cda.catalogue.spec import SectionSpec, Slot
from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.tree import NS, Element

_CODE = NS + "code"
_COMPONENTS = frozenset({NS + "component", NS + "entryRelationship"})
_QUALIFIER = f"{NS}qualifier/{NS}name"


class Lookup:
    """Slots beside each other, found by data element or, for groups, by place and name."""

    __slots__ = ("_below", "elements", "facets", "groups", "required", "slots")

    def __init__(self, slots: Iterable[Slot]) -> None:
        self.slots = tuple(slots)
        self.elements: dict[str, list[Slot]] = {}
        self.groups: dict[str, list[Slot]] = {}
        self.facets: dict[str, list[Slot]] = {}
        for slot in self.slots:
            if not slot.is_statement:
                self.facets.setdefault(slot.place, []).append(slot)
            elif slot.element:
                self.elements.setdefault(slot.element, []).append(slot)
            else:
                self.groups.setdefault(slot.place, []).append(slot)
        self.required = tuple(slot for slot in self.slots if slot.required)
        self._below: dict[str, Lookup] = {}

    def below(self, slot: Slot) -> Lookup:
        """The lookup of a slot's parts."""
        found = self._below.get(slot.key)
        if found is None:
            found = self._below[slot.key] = Lookup(slot.parts)
        return found

    def find(self, statement: Element, form: str) -> Slot | None:
        """The slot that a statement fills, or None for what the catalogue does not describe."""
        code = statement.find(_CODE)
        element = "" if code is None else code.get("code", "")
        found = self.elements.get(element)
        if found is None:
            found = self.groups.get(form)
            if found is None:
                return None
            if len(found) > 1:
                return _nearest(found, statement, code)
        elif len(found) > 1:
            return _named(found, code)
        return found[0]


def _named(slots: list[Slot], code: Element | None) -> Slot:
    """By printed name, then by qualifier, else the first."""
    if code is not None:
        name = code.get("displayName", "")
        for slot in slots:
            if slot.name == name:
                return slot
        qualifier = code.find(_QUALIFIER)
        if qualifier is not None:
            role = qualifier.get("displayName", "")
            for slot in slots:
                if slot.role == role:
                    return slot
        for slot in slots:
            if name and (name in slot.name or slot.name in name):
                return slot
    return slots[0]


def _nearest(slots: list[Slot], statement: Element, code: Element | None) -> Slot:
    """By name; else the group that has most of the data elements found inside, by name too."""
    name = "" if code is None else code.get("displayName", "")
    for slot in slots:
        if slot.name == name:
            return slot
    inside = set()
    for below in statement:
        if below.tag in _COMPONENTS:
            inner = below.find(f"*/{_CODE}")
            if inner is not None:
                inside.add(inner.get("code", ""))
                inside.add(inner.get("displayName", ""))
    return max(
        slots,
        key=lambda slot: sum(
            (part.element in inside) + (part.name in inside) for part in slot.parts
        ),
    )


@dataclass(frozen=True, slots=True)
class SectionMatch:
    """The sections of the catalogue that share a code or a name, and all their slots."""

    specs: tuple[SectionSpec, ...]
    lookup: Lookup


@cache
def sections(kind: Kind) -> Mapping[str, SectionMatch]:
    """Code, and name for the standard's own sections → what belongs there."""
    grouped: dict[str, list[SectionSpec]] = {}
    for section in of(kind).sections:
        grouped.setdefault(section.code or section.name, []).append(section)
    return {
        key: SectionMatch(tuple(specs), Lookup(slot for one in specs for slot in one.slots))
        for key, specs in grouped.items()
    }


def section_key(element: Element) -> str:
    """What names a section: its code, else display name or title without 章节."""
    code = element.find(_CODE)
    if code is not None:
        if found := code.get("code", ""):
            return found
        if name := code.get("displayName", "").strip():
            return name.removesuffix("章节")
    title = element.find(NS + "title")
    return (title.text or "").strip().removesuffix("章节") if title is not None else ""
