"""`openrhip collect send | status`: a unit's own batches, over HTTPS or at the centre (上报)."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click

from openrhip.collect.cli.common import JSON, columns, say, start
from openrhip.kernel.errors import Malformed, Misconfigured, Refused, Unavailable
from openrhip.kernel.files import write_durably

if TYPE_CHECKING:
    from openrhip.agent.collection import Collection
    from openrhip.agent.manifest import Envelope

F = TypeVar("F", bound=Callable[..., Any])
_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0


def _all(*options: Callable[[F], F]) -> Callable[[F], F]:
    def added(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return added


files_of_a_day = _all(
    click.argument(
        "files",
        nargs=-1,
        required=True,
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        metavar="FILE…",
    ),
    click.option("--table", required=True, help="Code of the table, such as OP_VISIT."),
    click.option("--day", required=True, help="Day of the data, YYYY-MM-DD; of a month its first."),
    click.option(
        "--encoding", type=click.Choice(["utf-8", "gb18030"]), help="Else it is found out."
    ),
    click.option("--delimiter", help="Else it is found out: comma, semicolon, bar or tab."),
)
key_options = _all(
    click.option(
        "--key",
        type=click.Path(path_type=Path),
        help="The unit's key without its ending: keys/institutions/U1 reads U1.key.pem, "
        "U1.cert.pem, U1.chain.pem there.",
    ),
    click.option(
        "--password-file",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="File with the key's password; else `password` beside or above the key.",
    ),
)
where_to = _all(
    click.option("--to", "url", help="Address of the centre, such as https://…"),
    click.option(
        "--node",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        help="Folder of the hospital's node: its centre, unit and key.",
    ),
    click.option(
        "--home",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        help="At the centre itself: its home folder; nothing travels.",
    ),
    click.option("--unit", help="Code of the unit that sends."),
    key_options,
)


@click.command()
@files_of_a_day
@click.option("--wait", is_flag=True, help="Wait for the check, and print the report.")
@click.option("--patience", default=600, show_default=True, help="Seconds to wait at most.")
@where_to
@JSON
def send(
    files: tuple[Path, ...],
    table: str,
    day: str,
    encoding: str | None,
    delimiter: str | None,
    wait: bool,
    patience: int,
    as_json: bool,
    **sender: Any,
) -> None:
    """Send FILE… as the whole of a table and day (发送批次).

    Sent again unchanged, nothing happens; sent anew, it replaces what the day held. Broken off, the
    same command goes on where it was. With --wait, a batch that is refused ends with exit code 5.
    """
    desk = _desk(**sender)
    signs = desk.envelope(table.upper(), _day(day), files, encoding or "", _sign(delimiter))
    batch = desk.deliver(signs, files)
    if wait:
        batch = _settled(desk, batch["id"], patience)
    if as_json:
        say(batch)
    elif batch["settled"]:
        click.echo(desk.report(batch["id"]).rstrip())
    else:
        click.echo(_line(batch))
        click.echo(f"openrhip collect status {batch['id']}")
    if wait and batch["state"] == "refused":
        sys.exit(Refused.exit_code)


@click.command()
@files_of_a_day
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), help="Else NAME.manifest.json beside FILE."
)
@click.option("--unit", required=True, help="Code of the unit that sends.")
@key_options
@JSON
def manifest(
    files: tuple[Path, ...],
    table: str,
    day: str,
    encoding: str | None,
    delimiter: str | None,
    output: Path | None,
    unit: str,
    key: Path | None,
    password_file: Path | None,
    as_json: bool,
) -> None:
    """Write the signed manifest of FILE…, to be put down beside them by SFTP (批次清单)."""
    if key is None:
        raise click.UsageError("a manifest needs --key")
    signer = _key(key, password_file)
    made = _signed(unit, signer, table.upper(), _day(day), files, encoding or "", _sign(delimiter))
    path = output or files[0].with_name(f"{files[0].stem}.manifest.json")
    write_durably(path, made.encode(), mode=0o644)
    about = {"path": str(path), "rows": made.manifest.rows, "sm3": made.manifest.digest}
    if as_json:
        say(about)
    else:
        click.echo(f"{path}: {made.manifest.rows:,} rows in {len(files)} files")


@click.command()
@click.argument("batch", required=False)
@click.option("--table", default="", help="Only this table.")
@click.option("--month", default="", help="Only days of this month, YYYY-MM.")
@click.option(
    "--state", default="", type=click.Choice(["", "received", "checking", "loaded", "refused"])
)
@click.option("--page", default=1, show_default=True, help="50 a page, newest first.")
@where_to
@JSON
def status(
    batch: str | None,
    table: str,
    month: str,
    state: str,
    page: int,
    as_json: bool,
    **sender: Any,
) -> None:
    """What became of BATCH, or of the unit's newest batches (批次状态)."""
    desk = _desk(**sender)
    if batch is not None:
        found = desk.batch(batch)
        if as_json:
            say(found)
        else:
            click.echo(_line(found))
            if found["settled"]:
                click.echo(desk.report(batch).rstrip())
        return
    listed = desk.batches(table=table.upper(), month=month, state=state, page=str(page))
    if as_json:
        say({"page": page, "items": listed})
    elif listed:
        columns([_cells(one) for one in listed])
    else:
        click.echo("no batches")


class Remote:
    """Batches of one unit over HTTP."""

    def __init__(self, client: Collection) -> None:
        self.client = client

    def envelope(
        self, table: str, day: date, files: Sequence[Path], encoding: str, delimiter: str
    ) -> Envelope:
        """The signed manifest of these files."""
        return _signed(
            self.client.institution, self.client.signer, table, day, files, encoding, delimiter
        )

    def deliver(self, envelope: Envelope, files: Sequence[Path]) -> dict[str, Any]:
        from openrhip.agent.describing import Reading

        with Reading(list(files)) as reading:
            return self.client.deliver(envelope.encode(), reading.read)

    def batch(self, batch_id: str) -> dict[str, Any]:
        return self.client.batch(batch_id)

    def batches(self, **asked: str) -> Sequence[dict[str, Any]]:
        return self.client.batches(**asked)

    def report(self, batch_id: str) -> str:
        return self.client.report(batch_id, form="txt").decode()


class Local:
    """Batches at the centre itself, past HTTP, with the same signatures."""

    def __init__(self, unit: str, signer: Any) -> None:
        self.unit = unit
        self.signer = signer

    def envelope(
        self, table: str, day: date, files: Sequence[Path], encoding: str, delimiter: str
    ) -> Envelope:
        """The signed manifest of these files."""
        if self.signer is None:
            raise Misconfigured("a unit and its key are needed", remedy="give --unit and --key")
        return _signed(self.unit, self.signer, table, day, files, encoding, delimiter)

    def deliver(self, envelope: Envelope, files: Sequence[Path]) -> dict[str, Any]:
        from openrhip.collect import service

        found = {path.name: path for path in files}
        return service.receive(envelope=envelope.encode(), open_file=found, via="cli").as_dict()

    def batch(self, batch_id: str) -> dict[str, Any]:
        """The batch; one that waits is checked here and now, whether a worker runs or not."""
        from openrhip.collect import service

        found = service.batch(batch_id)
        return (found if found.settled else service.process(batch_id=batch_id)).as_dict()

    def batches(self, *, table: str, month: str, state: str, page: str) -> list[dict[str, Any]]:
        from openrhip.collect import service
        from openrhip.kernel.periods import Month

        found = service.batches(
            unit=self.unit or None,
            table=table or None,
            state=service.State(state) if state else None,
            month=Month.parse(month) if month else None,
            page=int(page),
        )
        return [one.as_dict() for one in found]

    def report(self, batch_id: str) -> str:
        from openrhip.collect import service
        from openrhip.collect.rules.reports import as_text

        return as_text(service.report(batch_id))


def _desk(
    url: str | None,
    node: Path | None,
    home: Path | None,
    unit: str | None,
    key: Path | None,
    password_file: Path | None,
) -> Remote | Local:
    if sum(given is not None for given in (url, node, home)) != 1:
        raise click.UsageError("say where to: one of --to URL, --node FOLDER, --home FOLDER")
    if home is not None:
        return _at_centre(home.absolute(), unit, key, password_file)
    from openrhip.agent.collection import Collection
    from openrhip.agent.settings import load as load_node

    if node is not None:
        found = load_node(node)
        key = key or found.keys / "institutions" / found.institution
        password_file = password_file or found.password_file
        unit, url = unit or found.institution, found.centre_url
    if not unit or key is None or url is None:
        raise click.UsageError("--to needs --unit and --key")
    parts = urlsplit(url)
    if parts.scheme != "https" and not node and parts.hostname not in _THIS_MACHINE:
        raise Misconfigured(
            "health data must not travel unencrypted", where=url, remedy="use https"
        )
    return Remote(Collection(url.rstrip("/"), institution=unit, signer=_key(key, password_file)))


def _at_centre(home: Path, unit: str | None, key: Path | None, password_file: Path | None) -> Local:
    import os

    from openrhip.kernel import config

    os.environ["OPENRHIP_HOME"] = str(home)
    config.current.cache_clear()
    start()
    if key is None and unit and "/" not in unit:
        kept = home / "pki" / "institutions" / unit  # development keys
        key = kept if kept.with_name(f"{unit}.key.pem").exists() else None
    return Local(unit or "", _key(key, password_file) if key else None)


def _key(key: Path, password_file: Path | None) -> Any:
    from openrhip.formats.gm.signer import SoftwareSigner

    beside = (key.parent / "password", key.parent.parent / "password")
    found = password_file or next((path for path in beside if path.is_file()), None)
    password = found.read_bytes().strip() if found else None
    return SoftwareSigner.load(key.parent, key.name, password)


def _signed(
    unit: str,
    signer: Any,
    table: str,
    day: date,
    files: Sequence[Path],
    encoding: str,
    delimiter: str,
) -> Envelope:
    from openrhip.agent import manifest
    from openrhip.agent.describing import describe

    found = [describe(path, encoding=encoding, delimiter=delimiter) for path in files]
    return manifest.sign(manifest.build(unit=unit, table=table, day=day, files=found), signer)


def _settled(desk: Remote | Local, batch_id: str, patience: int) -> dict[str, Any]:
    """The batch once it was checked. Raises Unavailable when that takes too long."""
    until, pause = time.monotonic() + patience, _FIRST_PAUSE
    while not (batch := desk.batch(batch_id))["settled"]:
        if time.monotonic() + pause > until:
            raise Unavailable(
                f"the batch is not checked after {patience} seconds",
                where=batch_id,
                remedy=f"it is received; ask later: openrhip collect status {batch_id}",
            )
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
    return batch


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Malformed("a day is written YYYY-MM-DD", where="--day") from error


def _sign(delimiter: str | None) -> str:
    names = {"comma": ",", "semicolon": ";", "bar": "|", "tab": "\t"}
    return names.get(delimiter or "", delimiter or "")


def _line(batch: dict[str, Any]) -> str:
    return "  ".join(cell for cell in _cells(batch) if cell)


def _cells(batch: dict[str, Any]) -> list[str]:
    rows = (
        f"{batch['loaded']:,} loaded, {batch['quarantined']:,} quarantined"
        if batch["settled"]
        else f"{batch['rows_declared']:,} rows declared"
    )
    mark = "current" if batch["current"] else ""
    return [batch["id"], batch["table"], batch["day"], batch["state"], rows, mark]
