"""How `openrhip gm` answers: in JSON, or in lines."""

from __future__ import annotations

import json
from typing import Any

import click


def answer(value: dict[str, Any], *, as_json: bool) -> None:
    """The answer of a command: JSON, or a line for each name and for each finding."""
    if as_json:
        click.echo(json.dumps(value, ensure_ascii=False))
        return
    for name, item in value.items():
        rows = item if isinstance(item, list) and item and isinstance(item[0], dict) else None
        if rows is None:
            click.echo(f"{name}: {_plain(item)}")
        for row in rows or ():
            click.echo(_line(row))


def _line(row: dict[str, Any]) -> str:
    if "zh" in row:
        mark = "✓" if row["ok"] else "✗"
        return f"{mark} {row['code']}: {row['zh']} / {row['en']} {row['where']}".rstrip()
    return "\n".join(f"  {name}: {_plain(item)}" for name, item in row.items())


def _plain(item: object) -> str:
    if isinstance(item, list):
        return ", ".join(str(one) for one in item) or "none"
    return ("no", "yes")[item] if isinstance(item, bool) else str(item)
