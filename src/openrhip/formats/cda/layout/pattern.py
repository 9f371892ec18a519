"""Page templates as tables (版式模板): what stands on a page of a kind, in which order and form.

A pattern lists parts: texts, ruled facts, diagnoses, tables. Each takes the entries it names from
the sheet with everything that hangs on them; what a document lacks leaves no gap, and what no part
names follows under its section's heading, so that nothing of a record is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from openrhip.formats.cda import values
from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.layout import frame, general, pattern_rows, pieces, plain
from openrhip.formats.cda.layout.sheet import Sheet, run_in
from openrhip.formats.cda.layout.words import with_colon
from openrhip.formats.cda.model import ClinicalDocument, Entry
from openrhip.formats.ofd.story import (
    Align,
    Block,
    Field,
    KeyValueGrid,
    Paragraph,
    Ruling,
    Run,
    SignatureLine,
    Slot,
    Story,
    Style,
)

CELL = Style(size=9.5, leading=1.3, align=Align.LEFT)
INPATIENT = (
    ("姓名", "性别", "年龄", "住院号"),
    ("科室", "病区", "病房", "床号"),
    ("入院时间", "记录时间"),
)
BRIEF = (("姓名", "性别", "年龄", "住院号"), ("科室", "病区", "床号", "记录时间"))
STAY = (
    ("姓名", "性别", "年龄", "住院号"),
    ("科室", "病区", "病房", "床号"),
    ("入院时间", "出院时间"),
)
VISIT = (("姓名", "性别", "年龄", "门(急)诊号"), ("科室", "就诊类型", "就诊时间"))
_LONG = 30  # half-width signs: beyond, a fact takes the whole line
_NUMERALS = "一二三四五六七八九十"

Name = tuple[str, str] | tuple[str, str, str]
"""(label, data element) or (label, data element, word of its name)."""


class Part(Protocol):
    """Something that a page shows."""

    def blocks(self, sheet: Sheet) -> list[Block]: ...


@dataclass(frozen=True, slots=True)
class Text:
    """标签：正文. Several entries of the element are numbered."""

    label: str
    code: str
    named: str = ""

    def blocks(self, sheet: Sheet) -> list[Block]:
        items = [told(sheet, one) for one in sheet.all(self.code, self.named)]
        if len(items) == 1:
            return run_in(self.label, *items[0])
        return pieces.numbered(self.label, items)


@dataclass(frozen=True, slots=True)
class Facts:
    """Short facts in a ruled grid, several in a row; a long one has its own row."""

    title: str
    names: tuple[Name, ...]

    def blocks(self, sheet: Sheet) -> list[Block]:
        fields = [one for name in self.names for one in _fields(sheet, name)]
        if not fields:
            return []
        head: list[Block] = [sheet.heading(self.title)] if self.title else []
        grid = KeyValueGrid(
            list(_packed(fields)), columns=general.GRID, style=CELL, ruled=Ruling.GRID,
            padding=0.6, after=1.4,
        )  # fmt: skip
        return [*head, grid]


@dataclass(frozen=True, slots=True)
class Diagnoses:
    """Western and Chinese diagnoses whose names hold a word, numbered."""

    title: str
    named: str = ""

    def blocks(self, sheet: Sheet) -> list[Block]:
        western = pieces.diagnosis_runs(sheet, self.named)
        return pieces.numbered(self.title, [*western, *pieces.chinese(sheet, self.named)])


@dataclass(frozen=True, slots=True)
class Beside:
    """Two short lists next to each other."""

    left: Part
    right: Part

    def blocks(self, sheet: Sheet) -> list[Block]:
        return pieces.side_by_side(self.left.blocks(sheet), self.right.blocks(sheet))


@dataclass(frozen=True, slots=True)
class Rows:
    """A table: one row for each entry that `pick` finds (see pattern_rows)."""

    title: str
    pick: pattern_rows.Pick
    columns: tuple[pattern_rows.Source, ...]

    def blocks(self, sheet: Sheet) -> list[Block]:
        table = pattern_rows.table(sheet, self.pick, self.columns)
        return [sheet.heading(self.title), *table] if table else []


@dataclass(frozen=True, slots=True)
class Procedures:
    """手术及操作: each with its facts in a line, its story below."""

    title: str
    section: str = "47519-4"

    def blocks(self, sheet: Sheet) -> list[Block]:
        section = sheet.document.section(self.section)
        done = [
            one
            for one in (section.entries if section else ())
            if one.form == "procedure" and not sheet.used(one)
        ]
        if not done:
            return []
        return [sheet.heading(self.title), *pieces.operations(sheet, done)]


@dataclass(frozen=True, slots=True)
class Vitals:
    """T P R BP in one line."""

    label: str = "生命体征"

    def blocks(self, sheet: Sheet) -> list[Block]:
        line = pieces.vital_line(sheet)
        if line and isinstance(line[0], Paragraph):
            content = line[0].content
            runs = [content] if isinstance(content, (str, Run)) else content
            return run_in(self.label, *runs)
        return line


@dataclass(frozen=True, slots=True)
class Remainder:
    """What a section still holds, under a title of its own."""

    title: str
    section: str

    def blocks(self, sheet: Sheet) -> list[Block]:
        found = sheet.document.section(self.section)
        inner = sheet.section_rest(found)
        return [sheet.heading(self.title), *inner] if inner else []


Clause = tuple[str, tuple[Part, ...]]
"""A title and the parts below it."""


@dataclass(frozen=True, slots=True)
class Clauses:
    """Numbered clauses of a consent (一、二、…): title and parts; empty ones take no number."""

    clauses: tuple[Clause, ...]

    def blocks(self, sheet: Sheet) -> list[Block]:
        out: list[Block] = []
        number = 0
        for title, parts in self.clauses:
            inner = [block for part in parts for block in part.blocks(sheet)]
            if inner:
                out += [sheet.heading(f"{_NUMERALS[number]}、{title}"), *inner]
                number += 1
        return out


@dataclass(frozen=True, slots=True)
class Pattern:
    """One kind's page: the head's facts, the parts, and facts of the record beside the head's.

    each_signs: every signer on a line with the time, as consents and handovers have it.
    """

    parts: tuple[Part, ...]
    grid: tuple[tuple[str, ...], ...] = INPATIENT
    more: tuple[Name, ...] = ()
    each_signs: bool = False

    def build(self, document: ClinicalDocument) -> Story:
        sheet = Sheet(document)
        more = [one for name in self.more for one in _fields(sheet, name)]
        body = [block for part in self.parts for block in part.blocks(sheet)]
        body += sheet.rest()
        tail = signing_lines(sheet) if self.each_signs else None
        rows = list(_packed(more)) if more else []
        return general.assemble(sheet, body, grid=self.grid, more_rows=rows, tail=tail)


def builder(patterns: Mapping[Kind, Pattern]) -> Callable[[ClinicalDocument], Story]:
    """What a template module offers as `build`."""
    return lambda document: patterns[document.kind].build(document)


def told(sheet: Sheet, entry: Entry) -> list[str | Run]:
    """The value with all that hangs on the entry behind it, marked as used."""
    sheet.use(entry, deep=False)
    runs = plain.runs(entry, label=False)
    for part in entry.parts:
        if not sheet.used(part):
            inner = told(sheet, part)
            if inner:
                runs += ["；" if runs else "", f"{with_colon(plain.label_of(part))}", *inner]
    return runs or ["—"]


def _fields(sheet: Sheet, name: Name) -> Iterator[Field]:
    label, code, *word = name
    for entry in sheet.all(code, *word):
        runs = told(sheet, entry)
        only = runs[0]
        if len(runs) == 1 and isinstance(only, Run):
            yield Field(with_colon(label), only.text, tag=only.tag)
        else:
            yield Field(with_colon(label), runs)


def _said(one: Field) -> str:
    value = one.value
    if isinstance(value, str):
        return value
    runs = [value] if isinstance(value, Run) else value
    return "".join(run if isinstance(run, str) else run.text for run in runs)


def _packed(fields: Sequence[Field]) -> Iterator[list[Field]]:
    """Rows of a grid of general.GRID columns: up to four facts, a long one alone."""
    row: list[Field] = []
    taken = 0
    for one in fields:
        wide = general.width(one.label) + general.width(_said(one)) + 3
        if wide > _LONG:
            if row:
                yield _spread(row)
            yield [Field(one.label, one.value, span=general.GRID, tag=one.tag)]
            row, taken = [], 0
            continue
        if row and (len(row) == 4 or taken + wide > 92):
            yield _spread(row)
            row, taken = [], 0
        row.append(one)
        taken += wide
    if row:
        yield _spread(row)


def _spread(row: Sequence[Field]) -> list[Field]:
    """Facts of one row over the columns in proportion to their lengths, evenly if they fit."""
    needs = [general.width(one.label) + general.width(_said(one)) + 3 for one in row]
    even = general.GRID // len(row)
    spans = [even] * len(row)
    if max(needs) > even * 4:
        spans = [max(3, round(general.GRID * need / sum(needs))) for need in needs]
    spans[-1] += general.GRID - sum(spans)
    if spans[-1] < 3:
        spans = [even] * len(row)
        spans[-1] += general.GRID - sum(spans)
    return [
        Field(one.label, one.value, span=span, tag=one.tag)
        for one, span in zip(row, spans, strict=True)
    ]


def signing_lines(sheet: Sheet) -> list[Block]:
    """Each signer on a line: role, name on a blank, time; the last line holds the seal's place."""
    document = sheet.document
    people = frame.signers(document)
    author = {one.code or one.name for one in document.authors}
    anchored = False
    lines: list[Block] = []
    style = Style(size=10.0, align=Align.LEFT)
    for at, one in enumerate(people):
        anchor = ""
        if not anchored and (one.code or one.name) in author:
            anchor, anchored = "author-signature", True
        slots = [
            Slot(f"{with_colon(one.role or '医师')}", one.name, anchor=anchor, width=34.0),
            Slot("签名时间：", values.show(one.time), width=36.0),
        ]
        last = at == len(people) - 1
        lines.append(
            SignatureLine(slots, seal=last, style=style, before=1.2, after=0.6, seal_size=34.0)
        )
    return lines or frame.signatures(sheet)


__all__ = [
    "BRIEF", "CELL", "INPATIENT", "STAY", "VISIT", "Beside", "Clause", "Clauses", "Diagnoses",
    "Facts", "Part", "Pattern", "Procedures", "Remainder", "Rows", "Text", "Vitals", "builder",
    "signing_lines", "told",
]  # fmt: skip
