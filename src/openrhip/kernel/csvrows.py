"""Where rows end (行的边界): RFC 4180 with quotes, in blocks of bytes.

A quoted field starts at a field's start and ends at its end, quotes inside are doubled. Well-formed
blocks are cut by counting quotes, vectorised; in any other each row is matched on its own, and a
line that is no row of fields is taken out: reading goes on behind its line feed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

LINE_FEED, RETURN, QUOTE = 10, 13, 34


@dataclass(frozen=True, slots=True)
class Cut:
    """end: how many bytes hold whole rows. clean: those rows without the broken ones. broken: the
    places of the broken ones among all. quoted: whether fields may hold line feeds.
    """

    end: int
    clean: bytes
    broken: tuple[int, ...] = ()
    quoted: bool = False


def cut(block: bytes, *, delimiter: str, last: bool, line_bytes: int) -> Cut:
    """Cut a block behind its last whole row; all of it is rows where it is the last one.

    end 0: no row ends within the block.
    """
    lone = RETURN in block and block.count(b"\r") != block.count(b"\r\n")
    quotes = QUOTE in block
    if not quotes and not lone:
        end = len(block) if last else block.rfind(b"\n") + 1
        return Cut(end, block if end == len(block) else block[:end])
    if not lone:
        whole = _end_of_quoted(block, delimiter, last=last)
        if whole is not None and (last or len(block) - whole <= line_bytes):
            return Cut(whole, block if whole == len(block) else block[:whole], quoted=True)
    return _row_by_row(block, delimiter, last=last, line_bytes=line_bytes)


def _end_of_quoted(block: bytes, delimiter: str, *, last: bool) -> int | None:
    """Where the last whole row ends; None if a quote stands where none may."""
    data = np.frombuffer(block, np.uint8)
    feeds = np.flatnonzero(data == LINE_FEED)
    places = np.flatnonzero(data == QUOTE)
    if last:
        end = len(block)
    else:
        even = np.searchsorted(places, feeds) % 2 == 0
        ends = feeds[even]
        end = int(ends[-1]) + 1 if len(ends) else 0
    places = places[places < end]
    if len(places) % 2:
        return None
    opening, closing = places[::2], places[1::2]
    before = np.where(opening > 0, data[np.maximum(opening - 1, 0)], LINE_FEED)
    behind = np.where(closing + 1 < end, data[np.minimum(closing + 1, len(data) - 1)], LINE_FEED)
    sign = ord(delimiter)
    starts = (before == sign) | (before == LINE_FEED) | (before == QUOTE)
    stops = (behind == sign) | (behind == LINE_FEED) | (behind == RETURN) | (behind == QUOTE)
    # a quote beside a quote is a doubled one: it closes and opens at once
    return end if starts.all() and stops.all() else None


@lru_cache(maxsize=16)
def _row(delimiter: str) -> re.Pattern[bytes]:
    sign = re.escape(delimiter).encode()
    field = rb'(?:"(?:[^"]|"")*+"|[^"\r\n' + sign + rb"]*+)"
    return re.compile(field + rb"(?:" + sign + field + rb")*+(?:\r?\n|\Z)")


def _row_by_row(block: bytes, delimiter: str, *, last: bool, line_bytes: int) -> Cut:
    row = _row(delimiter)
    kept: list[bytes] = []
    broken: list[int] = []
    at = count = 0
    stop = len(block)
    while at < stop:
        found = row.match(block, at, min(stop, at + line_bytes))
        end = found.end() if found else at
        if found and end > at and (block[end - 1] == LINE_FEED or (last and end == stop)):
            if block[at:end].strip(b"\r\n"):
                kept.append(block[at:end])
                count += 1
            at = end
            continue
        feed = block.find(b"\n", at) + 1
        if not last and (not feed or stop - at < line_bytes):
            break  # what is cut off may be a row with more to come
        kept_end = feed or stop
        broken.append(count)
        count += 1
        at = kept_end
    return Cut(at, b"".join(kept), tuple(broken), quoted=True)
