"""`ofd info` and `ofd text`: what is in a file."""

from __future__ import annotations

from pathlib import Path

import click

from openrhip.formats.ofd.cli.common import FILE, JSON, read_file, say


@click.command()
@FILE
@JSON
def info(file: Path, as_json: bool) -> None:
    """What is in the file: metadata, pages, attachments, tags, signatures."""
    from openrhip.formats.ofd.package import open_package
    from openrhip.formats.ofd.signing_records import listed

    package = open_package(read_file(file))
    facts = {
        "metadata": package.metadata,
        "pages": len(package.pages),
        "parts": len(package.parts),
        "bytes": len(package.data),
        "attachments": [
            {"name": one.name, "media_type": one.media_type, "bytes": one.size}
            for one in package.attachments()
        ],
        "tags": sorted({tag.name for tag in package.tags()}),
        "signatures": [{"id": line.id, "kind": line.kind} for line in listed(package)],
    }
    if as_json:
        say(facts)
        return
    for name, value in package.metadata.items():
        click.echo(f"{name}: {value}")
    click.echo(f"pages: {facts['pages']}  parts: {facts['parts']}  bytes: {facts['bytes']}")
    for one in package.attachments():
        click.echo(f"attachment: {one.name} ({one.media_type}, {one.size} bytes)")
    click.echo(f"tagged: {len(package.tags())} regions")
    for line in listed(package):
        click.echo(f"signature {line.id}: {line.kind}")


@click.command()
@FILE
@click.option("--page", type=click.IntRange(min=1), help="Only this page (from 1).")
@JSON
def text(file: Path, page: int | None, as_json: bool) -> None:
    """The text of the pages in reading order."""
    from openrhip.formats import ofd

    pages: list[str] = ofd.text(read_file(file))
    if page is not None:
        if page > len(pages):
            raise click.BadParameter(f"the file has {len(pages)} pages", param_hint="--page")
        pages = pages[page - 1 : page]
    if as_json:
        say({"pages": pages})
    else:
        click.echo("\f".join(pages))
