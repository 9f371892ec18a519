"""Which rows may break a rule (存疑的行): vectorised looks at whole columns.

Most rows of most batches are without fault. A look clears the rows that cannot break a rule; what
it leaves, and only that, the rule's SQL judges. A look never accuses. A kind without a look here
leaves every row that has a value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openrhip.collect.engine import forms, numbers
from openrhip.collect.engine.columns import Bytes, Mask, Numbers, TextColumn, none
from openrhip.collect.engine.compiling import Compiled, Fault
from openrhip.collect.engine.conversions import NO_DAY, Converted, convert, days_of
from openrhip.collect.engine.faults import SEPARATOR
from openrhip.collect.engine.shapes import matched
from openrhip.collect.rules.kinds import Kind
from openrhip.collect.rules.tables import Catalogue, Column, Type

_EPOCH = date(1970, 1, 1)
_DAY = 86_400
_SPACE, _DELETE = 0x20, 0x7F
_IDENTITY_WEIGHTS = np.array([2 ** (17 - at) % 11 for at in range(18)], np.uint16)
_MOBILE = "1[3-9][0-9]{9}"


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


class Look:
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

    def doubts(self, fault: Fault) -> Mask:
        """The rows that may break a rule."""
        look = _LOOKS.get(fault.rule.kind)
        return look(self, fault) if look else np.ones(self.rows, bool)

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
        return _in(self.texts[when].array, pa.array(list(codes), pa.string()))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _in(values: pa.Array, codes: pa.Array) -> Mask:
    return np.asarray(pc.is_in(values, value_set=codes).to_numpy(zero_copy_only=False), bool)


def _required(look: Look, fault: Fault) -> Mask:
    text = look.texts[fault.rule.columns[0]]
    return ~text.present if text.nulls else none(look.rows)


def _form(look: Look, fault: Fault) -> Mask:
    name = fault.rule.columns[0]
    if not forms.is_text(look.column(name)):
        return look.converted[name].doubtful
    return untidy(look.texts[name])


def untidy(text: TextColumn) -> Mask:
    """Values that may hold hidden signs, or a blank at either end."""
    span = text.span
    if not len(span):
        return none(text.rows)
    mask = none(text.rows)
    if span.min() < _SPACE:
        mask |= text.rows_at(np.flatnonzero(span < _SPACE))
    content = span.tobytes()
    if _DELETE in content:
        mask |= text.rows_at(np.flatnonzero(span == _DELETE))
    if not text.ascii:
        mask |= _hidden(text, content)
    if _SPACE in content:
        last = len(text.data) - 1
        firsts = text.data[np.minimum(text.offsets[:-1], last)]
        lasts = text.data[np.maximum(text.offsets[1:] - 1, 0)]
        mask |= text.present & ((firsts == _SPACE) | (lasts == _SPACE))
    return mask


def _hidden(text: TextColumn, content: bytes) -> Mask:
    """By the bytes they begin with: C1 and U+00A0 (C2), U+200B … U+2060 (E2 80, E2 81), U+3000,
    U+FEFF. Some of what begins so is harmless; SQL says.
    """
    mask = none(text.rows)
    # a leading byte is never a following one: looked for alone first, which is quickest
    for lead in (b"\xc2", b"\xe3\x80\x80", b"\xef\xbb\xbf"):
        if lead[0] in content and lead in content:
            mask |= text.rows_at(_places(text.span, lead))
    for lead in (b"\xe2\x80", b"\xe2\x81"):
        if lead[0] in content and lead in content:
            found = _places(text.span, lead)
            third = text.span[np.minimum(found + 2, len(text.span) - 1)]
            if lead == b"\xe2\x80":
                hidden = ((third >= 0x8B) & (third <= 0x8F)) | ((third >= 0xA8) & (third <= 0xAE))
            else:
                hidden = third == 0xA0
            mask |= text.rows_at(found[hidden])
    return mask


def _places(span: Bytes, lead: bytes) -> Numbers:
    places = np.flatnonzero(span == lead[0])
    for at, sign in enumerate(lead[1:], 1):
        places = places[span[np.minimum(places + at, len(span) - 1)] == sign]
    return places


def _length(look: Look, fault: Fault) -> Mask:
    text = look.texts[fault.rule.columns[0]]
    least, most = int(fault.rule.get("least")), int(fault.rule.get("most"))
    mask = none(look.rows)
    if text.most > most:
        signs = text.lengths if text.ascii else pc.utf8_length(text.array).fill_null(0).to_numpy()
        mask |= text.present & (signs > most)
    if least > 1:
        bytes_each = 1 if text.ascii else 4
        mask |= text.present & (text.lengths < least * bytes_each)
    return mask


def _pattern(look: Look, fault: Fault) -> Mask:
    text = look.texts[fault.rule.columns[0]]
    return text.present & ~matched(text, fault.rule.get("pattern"))


def _values(look: Look, fault: Fault) -> Mask:
    text, key = look.texts[fault.rule.columns[0]], fault.rule.get("values")
    if text.absent:
        return none(look.rows)
    shape = look.sets.shape(key)
    if shape:
        return text.present & ~matched(text, shape)
    return text.present & ~_in(text.array, look.sets.codes(key))


def _range(look: Look, fault: Fault) -> Mask:
    column = look.column(fault.rule.columns[0])
    mask = look.unsure(column.name)
    for argument, least in (("minimum", True), ("maximum", False)):
        bound = fault.rule.get(argument)
        if not bound:
            continue
        as_day = column.type is Type.DATETIME and len(bound) <= len("YYYY-MM-DD")
        values, there = (look.days if as_day else look.typed)(column.name)
        limit = _bound(column, bound, least=least, as_day=as_day)
        if limit is None:
            return look.texts[column.name].present
        mask |= there & ((values < limit) if least else (values > limit))
    return mask


def _bound(column: Column, text: str, *, least: bool, as_day: bool = False) -> int | None:
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


def _identity(look: Look, fault: Fault) -> Mask:
    name = fault.rule.columns[0]
    text = look.texts[name]
    if text.absent:
        return none(look.rows)
    found = look.identity(name)
    mask = text.present & ~(found.sound & (found.days <= look.today))
    when = fault.rule.get("when")
    return mask & look.when(when, fault.rule.get_all("among")) if when else mask


def _credit_code(look: Look, fault: Fault) -> Mask:
    text = look.texts[fault.rule.columns[0]]
    sound = none(look.rows)
    rows, signs = text.planes(18)
    if signs.shape[1]:
        total = np.zeros(signs.shape[1], np.uint32)
        right = np.ones(signs.shape[1], bool)
        for place in range(18):
            value = _CREDIT_DIGITS[signs[place]]
            right &= value < (10 if 2 <= place < 8 else 31)
            total += value.astype(np.uint32) * np.uint32(pow(3, place, 31) if place < 17 else 1)
        sound[rows] = right & (total % 31 == 0)
    mask = text.present & ~sound
    when = fault.rule.get("when")
    return mask & look.when(when, fault.rule.get_all("among")) if when else mask


_CREDIT_DIGITS = np.full(256, 99, np.uint8)
_CREDIT_DIGITS[np.frombuffer(numbers.CREDIT_SIGNS.encode(), np.uint8)] = np.arange(31)


def _phone(look: Look, fault: Fault) -> Mask:
    text = look.texts[fault.rule.columns[0]]
    return text.present & ~matched(text, _MOBILE)


def _name_agrees(look: Look, fault: Fault) -> Mask:
    named, code = fault.rule.columns[0], fault.rule.get("code")
    both = look.texts[named].present & look.texts[code].present
    if not both.any():
        return both
    key = look.column(code).values
    joined = pc.binary_join_element_wise(look.texts[code].array, look.texts[named].array, SEPARATOR)
    mask = both & ~_in(joined, look.sets.pairs(key))
    # a code that the set does not hold has no name to agree with
    return mask & _in(look.texts[code].array, look.sets.codes(key)) if mask.any() else mask


def _order(look: Look, fault: Fault) -> Mask:
    columns = fault.rule.get_all("columns")
    mask = look.unsure(*columns)
    if any(name not in look.converted for name in columns):
        return np.ones(look.rows, bool)
    as_days = any(look.column(name).type is Type.DATE for name in columns)
    found = [(look.days if as_days else look.typed)(name) for name in columns]
    if not as_days and len({(look.column(n).type, look.column(n).scale) for n in columns}) > 1:
        return np.ones(look.rows, bool)
    for (one, one_there), (other, other_there) in combinations(found, 2):
        mask |= one_there & other_there & (one > other)
    return mask


_COMPARED: dict[str, Callable[[Numbers, Numbers], Mask]] = {
    "<": np.greater_equal,
    "<=": np.greater,
    ">": np.less_equal,
    ">=": np.less,
    "=": np.not_equal,
    "==": np.not_equal,
    "!=": np.equal,
    "<>": np.equal,
}


def _compare(look: Look, fault: Fault) -> Mask:
    left, right = fault.rule.get("left"), fault.rule.get("right")
    broken = _COMPARED.get(fault.rule.get("op"))
    if left not in look.converted and (not right or right not in look.converted):
        return _compare_texts(look, fault)
    if broken is None or left not in look.converted or (right and right not in look.converted):
        return look.texts[left].present
    if not right:
        text = fault.rule.get("value")
        low, high = (_bound(look.column(left), text, least=least) for least in (True, False))
        if low is None or low != high:
            return look.texts[left].present
        values, there = look.typed(left)
        return look.unsure(left) | (there & broken(values, np.full(look.rows, low, np.int64)))
    types = {look.column(left).type, look.column(right).type}
    if types == {Type.DATE, Type.DATETIME}:
        one, other = look.days(left), look.days(right)
    elif len(types) == 1 and look.column(left).scale == look.column(right).scale:
        one, other = look.typed(left), look.typed(right)
    else:
        return look.texts[left].present
    return look.unsure(left, right) | (one[1] & other[1] & broken(one[0], other[0]))


def _compare_texts(look: Look, fault: Fault) -> Mask:
    """Equality of texts; their order is left to SQL."""
    left, right = (fault.rule.get(item) for item in ("left", "right"))
    one = look.texts[left]
    if fault.rule.get("op") not in ("=", "==", "!=", "<>"):
        return one.present
    other = look.texts[right].array if right else pa.scalar(fault.rule.get("value"), pa.string())
    found = pc.equal(one.array, other).fill_null(False).to_numpy(zero_copy_only=False)
    same: Mask = np.asarray(found, bool)
    both: Mask = one.present & look.texts[right].present if right else one.present
    return both & (same if fault.rule.get("op") in ("!=", "<>") else ~same)


def _needed(look: Look, fault: Fault) -> Mask:
    text = look.texts[fault.rule.get("column")]
    if not text.nulls:
        return none(look.rows)
    return ~text.present & look.when(fault.rule.get("when"), fault.rule.get_all("among"))


def _absent(look: Look, fault: Fault) -> Mask:
    text = look.texts[fault.rule.get("column")]
    if text.absent:
        return none(look.rows)
    return text.present & look.when(fault.rule.get("when"), fault.rule.get_all("among"))


def _sum(look: Look, fault: Fault) -> Mask:
    total, parts = fault.rule.get("total"), fault.rule.get_all("parts")
    columns = (total, *parts)
    if any(name not in look.converted for name in columns):
        return look.texts[total].present
    mask = look.unsure(*columns)
    scale = max(_scale(look, name) for name in columns)
    if scale > 6:
        return look.texts[total].present
    off = np.zeros(look.rows, np.int64)
    for name in columns:
        values, there = look.typed(name)
        # beyond this a sum might not fit: left to SQL
        mask |= there & (np.abs(values) > 10**11)
        scaled = np.where(there & (np.abs(values) <= 10**11), values, 0)
        scaled = scaled * 10 ** (scale - _scale(look, name))
        off += scaled if name == total else -scaled
    tolerance = math.floor(Decimal(fault.rule.get("tolerance") or "0").scaleb(scale))
    return mask | (look.typed(total)[1] & (np.abs(off) > tolerance))


def _scale(look: Look, name: str) -> int:
    return look.column(name).scale if look.column(name).type is Type.DECIMAL else 0


def _identity_agrees(look: Look, fault: Fault) -> Mask:
    name, birth, sex = (fault.rule.get(item) for item in ("identity", "birth", "sex"))
    text = look.texts[name]
    if text.absent:
        return none(look.rows)
    found = look.identity(name)
    mask: Mask = (text.lengths == 18) & ~found.sound
    if birth:
        days, there = look.days(birth)
        mask |= found.sound & ((there & (days != found.days)) | look.unsure(birth))
    if sex:
        rows, signs = look.texts[sex].planes(1)
        if signs.shape[1]:
            told, odd = signs[0], found.odd[rows]
            differs = ((told == ord("1")) & ~odd) | ((told == ord("2")) & odd)
            mask[rows] |= found.sound[rows] & differs
    return mask


def _day(look: Look, fault: Fault) -> Mask:
    name = fault.rule.columns[0]
    if name not in look.converted:
        return look.texts[name].present
    values, there = look.days(name)
    return look.unsure(name) | (there & ((values < look.first) | (values > look.last)))


_LOOKS: dict[Kind, Callable[[Look, Fault], Mask]] = {
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
}
