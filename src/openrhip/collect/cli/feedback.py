"""`openrhip collect report | faults`: what a unit gets back (批次报告、问题清单)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from openrhip.collect.cli.common import JSON, columns, say, start


@click.command()
@click.argument("batch")
@click.option("--csv", "as_csv", is_flag=True, help="The report as CSV, for a spreadsheet.")
@click.option("--rows", is_flag=True, help="All rows at fault as CSV, with line numbers.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Into FILE.")
@JSON
def report(batch: str, as_csv: bool, rows: bool, output: Path | None, as_json: bool) -> None:
    """What BATCH broke, by rule, and what to do (批次报告)."""
    start()
    from openrhip.collect import service
    from openrhip.collect.rules.reports import as_text

    if rows:
        write(service.rows_at_fault(batch), output)
    elif as_csv:
        write([service.report_sheet(batch)], output)
    elif as_json:
        say(service.report(batch).as_dict())
    else:
        write([as_text(service.report(batch)) + "\n"], output)


@click.command()
@click.option("--unit", help="Only this unit (code).")
@click.option("--table", help="Only this table.")
@click.option("--month", help="Only days of this month, YYYY-MM.")
@click.option("--closed", is_flag=True, help="Those that were mended or confirmed.")
@click.option("--each", is_flag=True, help="Every day by itself, not by unit and rule.")
@click.option("--csv", "as_csv", is_flag=True, help="Every day by itself, as CSV.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Into FILE.")
@click.option("--confirm", type=int, metavar="NUMBER", help="Close this finding: it is right.")
@click.option("--by", help="Who confirms it.")
@click.option("--why", help="Why it is as it should be.")
@JSON
def faults(
    unit: str | None,
    table: str | None,
    month: str | None,
    closed: bool,
    each: bool,
    as_csv: bool,
    output: Path | None,
    confirm: int | None,
    by: str | None,
    why: str | None,
    as_json: bool,
) -> None:
    """Open faults, by unit and rule, with their age (问题清单)."""
    start()
    from openrhip.collect import service
    from openrhip.kernel.periods import Month

    if confirm is not None:
        service.confirm_fault(fault=confirm, by=by or "", why=why or "")
        click.echo(f"{confirm} confirmed")
        return
    asked = Month.parse(month) if month else None
    if not (each or closed or as_csv or table):
        groups = service.fault_groups(unit=unit, month=asked)
        if as_json:
            say({"faults": [_plain(one) for one in groups]})
        else:
            _show_groups(groups)
        return
    found = service.list_faults(unit=unit, table=table, month=asked, closed=closed)
    if as_csv:
        write([service.faults_sheet(found)], output)
    elif as_json:
        say({"faults": [_plain(one) for one in found]})
    else:
        columns(
            [
                ("no", "unit", "day", "rule", "rows", "open", "what"),
                *(
                    (
                        str(one.id),
                        one.unit_name,
                        str(one.day),
                        one.rule,
                        f"{one.count:,}",
                        f"{one.days_open} d",
                        one.zh,
                    )
                    for one in found
                ),
            ]
        )


def write(pieces: Iterable[str], output: Path | None) -> None:
    """To a file of its own, or to the terminal."""
    if output is None:
        for piece in pieces:
            click.echo(piece, nl=False)
        return
    with output.open("w", encoding="utf-8", newline="") as file:
        for piece in pieces:
            file.write(piece)
    click.echo(str(output))


def _show_groups(groups: Iterable[Any]) -> None:
    rows = [
        (
            one.unit_name,
            "✗" if one.severity == "error" else "!",
            one.rule,
            f"{one.days} d",
            f"{one.rows:,} rows",
            f"open {one.days_open} d",
            one.zh,
        )
        for one in groups
    ]
    if rows:
        columns(rows)
    click.echo(f"{len(rows)} rules broken" if rows else "没有未处理的问题 no open fault")


def _plain(item: Any) -> dict[str, Any]:
    return {
        name: value if isinstance(value, int | str | None) else str(value)
        for name, value in asdict(item).items()
    }
