"""Write the pages that are derived from the code: docs/commands.md and docs/settings.md."""

from __future__ import annotations

from pathlib import Path

import click

from openrhip.kernel.config import SETTINGS
from openrhip.site.cli import cli

DOCS = Path(__file__).parents[1] / "docs"


def commands() -> str:
    """The help of every command, in the order of the overview."""
    parts = ["# Commands\n\nThe help of each command, as `--help` prints it.\n"]
    _walk(
        cli,
        click.Context(cli, info_name="openrhip", terminal_width=96, **cli.context_settings),
        parts,
    )
    return "\n".join(parts)


def _walk(command: click.Command, context: click.Context, parts: list[str]) -> None:
    context.terminal_width = context.max_content_width = 96
    # click remembers the help option of whoever called first, with the names it had there
    command._help_option = None  # noqa: SLF001
    depth = context.command_path.count(" ")
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    parts.append(f"{'#' * min(depth + 2, 4)} `{context.command_path}`\n\n```text\n{text}\n```\n")
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            member = command.get_command(context, name)
            if member and not member.hidden and name != "manage":
                inner = click.Context(
                    member, info_name=name, parent=context, **member.context_settings
                )
                _walk(member, inner, parts)


def settings() -> str:
    """One row a setting."""
    rows = "\n".join(
        f"| `{setting.name}` | {f'`{setting.default}`' if setting.default else 'empty'} "
        f"| {setting.meaning} |"
        for setting in SETTINGS
    )
    return (
        "# Settings (配置)\n\n"
        "Settings live in `openrhip.toml` in the home folder (`OPENRHIP_HOME`, by default\n"
        "`./var`). An environment variable `OPENRHIP_<NAME>` wins over the file. Secrets are\n"
        "never settings: they are files with mode 0600 below the home folder.\n\n"
        f"| name | default | meaning |\n|---|---|---|\n{rows}\n"
    )


PAGES = {"commands.md": commands, "settings.md": settings}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), "utf-8")
        print(f"docs/{name}")
