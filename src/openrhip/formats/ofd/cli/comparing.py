"""`ofd diff`: what changed between two files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from openrhip.formats.ofd.cli.common import JSON, about, say
from openrhip.formats.ofd.cli.editing import warn
from openrhip.kernel.files import write_durably

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openrhip.formats.ofd.inspect.differences import (
        Differences,
        DrawingChange,
        PageChange,
        TextChange,
    )
    from openrhip.formats.ofd.package import Box

_MARKS = {"added": "+", "removed": "-", "changed": "~", "moved": ">"}
_MOST = 40


@click.command()
@click.argument("before", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("after", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A PNG with the changed pages side by side, changed places framed.",
)
@click.option(
    "--dpi", type=click.IntRange(20, 200), default=60, show_default=True, help="Of that picture."
)
@click.option("--from-version", metavar="ID", help="Of BEFORE take this version; or: current.")
@click.option("--to-version", metavar="ID", help="Of AFTER take this version; or: current.")
@JSON
def diff(
    before: Path,
    after: Path,
    output: Path | None,
    dpi: int,
    from_version: str | None,
    to_version: str | None,
    as_json: bool,
) -> None:
    """What changed from BEFORE to AFTER: parts, pages, lines of text, drawings, values (版本比较).

    Also what each signature of both files covers; that is no verification. BEFORE and AFTER may be
    one file of which two versions are compared. Exit code 0 if they say the same, 1 if not.
    """
    from openrhip.formats.ofd.inspect.comparing import compare
    from openrhip.formats.ofd.inspect.versions import at_version
    from openrhip.formats.ofd.package import open_package

    if output is not None and output.suffix.lower() != ".png":
        raise click.BadParameter("the picture is a .png", param_hint="--output")
    with about(before):
        old = open_package(before)
    with about(after):
        new = open_package(after)
    if from_version:
        old = at_version(old, from_version)
    if to_version:
        new = at_version(new, to_version)
    found = compare(old, new)
    if as_json:
        notices = [one.as_dict() for one in (*old.notices, *new.notices)]
        say({**found.as_dict(), "notices": notices})
    else:
        for line in _lines(found):
            click.echo(line)
        warn(old.notices)
        warn([one for one in new.notices if one not in old.notices])
    if output is not None:
        from openrhip.formats.ofd.inspect.picturing import picture

        drawn = picture(old, new, found, dpi=dpi)
        if drawn:
            write_durably(output, drawn, mode=0o644)
    if not found.same:
        raise click.exceptions.Exit(1)


def _lines(found: Differences) -> Iterator[str]:
    for part in found.parts[:_MOST]:
        sizes = f"{part.before} → {part.after} bytes"
        yield f"{_MARKS[part.kind]} part {part.part} ({sizes})"
    if len(found.parts) > _MOST:
        yield f"  … {len(found.parts) - _MOST} more parts"
    for page in found.pages:
        yield from _page(page)
    for value in found.values:
        yield f"{_MARKS[value.kind]} {value.of} {value.name}: {value.before!r} → {value.after!r}"
    for cover in found.signatures:
        if cover.problem:
            yield f"signature {cover.id} of {cover.file}: cannot be read: {cover.problem}"
            continue
        text = f"signature {cover.id} of {cover.file} ({cover.kind}, {cover.time}): "
        text += f"covers {cover.covered} parts"
        if cover.uncovered:
            text += f", not {', '.join(cover.uncovered[:5])}"
            text += f" and {len(cover.uncovered) - 5} more" if len(cover.uncovered) > 5 else ""
        if cover.changed:
            text += f"; CHANGED since: {', '.join(cover.changed[:5])}"
        yield text
    changed = sum(page.kind == "changed" for page in found.pages)
    yield (
        "the same"
        if found.same
        else (
            f"{len(found.parts)} parts, {changed} pages changed, {found.same_pages} pages the same"
        )
    )


def _page(page: PageChange) -> Iterator[str]:
    names = [str(at + 1) for at in (page.before, page.after) if at is not None]
    number = " → ".join(dict.fromkeys(names))
    yield f"{_MARKS[page.kind]} page {number}"
    if page.size:
        yield f"    size {page.size[0]} → {page.size[1]} mm"
    for text in page.texts[:_MOST]:
        yield from _text(text)
    if len(page.texts) > _MOST:
        yield f"    … {len(page.texts) - _MOST} more lines"
    yield from _drawings(page.drawings)


def _text(change: TextChange) -> Iterator[str]:
    if change.box_before is not None:
        yield f"    - {_at(change.box_before)} {change.before}"
    if change.box_after is not None:
        yield f"    + {_at(change.box_after)} {change.after}"


def _drawings(changes: tuple[DrawingChange, ...]) -> Iterator[str]:
    for change in changes[:_MOST]:
        places = [_at(box) for box in (change.box_before, change.box_after) if box is not None]
        yield f"    {_MARKS[change.kind]} {change.object} {' → '.join(places)}"
    if len(changes) > _MOST:
        yield f"    … {len(changes) - _MOST} more objects"


def _at(box: Box) -> str:
    return f"({box[0]:.1f}, {box[1]:.1f})"
