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

    __slots__ = ("_below", "_deep", "elements", "facets", "groups", "required", "slots", "sole")

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
        self.sole = {key: found[0] for key, found in self.elements.items() if len(found) == 1}
        self.required = tuple(slot for slot in self.slots if slot.required)
        self._below: dict[str, Lookup] = {}
        self._deep: dict[str, tuple[str, Slot]] | None = None

    def below(self, slot: Slot) -> Lookup:
        """The lookup of a slot's parts."""
        found = self._below.get(slot.key)
        if found is None:
            found = self._below[slot.key] = Lookup(slot.parts)
        return found

    def find(self, statement: Element, form: str) -> Slot | None:
        """The slot that a statement fills, or None for what the catalogue does not describe."""
        code = statement.find(_CODE)
        return self.match(statement, form, code, "" if code is None else code.get("code", ""))

    def match(
        self, statement: Element, form: str, code: Element | None, element: str
    ) -> Slot | None:
        """As `find`, where the statement's code is known already."""
        found = self.elements.get(element)
        if found is not None:
            return found[0] if len(found) == 1 else _named(found, code)
        found = self.groups.get(form)
        if found is None or (element and form == "observation"):
            return None
        return found[0] if len(found) == 1 else _nearest(found, statement, code)

    def anywhere(self, element: str) -> tuple[str, Slot] | None:
        """The slot of a data element at any depth below, with the key of the slot it hangs on."""
        if self._deep is None:
            self._deep = {}
            for top in self.slots:
                for slot in top.walk():
                    if slot.element and slot.is_statement:
                        self._deep.setdefault(slot.element, (top.key, slot))
        return self._deep.get(element)


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
    """By name; else the group that the data elements found inside point to, by name too."""
    name = "" if code is None else code.get("displayName", "")
    if name:
        for slot in slots:
            if slot.name == name:
                return slot
    left = slots
    for below in statement:
        if below.tag not in _COMPONENTS:
            continue
        inner = next((one.find(_CODE) for one in below), None)
        if inner is None:
            continue
        element, shown = inner.get("code", ""), inner.get("displayName", "")
        fitting = [slot for slot in left if any(part.element == element for part in slot.parts)]
        if len(fitting) > 1:
            named = [slot for slot in fitting if any(part.name == shown for part in slot.parts)]
            fitting = named or fitting
        if len(fitting) == 1:
            return fitting[0]
        left = fitting or left
    return left[0]


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
    code = next(element.iterchildren(_CODE), None)
    if code is not None:
        if found := code.get("code", ""):
            return found
        if name := code.get("displayName", "").strip():
            return name.removesuffix("章节")
    title = element.find(NS + "title")
    return (title.text or "").strip().removesuffix("章节") if title is not None else ""
