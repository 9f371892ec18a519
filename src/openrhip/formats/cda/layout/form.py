"""A printed form: lines of labels with blanks to fill and code boxes, in a ruled box."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from openrhip.formats.cda.layout import frame
from openrhip.formats.cda.model import ClinicalDocument
from openrhip.formats.ofd.story import (
    GREY,
    Align,
    Block,
    Cell,
    Column,
    Columns,
    Inline,
    Paragraph,
    Run,
    SignatureLine,
    Slot,
    Style,
    Table,
)

STYLE = Style(size=9.0, leading=1.5, align=Align.LEFT)
SMALL = Style(size=8.4, leading=1.5, align=Align.LEFT)
EM = 9.0 / 72 * 25.4
ROOM = 184.0 - 2.4  # mm between the margins of the form, less the padding


@dataclass(frozen=True, slots=True)
class Blank:
    """One label with its blank. wide: least width in mm; box: a code box in place of a blank."""

    label: str
    text: str = ""
    wide: float = 20.0
    box: bool = False
    tag: str = ""
    after: str = ""


Line = list[Blank]


def texts(line: Line) -> Iterator[str]:
    for blank in line:
        yield blank.text


def width(text: str) -> float:
    """About how wide a text prints, in mm."""
    return sum(1.0 if ord(one) > 0x2E7F else 0.52 for one in text) * EM


def runs(line: Line, room: float = ROOM, size: float = STYLE.size) -> Inline:
    """A line of the form: blanks share the room that labels leave, by their widths."""
    em = size / STYLE.size
    fixed = sum(em * width(f"{one.label}{one.after}") + (5.0 if one.box else 0) for one in line)
    fixed += 3.4 * len(line) + sum(2.5 for one in line if one.after)
    blanks = [one for one in line if not one.box]
    needs = [max(one.wide, em * width(one.text) + 1.5) for one in blanks]
    spare = room - fixed - sum(needs)
    total = sum(one.wide for one in blanks) or 1.0
    out: list[str | Run] = []
    at = 0
    for one in line:
        out.append(f"{one.label} " if one.label else "")
        if one.box:
            out.append(Run(one.text or "-", box=True, tag=one.tag if one.text else ""))
        else:
            wide = needs[at] + (max(spare, 0.0) * one.wide / total if spare > 0 else 0.0)
            if spare < 0:
                wide = max(em * width(one.text) + 1.0, needs[at] + spare * one.wide / total)
            at += 1
            out.append(
                Run(one.text or " ", underline=True, width=wide, tag=one.tag if one.text else "")
            )
        out.append(f" {one.after}   " if one.after else "  ")
    return out[:-1] if not line[-1].after else [*out[:-1], f" {line[-1].after}"]


def box(lines: Sequence[Line], *, style: Style = STYLE) -> list[Block]:
    """Lines inside one ruled frame, a cell each so that a page may be cut between them."""
    rows = [[Cell(runs(line, size=style.size))] for line in lines if line]
    if not rows:
        return []
    return [
        Table([Column("")], rows, style=style, padding=0.75, before=0.0, after=0.0, line_width=0.2)
    ]


def open_lines(lines: Sequence[Line]) -> list[Block]:
    return [Paragraph(runs(line, ROOM + 2.0), style=STYLE, after=0.6) for line in lines]


def stamp(document: ClinicalDocument) -> list[Block]:
    """Below the box: who signs the form, with the places of signature and seal."""
    people = frame.signers(document)
    authors = {one.code or one.name for one in document.authors}
    times = frame.signing_times(document)
    name = next(
        (one.name for one in people if (one.code or one.name) in authors),
        next((one.name for one in document.authors), ""),
    )
    small = Style(size=7.5, leading=1.3, color=GREY, align=Align.LEFT)
    line = SignatureLine(
        [Slot("填写医师：", name, anchor="author-signature", width=24.0)],
        seal=True, seal_size=32.0, before=0.0, after=0.0, style=Style(size=9.0, align=Align.LEFT),
    )  # fmt: skip
    return [
        Columns(
            [[Paragraph(f"签名时间：{times}" if times else "", style=small)], [line]],
            widths=(118, 66), gap=0.0, valign="bottom",
        )
    ]  # fmt: skip
