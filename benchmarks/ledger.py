"""Durable appends a second over HTTP, one by one from 64 clients and in batches of 1,000.

Load generator (wrk with a Lua script), HTTP server, sequencer and SQLite (WAL, synchronous=FULL)
share this machine. Each append carries an idempotency key of its own and is answered with a receipt
after the commit. The reference is the naive way in the same folder: one SQLite row per transaction
with synchronous=FULL, on one connection, without HTTP, hashes or signatures.

    python -m benchmarks.ledger [gm|c2sp]      default: both, gm last
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
from dataclasses import dataclass
from pathlib import Path

import apsw

from benchmarks._harness import report
from openrhip.ledger.adapters.sqlite import SqliteStore
from openrhip.ledger.audit import audit
from openrhip.ledger.home import Home

CLIENTS = 64
RUNS = 3
SECONDS = 4
BAR_SINGLE = 3_000
BAR_P99_MS = 50
BAR_BATCH = 50_000
BATCH = 1_000
SCRIPT = Path(__file__).with_name("ledger_append.lua")


@dataclass(frozen=True, slots=True)
class Run:
    """rate: entries acknowledged a second; latencies in ms; cpu: of the server, in cores."""

    rate: float
    p50: float
    p99: float
    cpu: float
    group: float


class Bench:
    """One ledger process over a fresh home folder."""

    def __init__(self, folder: Path, profile: str) -> None:
        self.home = Home.of(folder)
        self.home.init(origin="ledger.example/bench", profile=profile)
        code = "from openrhip.site.cli import main; main()"
        arguments = ["ledger", "serve", "--listen", "127.0.0.1:0", "--json"]
        self.child = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            env=os.environ | {"OPENRHIP_HOME": str(folder)},
            stdout=subprocess.PIPE,
        )
        assert self.child.stdout is not None
        self.url = json.loads(self.child.stdout.readline())["listening"]
        self.store = SqliteStore(folder / "ledger" / "log.sqlite3")
        self.seed = 0

    def run(self, *, clients: int, batch: int, seconds: float) -> Run:
        """One measured run; every acknowledged entry must be in the log afterwards."""
        self.seed += 1
        before, groups, cpu = self._size(), self._groups(), self._cpu()
        environment = {"TOKEN": self.home.token(), "SEED": str(self.seed), "BATCH": str(batch)}
        done = subprocess.run(
            ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "-s", str(SCRIPT), self.url],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            check=True,
        )
        figures = json.loads(done.stdout.splitlines()[-1])
        assert figures["errors"] == 0, figures
        time.sleep(0.2)
        grown = self._size() - before
        assert grown >= figures["requests"] * batch, (grown, figures)
        return Run(
            figures["requests"] * batch / figures["seconds"],
            figures["p50_ms"],
            figures["p99_ms"],
            (self._cpu() - cpu) / figures["seconds"],
            grown / max(1, self._groups() - groups),
        )

    def replay(self) -> float:
        """Entries a second of a full audit, which must hold."""
        self.store.open(write=False)
        result = audit(self.store, self.home.key())
        self.store.close()
        assert result.ok, result.findings
        return result.size / result.seconds

    def stop(self) -> None:
        self.child.terminate()
        self.child.wait(20)

    def _size(self) -> int:
        return self._ask("SELECT max(size) FROM checkpoint")

    def _groups(self) -> int:
        return self._ask("SELECT count(*) FROM checkpoint")

    def _ask(self, sql: str) -> int:
        db = apsw.Connection(str(self.store.path), flags=apsw.SQLITE_OPEN_READONLY)
        [[value]] = db.execute(sql)
        db.close()
        return int(value)

    def _cpu(self) -> float:
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def naive(folder: Path, seconds: float) -> float:
    """Rows a second, one durable transaction each."""
    db = apsw.Connection(str(folder / "naive.sqlite3"))
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        db.execute(f"PRAGMA {pragma}").fetchall()
    db.execute("CREATE TABLE IF NOT EXISTS entry (idx INTEGER PRIMARY KEY, body BLOB)")
    body, done, start = bytes(420), 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        db.execute("INSERT INTO entry (body) VALUES (?)", (body,))
        done += 1
    db.close()
    return done / spent


def _cpu_us(runs: list[Run]) -> float:
    """Processor time of the server for an entry: what other load on the machine hardly changes."""
    return round(statistics.median(1e6 * run.cpu / run.rate for run in runs), 1)


def measure(profile: str, folder: Path) -> dict[str, object]:
    """All figures of a profile, and its lines."""
    bench = Bench(folder, profile)
    try:
        bench.run(clients=CLIENTS, batch=1, seconds=2)
        naive(folder, 0.3)
        references, single, batches = [], [], []
        for _ in range(RUNS):
            references.append(naive(folder, 1))
            single.append(bench.run(clients=CLIENTS, batch=1, seconds=SECONDS))
            batches.append(bench.run(clients=4, batch=BATCH, seconds=SECONDS))
    finally:
        bench.stop()
    replay = bench.replay()
    reference = round(statistics.median(references))
    p99 = statistics.median(run.p99 for run in single)
    rate = statistics.median(run.rate for run in single)
    batch_rate = statistics.median(run.rate for run in batches)
    print(f"profile {profile}: full replay {replay:,.0f} entries/s")
    for name, runs in (("single", single), ("batch", batches)):
        cpu = statistics.median(run.cpu for run in runs)
        group = statistics.median(run.group for run in runs)
        print(f"  {name}: server uses {cpu:.2f} cores, {group:,.0f} entries a commit")
    batch_row = report(
        name="ledger-batch",
        runs=[run.rate for run in batches],
        unit="entries/s in batches of 1,000",
        reference=reference,
        bar=BAR_BATCH,
        profile=profile,
    )
    return report(
        name="ledger",
        runs=[run.rate for run in single],
        unit="acknowledged appends/s, 64 clients",
        reference=reference,
        bar=BAR_SINGLE,
        holds=rate >= BAR_SINGLE and p99 < BAR_P99_MS and batch_rate >= BAR_BATCH,
        profile=profile,
        p50_ms=round(statistics.median(run.p50 for run in single), 2),
        p99_ms=round(p99, 2),
        p99_bar_ms=BAR_P99_MS,
        batch_entries_per_second=batch_row["value"],
        batch_bar=BAR_BATCH,
        replay_entries_per_second=round(replay),
        server_cpu_us_per_append=_cpu_us(single),
        server_cpu_us_per_batched_entry=_cpu_us(batches),
        cores=os.cpu_count(),
    )


def main() -> None:
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: apt install wrk")
    for profile in sys.argv[1:] or ["c2sp", "gm"]:
        with tempfile.TemporaryDirectory(prefix="ledger-bench-") as folder:
            measure(profile, Path(folder))


if __name__ == "__main__":
    main()
