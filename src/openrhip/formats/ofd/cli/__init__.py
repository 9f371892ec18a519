"""`openrhip ofd`: OFD files from the command line. Each verb's module is imported when called."""

from __future__ import annotations

from importlib import import_module

import click

_HOME = __name__
_VERBS = {
    "info": ("reading", "info"),
    "text": ("reading", "text"),
    "render": ("drawing", "render"),
    "sign": ("signing", "sign"),
    "seal": ("signing", "seal"),
    "verify": ("verifying", "verify"),
    "certificates": ("verifying", "certificates"),
    "search": ("inspecting", "search"),
    "words": ("places", "words"),
    "tables": ("places", "tables"),
    "extract": ("inspecting", "extract"),
    "check": ("inspecting", "check"),
    "diff": ("comparing", "diff"),
    "evidence": ("evidence", "evidence"),
    "merge": ("editing", "merge"),
    "split": ("editing", "split"),
    "annotate": ("editing", "annotate"),
    "attach": ("editing", "attach"),
    "outline": ("editing", "outline"),
    "to-pdf": ("converting", "to_pdf"),
    "from-pdf": ("converting", "from_pdf"),
    "from-images": ("converting", "from_images"),
    "to-ofd-a": ("profiling", "to_ofd_a"),
    "protect": ("profiling", "protect"),
    "check-list": ("profiling", "check_list"),
    "encrypt": ("profiling", "encrypt"),
    "decrypt": ("profiling", "decrypt"),
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
    """Read, show, sign, seal and verify OFD files (版式文件, GB/T 33190).

    What stands at OUTPUT is replaced. Exit codes: 0 done, 1 diff found differences, 2 wrong usage,
    3 not a readable OFD file, 4 signatures or checks do not hold, 5 refused, 6 not found, 7 locked
    or there already, 8 no answer, 9 not set up.
    """
