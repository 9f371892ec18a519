"""`ofd info` and `ofd text`: what is in a file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from openrhip.formats.ofd.cli.common import FILE, JSON, read_file, say
from openrhip.kernel.errors import NotFound, Problem

if TYPE_CHECKING:
    from openrhip.formats.ofd.inspect.contents import Contents, DocumentContents, Outline
    from openrhip.formats.ofd.package import Package
    from openrhip.formats.ofd.signing_records import Listed


_MOST_FONTS = 40


@click.command()
@FILE
@JSON
def info(file: Path, as_json: bool) -> None:
    """What is in the file: metadata, pages, outline, notes, versions, attachments, signatures.

    What is odd about it, or could not be read, is told at the end.
    """
    from openrhip.formats.ofd.inspect.contents import contents
    from openrhip.formats.ofd.package import open_package

    package = open_package(file)
    found = contents(package)
    if as_json:
        say(_facts(package, found))
    else:
        _print(package, found)


def _facts(package: Package, found: Contents) -> dict[str, Any]:
    whole = found.as_dict()
    signatures, problem = _signatures(package)
    return {
        "metadata": package.metadata,
        "pages": len(package.pages),
        "parts": len(package.parts),
        "bytes": len(package.data),
        "attachments": [
            {"name": one.name, "media_type": one.media_type, "bytes": one.size,
             "inside": bool(one.part)}
            for one in found.attachments
        ],
        "tags": sorted({tag.name for tag in found.tags}),
        "signatures": [{"id": line.id, "kind": line.kind} for line in signatures],
        "signatures_problem": problem,
        "doc_type": found.doc_type,
        "version": found.version,
        "namespace": found.namespace,
        "documents": whole["documents"],
        "notices": [notice.as_dict() for notice in found.notices],
    }  # fmt: skip


def _print(package: Package, found: Contents) -> None:
    for name, value in package.metadata.items():
        click.echo(f"{name}: {value}")
    click.echo(f"type: {found.doc_type or '?'} {found.version}")
    click.echo(
        f"pages: {len(package.pages)}  parts: {len(package.parts)}  bytes: {len(package.data)}"
    )
    for number, document in enumerate(found.documents, 1):
        if len(found.documents) > 1:
            click.echo(f"document {number}: {document.root}, {document.pages} pages")
        _document(package, document)
    for one in found.attachments:
        where = f"{one.size} bytes" if one.part else f"not in the package: {one.location}"
        click.echo(f"attachment: {one.name} ({one.media_type}, {where})")
    click.echo(f"tagged: {len(found.tags)} regions")
    signatures, problem = _signatures(package)
    for line in signatures:
        click.echo(f"signature {line.id}: {line.kind}")
    if problem:
        click.echo(f"signatures: cannot be read: {problem}")
    for notice in found.notices:
        click.echo(f"notice: {notice.text_zh} | {notice.text_en} [{notice.where}]")


def _signatures(package: Package) -> tuple[tuple[Listed, ...], str]:
    """The list of signatures, or why it cannot be read."""
    from openrhip.formats.ofd.signing_records import listed

    try:
        return listed(package), ""
    except Problem as problem:
        return (), str(problem)


def _document(package: Package, document: DocumentContents) -> None:
    for entry in document.outlines:
        _outline(package, entry, 0)
    for mark in document.bookmarks:
        click.echo(f"bookmark: {mark.name}{_page(package, mark.dest.page_id if mark.dest else '')}")
    _rights(document)
    _resources(document)
    for note in document.annotations:
        page = "?" if note.page is None else note.page + 1
        click.echo(
            f"note {note.id} on page {page}: {note.kind} {note.creator} {note.date} {note.remark}"
        )
    for version in document.versions:
        now = ", current" if version.current else ""
        click.echo(f"version {version.id}: {len(version.files)} files {version.date}{now}")
    for extension in document.extensions:
        click.echo(f"extension: {extension.app} {extension.version}".rstrip())


def _resources(document: DocumentContents) -> None:
    kinds = Counter(resource.kind for resource in document.resources)
    if kinds:
        click.echo("resources: " + ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())))
    fonts = [one for one in document.resources if one.kind == "Font"]
    for font in fonts[:_MOST_FONTS]:
        click.echo(f"font {font.id}: {font.name}, {'embedded' if font.file else 'not embedded'}")
    if len(fonts) > _MOST_FONTS:
        click.echo(f"… {len(fonts) - _MOST_FONTS} more fonts")


def _rights(document: DocumentContents) -> None:
    if (may := document.permissions) is not None:
        names = ("edit", "annotate", "export", "sign", "watermark", "print_screen", "printable")
        click.echo("permitted: " + (" ".join(n for n in names if getattr(may, n)) or "nothing"))
        if may.valid_from or may.valid_to:
            click.echo(f"valid: {may.valid_from or '…'} to {may.valid_to or '…'}")
    for name, value in document.preferences.items():
        click.echo(f"shown with {name}: {value}")
    for action in document.actions:
        click.echo(f"action on {action.event}: {action.kind} {action.target}".rstrip())
    for template in document.templates:
        click.echo(f"template {template.id}: {template.part or 'missing'}")


def _outline(package: Package, entry: Outline, level: int) -> None:
    goal = entry.dest.page_id if entry.dest else ""
    click.echo(f"outline: {'  ' * level}{entry.title}{_page(package, goal)}")
    for below in entry.children:
        _outline(package, below, level + 1)


def _page(package: Package, page_id: str) -> str:
    index = package.pages.number(page_id) if page_id else None
    return "" if index is None else f" → page {index + 1}"


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
            raise NotFound("the document has no such page", where=f"page {page}")
        pages = pages[page - 1 : page]
    if as_json:
        say({"pages": pages})
    else:
        click.echo("\f".join(pages))
