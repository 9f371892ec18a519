"""What the commands of this room share: JSON or text, Django made ready."""

from __future__ import annotations

import json
from typing import Any

import click

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def start() -> None:
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrhip.site.settings")
    django.setup()


def say(as_json: bool, content: dict[str, Any], text: str) -> None:
    click.echo(json.dumps(content, ensure_ascii=False, default=str) if as_json else text)
