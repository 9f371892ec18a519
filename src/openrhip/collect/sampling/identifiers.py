"""Numbers that name things (业务编号): the same in the table that has them and in those that refer.

Of a table, unit and day, counted by episode; registers (whole tables) are counted without a day,
and what refers to them names one of their first twenty rows.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openrhip.collect.rules.tables import Catalogue, Column, Period, Table, Type
from openrhip.collect.sampling import texts
from openrhip.collect.sampling.plan import Plan, plan_of
from openrhip.formats.cda.numbers import body_check_digit

if TYPE_CHECKING:
    from openrhip.collect.sampling.rows import Rows

REFERRED = 20  # rows of a register that others refer to
_ENDINGS = ("_no", "_id", "_code", "_num", "number")
_DIGITS = re.compile("[0-9]")


def org_code(unit: str) -> str:
    """A made-up code of an institution (GB 32100), the same for the same unit."""
    first = f"12320100999{zlib.crc32(unit.encode()) % 10_000:04d}0A"
    return first + body_check_digit(first)


def is_one(column: Column, table: Table, plan: Plan) -> bool:
    """Whether a text column names things: in a key, referring, or called a number."""
    if column.name in table.key or column.name in dict(plan.referred):
        return True
    return column.name.endswith(_ENDINGS) and not column.pattern


def made(table: Table, column: Column, catalogue: Catalogue, rows: Rows) -> pa.StringArray:
    """The numbers of a column, as its root has them: the table that is referred to last."""
    root, key = _root(table, column.name, catalogue)
    day = rows.day_of(root.period)
    at = rows.episode
    if root.code != table.code and root.period is Period.SNAPSHOT and _shared(table, column):
        at = at % REFERRED
    elif root.code == table.code and key == column.name and column.name not in table.key:
        at = at % 50 if column.name.endswith("_code") else at
    stamp = "" if day is None else f"{day:%y%m%d}"
    of_root = root.column(key)
    of_root = of_root if of_root.type in (Type.TEXT, Type.CODE) else column
    tag = zlib.crc32(f"{root.code}.{key}.{rows.unit}".encode())
    return _written(of_root, tag, stamp, at)


def _shared(table: Table, column: Column) -> bool:
    """Whether many rows may have the same number: not where it alone makes the key."""
    others = [name for name in table.key if name != column.name]
    return column.name not in table.key or any(
        table.column(name).type is Type.TEXT for name in others
    )


def _root(table: Table, name: str, catalogue: Catalogue) -> tuple[Table, str]:
    seen = set()
    while (table.code, name) not in seen:
        seen.add((table.code, name))
        target = dict(plan_of(table, catalogue).referred).get(name)
        if target is None:
            break
        table, name = catalogue.tables[target[0]], target[1]
    return table, name


def _written(column: Column, tag: int, stamp: str, at: np.ndarray) -> pa.StringArray:
    """Tag of the unit, day and number, as far as there is room; in the shape of the pattern."""
    room = column.length[1] or 18
    least = column.length[0]
    if column.pattern:
        shape = _shape(column, tag)
        if shape:
            return _in_shape(shape, stamp, tag, at)
    width = min(7, room) if room - len(stamp) < 7 else 7
    stamp = stamp[-max(0, room - width) :] if room > width else ""
    head = f"{tag % 10_000:04d}"[: max(0, min(4, room - width - len(stamp)))]
    missing = least - len(head) - len(stamp) - width
    prefix = pa.scalar("0" * max(0, missing) + head + stamp)
    return texts.joined(prefix, texts.padded(at + 1, width))


def _shape(column: Column, tag: int) -> str:
    """A string of the pattern that has the most digits to be filled."""
    least, most = column.length
    offers = [one for one in texts.of_pattern(column.pattern, 60, most) if len(one) >= least]
    offers.sort(key=lambda one: (-len(_DIGITS.findall(one)), one))
    for one in offers:
        filled = _DIGITS.sub(lambda _: str(tag % 10), one)
        if re.fullmatch(column.pattern, filled) and re.fullmatch(
            column.pattern, _DIGITS.sub("0", one)
        ):
            return one
    return ""


def _in_shape(shape: str, stamp: str, tag: int, at: np.ndarray) -> pa.StringArray:
    room = len(_DIGITS.findall(shape))
    width = min(7, room)
    head = f"{tag % 10_000:04d}{stamp}"
    head = head[-(room - width) :].rjust(room - width, "1") if room > width else ""
    parts: list[object] = []
    number = texts.padded(at + 1, width)
    place = 0
    for sign in shape:
        if not _DIGITS.match(sign):
            parts.append(pa.scalar(sign))
            continue
        if place < len(head):
            parts.append(pa.scalar(head[place]))
        else:
            from_here = place - len(head)
            parts.append(_digit(number, from_here))
        place += 1
    return texts.joined(*parts)


def _digit(number: pa.StringArray, at: int) -> pa.StringArray:
    return pc.utf8_slice_codeunits(number, at, at + 1)


def numbered(column: Column, at: np.ndarray) -> pa.StringArray:
    """A personal card's number: of the person, not of the visit."""
    return _written(column, zlib.crc32(column.name.encode()), "", at)
