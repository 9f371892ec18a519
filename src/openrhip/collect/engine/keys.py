"""Keys of rows (主键与引用键): which are double, which are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Codes = npt.NDArray[np.int64]


def numbered(columns: Sequence[pa.ChunkedArray | pa.Array]) -> tuple[Codes, pa.Table]:
    """A number for each row's key and the distinct keys by number; -1 where a column is missing."""
    codes = np.zeros(len(columns[0]), np.int64)
    missing = np.zeros(len(codes), bool)
    parts: list[tuple[Codes, pa.Array]] = []
    for column in columns:
        encoded = pc.dictionary_encode(_joined(column))
        at = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        missing |= at < 0
        parts.append((at, encoded.dictionary))
        codes = codes * (len(encoded.dictionary) + 1) + at
        if len(parts) > 1:
            codes = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    codes[missing] = -1
    there = np.flatnonzero(~missing)
    _, firsts, back = np.unique(codes[there], return_index=True, return_inverse=True)
    codes[there] = back
    rows = there[firsts]
    names = [f"k{at}" for at in range(len(parts))]
    distinct = [dictionary.take(pa.array(at[rows])) for at, dictionary in parts]
    return codes, pa.table(distinct, names=names)


def double(columns: Sequence[pa.ChunkedArray | pa.Array]) -> npt.NDArray[np.bool_]:
    """Which rows have a key that comes more than once; a missing part makes a row single."""
    codes, distinct = numbered(columns)
    counts = np.bincount(codes[codes >= 0], minlength=distinct.num_rows)
    return (codes >= 0) & (counts[np.maximum(codes, 0)] > 1) if len(counts) else codes > 0


def among(asked: pa.Table, answer: Any) -> npt.NDArray[np.bool_]:
    """Which of the asked keys the answer holds; its columns are taken by their order."""
    if answer is None or not answer.num_rows:
        return np.zeros(asked.num_rows, bool)
    if asked.num_columns == 1:
        held = _joined(answer.column(0)).cast(pa.string())
        found = pc.is_in(_joined(asked.column(0)), value_set=held)
        return np.asarray(found.to_numpy(zero_copy_only=False), bool)
    held_keys = set(zip(*(column.to_pylist() for column in answer.columns), strict=True))
    keys = zip(*(column.to_pylist() for column in asked.columns), strict=True)
    return np.fromiter((key in held_keys for key in keys), bool, asked.num_rows)


def held_by(
    ordered: npt.NDArray[np.uint64], hashes: npt.NDArray[np.uint64]
) -> npt.NDArray[np.bool_]:
    """Which hashes are among the ordered ones."""
    if not len(ordered):
        return np.zeros(len(hashes), bool)
    places = np.minimum(np.searchsorted(ordered, hashes), len(ordered) - 1)
    found: npt.NDArray[np.bool_] = ordered[places] == hashes
    return found


def repeated(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The hashes that come more than once."""
    ordered = np.sort(hashes)
    return np.unique(ordered[1:][ordered[1:] == ordered[:-1]])


def _joined(column: Any) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
