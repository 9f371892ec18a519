"""What a whole column is known to be (列的事实): a look at its bytes that spares looking at rows.

Most columns of most batches are without fault. One vectorised look at a column's buffers shows that
no row can break REQUIRED, FORM, LENGTH or VALUES; only rules that such a look does not clear are
asked row by row. A look never accuses: what it does not clear, the rule's SQL decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openrhip.collect.engine.compiling import Compiled, Fault
from openrhip.collect.engine.faults import SEPARATOR
from openrhip.collect.rules.kinds import Kind
from openrhip.collect.rules.tables import Catalogue

_SPACE, _DELETE = 0x20, 0x7F


@dataclass(frozen=True, slots=True)
class Facts:
    """nulls: how many are missing. least, most: bytes of the shortest and longest value. ascii:
    nothing else. tidy: nothing hidden, and no blank at either end of any value.
    """

    rows: int
    nulls: int
    least: int
    most: int
    ascii: bool
    tidy: bool


def facts_of(column: pa.ChunkedArray) -> Facts:
    """The facts of a column of text."""
    least, most, is_ascii, tidy = 1 << 40, 0, True, True
    for offsets, data in _buffers(column):
        lengths = np.diff(offsets)
        filled = lengths[lengths > 0] if column.null_count else lengths
        if not len(filled):
            continue
        least, most = min(least, int(filled.min())), max(most, int(filled.max()))
        plain, neat = _look(offsets, data, lengths)
        is_ascii, tidy = is_ascii and plain, tidy and neat
    least = least if most else 0
    return Facts(len(column), column.null_count, least, most, is_ascii, tidy)


def _buffers(column: pa.ChunkedArray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for array in column.chunks:
        _, offsets, data = array.buffers()
        if not len(array) or data is None or offsets is None:
            continue
        start = array.offset
        where = np.frombuffer(offsets, np.int32, count=start + len(array) + 1)[start:]
        yield where, np.frombuffer(data, np.uint8)


def _look(offsets: np.ndarray, data: np.ndarray, lengths: np.ndarray) -> tuple[bool, bool]:
    """Whether all bytes are ASCII, and whether all values are tidy for certain."""
    begin, end = int(offsets[0]), int(offsets[-1])
    span = data[begin:end]
    if not len(span):
        return True, True
    plain = bool(span.max() < 0x80)
    if span.min() < _SPACE:
        return plain, False
    content = span.tobytes()
    if _DELETE in content or not (plain or _nothing_hidden(content)):
        return plain, False
    if _SPACE not in content:
        return plain, True
    filled = lengths > 0
    firsts, lasts = offsets[:-1][filled], offsets[1:][filled] - 1
    tidy = not ((data[firsts] == _SPACE).any() or (data[lasts] == _SPACE).any())
    return plain, tidy


def _nothing_hidden(content: bytes) -> bool:
    """No C1 sign, no blank but the space, nothing invisible: by the bytes they begin with."""
    if b"\xc2" in content or b"\xe3\x80\x80" in content:
        return False
    if b"\xef\xbb\xbf" in content or b"\xe2\x81\xa0" in content:
        return False
    return (
        not any(
            b"\xe2\x80" + bytes((last,)) in content
            for last in (*range(0x8B, 0x90), *range(0xA8, 0xAF))
        )
        if b"\xe2\x80" in content
        else True
    )


class Clearing:
    """Which rules of a table a chunk cannot break. Value sets are looked up once."""

    def __init__(self, compiled: Compiled, catalogue: Catalogue) -> None:
        self.compiled = compiled
        self._sets = dict(catalogue.values)
        self._codes: dict[str, pa.Array] = {}
        self._pairs: dict[str, pa.Array] = {}

    def open_faults(self, raw: pa.Table, facts: dict[str, Facts]) -> tuple[Fault, ...]:
        """The faults that some row may have."""
        return tuple(
            fault
            for fault in self.compiled.faults
            if not _CLEARED.get(fault.rule.kind, _never)(self, fault, raw, facts)
        )

    def codes(self, key: str) -> pa.Array:
        """The codes of a value set."""
        if key not in self._codes:
            self._codes[key] = pa.array([code for code, _ in self._sets[key].codes], pa.string())
        return self._codes[key]

    def pairs(self, key: str) -> pa.Array:
        """Codes and names that belong together."""
        if key not in self._pairs:
            found = self._sets[key]
            pairs = (*found.codes, *found.other_names)
            texts = [f"{code}{SEPARATOR}{text}" for code, text in pairs]
            self._pairs[key] = pa.array(texts, pa.string())
        return self._pairs[key]


def _never(_clearing: Clearing, _fault: Fault, _raw: pa.Table, _facts: dict[str, Facts]) -> bool:
    return False


def _required(_c: Clearing, fault: Fault, _raw: pa.Table, facts: dict[str, Facts]) -> bool:
    return facts[fault.rule.columns[0]].nulls == 0


def _absent_column(facts: Facts) -> bool:
    return facts.nulls == facts.rows


def _form(_c: Clearing, fault: Fault, _raw: pa.Table, facts: dict[str, Facts]) -> bool:
    column = fault.rule.columns[0]
    found = facts[column]
    typed = any(name.endswith(":t") for name in fault.reads)
    return _absent_column(found) or (found.tidy and not typed)


def _length(_c: Clearing, fault: Fault, _raw: pa.Table, facts: dict[str, Facts]) -> bool:
    found = facts[fault.rule.columns[0]]
    least, most = int(fault.rule.get("least")), int(fault.rule.get("most"))
    if _absent_column(found):
        return True
    return found.most <= most and (least <= 1 or (found.ascii and found.least >= least))


def _values(clearing: Clearing, fault: Fault, raw: pa.Table, facts: dict[str, Facts]) -> bool:
    column = fault.rule.columns[0]
    found = facts[column]
    if _absent_column(found):
        return True
    codes = clearing.codes(fault.rule.get("values"))
    if not len(codes):
        return False
    return _all_in(raw[column], codes, found)


def _name_agrees(clearing: Clearing, fault: Fault, raw: pa.Table, facts: dict[str, Facts]) -> bool:
    named, code = fault.rule.columns[0], fault.rule.get("code")
    if _absent_column(facts[named]) or _absent_column(facts[code]):
        return True
    if facts[named].nulls or facts[code].nulls:
        return False
    joined = pc.binary_join_element_wise(raw[code], raw[named], SEPARATOR)
    key = clearing.compiled.table.column(code).values
    return _all_in(joined, clearing.pairs(key), facts[named])


def _only_present(_c: Clearing, fault: Fault, _raw: pa.Table, facts: dict[str, Facts]) -> bool:
    return _absent_column(facts[fault.rule.columns[0]])


def _all_in(values: pa.ChunkedArray, codes: pa.Array, found: Facts) -> bool:
    hits = pc.sum(pc.is_in(values, value_set=codes)).as_py() or 0
    return bool(hits == found.rows - found.nulls)


_CLEARED: dict[Kind, Callable[[Clearing, Fault, pa.Table, dict[str, Facts]], bool]] = {
    Kind.REQUIRED: _required,
    Kind.FORM: _form,
    Kind.LENGTH: _length,
    Kind.VALUES: _values,
    Kind.NAME_AGREES: _name_agrees,
    Kind.PATTERN: _only_present,
    Kind.RANGE: _only_present,
    Kind.IDENTITY: _only_present,
    Kind.CREDIT_CODE: _only_present,
    Kind.PHONE: _only_present,
    Kind.SUM: _only_present,
    Kind.DAY: _only_present,
    Kind.ABSENT: _only_present,
    Kind.IDENTITY_AGREES: _only_present,
}
