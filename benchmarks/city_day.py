"""A city's day (全市一天): 3,623 batches, 6,000,000 rows of 37 units, 9,000,000 persons known.

12 districts send their 129 tables, 25 hospitals their 83; one row in a hundred is at fault. Timed
from the first batch handed in until everything is checked, loaded durably, entered in the ledger
and counted: one process receives, as a web worker does, two check and load.

Afterwards single batches of 1,656 rows are timed one by one: check, and replacing in the tables.
OPENRHIP_BENCH_SHARE: a share of the rows and persons, for a quick look.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import count, product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import _units

SHARE = float(os.environ.get("OPENRHIP_BENCH_SHARE", "1"))
ROWS, PERSONS = round(6_000_000 * SHARE), round(9_000_000 * SHARE)
DAY = date(2020, 11, 10)
AT = datetime(2020, 11, 10, 22, tzinfo=UTC)  # six in the morning of the next day in the city
AT_FAULT = 0.01
SINGLE = 1_656
BAR_SECONDS, BAR_CHECK, BAR_REPLACE, BAR_MEMORY = 180, 46, 60, 3_000


def sizes(batches: int) -> list[int]:
    """Rows of each batch: a few large tables, many small ones, exactly ROWS in all."""
    weights = np.random.default_rng(4).lognormal(0, 1.2, batches)
    marks = np.rint(np.cumsum(weights) / weights.sum() * ROWS).astype(int)
    return np.diff(marks, prepend=0).tolist()


def sendings(catalogue: Any, lines: Any) -> Iterator[tuple[str, Any]]:
    """(unit, table) of the day, in the order in which units export: unit by unit."""
    for line in lines:
        for table in catalogue.owed(line.owner):
            yield line.code, table


def prepare(centre: _units.Centre, folder: Path) -> list[tuple[bytes, Path]]:
    """The day's files and signed manifests."""
    from openrhip.agent import manifest as manifests
    from openrhip.collect.catalogue import load

    planned = list(sendings(load(), centre.lines))
    asked = [
        (unit, table.code, rows, DAY, folder / f"{at}.csv")
        for at, ((unit, table), rows) in enumerate(zip(planned, sizes(len(planned)), strict=True))
    ]
    made = []
    with ProcessPoolExecutor(2) as makers:
        for (unit, code, _, _, path), (day, file) in zip(
            asked, makers.map(make_file, asked, chunksize=20), strict=True
        ):
            found = manifests.build(unit=unit, table=code, day=day, files=[file], sent_at=AT)
            made.append((manifests.sign(found, centre.signers[unit]).encode(), path))
    return made


def make_file(asked: tuple[str, str, int, date, Path]) -> tuple[date, Any]:
    """A batch's day, and what its manifest says of the file that was made."""
    import pyarrow.csv as arrow_csv

    from openrhip.agent.describing import describe
    from openrhip.collect.catalogue import load
    from openrhip.collect.rules.tables import Period
    from openrhip.collect.sampling import people, sample
    from openrhip.collect.sampling.damaging import damage

    unit, code, rows, day, path = asked
    catalogue = load()
    table = catalogue.tables[code]
    if table.period is Period.MONTH:
        day = day.replace(day=1)
    found = sample(table, catalogue, rows, day, unit, 1, people(200_000))
    if spoil := round(found.num_rows * AT_FAULT):
        found = damage(table, catalogue, found, count=spoil, seed=rows)[0]
    arrow_csv.write_csv(found, path)
    return day, describe(path)


def register_persons(centre: _units.Centre) -> None:
    """Nine million persons with a basic record, loaded a month before."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from openrhip.collect.catalogue import load
    from openrhip.collect.lake import layout, open_lake
    from openrhip.collect.rules.jobs import Part, Written

    table, day = load().tables["HR_PERSON"], DAY - timedelta(days=40)
    schema, parts = layout.schema_of(table), []
    districts = [line.code for line in centre.lines if line.code.startswith("QX")]
    each = PERSONS // len(districts)
    for at, unit in enumerate(districts):
        number = np.arange(at * each, (at + 1) * each)
        batch = f"{at:032x}"
        given = {
            table.key[0]: pa.array(np.char.mod("P%012d", number)),
            "amend_flag": pa.repeat("1", each),
            "_unit": pa.repeat(unit, each),
            "_day": pa.repeat(pa.scalar(day, pa.date32()), each),
            "_batch": pa.repeat(batch, each),
            "_line": pa.array(number - at * each + 1),
        }
        columns = [
            given[field.name].cast(field.type)
            if field.name in given
            else pa.nulls(each, field.type)
            for field in schema
        ]
        path = centre.home / f"persons-{at}.parquet"
        pq.write_table(pa.table(columns, schema=schema), path)
        parts.append(
            Part("HR_PERSON", unit, day, batch, (Written(path, each, path.stat().st_size),))
        )
    lake = open_lake()
    lake.replace(parts, table=table)
    nobody = pa.table({table.key[0]: ["P000000000000", "nobody"]})
    found = lake.known_keys(table=table, key=table.key, unit=None, asked=nobody)
    assert found.num_rows == 1


def run(batches: list[tuple[bytes, Path]], home: Path) -> tuple[float, float, int]:
    """Seconds until all are loaded, of these until all were received, and peak memory in MB."""
    from openrhip.collect import service as collect

    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "openrhip", "serve", "--home", str(home), "--only", "collect"],
            env={**os.environ, "OPENRHIP_HOME": str(home)},
        )
        for _ in range(2)
    ]
    peak, stop = [0], threading.Event()
    watch = threading.Thread(
        target=_watch, args=([os.getpid(), *(w.pid for w in workers)], peak, stop)
    )
    time.sleep(4)  # the workers are up, as they are when the day begins
    watch.start()
    try:
        begun = time.perf_counter()
        for envelope, path in batches:
            collect.receive(
                envelope=envelope, open_file={path.name: path}, via="drill", received_at=AT
            )
        received = time.perf_counter() - begun
        while collect.waiting().batches:
            time.sleep(0.2)
        return time.perf_counter() - begun, received, peak[0]
    finally:
        stop.set()
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait()


def _watch(pids: list[int], peak: list[int], stop: threading.Event) -> None:
    """The largest sum of what the processes hold for themselves (USS would need more rights)."""
    while not stop.wait(0.5):
        peak[0] = max(peak[0], sum(map(_resident, pids)))


def _resident(pid: int) -> int:
    """Anonymous memory of a process, MB: mapped indexes are the page cache's and counted once."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("RssAnon")), 0)


def singles(centre: _units.Centre, folder: Path) -> tuple[list[float], list[float]]:
    """Milliseconds of check and of replacing, batch by batch, in one process.

    Three units a table; the first of them compiles its rules, which a worker does once, and is
    left out.
    """
    from openrhip.agent import manifest as manifests
    from openrhip.collect import service as collect
    from openrhip.collect.catalogue import load
    from openrhip.collect.rules.tables import Owner
    from openrhip.collect.service import doors

    engine, lake = _Timed(doors.engine(), "check", "check_many"), _Timed(doors.lake(), "replace")
    at = AT + timedelta(days=1)
    with doors.using(engine=engine, lake=lake):
        tables = [table for table in load().owed(Owner.HOSPITAL) if Owner.DISTRICT in table.owed_by]
        units = [line.code for line in centre.lines[:3]]
        for number, (table, unit) in enumerate(product(tables[::2], units)):
            path = folder / f"single-{number}.csv"
            day, file = make_file((unit, table.code, SINGLE, DAY + timedelta(days=1), path))
            made = manifests.build(unit=unit, table=table.code, day=day, files=[file], sent_at=at)
            state = collect.receive(
                envelope=manifests.sign(made, centre.signers[unit]).encode(),
                open_file={path.name: path},
                via="drill",
                received_at=at,
            )
            collect.process(batch_id=state.id)
    checks = [taken for at, taken in enumerate(engine.taken) if at % len(units)]
    return checks, lake.taken


class _Timed:
    """An object whose verbs are timed, in milliseconds."""

    def __init__(self, inner: Any, *verbs: str) -> None:
        self._inner, self._verbs = inner, verbs
        self.taken: list[float] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._verbs:
            return found

        def timed(*given: Any, **named: Any) -> Any:
            begun = time.perf_counter()
            try:
                return found(*given, **named)
            finally:
                self.taken.append((time.perf_counter() - begun) * 1e3)

        return timed


def main() -> None:
    from benchmarks import _harness

    with _units.centre() as centre:
        folder = centre.home / "outside"
        folder.mkdir()
        begun = time.perf_counter()
        register_persons(centre)
        batches = prepare(centre, folder)
        size = sum(path.stat().st_size for _, path in batches)
        print(
            f"{len(batches):,} batches, {size / 1e6:,.0f} MB of CSV made in"
            f" {time.perf_counter() - begun:,.0f} s",
            flush=True,
        )
        seconds, received, memory = run(batches, centre.home)
        facts = _counted()
        print(json.dumps(facts))
        checks, replaces = singles(centre, folder)
    print(f"all loaded after {seconds:.0f} s, all received after {received:.0f} s, {memory} MB")
    check, replace = statistics.median(checks), statistics.median(replaces)
    print(f"single batches of {SINGLE} rows: check {check:.0f} ms, replace {replace:.0f} ms")
    holds = (
        seconds <= BAR_SECONDS * SHARE
        and memory < BAR_MEMORY
        and check <= BAR_CHECK
        and replace <= BAR_REPLACE
    )
    _harness.line(
        name="city_day",
        value=round(seconds, 1),
        unit="seconds",
        reference="bar of three minutes",
        ratio=round(seconds / BAR_SECONDS, 3),
        bar=BAR_SECONDS,
        holds=holds,
        received_after=round(received, 1),
        megabytes=memory,
        check_ms=round(check, 1),
        replace_ms=round(replace, 1),
        **facts,
    )


def _counted() -> dict[str, int]:
    """What the centre says of the day; nothing may be lost."""
    from openrhip.collect import service as collect
    from openrhip.collect.service import State

    found = {"batches": 0, "rows": 0, "loaded": 0, "quarantined": 0, "refused": 0}
    for page in count(1):
        listed = collect.batches(page=page)
        if not listed:
            break
        for one in listed:
            found["batches"] += 1
            found["rows"] += one.received
            found["loaded"] += one.loaded
            found["quarantined"] += one.quarantined
            found["refused"] += one.state is State.REFUSED
    assert found["refused"] or found["rows"] == found["loaded"] + found["quarantined"]
    return found


if __name__ == "__main__":
    main()
