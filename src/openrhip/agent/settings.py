"""The node's configuration (前置机配置): `agent.toml` in the node's folder."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from openrhip.kernel.errors import Malformed, Misconfigured
from openrhip.kernel.files import make_folder, write_durably

FILE = "agent.toml"

# name, default, meaning; "" as default means: must be given
FIELDS = (
    ("institution", "", "code of the institution, as the centre registered it"),
    ("centre_url", "", "address of the centre, for instance https://centre.example"),
    ("keys", "keys", "folder with institutions/, staff/, seals/, trust/ (and tsa/ in development)"),
    ("password_file", "keys/password", "file (mode 0600) with the password of the private keys"),
    ("inbox", "inbox", "folder the hospital's systems write into"),
    ("done", "done", "where acknowledged files go, each with its receipt"),
    ("refused", "refused", "where refused files go, each with its report"),
    ("outbox", "outbox", "folder whose subfolder collect holds collected data to be sent"),
    ("reports", "reports", "where the centre's reports on batches of collected data go"),
    ("work", "work", "the queues and their files"),
    ("tsa_url", "-", "timestamp authority (RFC 3161); - is the development authority in keys/tsa"),
    ("poll_seconds", "1", "seconds between two looks into the inbox"),
    ("quiet_seconds", "30", "seconds without change after which collected files are complete"),
    ("part_bytes", "4194304", "size of one upload part"),
    ("allow_http", "no", "yes allows an unencrypted centre address other than this machine"),
)
_FOLDERS = (
    "keys",
    "password_file",
    "inbox",
    "done",
    "refused",
    "outbox",
    "reports",
    "work",
)


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """home: the node's folder; all paths are absolute."""

    home: Path
    institution: str
    centre_url: str
    keys: Path
    password_file: Path
    inbox: Path
    done: Path
    refused: Path
    outbox: Path
    reports: Path
    work: Path
    tsa_url: str
    poll_seconds: float
    quiet_seconds: float
    part_bytes: int

    def make_folders(self) -> None:
        folders = (self.inbox, self.done, self.refused, self.outbox / "collect", self.reports)
        for folder in (*folders, self.work):
            make_folder(folder)


def load(home: Path) -> AgentConfig:
    """Read `agent.toml`. Raises Misconfigured with what to correct."""
    path = home / FILE
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise Misconfigured(
            "this folder holds no node", where=str(path), remedy="openrhip agent init"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"not TOML: {error}", where=str(path)) from error
    if unknown := sorted(set(given) - {name for name, _, _ in FIELDS}):
        raise Misconfigured(f"unknown settings: {', '.join(unknown)}", where=str(path))
    values = {name: str(given.get(name, default)) for name, default, _ in FIELDS}
    if empty := [name for name in ("institution", "centre_url") if not values[name]]:
        raise Misconfigured(f"settings are missing: {', '.join(empty)}", where=str(path))
    _check_centre(values, path)
    try:
        poll, part = float(values["poll_seconds"]), int(values["part_bytes"])
        quiet = float(values["quiet_seconds"])
    except ValueError as error:
        raise Misconfigured("a number is expected", where=str(path)) from error
    if not (0.01 <= poll <= 3600 and 0 <= quiet <= 86_400 and 1024 <= part <= 8 << 20):
        raise Misconfigured(
            "poll_seconds, quiet_seconds or part_bytes is out of range", where=str(path)
        )
    folders = {name: (home / values[name]).absolute() for name in _FOLDERS}
    return AgentConfig(
        home=home.absolute(),
        institution=values["institution"],
        centre_url=values["centre_url"].rstrip("/"),
        tsa_url="" if values["tsa_url"] == "-" else values["tsa_url"],
        poll_seconds=poll,
        quiet_seconds=quiet,
        part_bytes=part,
        **folders,
    )


def write(home: Path, *, institution: str, centre_url: str, **others: str) -> Path:
    """Write a new `agent.toml` with every setting and what it means.."""
    given = {"institution": institution, "centre_url": centre_url, **others}
    lines = []
    for name, default, meaning in FIELDS:
        value = given.get(name, default)
        if '"' in value or "\\" in value or "\n" in value:
            raise Malformed("a setting holds a character that is not allowed", where=name)
        lines.append(f'# {meaning}\n{name} = "{value}"\n')
    path = home / FILE
    write_durably(path, "\n".join(lines).encode())
    return path


def _check_centre(values: dict[str, str], path: Path) -> None:
    url = urlsplit(values["centre_url"])
    local = url.hostname in {"127.0.0.1", "::1", "localhost"}
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise Misconfigured("centre_url is no http(s) address", where=str(path))
    if url.scheme == "http" and not local and values["allow_http"] != "yes":
        raise Misconfigured(
            "records must not travel unencrypted",
            where=str(path),
            remedy='use https, or allow_http = "yes" behind a tunnel of your own',
        )
