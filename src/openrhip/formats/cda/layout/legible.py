"""Signs that the everyday Chinese faces lack, written in the manner of laboratory systems.

10⁹/L becomes 10^9/L, PaO₂ becomes PaO2: the exponent stays an exponent in print and in the text
that is extracted. The attached source keeps what was written.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import TypeVar

from openrhip.formats.cda.model import ClinicalDocument

_SUPER = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ", "0123456789+-=()n", strict=True))
_SUB = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎", "0123456789+-=()", strict=True))
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ]*[⁰⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ][⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ]*")
_LOWERED = str.maketrans(_SUB)
_ANY = re.compile("[⁰⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎]")
_AS_BYTES = re.compile("|".join(_ANY.pattern[1:-1]).encode())

T = TypeVar("T")


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
    return _legible(whole)


def _is_utf8(source: bytes) -> bool:
    head = source[:100].lower()
    return b"encoding" not in head or b"utf-8" in head


def _legible(thing: T) -> T:
    if isinstance(thing, str):
        return text(thing)  # type: ignore[return-value]
    if isinstance(thing, tuple):
        return tuple(map(_legible, thing))  # type: ignore[return-value]
    if is_dataclass(thing) and not isinstance(thing, (type, Enum)):
        changed = {}
        for one in fields(thing):
            old = getattr(thing, one.name)
            new = _legible(old)
            if new is not old and new != old:
                changed[one.name] = new
        return replace(thing, **changed) if changed else thing
    return thing
