"""The plain form: narrative blocks, and entries as 标签：值 with all that hangs on them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from openrhip.formats.cda import values
from openrhip.formats.cda.layout.words import with_colon
from openrhip.formats.cda.model import Entry, Grid, Line, Media, Participant, Section, Value
from openrhip.formats.ofd.story import (
    Align,
    Block,
    Cell,
    Column,
    Image,
    Paragraph,
    Run,
    Style,
    Table,
)
from openrhip.kernel.errors import Problem

if TYPE_CHECKING:
    from openrhip.formats.cda.layout.sheet import Sheet

TEXT = Style(size=10.5, leading=1.35)
MAX_CELLS = 4000
ARROWS = {
    "H": "↑", "HH": "↑↑", "L": "↓", "LL": "↓↓", "A": "*", "AA": "**", "POS": "+",
    "R": "R", "S": "S", "I": "I",
}  # fmt: skip
NEUTRAL = frozenset({"N", "NEG"})


class _Users(Protocol):
    def use(self, entry: Entry | None, *, deep: bool = True) -> Entry | None: ...
    def used(self, entry: Entry) -> bool: ...


def narrative(section: Section) -> list[Block]:
    """Paragraphs, lists, tables and pictures as they stand in section/text."""
    media = {one.id: one for one in section.media if one.id}
    blocks: list[Block] = []
    for block in section.blocks:
        if isinstance(block, Line):
            bullet = f"{block.bullet} " if block.bullet else ""
            left = 4.0 if bullet else 0.0
            blocks.append(Paragraph(f"{bullet}{block.text}", style=TEXT, left=left))
        elif isinstance(block, Grid):
            blocks += grid(block)
        elif block.media_id not in media and block.caption:
            blocks.append(Paragraph(block.caption, style=TEXT))
    return blocks


def grid(block: Grid) -> list[Block]:
    """A narrative table; columns take their width from their longest cell."""
    rows = [*([block.heads] if block.heads else []), *block.rows]
    count = max((len(row) for row in rows), default=0)
    if not count:
        return []
    if count > 24 or count * len(rows) > MAX_CELLS * 10:
        return [Paragraph("  ".join(row), style=TEXT) for row in rows]
    widths = [
        min(max(max((_width(row[at]) for row in rows if at < len(row)), default=1), 3), 30)
        for at in range(count)
    ]
    caption: list[Block] = (
        [Paragraph(block.caption, style=Style(bold=True, align=Align.LEFT), keep_with_next=True)]
        if block.caption
        else []
    )
    cells = [[*row, *([""] * (count - len(row)))] for row in rows]
    return [
        *caption,
        Table([Column(width=float(one)) for one in widths], cells, heads=1 if block.heads else 0),
    ]


def _width(text: str) -> int:
    return sum(2 if ord(one) > 0x2E7F else 1 for one in text) + 2


def picture(media: Media, caption: str = "", *, width: float = 0.0) -> list[Block]:
    """An embedded picture, or a note of what it is when it cannot be drawn."""
    from openrhip.formats.ofd.layout.pictures import image_size  # noqa: PLC0415  loads Pillow late

    try:
        image_size(media.data)
    except Problem:
        note = f"[附件 {media.media_type}，{len(media.data)} 字节，随文档源文件保存]"
        return [Paragraph(caption + note, style=TEXT)]
    return [Image(media.data, width=width, caption=caption)]


def arrow(entry: Entry) -> str:
    """↑ ↓ as laboratories print them; the text of another interpretation; "" for normal."""
    code = entry.interpretation.code
    if code in NEUTRAL:
        return ""
    return ARROWS.get(code, entry.interpretation.text)


def value_text(value: Value) -> str:
    """The value; for a diagnosis or operation with its code behind it."""
    coded = value.coded
    if coded and coded.code and coded.code != value.text and _classified(coded.system):
        return f"{value.text}（{coded.code}）"
    return value.text


def _classified(system: str) -> bool:
    """ICD-10, ICD-9-CM and the classification of Chinese medicine: codes that people read."""
    return system.startswith(("2.16.156.10011.2.3.3.11", "2.16.156.10011.2.3.3.12")) or (
        system == "2.16.156.10011.2.3.3.14"
    )


def person_text(person: Participant) -> str:
    unit = person.organization.name if person.organization else ""
    parts = [person.role, person.name, person.title, unit, *person.extra, values.show(person.time)]
    return " ".join(part for part in parts if part)


def details(entry: Entry) -> str:
    """Time, reference, interpretation, people: what stands in brackets behind a value."""
    parts = [values.show_span(entry.time)]
    if entry.reference:
        parts.append(f"参考范围 {entry.reference}")
    if entry.interpretation and entry.interpretation.code not in NEUTRAL:
        parts.append(arrow(entry))
    parts += [f"{fact.label} {fact.text}" for fact in entry.facts]
    parts += [text for one in entry.people if (text := person_text(one))]
    return "，".join(part for part in parts if part)


def runs(entry: Entry, *, label: bool = True, bold: bool = True) -> list[str | Run]:
    """标签：值（…）."""
    out: list[str | Run] = []
    name = label_of(entry)
    if label and name and (entry.values or entry.form != "organizer"):
        out.append(Run(with_colon(name), bold=bold))
    if entry.negated:
        out.append("否认 ")
    shown = [text for one in entry.values if (text := value_text(one))]
    if shown:
        out.append(Run("；".join(shown), tag=entry.code.code if _is_element(entry) else ""))
    if entry.text and entry.text not in shown:
        out.append(entry.text)
    if extra := details(entry):
        out.append(Run(f"（{extra}）" if shown else extra))
    return out


def label_of(entry: Entry) -> str:
    """The label as people print it: 麻醉方法 for 麻醉方法代码."""
    name = entry.label
    coded = entry.code
    if _classified(coded.system) and coded.code not in {"", name}:
        return f"{name}（{coded.code}）"
    value = entry.value
    if value and value.coded and len(name) > 3:
        return name.removesuffix("代码表").removesuffix("代码").removesuffix("编码")
    return name


def _is_element(entry: Entry) -> bool:
    return entry.code.code.startswith(("DE", "HD"))


class Leftover:
    """Blocks for the entries of a section that no template has used."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet: _Users = sheet

    def entry(self, entry: Entry) -> list[Block]:
        content, pictures = self._gather(entry)
        blocks: list[Block] = []
        if content:
            blocks.append(Paragraph(content, style=TEXT, after=0.6))
        for media in pictures:
            blocks += picture(media)
        return blocks

    def _hollow(self, entry: Entry) -> bool:
        """A mere bracket around parts that stand on the page already."""
        says = entry.values or entry.text or entry.facts or entry.people or entry.time
        coded = entry.code.code or entry.negated or entry.reference or entry.interpretation
        return bool(entry.parts) and not (says or coded) and all(map(self._sheet.used, entry.parts))

    def _gather(self, entry: Entry) -> tuple[list[str | Run], list[Media]]:
        content: list[str | Run] = []
        pictures: list[Media] = []
        if not self._sheet.used(entry):
            self._sheet.use(entry, deep=False)
            content += [] if self._hollow(entry) else runs(entry)
            pictures += [value.media for value in entry.values if value.media]
        for part in entry.parts:
            inner, more = self._gather(part)
            if inner and content:
                content.append("；")
            content += inner
            pictures += more
        return content, pictures


def cells(texts: Iterable[str]) -> list[Cell]:
    return [Cell(one) for one in texts]
