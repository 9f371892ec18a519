"""Story → OFD package: `write(story)` gives the bytes, `compose(story)` also what was noticed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

from openrhip.formats.ofd import parts
from openrhip.formats.ofd.fonts import Font, Usage, advances, glyph_in
from openrhip.formats.ofd.layout import Laid, lay_out
from openrhip.formats.ofd.layout.pictures import image_size
from openrhip.formats.ofd.layout.pieces import (
    PT,
    Group,
    Mark,
    Outline,
    Path,
    Picture,
    Piece,
    Text,
    deltas,
    number,
)
from openrhip.formats.ofd.package_append import Container
from openrhip.formats.ofd.signing_open import MEDICAL
from openrhip.formats.ofd.story import BLACK, Color, Page, Story
from openrhip.kernel.errors import Malformed

_RISE = 0.95  # of the size: how far a text object's box reaches above the baseline
_DROP = 0.3
_PACKED = (".otf", ".png", ".jpg", ".jpeg")
_LEVEL = 2  # pages shrink to a quarter; more effort saves 1 % of a package that is mostly fonts
_WATERMARK: Color = (224, 224, 224)  # light by colour: not every reader honours Alpha


@dataclass(frozen=True, slots=True)
class Composed:
    """A written package: data, number of pages, characters no font had (drawn as 〓)."""

    data: bytes
    pages: int
    missing: tuple[str, ...]


def write(story: Story) -> bytes:
    """The story as an unsigned OFD package; the same story gives the same bytes."""
    return compose(story).data


def compose(story: Story) -> Composed:
    laid = lay_out(story)
    writing = _Writing(story, laid)
    return Composed(writing.package(), len(laid.pages), tuple(laid.setter.usage.missing))


def color(name: str, value: Color) -> str:
    return f'<ofd:{name} Value="{value[0]} {value[1]} {value[2]}"/>'


class _Writing:
    """One document being written: hands out ids, collects regions and outline."""

    def __init__(self, story: Story, laid: Laid) -> None:
        self._story = story
        self._laid = laid
        self._id = 0
        usage = laid.setter.usage
        if story.watermark:
            _mark_usage(usage, story.watermark)
        self._files = usage.files()
        self._font_ids = {font: self._next() for font in self._files}
        self._image_ids = [self._next() for _ in laid.images]
        self._glyphs: dict[tuple[Font, str], int] = {}
        self._regions: dict[Mark, list[tuple[int, int]]] = {}
        self._sizes: dict[float, tuple[float, str, str, str]] = {}
        self._goals: list[parts.Goal] = []

    def _next(self) -> int:
        self._id += 1
        return self._id

    def package(self) -> bytes:
        story, meta = self._story, self._story.metadata
        page_ids = [self._next() for _ in self._laid.pages]
        pages = [
            (f"Doc_0/Pages/Page_{at}/Content.xml", self._page(page_id, page.pieces))
            for at, (page_id, page) in enumerate(zip(page_ids, self._laid.pages, strict=True))
        ]
        formats = [image_size(data)[0] for data in self._laid.images]
        images = list(zip(self._image_ids, formats, strict=True))
        listed: list[tuple[str, bytes]] = [
            ("Doc_0/PublicRes.xml", parts.public_res((i, f) for f, i in self._font_ids.items())),
            ("Doc_0/DocumentRes.xml", parts.document_res(images)),
            *pages,
        ]
        if self._regions:
            regions = (
                (mark.name, places)
                for mark, places in sorted(self._regions.items(), key=lambda kv: kv[0].serial)
            )
            listed.append(("Doc_0/CustomTags.xml", parts.custom_tags()))
            listed.append(("Doc_0/Tags/Tag_0.xml", parts.tag_file(regions)))
        if story.attachments:
            day = meta.created.isoformat(timespec="seconds") if meta.created else ""
            index, stored = parts.attachments(story.attachments, day)
            listed += [("Doc_0/Attachments.xml", index), *stored]
        for font, font_id in self._font_ids.items():
            listed.append((f"Doc_0/Res/Font_{font_id}.otf", self._files[font]))
        for (key, form), data in zip(images, self._laid.images, strict=True):
            suffix = "png" if form == "PNG" else "jpg"
            listed.append((f"Doc_0/Res/Image_{key}.{suffix}", data))
        document = parts.document(
            story.page, page_ids, self._goals, top_id=self._id,
            tags=bool(self._regions), attachments=bool(story.attachments),
            annotations=meta.doc_type == MEDICAL,
        )  # fmt: skip
        if meta.doc_type == MEDICAL:  # so that notes can be added to the signed record
            listed.append(("Doc_0/Annotations.xml", parts.root("Annotations", "")))
        listed.insert(0, ("Doc_0/Document.xml", document))
        entry = parts.entry(story.title, meta, self._doc_id(listed))
        return _packed([("OFD.xml", entry), *listed])

    def _doc_id(self, listed: list[tuple[str, bytes]]) -> str:
        given = self._story.metadata.doc_id.replace("-", "").lower()
        if given:
            if len(given) != 32 or set(given) - set("0123456789abcdef"):
                raise Malformed("a document id is 32 hex digits", where="metadata.doc_id")
            return given
        whole = hashlib.sha256(self._story.title.encode("utf-8", "replace"))
        for name, data in listed:
            whole.update(name.encode() + len(data).to_bytes(8, "big") + data)
        return whole.hexdigest()[:32]

    def _page(self, page_id: int, pieces: list[Piece]) -> bytes:
        page = self._story.page
        out: list[str] = []
        if self._story.watermark:
            out.append(self._watermark(page, self._story.watermark))
        back = ""
        if out:
            back = f'<ofd:Layer ID="{self._next()}" Type="Background">{"".join(out)}</ofd:Layer>'
            out = []
        layer = self._next()
        self._pieces(pieces, 0.0, 0.0, page_id, out)
        body = (
            f"<ofd:Area><ofd:PhysicalBox>0 0 {number(page.width)} {number(page.height)}"
            f'</ofd:PhysicalBox></ofd:Area><ofd:Content>{back}<ofd:Layer ID="{layer}" Type="Body">'
            f"{''.join(out)}</ofd:Layer></ofd:Content>"
        )
        return parts.root("Page", body)

    def _pieces(
        self, pieces: Sequence[Piece], dx: float, dy: float, page_id: int, out: list[str]
    ) -> None:
        """The pieces as objects; regions and outline entries are noted."""
        for piece in pieces:
            if isinstance(piece, Group):
                self._pieces(piece.pieces, dx + piece.x, dy + piece.y, page_id, out)
                continue
            if isinstance(piece, Text):
                out.append(self._text(piece, dx, dy))
            elif isinstance(piece, Path):
                out.append(self._path(piece, dx, dy))
            elif isinstance(piece, Picture):
                out.append(self._picture(piece, dx, dy))
            else:
                if isinstance(piece, Outline):
                    goal = parts.Goal(piece.level, piece.title, page_id, piece.y + dy)
                    self._goals.append(goal)
                continue
            for mark in piece.marks:
                self._regions.setdefault(mark, []).append((page_id, self._id))

    def _size(self, size: float) -> tuple[float, str, str, str]:
        """Of a type size: the rise of its box, and rise, box height and size as written."""
        found = self._sizes.get(size)
        if found is None:
            rise = _RISE * size
            words = (number(rise), number(rise + _DROP * size), number(size))
            found = self._sizes[size] = (rise, *words)
        return found

    def _glyph(self, font: Font, char: str) -> int:
        """The glyph number that a character has in the subset file."""
        key = (font, char)
        if key not in self._glyphs:
            self._glyphs[key] = glyph_in(self._files[font], char)
        return self._glyphs[key]

    def _text(self, piece: Text, dx: float, dy: float) -> str:
        x, y, width, text, steps, font, size, ink, _, glyph = piece
        self._id += 1
        rise, baseline, height, em = self._size(size)
        fill = "" if ink == BLACK else color("FillColor", ink)
        delta = f' DeltaX="{steps}"' if steps else ""
        lost = ""
        if glyph:
            lost = (
                '<ofd:CGTransform CodePosition="0" CodeCount="1" GlyphCount="1">'
                f"<ofd:Glyphs>{self._glyph(font, glyph)}</ofd:Glyphs></ofd:CGTransform>"
            )
        return (
            f'<ofd:TextObject ID="{self._id}" Boundary="{x + dx:.5g} {y + dy - rise:.5g}'
            f' {width + 0.1:.5g} {height}" Font="{self._font_ids[font]}" Size="{em}">{fill}{lost}'
            f'<ofd:TextCode X="0" Y="{baseline}"{delta}>{parts.escape(text)}'
            "</ofd:TextCode></ofd:TextObject>"
        )

    def _path(self, piece: Path, dx: float, dy: float) -> str:
        self._id += 1
        flags = "" if piece.stroke is not None else ' Stroke="false"'
        inner = ""
        if piece.stroke is not None and piece.stroke != BLACK:
            inner = color("StrokeColor", piece.stroke)
        if piece.fill is not None:
            flags += ' Fill="true"'
            inner += color("FillColor", piece.fill)
        if piece.stroke is not None:
            flags += f' LineWidth="{number(piece.line)}"'
        if piece.dash:
            flags += f' DashPattern="{" ".join(map(number, piece.dash))}"'
        if not piece.visible:
            flags += ' Visible="false"'
        if piece.scale != 1.0 and piece.stroke is None:
            scale = f"{piece.scale:.7g}"
            flags += f' CTM="{scale} 0 0 {scale} 0 0"'
        half = piece.line / 2 if piece.stroke is not None else 0.0
        data = piece.data
        x, y, width, height = piece.x + dx, piece.y + dy, piece.width, piece.height
        if half:  # the box must hold the whole line, or readers clip half of it away
            x, y, width, height = x - half, y - half, width + 2 * half, height + 2 * half
            flags += f' CTM="1 0 0 1 {number(half)} {number(half)}"'
        return (
            f'<ofd:PathObject ID="{self._id}" Boundary="{number(x)} {number(y)}'
            f' {number(width)} {number(height)}"{flags}>{inner}'
            f"<ofd:AbbreviatedData>{parts.escape(data)}</ofd:AbbreviatedData></ofd:PathObject>"
        )

    def _picture(self, piece: Picture, dx: float, dy: float) -> str:
        self._id += 1
        width, height = number(piece.width), number(piece.height)
        return (
            f'<ofd:ImageObject ID="{self._id}" Boundary="{number(piece.x + dx)}'
            f' {number(piece.y + dy)} {width} {height}" CTM="{width} 0 0 {height} 0 0"'
            f' ResourceID="{self._image_ids[piece.key]}"/>'
        )

    def _watermark(self, page: Page, text: str) -> str:
        """Light text across the page, in a row of three."""
        size = 22 * PT
        table = advances(Font.SANS, size)
        widths = [table[char] for char in text]
        angle = math.radians(-30)
        cos, sin = number(math.cos(angle)), number(math.sin(angle))
        back = number(-math.sin(angle))
        out: list[str] = []
        layer: list[tuple[float, float]] = [(0.5, 0.22), (0.5, 0.5), (0.5, 0.78)]
        long, tall = sum(widths), size * 1.25
        for across, down in layer:
            self._id += 1
            box_w = long * math.cos(angle) + tall * -math.sin(angle)
            box_h = long * -math.sin(angle) + tall * math.cos(angle)
            x, y = page.width * across - box_w / 2, page.height * down - box_h / 2
            out.append(
                f'<ofd:TextObject ID="{self._id}" Boundary="{number(x)} {number(y)}'
                f' {number(box_w)} {number(box_h)}"'
                f' CTM="{cos} {sin} {back} {cos} 0 {number(long * -math.sin(angle))}"'
                f' Font="{self._font_ids[Font.SANS]}" Size="{number(size)}">'
                f"{color('FillColor', _WATERMARK)}"
                f'<ofd:TextCode X="0" Y="{number(size)}" DeltaX="{deltas(widths[:-1])}">'
                f"{parts.escape(text)}</ofd:TextCode></ofd:TextObject>"
            )
        return "".join(out)


def _mark_usage(usage: Usage, text: str) -> None:
    table = advances(Font.SANS, 22 * PT)
    for char in text:
        _ = table[char]
        if char in table.strange:
            raise Malformed("the watermark has a character its font lacks", where="watermark")
    usage.add(Font.SANS, text)


def _packed(listed: list[tuple[str, bytes]]) -> bytes:
    """The container. Fonts and images are stored: packing them again costs more than it saves."""
    container = Container()
    for name, data in listed:
        if name.endswith(_PACKED) or len(data) < 128:
            container.store(name, data)
        else:
            container.deflate(name, data, level=_LEVEL)
    return container.finish()
