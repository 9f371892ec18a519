"""Names and values in SQL text (转义): whatever comes from a catalogue or a file is quoted here."""

from __future__ import annotations

from collections.abc import Iterable


def name(text: str) -> str:
    """A quoted identifier."""
    return '"' + text.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A quoted text value."""
    return "'" + text.replace("'", "''") + "'"


def among(expression: str, values: Iterable[str]) -> str:
    """Whether the expression is one of these texts; false of none."""
    listed = sorted(set(values))
    if not listed:
        return "FALSE"
    if len(listed) == 1:
        return f"{expression} = {literal(listed[0])}"
    return f"{expression} IN ({', '.join(map(literal, listed))})"


def whole(expression: str, pattern: str) -> str:
    """Whether a regular expression matches the whole value, a trailing line feed included."""
    anchored = literal(rf"\A(?:{pattern})\z")
    return f"regexp_matches({expression}, {anchored})"


def holds(expression: str, pattern: str) -> str:
    """Whether a regular expression matches somewhere."""
    return f"regexp_matches({expression}, {literal(pattern)})"


def select(columns: Iterable[str], source: str, where: str = "") -> str:
    """A SELECT over a relation; every part is SQL whose names and values were quoted above."""
    text = f"SELECT {', '.join(columns)} FROM {source}"  # noqa: S608
    return f"{text} WHERE {where}" if where else text
