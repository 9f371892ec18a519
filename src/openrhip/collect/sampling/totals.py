"""Totals over tables (表间合计): amounts that follow from the episode, alike wherever they occur.

A visit's charge, its lines and the charge in the visit itself are in different tables; each finds
the same amounts, since they depend on unit, day, episode and line alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from openrhip.collect.rules.kinds import Kind
from openrhip.collect.rules.tables import Catalogue, Table
from openrhip.collect.sampling.plan import MICRO, lines_of

_CENTS = 10 ** (MICRO - 2)
_MOST = 20_000  # cents of one line
Node = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Given:
    """Where a column's amounts come from. line: each line has its own; else the lines' sum."""

    source: Node
    lines: int
    line: bool

    def amounts(self, salt: str, episode: np.ndarray, line: np.ndarray) -> np.ndarray:
        """In millionths."""
        seed = zlib.crc32(f"{self.source}|{salt}".encode())
        if self.line:
            return _amount(seed, episode, line)
        each = [_amount(seed, episode, np.int64(at)) for at in range(self.lines)]
        total: np.ndarray = np.sum(each, axis=0)
        return total


def _amount(seed: int, episode: np.ndarray, line: np.ndarray | np.int64) -> np.ndarray:
    mixed = (episode * 8 + line + 1) * 2_654_435_761 + seed * 97
    mixed = (mixed ^ (mixed >> 13)) & 0x7FFFFFFF
    amount: np.ndarray = (100 + mixed % _MOST) * _CENTS
    return amount


def given(table: Table, catalogue: Catalogue, most_lines: int) -> Mapping[str, Given]:
    """The columns of a table whose amounts are those of other tables as well."""
    found = _all(_Rules(catalogue), most_lines)
    return {column: one for (code, column), one in found.items() if code == table.code}


class _Rules:
    """A catalogue's rules over tables; equal catalogues have equal rules."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.pairs = tuple(
            ((code, rule.get("total")), (rule.get("table"), rule.get("part")))
            for code, table in sorted(catalogue.tables.items())
            for rule in table.rules
            if rule.kind == Kind.TOTAL_OF and rule.get("table") in catalogue.tables
        )

    def __hash__(self) -> int:
        return hash(self.pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rules) and other.pairs == self.pairs


@lru_cache(maxsize=8)
def _all(rules: _Rules, most_lines: int) -> dict[Node, Given]:
    tables = rules.catalogue.tables
    equal: dict[Node, set[Node]] = {}
    below: dict[Node, Node] = {}
    for total, part in rules.pairs:
        equal.setdefault(total, {total})
        if lines_of(tables[part[0]]):
            below[total] = part
        else:  # one row an episode: the very same amount
            both = equal[total] | equal.get(part, {part})
            equal |= dict.fromkeys(both, both)
    found: dict[Node, Given] = {}
    for node, same in equal.items():
        leaf = next((below[one] for one in sorted(same) if one in below), None)
        found[node] = Given(leaf or min(same), most_lines if leaf else 1, line=False)
        if leaf:
            found[leaf] = Given(leaf, most_lines, line=True)
    return found
