"""`openrhip gm ocsp`: ask for certificates' status, look at answers, answer in development."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from openrhip.formats.gm import certs, chain, ocsp, revocation
from openrhip.formats.gm.cli.answering import answer
from openrhip.formats.gm.crl import Crl
from openrhip.formats.gm.ocsp_responder import Responder
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.formats.gm.wording import read_listen
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed, NotVerified
from openrhip.kernel.files import write_durably

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


@click.group("ocsp")
def group() -> None:
    """Status of certificates (证书状态, OCSP): collect, show, serve."""


@group.command()
@click.argument("file", type=_FILE)
@_JSON
def show(file: Path, as_json: bool) -> None:
    """Show a stored answer (OCSPResponse), or what `collect` has kept."""
    data = file.read_bytes()
    try:
        kept = revocation.RevocationData.decode(data)
    except Malformed:
        found = ocsp.read_any(data)
        produced = {"produced": clock.rfc3339(found.produced_at)}
        answer({**produced, "answers": _rows(found)}, as_json=as_json)
        return
    summary = {
        "certificates": [one.subject for one in kept.certificates],
        "lists": [
            {"issuer": one.issuer, "this_update": clock.rfc3339(one.this_update)}
            for one in kept.crls
        ],
        "answers": [row for one in kept.answers for row in _rows(one)],
    }
    answer(summary, as_json=as_json)


def _rows(found: ocsp.Answer) -> list[dict[str, str]]:
    return [
        {
            "serial": f"{row.question.serial:x}",
            "state": row.state,
            "this_update": clock.rfc3339(row.this_update),
            "next_update": clock.rfc3339(row.next_update) if row.next_update else "",
            "revoked": clock.rfc3339(row.revocation.at) if row.revocation else "",
            "reason": row.revocation.reason if row.revocation else "",
        }
        for row in found.rows
    ]


@group.command()
@click.argument("file", type=_FILE)
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--trust", type=_FOLDER, required=True, help="folder of root certificates and lists")
@click.option("--chain", "chain_file", type=_FILE, help="issuers that are not in the file")
@click.option("--offline", is_flag=True, help="ask nobody; the lists of the trust folder serve")
@click.option("--private", is_flag=True, help="also ask addresses in private networks")
@_JSON
def collect(
    file: Path,
    out: Path,
    trust: Path,
    chain_file: Path | None,
    offline: bool,
    private: bool,
    as_json: bool,
) -> None:
    """Gather chains and revocation data of the certificates in FILE; OUT keeps them (DER).

    Exit code 4 if something is not known or revoked; OUT is written all the same.
    """
    from openrhip.formats.gm import transport

    port = None if offline else transport.HttpRevocation(private=private)
    issuers = certs.load_all(chain_file.read_bytes()) if chain_file else ()
    store = chain.TrustStore.load_folder(trust)
    found = revocation.collect(
        certs.load_all(file.read_bytes()), store, port, intermediates=issuers
    )
    write_durably(out, found.encode(), mode=0o644)
    summary = {
        "file": str(out),
        "certificates": len(found.certificates),
        "lists": len(found.crls),
        "ocsp": len(found.answers),
        "complete": found.complete,
        "findings": [finding.as_dict() for finding in found.findings],
    }
    answer(summary, as_json=as_json)
    if not found.complete:
        click.get_current_context().exit(NotVerified.exit_code)


@group.command()
@click.argument("folder", type=_FOLDER)
@click.option("--password-file", type=_FILE, help="default: the file `password` in FOLDER")
@click.option("--listen", default="127.0.0.1:8319", help="host:port")
@_JSON
def serve(folder: Path, password_file: Path | None, listen: str, as_json: bool) -> None:
    """Serve lists and answers of a development authority (see devpki) until interrupted.

    GET /root.crl and /issuing.crl, POST /ocsp. Lists are read anew for each answer.
    """
    from openrhip.formats.gm import transport

    host, port = read_listen(listen)
    password = (password_file or folder / "password").read_bytes().strip()
    with transport.serve(services(folder, password), host, port) as running:
        answer({"listening": f"http://{host}:{running.server_port}/"}, as_json=as_json)
        running.serve_forever()


def services(folder: Path, password: bytes) -> dict[str, Any]:
    """What a development authority's server answers, by path."""
    from openrhip.formats.gm import transport

    def current(name: str) -> Crl:
        return Crl.from_pem((folder / "trust" / f"{name}.crl.pem").read_bytes())

    issuing = certs.Certificate.from_pem((folder / "ca" / "issuing.cert.pem").read_bytes())
    signer = SoftwareSigner.load(folder / "ca", "ocsp", password)
    responder = Responder(signer, issuing, lambda: current("issuing"))
    return {
        "/root.crl": ("", transport.CRL_TYPE, lambda _: current("root").der),
        "/issuing.crl": ("", transport.CRL_TYPE, lambda _: current("issuing").der),
        "/ocsp": (ocsp.REQUEST_TYPE, ocsp.RESPONSE_TYPE, responder.respond),
    }
