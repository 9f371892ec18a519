"""Typed entries of a TOML table (字段): wrong types, shapes and sizes are Malformed, with place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from openrhip.kernel.errors import Malformed

LONGEST = 2_000  # characters of one text
MOST = 100_000  # entries of one list
_REMEDY = "see docs/collect.md"
_Word = TypeVar("_Word", bound=StrEnum)
_NEEDED = object()


def text(item: Mapping[str, Any], name: str, where: str, default: object = _NEEDED) -> str:
    """A text without control characters; needed unless there is a default."""
    value = _given(item, name, where, default)
    if not isinstance(value, str):
        raise wrong(name, "a text", value, where)
    return _plain(value, f"{where}/{name}")


def texts(item: Mapping[str, Any], name: str, where: str, default: object = _NEEDED) -> Any:
    """A list of texts, as a tuple."""
    value = _given(item, name, where, default)
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise wrong(name, "a list of texts", value, where)
    return tuple(_plain(one, f"{where}/{name}") for one in bounded(value, f"{where}/{name}"))


def flag(item: Mapping[str, Any], name: str, where: str, default: bool) -> bool:
    value = item.get(name, default)
    if not isinstance(value, bool):
        raise wrong(name, "true or false", value, where)
    return value


def whole(item: Mapping[str, Any], name: str, where: str, most: int) -> int:
    """A whole number of 0 … most; 0 if it is not there."""
    value = item.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise wrong(name, f"a whole number of 0 … {most}", value, where)
    return value


def word(words: type[_Word], value: str, where: str) -> _Word:
    """A member of an enumeration by its text."""
    try:
        return words(value)
    except ValueError:
        allowed = ", ".join(item or '""' for item in words)
        raise Malformed(f"{_shown(value)} is not one of: {allowed}", where=where) from None


def tables(
    item: Mapping[str, Any], name: str, where: str, most: int
) -> list[tuple[dict[str, Any], str]]:
    """A list of TOML tables, each with its place."""
    value = item.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise wrong(name, "a list of tables", value, where)
    bounded(value, f"{where}/{name}", most)
    return [(one, f"{where}/{name}/{at}") for at, one in enumerate(value)]


def pairs(item: Mapping[str, Any], name: str, where: str) -> tuple[tuple[str, str], ...]:
    """A list of pairs of texts: [["1", "男性"], …]."""
    value = item.get(name, [])
    if not isinstance(value, list):
        raise wrong(name, "a list of pairs", value, where)
    found = []
    for at, one in enumerate(bounded(value, f"{where}/{name}")):
        if not isinstance(one, list) or len(one) != 2 or not all(isinstance(x, str) for x in one):
            raise Malformed("a code is a pair of texts: code, name", where=f"{where}/{name}/{at}")
        place = f"{where}/{name}/{at}"
        found.append((_plain(one[0], place), _plain(one[1], place)))
    return tuple(found)


def known(item: Mapping[str, Any], names: Iterable[str], where: str) -> None:
    """Refuse entries of other names: a slip of the pen shall not go unseen."""
    allowed = frozenset(names)
    for name in item:
        if name not in allowed:
            raise Malformed(f"unknown entry {_shown(name)}", where=where, remedy=_REMEDY)


def bounded(value: Sequence[Any], where: str, most: int = MOST) -> Sequence[Any]:
    if len(value) > most:
        raise Malformed(f"more than {most} entries", where=where)
    return value


def wrong(name: str, what: str, value: object, where: str) -> Malformed:
    return Malformed(f"{name} is {what}, not {_shown(value)}", where=where, remedy=_REMEDY)


def _given(item: Mapping[str, Any], name: str, where: str, default: object) -> Any:
    value = item.get(name, default)
    if value is _NEEDED:
        raise Malformed(f"{name} is missing", where=where, remedy=_REMEDY)
    return value


def _plain(value: str, where: str) -> str:
    if len(value) > LONGEST:
        raise Malformed(f"a text of more than {LONGEST} characters", where=where)
    if not value.isprintable():
        raise Malformed("a text with control or invisible characters", where=where)
    return value


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"
