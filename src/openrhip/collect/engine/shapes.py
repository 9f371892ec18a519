"""Patterns as tables of bytes (字节表): regular expressions of fixed lengths, matched vectorised.

A catalogue's pattern has literals, classes of ASCII characters, groups, | and repetition only.
Spelled out it is some sequences of byte sets; rows of a sequence's length are looked up place by
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
Sequence = tuple[bytes, ...]  # of each place a table of 256: 1 where the byte fits


def matched(column: TextColumn, pattern: str) -> Mask:
    """Which values match as a whole; false may also mean that it was not looked at closely."""
    sequences = spelled(pattern)
    if not sequences:
        found = pc.match_substring_regex(column.array, rf"\A(?:{pattern})\z")
        return np.asarray(found.fill_null(False).to_numpy(zero_copy_only=False), bool)
    fits = np.zeros(column.rows, bool)
    for length, alternatives in sequences:
        rows, signs = column.of_length(length)
        if len(signs):
            fits[rows] = _any_of(signs, alternatives)
    return fits


def _any_of(signs: Bytes, alternatives: tuple[Sequence, ...]) -> Mask:
    fits = np.zeros(len(signs), bool)
    for tables in alternatives:
        one = np.ones(len(signs), bool)
        for place, table in enumerate(tables):
            one &= np.frombuffer(table, bool)[signs[:, place]]
        fits |= one
    return fits


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
    """The pattern spells out into more than is worth a table."""


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


def _class(items: Any) -> bytes:
    ranges = []
    for operator, value in items:
        if operator is sre.LITERAL:
            ranges.append((value, value))
        elif operator is sre.RANGE:
            ranges.append(value)
        else:
            raise _TooManyError
    return _table(ranges)


def _table(ranges: list[tuple[int, int]]) -> bytes:
    if any(last > 0x7F for _, last in ranges):
        raise _TooManyError
    table = bytearray(256)
    for first, last in ranges:
        table[first : last + 1] = b"\1" * (last + 1 - first)
    return bytes(table)
