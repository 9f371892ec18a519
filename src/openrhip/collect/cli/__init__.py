"""`openrhip collect`: data collection (数据采集). A verb's module is imported when called."""

from __future__ import annotations

from importlib import import_module

import click

_HOME = __name__
_VERBS = {
    "catalogue": ("catalogue", "catalogue"),
    "engine": ("engine", "engine"),
    "unit": ("registering", "unit"),
    "manifest": ("sending", "manifest"),
    "send": ("sending", "send"),
    "status": ("sending", "status"),
    "watch": ("watching", "watch"),
    "report": ("feedback", "report"),
    "faults": ("feedback", "faults"),
    "coverage": ("coverage", "coverage"),
    "figures": ("coverage", "figures"),
    "lake": ("lake", "lake"),
    "ask": ("asking", "ask"),
    "queries": ("asking", "queries"),
}


class Verbs(click.Group):
    """A group whose members are found by name in _VERBS."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _VERBS:
            return None
        module, function = _VERBS[cmd_name]
        command: click.Command = getattr(import_module(f"{_HOME}.{module}"), function)
        return command


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Collect a city's health data: tables, batches, faults, coverage (数据采集).

    Exit codes: 0 done, 2 wrong usage, 3 malformed, 4 does not verify, 5 refused, 6 not found,
    7 conflict, 8 no answer, 9 not set up.
    """
