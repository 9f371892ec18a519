"""From values as a person gives them to values as the catalogue nests and types them (归一)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from openrhip.formats.cda import catalogue
from openrhip.formats.cda.catalogue import DocumentSpec, Slot
from openrhip.formats.cda.generate.record import (
    Code,
    Content,
    Item,
    Person,
    Quantity,
    Scalar,
)
from openrhip.kernel.clock import CITY_ZONE
from openrhip.kernel.errors import Malformed

_NUMBERS = frozenset({"PQ", "MO", "REAL"})


def nest(spec: DocumentSpec, values: Mapping[str, Content]) -> dict[str, Content]:
    """Values by the keys of entries, parts inside their groups, each of its slot's type.

    A key that is no entry but stands once in the document is put below the groups it belongs to.
    Raises Malformed for a key the kind does not have and for a value of another type.
    """
    loose: dict[str, Content] = {}
    for key, content in values.items():
        if key in spec.entries:
            loose[key] = _join(loose.get(key), content)
            continue
        path = spec.paths.get(key)
        if path is None:
            raise Malformed(
                f"{spec.kind.code} has no place for {key!r}, or more than one.",
                where=key,
                remedy="Use a key of cda.catalogue.of(kind).slots(), inside its group.",
            )
        inner = content
        for child in reversed(path[1:]):
            inner = Item(None, {child.key: inner})
        loose[path[0].key] = _join(loose.get(path[0].key), inner)
    order = {key: slot for key, (_, slot) in spec.entries.items()}
    return {key: _content(slot, loose[key]) for key, slot in order.items() if key in loose}


def _join(old: Content | None, new: Content) -> Content:
    """Parts of one group given at different times belong together."""
    if old is None:
        return new
    if isinstance(old, tuple) or isinstance(new, tuple):
        raise Malformed("A repeated group and loose parts of it cannot be told apart.")
    first = old if isinstance(old, Item) else Item(old)
    second = new if isinstance(new, Item) else Item(new)
    parts: dict[str, Content] = dict(first.parts)
    for key, content in second.parts.items():
        parts[key] = _join(parts.get(key), content)
    return Item(first.value if second.value is None else second.value, parts)


def _content(slot: Slot, content: Content) -> Content:
    if not isinstance(content, tuple):
        return _one(slot, content)
    if not content:
        raise Malformed("An empty repetition says nothing.", where=slot.key)
    if len(content) > 1 and not slot.repeats:
        raise Malformed(f"{slot.label} does not repeat.", where=slot.key, remedy="Give one.")
    made = tuple(_one(slot, one) for one in content)
    return made[0] if len(made) == 1 else made


def _one(slot: Slot, content: Scalar | Item) -> Scalar | Item:
    """Normal form: a bare scalar where nothing hangs on it, an Item else."""
    item = content if isinstance(content, Item) else Item(content)
    given = {part.key: part for part in slot.parts}
    unknown = item.parts.keys() - given.keys()
    if unknown:
        raise Malformed(
            f"{slot.label} has no part {min(unknown)!r}.",
            where=slot.key,
            remedy=f"Its parts are {', '.join(given)}." if given else "It has none.",
        )
    parts = {
        key: _content(part, item.parts[key]) for key, part in given.items() if key in item.parts
    }
    value = None if item.value is None else scalar(slot, item.value)
    if value is not None and not parts:
        return value
    if value is None and not parts:
        raise Malformed(f"{slot.label} is empty.", where=slot.key, remedy="Leave it out.")
    return Item(value, parts)


def scalar(slot: Slot, value: Scalar) -> Scalar:
    """A value in the type of its slot; plain text and numbers are taken where they are plain."""
    kind = slot.kind.partition("+")[0]
    made = _CASTS.get(kind, _text)(slot, value)
    if made is None:
        raise Malformed(
            f"{slot.label} takes {kind or 'no value of its own'}, not {type(value).__name__}.",
            where=slot.key,
            remedy=_REMEDIES.get(kind, ""),
        )
    return made


def _text(slot: Slot, value: Scalar) -> Scalar | None:
    if not isinstance(value, str) or not slot.kind:
        return None
    return value.strip() or None


def _flag(_: Slot, value: Scalar) -> Scalar | None:
    return value if isinstance(value, bool) else None


def _whole(_: Slot, value: Scalar) -> Scalar | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _moment(_: Slot, value: Scalar) -> Scalar | None:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise Malformed("A time needs its zone.", remedy="Give an aware datetime.")
        return value.astimezone(CITY_ZONE).replace(microsecond=0)
    return value if isinstance(value, date) else None


def _coded(slot: Slot, value: Scalar) -> Scalar | None:
    code = Code(value) if isinstance(value, str) else value
    if not isinstance(code, Code):
        return None
    table = catalogue.value_sets().get(slot.set_id)
    if table is None:
        return code
    if not table.holds(code.code):
        raise Malformed(
            f"{code.code!r} is no code of {table.name}.",
            where=slot.key,
            remedy="Use a code of the value set.",
        )
    return Code(code.code, code.name or table.name_of(code.code), code.system or table.oid)


def _number(slot: Slot, value: Scalar) -> Scalar | None:
    if isinstance(value, Quantity):
        return Quantity(value.value, value.unit or slot.unit)
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal | str):
        try:
            number = Decimal(value)
        except InvalidOperation:
            return None
        return Quantity(number, slot.unit) if number.is_finite() else None
    return None


def _person(_: Slot, value: Scalar) -> Scalar | None:
    return Person(value) if isinstance(value, str) else value if isinstance(value, Person) else None


_CASTS = {
    "BL": _flag,
    "INT": _whole,
    "TS": _moment,
    "CD": _coded,
    "PN": _person,
    **dict.fromkeys(_NUMBERS, _number),
}
_REMEDIES = {
    "BL": "Give True or False.",
    "INT": "Give a whole number.",
    "TS": "Give a date or an aware datetime.",
    "CD": "Give a Code, or the code as text.",
    "PQ": "Give a Quantity or a number.",
    "PN": "Give a Person, or the name as text.",
    "": "Give an Item with parts.",
}
