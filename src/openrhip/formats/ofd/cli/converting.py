"""`ofd to-pdf`, `from-pdf` and `from-images`."""

from __future__ import annotations

from pathlib import Path

import click

from openrhip.formats.ofd.cli.common import FILE, JSON, OUTPUT, read_file
from openrhip.formats.ofd.cli.editing import tell


@click.command("to-pdf")
@FILE
@OUTPUT
@click.option("--pages", metavar="RANGES", help="Pages to take, e.g. 1-3,7 (default: all).")
@click.option("--watermark", default="", help="Text across every page.")
@click.option("--no-attachments", is_flag=True, help="Do not embed the attachments.")
@click.option("--no-metadata", is_flag=True, help="Only the title, nothing else of the metadata.")
@JSON
def to_pdf(
    file: Path,
    output: Path,
    pages: str | None,
    watermark: str,
    no_attachments: bool,
    no_metadata: bool,
    as_json: bool,
) -> None:
    """Convert FILE to PDF (转换为 PDF).

    Text stays text; outline, links, metadata and attachments come along, seals are drawn. A PDF
    carries no signature of the OFD file: keep that too.
    """
    from openrhip.formats.ofd import edit
    from openrhip.formats.ofd.package import open_package

    package = open_package(read_file(file))
    chosen = edit.page_ranges(pages, len(package.pages)) if pages else None
    made = edit.to_pdf(
        package,
        pages=chosen,
        watermark=watermark,
        attachments=not no_attachments,
        metadata=not no_metadata,
    )
    tell(output, made.data, made.notices, as_json)


@click.command("from-pdf")
@FILE
@OUTPUT
@click.option("--title", default="", help="Title of the result (default: that of the PDF).")
@click.option(
    "--password-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the password of an encrypted PDF.",
)
@JSON
def from_pdf(
    file: Path, output: Path, title: str, password_file: Path | None, as_json: bool
) -> None:
    """Convert a PDF to OFD (由 PDF 转换).

    Text stays text with its fonts, drawings stay drawings, pictures stay as they are. What was
    replaced or left out is told.
    """
    from openrhip.formats.ofd import edit

    password = ""
    if password_file is not None:
        password = read_file(password_file).decode("utf-8", "replace").strip("\r\n")
    made = edit.from_pdf(read_file(file), password=password, title=title)
    tell(output, made.data, made.notices, as_json)


@click.command("from-images")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@OUTPUT
@click.option(
    "--text",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Recognised text of all pages: words.json, hOCR or ALTO.",
)
@click.option("--dpi", type=float, help="Resolution (default: what the pictures say, else 200).")
@click.option("--title", default="", help="Title of the result.")
@JSON
def from_images(
    files: tuple[Path, ...],
    output: Path,
    text: Path | None,
    dpi: float | None,
    title: str,
    as_json: bool,
) -> None:
    """Bind pictures (PNG, JPEG, TIFF with any number of pages) into OFD (双层版式).

    With --text the pages can be searched: the recognised words lie unseen over the picture.
    """
    from openrhip.formats.ofd import edit

    scans = [edit.Scan(read_file(file), file.name) for file in files]
    words = read_file(text) if text is not None else None
    made = edit.from_images(scans, text=words, dpi=dpi, title=title)
    tell(output, made.data, made.notices, as_json)
