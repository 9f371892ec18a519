"""What a comparison finds (差异): plain values, page indexes from 0, boxes in millimetres."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from openrhip.formats.ofd.package import Box

ADDED, REMOVED, CHANGED, MOVED = "added", "removed", "changed", "moved"


@dataclass(frozen=True, slots=True)
class PartChange:
    """kind: added, removed or changed; sizes in bytes, 0 where there is none."""

    kind: str
    part: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class TextChange:
    """A line of text; before or after is "" where it was added or removed."""

    kind: str
    before: str
    after: str
    box_before: Box | None
    box_after: Box | None


@dataclass(frozen=True, slots=True)
class DrawingChange:
    """An object that is no changed text: its element's name, and where it was and is."""

    kind: str
    object: str
    box_before: Box | None
    box_after: Box | None


@dataclass(frozen=True, slots=True)
class PageChange:
    """before, after: index of the page in each file, None if it has none there.

    through: parts that changed the page though its own content is as it was.
    """

    kind: str
    before: int | None
    after: int | None
    texts: tuple[TextChange, ...] = ()
    drawings: tuple[DrawingChange, ...] = ()
    size: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ValueChange:
    """of: metadata, custom data, outline, bookmark, permission, note, tag, attachment, …"""

    kind: str
    of: str
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class SignatureCover:
    """What a signature of a file covers. changed: covered parts that are not as signed."""

    file: str
    id: str
    kind: str
    time: str
    covered: int
    uncovered: tuple[str, ...]
    changed: tuple[str, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Differences:
    """All that changed between two files; pages holds only pages that did."""

    parts: tuple[PartChange, ...]
    pages: tuple[PageChange, ...]
    values: tuple[ValueChange, ...]
    signatures: tuple[SignatureCover, ...]
    same_pages: int

    @property
    def same(self) -> bool:
        """Whether nothing at all changed, part by part."""
        return not (self.parts or self.pages or self.values)

    def as_dict(self) -> dict[str, Any]:
        """For JSON; pages count from 1 there."""
        found = {"same": self.same, **asdict(self)}
        for page in found["pages"]:
            for side in ("before", "after"):
                if page[side] is not None:
                    page[side] += 1
        return found
