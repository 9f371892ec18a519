"""The golden month (金标准月): November 2020 as printed, scaled down, sent, loaded, printed anew.

Every unit's batches of the month are made up so that they add up to its printed line, arrive on as
many days, and come in through the same door as real ones. Then both tables of the bulletin are
printed from what was received and compared with the scaled figures, cell by cell.

OPENRHIP_BENCH_SCALE: share of the real month, 0.01 unless said otherwise (1.9 million rows).
OPENRHIP_BENCH_UNITS: names of the units that send, all unless said otherwise.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import _units

SCALE = float(os.environ.get("OPENRHIP_BENCH_SCALE", "0.01"))
ONLY = os.environ.get("OPENRHIP_BENCH_UNITS", "").split()
MONTH = "2020-11"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Cells that differ (unit, column, wanted, printed), oddities by code, and how long it took."""

    differing: list[tuple[str, str, Any, Any]]
    oddities: dict[str, set[str]]
    batches: int
    rows: int
    seconds: float


def expected(scale: float, names: Container[str]) -> dict[str, list[Any]]:
    """The lines of these units that must be printed, by name."""
    found = {}
    for key in ("districts", "hospitals"):
        for row in _units.golden()["collection"][key]["rows"]:
            name, declared, owed, uploaded, rows, days, *rest = row
            counts = [round(value * scale) for value in rest]
            if name in names:
                found[name] = [name, declared, owed, uploaded, round(rows * scale), days, *counts]
    return found


def play(
    signers: Mapping[str, Any], units: Sequence[Any], scale: float, *, say: Any = print
) -> Outcome:
    """Send these units' month and print its tables."""
    from openrhip.collect import service as collect
    from openrhip.collect.catalogue import load
    from openrhip.collect.sampling import people
    from openrhip.collect.service import State
    from openrhip.kernel.periods import Month
    from openrhip.site.demo import month, sending

    catalogue = load()
    lines = [month.scaled(line, scale) for line in units]
    most = max(max(line.persons.values(), default=0) for line in lines)
    pool = people(max(20_000, 2 * most))
    for line in lines:
        if (codes := month.declared(line, catalogue)) is not None:
            collect.declare(unit=line.code, tables=codes, by="golden")
    planned = [one for line in lines for one in month.plan(line, Month.parse(MONTH), catalogue)]
    planned.sort(key=lambda one: (one.arrives, one.table, one.unit))
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        sender = sending.Sender(catalogue, signers, lambda _: pool, Path(folder))
        day = None
        for at, one in enumerate(planned):
            if day not in (None, one.arrives):
                collect.process_due(limit=10_000)
                spent = time.perf_counter() - begun
                say(f"{day}: {at:,} of {len(planned):,} batches, {spent:.0f} s")
            day = one.arrives
            sender.send(one)
        while collect.process_due(limit=10_000):
            pass
    for state in (State.REFUSED, State.RECEIVED, State.CHECKING):
        for batch in collect.batches(state=state)[:3]:
            say(f"{batch.table} of {batch.unit}: {batch.state}, {batch.problem}, {batch.hits[:3]}")
    seconds = time.perf_counter() - begun
    return _printed(scale, [line.name for line in lines], len(planned), seconds)


def _printed(scale: float, names: Container[str], batches: int, seconds: float) -> Outcome:
    from openrhip.collect.figures import figures
    from openrhip.kernel.periods import Month

    found = figures(Month.parse(MONTH))
    wanted, differing = expected(scale, names), []
    for table in (found.districts, found.hospitals):
        for row in table.rows:
            if row[0] not in wanted:
                continue
            differing += [
                (str(row[0]), column, want, value)
                for column, want, value in zip(
                    table.columns, wanted.pop(str(row[0])), row, strict=True
                )
                if want != value
            ]
    differing += [(name, "接入单位", name, None) for name in wanted]
    oddities: dict[str, set[str]] = {}
    for one in found.oddities:
        oddities.setdefault(one.code, set()).add(one.name)
    return Outcome(differing, oddities, batches, found.rows, seconds)


def main() -> None:
    from benchmarks import _harness

    with _units.centre() as centre:
        units = [line for line in centre.lines if not ONLY or line.name in ONLY]
        outcome = play(centre.signers, units, SCALE)
    for row in outcome.differing[:40]:
        print("differs:", *row)
    for code, names in sorted(outcome.oddities.items()):
        print(f"{code}: {len(names)} units: {', '.join(sorted(names)[:6])}")
    print(f"{outcome.rows:,} rows in {outcome.batches:,} batches, {outcome.seconds:.0f} s")
    _harness.line(
        name="golden_month",
        value=len(outcome.differing),
        unit="cells that differ",
        reference="bulletin of December 2020",
        ratio=None,
        bar=0,
        holds=not outcome.differing,
        rows=outcome.rows,
        batches=outcome.batches,
        seconds=round(outcome.seconds),
        oddities={code: sorted(names) for code, names in sorted(outcome.oddities.items())},
    )
    sys.exit(bool(outcome.differing))


if __name__ == "__main__":
    main()
