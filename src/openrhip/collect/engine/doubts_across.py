"""Looks across columns (跨列存疑): order, comparisons, sums, what is needed, numbers and dates."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openrhip.collect.engine.columns import Mask, Numbers, none
from openrhip.collect.engine.compiling import Fault
from openrhip.collect.engine.seen import Seen, bound
from openrhip.collect.rules.kinds import Kind
from openrhip.collect.rules.tables import Type


def _order(look: Seen, fault: Fault) -> Mask:
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


def _compare(look: Seen, fault: Fault) -> Mask:
    left, right = fault.rule.get("left"), fault.rule.get("right")
    broken = _COMPARED.get(fault.rule.get("op"))
    if left not in look.converted and (not right or right not in look.converted):
        return _compare_texts(look, fault)
    if broken is None or left not in look.converted or (right and right not in look.converted):
        return look.texts[left].present
    if not right:
        text = fault.rule.get("value")
        low, high = (bound(look.column(left), text, least=least) for least in (True, False))
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


def _compare_texts(look: Seen, fault: Fault) -> Mask:
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


def _needed(look: Seen, fault: Fault) -> Mask:
    text = look.texts[fault.rule.get("column")]
    if not text.nulls:
        return none(look.rows)
    return ~text.present & look.when(fault.rule.get("when"), fault.rule.get_all("among"))


def _absent(look: Seen, fault: Fault) -> Mask:
    text = look.texts[fault.rule.get("column")]
    if text.absent:
        return none(look.rows)
    return text.present & look.when(fault.rule.get("when"), fault.rule.get_all("among"))


def _sum(look: Seen, fault: Fault) -> Mask:
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


def _scale(look: Seen, name: str) -> int:
    return look.column(name).scale if look.column(name).type is Type.DECIMAL else 0


def _identity_agrees(look: Seen, fault: Fault) -> Mask:
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


def _day(look: Seen, fault: Fault) -> Mask:
    name = fault.rule.columns[0]
    if name not in look.converted:
        return look.texts[name].present
    values, there = look.days(name)
    return look.unsure(name) | (there & ((values < look.first) | (values > look.last)))


ACROSS: dict[Kind, Callable[[Seen, Fault], Mask]] = {
    Kind.ORDER: _order,
    Kind.COMPARE: _compare,
    Kind.NEEDED: _needed,
    Kind.ABSENT: _absent,
    Kind.SUM: _sum,
    Kind.IDENTITY_AGREES: _identity_agrees,
    Kind.DAY: _day,
}
