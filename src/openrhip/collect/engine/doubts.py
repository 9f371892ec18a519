"""Which rows may break a rule (存疑的行): vectorised looks at whole columns.

Most rows of most batches are without fault. A look clears the rows that cannot break a rule; what
it leaves, and only that, the rule's SQL judges. A look never accuses. A kind without a look here
leaves every row that has a value.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow.compute as pc

from openrhip.collect.engine import forms, numbers
from openrhip.collect.engine.columns import Bytes, Mask, Numbers, TextColumn, none
from openrhip.collect.engine.compiling import Fault
from openrhip.collect.engine.doubts_across import ACROSS
from openrhip.collect.engine.faults import SEPARATOR
from openrhip.collect.engine.seen import Seen, Sets, bound, is_in
from openrhip.collect.engine.shapes import matched
from openrhip.collect.rules.kinds import Kind
from openrhip.collect.rules.tables import Type

__all__ = ["Look", "Sets", "untidy"]
_SPACE, _DELETE = 0x20, 0x7F
_MOBILE = "1[3-9][0-9]{9}"


def _required(look: Seen, fault: Fault) -> Mask:
    text = look.texts[fault.rule.columns[0]]
    return ~text.present if text.nulls else none(look.rows)


def _form(look: Seen, fault: Fault) -> Mask:
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


def _length(look: Seen, fault: Fault) -> Mask:
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


def _pattern(look: Seen, fault: Fault) -> Mask:
    text = look.texts[fault.rule.columns[0]]
    return text.present & ~matched(text, fault.rule.get("pattern"))


def _values(look: Seen, fault: Fault) -> Mask:
    text, key = look.texts[fault.rule.columns[0]], fault.rule.get("values")
    if text.absent:
        return none(look.rows)
    shape = look.sets.shape(key)
    if shape:
        return text.present & ~matched(text, shape)
    return text.present & ~is_in(text.array, look.sets.codes(key))


def _range(look: Seen, fault: Fault) -> Mask:
    column = look.column(fault.rule.columns[0])
    mask = look.unsure(column.name)
    for argument, least in (("minimum", True), ("maximum", False)):
        text = fault.rule.get(argument)
        if not text:
            continue
        as_day = column.type is Type.DATETIME and len(text) <= len("YYYY-MM-DD")
        values, there = (look.days if as_day else look.typed)(column.name)
        limit = bound(column, text, least=least, as_day=as_day)
        if limit is None:
            return look.texts[column.name].present
        mask |= there & ((values < limit) if least else (values > limit))
    return mask


def _identity(look: Seen, fault: Fault) -> Mask:
    name = fault.rule.columns[0]
    text = look.texts[name]
    if text.absent:
        return none(look.rows)
    found = look.identity(name)
    mask = text.present & ~(found.sound & (found.days <= look.today))
    when = fault.rule.get("when")
    return mask & look.when(when, fault.rule.get_all("among")) if when else mask


def _credit_code(look: Seen, fault: Fault) -> Mask:
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


def _phone(look: Seen, fault: Fault) -> Mask:
    text = look.texts[fault.rule.columns[0]]
    return text.present & ~matched(text, _MOBILE)


def _name_agrees(look: Seen, fault: Fault) -> Mask:
    named, code = fault.rule.columns[0], fault.rule.get("code")
    both = look.texts[named].present & look.texts[code].present
    if not both.any():
        return both
    key = look.column(code).values
    joined = pc.binary_join_element_wise(look.texts[code].array, look.texts[named].array, SEPARATOR)
    mask = both & ~is_in(joined, look.sets.pairs(key))
    # a code that the set does not hold has no name to agree with
    return mask & is_in(look.texts[code].array, look.sets.codes(key)) if mask.any() else mask


_LOOKS: dict[Kind, Callable[[Seen, Fault], Mask]] = {
    **ACROSS,
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
}


class Look(Seen):
    """One chunk, looked at."""

    def doubts(self, fault: Fault) -> Mask:
        """The rows that may break a rule."""
        look = _LOOKS.get(fault.rule.kind)
        return look(self, fault) if look else np.ones(self.rows, bool)
