"""`openrhip collect watch`: the watched folder in a process of its own (监视目录)."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

import click

from openrhip.collect.cli.common import JSON, say, start
from openrhip.kernel.errors import Misconfigured


@click.command()
@click.option(
    "--inbox",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder with a subfolder for each unit; else setting collect_inbox.",
)
@click.option("--once", is_flag=True, help="Look until nothing moves any more, then end.")
@click.option("--pause", default=2.0, show_default=True, help="Seconds between two looks.")
@JSON
def watch(inbox: Path | None, once: bool, pause: float, as_json: bool) -> None:
    """Take in batches that units put down, until SIGTERM or Ctrl-C (监视目录).

    A running centre does the same where setting collect_inbox names the folder. What changed
    between two looks is still being written, and waits.
    """
    start()
    from openrhip.collect import service
    from openrhip.kernel.config import current

    folder = inbox or (Path(current()["collect_inbox"]) if current()["collect_inbox"] else None)
    if folder is None:
        raise Misconfigured("no folder to watch", remedy="give --inbox or set collect_inbox")
    stopping = threading.Event()

    def stop(*_: Any) -> None:
        stopping.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    looking, moved, idle = service.Watch(folder), 0, 0
    while not stopping.is_set() and not (once and idle > 1):
        found = looking.look()
        moved, idle = moved + found, 0 if found else idle + 1
        stopping.wait(pause)
    if as_json:
        say({"inbox": str(folder), "moved": moved})
    else:
        click.echo(f"{moved} batches taken, refused or passed on in {folder}")
