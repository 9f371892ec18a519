"""One value against its slot: type, format, unit, code (值校验)."""

from __future__ import annotations

import re
from collections.abc import Callable

from openrhip.formats.cda import values
from openrhip.formats.cda.catalogue import Slot, ValueSet, value_sets
from openrhip.formats.cda.tree import XSI_TYPE, Element

Faults = tuple[tuple[str, str], ...]  # code of a message, name in it

_NUMBERS = frozenset({"PQ", "INT", "MO", "REAL"})
_NUMBER = re.compile(r"[+-]?(?:\d{1,15}(?:\.\d{0,10})?|\.\d{1,10})")
_TIME = re.compile(r"\d{4}(?:\d{2}(?:\d{2}(?:T?\d{2}(?:\d{2}(?:\d{2}(?:\.\d+)?)?)?)?)?)?"
                   r"(?:[+-]\d{4})?")  # fmt: skip
# Types that say the same: what a slot of the key takes besides itself.
_ALIKE = {
    "ST": frozenset({"", "ED", "CD", "SC", "CE"}), "CD": frozenset({"CE", "CV", "CO", "CS"}),
    "PQ": frozenset({"REAL", "INT", "IVL_PQ", "RTO"}),
    "REAL": frozenset({"PQ", "INT", "ST", "IVL_PQ"}),
    "INT": frozenset({"PQ", "REAL"}), "MO": frozenset({"PQ", "REAL"}), "TS": frozenset({"IVL_TS"}),
    "BL": frozenset({"BN"}), "II": frozenset({"ST"}),
}  # fmt: skip
_UNITS = {
    "ml": "mL", "ML": "mL", "毫升": "mL", "天": "d", "日": "d", "小时": "h", "分钟": "min",
    "分": "min", "°C": "℃", "C": "℃", "Cel": "℃", "摄氏度": "℃", "次/分": "次/min",
    "/min": "次/min", "bpm": "次/min",
    "mm[Hg]": "mmHg", "KG": "kg", "Kg": "kg", "公斤": "kg", "千克": "kg", "克": "g", "厘米": "cm",
    "CNY": "元", "RMB": "元", "{次}": "次",
}  # fmt: skip
_FLAGS = frozenset({"true", "false"})
# Below zero is possible for these results.
_SIGNED = frozenset({"DE04.30.015.00"})
# The national front sheet counts otherwise than WS/T 364: 入院途径 1 is 急诊 there and 门诊 here,
# 切口类别 runs from 0 there and from 1 here. Names in these sets are not held against their codes.
_TWO_COUNTINGS = frozenset({"CV09.00.403", "CV05.10.022"})


def of_value(slot: Slot, value: Element) -> Faults:
    """What is wrong with the value of a statement."""
    get = value.get
    kind = get(XSI_TYPE) or ""
    if ":" in kind:
        kind = kind.rpartition(":")[2]
    if get("nullFlavor"):
        return ()
    wanted = slot.kind
    check = _CHECKS.get(kind)
    if check is not None:
        found = check(slot, value)
    elif _has_text(value):
        found = ()
    else:
        found = (("element-empty", slot.label),)
    if kind != wanted and kind not in _ALIKE.get(wanted, ()):
        return (("type-differs", f"{slot.label} ({wanted})"), *found)
    return found


def _has_text(value: Element) -> bool:
    text = value.text
    return bool(text and text.strip()) or len(value) > 0


def _number(slot: Slot, value: Element) -> Faults:
    raw = (value.get("value") or "").strip()
    if not raw:
        return () if _has_text(value) else (("element-empty", slot.label),)
    if not _NUMBER.fullmatch(raw):
        return (("quantity-unreadable", slot.label),)
    found: Faults = ()
    if raw[0] == "-" and slot.element not in _SIGNED and float(raw) < 0:
        found = (("quantity-negative", slot.label),)
    if slot.unit:
        unit = (value.get("unit") or value.get("currency") or "").strip()
        if unit and unit != slot.unit and _UNITS.get(unit, unit) != slot.unit:
            found = (*found, ("unit-differs", f"{slot.label} ({slot.unit})"))
    return found


def _flag(slot: Slot, value: Element) -> Faults:
    return () if value.get("value") in _FLAGS else (("flag-unreadable", slot.label),)


def _moment(slot: Slot, value: Element) -> Faults:
    raw = (value.get("value") or "").strip()
    if raw:
        return () if time_holds(raw) else (("time-unreadable", slot.label),)
    return () if len(value) else (("element-empty", slot.label),)


def time_holds(raw: str) -> bool:
    """Whether a text is a readable HL7 TS."""
    if not raw.isdigit() and not _TIME.fullmatch(raw):
        return False  # digits alone are held to their number by `moment`
    at = values.moment(raw)
    return at is not None and at.at is not None


def number(raw: str) -> float | None:
    """A text as a number, None if it is none."""
    return float(raw) if _NUMBER.fullmatch(raw) else None


def of_unknown(value: Element, element: str) -> Faults:
    """A value that the catalogue does not describe; `element` its DE code, if it has one."""
    kind = (value.get(XSI_TYPE) or "").rpartition(":")[2]
    raw = (value.get("value") or "").strip()
    if not raw:
        return ()
    if kind in _NUMBERS:
        amount = number(raw)
        if amount is None:
            return (("quantity-unreadable", element),)
        if amount < 0 and element and element not in _SIGNED:
            return (("quantity-negative", element),)
    elif kind == "TS" and not time_holds(raw):
        return (("time-unreadable", element),)
    return ()


def of_coded(slot: Slot, element: Element) -> Faults:
    """A code that stands in an element of its own (routeCode, code of a procedure)."""
    table = value_sets().get(slot.set_id)
    if table is None or element.get("nullFlavor"):
        return ()
    return of_code(slot, element, table)


def _coded(slot: Slot, value: Element) -> Faults:
    table = value_sets().get(slot.set_id)
    if table is not None:
        return of_code(slot, value, table)
    if value.get("code") or value.get("displayName") or (value.text or "").strip():
        return ()
    return (("element-empty", slot.label),)


def of_code(slot: Slot, value: Element, table: ValueSet) -> Faults:
    """What is wrong with a coded value: code, name beside it, code system."""
    get = value.get
    code = (get("code") or "").strip()
    if not code:
        named = get("displayName") or (value.text or "").strip() or len(value)
        return (("code-missing" if named else "element-empty", slot.label),)
    found: Faults = ()
    if not table.holds(code):
        found = (("code-unknown" if table.closed else "code-shape", slot.label),)
    elif table.closed and table.id not in _TWO_COUNTINGS:
        name = (get("displayName") or "").strip()
        if name and name != table.name_of(code) and _names_another(table, code, name):
            found = (("code-contradicts", slot.label),)
    system = get("codeSystem")
    if system and table.oid and system != table.oid and system.strip() != table.oid:
        found = (*found, ("code-system", f"{slot.label} ({table.oid})"))
    return found


def _names_another(table: ValueSet, code: str, name: str) -> bool:
    """The name is exactly that of another code of the table."""
    own = table.name_of(code)
    return name not in own and name in table.codes.values()


_CHECKS: dict[str, Callable[[Slot, Element], Faults]] = {
    **dict.fromkeys(_NUMBERS, _number),
    **dict.fromkeys(("CD", "CE", "CV", "CO", "CS"), _coded),
    "BL": _flag,
    "TS": _moment,
}
