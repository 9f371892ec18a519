"""What the verbs of `openrhip collect` share."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from openrhip.collect import catalogue
from openrhip.collect.rules.tables import Catalogue, Table, ValueSet
from openrhip.kernel import config
from openrhip.kernel.errors import NotFound

JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
OWN = click.option(
    "--catalogue",
    "own",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of the centre's own tables and values, laid over the shipped catalogue; "
    "else setting collect_catalogue.",
)


def start() -> None:
    """Make Django ready; for verbs that ask the service."""
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrhip.site.settings")
    django.setup()


def load(own: Path | None) -> Catalogue:
    """The catalogue as this centre has it."""
    return catalogue.load(own or own_folder())


def own_folder() -> Path | None:
    text = config.current()["collect_catalogue"]
    return Path(text) if text else None


def table_of(found: Catalogue, code: str) -> Table:
    try:
        return found.tables[code.upper()]
    except KeyError:
        raise NotFound(
            "no such table in the catalogue", where=code, remedy="openrhip collect catalogue list"
        ) from None


def values_of(found: Catalogue, key: str) -> ValueSet:
    try:
        return found.values[key]
    except KeyError:
        raise NotFound(
            "no such value set", where=key, remedy="openrhip collect catalogue values"
        ) from None


def say(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


def columns(rows: Iterable[Sequence[str]]) -> None:
    """Rows with their columns under each other; a Chinese character is two places wide."""
    kept = [list(row) for row in rows]
    wide = [max(map(_width, column)) for column in zip(*kept, strict=True)]
    for row in kept:
        cells = [cell + " " * (w - _width(cell)) for cell, w in zip(row, wide, strict=True)]
        click.echo("  ".join(cells).rstrip())


def _width(text: str) -> int:
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)
