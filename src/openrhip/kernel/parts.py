"""Files that come in parts (分段): which stretches are there, which part fits, and where they lie.

`Parts` is one such file: a folder with a file for each part, named for its number, place and
digest. A part that is there is durable; nothing else need be remembered.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from openrhip.kernel.errors import Conflict, Malformed, NotFound, NotVerified, TooLarge
from openrhip.kernel.files import write_durably

MAX_PART = 8 << 20  # bytes of one part
MAX_PARTS = 2000
_NAME = re.compile(r"([0-9]{4})-([0-9]{1,12})-([0-9]{1,8})-([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a file: bytes from `offset`, `size` of them."""

    offset: int
    size: int

    @property
    def end(self) -> int:
        return self.offset + self.size


def missing(size: int, received: Iterable[Span]) -> tuple[Span, ...]:
    """The stretches of a file of `size` bytes that no part covers yet."""
    gaps: list[Span] = []
    at = 0
    for span in sorted(received):
        if at < min(span.offset, size):
            gaps.append(Span(at, min(span.offset, size) - at))
        at = max(at, span.end)
    if at < size:
        gaps.append(Span(at, size - at))
    return tuple(gaps)


def admit_part(*, size: int, number: int, part: Span, others: Iterable[Span]) -> None:
    """Raises Malformed, TooLarge or Conflict for a part that does not fit into its file."""
    if not 0 <= number < MAX_PARTS:
        raise Malformed(f"parts are numbered from 0 to {MAX_PARTS - 1}", where="part")
    if part.size > MAX_PART:
        raise TooLarge(f"a part has at most {MAX_PART} bytes", where="part")
    if part.size <= 0 or part.offset < 0 or part.end > size:
        raise Malformed("the part lies outside its file", where="offset")
    if any(part.offset < other.end and other.offset < part.end for other in others):
        raise Conflict("the part overlaps another one", where="offset")


@dataclass(frozen=True, slots=True)
class Part:
    """A part that is durable; digest: SM3 of it."""

    number: int
    span: Span
    digest: str

    @property
    def name(self) -> str:
        return f"{self.number:04d}-{self.span.offset}-{self.span.size}-{self.digest}"


class Parts:
    """A file of `size` bytes on its way in. Several processes may put parts at once; whoever
    asks for the whole compares its digest.
    """

    def __init__(self, folder: Path, *, size: int) -> None:
        self.folder = folder
        self.size = size

    def received(self) -> tuple[Part, ...]:
        """The parts that are there, by number."""
        try:
            names = [path.name for path in self.folder.iterdir()]
        except FileNotFoundError:
            return ()
        found = [match for name in names if (match := _NAME.fullmatch(name))]
        parts = (Part(int(one[1]), Span(int(one[2]), int(one[3])), one[4]) for one in found)
        return tuple(sorted(parts, key=lambda part: (part.number, part.span)))

    def missing(self) -> tuple[Span, ...]:
        return missing(self.size, (part.span for part in self.received()))

    def put(self, *, number: int, offset: int, digest: str, content: bytes) -> None:
        """Keep one part; durable on return. The same part may come twice.

        Raises Malformed, TooLarge, NotVerified, Conflict.
        """
        part = Part(number, Span(offset, len(content)), digest)
        known = self.received()
        others = [one.span for one in known if one.number != number]
        admit_part(size=self.size, number=number, part=part.span, others=others)
        if hashlib.new("sm3", content).hexdigest() != digest:
            raise NotVerified(
                "the part differs from its digest", where="part", remedy="send the part again"
            )
        same = [one for one in known if one.number == number]
        if same and part not in same:
            raise Conflict("another part came under this number before", where="part")
        if not same:
            write_durably(self.folder / part.name, content)

    def chunks(self) -> Iterator[bytes]:
        """The whole, part after part. Raises Conflict while parts are missing, NotFound if the
        file was finished by somebody else meanwhile.
        """
        parts = self.received()
        if missing(self.size, (part.span for part in parts)):
            raise Conflict(
                "parts are missing", where="parts", remedy="ask for the upload and send the gaps"
            )
        at = 0
        for part in sorted(parts, key=lambda one: one.span):
            try:
                content = (self.folder / part.name).read_bytes()
            except FileNotFoundError as error:
                raise NotFound("the upload is being finished by another request") from error
            yield content[max(0, at - part.span.offset) :]
            at = max(at, part.span.end)

    def forget(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
