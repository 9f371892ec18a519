"""Rules with look-ups (查询类规则): double keys, keys already stored, references."""

from __future__ import annotations

from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openrhip.collect.engine import keys, masking
from openrhip.collect.engine.chunks import Chunk
from openrhip.collect.engine.columns import Mask, none
from openrhip.collect.engine.compiling import Compiled, Lookup
from openrhip.collect.engine.judging import Judged
from openrhip.collect.rules.jobs import CheckJob
from openrhip.collect.rules.kinds import Kind
from openrhip.collect.rules.tables import Column, Type


class Lookups:
    """Asks what is known about one batch's keys; each distinct one of a chunk is asked once."""

    def __init__(self, job: CheckJob, compiled: Compiled, lock: Lock | None = None) -> None:
        self.job, self.compiled = job, compiled
        self._lock = lock or Lock()
        self._unique = [one for one in compiled.lookups if one.rule.kind is Kind.UNIQUE]
        self._known = [
            (lookup, ask) for lookup in compiled.lookups if (ask := self._ask(lookup)) is not None
        ]

    def mark(self, chunk: Chunk, judged: Judged) -> None:
        """Adds the bits of the look-ups to the words of a chunk's rows."""
        for lookup in self._unique:
            if "double" in chunk.own:
                judged.mark(lookup.bit, chunk.own["double"])
        if not self._known or not chunk.raw.num_rows:
            return
        with self._lock:
            for lookup, ask in self._known:
                judged.mark(lookup.bit, self._at_fault(lookup, ask, chunk.raw, judged))

    def _ask(self, lookup: Lookup) -> Any:
        if lookup.rule.kind is Kind.UNIQUE_STORE:
            return self.job.known.stored
        if lookup.rule.kind is Kind.REFERENCE:
            return self.job.known.references.get(lookup.rule.id)
        return None

    def _at_fault(self, lookup: Lookup, ask: Any, raw: pa.Table, judged: Judged) -> Mask:
        columns = [self.compiled.columns[column] for column in lookup.rule.columns]
        parts = [key_text(raw[c.name], judged.typed.get(c.name), c) for c in columns]
        codes, distinct = keys.numbered(parts)
        asked_rows = codes >= 0
        if lookup.only:
            asked_rows &= _is(raw["amend_flag"], "1")
        used = np.unique(codes[asked_rows])
        if not len(used):
            return none(raw.num_rows)
        asked = distinct.take(pa.array(used))
        sealed = pa.table(
            [self._sealed(asked.column(n), column) for n, column in enumerate(columns)],
            names=[column.name for column in columns],
        )
        held = np.zeros(distinct.num_rows + 1, bool)
        held[used] = keys.among(sealed, ask(sealed))
        found = held[codes]
        return asked_rows & (found if lookup.rule.kind is Kind.UNIQUE_STORE else ~found)

    def _sealed(self, values: pa.ChunkedArray, column: Column) -> pa.Array:
        """Keys as the tables hold them."""
        whole = values.combine_chunks()
        if column.personal not in masking.TOKENS or self.job.seal is None:
            return whole
        return sealed_with(self.job, whole)


def sealed_with(job: CheckJob, values: pa.Array) -> pa.Array:
    """Tokens of a column."""
    found = job.seal(values) if job.seal else values
    return found if isinstance(found, pa.Array) else pa.array(list(found), pa.string())


def key_text(text: pa.ChunkedArray, typed: pa.Array | None, column: Column) -> pa.Array:
    """A key column as text in one way of writing, SQL's; missing if its form is broken."""
    if typed is None or column.type is Type.TIME:
        return text if typed is None else typed
    if column.type is Type.DATE:
        return pc.strftime(typed, format="%Y-%m-%d")
    if column.type is Type.DATETIME:
        return pc.strftime(typed.cast(pa.timestamp("s")), format="%Y-%m-%d %H:%M:%S")
    return typed.cast(pa.string())


def _is(values: pa.ChunkedArray, text: str) -> Mask:
    found = pc.equal(values, pa.scalar(text, pa.string())).fill_null(False)
    return np.asarray(found.combine_chunks().to_numpy(zero_copy_only=False), bool)
