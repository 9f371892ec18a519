"""`openrhip collect engine`: what checks batches, and whether it answers as it must (校验引擎)."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path

import click

from openrhip.collect.cli.common import JSON, columns, say
from openrhip.kernel import config
from openrhip.kernel.errors import NotVerified


@click.group()
def engine() -> None:
    """The engine that checks batches: compare it with the rules' cases (校验引擎)."""


@engine.command()
@click.option("--engine", "setting", help="duckdb or sc://host:port; else setting collect_engine.")
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="An existing folder that the cluster reaches under the same path; else the work folder "
    "in the home folder.",
)
@JSON
def check(setting: str | None, folder: Path | None, as_json: bool) -> None:
    """Ask the engine every case of every kind of rule, as Parquet and as CSV (一致性检查).

    The expected faults of each row were written by hand. Exit code 4: it answers otherwise.
    """
    from openrhip.collect.adapters import engines
    from openrhip.collect.engine import conformance

    asked = engines.engine_at(setting) if setting else engines.chosen()
    if folder is None:
        folder = config.current().home / "collect" / "work"
        folder.mkdir(parents=True, exist_ok=True)
    counts: dict[str, list[int]] = {}
    differences: list[conformance.Difference] = []
    with tempfile.TemporaryDirectory(prefix="engine-check-", dir=folder) as own:
        for case, found in conformance.run(asked, Path(own)):
            kept = counts.setdefault(case.kind, [0, 0])
            kept[0] += len(case.rows)
            kept[1] += len(found)
            differences += found
    rows = sum(asked_rows for asked_rows, _ in counts.values())
    if as_json:
        told = [asdict(one) for one in differences]
        say({"engine": asked.name, "rows": rows, "agrees": not differences, "differences": told})
    else:
        columns(
            (kind, f"{kept} rows", f"{wrong} otherwise" if wrong else "agrees")
            for kind, (kept, wrong) in counts.items()
        )
        for one in differences:
            wrong = f"missed {', '.join(one.missed) or '-'}; added {', '.join(one.invented) or '-'}"
            click.echo(f"{one.case}, row {one.line}: {wrong}")
    if differences:
        raise NotVerified(
            f"the engine answers otherwise in {len(differences)} of {rows} rows",
            where=setting or config.current()["collect_engine"],
            remedy="do not load with it; compare its version with docs/spark.md",
        )
    if not as_json:
        click.echo(f"{asked.name} answers as it must in {rows} rows")
