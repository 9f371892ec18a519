"""Texts by the million (成批文本): padded numbers, dates, picks, and strings of a pattern."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openrhip.collect.rules.expressions import fault_of

_DAY = 86_400


def picked(words: Sequence[str], at: np.ndarray) -> pa.StringArray:
    """words[at] for every place."""
    return pa.array(words, pa.string()).take(pa.array(at))


def joined(*parts: Any) -> pa.StringArray:
    """The parts of each row, one after the other; a missing part makes the row missing."""
    return pc.binary_join_element_wise(*parts, "")


def padded(numbers: np.ndarray, width: int) -> pa.StringArray:
    """Numbers as digits with zeros in front; those of more digits lose the first ones."""
    top = 10**width
    return pc.utf8_slice_codeunits(pc.cast(pa.array(numbers % top + top), pa.string()), 1)


def whole(numbers: np.ndarray) -> pa.StringArray:
    return pc.cast(pa.array(numbers), pa.string())


def decimal(scaled: np.ndarray, scale: int) -> pa.StringArray:
    """Numbers × 10^scale as decimals; the sign is kept."""
    if scale == 0:
        return whole(scaled)
    unit = 10**scale
    size = np.abs(scaled)
    sign = picked(("", "-"), (scaled < 0).astype(np.int8))
    return joined(sign, whole(size // unit), pa.scalar("."), padded(size % unit, scale))


def dates(seconds: np.ndarray) -> pa.StringArray:
    """Seconds since 1970 as YYYY-MM-DD."""
    days = (seconds // _DAY).astype(np.int32)
    return pc.cast(pa.array(days, pa.int32()).cast(pa.date32()), pa.string())


def moments(seconds: np.ndarray) -> pa.StringArray:
    """Seconds since 1970 as YYYY-MM-DD hh:mm:ss."""
    return pc.cast(pa.array(seconds.astype("datetime64[s]")), pa.string())


def times(seconds: np.ndarray) -> pa.StringArray:
    """Seconds of the day as hh:mm:ss."""
    rest = seconds % _DAY
    colon = pa.scalar(":")
    return joined(
        padded(rest // 3_600, 2), colon, padded(rest // 60 % 60, 2), colon, padded(rest % 60, 2)
    )


@lru_cache(maxsize=512)
def of_pattern(pattern: str, count: int, longest: int = 0) -> tuple[str, ...]:
    """Up to `count` different strings that match a pattern of the common subset."""
    if problem := fault_of(pattern):
        raise ValueError(problem)
    random = Random(pattern)  # noqa: S311 - samples shall be the same every time
    found: dict[str, None] = {}
    for _ in range(count * 8):
        text = _Maker(pattern, random).alternatives()
        if (not longest or len(text) <= longest) and _usable(text):
            found[text] = None
        if len(found) == count:
            break
    return tuple(found)


def _usable(text: str) -> bool:
    return text != "" and text == text.strip()


class _Maker:
    """Reads a pattern once from the left and makes a string of it on the way."""

    def __init__(self, pattern: str, random: Random) -> None:
        self._pattern, self._at, self._random = pattern, 0, random

    def alternatives(self) -> str:
        made = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            made.append(self._sequence())
        return self._random.choice(made)

    def _sequence(self) -> str:
        made = ""
        while self._peek() not in ("", "|", ")"):
            start = self._at
            text = self._atom()
            least, most = self._times()
            end = self._at
            count = self._random.randint(least, most)
            parts = [text] if count else []
            for _ in range(count - 1):  # again from the same place, for another choice
                self._at = start
                parts.append(self._atom())
            self._at = end
            made += "".join(parts)
        return made

    def _atom(self) -> str:
        sign = self._take()
        if sign == "(":
            text = self.alternatives()
            self._take()
            return text
        if sign == "[":
            return self._random.choice(self._class())
        return self._take() if sign == "\\" else sign

    def _class(self) -> str:
        signs = ""
        while self._peek() != "]":
            first = self._take()
            first = self._take() if first == "\\" else first
            if self._peek() == "-" and self._pattern[self._at + 1] != "]":
                self._at += 1
                signs += "".join(map(chr, range(ord(first), ord(self._take()) + 1)))
            else:
                signs += first
        self._take()
        return signs

    def _times(self) -> tuple[int, int]:
        found = re.compile(r"[*+?]|\{([0-9]+)(,([0-9]*))?\}").match(self._pattern, self._at)
        if not found:
            return 1, 1
        self._at = found.end()
        sign = found.group()
        if sign in "*+?":
            return {"*": (0, 3), "+": (1, 3), "?": (0, 1)}[sign]
        least = int(found[1])
        if found[2] is None:
            return least, least
        return least, min(int(found[3]) if found[3] else least + 3, max(least, 24))

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self) -> str:
        self._at += 1
        return self._pattern[self._at - 1]
