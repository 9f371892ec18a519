"""5 million visits, 22 rules, 1 % damaged in 18 ways: CSV in, Delta and quarantine out.

Beside it, each in a process of its own: Polars streaming with two sinks, pandera with the table in
memory (both without sealing and masking), and DuckDB loading without any rule. Every planted fault
has to be found with every rule it broke. `ROWS=1000000 RUNS=3` in the environment make it shorter.
At the end, the time of a small batch of a real table.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks import _visits
from benchmarks._harness import report
from openrhip.collect.catalogue import load
from openrhip.collect.engine.compiling import compile_rules
from openrhip.collect.engine.duckdb_engine import DuckDbEngine
from openrhip.collect.engine.sealing import Sealer
from openrhip.collect.rules.jobs import CheckJob, InputFile
from openrhip.collect.sampling import damage, sample, write

ROWS = int(os.environ.get("ROWS", "5000000"))
RUNS = max(3, int(os.environ.get("RUNS", "3")))
BAR, THEN, MEMORY = 550_000, 700_000, 2.5
SMALL_BAR = 46.0  # ms


def main() -> None:
    data = Path(os.environ.get("DATA", Path(tempfile.gettempdir()) / "openrhip-bench"))
    path = _visits.generate(data, ROWS)
    compiled = compile_rules(*_visits.table())
    print(
        f"{ROWS:,} rows, {path.stat().st_size / 1e6:,.0f} MB, {len(_visits.RULES)} rules"
        f" ({len(compiled.rules)} with those the catalogue's form implies)"
    )
    runs: dict[str, list[dict[str, Any]]] = {}
    measure("openrhip", _visits.generate(data, 100_000))  # warm-up: code and disk
    for turn in range(RUNS):
        order = ("openrhip", "polars", "without_rules")
        for who in order if turn else (*order, "unsealed", "pandera"):
            runs.setdefault(who, []).append(measure(who, path))
            told(who, runs[who][-1])
    small = small_batches()
    rate = {who: [ROWS / one["seconds"] for one in found] for who, found in runs.items()}
    memory = max(one["memory"] for one in runs["openrhip"])
    share = statistics.median(rate["openrhip"]) / statistics.median(rate["without_rules"])
    print(f"peak memory {memory:.2f} GB (bar {MEMORY}); {share:.2f} of loading without any rule")
    report(
        name="validate_load",
        runs=rate["openrhip"],
        unit="rows/s",
        reference=round(statistics.median(rate["polars"])),
        bar=BAR,
        then=THEN,
        processor_seconds=round(statistics.median(x["processor"] for x in runs["openrhip"]), 1),
        polars_processor_seconds=round(
            statistics.median(x["processor"] for x in runs["polars"]), 1
        ),
        memory_gb=round(memory, 2),
        pandera=round(rate["pandera"][0]),
        unsealed=round(rate["unsealed"][0]),
        of_loading_without_rules=round(share, 2),
        small_batch_ms=small,
    )


def measure(who: str, path: Path) -> dict[str, Any]:
    """One run in a process of its own; its answer is checked against what was planted."""
    folder = Path(tempfile.mkdtemp(prefix="validate-load-", dir=path.parent))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks._validate_peers", who, str(path), str(folder)],
            check=True,
            capture_output=True,
            text=True,
        )
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        if who in ("openrhip", "unsealed"):
            proven(found, path)
        elif who in ("polars", "pandera"):
            planted = len(_visits.truth_of(path))
            assert found["quarantined"] == planted, f"{who}: {found['quarantined']} of {planted}"
        return found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def proven(found: dict[str, Any], path: Path) -> None:
    """Every planted fault was found with every rule it broke, and nothing else."""
    truth = _visits.truth_of(path)
    kept = pq.read_table(found["faults"], columns=["_line", "_rules"])
    rules = {
        line: frozenset(one.removeprefix("BENCH_VISIT.") for one in told.split(","))
        for line, told in zip(kept["_line"].to_pylist(), kept["_rules"].to_pylist(), strict=True)
    }
    assert rules == truth, "the quarantine is not what was planted"
    assert found["received"] == found["loaded"] + found["quarantined"]


def told(who: str, found: dict[str, Any]) -> None:
    print(
        f"{who:14} {ROWS / found['seconds']:>9,.0f} rows/s  {found['seconds']:6.2f} s"
        f"  processor {found['processor']:6.2f} s  memory {found['memory']:.2f} GB"
        f"  loaded {found['loaded']:,}  quarantined {found['quarantined']:,}",
        flush=True,
    )


def small_batches(rows: int = 1650, runs: int = 21) -> float:
    """Median milliseconds to check a batch of a real table, alone and 25 of them together."""
    catalogue = load()
    table = catalogue.tables["OP_VISIT"]
    day = date(2020, 6, 1)
    made, _ = damage(table, catalogue, sample(table, catalogue, rows, day), count=16)
    engine, sealer = DuckDbEngine(), Sealer(bytes(range(32)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(made, folder / "batch.csv")

        def job(at: int) -> CheckJob:
            out = folder / f"out-{at}"
            out.mkdir()
            files = (InputFile(folder / "batch.csv", "batch.csv"),)
            return CheckJob(
                catalogue, table, files, "U1", day, f"B{at}", out, date(2020, 7, 1), seal=sealer
            )

        engine.check(job(0))
        alone = []
        for at in range(1, runs + 1):
            begun = time.perf_counter()
            engine.check(job(at))
            alone.append((time.perf_counter() - begun) * 1000)
        begun = time.perf_counter()
        engine.check_many([job(at) for at in range(100, 125)])
        together = (time.perf_counter() - begun) * 1000 / 25
    alone_ms = statistics.median(alone)
    print(
        f"a batch of {rows:,} rows × {len(table.columns)} columns,"
        f" {len(compile_rules(table, catalogue).rules)} rules: {alone_ms:.1f} ms alone,"
        f" {together:.1f} ms each of 25 together (bar {SMALL_BAR})"
    )
    return round(alone_ms, 1)


if __name__ == "__main__":
    main()
