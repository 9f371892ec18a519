"""The typed values of made-up rows as texts (写成文本)."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openrhip.collect.rules.tables import Column, Personal, Type
from openrhip.collect.sampling import choosing, identifiers, texts
from openrhip.collect.sampling.plan import MICRO, NUMBERS

if TYPE_CHECKING:
    from openrhip.collect.sampling.rows import Rows


def written(rows: Rows, column: Column) -> pa.StringArray:
    """A column as text, with nothing where its value is missing."""
    made = _identity(rows, column) if column.name in rows.identity else _whole(rows, column)
    gone = rows.missing.get(column.name)
    if gone is None or not gone.any():
        return made
    return pc.if_else(pa.array(gone), pa.scalar(None, pa.string()), made)


def _whole(rows: Rows, column: Column) -> pa.StringArray:
    name = column.name
    if name in rows.codes:
        return texts.picked(rows.codes[name], rows.typed[name])
    if column.type in _PLAIN:
        return _PLAIN[column.type](rows.typed[name])
    if column.type in NUMBERS:
        unit = 10 ** (MICRO - column.scale)
        return texts.decimal(rows.typed[name] // unit, column.scale)
    return _free(rows, column)


_PLAIN = {Type.DATE: texts.dates, Type.DATETIME: texts.moments, Type.TIME: texts.times}


def _identity(rows: Rows, column: Column) -> pa.StringArray:
    """The number where it is checked as one; another document's number elsewhere."""
    when, among = column.check_when
    made = rows.identity[column.name]
    if not when or when not in rows.codes:
        return made
    other = texts.joined(pa.scalar("E"), texts.padded(rows.episode, 8))
    return pc.if_else(pa.array(rows.holds(when, among)), made, other)


def _free(rows: Rows, column: Column) -> pa.StringArray:
    if column.name == "org_code":
        code = rows.org_code or identifiers.org_code(rows.unit)
        return texts.picked((code,), np.zeros(rows.rows, dtype=np.int8))
    if column.name_of in rows.codes:
        beside = rows.table.column(column.name_of)
        words = choosing.names(rows.codes[beside.name], beside, rows.catalogue, column)
        return texts.picked(words, rows.typed[beside.name])
    if column.name in rows.plan.names or column.personal or column.check:
        return _personal(rows, column)
    if identifiers.is_one(column, rows.table, rows.plan):
        return identifiers.made(rows.table, column, rows.catalogue, rows)
    return _words(rows, column)


def _personal(rows: Rows, column: Column) -> pa.StringArray:
    whose = rows.people[0]
    if column.name not in rows.plan.names and column.personal is Personal.NAME:
        whose = (whose + zlib.crc32(column.name.encode())) % len(rows.pool)
    place = pa.array(whose)
    if column.check == "phone" or column.personal is Personal.PHONE:
        return rows.pool.phone.take(place)
    if column.personal is Personal.NAME or column.name in rows.plan.names:
        return _fitted(rows.pool.name.take(place), column)
    if column.personal is Personal.ADDRESS:
        return _fitted(rows.pool.address.take(place), column)
    if column.personal is Personal.CARD:
        return identifiers.numbered(column, whose + 1)
    return _words(rows, column)


def _fitted(made: pa.StringArray, column: Column) -> pa.StringArray:
    most = column.length[1]
    return pc.utf8_slice_codeunits(made, 0, most) if most and most < 40 else made


def _words(rows: Rows, column: Column) -> pa.StringArray:
    words = choosing.words(column)
    return texts.picked(words, rows.random(column.name).integers(0, len(words), rows.rows))
