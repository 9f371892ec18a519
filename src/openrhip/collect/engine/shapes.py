"""Patterns as ranges of bytes (字节范围): regular expressions of fixed lengths, matched vectorised.

A catalogue's pattern has literals, classes of ASCII characters, groups, | and repetition only.
Spelled out it is some sequences of byte sets; rows of a sequence's length are compared place by
place. Patterns that spell out into too many sequences are left to the regular expression itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import numpy as np
import pyarrow.compute as pc

from openrhip.collect.engine.columns import Bytes, Mask, TextColumn

MOST_SEQUENCES = 48
MOST_PLACES = 40
Ranges = tuple[tuple[int, int], ...]  # of bytes, first and last
Sequence = tuple[Ranges, ...]  # of each place


def matched(column: TextColumn, pattern: str) -> Mask:
    """Which values match as a whole; false may also mean that it was not looked at closely."""
    sequences = spelled(pattern)
    if not sequences:
        found = pc.match_substring_regex(column.array, rf"\A(?:{pattern})\z")
        return np.asarray(found.fill_null(False).to_numpy(zero_copy_only=False), bool)
    fits = np.zeros(column.rows, bool)
    for length, alternatives in sequences:
        rows, signs = column.planes(length)
        if signs.shape[1]:
            fits[rows] = _any_of(signs, alternatives)
    return fits


def _any_of(signs: Bytes, alternatives: tuple[Sequence, ...]) -> Mask:
    fits = np.zeros(signs.shape[1], bool)
    for places in alternatives:
        one = np.ones(signs.shape[1], bool)
        for plane, ranges in zip(signs, places, strict=True):
            one &= _within(plane, ranges)
        fits |= one
    return fits


def _within(plane: Bytes, ranges: Ranges) -> Mask:
    """Which bytes lie in one of the ranges."""
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return np.equal(plane, ranges[0][0])
    found: Mask = (plane - np.uint8(ranges[0][0])) <= ranges[0][1] - ranges[0][0]
    for first, last in ranges[1:]:
        found |= (plane - np.uint8(first)) <= last - first
    return found


@lru_cache(maxsize=4096)
def spelled(pattern: str) -> tuple[tuple[int, tuple[Sequence, ...]], ...]:
    """Sequences by length; none if the pattern cannot be spelled out shortly."""
    try:
        found = list(_limited(_spell(_parser.parse(pattern, re.ASCII))))
    except (_TooManyError, re.error, RecursionError):
        return ()
    by_length: dict[int, dict[Sequence, None]] = {}
    for sequence in found:
        if sequence:
            by_length.setdefault(len(sequence), {})[sequence] = None
    return tuple((length, tuple(ways)) for length, ways in sorted(by_length.items()))


class _TooManyError(Exception):
    """The pattern spells out into more than is worth looking at."""


def _limited(sequences: Iterator[Sequence]) -> Iterator[Sequence]:
    for at, sequence in enumerate(sequences):
        if at >= MOST_SEQUENCES or len(sequence) > MOST_PLACES:
            raise _TooManyError
        yield sequence


def _spell(parsed: Any) -> Iterator[Sequence]:
    """Every sequence of a parsed pattern."""
    parts = [list(_limited(_item(operator, value))) for operator, value in parsed]
    for chosen in product(*parts):
        yield tuple(table for piece in chosen for table in piece)


def _item(operator: Any, value: Any) -> Iterator[Sequence]:
    if operator is sre.LITERAL:
        yield (_table([(value, value)]),)
    elif operator is sre.IN:
        yield (_class(value),)
    elif operator is sre.SUBPATTERN:
        yield from _spell(value[3])
    elif operator is sre.BRANCH:
        for branch in value[1]:
            yield from _spell(branch)
    elif operator in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        least, most, inner = value
        if most == sre.MAXREPEAT or most > MOST_PLACES:
            raise _TooManyError
        ways = list(_limited(_spell(inner)))
        for count in range(least, most + 1):
            if len(ways) ** count > MOST_SEQUENCES:
                raise _TooManyError
            for chosen in product(ways, repeat=count):
                yield tuple(table for piece in chosen for table in piece)
    else:
        raise _TooManyError


def _class(items: Any) -> Ranges:
    ranges = []
    for operator, value in items:
        if operator is sre.LITERAL:
            ranges.append((value, value))
        elif operator is sre.RANGE:
            ranges.append(value)
        else:
            raise _TooManyError
    return _table(ranges)


def _table(ranges: list[tuple[int, int]]) -> Ranges:
    if any(last > 0x7F for _, last in ranges):
        raise _TooManyError
    return tuple(sorted(ranges))
