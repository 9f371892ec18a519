"""What of a document is already on the page, and the blocks of what is not yet.

A template takes entries by data element (each is marked as used); `rest` then lays out everything
left over in a plain form, so that nothing of the record is dropped (无遗漏).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy

from openrhip.formats.cda.layout import plain
from openrhip.formats.cda.layout.words import section_title, with_colon
from openrhip.formats.cda.model import ClinicalDocument, Entry, Line, Section
from openrhip.formats.ofd.story import Block, Field, Heading, Paragraph, Run, Style

BODY = Style(size=10.5, leading=1.35)
SECTION = Style(size=11.0, leading=1.4, bold=True)


class Sheet:
    """A document while it is being laid out."""

    def __init__(self, document: ClinicalDocument) -> None:
        self.document = document
        self._used: set[int] = set()
        self._told: set[int] = set()
        self._narrated: set[int] = set()
        self._by_code: dict[str, list[Entry]] = {}
        for section in _sections(document.sections):
            for entry in _entries(section.entries):
                self._by_code.setdefault(entry.code.code, []).append(entry)

    def copy(self) -> Sheet:
        """A sheet of the same document with the same marks, to try something on."""
        twin = copy(self)
        vars(twin).update(
            _used=set(self._used), _told=set(self._told), _narrated=set(self._narrated)
        )
        return twin

    def use(self, entry: Entry | None, *, deep: bool = True) -> Entry | None:
        """Mark an entry (and what is below it) as being on the page."""
        if entry is not None:
            self._used.add(id(entry))
            if deep:
                for part in entry.parts:
                    self.use(part)
        return entry

    def used(self, entry: Entry) -> bool:
        return id(entry) in self._used

    def all(self, code: str, label: str = "") -> list[Entry]:
        """Entries of a data element not yet used; `label` must then be part of the label."""
        return [
            one
            for one in self._by_code.get(code, ())
            if id(one) not in self._used and label in f"{one.code.display}{one.code.qualifier}"
        ]

    def first(self, code: str, label: str = "") -> Entry | None:
        return next(iter(self.all(code, label)), None)

    def take(self, code: str, label: str = "") -> str:
        """The value of a data element as text, marked as used; "" when there is none."""
        entry = self.first(code, label)
        if entry is None or not bare(entry):
            return ""
        self.use(entry)
        return entry.values[0].text if entry.values else ""

    def field(
        self, label: str, code: str, *, span: int = 1, named: str = "", bold: bool = False
    ) -> Field:
        """标签：值 with the data element as tag."""
        text = self.take(code, named)
        return Field(with_colon(label), text, span=span, tag=code if text else "", bold=bold)

    def code_of(self, code: str, label: str = "") -> str:
        """The code (not the display name) of a coded value, marked as used."""
        entry = self.first(code, label)
        if entry is None or not entry.values:
            return ""
        self.use(entry)
        coded = entry.values[0].coded
        return coded.code if coded and coded.code else entry.values[0].text

    def run_in(self, label: str, code: str, *, named: str = "", style: Style = BODY) -> list[Block]:
        """主诉：… with the label in bold before the text; nothing when there is no such entry."""
        entry = self.first(code, named)
        if entry is None or not bare(entry):
            return []
        self.use(entry)
        text = entry.values[0].text if entry.values else ""
        return run_in(label, Run(text or "—", tag=code), style=style)

    def run_ins(self, *wanted: tuple[str, str]) -> list[Block]:
        """Several short facts in one line; long ones each in a paragraph of their own."""
        found = [block for label, code in wanted for block in self.run_in(label, code)]
        told = [block.content for block in found if isinstance(block, Paragraph)]
        lines = [list(one) for one in told if not isinstance(one, (str, Run))]
        long = any(
            len(run if isinstance(run, str) else run.text) > 20 for one in lines for run in one
        )
        if long or len(lines) < 2:
            return found
        content: list[str | Run] = []
        for line in lines:
            content += [*line, "        "]
        return [Paragraph(content[:-1], style=BODY, after=0.7)]

    def part(self, entry: Entry | None, code: str, label: str = "") -> str:
        """The value of a part of an entry as text, marked as used; "" when there is none."""
        for one in entry.parts if entry is not None else ():
            name = f"{one.code.display}{one.code.qualifier}"
            if one.code.code == code and label in name and not self.used(one) and bare(one):
                self.use(one)
                return one.values[0].text if one.values else ""
        return ""

    def narrative(self, section: Section | None) -> list[Block]:
        """The narrative of a section, unless its entries say the same."""
        if section is None or not section.blocks or id(section) in self._narrated:
            return []
        self._narrated.add(id(section))
        return [] if self._repeats(section) else plain.narrative(section)

    def section_rest(self, section: Section | None) -> list[Block]:
        """What a section holds beyond what is used: narrative and entries, no heading."""
        if section is None or id(section) in self._told:
            return []
        self._told.add(id(section))
        blocks = self.narrative(section)
        shown = plain.Leftover(self)
        for entry in section.entries:
            blocks += shown.entry(entry)
        for below in section.sections:
            inner = self.section_rest(below)
            title = section_title(self.document.kind, below)
            blocks += [Heading(title, level=3, style=SECTION), *inner] if inner else []
        return blocks

    def _repeats(self, section: Section) -> bool:
        """Whether the narrative says only what the section's entries say as well."""
        if not all(isinstance(block, Line) for block in section.blocks):
            return False
        said = squeeze(
            "\n".join(value.text for one in _entries(section.entries) for value in one.values)
        )
        return all(
            squeeze(block.text) in said for block in section.blocks if isinstance(block, Line)
        )

    def rest(self, *, skip: Iterable[Section] = ()) -> list[Block]:
        """Every section not told yet, under its heading."""
        passed = {id(one) for one in skip}
        blocks: list[Block] = []
        for section in self.document.sections:
            if id(section) in self._told or id(section) in passed:
                continue
            inner = self.section_rest(section)
            if inner:
                blocks.append(self.heading(section_title(self.document.kind, section)))
                blocks += inner
        return blocks

    def heading(self, text: str) -> Heading:
        return Heading(text, level=2, style=SECTION, before=2.2, after=0.6)


def run_in(label: str, *content: str | Run, style: Style = BODY) -> list[Block]:
    parts: list[str | Run] = [Run(with_colon(label), bold=True), *content]
    return [Paragraph(parts, style=style, after=0.7)]


def squeeze(text: str) -> str:
    return "".join(text.split())


def bare(entry: Entry) -> bool:
    """Nothing but a value: a template that prints it drops nothing."""
    return len(entry.values) < 2 and not any(
        (
            entry.parts, entry.facts, entry.people, entry.reference, entry.interpretation,
            entry.text, entry.negated,
        )
    ) and not any(value.media for value in entry.values)  # fmt: skip


def _sections(sections: tuple[Section, ...]) -> Iterator[Section]:
    for section in sections:
        yield section
        yield from _sections(section.sections)


def _entries(entries: tuple[Entry, ...]) -> Iterator[Entry]:
    for entry in entries:
        yield entry
        yield from _entries(entry.parts)


__all__ = ["BODY", "SECTION", "Sheet", "bare", "run_in", "squeeze"]
