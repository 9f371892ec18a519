"""What each row broke (逐行判定): looks clear most rows, SQL judges the rest, keys come last."""

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
from openrhip.collect.engine.columns import Mask, Numbers, TextColumn, none
from openrhip.collect.engine.compiling import BITS, Compiled, Fault, Lookup, compile_rules
from openrhip.collect.engine.doubts import Look, Sets
from openrhip.collect.engine.sessions import CHUNK, Sessions
from openrhip.collect.engine.sqltext import name, select
from openrhip.collect.rules.jobs import CheckJob
from openrhip.collect.rules.kinds import Kind
from openrhip.collect.rules.tables import Column, Period, Type
from openrhip.kernel.errors import TooLarge

Word = npt.NDArray[np.int64]
MANY = 0.25  # a rule that leaves more of the rows in doubt is asked about all of them


@dataclass(frozen=True, slots=True)
class Judged:
    """Of each row of a chunk: words of rules broken, and values that are typed."""

    words: list[Word]
    typed: dict[str, pa.Array]


class Judge:
    """Judges the chunks of one batch; several threads may."""

    def __init__(self, job: CheckJob, sessions: Sessions) -> None:
        self.job = job
        self.compiled: Compiled = compile_rules(job.table, job.catalogue)
        self._sessions = sessions
        self._sets = Sets(job.catalogue)
        first = last = job.day
        if job.table.period is Period.MONTH:
            first = job.day.replace(day=1)
            last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        self._days = (job.today, first, last)
        self._known = [
            (lookup, ask)
            for lookup in self.compiled.lookups
            if (ask := self._ask(lookup)) is not None
        ]

    def judge(self, chunk: Chunk, lock: Lock | None = None) -> Judged:
        """The words and typed values of a chunk's rows."""
        look = Look(chunk.raw, self.compiled, self._sets, self._days)
        self._bounded(look)
        words = [np.zeros(look.rows, np.int64) for _ in range(self.compiled.words)]
        typed = {column: found.array for column, found in look.converted.items()}
        few, many = self._doubted(look)
        rows = none(look.rows)
        for _, mask in few:
            rows |= mask
        for found in look.converted.values():
            rows |= found.doubtful
        self._ask_sql(chunk, look, [fault for fault, _ in few], np.flatnonzero(rows), words, typed)
        everything = np.arange(look.rows)
        self._ask_sql(chunk, look, many, everything, words, None)
        for lookup in self.compiled.lookups:
            if lookup.rule.kind is Kind.UNIQUE and "double" in chunk.own:
                _mark(words, lookup.bit, chunk.own["double"])
        with lock or nullcontext():
            for lookup, ask in self._known:
                _mark(words, lookup.bit, self._looked_up(lookup, ask, look, typed))
        return Judged(words, typed)

    def _doubted(self, look: Look) -> tuple[list[tuple[Fault, Mask]], list[Fault]]:
        """Rules that some rows may break, with those rows; rules to ask about all rows."""
        few: list[tuple[Fault, Mask]] = []
        many: list[Fault] = []
        for fault in self.compiled.faults:
            mask = look.doubts(fault)
            count = int(np.count_nonzero(mask))
            if count > MANY * look.rows and look.rows > 1000:
                many.append(fault)
            elif count:
                few.append((fault, mask))
        return few, many

    def _ask_sql(
        self,
        chunk: Chunk,
        look: Look,
        faults: list[Fault],
        rows: Numbers,
        words: list[Word],
        typed: dict[str, pa.Array] | None,
    ) -> None:
        """Has SQL judge rows: their words, and typed values that only SQL could make."""
        unsure = {
            column: found.doubtful
            for column, found in look.converted.items()
            if typed is not None and found.doubtful.any()
        }
        if not len(rows) or not (faults or unsure):
            return
        compiled = self.compiled
        staged = {item.column: item.name for item in compiled.typed}
        wanted = {column: name(staged[column]) for column in unsure}
        for word in range(compiled.words):
            terms = [fault for fault in faults if fault.bit // BITS == word]
            if terms:
                wanted[f"_w{word}"] = compiled.word_sql(word, terms)
        source = f"({compiled.staged_sql(self._source())}) AS staged"
        sql = select([f"{made} AS {name(alias)}" for alias, made in wanted.items()], source)
        part = chunk.raw if len(rows) == look.rows else chunk.raw.take(pa.array(rows))
        with self._sessions.cursor(self.job.limits) as cursor:
            cursor.relate(compiled.relations)
            found = cursor.run(sql, part)
        for word in range(compiled.words):
            if f"_w{word}" in wanted:
                words[word][rows] |= found[f"_w{word}"].to_numpy()
        if typed is None:
            return
        for column, doubtful in unsure.items():
            values = found[column].filter(pa.array(doubtful[rows])).combine_chunks()
            kind = typed[column].type
            typed[column] = pc.replace_with_mask(
                typed[column], pa.array(doubtful), values.cast(kind)
            )

    def _source(self) -> str:
        days = zip(("_today", "_first", "_last"), self._days, strict=True)
        listed = [f"DATE '{day.isoformat()}' AS {name(alias)}" for alias, day in days]
        return f"({select(['*', *listed], CHUNK)}) AS source"

    def _bounded(self, look: Look) -> None:
        """No field over the bound. Raises TooLarge."""
        most = self.job.limits.field_chars
        for column, text in look.texts.items():
            if text.most > most and (pc.max(pc.utf8_length(text.array)).as_py() or 0) > most:
                raise TooLarge(f"a field has at most {most} characters", where=column)

    def _ask(self, lookup: Lookup) -> Any:
        if lookup.rule.kind is Kind.UNIQUE_STORE:
            return self.job.known.stored
        if lookup.rule.kind is Kind.REFERENCE:
            return self.job.known.references.get(lookup.rule.id)
        return None

    def _looked_up(self, lookup: Lookup, ask: Any, look: Look, typed: dict[str, pa.Array]) -> Mask:
        """Which rows the look-up puts at fault."""
        columns = [look.column(column) for column in lookup.rule.columns]
        parts = [key_text(look.texts[c.name], typed.get(c.name), c) for c in columns]
        codes, distinct = keys.numbered(parts)
        asked_rows = codes >= 0
        if lookup.only:
            asked_rows &= _is(look.texts["amend_flag"], b"1")
        used = np.unique(codes[asked_rows])
        if not len(used):
            return none(look.rows)
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


def key_text(text: TextColumn, typed: pa.Array | None, column: Column) -> pa.Array:
    """A key column as text in one way of writing, SQL's; missing if its form is broken."""
    if typed is None or column.type is Type.TIME:
        return text.array if typed is None else typed
    if column.type is Type.DATE:
        return pc.strftime(typed, format="%Y-%m-%d")
    if column.type is Type.DATETIME:
        return pc.strftime(typed.cast(pa.timestamp("s")), format="%Y-%m-%d %H:%M:%S")
    return typed.cast(pa.string())


def _is(text: TextColumn, value: bytes) -> Mask:
    mask = none(text.rows)
    rows, signs = text.of_length(len(value))
    if len(signs):
        mask[rows] = (signs == np.frombuffer(value, np.uint8)).all(axis=1)
    return mask


def _mark(words: list[Word], bit: int, rows: Any) -> None:
    words[bit // BITS] |= rows.astype(np.int64) << (bit % BITS)
