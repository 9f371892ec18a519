"""Signs that the everyday Chinese faces lack, written in the manner of laboratory systems.

10⁹/L becomes 10^9/L, PaO₂ becomes PaO2: the exponent stays an exponent in print and in the text
that is extracted. The attached source keeps what was written.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from openrhip.formats.cda.model import ClinicalDocument

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_SUPER = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ", "0123456789+-=()n", strict=True))
_SUB = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎", "0123456789+-=()", strict=True))
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ]*[⁰⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ][⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ]*")
_LOWERED = str.maketrans(_SUB)
_ANY = re.compile("[⁰⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎]")
_AS_BYTES = re.compile("|".join(_ANY.pattern[1:-1]).encode())


def text(raw: str) -> str:
    """A text with exponents as ^9 and lowered digits on the line."""
    if not _ANY.search(raw):
        return raw
    return _RAISED.sub(
        lambda found: "^" + "".join(map(_SUPER.__getitem__, found[0])), raw
    ).translate(_LOWERED)


def document(whole: ClinicalDocument, source: bytes) -> ClinicalDocument:
    """The document with all its texts legible; itself when the source has no such sign."""
    if source.isascii() or not (_AS_BYTES.search(source) or not _is_utf8(source)):
        return whole
    made: ClinicalDocument = _legible(whole)
    return made


def _is_utf8(source: bytes) -> bool:
    head = source[:100].lower()
    return b"encoding" not in head or b"utf-8" in head


# fields that are never printed as they are, or hold no free text
_PASSED = frozenset(
    {
        "where", "code", "system", "system_name", "kind", "number", "form", "status", "media",
        "media_id", "media_type", "root", "extension", "raw", "moment", "time", "ids", "tag",
        "faults", "replaces", "effective_time", "version", "set_id", "negated", "birth", "sex",
    }
)  # fmt: skip
_KEPT = {"Entry": frozenset({"code"})}


@cache
def _names(kind: type[DataclassInstance]) -> tuple[str, ...]:
    passed = _PASSED - _KEPT.get(kind.__name__, frozenset())
    return tuple(one.name for one in fields(kind) if one.name not in passed)


def _legible(thing: Any) -> Any:
    if isinstance(thing, str):
        return text(thing)
    if isinstance(thing, tuple):
        changed = [_legible(one) for one in thing]
        same = all(new is old for new, old in zip(changed, thing, strict=True))
        return thing if same else tuple(changed)
    if is_dataclass(thing) and not isinstance(thing, (type, Enum)):
        new = {}
        for name in _names(type(thing)):
            old = getattr(thing, name)
            if old and (made := _legible(old)) is not old:
                new[name] = made
        return replace(thing, **new) if new else thing
    return thing
