"""`openrhip ledger`: the evidence ledger from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from openrhip.kernel.config import Config, current, load
from openrhip.kernel.errors import NotVerified, TooLarge

if TYPE_CHECKING:
    from openrhip.formats.gm.findings import Finding
    from openrhip.ledger.rules import LogKey
    from openrhip.ledger.service import Ledger

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
@click.option("--origin", help="Name of the log, unique in the world (default: ledger_origin).")
@click.option("--profile", type=click.Choice(["gm", "c2sp"]), help="Hash and signature.")
@_json_option
def init(home: Path | None, origin: str | None, profile: str | None, as_json: bool) -> None:
    """Make the key and the token of the ledger; done again it changes nothing."""
    from openrhip.ledger.home import Home

    config = _config(home)
    folder = Home.of(config.home)
    key = folder.init(
        origin=origin or config["ledger_origin"], profile=profile or config["ledger_profile"]
    )
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


@cli.command()
@_home_option
@click.option("--url", help="Address of the ledger (default: ledger_url).")
@click.option("--key", help="Public key of the log, or a file with it (default: of the home).")
@click.option(
    "--remember",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with the checkpoint seen last: prove that the log only grew, then keep the newest.",
)
@_json_option
def status(
    home: Path | None, url: str | None, key: str | None, remember: Path | None, as_json: bool
) -> None:
    """Size, newest checkpoint and health of the running ledger."""
    from openrhip.kernel.files import write_durably
    from openrhip.ledger.rules import Checkpoint
    from openrhip.ledger.rules.encoding import to_base64
    from openrhip.ledger.rules.notes import open_note
    from openrhip.ledger.service import watch

    log_key = _key(home, key)
    kept = remember.read_text("utf-8") if remember and remember.exists() else None
    with _client(home, url) as ledger:
        health, seen = ledger.health(), watch(ledger, log_key, kept)
    if remember:
        write_durably(remember, seen.note.encode(), mode=0o644)
    checkpoint = Checkpoint.parse(open_note(seen.note, [log_key]))
    root = to_base64(checkpoint.root)
    value = {
        **health,
        "size": checkpoint.size,
        "before": seen.before,
        "root": root,
        "key": str(log_key),
        "checkpoint": seen.note,
    }
    grown = f"only grew since {seen.before} entries\n" if kept else ""
    _say(
        as_json,
        value,
        f"log       {checkpoint.origin} ({log_key.profile.name})\n"
        f"entries   {checkpoint.size}\nroot      {root}\n"
        f"{grown}signature verified, key id {log_key.key_id.hex()}",
    )


@cli.command()
@click.argument("index", type=click.IntRange(min=0))
@_home_option
@click.option("--url", help="Address of the ledger (default: ledger_url).")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it here.")
@_json_option
def prove(index: int, home: Path | None, url: str | None, out: Path | None, as_json: bool) -> None:
    """Evidence for entry INDEX: the entry with a receipt that anybody can verify offline."""
    from openrhip.kernel.files import write_durably
    from openrhip.ledger.rules import evidence, verify_evidence

    with _client(home, url) as ledger:
        entry, receipt, key = ledger.entry(index), ledger.receipt(index), ledger.key()
    data = evidence(entry, receipt)
    findings = verify_evidence(data, log_key=key)
    if out:
        write_durably(out, data + b"\n", mode=0o644)
        value = {"written": str(out), "findings": [finding.as_dict() for finding in findings]}
        _say(as_json, value, f"{out}\n{_lines(findings)}")
    else:
        click.echo(data.decode())
    _end(findings)


@cli.command()
@click.argument("evidence_file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_home_option
@click.option("--key", help="Public key of the log, or a file with it (default: of the home).")
@click.option(
    "--entry",
    "entry_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The bytes of the entry, if the file holds a receipt alone.",
)
@_json_option
def verify(
    evidence_file: Path, home: Path | None, key: str | None, entry_file: Path | None, as_json: bool
) -> None:
    """Verify a receipt offline: what `prove` wrote, or a receipt with its --entry."""
    from openrhip.ledger.rules import receipt_ok, verify_evidence, verify_receipt_json
    from openrhip.ledger.rules.receipts import MAX_RECEIPT

    log_key = _key(home, key)
    data = _bounded(evidence_file, MAX_RECEIPT)
    if entry_file:
        leaf = _bounded(entry_file, MAX_RECEIPT)
        findings = verify_receipt_json(leaf, data.removesuffix(b"\n"), log_key=log_key)
    else:
        findings = verify_evidence(data, log_key=log_key)
    value = {"ok": receipt_ok(findings), "findings": [finding.as_dict() for finding in findings]}
    _say(as_json, value, _lines(findings))
    _end(findings)


@cli.command()
@_home_option
@click.option("--url", help="Audit over HTTP what this log serves, instead of the store.")
@click.option("--key", help="Public key of the log, or a file with it (default: of the home).")
@_json_option
def replay(home: Path | None, url: str | None, key: str | None, as_json: bool) -> None:
    """Audit the whole log: derive hashes, tiles and roots again, verify every signature."""
    from openrhip.ledger.adapters.remote import RemoteStore
    from openrhip.ledger.audit import audit
    from openrhip.ledger.home import Home
    from openrhip.ledger.ports import Store
    from openrhip.ledger.process import store_of

    log_key = _key(home, key)
    config = _config(home)
    folder = Home.of(config.home)
    store: Store = RemoteStore(url) if url else store_of(folder, config["ledger_store"])
    last = folder.last(log_key)
    store.open(write=False)
    try:
        with click.progressbar(length=1, label="replay", hidden=as_json) as bar:

            def progress(done: int, of: int) -> None:
                bar.length = of
                bar.update(done - bar.pos)

            report = audit(store, log_key, last=last, progress=progress)
    finally:
        store.close()
    value = report.as_dict()
    _say(
        as_json,
        value,
        f"{report.size} entries, {report.tiles} tiles, {report.checkpoints} checkpoints"
        f" in {report.seconds:.1f} s ({value['entries_per_second']} entries/s)\n"
        f"{_lines(report.findings)}",
    )
    _end(report.findings)


def _key(home: Path | None, key: str | None) -> LogKey:
    """The public key that was given, as text or file, else that of the home folder."""
    from openrhip.ledger.home import Home
    from openrhip.ledger.rules import LogKey

    if key is None:
        return Home.of(_config(home).home).key()
    return LogKey.parse(Path(key).read_text("utf-8") if Path(key).is_file() else key)


def _client(home: Path | None, url: str | None) -> AbstractContextManager[Ledger]:
    from openrhip.ledger.service import Ledger

    config = _config(home)
    return closing(Ledger(url or config["ledger_url"], home=config.home))


def _bounded(path: Path, limit: int) -> bytes:
    if path.stat().st_size > limit:
        raise TooLarge(f"at most {limit} bytes are read", where=str(path))
    return path.read_bytes()


def _lines(findings: Sequence[Finding]) -> str:
    return "\n".join(
        f"{'ok  ' if finding.ok else 'FAIL'}  {finding.text_en} {finding.text_zh}"
        + (f" [{finding.where}]" if finding.where and not finding.ok else "")
        for finding in findings
    )


def _end(findings: Sequence[Finding]) -> None:
    """Leave with the exit code of NotVerified if anything does not hold."""
    if not all(finding.ok for finding in findings):
        sys.exit(NotVerified.exit_code)
