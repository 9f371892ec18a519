"""Annotations (注释): notes, highlights, underlines, text stamps and watermarks.

They stand in files of their own, so that a signed medical record (OFD-H) keeps its signed parts.
Sources: GB/T 33190-2016 §15 (Annotations.xml, PageAnnot); the draft of OFD-H.
"""

from __future__ import annotations

import math
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.edit import changing
from openrhip.formats.ofd.edit.guarding import allow, protected, refuse_encrypted, signed
from openrhip.formats.ofd.edit.lettering import Line, outlines, width_of, wrapped
from openrhip.formats.ofd.layout.pieces import PT, number
from openrhip.formats.ofd.package import Box, Document, Package, open_package
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.signing_open import annotation_lists
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed, NotFound, Refused, TooLarge
from openrhip.kernel.periods import city_day

Color = tuple[int, int, int]
_MOST = 1_000
_LONGEST = 4_000
_SMALLEST = 5 * PT


class Kind(NamedTuple):
    """How a kind stands in the file. color: its own; alpha: of its surface."""

    type: str
    subtype: str
    color: Color
    alpha: int = 255


KINDS = {
    "note": Kind("Path", "Note", (255, 244, 190), 230),
    "highlight": Kind("Highlight", "Highlight", (255, 230, 0), 96),
    "underline": Kind("Highlight", "Underline", (220, 30, 30)),
    "stamp": Kind("Stamp", "Text", (200, 20, 20)),
    "watermark": Kind("Watermark", "Text", (120, 120, 120), 60),
}


@dataclass(frozen=True, slots=True)
class Annotation:
    """What to add. kind: a key of KINDS; page: index from 0; box: x y w h in mm of the page, for a
    watermark None means the whole page; color: None for that of the kind."""

    kind: str
    page: int
    box: Box | None = None
    text: str = ""
    author: str = ""
    color: Color | None = None
    day: date | None = None
    printed: bool = True


def annotate(data: bytes | Package, annotations: Sequence[Annotation]) -> bytes:
    """The file with annotations added.

    Raises Malformed, TooLarge, NotFound (no such page), Refused (a signature protects the list of
    annotations, or the file is encrypted).
    """
    package = data if isinstance(data, Package) else open_package(data)
    refuse_encrypted(package)
    if not annotations or len(annotations) > _MOST:
        raise Malformed(f"1 to {_MOST} annotations can be added at once")
    adding = _Adding(package)
    for annotation in annotations:
        adding.add(annotation)
    return changing.rewritten(package, adding.parts())


class _Page(NamedTuple):
    """The file of one page's annotations."""

    part: str
    root: Element


class _Adding:
    def __init__(self, package: Package) -> None:
        self._package = package
        self._fixed = protected(package) if signed(package) else frozenset()
        self._lists: dict[str, tuple[Element, str]] = {}
        self._roots: dict[str, Element] = {}
        self._pages: dict[str, _Page] = {}
        self._ids: dict[str, int] = {}
        self._places = [
            (document, page) for document in package.documents for page in document.pages
        ]

    def add(self, annotation: Annotation) -> None:
        if not 0 <= annotation.page < len(self._places):
            raise NotFound("the document has no such page", where=f"page {annotation.page + 1}")
        document, page = self._places[annotation.page]
        self._open(document)
        home = self._home(document, page.id)
        box = annotation.box or self._whole(annotation)
        _inside(box, self._package.page_box(page), annotation.page)
        _draw(home.root, annotation, box, self._counter(document))

    def _whole(self, annotation: Annotation) -> Box:
        if annotation.kind != "watermark":
            raise Malformed("the annotation needs a box", where="box", remedy="give X,Y,W,H in mm")
        return self._package.page_box(self._places[annotation.page][1])

    def _open(self, document: Document) -> None:
        """The document's list; whether it may be changed is decided here."""
        if document.root in self._lists:
            return
        root = changing.editable(self._package, document.root)
        found, part = changing.listed(self._package, document, root, "Annotations")
        if signed(self._package):
            if part not in annotation_lists(self._package) - self._fixed:
                raise Refused(
                    "the file is signed, and its signatures protect the list of annotations",
                    where=part,
                    remedy="annotate before signing, or annotate a copy (merge --drop-signatures)",
                )
        elif px.text(self._package.xml(document.root), "Annotations"):
            allow(self._package, {part}, "annotating")
        else:
            allow(self._package, {part, document.root}, "annotating")
        self._roots[document.root] = root
        self._lists[document.root] = found, part
        self._ids[document.root] = changing.last_id(self._package, document)

    def _home(self, document: Document, page_id: str) -> _Page:
        """The file that takes this page's annotations: an unprotected one, or a new one."""
        key = f"{document.root}#{page_id}"
        if key in self._pages:
            return self._pages[key]
        listed, part = self._lists[document.root]
        for item in px.children(listed, "Page"):
            if item.get("PageID") == page_id:
                try:
                    file = self._package.resolve(px.text(item, "FileLoc"), base=part)
                except NotFound:
                    continue
                if file not in self._fixed:
                    root = changing.editable(self._package, file)
                    self._pages[key] = _Page(file, root)
                    return self._pages[key]
        folder = posixpath.dirname(document.root)
        name = posixpath.join(folder, "Annots", f"Page_{page_id or 0}", "Annotation.xml")
        name = changing.free(self._package, name, {page.part: 1 for page in self._pages.values()})
        root = changing.like(listed, "PageAnnot")
        entry = changing.added(listed, "Page", PageID=page_id)
        changing.added(entry, "FileLoc", f"/{name}")
        self._pages[key] = _Page(name, root)
        return self._pages[key]

    def _counter(self, document: Document) -> _Counter:
        return _Counter(self._ids, document.root)

    def parts(self) -> dict[str, bytes]:
        """All parts that changed or are new."""
        made: dict[str, bytes] = {}
        for root, (listed, part) in self._lists.items():
            if root not in self._fixed:
                changing.set_last_id(self._roots[root], self._ids[root])
                made[root] = changing.as_part(self._roots[root])
            made[part] = changing.as_part(listed)
        for page in self._pages.values():
            made[page.part] = changing.as_part(page.root)
        return made


class _Counter:
    """The next free id of a document."""

    def __init__(self, ids: dict[str, int], key: str) -> None:
        self._ids = ids
        self._key = key

    def __call__(self) -> str:
        self._ids[self._key] += 1
        return str(self._ids[self._key])


def _inside(box: Box, whole: Box, page: int) -> None:
    """Raises Malformed for a box of which the page shows nothing."""
    for at in (0, 1):
        if box[at] >= whole[at] + whole[at + 2] or box[at] + box[at + 2] <= whole[at]:
            raise Malformed(
                "the box lies outside of the page",
                where=f"page {page + 1}",
                remedy=f"the page is {whole[2]:g} by {whole[3]:g} mm",
            )


def _draw(page: Element, annotation: Annotation, box: Box, counter: _Counter) -> None:
    kind = KINDS.get(annotation.kind)
    if kind is None:
        raise Malformed(f"no kind of annotation: {annotation.kind[:20]!r}", where="kind")
    if not all(abs(value) < 10_000 for value in box) or box[2] <= 0 or box[3] <= 0:
        raise Malformed("a box has a place and a size in millimetres", where="box")
    if len(annotation.text) > _LONGEST or len(annotation.author) > 200:
        raise TooLarge(f"at most {_LONGEST} characters of text", where="text")
    if not annotation.text.strip() and annotation.kind in ("note", "stamp", "watermark"):
        raise Malformed("the annotation says nothing", where="text")
    day = annotation.day or city_day(clock.now())
    item = changing.added(
        page, "Annot", ID=counter(), Type=kind.type,
        Creator=_clean(annotation.author) or "OpenRHIP", LastModDate=day.isoformat(),
        Subtype=kind.subtype, Print=str(annotation.printed).lower(),
    )  # fmt: skip
    if annotation.text:
        changing.added(item, "Remark", _clean(annotation.text))
    appearance = changing.added(item, "Appearance", Boundary=" ".join(map(number, box)))
    _LOOKS[annotation.kind](appearance, annotation, box, counter)


def _clean(text: str) -> str:
    return "".join(char for char in text if char.isprintable() or char in "\n\t").replace(
        "\ufffe", ""
    )


def _shape(
    parent: Element, counter: _Counter, size: tuple[float, float], data: str, **look: str
) -> Element:
    """A path over the whole of its parent."""
    made = changing.added(
        parent, "PathObject", ID=counter(),
        Boundary=f"0 0 {number(size[0])} {number(size[1])}", **look,
    )  # fmt: skip
    fill = look.get("Fill") == "true"
    changing.added(made, "FillColor" if fill else "StrokeColor", Value="0 0 0")
    changing.added(made, "AbbreviatedData", data)
    return made


def _paint(shape: Element, color: Color, name: str = "FillColor") -> None:
    found = px.child(shape, name)
    if found is not None:
        found.set("Value", " ".join(map(str, color)))


def _rectangle(width: float, height: float, inset: float = 0.0) -> str:
    left, right, bottom = number(inset), number(width - inset), number(height - inset)
    return f"M {left} {left} L {right} {left} L {right} {bottom} L {left} {bottom} C"


def _surface(parent: Element, annotation: Annotation, box: Box, counter: _Counter) -> None:
    kind = KINDS[annotation.kind]
    shape = _shape(
        parent, counter, box[2:], _rectangle(box[2], box[3]),
        Stroke="false", Fill="true", Alpha=str(kind.alpha),
    )  # fmt: skip
    _paint(shape, annotation.color or kind.color)


def _underline(parent: Element, annotation: Annotation, box: Box, counter: _Counter) -> None:
    width, height = box[2:]
    y = number(max(height - 0.3, 0.0))
    shape = _shape(
        parent, counter, (width, height), f"M 0 {y} L {number(width)} {y}", LineWidth="0.35"
    )
    _paint(shape, annotation.color or KINDS["underline"].color, "StrokeColor")


def _note(parent: Element, annotation: Annotation, box: Box, counter: _Counter) -> None:
    _surface(parent, annotation, box, counter)
    frame = _shape(parent, counter, box[2:], _rectangle(box[2], box[3], 0.1), LineWidth="0.2")
    _paint(frame, (190, 160, 60), "StrokeColor")
    said = f"{annotation.author}：{annotation.text}" if annotation.author else annotation.text
    size, lines = _fitted(said, box[2] - 2, box[3] - 1.6, 9 * PT)
    for row, line in enumerate(lines):
        y = 0.8 + (row + 0.85) * size * 1.3
        if y < box[3]:
            _letters(parent, counter, box[2:], line.text, size, (1.0, y), (30, 30, 30))


def _fitted(text: str, width: float, height: float, size: float) -> tuple[float, list[Line]]:
    """The largest size up to `size` at which the text fits its box, and its lines."""
    while True:
        lines = wrapped(text, max(width, size), size)
        if len(lines) * size * 1.3 <= height or size <= _SMALLEST:
            return size, lines
        size = max(size * 0.88, _SMALLEST)


def _stamp(parent: Element, annotation: Annotation, box: Box, counter: _Counter) -> None:
    color = annotation.color or KINDS["stamp"].color
    width, height = box[2:]
    frame = _shape(
        parent, counter, (width, height), _rectangle(width, height, 0.3), LineWidth="0.6"
    )
    _paint(frame, color, "StrokeColor")
    size, lines = _fitted(annotation.text, width - 2, height - 1.2, height * 0.7)
    top = (height - len(lines) * size * 1.3) / 2
    for row, line in enumerate(lines):
        place = (max((width - line.width) / 2, 0.6), top + (row + 0.83) * size * 1.3)
        _letters(parent, counter, (width, height), line.text, size, place, color)


def _watermark(parent: Element, annotation: Annotation, box: Box, counter: _Counter) -> None:
    """The text on a slope, again and again."""
    width, height = box[2:]
    size = 18 * PT
    text = " ".join(annotation.text.split())[:120]
    long = width_of(text, size)
    cos, sin = math.cos(math.radians(-30)), math.sin(math.radians(-30))
    data, _, upem = outlines(text)
    if not data:
        return
    scale = size / upem
    kind = KINDS["watermark"]
    step = max(height / 3, 50.0)
    for row in range(1, max(2, round(height / step)) + 1):
        x = width / 2 - long * cos / 2
        y = (row - 0.5) * height / max(2, round(height / step)) - long * sin / 2
        matrix = (scale * cos, scale * sin, -scale * sin, scale * cos, x, y)
        shape = _shape(
            parent, counter, (width, height), data, Stroke="false", Fill="true",
            Alpha=str(kind.alpha), CTM=" ".join(f"{value:.6g}" for value in matrix),
        )  # fmt: skip
        _paint(shape, annotation.color or kind.color)


def _letters(
    parent: Element, counter: _Counter, box: tuple[float, float], text: str, size: float,
    place: tuple[float, float], color: Color,
) -> None:  # fmt: skip
    data, _, upem = outlines(text)
    if data:
        scale = size / upem
        shape = _shape(
            parent, counter, box, data, Stroke="false", Fill="true",
            CTM=f"{scale:.6g} 0 0 {scale:.6g} {number(place[0])} {number(place[1])}",
        )  # fmt: skip
        _paint(shape, color)


_LOOKS = {
    "note": _note,
    "highlight": _surface,
    "underline": _underline,
    "stamp": _stamp,
    "watermark": _watermark,
}
