"""`openrhip init | serve | account | manage`: commands of the centre as a whole."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from openrhip.kernel.errors import Misconfigured
from openrhip.site import home as homes

F = TypeVar("F", bound=Callable[..., Any])


def home_option(command: F) -> F:
    """--home, by default OPENRHIP_HOME or ./var."""
    return click.option(
        "--home",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("var"),
        envvar="OPENRHIP_HOME",
        show_default=True,
        help="The home folder.",
    )(command)


def json_option(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")(command)


@click.command()
@home_option
@click.option("--development", is_flag=True, help="Make development certificates; allow HTTP.")
@click.option("--centre-url", help="Address under which the centre is reached.")
@click.option("--listen", help="host:port of the web process.")
@json_option
def init(
    home: Path, development: bool, centre_url: str | None, listen: str | None, as_json: bool
) -> None:
    """Make a home folder: configuration, keys, ledger, database. Done again it changes nothing."""
    given = {"centre_url": centre_url, "listen": listen}
    home = home.absolute()
    homes.prepare(
        home,
        development=development,
        values={name: value for name, value in given.items() if value},
    )
    say(
        as_json,
        {"home": str(home), "development": development},
        f"Home folder: {home}\n"
        + (
            "Certificates are for DEVELOPMENT ONLY (开发测试).\n"
            if development
            else f"Now put the trusted roots into {home / 'pki' / 'trust'}, the seal makers' "
            "certificates into its folder makers (docs/operations.md).\n"
        )
        + f"Next: openrhip account --home {home} …, then openrhip serve --home {home}",
    )


@click.command()
@home_option
@click.option(
    "--only",
    type=click.Choice(["web", "worker", "collect"]),
    help="Run one kind of process in the foreground, e.g. under systemd.",
)
def serve(home: Path, only: str | None) -> None:
    """Run the centre (ledger, web, workers) until SIGTERM or Ctrl-C."""
    settings = opened(home)
    from openrhip.kernel.config import current
    from openrhip.site import services, worker
    from openrhip.site.supervisor import Supervisor

    config = current()
    if only == "web":
        services.run_web(config)
    elif only == "worker":
        worker.run()
    elif only == "collect":
        worker.collecting()
    else:
        supervisor = Supervisor(services.centre(config), logs=settings / "logs")
        try:
            supervisor.start()
            click.echo(f"The centre is at {config['centre_url']}; logs in {settings / 'logs'}")
            supervisor.run()
        finally:
            supervisor.stop()


@click.command()
@home_option
@click.argument("name")
@click.option("--staff", "code", required=True, help="Code of the member of staff.")
@click.option("--full-name", help="Register this member of staff first.")
@click.option("--institution", help="Code of the institution of new staff.")
@click.option("--role", "roles", multiple=True, help="Role of new staff; may be repeated.")
@json_option
def account(
    home: Path,
    name: str,
    code: str,
    full_name: str | None,
    institution: str | None,
    roles: tuple[str, ...],
    as_json: bool,
) -> None:
    """Make a sign-in account NAME for a member of staff and print its first password once."""
    opened(home)
    from openrhip.directory import service as directory
    from openrhip.site.accounts.service import staff

    if full_name:
        directory.register_staff(
            code=code, name=full_name, institution_code=institution or "", roles=roles
        )
    password = secrets.token_urlsafe(15)
    made = staff.create_account(name=name, password=password, staff_code=code)
    say(
        as_json,
        {"account": made.name, "password": password},
        f"{made.name}\n{password}\nThe second factor is set up at the first sign-in.",
    )


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> None:
    """Django's own commands on the home folder OPENRHIP_HOME, e.g. migrate."""
    import os

    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrhip.site.settings")
    execute_from_command_line(["openrhip manage", *arguments])


def opened(home: Path) -> Path:
    """The home folder, absolute, with Django ready. Raises Misconfigured if there is none."""
    home = home.absolute()
    if not (home / "openrhip.toml").exists():
        raise Misconfigured(
            "this folder is no home folder", where=str(home), remedy=f"openrhip init --home {home}"
        )
    homes.start_django(home)
    return home


def say(as_json: bool, value: dict[str, Any], text: str) -> None:
    """Print for a person or for a machine."""
    click.echo(json.dumps(value, ensure_ascii=False, default=str) if as_json else text)
