"""The rows of `validate_load` on clusters: Sail and Apache Spark, both from pip's packages alone.

`python -m benchmarks.spark_load [rows]`. Asks whether each cluster loads the same rows and puts the
same rows aside for the same rules as the embedded engine (hashes of the files they wrote), and
whether that is what was planted. The clusters stand on this machine: their figures tell what they
cost here, not how they scale.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import closing
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from benchmarks._harness import report
from benchmarks._visits import ORGS, generate, table, truth_of
from openrhip.collect.adapters.spark import SparkEngine
from openrhip.collect.engine.duckdb_engine import DuckDbEngine
from openrhip.collect.engine.sealing import Sealer
from openrhip.collect.ports import Engine
from openrhip.collect.rules.jobs import CheckJob, CheckResult, InputFile, Known
from tools.spark_servers import sail_cluster, spark_cluster

ROWS = 5_000_000
RUNS = 3
DATA = Path(tempfile.gettempdir()) / "openrhip-benchmarks"


def job(source: Path, out: Path) -> CheckJob:
    """The month's visits as one batch."""
    found, catalogue = table()
    reference = f"{found.code}.org_code.reference"
    known = pa.table({"org_code": ORGS})
    return CheckJob(
        catalogue=catalogue,
        table=found,
        files=(InputFile(source, source.name),),
        unit=ORGS[0],
        day=date(2020, 6, 1),
        batch="benchmark",
        out=out,
        today=date(2020, 7, 1),
        known=Known(references={reference: lambda _asked: known}),
        seal=Sealer(bytes(range(32))),
    )


def measured(engine: Engine, source: Path, runs: int) -> tuple[list[float], tuple[str, ...]]:
    """Seconds of each run after a warm-up on a part, and the hashes of what it wrote."""
    times, hashes = [], ()
    for _ in range(runs):
        with tempfile.TemporaryDirectory(dir=DATA) as folder:
            start = time.perf_counter()
            result = engine.check(job(source, Path(folder)))
            times.append(time.perf_counter() - start)
            hashes = hashed(result)
    return times, hashes


def hashed(result: CheckResult) -> tuple[str, ...]:
    """Rows loaded and put aside with their rules: count and hash, whatever the order."""
    assert result.quarantine is not None
    files = ([str(one.path) for one in result.good], [str(result.quarantine.path)])
    with closing(duckdb.connect()) as connection:
        found = [
            connection.execute(
                "SELECT count(*), bit_xor(hash(t)), sum(hash(t) % 1000003) FROM read_parquet(?) t",
                [paths],
            ).fetchone()
            for paths in files
        ]
    hits = tuple((hit.rule, hit.count) for hit in result.hits)
    return (*(" ".join(map(str, each or ())) for each in found), str(hits))


def planted(result: CheckResult, source: Path) -> bool:
    """Whether the rows put aside or marked are those that were damaged, each with all its rules."""
    assert result.quarantine is not None
    code = table()[0].code
    with closing(duckdb.connect()) as connection:
        rows = connection.execute(
            "SELECT _line, _rules FROM read_parquet(?) UNION ALL"
            " SELECT _line, _marks FROM read_parquet(?) WHERE _marks IS NOT NULL",
            [[str(result.quarantine.path)], [str(one.path) for one in result.good]],
        ).fetchall()
    told = {
        line: frozenset(rule.removeprefix(f"{code}.") for rule in rules.split(","))
        for line, rules in rows
    }
    return told == truth_of(source)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    source = generate(DATA, rows)
    with tempfile.TemporaryDirectory(dir=DATA) as folder:
        result = DuckDbEngine().check(job(source, Path(folder)))
        as_planted = planted(result, source)
        expected = hashed(result)
    speeds, same = {}, {}
    times, _ = measured(DuckDbEngine(), source, RUNS)
    speeds["duckdb"] = [rows / each for each in times]
    for name, cluster in (("sail", sail_cluster), ("spark", spark_cluster)):
        with cluster() as url, closing(SparkEngine(url)) as engine:
            warm = generate(DATA, min(rows, 50_000))
            measured(engine, warm, 1)
            times, hashes = measured(engine, source, RUNS)
        speeds[name] = [rows / each for each in times]
        same[name] = hashes == expected
        print(f"{name}: {min(times):.1f} to {max(times):.1f} s, the same: {same[name]}", flush=True)
    print(f"{rows:,} rows, {result.quarantined:,} put aside, as planted: {as_planted}")
    for name, runs in speeds.items():
        report(name=f"spark_load_{name}", runs=runs, unit="rows/s")
    median = sorted(speeds["duckdb"])[RUNS // 2]
    report(
        name="spark_load",
        runs=speeds["sail"],
        unit="rows/s",
        reference=median,
        rows=rows,
        as_planted=as_planted,
        same=same,
        agrees=as_planted and all(same.values()),
    )


if __name__ == "__main__":
    main()
