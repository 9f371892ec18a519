"""What is shown of personal values (脱敏): as SQL for the tables, in Python for examples.

Loaded rows keep identity and card numbers as keyed tokens and free words whole; names, telephone
numbers and addresses are cut. Quarantine and examples show no personal value whole: the original
lies sealed under (batch, line).
"""

from __future__ import annotations

from openrhip.collect.engine.sqltext import name
from openrhip.collect.rules.tables import Column, Personal

HIDDEN = "**"
TOKENS = (Personal.IDENTITY, Personal.CARD)
KEPT_LOADED = (Personal.NO, Personal.FREE, *TOKENS)


def masked(value: str, personal: Personal) -> str:
    """A value as examples show it."""
    if personal is Personal.NO:
        return value
    if personal is Personal.NAME:
        return value[:1] + HIDDEN
    if personal is Personal.ADDRESS:
        return value[:6] + HIDDEN
    if personal is Personal.PHONE and len(value) >= 8:
        return f"{value[:3]}****{value[-4:]}"
    if personal in TOKENS and len(value) >= 8:
        return f"{value[:2]}{HIDDEN}{value[-2:]}"
    return HIDDEN


def masked_sql(column: Column) -> str:
    """The same as SQL over the column; NULL stays NULL."""
    value = name(column.name)
    hidden = f"CASE WHEN {value} IS NOT NULL THEN '{HIDDEN}' END"
    if column.personal is Personal.NO:
        return value
    if column.personal is Personal.NAME:
        return f"substr({value}, 1, 1) || '{HIDDEN}'"
    if column.personal is Personal.ADDRESS:
        return f"substr({value}, 1, 6) || '{HIDDEN}'"
    if column.personal is Personal.PHONE:
        shown = f"substr({value}, 1, 3) || '****' || right({value}, 4)"
        return f"CASE WHEN length({value}) >= 8 THEN {shown} ELSE {hidden} END"
    if column.personal in TOKENS:
        shown = f"substr({value}, 1, 2) || '{HIDDEN}' || right({value}, 2)"
        return f"CASE WHEN length({value}) >= 8 THEN {shown} ELSE {hidden} END"
    return hidden
