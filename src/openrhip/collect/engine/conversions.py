"""Typed values without SQL (快速转换): the usual way of writing, vectorised; the rest is doubtful.

A row that is not doubtful has its typed value here, and its form is right. A doubtful one is for
the rule's SQL to judge and to convert, whatever it holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from openrhip.collect.engine.columns import Bytes, Mask, Numbers, TextColumn, none
from openrhip.collect.rules.tables import Column, Type

FIRST_YEAR, LAST_YEAR = 1850, 2100
NO_DAY = np.iinfo(np.int32).min
_EPOCH = date(1970, 1, 1)
_EXACT = 15  # digits that a double holds
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Converted:
    """values: whole numbers (days since 1970, seconds since, units of the last decimal place, 0 or
    1), right where not doubtful and present. array: as loaded, missing where doubtful.
    """

    values: Numbers
    doubtful: Mask
    array: pa.Array


def convert(text: TextColumn, column: Column) -> Converted | None:
    """Typed values of a column; None for text, which stays as it is."""
    maker = _MAKERS.get(column.type)
    return maker(text, column) if maker else None


@cache
def calendar() -> npt.NDArray[np.int32]:
    """Days since 1970 by (year − 1850)·512 + month·32 + day, NO_DAY where there is no such day."""
    table = np.full((LAST_YEAR - FIRST_YEAR + 1) * 512, NO_DAY, np.int32)
    day = date(FIRST_YEAR, 1, 1)
    while day.year <= LAST_YEAR:
        place = (day.year - FIRST_YEAR) * 512 + day.month * 32 + day.day
        table[place] = (day - _EPOCH).days
        day += timedelta(days=1)
    table.flags.writeable = False
    return table


def days_of(digits: Bytes, at: tuple[int, int, int]) -> Numbers:
    """Days since 1970 from places of digits (year, month, day begin there), NO_DAY if none.

    Digits are signs less 48: what is no digit is above 9.
    """
    year_at, month_at, day_at = at
    tens = np.uint16(10)
    year = digits[:, year_at].astype(np.uint16)
    right = digits[:, year_at] <= 9
    for digit in range(year_at + 1, year_at + 4):
        year = year * tens + digits[:, digit]
        right &= digits[:, digit] <= 9
    month = digits[:, month_at] * np.uint8(10) + digits[:, month_at + 1]
    day = digits[:, day_at] * np.uint8(10) + digits[:, day_at + 1]
    right &= (digits[:, month_at] <= 1) & (digits[:, month_at + 1] <= 9)
    right &= (digits[:, day_at] <= 3) & (digits[:, day_at + 1] <= 9)
    right &= (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (month <= 12) & (day <= 31)
    place = (year.astype(np.int32) - FIRST_YEAR) * 512 + month.astype(np.int32) * 32 + day
    return np.where(right, calendar()[np.where(right, place, 0)], NO_DAY).astype(np.int64)


def _date(text: TextColumn, _column: Column) -> Converted:
    values = np.full(text.rows, NO_DAY, np.int64)
    for length, at in ((10, (0, 5, 8)), (8, (0, 4, 6))):
        rows, signs = text.of_length(length)
        if not len(signs):
            continue
        found = days_of(signs - np.uint8(48), at)
        if length == 10:
            found[(signs[:, 4] != 45) | (signs[:, 7] != 45)] = NO_DAY
        values[rows] = found
    doubtful = (values == NO_DAY) & text.present
    return Converted(values, doubtful, _array(values, text, doubtful, pa.date32(), np.int32))


_CLOCKS = {
    # length: where year, month, day, hour, minute, second begin; signs between
    19: ((0, 5, 8), (11, 14, 17), {4: "-", 7: "-", 10: " ", 13: ":", 16: ":"}),
    15: ((0, 4, 6), (9, 11, 13), {8: "T"}),
    14: ((0, 4, 6), (8, 10, 12), {}),
}


def _datetime(text: TextColumn, _column: Column) -> Converted:
    values = np.full(text.rows, NO_DAY, np.int64)
    wrong = text.present.copy()
    for length, (days_at, clock_at, between) in _CLOCKS.items():
        rows, signs = text.of_length(length)
        if not len(signs):
            continue
        digits = signs - np.uint8(48)
        days = days_of(digits, days_at)
        seconds, right = _seconds(digits, clock_at)
        for place, sign in between.items():
            right &= signs[:, place] == ord(sign)
        right &= days != NO_DAY
        values[rows] = days * _DAY + seconds
        wrong[rows] = ~right
    micros = values * 1_000_000
    array = _array(micros, text, wrong, pa.timestamp("us"), np.int64)
    return Converted(values, wrong, array)


def _seconds(digits: Bytes, at: tuple[int, int, int]) -> tuple[Numbers, Mask]:
    """Seconds of the day, and whether they are a time."""
    total = np.zeros(len(digits), np.int64)
    right = np.ones(len(digits), bool)
    for start, most in zip(at, (23, 59, 59), strict=True):
        tens, ones = digits[:, start], digits[:, start + 1]
        number = tens * np.uint8(10) + ones
        right &= (tens <= 5) & (ones <= 9) & (number <= most)
        total = total * 60 + number
    return total, right


def _integer(text: TextColumn, _column: Column) -> Converted:
    doubtful = _no_plain_number(text, dots=False) | (text.lengths > 18)
    values = _cast(text, doubtful, pa.int64())
    numbers = np.asarray(values.fill_null(0).to_numpy(zero_copy_only=False), np.int64)
    return Converted(numbers, doubtful, values)


def _decimal(text: TextColumn, column: Column) -> Converted:
    """Through doubles, exact for 15 digits in the column's scale; more are doubtful."""
    scale, before = column.scale, (column.precision or 18) - column.scale
    doubtful = _no_plain_number(text, dots=scale > 0) | (text.lengths > _EXACT)
    ends = text.offsets[1:].astype(np.int64)
    decimals = np.zeros(text.rows, np.int64)
    for places in range(1, scale + 1):
        inside = text.lengths > places
        dotted = (
            text.data[np.where(inside, ends - places - 1, 0)] == 46 if len(text.data) else inside
        )
        decimals[inside & dotted] = places
    whole = text.lengths - decimals - (decimals > 0)
    dots = _dots(text) if scale else np.zeros(text.rows, np.int64)
    long = (whole > max(before, 1)) | (whole + scale > _EXACT)
    doubtful |= text.present & ((dots != (decimals > 0)) | long)
    doubles = _cast(text, doubtful, pa.float64()).fill_null(0).to_numpy(zero_copy_only=False)
    values = np.rint(doubles * 10**scale).astype(np.int64)
    if not before:
        doubtful |= text.present & (values >= 10**scale)
    return Converted(values, doubtful, _decimals(values, text, doubtful, column))


def _dots(text: TextColumn) -> Numbers:
    """How many dots a value has."""
    places = np.flatnonzero(text.span == 46)
    if len(places) == text.rows:
        rows = np.searchsorted(text.offsets, places + text.offsets[0], "right") - 1
        if (rows == np.arange(text.rows)).all():
            return np.ones(text.rows, np.int64)
        return np.bincount(rows, minlength=text.rows)
    rows = np.searchsorted(text.offsets, places + text.offsets[0], "right") - 1
    return np.bincount(rows, minlength=text.rows)


def _no_plain_number(text: TextColumn, *, dots: bool) -> Mask:
    """Rows that are not digits (and a dot): none, a sign, a zero or a dot in front."""
    if text.absent:
        return none(text.rows)
    span = text.span
    odd = (span - np.uint8(48)) > 9
    if dots:
        odd &= span != 46
    doubtful = text.rows_at(np.flatnonzero(odd))
    first = np.minimum(text.offsets[:-1], len(text.data) - 1)
    second = np.minimum(first + 1, len(text.data) - 1)
    starts = text.data[first]
    led = (starts == 48) & (text.lengths > 1) & (text.data[second] != 46)
    doubtful |= text.present & (led | (starts == 46))
    return doubtful


def _cast(text: TextColumn, doubtful: Mask, kind: pa.DataType) -> pa.Array:
    array = text.array
    if doubtful.any():
        array = pc.if_else(pa.array(doubtful), pa.scalar(None, pa.string()), array)
    return array.cast(kind)


def _flag(text: TextColumn, _column: Column) -> Converted:
    values = np.zeros(text.rows, np.int64)
    doubtful = text.present.copy()
    rows, signs = text.of_length(1)
    if len(signs):
        sign = signs[:, 0]
        true = (sign == ord("1")) | (sign == ord("T"))
        false = (sign == ord("0")) | (sign == ord("F"))
        values[rows] = true
        doubtful[rows] = ~(true | false)
    missing = doubtful | ~text.present
    array = pa.array(values.astype(bool), pa.bool_(), mask=missing)
    return Converted(values, doubtful, array)


def _time(text: TextColumn, _column: Column) -> Converted:
    """hh:mm:ss stays as it is; hhmmss is left to SQL."""
    doubtful = text.present.copy()
    values = np.zeros(text.rows, np.int64)
    rows, signs = text.of_length(8)
    if len(signs):
        seconds, right = _seconds(signs - np.uint8(48), (0, 3, 6))
        right &= (signs[:, 2] == 58) & (signs[:, 5] == 58)
        values[rows], doubtful[rows] = seconds, ~right
    array = text.array
    if doubtful.any():
        array = pc.if_else(pa.array(doubtful), pa.scalar(None, pa.string()), array)
    return Converted(values, doubtful, array)


def _array(
    values: Numbers, text: TextColumn, doubtful: Mask, kind: pa.DataType, width: type
) -> pa.Array:
    missing = ~text.present | doubtful
    buffers = [_validity(missing), pa.py_buffer(np.ascontiguousarray(values.astype(width)))]
    return pa.Array.from_buffers(kind, len(values), buffers)


def _decimals(values: Numbers, text: TextColumn, doubtful: Mask, column: Column) -> pa.Array:
    wide = np.empty((len(values), 2), np.int64)
    wide[:, 0] = values
    wide[:, 1] = values >> 63
    kind = pa.decimal128(column.precision or 18, column.scale)
    buffers = [_validity(~text.present | doubtful), pa.py_buffer(wide)]
    return pa.Array.from_buffers(kind, len(values), buffers)


def _validity(missing: Mask) -> pa.Buffer | None:
    if not missing.any():
        return None
    return pa.py_buffer(np.packbits(~missing, bitorder="little"))


_MAKERS: dict[Type, Callable[[TextColumn, Column], Converted]] = {
    Type.DATE: _date,
    Type.DATETIME: _datetime,
    Type.INTEGER: _integer,
    Type.DECIMAL: _decimal,
    Type.FLAG: _flag,
    Type.TIME: _time,
}
