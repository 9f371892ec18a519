"""`ofd render`: a file as PDF, PNG, SVG or a page for the browser."""

from __future__ import annotations

from pathlib import Path

import click

from openrhip.formats.ofd.cli.common import FILE, JSON, OUTPUT, read_file, say
from openrhip.kernel.files import write_durably


@click.command()
@FILE
@OUTPUT
@click.option(
    "--page",
    default=1,
    show_default=True,
    type=click.IntRange(min=1),
    help="The page for .png and .svg, counted from 1.",
)
@click.option(
    "--dpi", default=110, show_default=True, type=click.IntRange(20, 600), help="Fineness of .png."
)
@click.option("--watermark", help="Text across every page.")
@JSON
def render(
    file: Path, output: Path, page: int, dpi: int, watermark: str | None, as_json: bool
) -> None:
    """Draw the file: OUTPUT ends in .pdf or .html (all pages), .png or .svg (one page).

    Whatever was replaced or left out, such as a font that is not embedded, is listed.
    """
    from openrhip.formats.ofd import render as drawing
    from openrhip.formats.ofd.notices import Notices

    data = read_file(file)
    notices = Notices()
    suffix = output.suffix.lower()
    if suffix == ".pdf":
        result: bytes = drawing.to_pdf(data, watermark=watermark, notices=notices)
    elif suffix == ".png":
        result = drawing.to_png(data, page - 1, dpi, watermark, notices=notices)
    elif suffix == ".svg":
        result = drawing.to_svg(data, page - 1, watermark, notices=notices).encode()
    elif suffix in (".html", ".htm"):
        result = drawing.to_page(data, watermark=watermark, notices=notices).encode()
    else:
        raise click.BadParameter("ends in none of .pdf .html .png .svg", param_hint="--output")
    write_durably(output, result, mode=0o644)
    if as_json:
        listed = [one.as_dict() for one in notices]
        say({"output": str(output), "bytes": len(result), "notices": listed})
        return
    click.echo(f"{output}: {len(result)} bytes")
    for one in notices:
        click.echo(f"{one.code}: {one.text_zh} | {one.text_en} [{one.where}]", err=True)
