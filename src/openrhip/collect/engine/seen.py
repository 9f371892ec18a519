"""A chunk as looks see it (列视图): columns as bytes, typed values, identity numbers, sets."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openrhip.collect.engine.columns import Mask, Numbers, TextColumn, none
from openrhip.collect.engine.compiling import Compiled
from openrhip.collect.engine.conversions import NO_DAY, Converted, convert, days_of
from openrhip.collect.engine.faults import SEPARATOR
from openrhip.collect.rules.tables import Catalogue, Column, Type

_EPOCH = date(1970, 1, 1)
_DAY = 86_400
_IDENTITY_WEIGHTS = np.array([2 ** (17 - at) % 11 for at in range(18)], np.uint16)


class Sets:
    """Codes of value sets as Arrow, made once for a table."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._arrays: dict[tuple[str, str], pa.Array] = {}

    def codes(self, key: str) -> pa.Array:
        return self._array("codes", key, lambda: [c for c, _ in self._catalogue.values[key].codes])

    def pairs(self, key: str) -> pa.Array:
        """Codes and names that belong together."""
        found = self._catalogue.values[key]
        return self._array(
            "pairs",
            key,
            lambda: [f"{c}{SEPARATOR}{text}" for c, text in (*found.codes, *found.other_names)],
        )

    def shape(self, key: str) -> str:
        """The pattern that decides alone, "" where codes do."""
        found = self._catalogue.values[key]
        return "" if found.codes else found.shape

    def _array(self, what: str, key: str, made: Callable[[], list[str]]) -> pa.Array:
        found = self._arrays.get((what, key))
        if found is None:
            found = self._arrays[what, key] = pa.array(made(), pa.string())
        return found


class Identity:
    """An identity column, looked at once for all rules: shape, birth day, sex, check character."""

    def __init__(self, text: TextColumn) -> None:
        self.days: Numbers = np.full(text.rows, NO_DAY, np.int64)
        self.odd: Mask = none(text.rows)
        self.sound: Mask = none(text.rows)
        rows, signs = text.planes(18)
        if not signs.shape[1]:
            return
        digits = signs - np.uint8(48)
        right = digits[0] > 0
        is_x = signs[17] == ord("X")
        total = np.where(is_x, np.uint16(10), digits[17])
        for place in range(17):
            total += digits[place] * _IDENTITY_WEIGHTS[place]
            right &= digits[place] <= 9
        right &= (is_x | (digits[17] <= 9)) & (total % 11 == 1)
        days = days_of(digits, (6, 10, 12))
        self.days[rows] = days
        self.odd[rows] = (digits[16] & 1).astype(bool)
        self.sound[rows] = right & (days != NO_DAY)


class Seen:
    """One chunk, looked at: columns as bytes, typed values, and what rules doubt about them."""

    def __init__(
        self, raw: pa.Table, compiled: Compiled, sets: Sets, days: tuple[date, date, date]
    ) -> None:
        self.compiled, self.sets = compiled, sets
        self.rows = raw.num_rows
        self.today, self.first, self.last = ((day - _EPOCH).days for day in days)
        self.texts = {name: TextColumn(_whole(raw[name])) for name in raw.column_names}
        self._identities: dict[str, Identity] = {}

    @cached_property
    def converted(self) -> dict[str, Converted]:
        """Typed values of the columns that are no text."""
        found: dict[str, Converted] = {}
        for column in self.compiled.table.columns:
            made = convert(self.texts[column.name], column)
            if made is not None:
                found[column.name] = made
        return found

    def column(self, name: str) -> Column:
        return self.compiled.columns[name]

    def identity(self, name: str) -> Identity:
        if name not in self._identities:
            self._identities[name] = Identity(self.texts[name])
        return self._identities[name]

    def typed(self, name: str) -> tuple[Numbers, Mask]:
        """A column's values and which rows have one that is right."""
        found = self.converted[name]
        return found.values, self.texts[name].present & ~found.doubtful

    def days(self, name: str) -> tuple[Numbers, Mask]:
        """A date or datetime as days."""
        values, there = self.typed(name)
        return (values // _DAY if self.column(name).type is Type.DATETIME else values), there

    def unsure(self, *columns: str) -> Mask:
        """Rows whose typed value only SQL knows: doubtful for every rule that reads it."""
        mask = none(self.rows)
        for name in columns:
            if name in self.converted:
                mask |= self.converted[name].doubtful
        return mask

    def when(self, when: str, codes: tuple[str, ...]) -> Mask:
        """Rows that meet the condition of when/among."""
        if not when:
            return np.ones(self.rows, bool)
        if not codes:
            return self.texts[when].present
        return is_in(self.texts[when].array, pa.array(list(codes), pa.string()))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def is_in(values: pa.Array, codes: pa.Array) -> Mask:
    return np.asarray(pc.is_in(values, value_set=codes).to_numpy(zero_copy_only=False), bool)


def bound(column: Column, text: str, *, least: bool, as_day: bool = False) -> int | None:
    """A limit in the numbers of `Converted`; None where that takes SQL."""
    try:
        if column.type in (Type.INTEGER, Type.DECIMAL):
            units = Decimal(text).scaleb(column.scale if column.type is Type.DECIMAL else 0)
            return math.ceil(units) if least else math.floor(units)
        if column.type is Type.DATE or as_day:
            digits = text.replace("-", "")
            day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
            return (day - _EPOCH).days
    except (ArithmeticError, ValueError):
        return None
    return None
