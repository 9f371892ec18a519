"""`ofd to-ofd-a`, `protect`, `check-list`, `encrypt`, `decrypt`: profiles of OFD and GM/T 0099."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from openrhip.formats.ofd.cli.common import (
    FILE,
    JSON,
    OUTPUT,
    instant,
    load_signer,
    load_timestamper,
    read_file,
    say,
    trust_folder,
    write_file,
)
from openrhip.kernel.errors import Malformed, NotVerified
from openrhip.kernel.files import write_durably

if TYPE_CHECKING:
    from openrhip.formats.ofd.profiles.gmt0099 import KeyHolder, PasswordHolder

_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
_KEY = click.option(
    "--key", metavar="PATH", help="Your private key PATH.key.pem (for certificate recipients)."
)
_KEY_PASSWORD = click.option(
    "--key-password-file",
    type=_EXISTING,
    help="File with the key's password; else OPENRHIP_KEY_PASSWORD, or the file `password` one "
    "folder above the key.",
)


@click.command("to-ofd-a")
@FILE
@OUTPUT
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Report, JSON.")
@click.option(
    "--archive",
    multiple=True,
    metavar="NAME=VALUE",
    help="Metadata of the archive under a name of DA/T 46, e.g. 档号=J001-2026-0001. Repeatable.",
)
@click.option("--keep", multiple=True, metavar="NAME", help="An attachment that stays. Repeatable.")
@click.option("--document", type=click.IntRange(min=1), help="Which one (from 1), of several.")
@click.option("--password-file", type=_EXISTING, help="Password of an encrypted file.")
@_KEY
@_KEY_PASSWORD
@JSON
def to_ofd_a(
    file: Path,
    output: Path,
    report: Path | None,
    archive: tuple[str, ...],
    keep: tuple[str, ...],
    document: int | None,
    password_file: Path | None,
    key: str | None,
    key_password_file: Path | None,
    as_json: bool,
) -> None:
    """Make an OFD-A copy for the archive (GB/T 42133); FILE stays as it is.

    The copy carries no signatures, actions or permissions, has its fonts inside, and names the
    SM3 digest of FILE: keep FILE with its signatures. Exit code 4 if a rule could not be kept;
    the report says which and why.
    """
    from openrhip.formats.ofd.profiles import gmt0099, ofd_a

    holder = _holder(password_file, key, key_password_file, needed=False)
    made = ofd_a.convert(
        read_file(file),
        archive=dict(_pair(text) for text in archive),
        keep=keep,
        document=None if document is None else document - 1,
        decrypt=(lambda data: gmt0099.decrypt(data, holder).data) if holder else None,
    )
    write_durably(output, made.data, mode=0o644)
    facts = made.as_dict()
    if report:
        text = json.dumps(facts, ensure_ascii=False, indent=1)
        write_durably(report, text.encode(), mode=0o644)
    if as_json:
        say({"output": str(output), **facts})
    else:
        click.echo(f"{output}: {len(made.data)} bytes, {len(made.report)} changes")
        for change in made.report:
            mark = "    " if change.done else "LEFT"
            click.echo(f"{mark} {change.zh} | {change.en}")
        for finding in made.findings:
            if not finding.ok:
                click.echo(f"FAIL {finding.text_zh} | {finding.text_en} [{finding.where}]")
    if not made.ok:
        click.get_current_context().exit(NotVerified.exit_code)


@click.command()
@FILE
@OUTPUT
@click.option("--signer", required=True, metavar="PATH", help="Key and certificates, as for sign.")
@click.option("--password-file", type=_EXISTING, help="Password of the key, as for sign.")
@click.option("--tsa", metavar="PATH", help="Timestamp with a key of your own.")
@click.option("--tsa-url", metavar="URL", help="Timestamp by an authority (RFC 3161).")
@JSON
def protect(
    file: Path,
    output: Path,
    signer: str,
    password_file: Path | None,
    tsa: str | None,
    tsa_url: str | None,
    as_json: bool,
) -> None:
    """Add a signed list of all files in the package (防夹带, GM/T 0099). Do it last.

    The list shows what was smuggled in later; what the files say is for signatures to protect.
    """
    from openrhip.formats.ofd.profiles import gmt0099

    result = gmt0099.protect(
        read_file(file),
        signer=load_signer(signer, password_file),
        timestamper=load_timestamper(tsa, tsa_url, password_file),
    )
    write_file(output, result, as_json)


@click.command("check-list")
@FILE
@click.option(
    "--trust",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of trusted roots and revocation lists (default: the setting `trust`).",
)
@click.option("--at", "moment", help="Judge as of this instant, e.g. 2026-11-24T08:00:00Z.")
@JSON
def check_list(file: Path, trust: Path | None, moment: str | None, as_json: bool) -> None:
    """Judge the signed list of files; exit code 4 unless it holds (防夹带检查, GM/T 0099)."""
    from openrhip.formats.gm.chain import TrustStore
    from openrhip.formats.ofd.profiles import gmt0099

    store = TrustStore.load_folder(trust_folder(trust))
    report = gmt0099.check_integrity(read_file(file), trust=store, at=instant(moment))
    if as_json:
        say(report.as_dict())
    else:
        click.echo("holds" if report.ok else "does not hold")
        for finding in report.findings:
            where = f" [{finding.where}]" if finding.where else ""
            mark = "ok  " if finding.ok else "FAIL"
            click.echo(f"{mark} {finding.text_zh} | {finding.text_en}{where}")
    if not report.ok:
        click.get_current_context().exit(NotVerified.exit_code)


@click.command()
@FILE
@OUTPUT
@click.option(
    "--recipient",
    multiple=True,
    type=_EXISTING,
    help="Certificate (PEM) of somebody who may open it. Repeatable.",
)
@click.option("--password-file", type=_EXISTING, help="File with a password of 12 or more signs.")
@click.option("--user", default="", help="User name to go with the password.")
@JSON
def encrypt(
    file: Path,
    output: Path,
    recipient: tuple[Path, ...],
    password_file: Path | None,
    user: str,
    as_json: bool,
) -> None:
    """Encrypt every file of the package for recipients, or under a password (GM/T 0099, SM4).

    Sign first: encryption hides and does not prove. A long random password is a must: the
    standard's derivation does not slow guessing down. Archives want files in the clear.
    """
    from openrhip.formats.gm.certs import Certificate
    from openrhip.formats.ofd.profiles import gmt0099

    if bool(recipient) == bool(password_file):
        raise click.UsageError("give --recipient, or --password-file")
    people: list[gmt0099.CertificateRecipient | gmt0099.PasswordRecipient] = [
        gmt0099.CertificateRecipient(Certificate.from_pem(read_file(path))) for path in recipient
    ]
    if password_file:
        people.append(gmt0099.PasswordRecipient(_password(password_file), user))
    write_file(output, gmt0099.encrypt(read_file(file), people), as_json)


@click.command()
@FILE
@OUTPUT
@click.option("--password-file", type=_EXISTING, help="File with the password.")
@_KEY
@_KEY_PASSWORD
@JSON
def decrypt(
    file: Path,
    output: Path,
    password_file: Path | None,
    key: str | None,
    key_password_file: Path | None,
    as_json: bool,
) -> None:
    """Decrypt a package (GM/T 0099). Exit code 4 for another password or key, or a changed file.

    Says whether every byte was proven to be as it was encrypted. Verify what comes out.
    """
    from openrhip.formats.ofd.profiles import gmt0099

    holder = _holder(password_file, key, key_password_file, needed=True)
    if holder is None:  # pragma: no cover -- needed=True raises
        return
    found = gmt0099.decrypt(read_file(file), holder)
    write_durably(output, found.data, mode=0o600)
    facts = {"authenticated": found.authenticated, "same": found.same}
    if as_json:
        say({"output": str(output), "bytes": len(found.data), **facts})
        return
    click.echo(f"{output}: {len(found.data)} bytes")
    click.echo("proven byte for byte" if found.same else "verify its signatures: not proven")


def _holder(
    password_file: Path | None, key: str | None, key_password_file: Path | None, *, needed: bool
) -> PasswordHolder | KeyHolder | None:
    from openrhip.formats.gm.sm2 import PrivateKey
    from openrhip.formats.ofd.profiles import gmt0099

    if password_file and key:
        raise click.UsageError("give one of --password-file and --key")
    if password_file:
        return gmt0099.PasswordHolder(_password(password_file))
    if key:
        path = Path(f"{key}.key.pem")
        beside = path.parent.parent / "password"
        if not path.is_file():
            raise click.BadParameter(f"there is no {path}", param_hint="--key")
        if key_password_file is None and "OPENRHIP_KEY_PASSWORD" in os.environ:
            secret: bytes | None = os.environ["OPENRHIP_KEY_PASSWORD"].encode()
        elif key_password_file or beside.is_file():
            secret = (key_password_file or beside).read_bytes().strip()
        else:
            secret = None
        return gmt0099.KeyHolder(PrivateKey.from_pem(read_file(path), secret))
    if needed:
        raise click.UsageError("give --password-file, or --key")
    return None


def _password(path: Path) -> str:
    try:
        return read_file(path).decode().strip("\r\n")
    except UnicodeDecodeError:
        raise Malformed("a password that is not UTF-8", where=str(path)) from None


def _pair(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or not name.strip():
        raise click.BadParameter("NAME=VALUE is wanted", param_hint="--archive")
    return name.strip(), value.strip()
