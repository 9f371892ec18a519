"""Reading a disclosed document (阅读): page pictures with watermark, their text, downloads.

A disclosure is made once, by a posted form; the pages of it are fetched within a quarter of an
hour under its number. Pictures carry the watermark; the sealed file itself is never altered.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse

from openrhip.directory.service import Actor
from openrhip.formats import cda, ofd
from openrhip.formats.cda.layout.words import section_title
from openrhip.formats.cda.model import Grid, Line
from openrhip.kernel.errors import NotFound, Problem
from openrhip.records import service as records
from openrhip.records.service import Disclosure

DPI = 110


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page of the document: number from 1, and its text."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Datum:
    """One coded statement of the source: what, value, code of the data element."""

    name: str
    value: str
    code: str


@dataclass(frozen=True, slots=True)
class Said:
    """A paragraph, or a table with its caption."""

    text: str = ""
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Chapter:
    """A section in words."""

    title: str
    said: tuple[Said, ...]
    data: tuple[Datum, ...]


def opened(*, access_id: str, document_id: str, who: Actor) -> Disclosure:
    """The disclosure under this number, if it is of this document. Raises NotFound, Refused."""
    found = records.reopen(access_id=access_id, who=who)
    if found.document.id != document_id:
        raise NotFound("no such disclosure of this document")
    return found


def leaves(content: bytes) -> list[Leaf]:
    """The text of every page, in reading order."""
    return [Leaf(at + 1, text) for at, text in enumerate(ofd.text(content))]


def source_of(content: bytes) -> cda.ClinicalDocument | None:
    """The source that travels inside; None if there is none that can be read."""
    try:
        package = ofd.open_package(content)
        for item in package.attachments():
            if item.name.lower().endswith(".xml") or item.part.lower().endswith(".xml"):
                return cda.parse(package.read(item.part))
    except Problem:
        return None
    return None


def chapters(document: cda.ClinicalDocument | None) -> list[Chapter]:
    """The record in words: each section's narrative, or its statements if it has none."""
    found: list[Chapter] = []
    if document is not None:
        for section in document.sections:
            found += _chapters(document.kind, section)
    return found


def data_of(document: cda.ClinicalDocument | None) -> list[Datum]:
    """All coded statements of the source, in order."""
    return [item for section in (document.sections if document else ()) for item in _data(section)]


def _chapters(kind: cda.Kind, section: cda.Section) -> list[Chapter]:
    said: list[Said] = []
    for block in section.blocks:
        if isinstance(block, Line):
            said.append(Said(text=f"{block.bullet} {block.text}".strip()))
        elif isinstance(block, Grid):
            said.append(Said(heads=block.heads, rows=block.rows, text=block.caption))
    data = [] if said else [item for entry in section.entries for item in _entry(entry)]
    own = [Chapter(section_title(kind, section), tuple(said), tuple(data))]
    below = [chapter for part in section.sections for chapter in _chapters(kind, part)]
    return [*(own if said or data else []), *below]


def _data(section: cda.Section) -> list[Datum]:
    own = [item for entry in section.entries for item in _entry(entry)]
    return own + [item for part in section.sections for item in _data(part)]


def _entry(entry: cda.Entry) -> list[Datum]:
    value = "；".join(item.text for item in entry.values if item.text) or entry.text
    facts = "；".join(f"{fact.label} {fact.text}" for fact in entry.facts if fact.text)
    shown = "；".join(part for part in (value, facts) if part)
    own = [Datum(entry.label, shown, entry.code.code)] if shown and entry.label else []
    return own + [item for part in entry.parts for item in _entry(part)]


def picture(disclosure: Disclosure, number: int) -> HttpResponse:
    """One page as PNG with the watermark."""
    png = ofd.render.to_png(
        disclosure.content(), page=number - 1, dpi=DPI, watermark=disclosure.watermark
    )
    response = HttpResponse(png, content_type="image/png")
    response["Cache-Control"] = "private, max-age=600"
    response["Content-Disposition"] = "inline"
    return response


def attachment(data: bytes, *, media_type: str, name: str) -> HttpResponse:
    """A file to keep."""
    response = HttpResponse(data, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
