"""The case (被检文档): the bytes, what is known around them, and what was read so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from openrhip.formats import cda
from openrhip.formats.cda import ClinicalDocument
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import AttachmentPart, Package, open_package
from openrhip.formats.ofd.reading import Region, regions, text
from openrhip.formats.ofd.verifying import Report, verify
from openrhip.kernel.errors import Malformed, Problem

Thing = TypeVar("Thing")
XML_TYPES = frozenset({"xml", "text/xml", "application/xml", "application/hl7-cda+xml"})


class NotReadable(Exception):
    """What a check needs cannot be read; another check says why."""


@dataclass(frozen=True, slots=True)
class StaffFacts:
    """A registered member of staff, as the directory knows them now."""

    code: str
    institution_code: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Prior:
    """An archived document of the same institution that a correction names."""

    document_id: str
    version: int
    superseded: bool
    person_id: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the centre knows around a deposit.

    codes: all codes under which the institution is known. staff: the registered person of a code.
    prior: the archived document with this source id, or None.
    """

    institution: str
    institution_name: str
    codes: frozenset[str]
    digest: str
    size: int
    at: datetime
    trust: TrustStore
    staff: Callable[[str], StaffFacts | None]
    prior: Callable[[str], Prior | None] = field(default=lambda _source_id: None)
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All names under which the institution is registered."""
        return (self.institution_name, *self.aliases)


class Case:
    """One document under examination. Everything is read at most once."""

    def __init__(self, content: bytes, facts: Facts) -> None:
        self.content = content
        self.facts = facts

    @cached_property
    def opened(self) -> Package | Problem:
        return _try(lambda: open_package(self.content, exact=True))

    @property
    def package(self) -> Package:
        """The package. Raises NotReadable."""
        return _need(self.opened)

    @cached_property
    def verified(self) -> Report | Problem:
        facts = self.facts
        return _try(lambda: verify(self.content, trust=facts.trust, at=facts.at))

    @property
    def report(self) -> Report:
        """What `ofd.verify` says. Raises NotReadable."""
        return _need(self.verified)

    @cached_property
    def attached(self) -> tuple[AttachmentPart, ...] | Problem:
        return _try(self._attachments)

    @property
    def attachments(self) -> tuple[AttachmentPart, ...]:
        return _need(self.attached)

    @cached_property
    def sources(self) -> tuple[AttachmentPart, ...]:
        """Attachments that claim to be the CDA."""
        return tuple(
            part
            for part in self.attachments
            if part.media_type.lower() in XML_TYPES or part.part.lower().endswith(".xml")
        )

    @cached_property
    def parsed(self) -> ClinicalDocument | Problem:
        return _try(self._parse)

    @property
    def document(self) -> ClinicalDocument:
        """The CDA inside. Raises NotReadable."""
        return _need(self.parsed)

    @cached_property
    def texts(self) -> list[str] | Problem:
        """The text of each page."""
        return _try(lambda: text(self.content))

    @cached_property
    def marked(self) -> tuple[Region, ...] | Problem:
        return _try(lambda: tuple(regions(self.content)))

    @property
    def regions(self) -> tuple[Region, ...]:
        """Tagged regions with their text. Raises NotReadable."""
        return _need(self.marked)

    @cached_property
    def trees(self) -> tuple[tuple[str, px.Element], ...]:
        """Every part that a reader would take as XML, whatever its name says, with its root."""
        found = []
        for name in self.package.parts:
            try:
                data = self.package.read(name)
                found.append((name, px.parse(data, where=name, limits=self.package.limits)))
            except Problem:
                continue  # no XML; `usability` reports parts that cannot be opened
        return tuple(found)

    def _attachments(self) -> tuple[AttachmentPart, ...]:
        return self.package.attachments()

    def _parse(self) -> ClinicalDocument:
        if len(self.sources) != 1:
            raise Malformed("not exactly one CDA inside")
        return cda.parse(self.package.read(self.sources[0].part))


def _try(read: Callable[[], Thing]) -> Thing | Problem:
    try:
        return read()
    except Problem as problem:
        return problem


def _need(found: Thing | Problem) -> Thing:
    if isinstance(found, Problem):
        raise NotReadable
    return found
