"""HL7 data types (数据类型): TS, IVL_TS, CD, PQ, ED and the rest of what xsi:type names."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from openrhip.formats.cda import tree
from openrhip.formats.cda.model import Coded, Identifier, Media, Moment, Span, Value
from openrhip.formats.cda.tree import Element, attribute, child
from openrhip.kernel.clock import CITY_ZONE

_MOMENT = re.compile(
    r"(\d{4})(?:(\d{2})(?:(\d{2})(?:T?(\d{2})(?:(\d{2})(?:(\d{2})(?:\.\d{1,9})?)?)?)?)?)?"
    r"(?:([+-])(\d{2})(\d{2}))?"
)
_USUAL = frozenset({8, 10, 12, 14})  # digits of a day, an hour, a minute, a second
_SIDES = (("low", "≥", ">"), ("high", "≤", "<"))


def moment(raw: str) -> Moment | None:
    """HL7 TS, YYYY to YYYYMMDDHHMMSS with an optional zone; without one, the city's time."""
    raw = raw.strip()
    if not raw:
        return None
    if len(raw) in _USUAL and raw.isdigit() and raw.isascii() and raw[8:10] < "24":
        try:  # almost all of them; the general way says the same
            at = datetime.fromisoformat(f"{raw[:8]}T{raw[8:]}" if raw[8:] else raw)
        except ValueError:
            return Moment(raw, None)
        return Moment(raw, at.replace(tzinfo=CITY_ZONE), timed=len(raw) > 8)
    found = _MOMENT.fullmatch(raw)
    if not found:
        return Moment(raw, None)
    year, month, day, hour, minute, second, sign, off_hours, off_minutes = found.groups()
    try:
        zone = CITY_ZONE if sign is None else _zone(sign, off_hours, off_minutes)
        at = datetime(
            int(year), int(month or 1), int(day or 1),
            int(hour or 0), int(minute or 0), int(second or 0), tzinfo=zone,
        )  # fmt: skip
        if sign is not None:
            at.astimezone(CITY_ZONE)
    except (ValueError, OverflowError):
        return Moment(raw, None)
    return Moment(raw, at, timed=hour is not None)


def _zone(sign: str, hours: str, minutes: str) -> timezone:
    off = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-off if sign == "-" else off)


def moment_of(element: Element | None) -> Moment | None:
    """The moment in an element's `value`."""
    return moment(attribute(element, "value"))


def span_of(element: Element | None) -> Span:
    """IVL_TS: `low`/`high` children, or a single `value` as the start."""
    if element is None:
        return Span()
    low = moment_of(child(element, "low")) or moment_of(element)
    return Span(low, moment_of(child(element, "high")))


_NO_CODE = Coded()


def coded_of(element: Element | None) -> Coded:
    """CD or CE; text content stands for originalText where displayName is missing."""
    if element is None:
        return _NO_CODE
    original = qualifier = ""
    if len(element):
        original = tree.text(child(element, "originalText"))
        qualifier = attribute(child(element, "qualifier", "name"), "displayName")
    if not original and element.text:
        original = element.text.strip()
    get = element.get
    return Coded(
        code=get("code", "").strip(),
        display=get("displayName", "").strip(),
        system=get("codeSystem", "").strip(),
        system_name=get("codeSystemName", "").strip(),
        original=original,
        qualifier=qualifier,
    )


def identifier_of(element: Element) -> Identifier:
    return Identifier(attribute(element, "root"), attribute(element, "extension"))


def show(at: Moment | None) -> str:
    """A moment as a Chinese record prints it: 2026-03-05 14:20, or as written if unreadable."""
    if not at:
        return ""
    if at.at is None:
        return at.raw
    digits = re.match(r"\d*", at.raw)
    length = len(digits.group()) if digits else 0
    if at.timed:
        return at.at.astimezone(CITY_ZONE).strftime("%Y-%m-%d %H:%M")
    return at.at.strftime("%Y-%m-%d" if length >= 8 else "%Y-%m" if length >= 6 else "%Y")


def show_span(span: Span) -> str:
    if span.low and span.high:
        return f"{show(span.low)} 至 {show(span.high)}"
    return show(span.low) or (f"至 {show(span.high)}" if span.high else "")


def media_of(element: Element, media_id: str) -> Media | None:
    """ED with representation B64; None when it holds no readable base64."""
    body = "".join((element.text or "").split())
    if not body:
        return None
    try:
        data = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return None
    return Media(media_id, attribute(element, "mediaType") or "application/octet-stream", data)


def value_of(element: Element) -> Value:
    """Any value by its xsi:type; a type not known here keeps its text."""
    kind = attribute_type(element) or "ST"
    reader = _READERS.get(kind)
    if reader is not None:
        return reader(element, kind)
    if kind.startswith(("IVL_", "RTO")):
        return Value(kind, _interval(element, kind))
    return Value(kind, tree.text(element) or attribute(element, "value"))


def _coded(element: Element, kind: str) -> Value:
    coded = coded_of(element)
    return Value(kind, coded.text, coded=coded)


def _flag(element: Element, kind: str) -> Value:
    raw = attribute(element, "value")
    return Value(kind, {"true": "是", "false": "否"}.get(raw, raw), number=raw)


def _moment(element: Element, kind: str) -> Value:
    at = moment_of(element)
    return Value(kind, show(at), moment=at)


def _span(element: Element, kind: str) -> Value:
    span = span_of(element)
    return Value(kind, show_span(span), moment=span.low)


def _data(element: Element, kind: str) -> Value:
    media = media_of(element, "") if attribute(element, "representation") == "B64" else None
    return Value(kind, "" if media else tree.text(element), media=media)


def attribute_type(element: Element) -> str:
    """The xsi:type without its prefix."""
    return (element.get(tree.XSI_TYPE) or "").rpartition(":")[2].strip()


def _quantity(element: Element, kind: str) -> Value:
    number = attribute(element, "value")
    unit = attribute(element, "unit") or attribute(element, "currency")
    body = tree.text(element)
    if unit == "1":
        unit = ""
    shown = f"{number} {unit}".strip() if number else body
    return Value(kind, shown, number=number, unit=unit)


def _interval(element: Element, kind: str) -> str:
    ends = [
        _quantity(one, "PQ") for step in ("low", "high") for one in tree.children(element, step)
    ]
    if len(ends) == 2:
        unit = f" {ends[1].unit}" if ends[1].unit else ""
        return f"{ends[0].number}~{ends[1].number}{unit}"
    for step, closed, opened in _SIDES:
        one = child(element, step)
        if one is not None:
            sign = opened if attribute(one, "inclusive") == "false" else closed
            return sign + _quantity(one, kind).text
    top, bottom = child(element, "numerator"), child(element, "denominator")
    if top is not None and bottom is not None:
        return f"{_quantity(top, kind).text}/{_quantity(bottom, kind).text}"
    return tree.text(element) or _quantity(element, kind).text


_READERS: dict[str, Callable[[Element, str], Value]] = {
    **dict.fromkeys(("CD", "CE", "CV", "CS", "CO", "SC"), _coded),
    **dict.fromkeys(("PQ", "INT", "REAL", "MO"), _quantity),
    "BL": _flag,
    "TS": _moment,
    "IVL_TS": _span,
    "ED": _data,
}
