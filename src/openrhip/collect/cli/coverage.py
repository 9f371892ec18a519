"""`openrhip collect coverage | figures`: what came in a month (采集情况、月报数据)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from openrhip.collect.cli.common import JSON, columns, say, start
from openrhip.collect.cli.feedback import write

if TYPE_CHECKING:
    from openrhip.collect.rules.lines import Coverage, Line
    from openrhip.collect.rules.oddities import Oddity


@click.command()
@click.argument("month", required=False, metavar="YYYY-MM")
@click.option("--unit", help="Only this unit (code), with its tables.")
@click.option("--owner", type=click.Choice(["district", "hospital"]), help="Only these units.")
@click.option("--rebuild", is_flag=True, help="Work all coverage out anew from the batches first.")
@click.option("--count", is_flag=True, help="Count the persons with health records first.")
@JSON
def coverage(
    month: str | None,
    unit: str | None,
    owner: str | None,
    rebuild: bool,
    count: bool,
    as_json: bool,
) -> None:
    """What the units sent in a month, this one by default (采集情况)."""
    start()
    from openrhip.collect import service
    from openrhip.collect.rules.tables import Owner
    from openrhip.kernel import clock
    from openrhip.kernel.periods import Month

    asked = Month.parse(month) if month else Month.of(clock.now())
    if rebuild:
        click.echo(f"{service.rebuild_coverage(unit=unit):,} cells worked out anew", err=as_json)
    if count:
        service.count_persons(asked)
    found = service.coverage_of(asked, unit=unit, owner=Owner(owner) if owner else None)
    odd = () if unit or owner else service.oddities_of(asked, found=found)
    if as_json:
        say(as_dict(found, odd))
        return
    _show(found)
    if unit:
        _show_tables(found, unit)
    for silence in found.silent:
        what = silence.table or "一切 everything"
        since = f"since {silence.since}" if silence.since else "never came"
        click.echo(f"无上传 silent: {silence.name}  {what}  {since}")
    _show_oddities(odd)


@click.command()
@click.argument("month", metavar="YYYY-MM")
@click.option("--csv", "as_csv", is_flag=True, help="Both tables as CSV, for a spreadsheet.")
@click.option("--count", is_flag=True, help="Count the persons with health records first.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Into FILE.")
@JSON
def figures(month: str, as_csv: bool, count: bool, output: Path | None, as_json: bool) -> None:
    """Both tables of the bulletin for a month, with oddities (月报数据)."""
    start()
    from openrhip.collect.figures import figures as made
    from openrhip.collect.rules.sheets import sheet
    from openrhip.collect.service import count_persons
    from openrhip.kernel.periods import Month

    asked = Month.parse(month)
    if count:
        count_persons(asked)
    found = made(asked)
    tables = (found.districts, found.hospitals)
    if as_json:
        say(found.as_dict())
        return
    if as_csv:
        whole = [
            line
            for table in tables
            for line in ((table.heading,), table.columns, *table.filled, ())
        ]
        write([sheet((tables[0].heading,), whole[1:])], output)
        return
    for table in tables:
        click.echo(table.heading)
        columns([table.columns, *table.printed])
        click.echo()
    click.echo(f"累计校验入库 rows loaded to the end of the month: {found.cumulative_printed}")
    _show_oddities(found.oddities)


def as_dict(found: Coverage, odd: tuple[Oddity, ...] = ()) -> dict[str, Any]:
    """Coverage as plain values, without heat maps of the whole city."""
    return {
        "month": str(found.month),
        "until": str(found.until),
        "limits": [str(limit) for limit in found.limits],
        "rows": found.rows,
        "units": [_line(line) for line in found.lines],
        "tables": {
            unit: [asdict(cell) | {"last": cell.last and str(cell.last)} for cell in cells]
            for unit, cells in found.tables.items()
            if len(found.lines) == 1
        },
        "silent": [asdict(one) | {"since": one.since and str(one.since)} for one in found.silent],
        "oddities": [asdict(one) for one in odd],
    }


def _line(line: Line) -> dict[str, Any]:
    plain = asdict(line)
    scores = plain.pop("scores")
    return plain | {
        "owner": str(line.owner),
        "last_day": line.last_day and str(line.last_day),
        "persons": dict(line.persons),
        "scores": scores
        and {
            name: [_number(one) for one in value] if name == "timeliness" else _number(value)
            for name, value in scores.items()
        },
    }


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _show(found: Coverage) -> None:
    from openrhip.collect.rules.scoring import percent

    click.echo(f"{found.month}  至 until {found.until}")
    heading = ("unit", "declared", "owed", "sent", "rows", "days", "complete", *_limits(found))
    rows = [(*heading, "correct", "score", "faults")]
    for line in found.lines:
        scores = line.scores
        rows.append(
            (
                line.name,
                "—" if line.declared is None else str(line.declared),
                str(line.owed),
                str(line.uploaded),
                f"{line.rows:,}",
                str(line.upload_days),
                percent(scores.completeness if scores else None),
                *(percent(one) for one in (scores.timeliness if scores else (None,) * 3)),
                percent(scores.correctness if scores else None),
                percent(scores.overall if scores else None),
                str(line.open_faults),
            )
        )
    columns(rows)


def _limits(found: Coverage) -> tuple[str, ...]:
    return tuple(f"≤{limit} d" for limit in found.limits)


def _show_tables(found: Coverage, unit: str) -> None:
    click.echo()
    columns(
        [
            ("table", "declared", "owed", "days", "due", "rows", "at fault", "last"),
            *(
                (
                    cell.table,
                    "√" if cell.declared else "",
                    "√" if cell.owed else "",
                    str(cell.days),
                    str(cell.expected),
                    f"{cell.rows:,}",
                    f"{cell.quarantined:,}",
                    str(cell.last or ""),
                )
                for cell in found.tables[unit]
            ),
        ]
    )


def _show_oddities(odd: tuple[Oddity, ...]) -> None:
    for one in odd:
        click.echo(f"? {one.name}: {one.zh} | {one.en}\n  → {one.fix_zh} | {one.fix_en}")
