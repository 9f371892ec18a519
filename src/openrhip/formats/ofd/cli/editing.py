"""`ofd merge`, `split`, `annotate`, `attach` and `outline`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from openrhip.formats.ofd.cli.common import FILE, JSON, OUTPUT, about, read_file, say, write_file
from openrhip.kernel.errors import Malformed
from openrhip.kernel.files import write_durably

if TYPE_CHECKING:
    from openrhip.formats.ofd.notices import Notice

_FILES = click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
_DROP = click.option(
    "--drop-signatures",
    is_flag=True,
    help="Take pages of a signed file without its signatures and seals.",
)


def tell(path: Path, data: bytes, notices: Sequence[Notice], as_json: bool) -> None:
    """Write the result; what was left out goes to standard error, or into the JSON."""
    if as_json:
        write_durably(path, data, mode=0o644)
        said = [notice.as_dict() for notice in notices]
        say({"output": str(path), "bytes": len(data), "notices": said})
        return
    warn(notices)
    write_file(path, data, as_json)


def warn(notices: Sequence[Notice]) -> None:
    for notice in notices:
        where = f" [{notice.where}]" if notice.where else ""
        click.echo(f"note: {notice.text_zh} | {notice.text_en}{where}", err=True)


@click.command()
@_FILES
@OUTPUT
@click.option(
    "--pages",
    multiple=True,
    metavar="RANGES",
    help="Pages to take, e.g. 1-3,7 or 5- or 3-1. Once: of every file; else once for each file.",
)
@click.option("--title", default="", help="Title of the result (default: that of the first file).")
@click.option("--titles", is_flag=True, help="An outline entry for each file, its own below.")
@click.option("--no-attachments", is_flag=True, help="Leave attachments out.")
@_DROP
@JSON
def merge(
    files: tuple[Path, ...],
    output: Path,
    pages: tuple[str, ...],
    title: str,
    titles: bool,
    no_attachments: bool,
    drop_signatures: bool,
    as_json: bool,
) -> None:
    """Put pages of FILES into one document (合并).

    Fonts and images that several files share are kept once. Outlines, annotations, tags and
    attachments come along; signatures cannot.
    """
    from openrhip.formats.ofd import edit
    from openrhip.formats.ofd.package import open_package

    if len(pages) not in (0, 1, len(files)):
        raise click.UsageError("give --pages once, or once for each file")
    wanted = pages if len(pages) == len(files) else pages * len(files)
    parts = []
    for number, file in enumerate(files):
        with about(file):
            package = open_package(read_file(file))
            chosen = edit.page_ranges(wanted[number], len(package.pages)) if wanted else None
        parts.append(edit.Part(package, chosen, file.name))
    options = edit.Options(title=title, titles=titles, attachments=not no_attachments)
    made = edit.merge(parts, options=options, drop_signatures=drop_signatures)
    tell(output, made.data, made.notices, as_json)


@click.command()
@FILE
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="PATTERN",
    help="Names of the results; {} stands for the number, e.g. part-{}.ofd.",
)
@click.option("--every", type=click.IntRange(min=1), help="Pages in each part.")
@click.option(
    "--pages", multiple=True, metavar="RANGES", help="Pages of one part, e.g. 1-3,7; several times."
)
@click.option(
    "--attachments",
    type=click.Choice(["first", "each", "none"]),
    default="first",
    show_default=True,
    help="Which parts keep the attachments.",
)
@_DROP
@JSON
def split(
    file: Path,
    output: str,
    every: int | None,
    pages: tuple[str, ...],
    attachments: str,
    drop_signatures: bool,
    as_json: bool,
) -> None:
    """Cut FILE into several, each complete in itself (拆分)."""
    from openrhip.formats.ofd import edit
    from openrhip.formats.ofd.package import open_package

    if (every is None) == (not pages):
        raise click.UsageError("give either --every or --pages")
    package = open_package(read_file(file))
    count = len(package.pages)
    groups = edit.every(count, every) if every else [edit.page_ranges(one, count) for one in pages]
    if "{}" not in output:
        if len(groups) > 1:
            raise click.UsageError("the names of several results need {} for their number")
        output = output.replace("{", "{{").replace("}", "}}")
    wide = len(str(len(groups)))
    written: list[dict[str, Any]] = []
    made = edit.split(package, groups, attachments=attachments, drop_signatures=drop_signatures)
    for number, one in enumerate(made, 1):
        path = Path(output.replace("{}", f"{number:0{wide}}"))
        write_durably(path, one.data, mode=0o644)
        said = [notice.as_dict() for notice in one.notices]
        written.append({"output": str(path), "bytes": len(one.data), "notices": said})
        if not as_json:
            if number == 1:
                warn(one.notices)
            click.echo(f"{path}: {len(one.data)} bytes")
    if as_json:
        say({"parts": written})


def _box(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None:
        return None
    try:
        x, y, width, height = (float(word) for word in text.replace(",", " ").split())
    except ValueError:
        raise click.BadParameter("four numbers in mm: X,Y,W,H", param_hint="--box") from None
    return x, y, width, height


@click.command()
@FILE
@OUTPUT
@click.option(
    "--kind",
    required=True,
    type=click.Choice(["note", "highlight", "underline", "stamp", "watermark"]),
    help="What to add.",
)
@click.option("--page", default="1", show_default=True, help="Pages, e.g. 2 or 1-3 or all.")
@click.option("--box", metavar="X,Y,W,H", help="Where on the page, in mm from the upper left.")
@click.option("--text", default="", help="What it says.")
@click.option("--author", default="", help="Who says it.")
@click.option("--no-print", is_flag=True, help="Show it on the screen only.")
@JSON
def annotate(
    file: Path,
    output: Path,
    kind: str,
    page: str,
    box: str | None,
    text: str,
    author: str,
    no_print: bool,
    as_json: bool,
) -> None:
    """Add a note, highlight, underline, text stamp or watermark (注释).

    The pages stay as they are. A signed medical record (OFD-H) takes notes without breaking its
    signatures; other signed files refuse them.
    """
    from openrhip.formats.ofd import edit
    from openrhip.formats.ofd.package import open_package

    package = open_package(read_file(file))
    count = len(package.pages)
    chosen = range(count) if page == "all" else edit.page_ranges(page, count)
    result = edit.annotate(
        package,
        [edit.Annotation(kind, at, _box(box), text, author, printed=not no_print) for at in chosen],
    )
    write_file(output, result, as_json)


@click.command()
@FILE
@click.argument(
    "names", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@OUTPUT
@click.option("--media-type", default="", help="Of all of them (default: by the names).")
@click.option("--replace", is_flag=True, help="Take the place of attachments of the same name.")
@JSON
def attach(
    file: Path,
    names: tuple[Path, ...],
    output: Path,
    media_type: str,
    replace: bool,
    as_json: bool,
) -> None:
    """Put the files NAMES into FILE as attachments (附件). Refused where signatures protect it."""
    from openrhip.formats.ofd import edit

    files = [edit.File(name.name, read_file(name), media_type) for name in names]
    write_file(output, edit.attach(read_file(file), files, replace=replace), as_json)


@click.command()
@FILE
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the changed file goes; without it the outline is printed.",
)
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='JSON: [{"title": "…", "page": 1, "y": 20, "below": […]}].',
)
@click.option(
    "--set",
    "entries",
    multiple=True,
    metavar="PAGE=TITLE",
    help="An entry; several times. Two spaces before the title put it one level lower.",
)
@click.option("--clear", is_flag=True, help="Take the outline away.")
@JSON
def outline(
    file: Path,
    output: Path | None,
    source: Path | None,
    entries: tuple[str, ...],
    clear: bool,
    as_json: bool,
) -> None:
    """Print the outline of FILE (大纲), or set it anew and write OUTPUT."""
    from openrhip.formats.ofd import edit
    from openrhip.formats.ofd.edit import attaching

    data = read_file(file)
    if output is None and source is None and not entries and not clear:
        found = edit.outline(data)
        if as_json:
            say(attaching.as_json(found))
        else:
            _print(found, 0)
        return
    if output is None or (source is not None) + bool(entries) + clear != 1:
        raise click.UsageError("give one of --from, --set and --clear, and --output")
    if source is not None:
        headings = attaching.headings_from(_json(source))
    else:
        headings = attaching.headings_from(_listed(entries))
    write_file(output, edit.set_outline(data, headings), as_json)


def _json(path: Path) -> object:
    data = read_file(path)
    if len(data) > 8 << 20:
        raise Malformed("the outline is too large", where=str(path))
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Malformed("not JSON", where=str(path)) from error


def _listed(entries: Sequence[str]) -> list[dict[str, Any]]:
    """ "3=Title" and "3=  Title below" as the tree that JSON would give."""
    top: list[dict[str, Any]] = []
    for entry in entries:
        page, equals, title = entry.partition("=")
        if not equals or not page.strip().isdigit() or len(page) > 8:
            raise click.BadParameter("PAGE=TITLE", param_hint="--set")
        level = (len(title) - len(title.lstrip(" "))) // 2
        home = top
        for _ in range(level):
            if not home:
                raise click.BadParameter("an entry has none above it", param_hint="--set")
            home = home[-1].setdefault("below", [])
        home.append({"title": title.strip(), "page": int(page)})
    return top


def _print(found: Sequence[Any], depth: int) -> None:
    for item in found:
        click.echo(f"{'  ' * depth}{item.title}  {item.page + 1}")
        _print(item.below, depth + 1)
