"""`openrhip gm`: keys, certificates, revocation lists and timestamps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from openrhip.formats.gm import certs, chain, crl, csr, devpki, tsp
from openrhip.formats.gm.cli.answering import answer
from openrhip.formats.gm.cli.ocsp import group as ocsp_group
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.formats.gm.sm2 import PrivateKey
from openrhip.formats.gm.wording import (
    describe,
    describe_crl,
    read_instant,
    read_listen,
    read_revocation,
    read_subject,
)
from openrhip.kernel import clock
from openrhip.kernel.errors import Conflict, Malformed, NotVerified
from openrhip.kernel.files import write_durably

F = TypeVar("F", bound=Callable[..., Any])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
NEW = click.Path(path_type=Path)
as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
password_file = click.option(
    "--password-file", type=FILE, required=True, help="file with the password of the keys"
)
signer_option = click.option(
    "--signer",
    required=True,
    type=NEW,
    help="path without suffix: X stands for X.key.pem, X.cert.pem, X.chain.pem",
)
trust_option = click.option(
    "--trust", type=FOLDER, required=True, help="folder of root certificates and lists"
)
at_option = click.option("--at", default="", help="instant, e.g. 2026-11-24T08:00:00Z; now if not")


@click.group()
def cli() -> None:
    """Keys, certificates and timestamps with SM2 and SM3 (国密)."""


cli.add_command(ocsp_group)


@cli.group()
def key() -> None:
    """SM2 keys (密钥)."""


@key.command("new")
@click.argument("out", type=NEW)
@password_file
@as_json
def key_new(out: Path, password_file: Path, as_json: bool) -> None:
    """Make a key; OUT gets it encrypted (PKCS#8 PEM, mode 0600)."""
    made = PrivateKey.generate()
    _write(out, made.to_pem(_password(password_file)), mode=0o600)
    answer({"file": str(out), "public_key": made.public_key.point.hex()}, as_json=as_json)


@key.command("public")
@click.argument("file", type=FILE)
@password_file
@as_json
def key_public(file: Path, password_file: Path, as_json: bool) -> None:
    """Print the public key of a key file (PEM)."""
    found = PrivateKey.from_pem(_read(file), _password(password_file)).public_key
    text = found.to_pem().decode("ascii")
    if as_json:
        answer({"pem": text, "public_key": found.point.hex()}, as_json=True)
    else:
        click.echo(text, nl=False)


@cli.group()
def cert() -> None:
    """Certificates (数字证书)."""


@cert.command("show")
@click.argument("file", type=FILE)
@as_json
def cert_show(file: Path, as_json: bool) -> None:
    """Show the certificates of a file."""
    rows = [describe(one) for one in certs.load_all(_read(file))]
    answer({"certificates": rows}, as_json=as_json)


@cert.command("request")
@click.argument("key_file", type=FILE)
@click.argument("out", type=NEW)
@click.option("--subject", required=True, help="e.g. C=CN,O=市第一医院,CN=市第一医院")
@password_file
@as_json
def cert_request(
    key_file: Path, out: Path, subject: str, password_file: Path, as_json: bool
) -> None:
    """Write a request (PKCS#10) for a certificate of an outside authority."""
    made = csr.create(
        read_subject(subject), PrivateKey.from_pem(_read(key_file), _password(password_file))
    )
    _write(out, made.pem())
    answer({"file": str(out), "subject": made.subject}, as_json=as_json)


@cert.command("issue")
@click.argument("request", type=FILE)
@click.argument("out", type=NEW)
@signer_option
@password_file
@click.option("--profile", type=click.Choice(sorted(certs.PROFILES)), default="signing")
@click.option("--days", type=click.IntRange(1, 7300), default=365)
@click.option("--crl-url", multiple=True, help="where its issuer's list is fetched")
@click.option("--ocsp-url", multiple=True, help="where its status is asked")
@as_json
def cert_issue(
    *,
    request: Path,
    out: Path,
    signer: Path,
    password_file: Path,
    profile: str,
    days: int,
    crl_url: tuple[str, ...],
    ocsp_url: tuple[str, ...],
    as_json: bool,
) -> None:
    """Answer a request with a certificate of the authority --signer."""
    authority = _authority(signer, password_file)
    asked = csr.read(_read(request))
    made = certs.issue(
        subject=asked.attributes,
        public_key=asked.public_key,
        issuer=authority.certificate,
        issuer_key=authority,
        not_before=clock.now() - timedelta(minutes=5),
        not_after=clock.now() + timedelta(days=days),
        profile=certs.PROFILES[profile],
        services=certs.Services(crl=crl_url, ocsp=ocsp_url),
    )
    _write(out, made.pem())
    answer({"file": str(out), **describe(made)}, as_json=as_json)


@cert.command("verify")
@click.argument("file", type=FILE)
@trust_option
@click.option("--chain", "chain_file", type=FILE, help="issuers that are not in the file")
@click.option("--usage", default="", help="e.g. digitalSignature, timeStamping")
@at_option
@as_json
def cert_verify(
    *, file: Path, trust: Path, chain_file: Path | None, usage: str, at: str, as_json: bool
) -> None:
    """Judge the first certificate of FILE; exit code 4 if it does not hold."""
    leaf, *issuers = certs.load_all(_read(file))
    if chain_file is not None:
        issuers += certs.load_all(_read(chain_file))
    store = chain.TrustStore.load_folder(trust)
    report = chain.validate(leaf, issuers, store, at=read_instant(at), usage=usage or None)
    found = [finding.as_dict() for finding in report.findings]
    answer({"ok": report.ok, "subject": leaf.subject, "findings": found}, as_json=as_json)
    if not issuers and any(one.code == "chain.anchor" and not one.ok for one in report.findings):
        click.echo("the file holds no issuers: give them with --chain FILE", err=True)
    _stop_unless(report.ok)


@cli.group("crl")
def crl_group() -> None:
    """Revocation lists (证书撤销列表)."""


@crl_group.command("show")
@click.argument("file", type=FILE)
@as_json
def crl_show(file: Path, as_json: bool) -> None:
    """Show a list."""
    answer(describe_crl(crl.Crl.from_pem(_read(file))), as_json=as_json)


@crl_group.command("issue")
@click.argument("out", type=NEW)
@signer_option
@password_file
@click.option("--previous", type=FILE, help="the list before; its entries stay")
@click.option("--revoke", multiple=True, help="serial number in hex, with :reason if known")
@click.option("--days", type=click.IntRange(1, 3660), default=30)
@as_json
def crl_issue(
    *,
    out: Path,
    signer: Path,
    password_file: Path,
    previous: Path | None,
    revoke: tuple[str, ...],
    days: int,
    as_json: bool,
) -> None:
    """Make the next list of the authority --signer; OUT may be replaced."""
    authority = _authority(signer, password_file)
    old = None if previous is None else crl.Crl.from_pem(_read(previous))
    if old is not None and not old.signed_by(authority.certificate):
        raise NotVerified("the previous list is not of this authority")
    now = clock.now()
    rows = {} if old is None else dict(old.revoked)
    rows |= {row.serial: row for row in (read_revocation(text, now) for text in revoke)}
    made = crl.issue(
        issuer=authority.certificate,
        issuer_key=authority,
        revoked=rows.values(),
        this_update=now,
        next_update=now + timedelta(days=days),
        number=1 if old is None or old.number is None else old.number + 1,
    )
    write_durably(out, made.pem(), mode=0o644)
    answer({"file": str(out), **describe_crl(made)}, as_json=as_json)


@cli.group()
def tsa() -> None:
    """Timestamps (时间戳)."""


@tsa.command("stamp")
@click.argument("file", type=FILE)
@click.argument("out", type=NEW)
@click.option("--url", default="", help="an authority; without it, --signer stamps here")
@click.option("--signer", type=NEW, help="path without suffix of a timestamp signer")
@click.option("--password-file", type=FILE)
@as_json
def tsa_stamp(
    *,
    file: Path,
    out: Path,
    url: str,
    signer: Path | None,
    password_file: Path | None,
    as_json: bool,
) -> None:
    """Stamp FILE; OUT gets the token."""
    if url:
        from openrhip.formats.gm import transport

        stamper: tsp.Timestamper = tsp.RemoteTimestamper(transport.poster(url))
    elif signer is not None and password_file is not None:
        authority = tsp.Authority(load_signer(signer, password_file))
        stamper = tsp.LocalTimestamper(authority)
    else:
        raise click.UsageError("--url, or --signer with --password-file")
    token = stamper.stamp(_read(file))
    _write(out, token)
    answer({"file": str(out), "bytes": len(token)}, as_json=as_json)


@tsa.command("verify")
@click.argument("token", type=FILE)
@click.argument("file", type=FILE)
@trust_option
@at_option
@as_json
def tsa_verify(token: Path, file: Path, trust: Path, at: str, as_json: bool) -> None:
    """Judge TOKEN over FILE; exit code 4 if it does not hold."""
    store = chain.TrustStore.load_folder(trust)
    moment = read_instant(at) if at else None
    report = tsp.verify_token(_read(token), _read(file), store, at=moment)
    stamped = "" if report.time is None else clock.rfc3339(report.time)
    found = [finding.as_dict() for finding in report.findings]
    answer({"ok": report.ok, "time": stamped, "findings": found}, as_json=as_json)
    _stop_unless(report.ok)


@tsa.command("serve")
@signer_option
@password_file
@click.option("--listen", default="127.0.0.1:8318", help="host:port")
@as_json
def tsa_serve(signer: Path, password_file: Path, listen: str, as_json: bool) -> None:
    """Answer timestamp requests over HTTP until interrupted."""
    from openrhip.formats.gm import transport

    host, port = read_listen(listen)
    authority = tsp.Authority(load_signer(signer, password_file))
    with transport.server(authority, host, port) as running:
        answer({"listening": f"http://{host}:{running.server_port}/"}, as_json=as_json)
        running.serve_forever()


@cli.command("devpki")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--institution", multiple=True, help="CODE:NAME; several times for several")
@click.option("--staff", multiple=True, help="CODE:NAME:INSTITUTION; several times for several")
@click.option("--services", default="", help="address that certificates name, see `gm ocsp serve`")
@as_json
def dev(
    folder: Path,
    institution: tuple[str, ...],
    staff: tuple[str, ...],
    services: str,
    as_json: bool,
) -> None:
    """Make an authority for DEVELOPMENT (开发测试), or add certificates to it."""
    institutions = [devpki.DevInstitution(*_parts(text, 2)) for text in institution]
    people = [devpki.DevStaff(*_parts(text, 3)) for text in staff]
    password = devpki.ensure_password(folder)
    exists = (folder / "ca" / "issuing.key.pem").exists()
    if exists:
        devpki.add(folder, institutions=institutions, staff=people, password=password)
    else:
        devpki.create(
            folder, institutions=institutions, staff=people, password=password, services=services
        )
    answer({"folder": str(folder), "added": exists}, as_json=as_json)


def load_signer(path: Path, password_file: Path) -> SoftwareSigner:
    """The signer X of X.key.pem, X.cert.pem, X.chain.pem."""
    return SoftwareSigner.load(path.parent, path.name, _password(password_file))


def _authority(path: Path, password_file: Path) -> SoftwareSigner:
    found = load_signer(path, password_file)
    if not found.certificate.is_ca:
        raise Malformed("the signer's certificate is not that of an authority", where=str(path))
    return found


def _parts(text: str, count: int) -> list[str]:
    parts = text.split(":")
    if len(parts) != count or not all(parts):
        raise Malformed(f"{count} parts separated by colons expected", where=text[:80])
    return parts


def _password(path: Path) -> bytes:
    found = _read(path).strip()
    if not found:
        raise Malformed("the password file is empty", where=str(path))
    return found


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _write(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    if path.exists():
        raise Conflict("the file is already there; nothing was written", where=str(path))
    write_durably(path, data, mode=mode)


def _stop_unless(ok: bool) -> None:
    if not ok:
        raise click.exceptions.Exit(NotVerified.exit_code)
