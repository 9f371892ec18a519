"""Reading a disclosed document (阅读): page pictures with watermark, their text, downloads.

A disclosure is made once, by a posted form; the pages of it are fetched within a quarter of an
hour under its number. Pictures carry the watermark; the sealed file itself is never altered.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse

from openrhip.directory.service import Actor
from openrhip.formats import cda, ofd
from openrhip.kernel.errors import NotFound, Problem
from openrhip.records import service as records
from openrhip.records.service import Disclosure

DPI = 110
LARGEST_SHOWN = 30
"""Pages whose pictures a page of ours shows at once; further ones follow on the next."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page of the document: number from 1, and its text."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Datum:
    """One coded statement of the source: section, what, value."""

    section: str
    name: str
    value: str


def opened(*, access_id: str, document_id: str, who: Actor) -> Disclosure:
    """The disclosure under this number, if it is of this document. Raises NotFound, Refused."""
    found = records.reopen(access_id=access_id, who=who)
    if found.document.id != document_id:
        raise NotFound("no such disclosure of this document")
    return found


def leaves(content: bytes) -> list[Leaf]:
    """The text of every page, in reading order."""
    return [Leaf(at + 1, text) for at, text in enumerate(ofd.text(content))]


def data_of(content: bytes) -> list[Datum]:
    """The coded statements of the source that travels inside; empty if it carries none."""
    try:
        package = ofd.open_package(content)
        sources = [item for item in package.attachments() if item.name.lower().endswith(".xml")]
        document = cda.parse(package.read(sources[0].part)) if sources else None
    except Problem:
        return []
    return list(_data(document.sections)) if document else []


def _data(sections: tuple[cda.Section, ...], above: str = "") -> list[Datum]:
    found: list[Datum] = []
    for section in sections:
        title = section.title or above
        for entry in section.entries:
            found += _entry(title, entry)
        found += _data(section.sections, title)
    return found


def _entry(title: str, entry: cda.Entry) -> list[Datum]:
    value = "；".join(item.text for item in entry.values if item.text)
    own = [Datum(title, entry.code.text, value)] if value and entry.code.text else []
    for part in entry.parts:
        own += _entry(title, part)
    return own


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
