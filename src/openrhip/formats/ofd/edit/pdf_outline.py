"""What of a PDF belongs to no page: outline, destinations, metadata, attachments (大纲与元数据).

Sources: ISO 32000-1 §12.3 (destinations, outlines), §14.3 (metadata), §7.11 (embedded files).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

import pikepdf

from openrhip.formats.ofd.edit.attaching import Heading
from openrhip.formats.ofd.edit.pdf_limits import Meter
from openrhip.formats.ofd.edit.pdf_numbers import get, key_of, name_of, real, text_of
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.render.geometry import Matrix, apply
from openrhip.formats.ofd.story import Attachment, Metadata
from openrhip.kernel.errors import Problem

_MOST = 20_000
_DEEPEST = 20
_MOST_FILES = 500
_LARGEST = 200 << 20
_DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([+\-Z])(\d\d)?'?(\d\d)?'?)?")


class Seen(Protocol):
    """A page as it is seen."""

    @property
    def box(self) -> Box: ...

    @property
    def matrix(self) -> Matrix: ...


class Places:
    """Where destinations lead: page index, and mm from the left and the upper edge."""

    def __init__(self, pdf: pikepdf.Pdf, views: Sequence[Seen], notices: Notices) -> None:
        self._pdf = pdf
        self._views = views
        self._notices = notices
        self._pages = {key_of(page.obj): at for at, page in enumerate(pdf.pages)}
        self._names: dict[bytes, object] | None = None
        self._left = _MOST

    def outline(self) -> list[Heading]:
        top = get(self._pdf.Root, "/Outlines")
        return self._entries(get(top, "/First"), 0, set())

    def _entries(self, item: object, depth: int, seen: set[tuple[int, int]]) -> list[Heading]:
        found: list[Heading] = []
        while item is not None and depth <= _DEEPEST and self._left > 0:
            key = key_of(item)
            if key in seen:
                break
            seen.add(key)
            self._left -= 1
            title = _shown(text_of(get(item, "/Title"), 500))
            place = self.of(item)
            below = tuple(self._entries(get(item, "/First"), depth + 1, seen))
            if title:
                page, _, y = place if place is not None else (-1, 0.0, 0.0)
                found.append(Heading(title, page, y, below))
            else:
                found += below
            item = get(item, "/Next")
        return found

    def of(self, item: object) -> tuple[int, float, float] | None:
        """Where an outline entry or a link leads, if that is a place of this document."""
        goal = get(item, "/Dest")
        if goal is None:
            action = get(item, "/A")
            if name_of(get(action, "/S")) != "GoTo":
                return None
            goal = get(action, "/D")
        return self._goal(goal, 0)

    def _goal(self, goal: object, depth: int) -> tuple[int, float, float] | None:
        if isinstance(goal, pikepdf.Dictionary) and depth < 5:
            return self._goal(get(goal, "/D"), depth + 1)
        if isinstance(goal, pikepdf.Name | pikepdf.String) and depth < 5:
            return self._goal(self._named(goal), depth + 1)
        if not isinstance(goal, pikepdf.Array) or not len(goal):
            return None
        return self._place(goal)

    def _place(self, goal: pikepdf.Array) -> tuple[int, float, float] | None:
        first = goal[0]
        page = first if isinstance(first, int) else self._pages.get(key_of(first), -1)
        if not 0 <= page < len(self._views):
            return None
        seen = self._views[page]
        kind = name_of(goal[1]) if len(goal) > 1 else ""
        items = [real(one, -1e9) for one in list(goal.as_list())[2:6]]
        x, y = -1e9, -1e9
        if kind == "XYZ" and len(items) >= 2:
            x, y = items[0], items[1]
        elif kind in ("FitH", "FitBH") and items:
            y = items[0]
        elif kind == "FitR" and len(items) == 4:
            x, y = items[0], items[3]
        if y <= -1e8:
            return page, 0.0, 0.0
        left, top = apply(seen.matrix, x if x > -1e8 else 0.0, y)
        return page, max(left, 0.0) if x > -1e8 else 0.0, min(max(top, 0.0), seen.box[3])

    def _named(self, name: object) -> object:
        if isinstance(name, pikepdf.Name):
            return get(get(self._pdf.Root, "/Dests"), str(name))
        if self._names is None:
            self._names = {}
            _tree(get(get(self._pdf.Root, "/Names"), "/Dests"), self._names, 0, _MOST)
        return self._names.get(bytes(name)) if isinstance(name, pikepdf.String) else None


def _shown(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text).strip()


def _tree(node: object, found: dict[bytes, object], depth: int, most: int) -> None:
    """A name tree."""
    if depth > 32 or len(found) >= most:
        return
    listed = get(node, "/Names")
    items = list(listed.as_list()) if isinstance(listed, pikepdf.Array) else []
    for at in range(0, min(len(items) - 1, 2 * most), 2):
        if isinstance(items[at], pikepdf.String):
            found.setdefault(bytes(items[at]), items[at + 1])
    kids = get(node, "/Kids")
    for kid in list(kids.as_list())[:most] if isinstance(kids, pikepdf.Array) else []:
        _tree(kid, found, depth + 1, most)


def metadata(pdf: pikepdf.Pdf) -> tuple[str, Metadata]:
    """Title and the rest of the document information."""
    info = get(pdf.trailer, "/Info")
    words = text_of(get(info, "/Keywords"), 4000)
    keywords = [word.strip() for word in re.split("[,;，；、]", words) if word.strip()][:100]
    made = Metadata(
        author=text_of(get(info, "/Author"), 300),
        subject=text_of(get(info, "/Subject"), 1000),
        keywords=keywords,
        creator=text_of(get(info, "/Creator"), 200) or "OpenRHIP",
        created=_date(text_of(get(info, "/CreationDate"), 40)),
    )
    return text_of(get(info, "/Title"), 500), made


def _date(text: str) -> datetime | None:
    match = _DATE.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, sign, off_hours, off_minutes = match.groups()
    offset = timedelta(hours=int(off_hours or 0), minutes=int(off_minutes or 0))
    try:
        zone = UTC if sign in (None, "Z") else timezone(-offset if sign == "-" else offset)
        return datetime(
            int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0),
            int(second or 0), tzinfo=zone,
        )  # fmt: skip
    except ValueError:
        return None


def _pinned(pdf: pikepdf.Pdf) -> list[object]:
    """Files pinned to pages (FileAttachment annotations)."""
    found: list[object] = []
    for page in pdf.pages:
        listed = get(page.obj, "/Annots")
        notes = list(listed.as_list())[:_MOST_FILES] if isinstance(listed, pikepdf.Array) else []
        found += [
            get(note, "/FS") for note in notes if name_of(get(note, "/Subtype")) == "FileAttachment"
        ]
    return found[:_MOST_FILES]


def attachments(pdf: pikepdf.Pdf, meter: Meter, notices: Notices) -> list[Attachment]:
    """The embedded files."""
    listed: dict[bytes, object] = {}
    _tree(get(get(pdf.Root, "/Names"), "/EmbeddedFiles"), listed, 0, _MOST_FILES)
    for number, spec in enumerate(_pinned(pdf)):
        listed[b"pinned %d" % number] = spec
    found: list[Attachment] = []
    names: set[str] = set()
    size = 0
    for key, spec in listed.items():
        files = get(spec, "/EF")
        stream = get(files, "/UF") or get(files, "/F")
        name = text_of(get(spec, "/UF"), 200) or text_of(get(spec, "/F"), 200)
        name = (name or key.decode("utf-8", "replace")).replace("\\", "/").rpartition("/")[2]
        name = "".join(char for char in name if char.isprintable())[:180] or "attachment"
        while name in names:
            name = f"_{name}"
        try:
            if not isinstance(stream, pikepdf.Stream):
                continue
            data = meter.read(stream)
        except Problem:
            notices.note(
                "attachment.unreadable", "附件无法读取", "an attachment cannot be read", name
            )
            continue
        size += len(data)
        if size > _LARGEST:
            notices.note(
                "attachment.dropped", "附件过大，未带入", "attachments are too large", name
            )
            break
        names.add(name)
        found.append(Attachment(name, name_of(get(stream, "/Subtype")), data))
    return found
