"""Text of a package: per page in reading order, with places, and by tagged region (结构化取值).

`text(data)` gives what a reader sees, `lines` and `words` where it stands, `tables` what stands in
rows and columns, `regions(data)` what the custom tags say: which data element stands where, with
its value as on the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from openrhip.formats.ofd.package import Box, Package, open_package
from openrhip.formats.ofd.reading_lines import Fragment, Line, fragments, joined, ordered
from openrhip.formats.ofd.render.scene import Item, Leaf, Scene, TextItem
from openrhip.kernel.errors import NotFound

WRITER = "OpenRHIP"
"""Creator of documents whose objects stand in the order in which they are read."""


@dataclass(frozen=True, slots=True)
class Region:
    """A tagged region: name of the data element or anchor, its text, page index and box (mm)."""

    name: str
    text: str
    page: int
    box: Box


def text(data: bytes | Package) -> list[str]:
    """The text of each page: a line feed where a new line begins. Raises Malformed, TooLarge."""
    scene = Scene.of(_package(data))
    own = _own(scene.package)
    return [_read(scene.page(index), own=own) for index in range(len(scene.package.pages))]


def _own(package: Package) -> bool:
    return package.metadata.get("Creator") == WRITER


def _read(items: Sequence[Leaf], *, own: bool) -> str:
    if own:
        return _joined(items)
    return "\n".join(joined(0, row).text for row in ordered(fragments(items)))


@dataclass(frozen=True, slots=True)
class Word:
    """A stretch of text as one object has it, on one line: page from 0, box in mm."""

    page: int
    text: str
    box: Box


def lines(data: bytes | Package, page: int) -> list[Line]:
    """The lines of a page from 0 in reading order, with a box for each character.

    Raises Malformed, NotFound, TooLarge.
    """
    package = _package(data)
    return _lines(Scene.of(package), page, own=_own(package))


def _lines(scene: Scene, page: int, *, own: bool) -> list[Line]:
    parts = fragments(scene.page(page))
    rows = _as_written(parts) if own else ordered(parts)
    return [joined(page, row) for row in rows]


def _as_written(parts: Sequence[Fragment]) -> Iterator[list[Fragment]]:
    """Neighbours in the file that stand on one height and go on to the right."""
    row: list[Fragment] = []
    for part in parts:
        last = row[-1] if row else None
        if last is not None and (
            abs(part.bottom - last.bottom) > part.size * 0.6 or part.box[0] < last.right - part.size
        ):
            yield row
            row = []
        row.append(part)
    if row:
        yield row


def words(data: bytes | Package, pages: Iterable[int] | None = None) -> Iterator[Word]:
    """What stands where: each object's text, line by line, page by page in reading order.

    Raises Malformed, NotFound, TooLarge.
    """
    package = _package(data)
    scene, own = Scene.of(package), _own(package)
    count = len(package.pages)
    for page in range(count) if pages is None else pages:
        if not 0 <= page < count:
            raise NotFound("the document has no such page", where=f"page {page + 1}")
        parts = fragments(scene.page(page))
        for row in [parts] if own else ordered(parts):
            for part in row:
                yield Word(page, part.text, part.box)


def regions(data: bytes | Package) -> list[Region]:
    """All tagged regions in the order of the tag file; what crosses a page stands on its first."""
    package = _package(data)
    scene = Scene.of(package)
    indexes = {page.id: index for index, page in enumerate(package.pages)}
    shown: dict[int, dict[str, Item]] = {}
    found: list[Region] = []
    for tag in package.tags():
        texts: list[str] = []
        boxes: list[tuple[int, Box]] = []
        for page_id, object_id in tag.objects:
            index = indexes.get(page_id)
            if index is None:
                continue
            if index not in shown:
                shown[index] = {item.id: item for item in scene.page(index)}
            item = shown[index].get(object_id)
            if item is not None:
                boxes.append((index, item.box))
                if isinstance(item, TextItem):
                    texts.append(item.text)
            elif (place := package.find_object(page_id, object_id)) is not None:
                boxes.append(place)
        if boxes:
            page = boxes[0][0]
            here = [box for index, box in boxes if index == page]
            found.append(Region(tag.name, "".join(texts), page, _around(here)))
    return found


def tag_texts(data: bytes | Package) -> dict[str, str]:
    """Data element → its text; several regions of one element are joined by line feeds."""
    found: dict[str, str] = {}
    for region in regions(data):
        if region.text:
            before = found.get(region.name)
            found[region.name] = region.text if before is None else f"{before}\n{region.text}"
    return found


def _package(data: bytes | Package) -> Package:
    return data if isinstance(data, Package) else open_package(data)


def _around(boxes: list[Box]) -> Box:
    left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    right, bottom = max(b[0] + b[2] for b in boxes), max(b[1] + b[3] for b in boxes)
    return left, top, right - left, bottom - top


def _joined(items: Sequence[Item]) -> str:
    """Texts in order; one that begins on another baseline or further left begins a line."""
    out: list[str] = []
    last_y, last_x = None, 0.0
    for item in items:
        if not isinstance(item, TextItem) or item.behind or not item.text:
            continue
        x, y, width, height = item.box
        base = y + height
        if last_y is not None:
            if abs(base - last_y) > item.size * 0.6 or x < last_x - item.size:
                out.append("\n")
            elif x > last_x + item.size * 0.8:
                out.append(" ")
        out.append(item.text)
        last_y, last_x = base, x + width
    return "".join(out)
