"""`ofd verify` and `ofd certificates`: judge all signatures and seals; who they say they are of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from openrhip.formats.ofd.cli.common import (
    FILE,
    JSON,
    about,
    instant,
    read_file,
    say,
    trust_folder,
)
from openrhip.kernel.errors import NotVerified
from openrhip.kernel.files import make_folder, write_durably

if TYPE_CHECKING:
    from openrhip.formats.gm.certs import Certificate
    from openrhip.formats.gm.findings import Finding
    from openrhip.formats.gm.sm2 import PublicKey
    from openrhip.formats.ofd.evidence import EvidencedReport
    from openrhip.formats.ofd.verifying import Report

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@FILE
@click.option(
    "--trust",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of trusted roots and revocation lists, seal makers in its subfolder makers, "
    "certificates trusted as they are in pinned (default: the setting `trust`).",
)
@click.option("--at", "moment", help="Judge as of this instant, e.g. 2026-11-24T08:00:00Z.")
@click.option(
    "--certificate",
    "certificates",
    multiple=True,
    type=_FILE,
    help="Certificate or public key (PEM) of who made a bare signature; several times.",
)
@click.option(
    "--integrity",
    is_flag=True,
    help="Judge only whether anything changed since it was signed, whoever signed it: the exit "
    "code says that, and no trust folder is needed.",
)
@click.option("--online", is_flag=True, help="Ask status services that certificates name.")
@click.option("--detail", is_flag=True, help="A line for each protected part and chain step.")
@click.option(
    "--evidence",
    type=_FILE,
    help="Evidence record of the file (RFC 4998): signatures are judged as of the instant at "
    "which it proves that the file existed, by the revocation data that it carries.",
)
@click.option(
    "--algorithm-end",
    "ends",
    multiple=True,
    metavar="NAME=DAY",
    help="Day from which an algorithm no longer counts, for evidence: sm3=2045-01-01.",
)
@JSON
def verify(
    file: Path,
    trust: Path | None,
    moment: str | None,
    certificates: tuple[Path, ...],
    integrity: bool,
    online: bool,
    detail: bool,
    evidence: Path | None,
    ends: tuple[str, ...],
    as_json: bool,
) -> None:
    """Judge all signatures and seals; exit code 4 unless everything holds (验签、验章).

    The report says two things apart: integrity (完整性), whether anything changed since it was
    signed, and trust (信任), whether the certificates stand for who signed and when.
    """
    from openrhip.formats.gm import transport
    from openrhip.formats.gm.chain import TrustStore
    from openrhip.formats.gm.ers.policy import Policy
    from openrhip.formats.ofd.evidence import verify_evidenced
    from openrhip.formats.ofd.verifying import verify as judge

    if ends and not evidence:
        raise click.UsageError("--algorithm-end goes with --evidence")
    at = instant(moment)
    known = not integrity or trust
    folder = trust_folder(trust, "give --trust FOLDER, or --integrity") if known else None
    store = TrustStore.load_folder(folder) if folder else TrustStore([])
    more: dict[str, Any] = {
        "trust": store,
        "at": at,
        "keys": [_key(path) for path in certificates],
        "port": transport.HttpRevocation() if online else None,
        "detailed": detail,
    }
    if evidence:
        policy = Policy.parse(ends)
        found = verify_evidenced(read_file(file), read_file(evidence), policy=policy, **more)
        say(found.as_dict()) if as_json else _print_evidenced(found)
        _exit_unless(found.ok)
        return
    report = judge(read_file(file), **more)
    say(report.as_dict()) if as_json else _print(report)
    _exit_unless(report.integrity == "holds" if integrity else report.ok)


@click.command()
@FILE
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write them here as PEM, to look at, or to trust once you know whose they are.",
)
@JSON
def certificates(file: Path, output: Path | None, as_json: bool) -> None:
    """List the certificates that signatures carry, unverified (签名所带证书)."""
    from openrhip.formats.gm.wording import describe
    from openrhip.formats.ofd.verify_certificates import certificates as carried

    rows = []
    for one in carried(read_file(file)):
        facts = describe(one.certificate)
        rows.append({"signature": one.signature, "role": one.role, **facts})
        if output:
            make_folder(output)
            name = f"{one.role}-{one.certificate.fingerprint[:16]}.pem"
            write_durably(output / name, one.certificate.pem(), mode=0o644)
            rows[-1]["file"] = str(output / name)
    if as_json:
        say({"certificates": rows})
        return
    for row in rows:
        click.echo(
            f"{row['signature']} {row['role']}: {row['subject']}; issuer {row['issuer']}; "
            f"{row['not_before'][:10]} – {row['not_after'][:10]}; SM3 {row['fingerprint']}"
        )
        if output:
            click.echo(f"  {row['file']}")
    if not rows:
        click.echo("签名未携带证书，或没有签名 | no signature, or none that carries a certificate")


def _key(path: Path) -> Certificate | PublicKey:
    from openrhip.formats.gm.certs import Certificate
    from openrhip.formats.gm.sm2 import PublicKey

    data = read_file(path)
    with about(path):
        if b"BEGIN PUBLIC KEY" in data:
            return PublicKey.from_pem(data)
        return Certificate.from_pem(data)


def _exit_unless(ok: bool) -> None:
    if not ok:
        click.get_current_context().exit(NotVerified.exit_code)


def _print(report: Report) -> None:
    from openrhip.formats.ofd.verify_report import WORDS

    def words(word: str) -> str:
        return " ".join(WORDS[word])

    click.echo(
        f"结论 verdict: {words(report.verdict)} ({report.verdict} as of "
        f"{report.at:%Y-%m-%d %H:%M:%S} UTC)"
    )
    if report.verdict != "unsigned":
        click.echo(f"完整性 integrity: {words(report.integrity)}")
        click.echo(f"信任 trust: {words(report.trust)}")
    for signature in report.signatures:
        who = f"{signature.signer} ({signature.organization})" if signature.signer else "unknown"
        seal_name = f", seal {signature.seal}" if signature.seal else ""
        when = f"{signature.time:%Y-%m-%d %H:%M:%S} UTC" if signature.time else "unknown time"
        proof = "timestamped" if signature.timestamped else "as claimed"
        base = f", on {signature.base}" if signature.base else ""
        click.echo(
            f"{signature.id} {signature.kind}: {signature.verdict} (integrity "
            f"{signature.integrity}, trust {signature.trust}); {who}{seal_name}{base}; "
            f"{when}, {proof}"
        )
    _print_findings(report.all_findings())


def _print_evidenced(report: EvidencedReport) -> None:
    evidence = report.evidence
    proven = f"{evidence.proven:%Y-%m-%d %H:%M:%S} UTC" if evidence.proven else "no instant"
    click.echo(
        f"evidence: {evidence.verdict} as of {evidence.at:%Y-%m-%d %H:%M:%S} UTC; "
        f"{len(evidence.stamps)} timestamps; existence proven at {proven}"
    )
    _print_findings((*evidence.all_findings(), *report.findings))
    _print(report.document)
    said = "证据与签名均成立 both evidence and signatures hold"
    click.echo(said if report.ok else f"合并结论 together: {report.verdict}")


def _print_findings(findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        mark = "ok  " if finding.ok else "FAIL"
        where = f" [{finding.where}]" if finding.where else ""
        click.echo(f"{mark} {finding.text_zh} | {finding.text_en}{where}")
