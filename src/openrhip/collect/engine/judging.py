"""What each row broke (逐行判定): looks clear most rows, SQL judges the rest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from openrhip.collect.engine.columns import Mask, Numbers, none
from openrhip.collect.engine.compiling import BITS, Compiled, Fault
from openrhip.collect.engine.doubts import Look, Sets
from openrhip.collect.engine.sessions import CHUNK, Sessions
from openrhip.collect.engine.sqltext import name, select
from openrhip.collect.rules.jobs import CheckJob, Limits
from openrhip.collect.rules.tables import Catalogue, Period
from openrhip.kernel.errors import TooLarge

Word = npt.NDArray[np.int64]
Days = tuple[date, date, date]
MANY = 0.25  # a rule that leaves more of the rows in doubt is asked about all of them
FEW_ROWS = 20_000  # of which asking many rules costs less than finding out which


@dataclass(frozen=True, slots=True)
class Judged:
    """Of each row: words of rules broken, and values that are typed, by column."""

    words: list[Word]
    typed: dict[str, pa.Array]

    def mark(self, bit: int, rows: Mask) -> None:
        """These rows broke the rule of this bit."""
        self.words[bit // BITS] |= rows.astype(np.int64) << (bit % BITS)

    def slice(self, start: int, count: int) -> Judged:
        """Of some rows in a row."""
        words = [word[start : start + count].copy() for word in self.words]
        return Judged(words, {name: one.slice(start, count) for name, one in self.typed.items()})


def days_of(job: CheckJob) -> Days:
    """Today, and the first and last day that rows of the batch may be of."""
    first = last = job.day
    if job.table.period is Period.MONTH:
        first = job.day.replace(day=1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return job.today, first, last


class Judge:
    """Judges rows of one table; several threads may."""

    def __init__(
        self,
        compiled: Compiled,
        catalogue: Catalogue,
        days: Days,
        limits: Limits,
        sessions: Sessions,
    ) -> None:
        self.compiled = compiled
        self._sessions, self._limits, self._days = sessions, limits, days
        self._sets = Sets(catalogue)

    def judge(self, raw: pa.Table) -> Judged:
        """The words and typed values of some rows, look-ups aside. Raises TooLarge."""
        look = Look(raw, self.compiled, self._sets, self._days)
        self._bounded(look)
        words = [np.zeros(look.rows, np.int64) for _ in range(self.compiled.words)]
        typed = {column: found.array for column, found in look.converted.items()}
        judged = Judged(words, typed)
        few, many = self._doubted(look)
        rows = none(look.rows)
        for _, mask in few:
            rows |= mask
        for found in look.converted.values():
            rows |= found.doubtful
        self._few(raw, look, [fault for fault, _ in few], np.flatnonzero(rows), judged)
        if many:
            found = self._ask(raw, many, ())
            for word in range(self.compiled.words):
                if f"_w{word}" in found.column_names:
                    words[word] |= found[f"_w{word}"].to_numpy()
        return judged

    def _doubted(self, look: Look) -> tuple[list[tuple[Fault, Mask]], list[Fault]]:
        """Rules that some rows may break, with those rows; rules to ask about all rows."""
        few: list[tuple[Fault, Mask]] = []
        many: list[Fault] = []
        for fault in self.compiled.faults:
            mask = look.doubts(fault)
            count = int(np.count_nonzero(mask))
            if count > max(MANY * look.rows, FEW_ROWS):
                many.append(fault)
            elif count:
                few.append((fault, mask))
        return few, many

    def _few(
        self, raw: pa.Table, look: Look, faults: list[Fault], rows: Numbers, judged: Judged
    ) -> None:
        """Has SQL judge some rows, and type the values there that no look could."""
        unsure = {
            column: found.doubtful
            for column, found in look.converted.items()
            if found.doubtful.any()
        }
        if not len(rows):
            return
        part = raw if len(rows) == look.rows else raw.take(pa.array(rows))
        found = self._ask(part, faults, tuple(unsure))
        for word in range(self.compiled.words):
            if f"_w{word}" in found.column_names:
                judged.words[word][rows] |= found[f"_w{word}"].to_numpy()
        for column, doubtful in unsure.items():
            values = found[column].filter(pa.array(doubtful[rows])).combine_chunks()
            typed = judged.typed[column]
            judged.typed[column] = pc.replace_with_mask(
                typed, pa.array(doubtful), values.cast(typed.type)
            )

    def _ask(self, rows: pa.Table, faults: Sequence[Fault], typed: Sequence[str]) -> pa.Table:
        """What SQL says of all of these rows: words of these faults, these typed values."""
        compiled = self.compiled
        staged = {item.column: item.name for item in compiled.typed}
        wanted = {column: name(staged[column]) for column in typed}
        for word in range(compiled.words):
            terms = [fault for fault in faults if fault.bit // BITS == word]
            if terms:
                wanted[f"_w{word}"] = compiled.word_sql(word, terms)
        read = {staged[column] for column in typed}.union(*(fault.reads for fault in faults))
        source = f"({compiled.staged_sql(self._source(), read)}) AS staged"
        sql = select([f"{made} AS {name(alias)}" for alias, made in wanted.items()], source)
        with self._sessions.cursor(self._limits, lean=rows.num_rows <= FEW_ROWS) as cursor:
            cursor.relate(compiled.relations)
            return cursor.run(sql, rows.select(self._columns_of(read)))

    def _columns_of(self, read: Collection[str]) -> list[str]:
        """The columns behind these names, typed ones by the text they are made of."""
        found = {
            typed.column
            for typed in self.compiled.typed
            if typed.name in read or typed.column in read
        }
        return sorted(found) or [self.compiled.table.columns[0].name]

    def _source(self) -> str:
        days = zip(("_today", "_first", "_last"), self._days, strict=True)
        listed = [f"DATE '{day.isoformat()}' AS {name(alias)}" for alias, day in days]
        return f"({select(['*', *listed], CHUNK)}) AS source"

    def _bounded(self, look: Look) -> None:
        """No field over the bound. Raises TooLarge."""
        most = self._limits.field_chars
        for column, text in look.texts.items():
            if text.most > most and _longest(text.array) > most:
                raise TooLarge(f"a field has at most {most} characters", where=column)


def _longest(array: Any) -> int:
    return int(pc.max(pc.utf8_length(array)).as_py() or 0)
