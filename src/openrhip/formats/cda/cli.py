"""`openrhip cda`: shared documents (共享文档) from the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from openrhip.formats.cda.kinds import BY_CODE, Kind
from openrhip.formats.cda.model import Grid, Line
from openrhip.formats.ofd.cli.common import FILE, JSON, OUTPUT, about, read_file, say, write_file
from openrhip.kernel.errors import Malformed, NotFound, Problem

if TYPE_CHECKING:
    from openrhip.formats.cda.model import ClinicalDocument, Entry, Participant, Section


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Check, show and lay out shared documents (卫生信息共享文档, WS/T 500).

    Exit codes: 0 done, 3 no readable shared document or errors found in it, 6 not found.
    """


@cli.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--strict", is_flag=True, help="What the standard requires and is missing: an error.")
@JSON
def check(files: tuple[Path, ...], strict: bool, as_json: bool) -> None:
    """Check each FILE against the catalogue of its kind (校验).

    One line per finding: severity, place, what is wrong, what to do. Warnings do not fail; exit
    code 3 if an error is found or a FILE is no shared document.
    """
    answers = [_checked(file, strict) for file in files]
    if as_json:
        say({"ok": all(one["ok"] for one in answers), "files": answers})
    else:
        for one in answers:
            _print_findings(one)
    if not all(one["ok"] for one in answers):
        sys.exit(Malformed.exit_code)


def _checked(file: Path, strict: bool) -> dict[str, Any]:
    """The answer for one file; a file that cannot be read does not keep the others waiting."""
    from openrhip.formats import cda

    try:
        found = cda.check(read_file(file), strict=strict)
    except Problem as problem:
        return {"file": str(file), "ok": False, "error": problem.as_dict(), "findings": []}
    return {
        "file": str(file),
        "ok": all(one.ok for one in found),
        "findings": [one.as_dict() for one in found],
    }


def _print_findings(answer: dict[str, Any]) -> None:
    file, found = answer["file"], answer["findings"]
    if problem := answer.get("error"):
        where = f" [{problem['where']}]" if problem["where"] else ""
        click.echo(f"{file}: unreadable: {problem['what']}{where} ({problem['remedy']})")
        return
    for one in found:
        click.echo(f"{file}: {one['severity']} {one['code']} {one['where']}")
        click.echo(f"  {one['text_zh']} | {one['text_en']}")
        click.echo(f"  → {one['remedy_zh']} | {one['remedy']}")
    errors = sum(not one["ok"] for one in found)
    click.echo(f"{file}: {errors} errors, {len(found) - errors} warnings")


@cli.command()
@JSON
def kinds(as_json: bool) -> None:
    """The kinds of document: code, template, names, sections (文档类型)."""
    from openrhip.formats.cda import catalogue

    rows: list[dict[str, Any]] = [
        {
            "code": kind.code,
            "template": kind.template_id,
            "zh": kind.title_zh,
            "en": kind.title_en,
            "sections": [
                {"code": one.code, "zh": one.name, "en": one.title_en, "required": one.required}
                for one in catalogue.of(kind).sections
            ],
        }
        for kind in Kind
        if kind.code.startswith("C0")
    ]
    if as_json:
        say({"kinds": rows})
        return
    for row in rows:
        click.echo(f"{row['code']} {row['template']} {row['zh']} | {row['en']}")
        names = "、".join(one["zh"] for one in row["sections"])
        click.echo(f"  {names}")


@cli.command()
@FILE
@JSON
def show(file: Path, as_json: bool) -> None:
    """Header and content of FILE, by data element (数据元)."""
    document = _parsed(file)
    header = dict(_header(document))
    lines = [line for one in document.sections for line in _contents(one, 0)]
    if as_json:
        say({"header": header, "content": lines})
        return
    for name, text in header.items():
        click.echo(f"{name}: {text}")
    for line in lines:
        indent = "  " * line["level"]
        label = f"{line['element']} {line['name']}".strip()
        click.echo(f"{indent}{label}: {line['text']}" if line["text"] else f"{indent}{label}")


def _parsed(file: Path) -> ClinicalDocument:
    from openrhip.formats import cda

    with about(file):
        return cda.parse(read_file(file))


def _header(document: ClinicalDocument) -> Iterator[tuple[str, str]]:
    """What is not empty of the header, by English name."""
    from openrhip.formats.cda import values

    patient, visit = document.patient, document.encounter
    pairs = (
        ("kind", f"{document.kind.code} {document.kind.title_zh}"),
        ("title", document.title),
        ("document", document.document_id.extension),
        ("made", values.show(document.effective_time)),
        ("version", str(document.version)),
        ("set", document.set_id),
        ("replaces", document.replaces.document_id.extension if document.replaces else ""),
        ("confidentiality", document.confidentiality.code),
        ("patient", patient.name),
        ("sex", patient.sex.text),
        ("born", values.show(patient.birth)),
        ("age", patient.age),
        ("identity number", patient.id_number),
        ("health card", patient.health_card),
        ("outpatient number", patient.outpatient_number),
        ("inpatient number", patient.inpatient_number),
        ("phone", patient.phone),
        ("address", patient.address),
        ("authors", _people(document.authors)),
        ("signers", _people(_signers(document))),
        ("custodian", f"{document.custodian.name} {document.custodian.code}".strip()),
        ("from", values.show(visit.start)),
        ("to", values.show(visit.end)),
        ("place", " < ".join(one.name or one.code for one in visit.places)),
    )
    return ((name, text) for name, text in pairs if text)


def _signers(document: ClinicalDocument) -> tuple[Participant, ...]:
    legal = document.legal_authenticator
    return (*((legal,) if legal else ()), *document.authenticators)


def _people(people: tuple[Participant, ...]) -> str:
    return ", ".join(f"{one.role} {one.name}".strip() for one in people if one.name)


def _contents(section: Section, level: int) -> Iterator[dict[str, Any]]:
    name = section.title or section.code.display
    yield _line(level, section.code.code, name, "" if section.entries else _narrative(section))
    for entry in section.entries:
        yield from _entries(entry, level + 1)
    for below in section.sections:
        yield from _contents(below, level + 1)


def _narrative(section: Section) -> str:
    """The words of a section that has no entries, tables row by row."""
    lines = []
    for block in section.blocks:
        if isinstance(block, Line):
            lines.append(block.text)
        elif isinstance(block, Grid):
            lines += [" ".join(cell for cell in row if cell) for row in (block.heads, *block.rows)]
    return "；".join(line for line in lines if line)


def _entries(entry: Entry, level: int) -> Iterator[dict[str, Any]]:
    from openrhip.formats.cda import values

    texts = [_shown(value.text, value.media is not None) for value in entry.values]
    said = "；".join(text for text in texts if text) or entry.text
    if not said and entry.time:
        said = values.show_span(entry.time)
    beside = (entry.interpretation.text, entry.reference and f"参考范围 {entry.reference}")
    said = " ".join(one for one in (said, *beside) if one)
    yield _line(level, entry.code.code, entry.code.display or entry.label or entry.form, said)
    for fact in entry.facts:
        yield _line(level + 1, fact.tag, fact.label, fact.text)
    for one in entry.people:
        yield _line(level + 1, "", one.role or one.kind, one.name)
    for below in entry.parts:
        yield from _entries(below, level + 1)


def _shown(text: str, picture: bool) -> str:
    return text or ("[图]" if picture else "")


def _line(level: int, element: str, name: str, text: str) -> dict[str, Any]:
    return {"level": level, "element": element, "name": name, "text": text}


@cli.command("lay-out")
@FILE
@OUTPUT
@JSON
def lay_out(file: Path, output: Path, as_json: bool) -> None:
    """The pages of FILE, unsigned: OUTPUT ends in .ofd (with FILE inside), .pdf or .html (版式)."""
    from openrhip.formats import cda
    from openrhip.formats.ofd import render

    suffix = output.suffix.lower()
    if suffix not in {".ofd", ".pdf", ".html", ".htm"}:
        raise click.BadParameter("ends in none of .ofd .pdf .html", param_hint="--output")
    with about(file):
        source = read_file(file)
        package = cda.lay_out(cda.parse(source), source=source)
    if suffix == ".pdf":
        package = render.to_pdf(package)
    elif suffix != ".ofd":
        package = render.to_page(package).encode()
    write_file(output, package, as_json)


@cli.command()
@click.argument("code")
@OUTPUT
@JSON
def sample(code: str, output: Path, as_json: bool) -> None:
    """A sample of the kind CODE (C0001 to C0053; see `kinds`), with a made-up patient (样例)."""
    from openrhip.formats import cda

    wanted = code.upper()
    found = next(
        (xml for name, xml in cda.samples().items() if name.startswith(f"{wanted}/")), None
    )
    if found is None or wanted not in BY_CODE:
        raise NotFound(
            "there is no sample of such a kind",
            where=code,
            remedy="`openrhip cda kinds` lists the codes",
        )
    write_file(output, found, as_json)
