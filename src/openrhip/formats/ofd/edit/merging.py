"""Merging and splitting: pages of several files into one, one file into several (合并与拆分)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from openrhip.formats.ofd.edit.assembling import Assembly, Chosen, Options
from openrhip.formats.ofd.edit.guarding import leave_signatures
from openrhip.formats.ofd.edit.sources import Source, sources
from openrhip.formats.ofd.notices import Notice, Notices
from openrhip.formats.ofd.package import Package, open_package
from openrhip.kernel.errors import Malformed, NotFound, TooLarge

_RANGE = re.compile(r"(\d{0,6})(-?)(\d{0,6})")
_MOST_INPUTS = 2_000
_MOST_RANGES = 1_000


@dataclass(frozen=True, slots=True)
class Part:
    """An input. pages: indexes from 0 in the wanted order, None for all; name: for messages."""

    data: bytes | Package
    pages: Sequence[int] | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A new package, and what was not carried over."""

    data: bytes
    notices: tuple[Notice, ...] = ()


def page_ranges(text: str, count: int) -> list[int]:
    """ "1-3,7,9-" as indexes from 0. Raises Malformed, NotFound."""
    found: list[int] = []
    words = text.replace("，", ",").split(",")
    if len(words) > _MOST_RANGES:
        raise TooLarge("too many page ranges", where="pages")
    for word in words:
        match = _RANGE.fullmatch(word.strip())
        if match is None or not word.strip(" -"):
            raise Malformed(f"no page range: {word[:40]!r}", remedy="write e.g. 1-3,7")
        first = int(match[1] or 1)
        last = int(match[3] or count) if match[2] else first
        if not 1 <= first <= count or not 1 <= last <= count:
            raise NotFound(f"there is no page {word.strip()[:20]}", where=f"{count} pages")
        step = 1 if last >= first else -1
        found += range(first - 1, last - 1 + step, step)
    return found


def merge(
    parts: Sequence[Part], *, options: Options | None = None, drop_signatures: bool = False
) -> Made:
    """The pages of all inputs in one document.

    Raises Malformed, TooLarge, NotFound (no such page), Refused (signed without
    drop_signatures, or encrypted).
    """
    if not parts or len(parts) > _MOST_INPUTS:
        raise Malformed(f"1 to {_MOST_INPUTS} files can be merged")
    notices = Notices()
    chosen: list[Chosen] = []
    for number, part in enumerate(parts, 1):
        package = part.data if isinstance(part.data, Package) else open_package(part.data)
        name = part.name or f"file {number}"
        leave_signatures(package, name, notices, drop=drop_signatures)
        chosen += _picked(sources(package, name, notices), part.pages, name)
    made = Assembly(notices, options or Options()).build(chosen)
    return Made(made, tuple(notices))


def _picked(found: Sequence[Source], pages: Sequence[int] | None, name: str) -> list[Chosen]:
    """Pages of one file by their indexes."""
    listed = [(source, page) for source in found for page in range(len(source.pages))]
    picked: list[Chosen] = []
    for at in range(len(listed)) if pages is None else pages:
        if not 0 <= at < len(listed):
            raise NotFound(f"{name} has no page {at + 1}", where=f"{len(listed)} pages")
        source, page = listed[at]
        picked.append(Chosen(source, source.pages[page]))
    return picked


def split(
    data: bytes | Package,
    groups: Sequence[Sequence[int]],
    *,
    attachments: str = "first",
    drop_signatures: bool = False,
) -> Iterator[Made]:
    """A document for each group of page indexes, complete in itself.

    attachments: which of them keep the attachments: "first", "each", "none".
    """
    package = data if isinstance(data, Package) else open_package(data)
    if not groups or len(groups) > _MOST_INPUTS * 10:
        raise Malformed("no pages to split off, or too many parts")
    first = Notices()
    leave_signatures(package, "the file", first, drop=drop_signatures)
    found = sources(package, "the file", first)
    for number, group in enumerate(groups):
        notices = Notices() if number else first
        for source in found:
            source.notices = notices
        keep = attachments == "each" or (attachments == "first" and not number)
        made = Assembly(notices, Options(attachments=keep)).build(_picked(found, group, "the file"))
        yield Made(made, tuple(notices))


def every(count: int, size: int) -> list[list[int]]:
    """Page indexes in groups of `size`."""
    if size < 1:
        raise Malformed("a part has at least one page")
    return [list(range(at, min(at + size, count))) for at in range(0, count, size)]
