"""Files that come in parts (分段): which stretches are there, which part fits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from openrhip.kernel.errors import Conflict, Malformed, TooLarge

MAX_PART = 8 << 20  # bytes of one part
MAX_PARTS = 2000


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
