"""Reading a batch (读入批次): its files through their doors, lines counted, double keys found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from openrhip.collect.engine import keys
from openrhip.collect.engine.chunks import Chunk
from openrhip.collect.engine.csv_door import MOST_SHAPES, CsvFile, too_many_shapes
from openrhip.collect.engine.holding import Held
from openrhip.collect.engine.parquet_door import ParquetFile
from openrhip.collect.engine.sessions import Sessions
from openrhip.collect.rules.jobs import CheckJob, InputFile
from openrhip.kernel.errors import Malformed, TooLarge

LARGE = 32 << 20  # bytes of a file that several threads read
_Item = TypeVar("_Item")
_Made = TypeVar("_Made")


def chunks_of(job: CheckJob) -> Iterator[Chunk]:
    """All chunks of a batch in order, their lines counted. Raises Malformed or TooLarge."""
    line, shapes = 1, 0
    for file in job.files:
        for chunk in _chunks(file, job):
            chunk.first = line
            line += chunk.count
            shapes += len(chunk.shapes)
            if shapes > MOST_SHAPES:
                raise too_many_shapes(file.name)
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
    threads = job.limits.threads if file.path.stat().st_size > LARGE else 1
    yield from in_order(source.parse, source.blocks(), threads)


def find_double(job: CheckJob, held: Held) -> None:
    """Marks the rows whose key comes more than once in the batch: by hashes, then exactly."""
    columns = job.table.key
    chunks = held.chunks
    if not columns or not chunks:
        return
    if len(chunks) == 1:
        raw = held.rows(0)
        chunks[0].own["double"] = keys.double([raw[name] for name in columns])
        return
    hashes = [(chunk.own["hashes"], chunk.own["keyed"]) for chunk in chunks]
    suspects = keys.repeated(np.concatenate([found for found, _ in hashes]))
    places, parts = [], []
    for at, (chunk, (found, rows)) in enumerate(zip(chunks, hashes, strict=True)):
        own = rows[keys.held_by(suspects, found)]
        places.append(own)
        if len(own):
            parts.append(held.rows(at).select(list(columns)).take(pa.array(own)))
        chunk.own["double"] = np.zeros(held.sizes[at], bool)
    if not parts:
        return
    table = pa.concat_tables(parts)
    double = keys.double([table[name] for name in columns])
    start = 0
    for chunk, own in zip(chunks, places, strict=True):
        chunk.own["double"][own[double[start : start + len(own)]]] = True
        start += len(own)


def hold(job: CheckJob, held: Held, sessions: Sessions) -> None:
    """Reads a whole batch. Raises Malformed or TooLarge."""
    with sessions.cursor(job.limits) as cursor:
        for chunk in chunks_of(job):
            held.add(chunk)
            if not job.table.key or len(held.chunks) == 1:
                continue
            for at in (0, 1) if len(held.chunks) == 2 else (len(held.chunks) - 1,):
                own = held.chunks[at].own
                own["hashes"], own["keyed"] = cursor.hashes(held.rows(at), job.table.key)


def in_order(
    work: Callable[[_Item], _Made], items: Iterator[_Item], threads: int
) -> Iterator[_Made]:
    """Results in the order of the items, some worked on at once, few ahead."""
    if threads <= 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: list[Any] = []
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > threads:
                    yield waiting.pop(0).result()
            for one in waiting:
                yield one.result()
        finally:
            for one in waiting:
                one.cancel()
