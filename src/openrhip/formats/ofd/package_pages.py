"""The pages of a document (页), found when asked for: ten thousand cost nothing at opening.

Sources: GB/T 33190-2016 §7.5 (Document.xml), §7.7 (pages).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, overload

from lxml import etree

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package_encoding import DECLARED
from openrhip.formats.ofd.package_xml import Element
from openrhip.kernel.errors import TooLarge

Box = tuple[float, float, float, float]
STREAMED = 256 << 10
"""Document parts from this size on are read as a stream: their page lists are long."""


class Page(NamedTuple):
    """id: of the page; part: its content; box: x y w h in millimetres."""

    id: str
    part: str
    box: Box


class Pages(Sequence[Page]):
    """All pages of a document, or of several in a row. Each is located when it is looked at."""

    def __init__(
        self, ids: Sequence[str], places: Sequence[str], find: Callable[[str, str], Page]
    ) -> None:
        self.ids = ids
        self.places = places
        self._find = find

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, index: int) -> Page: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Page, ...]: ...
    def __getitem__(self, index: int | slice) -> Page | tuple[Page, ...]:
        if isinstance(index, slice):
            return tuple(self[at] for at in range(*index.indices(len(self))))
        return self._find(self.ids[index], self.places[index])

    def __iter__(self) -> Iterator[Page]:
        for page_id, place in zip(self.ids, self.places, strict=True):
            yield self._find(page_id, place)

    def __repr__(self) -> str:
        return f"<{len(self)} pages>"

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {page_id: at for at, page_id in reversed(list(enumerate(self.ids)))}

    def number(self, page_id: str) -> int | None:
        """The index of the (first) page with this ID."""
        return self._numbers.get(page_id)


class Row(Sequence[Page]):
    """The pages of several documents in a row."""

    def __init__(self, several: Sequence[Pages]) -> None:
        self._several = several
        self._count = sum(map(len, several))

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Page: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Page, ...]: ...
    def __getitem__(self, index: int | slice) -> Page | tuple[Page, ...]:
        if isinstance(index, slice):
            return tuple(self[at] for at in range(*index.indices(self._count)))
        at = index + self._count if index < 0 else index
        for pages in self._several:
            if 0 <= at < len(pages):
                return pages[at]
            at -= len(pages)
        raise IndexError("no such page")

    def __iter__(self) -> Iterator[Page]:
        for pages in self._several:
            yield from pages

    def number(self, page_id: str) -> int | None:
        """The index of the first page with this ID."""
        before = 0
        for pages in self._several:
            found = pages.number(page_id)
            if found is not None:
                return before + found
            before += len(pages)
        return None


class Listing(NamedTuple):
    """What a document part says of its pages, and its root without them."""

    ids: list[str]
    places: list[str]
    root: Element


def listing(root: Element, most: int, where: str) -> Listing:
    """The pages of a parsed document part. Raises TooLarge."""
    ids, places = [], []
    for page in px.children(px.child(root, "Pages"), "Page"):
        ids.append(page.get("ID", ""))
        places.append(page.get("BaseLoc", ""))
        if len(ids) > most:
            raise _too_many(most, where)
    return Listing(ids, places, root)


def streamed(content: bytes, most: int, where: str) -> Listing | None:
    """The same of a long part in UTF-8 that passed no other check; None: parse it as usual."""
    if b"<!" in content or b"\0" in content or not _is_utf8(content):
        return None
    ids: list[str] = []
    places: list[str] = []
    pages: Element | None = None
    reader = etree.iterparse(
        io.BytesIO(content), events=("end",), tag="{*}Page", resolve_entities=False,
        no_network=True, load_dtd=False, huge_tree=False, remove_pis=True, collect_ids=False,
    )  # fmt: skip
    try:
        for _, page in reader:
            parent = page.getparent()
            if parent is None or (parent is not pages and px.local(parent) != "Pages"):
                continue
            pages = parent
            ids.append(page.get("ID", ""))
            places.append(page.get("BaseLoc", ""))
            if len(ids) > most:
                raise _too_many(most, where)
            before = page.getprevious()
            if before is not None:
                parent.remove(before)
        root = reader.root
    except etree.XMLSyntaxError:
        return None
    return Listing(ids, places, root)


def _is_utf8(content: bytes) -> bool:
    declared = DECLARED.match(content[:300])
    return declared is None or declared[1].lower() in (b"utf-8", b"utf8", b"us-ascii")


def _too_many(most: int, where: str) -> TooLarge:
    return TooLarge(f"more than {most} items in one list", where=where)


@dataclass(frozen=True, slots=True)
class Document:
    """One DocBody: root part, metadata, pages, and the list of its signatures ("" if none)."""

    root: str
    metadata: dict[str, str]
    pages: Pages
    signatures: str
