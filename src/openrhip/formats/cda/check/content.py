"""One value against its slot: type, format, unit, code (值校验)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from openrhip.formats.cda import values
from openrhip.formats.cda.catalogue import Slot, ValueSet, value_sets
from openrhip.formats.cda.tree import XSI_TYPE, Element

Fault = tuple[str, str]  # code of a message, name in it

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
# Below zero is possible for these results.
_SIGNED = frozenset({"DE04.30.015.00"})
# The national front sheet counts otherwise than WS/T 364: 入院途径 1 is 急诊 there and 门诊 here,
# 切口类别 runs from 0 there and from 1 here. Names in these sets are not held against their codes.
_TWO_COUNTINGS = frozenset({"CV09.00.403", "CV05.10.022"})


def of_value(slot: Slot, value: Element) -> Iterator[Fault]:
    """What is wrong with the value of a statement."""
    get = value.get
    kind = (get(XSI_TYPE) or "").rpartition(":")[2]
    wanted = slot.kind
    if get("nullFlavor"):
        return
    if kind != wanted and kind not in _ALIKE.get(wanted, ()):
        yield "type-differs", f"{slot.label} ({wanted})"
    check = _CHECKS.get(kind)
    if check is not None:
        yield from check(slot, value)
    elif not (value.text and value.text.strip()) and not len(value):
        yield "element-empty", slot.label


def _number(slot: Slot, value: Element) -> Iterator[Fault]:
    raw = (value.get("value") or "").strip()
    if not raw:
        if not len(value) and not (value.text or "").strip():
            yield "element-empty", slot.label
        return
    if not _NUMBER.fullmatch(raw):
        yield "quantity-unreadable", slot.label
        return
    if raw.startswith("-") and slot.element not in _SIGNED and float(raw) < 0:
        yield "quantity-negative", slot.label
    if slot.unit:
        unit = (value.get("unit") or value.get("currency") or "").strip()
        if unit and unit != slot.unit and _UNITS.get(unit, unit) != slot.unit:
            yield "unit-differs", f"{slot.label} ({slot.unit})"


def _flag(slot: Slot, value: Element) -> Iterator[Fault]:
    if value.get("value") not in {"true", "false"}:
        yield "flag-unreadable", slot.label


def _moment(slot: Slot, value: Element) -> Iterator[Fault]:
    raw = (value.get("value") or "").strip()
    if raw:
        if not time_holds(raw):
            yield "time-unreadable", slot.label
    elif not len(value):
        yield "element-empty", slot.label


def time_holds(raw: str) -> bool:
    """Whether a text is a readable HL7 TS."""
    if not _TIME.fullmatch(raw):
        return False
    at = values.moment(raw)
    return at is not None and at.at is not None


def number(raw: str) -> float | None:
    """A text as a number, None if it is none."""
    return float(raw) if _NUMBER.fullmatch(raw) else None


def of_unknown(value: Element, element: str) -> Iterator[Fault]:
    """A value that the catalogue does not describe; `element` its DE code, if it has one."""
    kind = (value.get(XSI_TYPE) or "").rpartition(":")[2]
    raw = (value.get("value") or "").strip()
    if not raw:
        return
    if kind in _NUMBERS:
        amount = number(raw)
        if amount is None:
            yield "quantity-unreadable", element
        elif amount < 0 and element and element not in _SIGNED:
            yield "quantity-negative", element
    elif kind == "TS" and not time_holds(raw):
        yield "time-unreadable", element


def of_coded(slot: Slot, element: Element) -> Iterator[Fault]:
    """A code that stands in an element of its own (routeCode, code of a procedure)."""
    table = value_sets().get(slot.set_id)
    if table is not None and not element.get("nullFlavor"):
        yield from of_code(slot, element, table)


def _coded(slot: Slot, value: Element) -> Iterator[Fault]:
    table = value_sets().get(slot.set_id)
    if table is not None:
        yield from of_code(slot, value, table)
    elif not value.get("code") and not value.get("displayName") and not (value.text or "").strip():
        yield "element-empty", slot.label


def of_code(slot: Slot, value: Element, table: ValueSet) -> Iterator[Fault]:
    """What is wrong with a coded value: code, name beside it, code system."""
    get = value.get
    code = (get("code") or "").strip()
    if not code:
        named = get("displayName") or (value.text or "").strip() or len(value)
        yield ("code-missing" if named else "element-empty"), slot.label
        return
    if not table.holds(code):
        yield ("code-unknown" if table.closed else "code-shape"), slot.label
    elif table.closed and table.id not in _TWO_COUNTINGS:
        name = (get("displayName") or "").strip()
        if name and name != table.name_of(code) and _names_another(table, code, name):
            yield "code-contradicts", slot.label
    system = get("codeSystem")
    if system and table.oid and system.strip() != table.oid:
        yield "code-system", f"{slot.label} ({table.oid})"


def _names_another(table: ValueSet, code: str, name: str) -> bool:
    """The name is exactly that of another code of the table."""
    own = table.name_of(code)
    return name not in own and name in table.codes.values()


_CHECKS: dict[str, Callable[[Slot, Element], Iterator[Fault]]] = {
    **dict.fromkeys(_NUMBERS, _number),
    **dict.fromkeys(("CD", "CE", "CV", "CO", "CS"), _coded),
    "BL": _flag,
    "TS": _moment,
}
