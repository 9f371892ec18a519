"""The embedded engine (嵌入式校验引擎): DuckDB evaluates the rules over chunks of Arrow columns.

A batch goes through in chunks: read at the door, cleared by facts of whole columns, judged by SQL
for what is left, split into loaded rows and quarantine. Double keys are found over all chunks
before the first is judged. Memory is that of some chunks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from openrhip.collect.engine import keys
from openrhip.collect.engine.chunks import Chunk
from openrhip.collect.engine.csv_door import CsvFile
from openrhip.collect.engine.judging import Judge
from openrhip.collect.engine.parquet_door import ParquetFile
from openrhip.collect.engine.sessions import Sessions
from openrhip.collect.engine.splitting import Splitter
from openrhip.collect.rules.jobs import CheckJob, CheckResult, InputFile
from openrhip.kernel.errors import Malformed, TooLarge

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")


class DuckDbEngine:
    """Checks batches within this process; it may be used from several threads."""

    name = "duckdb"

    def __init__(self) -> None:
        self._sessions = Sessions()

    def check(self, job: CheckJob) -> CheckResult:
        """Checks one batch and writes its files. Raises Malformed or TooLarge: refused whole."""
        started = time.perf_counter()
        chunks = list(chunks_of(job))
        self._find_double(job, chunks)
        judge = Judge(job, self._sessions)
        splitter = Splitter(job, judge.compiled)
        known = threading.Lock()

        def through(chunk: Chunk) -> None:
            splitter.take(chunk, judge.judge(chunk, known))

        for _ in _in_order(through, iter(chunks), job.limits.threads if len(chunks) > 1 else 1):
            pass
        return replace(splitter.result(), engine=self.name, seconds=time.perf_counter() - started)

    def check_many(self, jobs: Sequence[CheckJob]) -> list[CheckResult]:
        """Checks several batches of one table."""
        return [self.check(job) for job in jobs]

    def _find_double(self, job: CheckJob, chunks: list[Chunk]) -> None:
        """Marks the rows whose key comes more than once in the batch."""
        columns = job.table.key
        if not columns or not chunks:
            return
        if len(chunks) == 1:
            raw = chunks[0].raw
            chunks[0].own["double"] = keys.double([raw[name] for name in columns])
            return
        with self._sessions.cursor(job.limits) as cursor:
            hashes = [cursor.hashes(chunk.raw, columns) for chunk in chunks]
        suspects = keys.repeated(np.concatenate([found for found, _ in hashes]))
        places, parts = [], []
        for chunk, (found, rows) in zip(chunks, hashes, strict=True):
            own = rows[np.isin(found, suspects)] if len(suspects) else rows[:0]
            places.append(own)
            parts.append(chunk.raw.select(list(columns)).take(own))
        table = pa.concat_tables(parts)
        double = keys.double([table[name] for name in columns])
        at = 0
        for chunk, own in zip(chunks, places, strict=True):
            mask = np.zeros(chunk.raw.num_rows, bool)
            mask[own[double[at : at + len(own)]]] = True
            chunk.own["double"] = mask
            at += len(own)


def chunks_of(job: CheckJob) -> Iterator[Chunk]:
    """All chunks of a batch in order, their lines counted. Raises Malformed or TooLarge."""
    line = 1
    for file in job.files:
        for chunk in _chunks(file, job):
            chunk.first = line
            line += chunk.count
            if line - 1 > job.limits.rows:
                raise TooLarge(f"a batch has at most {job.limits.rows} rows", where=file.name)
            yield chunk


def _chunks(file: InputFile, job: CheckJob) -> Iterator[Chunk]:
    if file.format == "parquet":
        yield from ParquetFile(file, job.table, job.limits).chunks()
        return
    if file.format != "csv":
        raise Malformed(f"no such format: {file.format[:40]!r}", where=file.name)
    source = CsvFile(file, job.table, job.limits)
    threads = job.limits.threads if file.path.stat().st_size > 32 << 20 else 1
    yield from _in_order(source.parse, source.blocks(), threads)


def _in_order(
    work: Callable[[_Item], _Made], items: Iterator[_Item], threads: int
) -> Iterator[_Made]:
    """Results in the order of the items, some worked on at once, few ahead."""
    if threads <= 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: list[Any] = []
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > threads:
                yield waiting.pop(0).result()
        for one in waiting:
            yield one.result()
