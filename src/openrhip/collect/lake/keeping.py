"""Merging closed months and clearing away (合并与清理). What readers or the history need stays."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow.parquet as pq

from openrhip.collect.lake import layout, reading
from openrhip.collect.lake.locks import held
from openrhip.collect.lake.log import Entry, Log
from openrhip.kernel import ids
from openrhip.kernel.files import make_folder, sync_folder, write_durably

if TYPE_CHECKING:
    from openrhip.collect.lake.delta import DeltaLake

_DAY = 86_400.0
_ORPHAN = ".part-"


def compact(lake: DeltaLake, table: str, *, before: date) -> int:
    """One file for each unit and month that ended before; rows by day and line."""
    log = lake.log(table)
    gone = 0
    for group in _groups(log.entries(until=before), before):
        merged = _merge(log, group)
        with held(log.lock):
            schema = log.schema()
            standing = set(log.files()["path"].to_pylist())
            if schema is None or not standing.issuperset(entry.path for entry in group):
                # One of them was replaced in the meantime; the next night takes them up again.
                _discard(log, merged)
                continue
            _note(log, merged, group)
            log.commit(add=merged, remove=group, schema=schema, changed=False)
        gone += len(group)
    return gone


def vacuum(lake: DeltaLake, table: str, *, keep_days: int, grace_days: int) -> int:
    """Remove what was replaced before `keep_days`, and small files of merged months after a grace.

    Files of the newest hours are never touched: a commit may be on its way.
    """
    gone = 0
    for log in (lake.log(table), lake.fault_log(table)):
        if not log.folder.is_dir():
            continue
        with held(log.lock):
            log.clear()
            standing = set(log.files()["path"].to_pylist())
            gone += _clear(log, standing, keep_days=keep_days, grace_days=grace_days)
    return gone


def without(log: Log, entry: Entry, unit: str, day: date) -> list[Entry]:
    """A merged file without a day of a unit; the day's rows go to a file of their own history."""
    source = log.folder / entry.path
    chosen = f"_unit = {reading.literal(unit)} AND _day = DATE '{day}'"
    batch = reading.batch_in([source], day)
    if batch is not None:
        history = log.folder / f"{layout.month(day)}/{batch}-0.parquet"
        if not history.exists():
            _copy([source], history, where=chosen)
        layout.touch(history)
    rest = log.folder / f"{layout.month(entry.least)}/m-{ids.new_id()}.parquet"
    _copy([source], rest, where=f"NOT ({chosen})")
    return list(_entries(log, [rest], entry.unit))


def _groups(entries: Iterable[Entry], before: date) -> Iterator[list[Entry]]:
    """Files of one unit and month, if there is more than one."""

    def cell(entry: Entry) -> tuple[str, str]:
        return entry.unit, layout.month(entry.least)

    closed = (
        entry
        for entry in entries
        if entry.most < before and layout.month(entry.least) == layout.month(entry.most)
    )
    for _, group in groupby(sorted(closed, key=cell), key=cell):
        files = list(group)
        if len(files) > 1:
            yield files


def _merge(log: Log, group: Sequence[Entry]) -> list[Entry]:
    full = [log.folder / entry.path for entry in group if entry.rows]
    if not full:
        # A month of empty batches: one of the files says so as well as all of them.
        return [group[-1]]
    target = log.folder / f"{layout.month(group[0].least)}/m-{ids.new_id()}.parquet"
    _copy(full, target)
    return list(_entries(log, [target], group[0].unit))


def _copy(sources: Sequence[Path], target: Path, *, where: str = "TRUE") -> None:
    """Rows of some files into a new one, by unit, day and line; durable on return."""
    make_folder(target.parent)
    part = target.with_name(f"{_ORPHAN}{target.name}")
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as connection:
        connection.execute(
            f"COPY (SELECT * FROM {reading.files_sql(sources)} WHERE {where} "  # noqa: S608
            f"ORDER BY _unit, _day, _line) TO {reading.literal(str(part))} "
            "(FORMAT PARQUET, COMPRESSION zstd, COMPRESSION_LEVEL 9)"
        )
    handle = os.open(part, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    part.replace(target)
    sync_folder(target.parent)


def _entries(log: Log, paths: Iterable[Path], unit: str) -> Iterator[Entry]:
    """Merged files as the log is told of them."""
    for path in paths:
        found = pq.read_table(path, columns=["_day", "_batch"])
        if not found.num_rows:
            continue
        days, batches = found["_day"].unique().to_pylist(), found["_batch"].unique().to_pylist()
        yield Entry(
            path=str(path.relative_to(log.folder)),
            size=path.stat().st_size,
            rows=found.num_rows,
            unit=unit,
            least=min(days),
            most=max(days),
            batch=batches[0] if len(batches) == 1 else "",
            amends=layout.amends_in(path),
        )


def _note(log: Log, merged: Sequence[Entry], group: Sequence[Entry]) -> None:
    """Beside a merged file: whose rows it holds. Their own files are no history and may go."""
    for entry in merged:
        names = [old.path for old in group if old.path != entry.path]
        write_durably((log.folder / entry.path).with_suffix(".json"), json.dumps(names).encode())


def _discard(log: Log, merged: Sequence[Entry]) -> None:
    for entry in merged:
        if "/m-" in entry.path:
            (log.folder / entry.path).unlink(missing_ok=True)


def _clear(log: Log, standing: set[str], *, keep_days: int, grace_days: int) -> int:
    now, gone = time.time(), 0
    merged = set(_merged(log, standing))
    for path in log.folder.glob("[0-9]*/*"):
        name = str(path.relative_to(log.folder))
        if name in standing or f"{name.removesuffix('.json')}.parquet" in standing:
            continue
        replaced = name in merged or "/m-" in name or path.name.startswith(_ORPHAN)
        days = grace_days if replaced else keep_days
        if now - path.stat().st_mtime > days * _DAY:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def _merged(log: Log, standing: set[str]) -> Iterator[Any]:
    for path in log.folder.glob("[0-9]*/*.json"):
        if str(path.relative_to(log.folder).with_suffix(".parquet")) in standing:
            yield from json.loads(path.read_bytes())
