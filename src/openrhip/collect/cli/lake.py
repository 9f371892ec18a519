"""`openrhip collect lake`: whether database and lake agree; the night's work at once."""

from __future__ import annotations

from dataclasses import asdict

import click

from openrhip.collect.cli.common import JSON, say, start


@click.group()
def lake() -> None:
    """Look after the tables of collected data (数据湖)."""


@lake.command()
@click.option("--mend", is_flag=True, help="Load what the lake lacks from its originals again.")
@JSON
def check(mend: bool, as_json: bool) -> None:
    """Tell where database and lake disagree, such as after restoring a backup.

    Exit code 4 if something stays that way.
    """
    start()
    from openrhip.collect import service
    from openrhip.kernel.errors import NotVerified

    found = service.check_lake(mend=mend)
    lines = [
        f"{one.table} {one.unit} {one.day}: "
        f"database {one.in_rows or '-'}, lake {one.in_lake or '-'}"
        + (", loaded again" if one.mended else "")
        for one in found
    ]
    if as_json:
        say({"disagree": [asdict(one) | {"day": str(one.day)} for one in found]})
    else:
        click.echo("\n".join(lines or ["They agree."]))
    if any(not one.mended for one in found):
        raise NotVerified(
            "database and lake disagree", remedy="--mend, or have the unit send again"
        )
