"""What the sub-commands of `openrhip ofd` share: arguments, reading, writing, signers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from openrhip.kernel import config
from openrhip.kernel.errors import Misconfigured, Problem, TooLarge
from openrhip.kernel.files import write_durably

if TYPE_CHECKING:
    from openrhip.formats.gm.signer import Signer
    from openrhip.formats.gm.tsp import DigestTimestamper

_LARGEST = 256 << 20
FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
OUTPUT = click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the result goes; may be FILE itself.",
)
_SIGNER_OPTIONS = (
    click.option(
        "--signer",
        required=True,
        metavar="PATH",
        help="Key and certificates: PATH.key.pem, PATH.cert.pem, PATH.chain.pem.",
    ),
    click.option(
        "--password-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="File with the keys' password; else OPENRHIP_KEY_PASSWORD, or the file `password` "
        "one folder above the key.",
    ),
    click.option("--tsa", metavar="PATH", help="Timestamp with a key of your own, as --signer."),
    click.option("--tsa-url", metavar="URL", help="Timestamp by an authority (RFC 3161)."),
    click.option("--lock", is_flag=True, help="Allow no signature after this one."),
)


def signing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_SIGNER_OPTIONS):
        command = option(command)
    return command


def read_file(path: Path) -> bytes:
    """The file's bytes; what is no plain file (a pipe, a device) is bounded as well."""
    size = path.stat().st_size if path.is_file() else _LARGEST
    if size <= _LARGEST:
        with path.open("rb") as file:
            data = file.read(size + 1)
        if len(data) <= _LARGEST:
            return data
    raise TooLarge(f"the file has more than {_LARGEST >> 20} MiB", where=str(path))


def write_file(path: Path, data: bytes, as_json: bool) -> None:
    write_durably(path, data, mode=0o644)
    if as_json:
        say({"output": str(path), "bytes": len(data)})
    else:
        click.echo(f"{path}: {len(data)} bytes")


def say(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


@contextmanager
def about(path: Path, remedy: str = "") -> Iterator[None]:
    """Where several files are read: a problem says of which, and what to give."""
    try:
        yield
    except Problem as problem:
        problem.remedy = problem.remedy or remedy
        problem.where = f"{path}: {problem.where}" if problem.where else str(path)
        raise


def trust_folder(folder: Path | None, remedy: str = "") -> Path:
    if folder:
        return folder
    current = config.current()
    usual = Path(current["trust"]) if current["trust"] else current.home / "pki" / "trust"
    if not usual.is_dir():
        raise Misconfigured(
            "nobody is trusted here: there is no trust folder",
            where=str(usual),
            remedy=remedy or "give --trust FOLDER with root certificates",
        )
    return usual


def instant(text: str | None, option: str = "--at") -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("not an instant of ISO 8601", param_hint=option) from None
    if found.tzinfo is None:
        raise click.BadParameter("says no zone; add Z or +08:00", param_hint=option)
    return found


def load_signer(prefix: str, password_file: Path | None) -> Signer:
    from openrhip.formats.gm.signer import SoftwareSigner

    path = Path(prefix)
    beside = path.parent.parent / "password"
    if password_file is None and "OPENRHIP_KEY_PASSWORD" in os.environ:
        password: bytes | None = os.environ["OPENRHIP_KEY_PASSWORD"].encode()
    elif password_file or beside.is_file():
        password = (password_file or beside).read_bytes().strip()
    else:
        password = None
    return SoftwareSigner.load(path.parent, path.name, password)


def load_timestamper(
    own: str | None, url: str | None, password_file: Path | None
) -> DigestTimestamper | None:
    from openrhip.formats.gm import digests, transport, tsp

    if own and url:
        raise click.UsageError("give one of --tsa and --tsa-url")
    if own:
        signer = load_signer(own, password_file)
        return tsp.LocalTimestamper(tsp.Authority(signer, algorithms=digests.OIDS))
    return tsp.RemoteTimestamper(transport.poster(url, timeout=20)) if url else None
