"""The embedded engine (嵌入式校验引擎): looks at columns, DuckDB's SQL for the rows they leave.

A batch goes through in chunks: read at the door, looked at as whole columns, judged by SQL where a
look leaves doubt, split into loaded rows and quarantine. Double keys are found over all chunks
before the first is judged. Memory is that of some chunks, and of what waits within the limit.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from openrhip.collect.engine.chunks import Chunk
from openrhip.collect.engine.compiling import compile_rules
from openrhip.collect.engine.holding import Held, bytes_of
from openrhip.collect.engine.judging import Judge, Judged, days_of
from openrhip.collect.engine.looking_up import Lookups
from openrhip.collect.engine.reading import chunks_of, find_double, hold, in_order
from openrhip.collect.engine.sessions import Sessions
from openrhip.collect.engine.splitting import Splitter
from openrhip.collect.ports import Engine
from openrhip.collect.rules.jobs import CheckJob, CheckResult
from openrhip.kernel.errors import Problem

SMALL_BATCH = 8 << 20  # bytes of files of a batch that is checked together with others

__all__ = ["DuckDbEngine", "chunks_of"]


class DuckDbEngine(Engine):
    """Checks batches within this process; it may be used from several threads."""

    name = "duckdb"

    def __init__(self) -> None:
        self._sessions = Sessions()

    def check(self, job: CheckJob) -> CheckResult:
        """Checks one batch and writes its files. Raises Malformed or TooLarge: refused whole."""
        started = time.perf_counter()
        held = self._read(job)
        try:
            return self._checked(job, held, started)
        finally:
            held.close()

    def check_many(self, jobs: Sequence[CheckJob]) -> list[CheckResult | Problem]:
        """Checks batches of one table, small ones together: what is asked of a batch costs the same
        for many rows as for few. A batch that is refused whole answers its problem.
        """
        answers: dict[int, CheckResult | Problem] = {}
        for group in _groups(jobs):
            if len(group) == 1:
                answers[group[0]] = self._or_problem(jobs[group[0]])
            else:
                answers |= self._together(jobs, group)
        return [answers[at] for at in range(len(jobs))]

    def _read(self, job: CheckJob) -> Held:
        held = Held(job.out, bytes_of(job.limits.memory) // 2)
        try:
            hold(job, held, self._sessions)
            find_double(job, held)
        except BaseException:
            held.close()
            raise
        return held

    def _judge(self, job: CheckJob) -> Judge:
        compiled = compile_rules(job.table, job.catalogue)
        return Judge(compiled, job.catalogue, days_of(job), job.limits, self._sessions)

    def _checked(self, job: CheckJob, held: Held, started: float) -> CheckResult:
        judge = self._judge(job)
        splitter = Splitter(job, judge.compiled)
        lookups = Lookups(job, judge.compiled)

        def through(chunk: Chunk) -> None:
            judged = judge.judge(chunk.raw)
            lookups.mark(chunk, judged)
            splitter.take(chunk, judged)

        threads = job.limits.threads if len(held.chunks) > 1 else 1
        for _ in in_order(through, iter(held), threads):
            pass
        return replace(splitter.result(), engine=self.name, seconds=time.perf_counter() - started)

    def _together(
        self, jobs: Sequence[CheckJob], group: Sequence[int]
    ) -> dict[int, CheckResult | Problem]:
        """Judges several batches as one chunk, then splits each on its own."""
        answers: dict[int, CheckResult | Problem] = {}
        read: list[tuple[int, Chunk, float]] = []
        for at in group:
            started = time.perf_counter()
            try:
                with_rows = list(self._read(jobs[at]))
            except Problem as problem:
                answers[at] = problem
                continue
            chunk = _one(with_rows, jobs[at])
            read.append((at, chunk, time.perf_counter() - started))
        if not read:
            return answers
        started = time.perf_counter()
        judge = self._judge(jobs[group[0]])
        judged, refused = self._judged(judge, read, jobs)
        answers |= refused
        share = (time.perf_counter() - started) / len(read)

        def finish(item: tuple[int, Chunk, float, Judged]) -> tuple[int, CheckResult | Problem]:
            at, chunk, spent, own = item
            begun = time.perf_counter()
            try:
                splitter = Splitter(jobs[at], judge.compiled)
                Lookups(jobs[at], judge.compiled, lock).mark(chunk, own)
                splitter.take(chunk, own)
                seconds = spent + share + time.perf_counter() - begun
                return at, replace(splitter.result(), engine=self.name, seconds=seconds)
            except Problem as problem:
                return at, problem

        lock = threading.Lock()
        answers |= dict(in_order(finish, iter(judged), jobs[group[0]].limits.threads))
        return answers

    def _judged(
        self, judge: Judge, read: list[tuple[int, Chunk, float]], jobs: Sequence[CheckJob]
    ) -> tuple[list[tuple[int, Chunk, float, Judged]], dict[int, CheckResult | Problem]]:
        try:
            whole = judge.judge(pa.concat_tables([chunk.raw for _, chunk, _ in read]))
        except Problem:
            # one of them has a field over the bound: each on its own, so that only that is refused
            return [], {at: self._or_problem(jobs[at]) for at, _, _ in read}
        found = []
        start = 0
        for at, chunk, spent in read:
            count = chunk.raw.num_rows
            found.append((at, chunk, spent, whole.slice(start, count)))
            start += count
        return found, {}


def _one(chunks: Sequence[Chunk], job: CheckJob) -> Chunk:
    """A small batch's chunks as one."""
    if len(chunks) == 1:
        return chunks[0]
    if not chunks:
        names = [column.name for column in job.table.columns]
        return Chunk(pa.table([pa.array([], pa.string())] * len(names), names=names))
    shapes = tuple(
        replace(shape, row=shape.row + chunk.first - 1)
        for chunk in chunks
        for shape in chunk.shapes
    )
    whole = Chunk(pa.concat_tables([chunk.raw for chunk in chunks]), shapes)
    if job.table.key:
        whole.own["double"] = np.concatenate([chunk.own["double"] for chunk in chunks])
    return whole


def _groups(jobs: Sequence[CheckJob]) -> Iterator[list[int]]:
    """Small batches with the same days and limits together, others alone."""
    waiting: dict[object, list[int]] = {}
    sizes: dict[object, int] = {}
    for at, job in enumerate(jobs):
        size = sum(file.path.stat().st_size for file in job.files if file.path.exists())
        if size > SMALL_BATCH:
            yield [at]
            continue
        alike = (job.table.code, job.catalogue.digest, id(job.table), days_of(job), job.limits)
        waiting.setdefault(alike, []).append(at)
        sizes[alike] = sizes.get(alike, 0) + size
        if sizes[alike] > 2 * SMALL_BATCH:
            yield waiting.pop(alike)
            sizes.pop(alike)
    yield from waiting.values()
