"""What each row broke (逐行判定): facts clear what they can, SQL decides the rest, keys last."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from openrhip.collect.engine import keys, masking
from openrhip.collect.engine.chunks import Chunk
from openrhip.collect.engine.compiling import BITS, Compiled, Fault, Lookup, compile_rules
from openrhip.collect.engine.facts import Clearing, Facts, facts_of
from openrhip.collect.engine.sessions import CHUNK, Cursor, Sessions
from openrhip.collect.engine.sqltext import name, select
from openrhip.collect.rules.jobs import CheckJob
from openrhip.collect.rules.kinds import Kind
from openrhip.collect.rules.tables import Column, Period
from openrhip.kernel.errors import TooLarge

Word = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Judged:
    """Of each row of a chunk: words of rules broken, values that are not as they were sent (typed
    or cut, by column).
    """

    words: list[Word]
    made: dict[str, pa.ChunkedArray]


class Judge:
    """Judges the chunks of one batch."""

    def __init__(self, job: CheckJob, sessions: Sessions) -> None:
        self.job = job
        self.compiled: Compiled = compile_rules(job.table, job.catalogue)
        self._sessions = sessions
        self._clearing = Clearing(self.compiled, job.catalogue)
        self._columns = {column.name: column for column in job.table.columns}
        self._known = [
            (lookup, ask)
            for lookup in self.compiled.lookups
            if (ask := self._ask(lookup)) is not None
        ]

    def judge(self, chunk: Chunk, lock: Lock | None = None) -> Judged:
        """The words and values of a chunk's rows."""
        facts = {column: facts_of(chunk.raw[column]) for column in chunk.raw.column_names}
        self._bounded(chunk.raw, facts)
        faults = self._clearing.open_faults(chunk.raw, facts)
        made, words = self._values(chunk, faults, facts)
        for lookup in self.compiled.lookups:
            if lookup.rule.kind is Kind.UNIQUE and "double" in chunk.own:
                _mark(words, lookup.bit, chunk.own["double"])
        with lock or nullcontext():
            for lookup, ask in self._known:
                _mark(words, lookup.bit, self._looked_up(lookup, ask, chunk.raw, made))
        return Judged(words, {at: found for at, found in made.items() if not at.startswith("_")})

    def _values(
        self, chunk: Chunk, faults: tuple[Fault, ...], facts: dict[str, Facts]
    ) -> tuple[dict[str, pa.ChunkedArray], list[Word]]:
        compiled = self.compiled
        wanted = self._wanted(facts)
        for word in range(compiled.words):
            terms = [fault for fault in faults if fault.bit // BITS == word]
            if terms:
                wanted[f"_w{word}"] = compiled.word_sql(word, terms)
        for at, (lookup, _) in enumerate(self._known):
            for place, part in enumerate(lookup.key):
                wanted[f"_k{at}_{place}"] = part
            if lookup.only:
                wanted[f"_o{at}"] = lookup.only
        rows = chunk.raw.num_rows
        if not wanted or not rows:
            return {}, [np.zeros(rows, np.int64) for _ in range(compiled.words)]
        staged = compiled.staged_sql(self._source())
        outputs = [f"{sql} AS {name(alias)}" for alias, sql in wanted.items()]
        sql = select(outputs, f"({staged}) AS staged")
        with self._sessions.cursor(self.job.limits) as cursor:
            found = self._run(cursor, sql, chunk.raw)
        made = {alias: found[alias] for alias in wanted}
        words = [
            made.pop(f"_w{word}").to_numpy().copy()
            if f"_w{word}" in made
            else np.zeros(rows, np.int64)
            for word in range(compiled.words)
        ]
        return made, words

    def _run(self, cursor: Cursor, sql: str, raw: pa.Table) -> pa.Table:
        cursor.relate(self.compiled.relations)
        return cursor.run(sql, raw)

    def _wanted(self, facts: dict[str, Facts]) -> dict[str, str]:
        """Values that loading keeps otherwise than they were sent."""
        wanted: dict[str, str] = {}
        for typed in self.compiled.typed:
            column = self._columns[typed.column]
            if facts[typed.column].nulls == facts[typed.column].rows:
                continue
            if typed.name != typed.column:
                wanted[typed.column] = name(typed.name)
            elif column.personal not in masking.KEPT_LOADED:
                wanted[typed.column] = masking.masked_sql(column)
        return wanted

    def _source(self) -> str:
        job = self.job
        first = last = job.day
        if job.table.period is Period.MONTH:
            first = job.day.replace(day=1)
            last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        days = {"_today": job.today, "_first": first, "_last": last}
        listed = [f"DATE '{day.isoformat()}' AS {name(alias)}" for alias, day in days.items()]
        return f"({select(['*', *listed], CHUNK)}) AS source"

    def _bounded(self, raw: pa.Table, facts: dict[str, Facts]) -> None:
        """No field over the bound. Raises TooLarge."""
        most = self.job.limits.field_chars
        for column, found in facts.items():
            if found.most > most and _longest(raw[column]) > most:
                raise TooLarge(f"a field has at most {most} characters", where=column)

    def _ask(self, lookup: Lookup) -> Any:
        if lookup.rule.kind is Kind.UNIQUE_STORE:
            return self.job.known.stored
        if lookup.rule.kind is Kind.REFERENCE:
            return self.job.known.references.get(lookup.rule.id)
        return None

    def _looked_up(
        self, lookup: Lookup, ask: Any, raw: pa.Table, made: dict[str, pa.ChunkedArray]
    ) -> npt.NDArray[np.bool_]:
        """Which rows the look-up puts at fault."""
        at = [one for one, _ in self._known].index(lookup)
        parts = [made[f"_k{at}_{place}"] for place in range(len(lookup.key))]
        codes, distinct = keys.numbered(parts)
        asked_rows = codes >= 0
        if lookup.only:
            asked_rows &= made[f"_o{at}"].fill_null(False).to_numpy()
        used = np.unique(codes[asked_rows])
        if not len(used):
            return np.zeros(raw.num_rows, bool)
        asked = distinct.take(pa.array(used))
        columns = [self._columns[column] for column in lookup.rule.columns]
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
        values = values.combine_chunks()
        if column.personal not in masking.TOKENS or self.job.seal is None:
            return values
        return sealed_with(self.job, values)


def sealed_with(job: CheckJob, values: pa.Array) -> pa.Array:
    """Tokens of a column."""
    found = job.seal(values) if job.seal else values
    return found if isinstance(found, pa.Array) else pa.array(list(found), pa.string())


def _mark(words: list[Word], bit: int, rows: Any) -> None:
    words[bit // BITS] |= rows.astype(np.int64) << (bit % BITS)


def _longest(column: pa.ChunkedArray) -> int:
    return int(pc.max(pc.utf8_length(column)).as_py() or 0)
