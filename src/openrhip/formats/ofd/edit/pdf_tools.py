"""What all pages of one conversion share, and the cells of patterns (转换工具、底纹单元)."""

from __future__ import annotations

from typing import NamedTuple

from openrhip.formats.ofd.edit.book import Book
from openrhip.formats.ofd.edit.pdf_images import Pictures
from openrhip.formats.ofd.edit.pdf_limits import Meter
from openrhip.formats.ofd.edit.pdf_numbers import short
from openrhip.formats.ofd.edit.pdf_scratch import Scratch
from openrhip.formats.ofd.edit.pdf_shades import Shades
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.render.geometry import Matrix


class Tools:
    """What all pages of one conversion share."""

    def __init__(
        self, book: Book, meter: Meter, scratch: Scratch, pictures: Pictures, notices: Notices
    ) -> None:
        self.book = book
        self.meter = meter
        self.scratch = scratch
        self.pictures = pictures
        self.shades = Shades(scratch)
        self.notices = notices
        self.stored: dict[object, int] = {}


class Tile(NamedTuple):
    """The cell of a tiling pattern as objects of OFD; matrix: its space → mm of the page."""

    body: str
    size: tuple[float, float]
    steps: tuple[float, float]
    matrix: Matrix

    def xml(self, dx: float, dy: float) -> str:
        a, b, c, d, e, f = self.matrix
        ctm = " ".join(short(value, 6) for value in (a, b, c, d, e - dx, f - dy))
        return (
            f'<ofd:Pattern Width="{short(self.size[0], 4)}" Height="{short(self.size[1], 4)}"'
            f' XStep="{short(self.steps[0], 4)}" YStep="{short(self.steps[1], 4)}" CTM="{ctm}">'
            f"<ofd:CellContent>{self.body}</ofd:CellContent></ofd:Pattern>"
        )
