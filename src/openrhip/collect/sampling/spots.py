"""Where a table's rows can be damaged (可植入的错误), each place with the rules that then fall."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from openrhip.collect.rules.kinds import Kind, Rule
from openrhip.collect.rules.tables import Column, Type
from openrhip.collect.sampling.frames import Change, Frame, Row, Spot
from openrhip.formats.cda.numbers import person_check_digit

_MOMENTS = (Type.DATE, Type.DATETIME)
_NUMBERS = (Type.INTEGER, Type.DECIMAL)
_BAD_FORMS = {
    Type.INTEGER: ("12.5", "1e3", "１２", "0x1F", "+7"),
    Type.DECIMAL: ("12,5", "inf", "１２.00", ".5", "1e3"),
    Type.DATE: ("2026-02-30", "2026/11/03", "20261303", "3.11.2026", "２０２６-11-03"),
    Type.DATETIME: ("2026-11-03 24:00:00", "2026-11-03", "2026-11-03T08:00:00+08:00", "now"),
    Type.TIME: ("24:00:00", "8:00", "noon"),
    Type.FLAG: ("2", "Y", "是"),
}
_PLAIN = {Kind.REQUIRED, Kind.FORM, Kind.LENGTH, Kind.UNIQUE, Kind.UNIQUE_STORE}


def spots_of(frame: Frame) -> Iterator[Spot]:
    """Every way to damage a row of a table."""
    for column in frame.table.columns:
        for make in (_missing, _form, _length, _pattern, _values, _range, _checks, _name):
            yield from make(frame, column)
    for rule in frame.rules:
        if rule.kind in _ACROSS:
            yield from _ACROSS[rule.kind](frame, rule)


def _one(frame: Frame, kind: str, column: Column, rule: Kind, value: str | None) -> Spot:
    def change(row: Row) -> Row | None:
        return None if row[column.name] in (None, value) else {column.name: value}

    return Spot(kind, frozenset({frame.own(column.name, rule)}), frozenset({column.name}), change)


def _missing(frame: Frame, column: Column) -> Iterator[Spot]:
    if column.required and Kind.SUM not in frame.read_by(column.name):
        yield _one(frame, "missing", column, Kind.REQUIRED, None)


def _form(frame: Frame, column: Column) -> Iterator[Spot]:
    readers = frame.read_by(column.name)
    if readers & {Kind.SUM, Kind.PATTERN, Kind.REFERENCE, Kind.UNIQUE}:
        return
    finer = (f"1.{'2' * (column.scale + 1)}",) if column.type is Type.DECIMAL else ()
    for value in (*_BAD_FORMS.get(column.type, ()), *finer):
        yield _one(frame, "form", column, Kind.FORM, value)
    if column.type is Type.TEXT and readers <= {Kind.REQUIRED, Kind.FORM, Kind.LENGTH, Kind.ABSENT}:
        for value in ("\x07", "x\u200b", " x", "x\u3000"):
            if _fits(column, value):
                yield _one(frame, "form", column, Kind.FORM, value)


def _fits(column: Column, value: str) -> bool:
    least, most = column.length
    return least <= len(value) <= (most or 1000)


def _length(frame: Frame, column: Column) -> Iterator[Spot]:
    most = column.length[1]
    plain = frame.read_by(column.name) <= _PLAIN - {Kind.UNIQUE} | {Kind.NEEDED, Kind.ABSENT}
    if column.type is Type.TEXT and plain and 0 < most <= 500:
        yield _one(frame, "length", column, Kind.LENGTH, "长" * (most + 1))


def _pattern(frame: Frame, column: Column) -> Iterator[Spot]:
    readers = frame.read_by(column.name)
    allowed = _PLAIN | {Kind.PATTERN, Kind.NEEDED, Kind.ABSENT}
    if column.pattern and readers <= allowed and Kind.UNIQUE not in readers:
        value = "~" * max(1, column.length[0])
        if not re.fullmatch(column.pattern, value):
            yield _one(frame, "pattern", column, Kind.PATTERN, value)


def _values(frame: Frame, column: Column) -> Iterator[Spot]:
    if not column.values or frame.read_by(column.name) & {
        Kind.COMPARE,
        Kind.UNIQUE,
        Kind.REFERENCE,
    }:
        return
    found = frame.catalogue.values[column.values]
    closed = found.complete or (found.shape and not re.fullmatch(found.shape, "~Z"))
    if closed and not column.pattern:
        yield _one(frame, "values", column, Kind.VALUES, "~Z")


def _range(frame: Frame, column: Column) -> Iterator[Spot]:
    allowed = {Kind.REQUIRED, Kind.FORM, Kind.RANGE}
    if frame.read_by(column.name) - allowed:
        return
    if column.type in _NUMBERS and column.maximum:
        step = Decimal(1).scaleb(-column.scale)
        value = _number(column, Decimal(column.maximum) + step)
        digits = len(value.partition(".")[0].lstrip("-"))
        if digits <= ((column.precision or 18) - column.scale if column.scale else 18):
            yield _one(frame, "range", column, Kind.RANGE, value)
    elif column.type in _MOMENTS and column.minimum > "1851":
        value = "1850-06-01" + (" 00:00:00" if column.type is Type.DATETIME else "")
        yield _one(frame, "range", column, Kind.RANGE, value)


def _checks(frame: Frame, column: Column) -> Iterator[Spot]:
    readers = frame.read_by(column.name)
    if not column.check or readers & {Kind.UNIQUE, Kind.REFERENCE, Kind.PATTERN}:
        return
    if column.check == "identity":
        yield from _identity(frame, column)
    elif Kind.NAME_AGREES not in readers:
        kind = Kind(column.check)
        spot = _one(frame, column.check, column, kind, "123")

        def change(row: Row) -> Row | None:
            return spot.change(row) if _holds(column, row) else None

        yield Spot(spot.kind, spot.rules, spot.columns, change)


def _holds(column: Column, row: Row) -> bool:
    when, among = column.check_when
    return not when or row[when] in among


def _identity(frame: Frame, column: Column) -> Iterator[Spot]:
    name = column.name
    columns = frozenset({name})

    def changed(make: Change) -> Change:
        def change(row: Row) -> Row | None:
            return make(row) if row[name] and _holds(column, row) else None

        return change

    def digit(row: Row) -> Row:
        number = str(row[name])
        signs = "0123456789X"
        return {name: number[:17] + signs[(signs.index(number[17]) + 1) % 11]}

    yield Spot("identity", frozenset({frame.own(name, Kind.IDENTITY)}), columns, changed(digit))
    agreeing = [r for r in frame.rules if r.kind is Kind.IDENTITY_AGREES and r.columns[0] == name]
    for rule in agreeing:
        if rule.get("birth") and len(agreeing) == 1:
            yield Spot("identity-birth", frozenset({rule.id}), columns, changed(_other_birth(name)))


def _other_birth(name: str) -> Change:
    def change(row: Row) -> Row | None:
        number = str(row[name])
        born = date.fromisoformat(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
        other = born - timedelta(days=32)
        first = f"{number[:6]}{other:%Y%m%d}{number[14:17]}"
        return {name: first + person_check_digit(first)}

    return change


def _name(frame: Frame, column: Column) -> Iterator[Spot]:
    allowed = _PLAIN | {Kind.NAME_AGREES, Kind.NEEDED, Kind.ABSENT}
    if not column.name_of or frame.read_by(column.name) - allowed or not _fits(column, "错"):
        return
    found = frame.catalogue.values[frame.table.column(column.name_of).values]
    known = {code for code, _ in found.codes}

    def change(row: Row) -> Row | None:
        told = row[column.name] is not None and row[column.name_of] in known
        return {column.name: "错"} if told else None

    rules = frozenset({frame.own(column.name, Kind.NAME_AGREES)})
    yield Spot("name-agrees", rules, frozenset({column.name}), change)


def _order(frame: Frame, rule: Rule) -> Iterator[Spot]:
    names = rule.get_all("columns")
    if len(names) != 2 or any(frame.table.column(n).type not in _MOMENTS for n in names):
        return
    for name, other, days in ((names[0], names[1], 2), (names[1], names[0], -2)):
        column = frame.table.column(name)
        lonely = frame.read_by(name, but=[rule.id]) <= {Kind.REQUIRED, Kind.FORM}
        if lonely:
            yield _moved("order", rule, column, other, days)


def _moved(kind: str, rule: Rule, column: Column, other: str, days: int) -> Spot:
    def change(row: Row) -> Row | None:
        near = row[other]
        if row[column.name] is None or near is None:
            return None
        at = datetime.fromisoformat(near) + timedelta(days=days)
        return {column.name: f"{at:%Y-%m-%d}" if column.type is Type.DATE else str(at)}

    return Spot(kind, frozenset({rule.id}), frozenset({column.name}), change)


def _compare(frame: Frame, rule: Rule) -> Iterator[Spot]:
    """The left number becomes one that the operator does not take."""
    column = frame.table.column(rule.get("left"))
    alone = frame.read_by(column.name, but=[rule.id]) <= {Kind.REQUIRED, Kind.FORM, Kind.RANGE}
    if not rule.get("right") or column.type not in _NUMBERS or not alone:
        return
    step = Decimal(-1 if rule.get("op") in (">", ">=", "=") else 0 if rule.get("op") == "!=" else 1)

    def change(row: Row) -> Row | None:
        left, right = row[column.name], row[rule.get("right")]
        if left is None or right is None:
            return None
        value = Decimal(right) + step
        return {column.name: _number(column, value)} if _takes(column, value) else None

    yield Spot("compare", frozenset({rule.id}), frozenset({column.name}), change)


def _number(column: Column, value: Decimal) -> str:
    return f"{value:.{column.scale}f}"


def _takes(column: Column, value: Decimal) -> bool:
    """Whether a column may have a number: digits, minimum, maximum."""
    if value != value.quantize(Decimal(1).scaleb(-column.scale)):
        return False
    digits = (column.precision or 18) - column.scale if column.type is Type.DECIMAL else 18
    if len(_number(column, abs(value)).partition(".")[0]) > digits:
        return False
    least, most = column.minimum or "-1e18", column.maximum or "1e18"
    return Decimal(least) <= value <= Decimal(most)


def _needed(frame: Frame, rule: Rule) -> Iterator[Spot]:
    name = rule.columns[0]
    same = [r for r in frame.rules if r.kind is Kind.NEEDED and r.columns[0] == name]
    if Kind.SUM in frame.read_by(name) or len(same) > 1 or frame.table.column(name).required:
        return

    def change(row: Row) -> Row | None:
        asked = _asked(rule, row)
        return {name: None} if asked and row[name] is not None else None

    yield Spot("needed", frozenset({rule.id}), frozenset({name}), change)


def _absent(frame: Frame, rule: Rule) -> Iterator[Spot]:
    name = rule.columns[0]
    same = [r for r in frame.rules if r.kind is Kind.ABSENT and r.columns[0] == name]
    allowed = {Kind.FORM, Kind.LENGTH, Kind.ABSENT, Kind.VALUES, Kind.RANGE, Kind.NAME_AGREES}
    value = _something(frame, frame.table.column(name))
    whens = {r.get("when") for r in frame.rules if r.kind in (Kind.NEEDED, Kind.ABSENT)}
    if frame.read_by(name) - allowed - {Kind.NEEDED} or len(same) > 1 or not value or name in whens:
        return

    def change(row: Row) -> Row | None:
        return {name: value} if _asked(rule, row) and row[name] is None else None

    yield Spot("absent", frozenset({rule.id}), frozenset({name}), change)


def _something(frame: Frame, column: Column) -> str:
    """A value that a column may have, or "" where that is not plain."""
    if column.values:
        codes = frame.catalogue.values[column.values].codes
        return codes[0][0] if codes else ""
    if column.type is Type.TEXT and not column.name_of:
        return "有" if _fits(column, "有") else ""
    if column.type in _NUMBERS:
        return _number(column, Decimal(column.minimum or "0"))
    return "1" if column.type is Type.FLAG else ""


def _asked(rule: Rule, row: Row) -> bool:
    value = row[rule.get("when")]
    return value is not None and (not rule.get_all("among") or value in rule.get_all("among"))


def _sum(frame: Frame, rule: Rule) -> Iterator[Spot]:
    """The total is off by more than the tolerance; every sum of that total then falls."""
    name = rule.get("total")
    sums = [r for r in frame.rules if r.kind is Kind.SUM and r.get("total") == name]
    other = {r.id for r in frame.rules if r.kind is Kind.SUM and name in r.get_all("parts")}
    alone = frame.read_by(name, but=[r.id for r in sums]) <= {Kind.REQUIRED, Kind.FORM, Kind.RANGE}
    if other or not alone or sums[0] is not rule:
        return
    step = 1 + max(Decimal(r.get("tolerance") or "0") for r in sums)
    column = frame.table.column(name)

    def change(row: Row) -> Row | None:
        if row[name] is None:
            return None
        value = Decimal(str(row[name])) + step
        return {name: _number(column, value)} if _takes(column, value) else None

    yield Spot("sum", frozenset(r.id for r in sums), frozenset({name}), change)


def _day(frame: Frame, rule: Rule) -> Iterator[Spot]:
    """A row of a later day: what ought to come after it then comes before."""
    name = rule.columns[0]
    column = frame.table.column(name)
    readers = frame.read_by(name, but=[rule.id])
    if readers - {Kind.REQUIRED, Kind.FORM, Kind.ORDER, Kind.RANGE} or column.maximum:
        return
    orders = [r for r in frame.rules if r.kind is Kind.ORDER and name in r.get_all("columns")]

    def change(row: Row) -> Row | None:
        if row[name] is None:
            return None
        at = datetime.fromisoformat(str(row[name])) + timedelta(days=400)
        return {name: f"{at:%Y-%m-%d}" if column.type is Type.DATE else str(at)}

    def told(row: Row) -> frozenset[str]:
        broken = {rule.id}
        for one in orders:
            names = one.get_all("columns")
            if any(row[later] is not None for later in names[names.index(name) + 1 :]):
                broken.add(one.id)
        return frozenset(broken)

    rules = frozenset({rule.id, *(one.id for one in orders)})
    yield Spot("day", rules, frozenset({name}), change, told)


_ACROSS = {
    Kind.ORDER: _order,
    Kind.COMPARE: _compare,
    Kind.NEEDED: _needed,
    Kind.ABSENT: _absent,
    Kind.SUM: _sum,
    Kind.DAY: _day,
}
