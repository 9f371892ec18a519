"""The `openrhip` command: sub-commands by room, imported only when they are called."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from io import TextIOWrapper

import click

from openrhip import __version__
from openrhip.kernel.errors import NotFound, Problem, Unavailable

COMMANDS = {
    # name: (module:attribute, one line for the overview)
    "ofd": (
        "openrhip.formats.ofd.cli:cli",
        "read, show, sign, seal and verify OFD files (版式文件)",
    ),
    "seal": (
        "openrhip.formats.ofd.cli.sealing:cli",
        "make, show and check electronic seals (电子印章)",
    ),
    "cda": ("openrhip.formats.cda.cli:cli", "check, show and lay out documents (共享文档)"),
    "gm": ("openrhip.formats.gm.cli:cli", "keys, certificates and timestamps (国密)"),
    "ledger": (
        "openrhip.ledger.cli:cli",
        "the evidence ledger: status, prove, verify, replay (存证)",
    ),
    "agent": ("openrhip.agent.cli:cli", "the hospital's node: run, status (前置机)"),
    "records": ("openrhip.records.cli:cli", "documents of the archive (病历文件)"),
    "collect": ("openrhip.collect.cli:cli", "data collection: tables, batches, faults (数据采集)"),
    "directory": ("openrhip.directory.cli:cli", "institutions, people, consent (主索引)"),
    "verify": ("openrhip.records.cli:verify", "verify a proof bundle offline (离线验证)"),
    "init": ("openrhip.site.commands:init", "make a home folder: keys, database, ledger"),
    "serve": ("openrhip.site.commands:serve", "run the centre: web, ledger, worker"),
    "account": ("openrhip.site.commands:account", "make a sign-in account for staff (账户)"),
    "manage": ("openrhip.site.commands:manage", "Django's own commands, e.g. migrate"),
    "demo": ("openrhip.site.demo.cli:demo", "start a city with believable data"),
}


class Rooms(click.Group):
    """A group whose members are found by name in COMMANDS."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=Rooms, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="openrhip")
def cli() -> None:
    """OpenRHIP, a regional health information platform (区域卫生信息平台).

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 malformed input, 4 not verified, 5 refused,
    6 not found, 7 conflict, 8 unavailable, 9 misconfigured.
    """


def main() -> None:
    """Run the command; a Problem becomes a sentence (or JSON with --json) and its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal in GBK lacks rare characters
            stream.reconfigure(errors="backslashreplace")
    try:
        cli()
    except Problem as problem:
        _fail(problem)
    except OSError as error:
        kind = NotFound if isinstance(error, FileNotFoundError) else Unavailable
        what = f"the system refuses: {error.strerror or type(error).__name__}"
        _fail(kind(what, where=str(error.filename or "")))


def _fail(problem: Problem) -> None:
    if "--json" in sys.argv:
        click.echo(json.dumps({"error": problem.as_dict()}, ensure_ascii=False))
    else:
        click.echo(f"openrhip: {problem}", err=True)
    sys.exit(problem.exit_code)
