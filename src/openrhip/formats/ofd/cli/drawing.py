"""`ofd render`: a file as PDF, PNG or SVG."""

from __future__ import annotations

from pathlib import Path

import click

from openrhip.formats.ofd.cli.common import FILE, JSON, OUTPUT, read_file, write_file


@click.command()
@FILE
@OUTPUT
@click.option("--page", default=1, show_default=True, type=click.IntRange(min=1))
@click.option("--dpi", default=110, show_default=True, type=click.IntRange(20, 600))
@click.option("--watermark", help="Text across every page.")
@JSON
def render(
    file: Path, output: Path, page: int, dpi: int, watermark: str | None, as_json: bool
) -> None:
    """Draw the file: OUTPUT ends in .pdf (all pages), .png or .svg (one page)."""
    from openrhip.formats.ofd import render as drawing

    data = read_file(file)
    suffix = output.suffix.lower()
    if suffix == ".pdf":
        result: bytes = drawing.to_pdf(data, watermark=watermark)
    elif suffix == ".png":
        result = drawing.to_png(data, page - 1, dpi, watermark)
    elif suffix == ".svg":
        result = drawing.to_svg(data, page - 1, watermark).encode()
    else:
        raise click.BadParameter("ends in none of .pdf .png .svg", param_hint="--output")
    write_file(output, result, as_json)
