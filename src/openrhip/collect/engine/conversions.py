"""Typed values without SQL (快速转换): the usual way of writing, vectorised; the rest is doubtful.

A row that is not doubtful has its typed value here, and its form is right. A doubtful one is for
the rule's SQL to judge and to convert, whatever it holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from openrhip.collect.engine.columns import Bytes, Mask, Numbers, TextColumn, none
from openrhip.collect.rules.tables import Column, Type

FIRST_YEAR, LAST_YEAR = 1850, 2100
NO_DAY = np.iinfo(np.int32).min
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
    """Days since 1970 by ((year − 1800)·16 + month)·32 + day, NO_DAY where there is no such day or
    it lies outside of the years that are taken.
    """
    table = np.full(400 * 512, NO_DAY, np.int32)
    days = np.arange(np.datetime64(f"{FIRST_YEAR}-01-01"), np.datetime64(f"{LAST_YEAR + 1}-01-01"))
    months, years = days.astype("M8[M]"), days.astype("M8[Y]")
    year, month = years.astype(np.int64) + 1970, (months - years).astype(np.int64) + 1
    day = (days - months).astype(np.int64) + 1
    table[((year - 1800) * 16 + month) * 32 + day] = days.astype(np.int64)
    table.flags.writeable = False
    return table


def days_of(digits: Bytes, at: tuple[int, int, int]) -> npt.NDArray[np.int32]:
    """Days since 1970 from lines of digits (year, month, day begin there), else NO_DAY.

    Digits are signs less 48: what is no digit is above 9.
    """
    year_at, month_at, day_at = at
    right = np.ones(digits.shape[1], bool)
    for start, count in ((year_at, 4), (month_at, 2), (day_at, 2)):
        for plane in digits[start : start + count]:
            right &= plane <= 9
    century = digits[year_at] * np.uint8(10) + digits[year_at + 1]
    year = digits[year_at + 2] * np.uint8(10) + digits[year_at + 3]
    month = digits[month_at] * np.uint8(10) + digits[month_at + 1]
    day = digits[day_at] * np.uint8(10) + digits[day_at + 1]
    right &= (century >= 18) & (century <= 21) & (month <= 12) & (day <= 31)
    # 100 years a century from 1800, 16 months a year, 32 days a month: shifts, no products
    place = (century.astype(np.int32) - 18) * 100 + year
    place = ((place << 4) + month << 5) + day
    place[~right] = 0
    days: npt.NDArray[np.int32] = np.take(calendar(), place)
    return days


def _date(text: TextColumn, _column: Column) -> Converted:
    values = np.full(text.rows, NO_DAY, np.int64)
    for length, at in ((10, (0, 5, 8)), (8, (0, 4, 6))):
        rows, signs = text.planes(length)
        if not signs.shape[1]:
            continue
        found = days_of(signs - np.uint8(48), at)
        if length == 10:
            found[(signs[4] != 45) | (signs[7] != 45)] = NO_DAY
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
        rows, signs = text.planes(length)
        if not signs.shape[1]:
            continue
        digits = signs - np.uint8(48)
        days = days_of(digits, days_at)
        seconds, right = _seconds(digits, clock_at)
        for place, sign in between.items():
            right &= signs[place] == ord(sign)
        right &= days != NO_DAY
        values[rows] = days.astype(np.int64) * _DAY + seconds  # 32 bits end in 2038
        wrong[rows] = ~right
    micros = values * 1_000_000
    array = _array(micros, text, wrong, pa.timestamp("us"), np.int64)
    return Converted(values, wrong, array)


def _seconds(digits: Bytes, at: tuple[int, int, int]) -> tuple[npt.NDArray[np.int32], Mask]:
    """Seconds of the day, and whether they are a time."""
    total = np.zeros(digits.shape[1], np.int32)
    right = np.ones(digits.shape[1], bool)
    for start, most in zip(at, (23, 59, 59), strict=True):
        tens, ones = digits[start], digits[start + 1]
        number = tens * np.uint8(10) + ones
        right &= (tens <= 5) & (ones <= 9) & (number <= most)
        total = total * np.int32(60) + number
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
    ends = text.offsets[1:]
    decimals = np.zeros(text.rows, np.int32)
    for places in range(scale, 0, -1):
        if not len(text.data) or decimals.all():
            break
        dotted = text.data[np.maximum(ends - (places + 1), 0)] == 46
        decimals[dotted & (text.lengths > places)] = places
    whole = text.lengths - decimals - (decimals > 0) - minus_signs(text)
    dots = _dots(text, decimals > 0) if scale else np.zeros(text.rows, np.int64)
    long = (whole > max(before, 1)) | (whole + scale > _EXACT)
    doubtful |= text.present & ((dots != (decimals > 0)) | long)
    doubles = _cast(text, doubtful, pa.float64()).fill_null(0).to_numpy(zero_copy_only=False)
    values = np.rint(doubles * 10**scale).astype(np.int64)
    if not before:
        doubtful |= text.present & (values >= 10**scale)
    return Converted(values, doubtful, _decimals(values, text, doubtful, column))


def minus_signs(text: TextColumn) -> npt.NDArray[np.int32]:
    """1 for each value that begins with a minus."""
    if 45 not in text.span:
        return np.zeros(text.rows, np.int32)
    first = text.data[np.minimum(text.offsets[:-1], len(text.data) - 1)]
    signs: npt.NDArray[np.int32] = (text.present & (first == 45)).astype(np.int32)
    return signs


def _dots(text: TextColumn, known: Mask) -> Numbers:
    """How many dots a value has. known: values that have one for certain."""
    dots = text.span == 46
    if np.count_nonzero(dots) == np.count_nonzero(known):
        return known.astype(np.int64)
    rows = np.searchsorted(text.offsets, np.flatnonzero(dots) + text.offsets[0], "right") - 1
    counts: Numbers = np.bincount(rows, minlength=text.rows)
    return counts


def _no_plain_number(text: TextColumn, *, dots: bool) -> Mask:
    """Rows that are not digits (and a dot) behind at most a minus, or begin with a zero or dot."""
    if text.absent:
        return none(text.rows)
    span = text.span
    odd = (span - np.uint8(48)) > 9
    if dots:
        odd &= span != 46
    last = len(text.data) - 1
    first = np.minimum(text.offsets[:-1], last)
    lengths = text.lengths
    if 45 in span:
        minus = text.present & (text.data[first] == 45)
        odd[first[minus] - text.offsets[0]] = False
        first, lengths = np.minimum(first + minus, last), lengths - minus
    doubtful = text.rows_at(np.flatnonzero(odd))
    starts = text.data[first]
    led = (starts == 48) & (lengths > 1) & (text.data[np.minimum(first + 1, last)] != 46)
    doubtful |= led | (starts == 46) | (lengths < 1)
    return doubtful & text.present


def _cast(text: TextColumn, doubtful: Mask, kind: pa.DataType) -> pa.Array:
    array = text.array
    if doubtful.any():
        array = pc.if_else(pa.array(doubtful), pa.scalar(None, pa.string()), array)
    return array.cast(kind)


def _flag(text: TextColumn, _column: Column) -> Converted:
    values = np.zeros(text.rows, np.int64)
    doubtful = text.present.copy()
    rows, signs = text.planes(1)
    if signs.shape[1]:
        sign = signs[0]
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
    rows, signs = text.planes(8)
    if signs.shape[1]:
        seconds, right = _seconds(signs - np.uint8(48), (0, 3, 6))
        right &= (signs[2] == 58) & (signs[5] == 58)
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
