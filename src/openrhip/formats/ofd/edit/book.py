"""A new document built page by page: what converting from PDF and from images shares (新建文档).

Fonts and images are kept once by content. Sources: GB/T 33190-2016 §7 (document), §7.9
(resources), §15 (annotations), §20 (attachments).
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from openrhip.formats.ofd import parts
from openrhip.formats.ofd.edit.attaching import Heading
from openrhip.formats.ofd.layout.pieces import number
from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.package_append import Container
from openrhip.formats.ofd.parts import escape, root
from openrhip.formats.ofd.story import Attachment, Metadata
from openrhip.kernel.errors import Malformed, TooLarge

_MOST_IDS = 8_000_000
_STORED = ("png", "jpg", "jp2", "jb2")
_LEVEL = 9
SUFFIXES = {"PNG": "png", "JPEG": "jpg", "TIFF": "tif", "JPEG2000": "jp2", "JBIG2": "jb2"}


@dataclass(frozen=True, slots=True)
class FontLook:
    """What the resource of a font says. name: its name, family: without style."""

    name: str
    family: str = ""
    bold: bool = False
    italic: bool = False
    serif: bool = False
    fixed: bool = False


@dataclass
class _FontEntry:
    look: FontLook
    data: bytes | None
    suffix: str


@dataclass
class Book:
    """A document being built: resources and pages get their numbers when they come."""

    title: str = ""
    metadata: Metadata = field(default_factory=Metadata)
    attachments: list[Attachment] = field(default_factory=list)
    outline: list[Heading] = field(default_factory=list)
    page_ids: list[int] = field(default_factory=list)
    _last: int = 0
    _fonts: dict[int, _FontEntry] = field(default_factory=dict)
    _images: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    _known: dict[bytes, int] = field(default_factory=dict)
    _pages: dict[int, bytes] = field(default_factory=dict)
    _notes: dict[int, Sequence[str]] = field(default_factory=dict)
    _first: Box = (0.0, 0.0, 210.0, 297.0)

    def next_id(self) -> int:
        self._last += 1
        if self._last > _MOST_IDS:
            raise TooLarge(f"more than {_MOST_IDS} objects")
        return self._last

    def expect_pages(self, count: int) -> None:
        """Pages get their ids first, so that links can name them."""
        self.page_ids = [self.next_id() for _ in range(count)]

    def font(self, look: FontLook) -> int:
        """A font resource without file; `font_file` gives it one."""
        made = self.next_id()
        self._fonts[made] = _FontEntry(look, None, "")
        return made

    def font_file(self, font: int, data: bytes) -> None:
        entry = self._fonts[font]
        entry.data = data
        entry.suffix = "otf" if data[:4] == b"OTTO" else "ttf"

    def image(self, data: bytes, form: str) -> int:
        """form: PNG, JPEG, TIFF, JPEG2000 or JBIG2."""
        key = hashlib.sha256(data).digest()
        if key not in self._known:
            made = self._known[key] = self.next_id()
            self._images[made] = (form, data)
        return self._known[key]

    def page(
        self,
        number_: int,
        box: Box,
        layers: Sequence[tuple[str, str]],
        annotations: Sequence[str] = (),
    ) -> None:
        """layers: (type, objects as XML) from the back; annotations: Annot elements."""
        if not self._pages:
            self._first = box
        area = f"<ofd:PhysicalBox>{' '.join(map(number, box))}</ofd:PhysicalBox>"
        listed = "".join(
            f'<ofd:Layer ID="{self.next_id()}" Type="{kind}">{body}</ofd:Layer>'
            for kind, body in layers
            if body
        )
        content = f"<ofd:Content>{listed}</ofd:Content>" if listed else ""
        page = root("Page", f"<ofd:Area>{area}</ofd:Area>{content}")
        self._pages[number_] = zlib.compress(page, 1)  # kept small until all are there
        if annotations:
            self._notes[number_] = annotations

    def finish(self) -> bytes:
        """The package. The same content gives the same bytes."""
        if not self._pages:
            raise Malformed("there is no page")
        listed = self._annotations(self._notes)
        media: dict[str, bytes] = {}
        if self._fonts:
            listed["Doc_0/PublicRes.xml"] = self._public(media)
        if self._images:
            listed["Doc_0/DocumentRes.xml"] = self._documentary(media)
        if self.attachments:
            index, stored = parts.attachments(self.attachments, "")
            listed["Doc_0/Attachments.xml"] = index
            media |= dict(stored)
        whole = {"Doc_0/Document.xml": self._document(bool(self._notes)), **listed, **media}
        digest = hashlib.sha256()
        for data in self._pages.values():
            digest.update(zlib.decompress(data))
        for name, data in whole.items():
            digest.update(name.encode() + len(data).to_bytes(8, "big") + data)
        entry = parts.entry(self.title, self.metadata, digest.hexdigest()[:32])
        container = Container()
        container.deflate("OFD.xml", entry)
        container.deflate("Doc_0/Document.xml", whole.pop("Doc_0/Document.xml"), level=_LEVEL)
        for at in sorted(self._pages):
            page = zlib.decompress(self._pages[at])
            container.deflate(f"Doc_0/Pages/Page_{at}/Content.xml", page, level=_LEVEL)
        for name, data in whole.items():
            if name.rpartition(".")[2] in _STORED:
                container.store(name, data)
            else:
                container.deflate(name, data, level=_LEVEL)
        return container.finish()

    def _annotations(self, annotated: dict[int, Sequence[str]]) -> dict[str, bytes]:
        if not annotated:
            return {}
        index: list[str] = []
        made: dict[str, bytes] = {}
        for at in sorted(annotated):
            name = f"Annots/Page_{at}/Annotation.xml"
            made[f"Doc_0/{name}"] = root("PageAnnot", "".join(annotated[at]))
            index.append(
                f'<ofd:Page PageID="{self.page_ids[at]}"><ofd:FileLoc>{name}</ofd:FileLoc>'
                "</ofd:Page>"
            )
        return {"Doc_0/Annotations.xml": root("Annotations", "".join(index)), **made}

    def _public(self, media: dict[str, bytes]) -> bytes:
        names: dict[bytes, str] = {}
        listed: list[str] = []
        for key, entry in self._fonts.items():
            look, file = entry.look, ""
            if entry.data is not None:
                digest = hashlib.sha256(entry.data).digest()
                if digest not in names:
                    names[digest] = f"Font_{key}.{entry.suffix}"
                    media[f"Doc_0/Res/{names[digest]}"] = entry.data
                file = f"<ofd:FontFile>{names[digest]}</ofd:FontFile>"
            flags = "".join(
                f' {name}="true"'
                for name, value in (
                    ("Italic", look.italic), ("Bold", look.bold),
                    ("Serif", look.serif), ("FixedWidth", look.fixed),
                )
                if value
            )  # fmt: skip
            listed.append(
                f'<ofd:Font ID="{key}" FontName="{escape(look.name)}"'
                f' FamilyName="{escape(look.family or look.name)}"{flags}>{file}</ofd:Font>'
            )
        return root("Res", f"<ofd:Fonts>{''.join(listed)}</ofd:Fonts>", ' BaseLoc="Res"')

    def _documentary(self, media: dict[str, bytes]) -> bytes:
        listed: list[str] = []
        for key, (form, data) in self._images.items():
            name = f"Image_{key}.{SUFFIXES[form]}"
            media[f"Doc_0/Res/{name}"] = data
            listed.append(
                f'<ofd:MultiMedia ID="{key}" Type="Image" Format="{form}">'
                f"<ofd:MediaFile>{name}</ofd:MediaFile></ofd:MultiMedia>"
            )
        listed_ = "".join(listed)
        return root("Res", f"<ofd:MultiMedias>{listed_}</ofd:MultiMedias>", ' BaseLoc="Res"')

    def _document(self, annotated: bool) -> bytes:
        pages = "".join(
            f'<ofd:Page ID="{self.page_ids[at]}" BaseLoc="Pages/Page_{at}/Content.xml"/>'
            for at in sorted(self._pages)
        )
        box = " ".join(map(number, self._first))
        body = (
            f"<ofd:CommonData><ofd:MaxUnitID>{self._last}</ofd:MaxUnitID><ofd:PageArea>"
            f"<ofd:PhysicalBox>{box}</ofd:PhysicalBox></ofd:PageArea>"
        )
        if self._fonts:
            body += "<ofd:PublicRes>PublicRes.xml</ofd:PublicRes>"
        if self._images:
            body += "<ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes>"
        body += f"</ofd:CommonData><ofd:Pages>{pages}</ofd:Pages>"
        if self.outline:
            entries = "".join(map(self._heading, self.outline))
            body += f"<ofd:Outlines>{entries}</ofd:Outlines>"
        if annotated:
            body += "<ofd:Annotations>Annotations.xml</ofd:Annotations>"
        if self.attachments:
            body += "<ofd:Attachments>Attachments.xml</ofd:Attachments>"
        return root("Document", body)

    def _heading(self, heading: Heading) -> str:
        actions = ""
        if 0 <= heading.page < len(self.page_ids):
            actions = (
                '<ofd:Actions><ofd:Action Event="CLICK"><ofd:Goto><ofd:Dest Type="XYZ"'
                f' PageID="{self.page_ids[heading.page]}" Left="0" Top="{number(heading.y)}"/>'
                "</ofd:Goto></ofd:Action></ofd:Actions>"
            )
        below = "".join(map(self._heading, heading.below))
        return (
            f'<ofd:OutlineElem Title="{escape(heading.title)}">{actions}{below}</ofd:OutlineElem>'
        )
