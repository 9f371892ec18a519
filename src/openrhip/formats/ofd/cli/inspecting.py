"""`ofd search`, `extract`, `check` and `diff`: looking into files and comparing them."""

from __future__ import annotations

import json
from pathlib import Path

import click

from openrhip.formats.ofd.cli.common import FILE, JSON, say, trust_folder
from openrhip.formats.ofd.cli.editing import warn
from openrhip.kernel.errors import NotFound


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
    from openrhip.formats.ofd.package import open_package

    package = open_package(file)
    wanted = [page - 1 for page in pages] or None
    if pages and max(pages) > len(package.pages):
        raise NotFound("the document has no such page", where=f"page {max(pages)}")
    hits = find(package, list(words), pages=wanted, most=most)
    if as_json:
        notices = [notice.as_dict() for notice in package.notices]
        found = [hit.as_dict() for hit in hits]
        say({"hits": found, "complete": len(hits) < most, "notices": notices})
        return
    for hit in hits:
        x, y, *_ = hit.boxes[0] if hit.boxes else (0.0, 0.0)
        click.echo(f"{hit.page + 1}: ({x:.1f}, {y:.1f}) {hit.around}")
    click.echo(f"{len(hits)} hits" + ("" if len(hits) < most else "; there may be more"))
    warn(package.notices)


@click.command()
@FILE
@click.option(
    "-o",
    "--output",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for what is found; tags or metadata alone are printed without it.",
)
@click.option("--attachments", is_flag=True, help="Attached files, under their names.")
@click.option("--images", is_flag=True, help="Pictures, sounds and films as they are.")
@click.option("--fonts", is_flag=True, help="Embedded fonts.")
@click.option("--tags", is_flag=True, help="Tagged regions with their text, as tags.json.")
@click.option("--metadata", is_flag=True, help="Metadata, as metadata.json.")
@click.option("--force", is_flag=True, help="Overwrite files that are there already.")
@JSON
def extract(file: Path, folder: Path | None, force: bool, as_json: bool, **wanted: bool) -> None:
    """Take attachments, pictures, fonts, tags or metadata out of FILE; all if none is named.

    Names are made safe: nothing is written outside of DIR, nor over other files.
    """
    from openrhip.formats.ofd.inspect import extracting
    from openrhip.formats.ofd.package import open_package

    package = open_package(file)
    kinds = tuple(kind for kind in extracting.KINDS if wanted[kind]) or extracting.KINDS
    if folder is None:
        if not set(kinds) <= {"tags", "metadata"}:
            raise click.UsageError("say with -o where the files go")
        texts = {found.kind: found.data.decode() for found in extracting.extract(package, kinds)}
        if as_json:
            notices = [notice.as_dict() for notice in package.notices]
            say({**{kind: json.loads(text) for kind, text in texts.items()}, "notices": notices})
            return
        for text in texts.values():
            click.echo(text, nl=False)
        warn(package.notices)
        return
    written = extracting.write_out(package, folder, kinds, force=force)
    if as_json:
        lines = [
            {"kind": one.kind, "file": str(one.path), "part": one.part, "bytes": one.size}
            for one in written
        ]
        say({"written": lines, "notices": [notice.as_dict() for notice in package.notices]})
        return
    for one in written:
        click.echo(f"{one.kind}: {one.path} ({one.size} bytes)")
    click.echo(f"{len(written)} files")
    warn(package.notices)


@click.command()
@FILE
@click.option(
    "--profile",
    type=click.Choice(["ofd", "ofd-a", "ofd-h", "gmt-0099"], case_sensitive=False),
    default="ofd",
    show_default=True,
    help="ofd: the standard itself; else a profile on top of it.",
)
@click.option(
    "--trust",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="For gmt-0099: folder of trusted roots (default: the setting `trust`).",
)
@click.option("--all", "everything", is_flag=True, help="Show also what holds.")
@JSON
def check(file: Path, profile: str, trust: Path | None, everything: bool, as_json: bool) -> None:
    """Check FILE against GB/T 33190: structure, references, fonts, pictures (文件检查).

    One line per finding: what is wrong, where, and what to do. Advice (字型未嵌入 and the
    like) does not fail. Exit code 4 if something is wrong.
    """
    from openrhip.formats.gm.chain import TrustStore
    from openrhip.formats.ofd.inspect.checking import ADVICE, INTEGRITY
    from openrhip.formats.ofd.inspect.checking import check as look

    store = TrustStore.load_folder(trust_folder(trust)) if profile == INTEGRITY else None
    report = look(file, profile, trust=store)
    if as_json:
        say(report.as_dict())
    else:
        for one in report.findings:
            if one.ok and not everything:
                continue
            mark = "ok" if one.ok else "advice" if one.code in ADVICE else "wrong"
            place = f" [{one.where}]" if one.where else ""
            click.echo(f"{mark} {one.code}: {one.text_zh} / {one.text_en}{place}")
        wrong = sum(not one.ok and one.code not in ADVICE for one in report.findings)
        advice = sum(not one.ok and one.code in ADVICE for one in report.findings)
        verdict = "conforms" if report.ok else "does not conform"
        click.echo(f"{verdict}: {wrong} wrong, {advice} advice")
    if not report.ok:
        raise click.exceptions.Exit(4)
