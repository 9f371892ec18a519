"""`openrhip collect catalogue`: the tables that units owe, and their value sets (采集目录)."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from openrhip.collect.catalogue import survey
from openrhip.collect.cli.common import (
    JSON,
    OWN,
    columns,
    load,
    own_folder,
    say,
    table_of,
    values_of,
)
from openrhip.collect.rules import checking
from openrhip.collect.rules.deriving import rules_of
from openrhip.collect.rules.flaws import Flaw
from openrhip.collect.rules.tables import Period
from openrhip.kernel import clock, periods
from openrhip.kernel.errors import Malformed
from openrhip.kernel.files import write_durably

if TYPE_CHECKING:
    from openrhip.collect.rules.tables import Column, Table


@click.group()
def catalogue() -> None:
    """The tables that units owe: list, show, check, samples, pages (采集目录)."""


@catalogue.command("list")
@click.option("--owner", type=click.Choice(["district", "hospital"]), help="Only what it owes.")
@OWN
@JSON
def list_(owner: str | None, own: Path | None, as_json: bool) -> None:
    """List the tables, with who owes them and how often (列表)."""
    found = [
        table
        for _, table in sorted(load(own).tables.items())
        if owner is None or owner in table.owed_by
    ]
    if as_json:
        say({"tables": [_brief(table) for table in found]})
        return
    columns(
        (table.code, table.zh, table.period, "+".join(sorted(table.owed_by)), table.domain)
        for table in found
    )
    click.echo(f"{len(found)} tables")


@catalogue.command()
@click.argument("table")
@OWN
@JSON
def show(table: str, own: Path | None, as_json: bool) -> None:
    """Show the columns, rules and references of TABLE (查看)."""
    found = table_of(load(own), table)
    if as_json:
        say(_whole(found))
        return
    click.echo(f"{found.code} {found.zh} ({found.en})\n{found.purpose_zh}\n{found.purpose_en}\n")
    columns(
        (
            column.name,
            column.zh,
            column.type,
            column.form,
            "required" if column.required else "",
            column.values,
            column.element,
        )
        for column in found.columns
    )
    click.echo()
    for rule in rules_of(found):
        click.echo(f"{rule.severity} {rule.id}: {rule.zh} | {rule.en}")


@catalogue.command()
@click.argument("key", required=False)
@OWN
@JSON
def values(key: str | None, own: Path | None, as_json: bool) -> None:
    """Show the codes of value set KEY, or list the value sets (值域)."""
    sets = load(own).values
    if key is None:
        found = [one for _, one in sorted(sets.items())]
        if as_json:
            say({"values": [{"key": v.key, "zh": v.zh, "codes": len(v.codes)} for v in found]})
        else:
            columns((v.key, v.zh, str(len(v.codes)), v.version, v.source) for v in found)
        return
    one = values_of(load(own), key)
    if as_json:
        about: dict[str, Any] = {
            name: getattr(one, name) for name in ("key", "zh", "en", "version", "source")
        }
        say(about | {"complete": one.complete, "shape": one.shape, "codes": dict(one.codes)})
        return
    click.echo(f"{one.key} {one.zh} ({one.en})\n{one.source}, {one.version}")
    columns([*one.codes] or [("(by shape)", one.shape)])


@catalogue.command()
@click.argument("table")
@click.option("--rows", type=click.IntRange(1, 10_000_000), default=100, show_default=True)
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="The batch's day; today without it.")
@click.option("--unit", default="U001", show_default=True, help="Numbers differ from unit to unit.")
@click.option("--org", "org_code", default="", help="Institution code in the rows.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--pool",
    type=click.IntRange(1, 9_000_000),
    default=20_000,
    show_default=True,
    help="People from whom the rows' persons are taken.",
)
@click.option("--encoding", type=click.Choice(["utf-8", "gb18030"]), default="utf-8")
@click.option(
    "--damaged",
    type=click.IntRange(0),
    default=0,
    help="So many rows get a fault; with --json the answer says which rules each breaks.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="A .csv or .parquet file.",
)
@OWN
@JSON
def sample(
    table: str, rows: int, day: datetime | None, unit: str, org_code: str, seed: int, pool: int,
    encoding: str, damaged: int, output: Path, own: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Write made-up rows of TABLE that pass every rule (示例数据).

    People, identity numbers and all else are made up; the same arguments give the same rows. Tables
    made with the same unit, day, seed and pool refer to each other rightly.
    """
    from openrhip.collect import sampling

    found = load(own)
    chosen = table_of(found, table)
    at = day.date() if day else periods.city_day(clock.now())
    at = at.replace(day=1) if chosen.period is Period.MONTH else at
    made = sampling.sample(
        chosen, found, rows, at, unit, seed, sampling.people(pool), org_code=org_code
    )
    broken: dict[int, frozenset[str]] = {}
    if damaged:
        made, broken = sampling.damage(chosen, found, made, count=damaged, seed=seed)
    sampling.write(made, output, encoding=encoding)
    if as_json:
        lines = [{"line": line, "rules": sorted(rules)} for line, rules in sorted(broken.items())]
        say({"output": str(output), "rows": made.num_rows, "day": str(at), "broken": lines})
    else:
        faults = f", {len(broken)} of them at fault" if broken else ""
        click.echo(f"{output}: {made.num_rows} rows of {chosen.code} for {at}{faults}")


@catalogue.command()
@click.argument("table")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The HTML file.",
)
@OWN
@JSON
def page(table: str, output: Path, own: Path | None, as_json: bool) -> None:
    """Write the page of TABLE for a unit's developers, one HTML file (采集表说明)."""
    from openrhip.collect.catalogue import describing

    found = load(own)
    made = describing.page(table_of(found, table), found).encode()
    write_durably(output, made, mode=0o644)
    if as_json:
        say({"output": str(output), "bytes": len(made)})
    else:
        click.echo(f"{output}: {len(made)} bytes")


@catalogue.command()
@OWN
@JSON
def check(own: Path | None, as_json: bool) -> None:
    """Check all tables and value sets: names, keys, references, rules, counts (检查).

    Exit code 3 if anything is wrong; every flaw is told, with the file and what to do.
    """
    found, problems = survey(own or own_folder())
    flaws = [Flaw(one.where, "unreadable", f"{one.what} ({one.remedy})") for one in problems]
    flaws += checking.check(found)
    size = asdict(checking.summary(found)) if not flaws else {}
    if as_json:
        say({"ok": not flaws, "flaws": [one.as_dict() for one in flaws], **size})
    else:
        for one in flaws:
            click.echo(f"{one.where}: {one.zh} | {one.en}\n  → {one.remedy_zh} | {one.remedy}")
        owed = "; ".join(f"{owner} units owe {count}" for owner, count in size.get("owed", ()))
        click.echo(
            f"{len(flaws)} flaws"
            if flaws
            else f"{size['tables']} tables ({owed}), {size['columns']} columns, {size['rules']} "
            f"rules, {size['references']} references, {size['values']} value sets with "
            f"{size['codes']} codes: nothing is wrong"
        )
    if flaws:
        sys.exit(Malformed.exit_code)


def _brief(table: Table) -> dict[str, Any]:
    return {
        "code": table.code,
        "zh": table.zh,
        "en": table.en,
        "period": table.period,
        "domain": table.domain,
        "owed_by": sorted(table.owed_by),
        "columns": len(table.columns),
    }


def _whole(table: Table) -> dict[str, Any]:
    return _brief(table) | {
        "purpose_zh": table.purpose_zh,
        "purpose_en": table.purpose_en,
        "source": table.source,
        "key": table.key,
        "day_column": table.day_column,
        "columns": [_column(column) for column in table.columns],
        "references": [
            {"columns": one.columns, "table": one.table, "key": one.key, "scope": one.scope}
            for one in table.references
        ],
        "rules": [
            {
                "id": rule.id,
                "kind": rule.kind,
                "severity": rule.severity,
                "columns": rule.columns,
                "arguments": dict(rule.arguments),
                "zh": rule.zh,
                "en": rule.en,
                "fix_zh": rule.fix_zh,
                "fix_en": rule.fix_en,
            }
            for rule in rules_of(table)
        ],
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "zh": column.zh,
        "en": column.en,
        "type": column.type,
        "form": column.form,
        "required": column.required,
        "length": column.length,
        "values": column.values,
        "element": column.element,
        "personal": column.personal,
    }
