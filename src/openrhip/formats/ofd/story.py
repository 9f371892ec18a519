"""The story: what a fixed-layout document says, before anything has a place on a page.

A `Story` is a tree of frozen dataclasses. `writer.write(story)` lays it out on pages and writes an
OFD package (GB/T 33190-2016). Lengths are millimetres, type sizes points (1/72 inch; 五号 is
10.5, 小四 12, 三号 16), both as Chinese word processors name them.

`tag=` on a block, field, cell or run names the data element whose value the text is (数据元标识符,
for instance "DE04.01.119.00"): the writer ties the region on the page to it (自定义标引).
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

Color = tuple[int, int, int]
BLACK: Color = (0, 0, 0)
GREY: Color = (110, 110, 110)
RED: Color = (192, 0, 0)


class Face(enum.StrEnum):
    """The two faces of a Chinese record: 宋体 for text, 黑体 for what must stand out."""

    SERIF = "serif"
    SANS = "sans"


class Align(enum.StrEnum):
    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"
    JUSTIFY = "justify"


class Raised(enum.StrEnum):
    """Superscript and subscript."""

    NO = ""
    SUPER = "super"
    SUB = "sub"


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one manner. None means: as the block says.

    underline draws a line below; with `width` (mm) the line is at least that long, as on a form's
    blank. box draws a frame around the text: the code box of a 病案首页.
    """

    text: str
    bold: bool | None = None
    face: Face | None = None
    size: float | None = None
    color: Color | None = None
    underline: bool = False
    box: bool = False
    width: float = 0.0
    raised: Raised = Raised.NO
    tag: str = ""


Inline = str | Run | Sequence[str | Run]


@dataclass(frozen=True, slots=True)
class Style:
    """How a block's text looks. leading is a multiple of the size; indent and hanging are in em."""

    size: float = 10.5
    face: Face = Face.SERIF
    bold: bool = False
    color: Color = BLACK
    leading: float = 1.5
    align: Align = Align.JUSTIFY
    indent: float = 0.0
    hanging: float = 0.0


BODY = Style()
SMALL = Style(size=9.0, leading=1.35, align=Align.LEFT)
TITLE = Style(size=18.0, face=Face.SANS, bold=True, align=Align.CENTER, leading=1.4)
HOSPITAL = Style(size=16.0, face=Face.SERIF, bold=True, align=Align.CENTER, leading=1.4)
HEADINGS = (
    Style(size=14.0, face=Face.SANS, bold=True, align=Align.LEFT, leading=1.4),
    Style(size=12.0, face=Face.SANS, bold=True, align=Align.LEFT, leading=1.4),
    Style(size=10.5, face=Face.SANS, bold=True, align=Align.LEFT, leading=1.4),
)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: stands in the outline (大纲) and stays with what follows."""

    text: Inline
    level: int = 2
    style: Style | None = None
    before: float = 2.5
    after: float = 1.0
    outline: bool = True
    rule: bool = False
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text. Line feeds in it are kept as forced breaks. indent=2 for 首行缩进二字 in its style."""

    content: Inline
    style: Style = BODY
    before: float = 0.0
    after: float = 0.0
    left: float = 0.0
    right: float = 0.0
    keep_with_next: bool = False
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One 标签：值 of a grid. span counts grid columns. The tag belongs to the value."""

    label: str
    value: Inline = ""
    span: int = 1
    tag: str = ""
    bold: bool = False
    align: Align = Align.LEFT


class Ruling(enum.StrEnum):
    """Lines of a grid or table. THREE_LINE is 三线表: above the head, below it, at the end."""

    NONE = "none"
    UNDERLINE = "underline"
    ROWS = "rows"
    GRID = "grid"
    THREE_LINE = "three-line"


@dataclass(frozen=True, slots=True)
class KeyValueGrid:
    """Rows of fields in columns of equal or given relative widths; long values wrap in their cell.

    ruled: NONE, UNDERLINE (a line below each value, as forms have), ROWS or GRID (boxed cells).
    A row whose spans do not fill the columns leaves the rest to its last field. `labels` is the
    width of the label part in mm; 0 takes each label's own width.
    """

    rows: Sequence[Sequence[Field]]
    columns: Sequence[float] | int = 4
    ruled: Ruling = Ruling.NONE
    style: Style = field(default_factory=lambda: Style(leading=1.35, align=Align.LEFT))
    labels: float = 0.0
    label_bold: bool = False
    line_width: float = 0.2
    padding: float = 0.8
    before: float = 0.0
    after: float = 1.0


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column: its head, relative width, alignment of its cells."""

    head: Inline = ""
    width: float = 1.0
    align: Align = Align.LEFT


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell. span counts columns. valign: "top" or "middle"."""

    content: Inline = ""
    span: int = 1
    rows: int = 1
    align: Align | None = None
    bold: bool | None = None
    color: Color | None = None
    valign: str = "middle"
    shade: Color | None = None
    tag: str = ""


TableRow = Sequence[Cell | str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that breaks over pages: heads are repeated, a cell higher than a page is continued.

    heads: the first `heads` rows given in `rows` are the head; with heads=0 the head row is made of
    the columns' `head` if any has one. Rows joined by a Cell with rows > 1 stay together.
    """

    columns: Sequence[Column]
    rows: Sequence[TableRow]
    heads: int = 0
    ruled: Ruling = Ruling.GRID
    style: Style = field(default_factory=lambda: Style(size=9.0, leading=1.3, align=Align.LEFT))
    head_bold: bool = True
    head_shade: Color | None = None
    line_width: float = 0.2
    padding: float = 1.0
    before: float = 0.5
    after: float = 1.5


@dataclass(frozen=True, slots=True)
class Image:
    """A PNG or JPEG. Give width or height in mm, or neither (natural size at 150 dpi, bounded)."""

    data: bytes
    width: float = 0.0
    height: float = 0.0
    align: Align = Align.CENTER
    caption: str = ""
    tag: str = ""
    before: float = 1.0
    after: float = 1.0


@dataclass(frozen=True, slots=True)
class VectorPath:
    """A drawing in its own box of width × height mm; data in OFD's short form: M L Q B A C (§9)."""

    data: str
    width: float
    height: float
    stroke: Color | None = BLACK
    fill: Color | None = None
    line_width: float = 0.25
    align: Align = Align.LEFT
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the column."""

    width: float = 0.25
    double: bool = False
    dash: bool = False
    color: Color = BLACK
    before: float = 0.8
    after: float = 0.8


@dataclass(frozen=True, slots=True)
class Spacer:
    height: float = 3.0


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What follows begins a page."""


@dataclass(frozen=True, slots=True)
class PageNumber:
    """第 x 页 共 y 页. For header and footer; `{page}` and `{pages}` are filled in."""

    form: str = "第 {page} 页  共 {pages} 页"
    style: Style = field(default_factory=lambda: Style(size=9.0, align=Align.CENTER, leading=1.3))


@dataclass(frozen=True, slots=True)
class Columns:
    """Blocks side by side; widths are relative. Does not break over pages."""

    columns: Sequence[Sequence[Block]]
    widths: Sequence[float] = ()
    gap: float = 4.0
    valign: str = "top"


@dataclass(frozen=True, slots=True)
class Together:
    """Blocks that stay on one page where a page can hold them."""

    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Slot:
    """One 签名 place: label, printed name, and the anchor where a signature's picture goes."""

    label: str
    name: str = ""
    anchor: str = ""
    width: float = 34.0
    tag: str = ""


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """The line of signatures, kept whole. `seal` marks a place of seal_size mm for the seal.

    Anchors named "author-signature" and "seal" become the tags `anchor:author-signature` and
    `anchor:seal`.
    """

    slots: Sequence[Slot]
    align: Align = Align.RIGHT
    seal: bool = False
    seal_size: float = 40.0
    style: Style = field(default_factory=lambda: Style(align=Align.LEFT))
    before: float = 6.0
    after: float = 2.0


@dataclass(frozen=True, slots=True)
class Barcode:
    """A QR code (ISO/IEC 18004) of the text, drawn as one vector path of size × size mm."""

    text: str
    size: float = 18.0
    caption: str = ""
    align: Align = Align.LEFT


Block = (
    Heading
    | Paragraph
    | KeyValueGrid
    | Table
    | Image
    | VectorPath
    | Rule
    | Spacer
    | PageBreak
    | PageNumber
    | Columns
    | Together
    | SignatureLine
    | Barcode
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels inside, for instance the source CDA document."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """Paper in mm: A4 upright unless said otherwise."""

    width: float = 210.0
    height: float = 297.0
    left: float = 20.0
    right: float = 18.0
    top: float = 12.0
    bottom: float = 12.0


@dataclass(frozen=True, slots=True)
class Metadata:
    """Into DocInfo; `custom` into its CustomDatas (names of DA/T 46 and of the record).

    doc_id: 32 hex digits; made from the content if empty, so the same story gives the same bytes.
    doc_type: OFD-H makes it a medical record: see `profiles.ofd_h`.
    """

    doc_id: str = ""
    author: str = ""
    subject: str = ""
    keywords: Sequence[str] = ()
    creator: str = "OpenRHIP"
    creator_version: str = ""
    created: datetime | None = None
    usage: str = "Normal"
    custom: Sequence[tuple[str, str]] = ()
    doc_type: str = "OFD"


@dataclass(frozen=True, slots=True)
class Story:
    """A whole document. `first_header` stands on page one in place of `header` if given."""

    title: str
    blocks: Sequence[Block]
    metadata: Metadata = Metadata()
    header: Sequence[Block] = ()
    first_header: Sequence[Block] | None = None
    footer: Sequence[Block] = ()
    watermark: str = ""
    attachments: Sequence[Attachment] = ()
    page: Page = Page()
