"""`openrhip collect unit`: the units that send here, and the tables they declared (接入单位)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from openrhip.collect.cli.common import JSON, columns, say, start

if TYPE_CHECKING:
    from openrhip.collect.rules.states import Unit


@click.group()
def unit() -> None:
    """The units that send: register, declare tables, list (接入单位)."""


@unit.command()
@click.argument("code")
@click.option("--owner", type=click.Choice(["district", "hospital"]), required=True)
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1),
    default=0.2,
    show_default=True,
    help="Share of a batch's rows that may be at fault; above it the batch is refused whole.",
)
@click.option("--inactive", is_flag=True, help="It sends no more; what it sent stays.")
@JSON
def register(code: str, owner: str, tolerance: float, inactive: bool, as_json: bool) -> None:
    """Register CODE, an institution of the directory; again: change it (登记)."""
    start()
    from openrhip.collect import service

    made = service.register_unit(
        code=code, owner=owner, tolerance=str(tolerance), active=not inactive
    )
    if as_json:
        say(_plain(made, service.declared(code)))
    else:
        click.echo(f"{made.code} {made.name}: {made.owner.value}, tolerance {made.tolerance}")


@unit.command()
@click.argument("code")
@click.argument("tables", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All tables that units of its kind owe.")
@click.option("--by", required=True, help="Who says so.")
@JSON
def declare(code: str, tables: tuple[str, ...], everything: bool, by: str, as_json: bool) -> None:
    """CODE sends these TABLES from now on, and no others (申明上传表)."""
    start()
    from openrhip.collect import service
    from openrhip.collect.cli.common import load

    wanted = [table.upper() for table in tables]
    if everything:
        wanted += [table.code for table in load(None).owed(service.unit(code).owner)]
    declared = service.declare(unit=code, tables=wanted, by=by)
    if as_json:
        say({"unit": code, "tables": list(declared)})
    else:
        click.echo(f"{code} declared {len(declared)} tables")


@unit.command("list")
@JSON
def list_(as_json: bool) -> None:
    """The units with their kinds and how many tables they declared (列表)."""
    start()
    from openrhip.collect import service

    found = [(one, service.declared(one.code)) for one in service.units()]
    if as_json:
        say({"units": [_plain(one, tables) for one, tables in found]})
    elif found:
        columns(
            (
                one.code,
                one.name,
                one.owner.value,
                f"{len(tables)} tables",
                f"tolerance {one.tolerance}",
                "" if one.active else "inactive",
            )
            for one, tables in found
        )
    else:
        click.echo("no units")


def _plain(one: Unit, tables: tuple[str, ...]) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        "owner": one.owner.value,
        "tolerance": str(one.tolerance),
        "active": one.active,
        "tables": list(tables),
    }
