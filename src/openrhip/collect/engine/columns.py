"""A column of text as bytes (列的字节视图): offsets and data, for vectorised looks."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]


class TextColumn:
    """One column of a chunk. array: Arrow text without chunks, missing where empty."""

    def __init__(self, array: pa.Array) -> None:
        self.array = array
        self.rows = len(array)
        self._planes: dict[int, tuple[npt.NDArray[np.int64] | slice, Bytes]] = {}
        _, offsets, data = array.buffers()
        start = array.offset
        if offsets is None or not self.rows:
            self.offsets = np.zeros(self.rows + 1, np.int32)
        else:
            self.offsets = np.frombuffer(offsets, np.int32)[start : start + self.rows + 1]
        self.data: Bytes = np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8)

    @cached_property
    def lengths(self) -> npt.NDArray[np.int32]:
        """Bytes of each value; 0 where it is missing, whatever lies beneath."""
        lengths = np.diff(self.offsets)
        if self.nulls:
            lengths[~np.asarray(self.array.is_valid().to_numpy(zero_copy_only=False), bool)] = 0
        return lengths

    @cached_property
    def nulls(self) -> int:
        return int(self.array.null_count)

    @cached_property
    def present(self) -> Mask:
        """Which rows have a value: the empty one is missing."""
        return self.lengths > 0

    @property
    def absent(self) -> bool:
        return self.nulls == self.rows

    @cached_property
    def span(self) -> Bytes:
        """The bytes of all values."""
        return self.data[self.offsets[0] : self.offsets[-1]]

    @cached_property
    def ascii(self) -> bool:
        return not len(self.span) or bool(self.span.max() < 0x80)

    @cached_property
    def most(self) -> int:
        """Bytes of the longest value."""
        return int(self.lengths.max()) if self.rows else 0

    @cached_property
    def uniform(self) -> int:
        """How many bytes every value has, none missing; 0 if they differ."""
        most = self.most
        return most if most and len(self.span) == most * self.rows and not self.nulls else 0

    def rows_at(self, places: npt.NDArray[Any]) -> Mask:
        """The rows in which these bytes of `span` lie."""
        mask = np.zeros(self.rows, bool)
        if len(places):
            found = np.searchsorted(self.offsets, places + self.offsets[0], "right") - 1
            mask[found] = True
        return mask

    def planes(self, length: int) -> tuple[npt.NDArray[np.int64] | slice, Bytes]:
        """The rows whose values have this many bytes, and those bytes: one line a place."""
        found = self._planes.get(length)
        if found is None:
            found = self._planes[length] = self._made(length)
        return found

    def _made(self, length: int) -> tuple[npt.NDArray[np.int64] | slice, Bytes]:
        if self.uniform == length:
            return slice(None), np.ascontiguousarray(self.span.reshape(self.rows, length).T)
        rows = np.flatnonzero(self.lengths == length)
        planes = np.empty((length, len(rows)), np.uint8)
        starts = self.offsets[:-1][rows]
        for place in range(length if len(rows) else 0):
            np.take(self.data, starts + place, out=planes[place])
        return rows, planes


def none(rows: int) -> Mask:
    return np.zeros(rows, bool)
