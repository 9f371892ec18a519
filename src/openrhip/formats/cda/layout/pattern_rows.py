"""Tables of a pattern: which entries are rows, and where the cells of a row come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, NamedTuple

from openrhip.formats.cda import values
from openrhip.formats.cda.layout import plain
from openrhip.formats.cda.layout.sheet import Sheet
from openrhip.formats.cda.layout.words import with_colon
from openrhip.formats.cda.model import Entry, Section
from openrhip.formats.ofd.story import Align, Block, Cell, Column, Paragraph, Style, Table

STYLE = Style(size=9.5, leading=1.3, align=Align.LEFT)
BELOW = Style(size=10.0, leading=1.35)
_BRIEF = 24  # signs that a column of remarks holds; longer ones stand below the table
Pick = Callable[[Sheet], list[Entry]]
VALUE, TIME, PEOPLE, NUMBER, NAME = "=value", "=time", "=people", "=number", "=name"


class Source(NamedTuple):
    """A column. source: VALUE (of the row's entry), TIME, PEOPLE, NUMBER, NAME (of a coded act),
    a data element (of a part, at any depth) or "fact:" with the label of a fact."""

    head: str
    width: float
    source: str
    align: Align = Align.LEFT


def element(code: str, named: str = "") -> Pick:
    """Entries of a data element."""
    return lambda sheet: sheet.all(code, named)


def group(*labels: str) -> Pick:
    """Organizers, acts, procedures called so."""
    return lambda sheet: [
        one
        for one in _every(sheet.document.sections)
        if one.label in labels and not sheet.used(one)
    ]


def form(name: str, section: str = "") -> Pick:
    """Entries of one XML form (procedure, substanceAdministration), in one section if named."""
    return lambda sheet: [
        one
        for part in sheet.document.sections
        if not section or part.code.code == section
        for one in part.entries
        if one.form == name and not sheet.used(one)
    ]


def _every(sections: Sequence[Section]) -> Iterator[Entry]:
    for section in sections:
        stack = list(section.entries)
        while stack:
            entry = stack.pop(0)
            yield entry
            stack[:0] = entry.parts
        yield from _every(section.sections)


def table(sheet: Sheet, pick: Pick, sources: Sequence[Source]) -> list[Block]:
    """The table, without columns that are empty in every row; [] without rows."""
    asked = {one.source for one in sources}
    rows = [_Row(sheet, entry, at, asked) for at, entry in enumerate(pick(sheet), 1)]
    if not rows:
        return []
    cells = [[row.cell(source) for source in sources] for row in rows]
    rests = [row.rest() for row in rows]
    columns = [Column(one.head, one.width, align=one.align) for one in sources]
    below: list[Block] = []
    if max(map(len, rests)) > _BRIEF:
        below = [Paragraph(text, style=BELOW, after=0.8) for text in rests if text]
    elif any(rests):
        columns.append(Column("备注", max(24.0, sources[-1].width)))
        cells = [[*line, Cell(rest)] for line, rest in zip(cells, rests, strict=True)]
    used = [at for at in range(len(columns)) if any(line[at].content for line in cells)]
    return [
        Table(
            [columns[at] for at in used], [[line[at] for at in used] for line in cells],
            style=STYLE, padding=0.6, after=1.4,
        ),
        *below,
    ]  # fmt: skip


class _Row:
    def __init__(self, sheet: Sheet, entry: Entry, number: int, asked: set[str]) -> None:
        self._sheet = sheet
        self._entry = entry
        self.number = number
        self._facts: set[int] = set()
        self._done = {entry.form} if not entry.values else set()
        self._timed, self._peopled = TIME in asked, PEOPLE in asked
        sheet.use(entry, deep=False)

    def cell(self, source: Source) -> Cell:
        text, tag = self._text(source.source)
        return Cell(text, align=source.align, tag=tag if text else "")

    def _text(self, source: str) -> tuple[str, str]:
        if source.startswith("fact:"):
            return self._fact(source.removeprefix("fact:"))
        own = self._own.get(source)
        return own(self) if own else (self._part(source), source)

    def _value(self) -> tuple[str, str]:
        self._done.add(VALUE)
        code = self._entry.code.code
        shown = "；".join(plain.value_text(one) for one in self._entry.values)
        return shown, code if code.startswith(("DE", "HD")) else ""

    def _name(self) -> tuple[str, str]:
        self._done.add(NAME)
        coded = self._entry.code
        both = coded.code and coded.code != coded.text
        return f"{coded.text}（{coded.code}）" if both else coded.text, ""

    def _when(self) -> tuple[str, str]:
        found = [values.show_span(one.time) for one in (self._entry, *_below(self._entry))]
        return "\n".join(dict.fromkeys(one for one in found if one)), ""

    def _who(self) -> tuple[str, str]:
        every = (self._entry, *_below(self._entry))
        found = [plain.person_text(one) for entry in every for one in entry.people]
        return "\n".join(dict.fromkeys(one for one in found if one)), ""

    _own: ClassVar[dict[str, Callable[[_Row], tuple[str, str]]]] = {
        NUMBER: lambda row: (str(row.number), ""),
        VALUE: _value,
        NAME: _name,
        TIME: _when,
        PEOPLE: _who,
    }

    def _fact(self, label: str) -> tuple[str, str]:
        for at, fact in enumerate(self._entry.facts):
            if fact.label == label and at not in self._facts:
                self._facts.add(at)
                return fact.text, fact.tag
        return "", ""

    def _part(self, code: str) -> str:
        found = []
        for one in _below(self._entry):
            if one.code.code == code and not self._sheet.used(one):
                self._sheet.use(one, deep=False)
                text = "；".join(plain.value_text(value) for value in one.values)
                found.append(f"{text}（{more}）" if (more := self._details(one)) else text)
        return "；".join(found)

    def _details(self, entry: Entry) -> str:
        """Reference, facts and text; time and people unless they have columns of their own."""
        parts = [f"参考范围 {entry.reference}" if entry.reference else "", plain.arrow(entry)]
        parts += [f"{fact.label} {fact.text}" for fact in entry.facts]
        shown = {value.text for value in entry.values}
        parts.append(entry.text if entry.text not in shown else "")
        if not self._timed and entry.time:
            parts.append(values.show_span(entry.time))
        if not self._peopled:
            parts += [plain.person_text(one) for one in entry.people]
        return "，".join(part for part in parts if part)

    def rest(self) -> str:
        """Whatever no column took: nothing of the row is dropped."""
        entry = self._entry
        parts: list[str] = []
        if entry.values and VALUE not in self._done:
            parts.append("；".join(plain.value_text(one) for one in entry.values))
        if entry.code.code and entry.form in {"procedure", "act"} and NAME not in self._done:
            parts.append(f"{entry.code.text}（{entry.code.code}）")
        if entry.negated:
            parts.append("否认")
        parts += [
            f"{fact.label} {fact.text}"
            for at, fact in enumerate(entry.facts)
            if at not in self._facts
        ]
        if entry.text and entry.text not in {value.text for value in entry.values}:
            parts.append(entry.text)
        if entry.reference:
            parts.append(f"参考范围 {entry.reference}")
        if arrow := plain.arrow(entry):
            parts.append(arrow)
        if entry.time and not self._timed:
            parts.append(values.show_span(entry.time))
        if not self._peopled:
            parts += [plain.person_text(one) for one in entry.people]
        for one in _below(entry):
            if not self._sheet.used(one):
                self._sheet.use(one, deep=False)
                parts.append(self._leftover(one))
        return "；".join(part for part in parts if part)

    def _leftover(self, one: Entry) -> str:
        text = "；".join(plain.value_text(value) for value in one.values)
        more = self._details(one)
        told = f"{text}（{more}）" if text and more else text or more
        return f"{with_colon(plain.label_of(one))}{told}" if told else ""


def _below(entry: Entry) -> Iterator[Entry]:
    for part in entry.parts:
        yield part
        yield from _below(part)
