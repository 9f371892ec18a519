"""Where seals show (签章外观): at places, on anchors, or riding over the pages (骑缝章)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd.package import Box, Package
from openrhip.formats.ofd.seals import Seal, fits
from openrhip.formats.ofd.signing_xml import Mark
from openrhip.kernel.errors import Malformed, NotFound, TooLarge

ANCHOR = "anchor:"
SLICES = 12
"""Pages that one riding seal is spread over at most: thinner strips show nothing."""
_MARGIN = 25.0
_MOST_MARKS = 10_000


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a seal goes: page from 0, its corner in millimetres; its own size where 0 is given.

    clip: what shows of it, from its own corner; all of it if none is given.
    """

    page: int
    x: float
    y: float
    width: float = 0.0
    height: float = 0.0
    clip: Box | None = None


class Side(StrEnum):
    """The edge of the pages that a riding seal lies across."""

    RIGHT = "right"
    LEFT = "left"
    TOP = "top"
    BOTTOM = "bottom"


def riding(
    package: Package,
    seal: Seal,
    side: Side = Side.RIGHT,
    *,
    offset: float | None = None,
    slices: int = SLICES,
) -> tuple[Placement, ...]:
    """A seal over the fanned edges of all pages: each page shows its strip of it.

    offset: millimetres from the top (left for the top and bottom edges), else centred. Longer
    documents get a whole seal for every `slices` pages, as even as can be. Raises Malformed for
    fewer than two pages, TooLarge.
    """
    boxes = [package.page_box(page) for page in package.pages]
    if len(boxes) < 2:
        raise Malformed("a riding seal needs two pages or more", where=seal.name)
    if slices < 2:
        raise Malformed("a riding seal is spread over two pages or more", where=seal.name)
    if len(boxes) > _MOST_MARKS:
        raise TooLarge(f"a riding seal over more than {_MOST_MARKS} pages", where=seal.name)
    groups = -(-len(boxes) // slices)
    found: list[Placement] = []
    for group in range(groups):
        first, last = (len(boxes) * edge // groups for edge in (group, group + 1))
        for page in range(first, last):
            strip = page - first, last - first
            found.append(_strip(page, boxes[page], seal, side, strip, offset))
    return tuple(found)


def _strip(
    page: int,
    box: Box,
    seal: Seal,
    side: Side,
    strip: tuple[int, int],
    offset: float | None,
) -> Placement:
    """One page's strip. The first page shows the part that lies nearest to its reader."""
    number, count = strip
    if side in (Side.LEFT, Side.TOP):
        number = count - 1 - number
    _, _, across, down = box
    if side in (Side.RIGHT, Side.LEFT):
        wide = seal.width / count
        clip = (number * wide, 0.0, wide, float(seal.height))
        x = across - wide * (number + 1) if side is Side.RIGHT else -number * wide
        y = (down - seal.height) / 2 if offset is None else offset
    else:
        high = seal.height / count
        clip = (0.0, number * high, float(seal.width), high)
        y = down - high * (number + 1) if side is Side.BOTTOM else -number * high
        x = (across - seal.width) / 2 if offset is None else offset
    return Placement(page, x, y, clip=clip)


def marks(
    package: Package, seal: Seal, placements: Sequence[Placement], anchor: str
) -> tuple[Mark, ...]:
    """The marks to write: at the placements, else on the anchor, else at the last page's end."""
    if placements:
        return tuple(_placed(package, seal, placement) for placement in placements)
    found = _anchored(package, seal, anchor or "seal")
    if found:
        return found
    if anchor:
        raise NotFound("the document has no such anchor", where=anchor[:80])
    page = len(package.pages) - 1
    if page < 0:
        raise Malformed("a document without pages cannot be sealed")
    _, _, width, height = package.page_box(package.pages[page])
    x, y = width - seal.width - _MARGIN, height - seal.height - _MARGIN
    return (_placed(package, seal, Placement(page, max(x, 0), max(y, 0))),)


def _placed(package: Package, seal: Seal, placement: Placement) -> Mark:
    if not 0 <= placement.page < len(package.pages):
        raise NotFound("the document has no such page", where=f"page {placement.page + 1}")
    page = package.pages[placement.page]
    width, height = placement.width or seal.width, placement.height or seal.height
    box = (placement.x, placement.y, width, height)
    stamp = records.Stamp(page.id, box, placement.clip)
    if not fits(stamp, package.page_box(page), seal.width, seal.height):
        raise Malformed("a seal shows at most in its own size and inside the page", where=seal.name)
    return Mark(page.id, placement.x, placement.y, width, height, placement.clip)


def _anchored(package: Package, seal: Seal, anchor: str) -> tuple[Mark, ...]:
    """The seal centred on every object that carries the anchor's tag."""
    found: list[Mark] = []
    for tag in package.tags():
        if tag.name != ANCHOR + anchor.removeprefix(ANCHOR):
            continue
        for page_id, object_id in tag.objects:
            place = package.find_object(page_id, object_id)
            if place is not None:
                page, (x, y, width, height) = place
                _, _, across, down = package.page_box(package.pages[page])
                left = min(x + (width - seal.width) / 2, across - seal.width)
                top = min(y + (height - seal.height) / 2, down - seal.height)
                found.append(_placed(package, seal, Placement(page, max(left, 0), max(top, 0))))
    return tuple(found)
