"""What is shown of personal values (脱敏): as SQL for the tables, in Python for examples.

Loaded rows keep identity and card numbers as keyed tokens and free words whole; names, telephone
numbers and addresses are cut. Quarantine and examples show no personal value whole: the original
lies sealed under (batch, line).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openrhip.collect.engine.columns import TextColumn
from openrhip.collect.engine.sqltext import name
from openrhip.collect.rules.tables import Column, Personal

HIDDEN = "**"
_MOBILE = 11  # places of a mobile number
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


def masked_arrow(values: pa.Array, personal: Personal) -> pa.Array:
    """The same for a column; missing stays missing."""
    if personal in (Personal.NAME, Personal.ADDRESS):
        shown = pc.utf8_slice_codeunits(values, 0, 1 if personal is Personal.NAME else 6)
        return pc.binary_join_element_wise(shown, HIDDEN, "")
    if personal is Personal.PHONE:
        return _phones(values)
    if personal in TOKENS:
        return pa.array(
            [None if one is None else masked(one, personal) for one in values.to_pylist()],
            pa.string(),
        )
    hidden = pa.scalar(HIDDEN, pa.string())
    return pc.if_else(pc.is_valid(values), hidden, pa.scalar(None, pa.string()))


def _phones(values: pa.Array) -> pa.Array:
    """Mobile numbers are as long cut as whole: their bytes are overwritten in a copy."""
    text = TextColumn(values)
    rows, signs = text.planes(_MOBILE)
    plain = np.ones(signs.shape[1], bool) if text.ascii else (signs < 0x80).all(axis=0)
    starts = text.offsets[:-1][rows][plain].astype(np.int64)
    data = text.data.copy()
    for place in range(3, 7):
        data[starts + place] = ord("*")
    done = text.present.copy()
    done[np.arange(text.rows)[rows][plain]] = False
    buffers = [None, pa.py_buffer(text.offsets.copy()), pa.py_buffer(data)]
    cut = pa.Array.from_buffers(pa.string(), text.rows, buffers)
    if values.null_count:
        cut = pc.if_else(pc.is_valid(values), cut, pa.scalar(None, pa.string()))
    if done.any():
        others = [masked(one, Personal.PHONE) for one in values.filter(pa.array(done)).to_pylist()]
        cut = pc.replace_with_mask(cut, pa.array(done), pa.array(others, pa.string()))
    return cut


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
