"""An independent opinion on every rule: plain Python, one row and one value at a time.

Written from the docstrings of `collect.rules.tables` and `collect.rules.kinds`; it shares no code
with any engine and hardly uses regular expressions, so that it does not err as they may.
"""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal

from openrhip.collect.rules.deriving import row_rules
from openrhip.collect.rules.kinds import Kind, Rule
from openrhip.collect.rules.tables import Catalogue, Column, Period, Table, Type

DIGITS = frozenset("0123456789")
CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
BLANKS = frozenset(" \u00a0\u3000")
INVISIBLE = frozenset(
    {
        *range(0x20),
        *range(0x7F, 0xA0),
        *range(0x200B, 0x2010),
        *range(0x2028, 0x202F),
        0x2060,
        0xFEFF,
    }
)
Row = Mapping[str, str | None]


@dataclass(frozen=True)
class Asked:
    """A batch as the oracle sees it. stored: keys on other days; references: rule id → keys."""

    catalogue: Catalogue
    table: Table
    rows: Sequence[Row]
    day: date
    today: date
    stored: frozenset[tuple[str, ...]] | None = None
    references: Mapping[str, frozenset[tuple[str, ...]]] = field(default_factory=dict)


def broken(asked: Asked) -> list[frozenset[str]]:
    """For every row the ids of the rules it breaks."""
    rules = row_rules(asked.table)
    met = {rule.id: _occurrences(rule, asked.rows) for rule in rules if rule.kind is Kind.UNIQUE}
    return [
        frozenset(rule.id for rule in rules if _breaks(rule, Values(asked, row), met))
        for row in asked.rows
    ]


class Values:
    """One row: what stands in a column as text, and as what its type makes of it."""

    def __init__(self, asked: Asked, row: Row) -> None:
        self.asked, self._row = asked, row

    def text(self, name: str) -> str | None:
        return self._row.get(name) or None

    def typed(self, name: str) -> object | None:
        value = self.text(name)
        return None if value is None else read(value, self.column(name))

    def column(self, name: str) -> Column:
        return self.asked.table.column(name)

    def key(self, names: Sequence[str]) -> tuple[str, ...] | None:
        """The key as text, None where one of its columns is missing."""
        return _whole(self.text(name) for name in names)

    def looked_up(self, names: Sequence[str]) -> tuple[str, ...] | None:
        """The key with each value in its one way of writing, None where one has none."""
        return _whole(self._written(self.column(name)) for name in names)

    def _written(self, column: Column) -> str | None:
        if column.type in (Type.TEXT, Type.CODE):
            return self.text(column.name)
        value = self.typed(column.name)
        if column.type is Type.DECIMAL and value is not None:
            value = abs(value) if value == 0 else value
            return f"{value:.{column.scale}f}"
        if column.type is Type.INTEGER and value is not None:
            return str(int(value))
        return None if value is None else str(value).lower()

    def holds(self, rule: Rule) -> bool:
        """Whether the circumstance `when` / `among` of a rule is given."""
        if not rule.get("when"):
            return True
        value = self.text(rule.get("when"))
        among = rule.get_all("among")
        return value is not None and (not among or value in among)


def _whole(values: Iterable[str | None]) -> tuple[str, ...] | None:
    found = tuple(values)
    return None if None in found else found


def _occurrences(rule: Rule, rows: Sequence[Row]) -> Counter[tuple[str | None, ...]]:
    return Counter(tuple(row.get(name) or None for name in rule.columns) for row in rows)


def _breaks(rule: Rule, row: Values, met: Mapping[str, Counter[tuple[str | None, ...]]]) -> bool:
    if rule.kind is Kind.UNIQUE:
        key = row.key(rule.columns)
        return key is not None and met[rule.id][key] > 1
    return _JUDGES[rule.kind](rule, row)


# --- values as their types write them -------------------------------------------------------------


def read(value: str, column: Column) -> object | None:
    """The typed value, or None where it is not written as the type asks."""
    readers = {
        Type.INTEGER: lambda: read_decimal(value, 18, 0),
        Type.DECIMAL: lambda: read_decimal(value, column.precision or 18, column.scale),
        Type.DATE: lambda: read_date(value),
        Type.DATETIME: lambda: read_datetime(value),
        Type.TIME: lambda: read_time(value),
        Type.FLAG: lambda: {"0": False, "1": True, "F": False, "T": True}.get(value),
    }
    if column.type in readers:
        return readers[column.type]()
    return value if well_formed_text(value, multiline=column.multiline) else None


def well_formed_text(value: str, *, multiline: bool) -> bool:
    if value[0] in BLANKS or value[-1] in BLANKS:
        return False
    allowed = "\t\n\r" if multiline else ""
    return all(char in allowed or ord(char) not in INVISIBLE for char in value)


def read_decimal(value: str, precision: int, scale: int) -> Decimal | None:
    whole, point, fraction = value.removeprefix("-").partition(".")
    if not whole or not set(whole) <= DIGITS or (whole[0] == "0" and whole != "0"):
        return None
    if whole != "0" and len(whole) > precision - scale:
        return None
    if point and not (fraction and set(fraction) <= DIGITS and len(fraction) <= scale):
        return None
    return Decimal(value)


def read_date(value: str) -> date | None:
    if len(value) == 10 and value[4] == value[7] == "-":
        value = value[:4] + value[5:7] + value[8:]
    if len(value) != 8 or not set(value) <= DIGITS:
        return None
    year, month, day = int(value[:4]), int(value[4:6]), int(value[6:])
    if not (1850 <= year <= 2100 and 1 <= month <= 12):
        return None
    return date(year, month, day) if 1 <= day <= calendar.monthrange(year, month)[1] else None


def read_time(value: str) -> time | None:
    if len(value) == 8 and value[2] == value[5] == ":":
        value = value[:2] + value[3:5] + value[6:]
    if len(value) != 6 or not set(value) <= DIGITS:
        return None
    hour, minute, second = int(value[:2]), int(value[2:4]), int(value[4:])
    return time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


def read_datetime(value: str) -> datetime | None:
    match len(value):
        case 19 if value[10] == " " and value[4] == "-" and value[13] == ":":
            day, clock = read_date(value[:10]), read_time(value[11:])
        case 15 if value[8] == "T":
            day, clock = read_date(value[:8]), read_time(value[9:])
        case 14:
            day, clock = read_date(value[:8]), read_time(value[8:])
        case _:
            return None
    return None if day is None or clock is None else datetime.combine(day, clock)


# --- what is asked of one value -------------------------------------------------------------------


def _required(rule: Rule, row: Values) -> bool:
    return row.text(rule.columns[0]) is None


def _form(rule: Rule, row: Values) -> bool:
    return row.text(rule.columns[0]) is not None and row.typed(rule.columns[0]) is None


def _length(rule: Rule, row: Values) -> bool:
    value = row.text(rule.columns[0])
    return value is not None and not int(rule.get("least")) <= len(value) <= int(rule.get("most"))


def _matches(pattern: str, value: str) -> bool:
    return re.fullmatch(pattern, value, re.ASCII) is not None


def _pattern(rule: Rule, row: Values) -> bool:
    value = row.text(rule.columns[0])
    return value is not None and not _matches(rule.get("pattern"), value)


def _values(rule: Rule, row: Values) -> bool:
    value = row.text(rule.columns[0])
    if value is None:
        return False
    known = row.asked.catalogue.values[rule.get("values")]
    if value in {code for code, _ in known.codes}:
        return False
    if known.complete and known.codes:
        return True
    return bool(known.shape) and not _matches(known.shape, value)


def _range(rule: Rule, row: Values) -> bool:
    column = row.column(rule.columns[0])
    value = row.typed(column.name)
    if value is None:
        return False
    for name in ("minimum", "maximum"):
        bound = rule.get(name)
        if not bound:
            continue
        limit: object = read(bound, column)
        mine = value
        if limit is None and column.type is Type.DATETIME:
            limit, mine = read_date(bound), value.date()
        assert limit is not None, f"{rule.id}: {bound} cannot be read"
        if mine < limit if name == "minimum" else mine > limit:
            return True
    return False


def _identity_shape(value: str | None) -> bool:
    return (
        value is not None
        and len(value) == 18
        and set(value[:17]) <= DIGITS
        and value[0] != "0"
        and (value[17] in DIGITS or value[17] == "X")
    )


def _identity(rule: Rule, row: Values) -> bool:
    value = row.text(rule.columns[0])
    if value is None or not row.holds(rule):
        return False
    if not _identity_shape(value):
        return True
    born = read_date(value[6:14])
    if born is None or born > row.asked.today:
        return True
    total = sum(int(digit) * (2 ** (17 - at) % 11) for at, digit in enumerate(value[:17]))
    check = (12 - total % 11) % 11  # total + check ≡ 1 (mod 11)
    return value[17] != ("X" if check == 10 else str(check))


def _credit_code(rule: Rule, row: Values) -> bool:
    value = row.text(rule.columns[0])
    if value is None or not row.holds(rule):
        return False
    if len(value) != 18 or not set(value) <= set(CREDIT) or not set(value[2:8]) <= DIGITS:
        return True
    total = sum(CREDIT.index(char) * pow(3, at, 31) for at, char in enumerate(value[:17]))
    return CREDIT.index(value[17]) != -total % 31


def _phone(rule: Rule, row: Values) -> bool:
    value = row.text(rule.columns[0])
    return value is not None and row.holds(rule) and not (_mobile(value) or _telephone(value))


def _all_digits(value: str, *lengths: int) -> bool:
    return len(value) in lengths and set(value) <= DIGITS


def _mobile(value: str) -> bool:
    number = value.removeprefix("+86-") if value.startswith("+86-") else value.removeprefix("+86")
    return _all_digits(number, 11) and number[0] == "1" and number[1] in "3456789"


def _telephone(value: str) -> bool:
    first, *rest = value.split("-")
    if first[:3] in ("400", "800") and _all_digits(value.replace("-", ""), 10):
        return [len(part) for part in (first, *rest)] in ([10], [3, 7], [6, 4], [3, 3, 4])
    return any(_local(number) for number in _without_area(value))


def _without_area(value: str) -> Iterator[str]:
    yield value
    for places in (3, 4):
        if value[0] == "0" and _all_digits(value[:places], places):
            yield value[places:].removeprefix("-")


def _local(value: str) -> bool:
    number, dash, extension = value.partition("-")
    if dash and not _all_digits(extension, 1, 2, 3, 4, 5, 6):
        return False
    return _all_digits(number, 7, 8) and number[0] in "23456789"


def _name_agrees(rule: Rule, row: Values) -> bool:
    code_column = row.column(rule.get("code"))
    name, code = row.text(rule.columns[0]), row.text(code_column.name)
    known = row.asked.catalogue.values[code_column.values]
    if name is None or code not in {each for each, _ in known.codes}:
        return False
    return (code, name) not in {*known.codes, *known.other_names}


# --- across columns ---------------------------------------------------------------------------


def _as_day(value: object) -> object:
    return value.date() if isinstance(value, datetime) else value


def _order(rule: Rule, row: Values) -> bool:
    names = rule.get_all("columns")
    days = any(row.column(name).type is Type.DATE for name in names)
    found = [value for name in names if (value := row.typed(name)) is not None]
    found = [_as_day(value) for value in found] if days else found
    return found != sorted(found)


def _compare(rule: Rule, row: Values) -> bool:
    left = row.column(rule.get("left"))
    mine, theirs = _comparable(row, left), None
    if rule.get("right"):
        theirs = _comparable(row, row.column(rule.get("right")))
    else:
        literal = rule.get("value")
        theirs = literal if left.type in (Type.TEXT, Type.CODE) else read(literal, left)
        if theirs is None and left.type is Type.DATETIME:
            theirs = read_date(literal)
        assert theirs is not None, f"{rule.id}: {literal} cannot be read"
    if mine is None or theirs is None:
        return False
    if isinstance(mine, datetime) != isinstance(theirs, datetime):
        mine, theirs = _as_day(mine), _as_day(theirs)
    return not {
        "<": lambda: mine < theirs,
        "<=": lambda: mine <= theirs,
        ">": lambda: mine > theirs,
        ">=": lambda: mine >= theirs,
        "=": lambda: mine == theirs,
        "!=": lambda: mine != theirs,
    }[rule.get("op")]()


def _comparable(row: Values, column: Column) -> object | None:
    if column.type in (Type.TEXT, Type.CODE):
        return row.text(column.name)
    return row.typed(column.name)


def _needed(rule: Rule, row: Values) -> bool:
    return row.holds(rule) and row.text(rule.get("column")) is None


def _absent(rule: Rule, row: Values) -> bool:
    return row.holds(rule) and row.text(rule.get("column")) is not None


def _sum(rule: Rule, row: Values) -> bool:
    total = row.typed(rule.get("total"))
    if total is None:
        return False
    added = Decimal(0)
    for name in rule.get_all("parts"):
        if row.text(name) is None:
            continue
        part = row.typed(name)
        if part is None:
            return False
        added += part
    return abs(total - added) > Decimal(rule.get("tolerance", "0"))


def _identity_agrees(rule: Rule, row: Values) -> bool:
    column = row.column(rule.get("identity"))
    number = row.text(column.name)
    when, among = column.check_when
    if not _identity_shape(number) or (when and row.text(when) not in among):
        return False
    born = row.typed(rule.get("birth")) if rule.get("birth") else None
    if born is not None and _as_day(born).strftime("%Y%m%d") != number[6:14]:
        return True
    sex = row.text(rule.get("sex")) if rule.get("sex") else None
    return sex in ("1", "2") and int(number[16]) % 2 != int(sex) % 2


def _day(rule: Rule, row: Values) -> bool:
    value = _as_day(row.typed(rule.columns[0]))
    day = row.asked.day
    if value is None:
        return False
    amends = row.text("amend_flag") in ("2", "3")
    if row.asked.table.period is Period.MONTH:
        own, asked = (value.year, value.month), (day.year, day.month)
        return own > asked or (own < asked and not amends)
    return value > day or (value < day and not amends)


# --- with look-ups --------------------------------------------------------------------------------


def _unique_store(rule: Rule, row: Values) -> bool:
    stored = row.asked.stored or frozenset()
    return row.text("amend_flag") == "1" and row.looked_up(rule.columns) in stored


def _reference(rule: Rule, row: Values) -> bool:
    known = row.asked.references.get(rule.id)
    key = row.looked_up(rule.columns)
    return known is not None and key is not None and key not in known


_JUDGES = {
    Kind.REQUIRED: _required,
    Kind.FORM: _form,
    Kind.LENGTH: _length,
    Kind.PATTERN: _pattern,
    Kind.VALUES: _values,
    Kind.RANGE: _range,
    Kind.IDENTITY: _identity,
    Kind.CREDIT_CODE: _credit_code,
    Kind.PHONE: _phone,
    Kind.NAME_AGREES: _name_agrees,
    Kind.ORDER: _order,
    Kind.COMPARE: _compare,
    Kind.NEEDED: _needed,
    Kind.ABSENT: _absent,
    Kind.SUM: _sum,
    Kind.IDENTITY_AGREES: _identity_agrees,
    Kind.DAY: _day,
    Kind.UNIQUE_STORE: _unique_store,
    Kind.REFERENCE: _reference,
}
