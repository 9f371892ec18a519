"""What a kind of shared document consists of (共享文档目录), as frozen dataclasses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from openrhip.formats.cda.kinds import Kind

STATEMENTS = frozenset({"observation", "organizer", "procedure", "act", "substanceAdministration"})
PEOPLE = frozenset({"performer", "author", "participant"})


@dataclass(frozen=True, slots=True)
class ValueSet:
    """A table of codes (值域). An open one is known by name only: its codes keep a shape.

    `oid` is what we write; `also` are object identifiers that deployed templates use instead.
    """

    id: str
    oid: str
    name: str
    closed: bool
    shape: re.Pattern[str] | None
    codes: Mapping[str, str]
    also: frozenset[str]

    def holds(self, code: str) -> bool:
        """Whether the code belongs here; a leading zero more or less makes no difference."""
        if self.closed:
            return code in self.codes or code.lstrip("0") in self.codes or f"0{code}" in self.codes
        return self.shape is None or self.shape.fullmatch(code) is not None

    def name_of(self, code: str) -> str:
        """The meaning of a code, "" where we do not know it."""
        codes = self.codes
        return codes.get(code) or codes.get(code.lstrip("0")) or codes.get(f"0{code}") or ""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for one data element (数据元) or a group of them.

    place: the element of the XML (observation, organizer, low, performer, route, drug.name, …).
    key: how content names it. element: DE id, "" for groups. kind: HL7 data type.
    required: 必填 within its parent. repeats: 可重复.
    """

    place: str
    key: str
    element: str
    role: str
    name: str
    kind: str
    set_id: str
    unit: str
    required: bool
    repeats: bool
    longest: int
    parts: tuple[Slot, ...] = ()

    @property
    def is_statement(self) -> bool:
        return self.place in STATEMENTS

    @property
    def label(self) -> str:
        """How messages call it."""
        return f"{self.element} {self.name}".strip()

    def walk(self) -> Iterator[Slot]:
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True, slots=True)
class SectionSpec:
    """A section (章节): LOINC code or, for the standard's own, a name only."""

    key: str
    code: str
    name: str
    title_en: str
    required: bool
    slots: tuple[Slot, ...]

    @property
    def label(self) -> str:
        return f"{self.code} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class HeaderItem:
    """A fact of the header (文档头): number, patient, signer, participant, encounter, place, …"""

    place: str
    code: str
    name: str
    kind: str
    set_id: str
    required: bool


@dataclass(frozen=True)
class DocumentSpec:
    """A kind of document: its header's facts and its sections."""

    kind: Kind
    header: tuple[HeaderItem, ...]
    sections: tuple[SectionSpec, ...]

    def slots(self) -> Iterator[tuple[SectionSpec, Slot]]:
        """Every slot with its section, in the order of the standard."""
        for section in self.sections:
            for slot in section.slots:
                for one in slot.walk():
                    yield section, one

    @cached_property
    def entries(self) -> Mapping[str, tuple[SectionSpec, Slot]]:
        """The slots directly inside sections, by key."""
        return {slot.key: (one, slot) for one in self.sections for slot in one.slots}

    @cached_property
    def paths(self) -> Mapping[str, tuple[Slot, ...]]:
        """Key → slots from the entry down to it, for keys that occur once in the document."""
        found: dict[str, tuple[Slot, ...]] = {}
        twice = set()
        stack: list[tuple[Slot, ...]] = [(slot,) for one in self.sections for slot in one.slots]
        while stack:
            path = stack.pop()
            key = path[-1].key
            if key in found:
                twice.add(key)
            found[key] = path
            stack += [(*path, part) for part in path[-1].parts]
        return {key: path for key, path in found.items() if key not in twice}

    def signers(self) -> tuple[str, ...]:
        """The printed roles of those who sign."""
        return tuple(item.name for item in self.header if item.place == "signer")
