"""Text of a package: per page in reading order, and by tagged region (结构化取值).

`text(data)` gives what a reader sees, `regions(data)` what the custom tags say: which data element
stands where, with its value as on the page.
"""

from __future__ import annotations

from dataclasses import dataclass

from openrhip.formats.ofd.package import Box, Package, open_package
from openrhip.formats.ofd.render.scene import Item, Scene, TextItem


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
    return [_joined(scene.page(index)) for index in range(len(scene.package.pages))]


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


def _joined(items: list[Item]) -> str:
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
