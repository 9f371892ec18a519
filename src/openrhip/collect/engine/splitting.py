"""Loaded or quarantined (分流): rows go where the rules they broke send them, counted and shown."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from openrhip.collect.engine import masking, writing
from openrhip.collect.engine.chunks import Chunk
from openrhip.collect.engine.compiling import BITS, Compiled
from openrhip.collect.engine.judging import Judged
from openrhip.collect.engine.looking_up import sealed_with
from openrhip.collect.rules.jobs import CheckJob, CheckResult, Example, RuleHits, Written
from openrhip.collect.rules.tables import Column, Personal

ROWS_A_FILE = 600_000


def shape_rule(table: str) -> str:
    """The rule a row breaks that has another number of fields than the header."""
    return f"{table}.row.shape"


class Splitter:
    """Writes the files of one batch; chunks may come from several threads and in any order."""

    def __init__(self, job: CheckJob, compiled: Compiled) -> None:
        self.job, self.compiled = job, compiled
        self._lock = threading.Lock()
        self._free: list[writing.Writer] = []
        self._good: list[writing.Writer] = []
        self._schema = writing.loaded_schema(job.table)
        self._dictionaries = writing.repeated_columns(job.table)
        self._quarantine = writing.Writer(
            job.out / "quarantine.parquet", writing.quarantine_schema(job.table), ["_rules"]
        )
        self._counts: Counter[str] = Counter()
        self._hits: Counter[str] = Counter()
        self._examples: dict[str, list[Example]] = {}
        self._by_id = {rule.id: rule for rule in compiled.rules}

    def take(self, chunk: Chunk, judged: Judged) -> None:
        """Writes a chunk's rows."""
        lines = chunk.lines()
        bad = np.zeros(chunk.raw.num_rows, bool)
        marked = np.zeros(chunk.raw.num_rows, bool)
        for word, errors in zip(judged.words, self.compiled.errors, strict=True):
            bad |= (word & errors) != 0
            marked |= word != 0
        marks = self._ruled(judged, marked & ~bad)
        self._count(chunk, judged, lines, marked)
        kept = None if not bad.any() else pa.array(~bad)
        loaded = self._loaded(chunk, judged, lines, marks, kept)
        self._write(loaded)
        self._quarantined(chunk, judged, lines, np.flatnonzero(bad))
        flags = _tally(chunk.raw["amend_flag"], kept)
        with self._lock:
            self._counts["received"] += chunk.count
            self._counts["loaded"] += loaded.num_rows
            self._counts["marked"] += int((marked & ~bad).sum())
            self._counts["amended"] += flags["2"]
            self._counts["withdrawn"] += flags["3"]

    def result(self) -> CheckResult:
        """Closes the files and says what was found."""
        good = tuple(done for writer in self._good if (done := writer.close()) is not None)
        quarantine: Written | None = self._quarantine.close()
        counts = self._counts
        return CheckResult(
            received=counts["received"],
            loaded=counts["loaded"],
            quarantined=quarantine.rows if quarantine else 0,
            marked=counts["marked"],
            amended=counts["amended"],
            withdrawn=counts["withdrawn"],
            hits=self._found(),
            good=good,
            quarantine=quarantine,
        )

    def _found(self) -> tuple[RuleHits, ...]:
        order = [*self._by_id, shape_rule(self.job.table.code)]
        kept = self.job.limits.examples
        return tuple(
            RuleHits(
                rule,
                self._hits[rule],
                tuple(sorted(self._examples.get(rule, ()), key=lambda one: one.line)[:kept]),
            )
            for rule in order
            if self._hits[rule]
        )

    def _loaded(
        self,
        chunk: Chunk,
        judged: Judged,
        lines: npt.NDArray[np.int64],
        marks: pa.Array,
        kept: pa.Array | None,
    ) -> pa.Table:
        """The rows without error as the tables keep them."""
        columns = []
        for column in self.job.table.columns:
            found = judged.typed.get(column.name)
            columns.append(chunk.raw[column.name] if found is None else found)
        columns += [pa.chunked_array([pa.array(lines)]), pa.chunked_array([marks])]
        names = [column.name for column in self.job.table.columns] + ["_line", "_marks"]
        rows = pa.table(columns, names=names)
        if kept is not None:
            rows = rows.filter(kept)
        return self._completed(rows)

    def _completed(self, rows: pa.Table) -> pa.Table:
        """Tokens in place of numbers, and the columns of loading."""
        job, count = self.job, rows.num_rows
        constants: dict[str, str | date] = {"_unit": job.unit, "_day": job.day, "_batch": job.batch}
        columns = []
        for field in self._schema:
            if field.name in constants:
                columns.append(writing.constant(constants[field.name], count, field.type))
                continue
            found = self._kept(rows[field.name], field.name)
            columns.append(found if found.type == field.type else found.cast(field.type))
        return pa.table(columns, names=self._schema.names)

    def _kept(self, values: pa.ChunkedArray, name: str) -> pa.ChunkedArray | pa.Array:
        """What the tables keep of a column: a token, some signs, or all."""
        found = self.compiled.columns.get(name)
        if found is None or found.personal in (Personal.NO, Personal.FREE):
            return values
        whole = values.combine_chunks()
        if found.personal in masking.TOKENS:
            return sealed_with(self.job, whole)
        return masking.masked_arrow(whole, found.personal)

    def _write(self, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        with self._lock:
            writer = self._free.pop() if self._free else self._new_writer()
        writer.write(rows)
        if writer.rows >= ROWS_A_FILE:
            writer.close()  # its waiting for the disk falls beside the work of other threads
            return
        with self._lock:
            self._free.append(writer)

    def _new_writer(self) -> writing.Writer:
        path = self.job.out / f"good-{len(self._good)}.parquet"
        writer = writing.Writer(path, self._schema, self._dictionaries)
        self._good.append(writer)
        return writer

    def _ruled(self, judged: Judged, rows: npt.NDArray[np.bool_]) -> pa.Array:
        """Per row the ids of the rules broken, missing where `rows` is false."""
        out = pa.nulls(len(rows), pa.string())
        places = np.flatnonzero(rows)
        if not len(places):
            return out
        texts = self._texts([word[places] for word in judged.words])
        return pc.replace_with_mask(out, pa.array(rows), texts)

    def _texts(self, words: list[npt.NDArray[np.int64]]) -> pa.Array:
        """The ids of the rules of each row, comma-separated; each combination is written once."""
        combined = np.stack(words, axis=1)
        unique, back = np.unique(combined, axis=0, return_inverse=True)
        texts = [
            ",".join(
                rule.id
                for bit, rule in enumerate(self.compiled.rules)
                if int(row[bit // BITS]) >> bit % BITS & 1
            )
            for row in unique
        ]
        return pa.array(texts, pa.string()).take(pa.array(back.reshape(-1)))

    def _quarantined(
        self,
        chunk: Chunk,
        judged: Judged,
        lines: npt.NDArray[np.int64],
        places: npt.NDArray[np.int64],
    ) -> None:
        schema = self._quarantine.schema
        parts = []
        if len(places):
            rows = chunk.raw.take(pa.array(places))
            shown = [_masked(rows[column.name], column) for column in self.job.table.columns]
            texts = self._texts([word[places] for word in judged.words])
            parts.append(pa.table([pa.array(lines[places]), texts, *shown], schema=schema))
        if chunk.shapes:
            count = len(chunk.shapes)
            rule = shape_rule(self.job.table.code)
            own = [chunk.first + shape.row for shape in chunk.shapes]
            empty = [pa.nulls(count, pa.string())] * len(self.job.table.columns)
            found = [pa.array(own, pa.int64()), pa.array([rule] * count), *empty]
            parts.append(pa.table(found, schema=schema))
        if parts:
            with self._lock:
                self._quarantine.write(pa.concat_tables(parts).sort_by("_line"))

    def _count(
        self,
        chunk: Chunk,
        judged: Judged,
        lines: npt.NDArray[np.int64],
        hit: npt.NDArray[np.bool_],
    ) -> None:
        places = np.flatnonzero(hit)
        words = [word[places] for word in judged.words]
        limit = self.job.limits.examples
        hits: Counter[str] = Counter()
        examples: dict[str, list[Example]] = {}
        for bit, rule in enumerate(self.compiled.rules):
            if not len(places):
                break
            broken = places[(words[bit // BITS] >> (bit % BITS)) & 1 == 1]
            if not len(broken):
                continue
            hits[rule.id] = len(broken)
            column = self.job.table.column(rule.columns[0])
            values = chunk.raw[column.name].take(pa.array(broken[:limit])).to_pylist()
            examples[rule.id] = [
                Example(
                    int(lines[place]), column.name, masking.masked(value or "", column.personal)
                )
                for place, value in zip(broken[:limit], values, strict=True)
            ]
        if chunk.shapes:
            rule_id = shape_rule(self.job.table.code)
            hits[rule_id] = len(chunk.shapes)
            examples[rule_id] = [
                Example(chunk.first + shape.row, "", f"{shape.fields or '?'} fields")
                for shape in chunk.shapes[:limit]
            ]
        with self._lock:
            self._hits.update(hits)
            for rule_id, found in examples.items():
                self._examples.setdefault(rule_id, []).extend(found)


def _masked(values: pa.ChunkedArray, column: Column) -> pa.ChunkedArray | pa.Array:
    if column.personal is Personal.NO:
        return values
    texts = [
        None if value is None else masking.masked(value, column.personal)
        for value in values.to_pylist()
    ]
    return pa.array(texts, pa.string())


def _tally(flags: pa.ChunkedArray, kept: pa.Array | None) -> Counter[str]:
    chosen = flags if kept is None else flags.filter(kept)
    found: Counter[str] = Counter()
    for row in pc.value_counts(chosen).to_pylist():
        found[row["values"] or ""] += row["counts"]
    return found
