"""`ofd search`, `extract`, `check` and `diff`: looking into files and comparing them."""

from __future__ import annotations

from pathlib import Path

import click

from openrhip.formats.ofd.cli.common import FILE, JSON, say


@click.command()
@FILE
@click.argument("words", nargs=-1, required=True, metavar="WORD...")
@click.option("--page", "pages", type=click.IntRange(min=1), multiple=True, help="Only this page.")
@click.option(
    "--most",
    type=click.IntRange(min=1, max=100_000),
    default=1000,
    show_default=True,
    help="Stop after so many hits.",
)
@JSON
def search(
    file: Path, words: tuple[str, ...], pages: tuple[int, ...], most: int, as_json: bool
) -> None:
    """Where WORDs stand: page, place in millimetres, and the text around.

    Full and half width, case, and blanks between Chinese characters make no difference. Exit
    code 0 also if nothing is found.
    """
    from openrhip.formats.ofd.inspect.searching import search as find

    wanted = [page - 1 for page in pages] or None
    hits = find(file, list(words), pages=wanted, most=most)
    if as_json:
        say({"hits": [hit.as_dict() for hit in hits], "complete": len(hits) < most})
        return
    for hit in hits:
        x, y, *_ = hit.boxes[0] if hit.boxes else (0.0, 0.0)
        click.echo(f"{hit.page + 1}: ({x:.1f}, {y:.1f}) {hit.around}")
    click.echo(f"{len(hits)} hits" + ("" if len(hits) < most else "; there may be more"))
