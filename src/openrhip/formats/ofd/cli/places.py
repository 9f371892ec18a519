"""`ofd words` and `ofd tables`: text with its places, and what stands in rows and columns."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import click

from openrhip.formats.ofd.cli.common import FILE, JSON, read_file, say

PAGE = click.option("--page", type=click.IntRange(min=1), help="Only this page (from 1).")


@click.command()
@FILE
@PAGE
@JSON
def words(file: Path, page: int | None, as_json: bool) -> None:
    """The text with its places: page, x, y, width, height in millimetres, then the words."""
    from openrhip.formats import ofd

    pages = None if page is None else [page - 1]
    found = list(ofd.words(read_file(file), pages))
    if as_json:
        say(
            {
                "words": [
                    {"page": one.page + 1, "box": [round(n, 3) for n in one.box], "text": one.text}
                    for one in found
                ]
            }
        )
        return
    for one in found:
        place = "\t".join(f"{number:.2f}" for number in one.box)
        click.echo(f"{one.page + 1}\t{place}\t{one.text}")


@click.command()
@FILE
@PAGE
@JSON
def tables(file: Path, page: int | None, as_json: bool) -> None:
    """The tables, row by row: as CSV with a blank line between them, or as JSON."""
    from openrhip.formats import ofd

    pages = None if page is None else [page - 1]
    found = ofd.tables(read_file(file), pages)
    if as_json:
        say(
            {
                "tables": [
                    {"page": one.page + 1, "box": [round(n, 3) for n in one.box], "rows": one.rows}
                    for one in found
                ]
            }
        )
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    for number, one in enumerate(found):
        if number:
            click.echo()
        writer.writerows(one.rows)
