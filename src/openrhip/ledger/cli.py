"""`openrhip ledger`: the evidence ledger from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from openrhip.kernel.config import Config, current, load
from openrhip.kernel.errors import Malformed, NotVerified

F = TypeVar("F", bound=Callable[..., Any])


def _home_option(command: F) -> F:
    return click.option(
        "--home",
        type=click.Path(path_type=Path, file_okay=False),
        help="Home folder (default: OPENRHIP_HOME or ./var).",
    )(command)


def _json_option(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")(command)


def _config(home: Path | None) -> Config:
    return load(home.absolute()) if home else current()


def _say(as_json: bool, value: dict[str, Any], text: str) -> None:
    click.echo(json.dumps(value, ensure_ascii=False) if as_json else text)


@click.group()
def cli() -> None:
    """The evidence ledger (存证账本)."""


@cli.command()
@_home_option
@click.option(
    "--origin", default="openrhip.local/ledger", show_default=True, help="Name of the log."
)
@click.option("--profile", type=click.Choice(["gm", "c2sp"]), help="Hash and signature.")
@_json_option
def init(home: Path | None, origin: str, profile: str | None, as_json: bool) -> None:
    """Make the key and the token of the ledger; done again it changes nothing."""
    from openrhip.ledger.home import Home

    config = _config(home)
    folder = Home.of(config.home)
    key = folder.init(origin=origin, profile=profile or config["ledger_profile"])
    value = {"folder": str(folder.folder), "key": str(key), "profile": key.profile.name}
    _say(as_json, value, f"{folder.folder}\n{key}")


@cli.command()
@_home_option
@click.option("--listen", help="host:port; port 0 takes a free one (default: that of ledger_url).")
@_json_option
def serve(home: Path | None, listen: str | None, as_json: bool) -> None:
    """Run the ledger process until it is told to stop."""
    from urllib.parse import urlsplit

    from openrhip.ledger.process import main

    config = _config(home)
    place = listen or urlsplit(config["ledger_url"]).netloc

    def ready(url: str) -> None:
        _say(as_json, {"listening": url}, f"ledger listens on {url}")

    main(config.home, place, store_url=config["ledger_store"], ready=ready)
