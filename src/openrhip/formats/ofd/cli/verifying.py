"""`ofd verify`: judge all signatures and seals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from openrhip.formats.ofd.cli.common import FILE, JSON, instant, read_file, say, trust_folder
from openrhip.kernel.errors import NotVerified

if TYPE_CHECKING:
    from openrhip.formats.gm.findings import Finding
    from openrhip.formats.ofd.evidence import EvidencedReport
    from openrhip.formats.ofd.verifying import Report


@click.command()
@FILE
@click.option(
    "--trust",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of trusted roots and revocation lists, seal makers in its subfolder makers "
    "(default: the setting `trust`).",
)
@click.option("--at", "moment", help="Judge as of this instant, e.g. 2026-11-24T08:00:00Z.")
@click.option(
    "--evidence",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
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
    evidence: Path | None,
    ends: tuple[str, ...],
    as_json: bool,
) -> None:
    """Judge all signatures and seals; exit code 4 unless everything holds (验签、验章)."""
    from openrhip.formats.gm.chain import TrustStore
    from openrhip.formats.gm.ers.policy import Policy
    from openrhip.formats.ofd.evidence import verify_evidenced
    from openrhip.formats.ofd.verifying import verify as judge

    at, store = instant(moment), TrustStore.load_folder(trust_folder(trust))
    if evidence:
        policy = Policy.parse(ends)
        found = verify_evidenced(
            read_file(file), read_file(evidence), trust=store, at=at, policy=policy
        )
        say(found.as_dict()) if as_json else _print_evidenced(found)
        if not found.ok:
            click.get_current_context().exit(NotVerified.exit_code)
        return
    report = judge(read_file(file), trust=store, at=at)
    if as_json:
        say(report.as_dict())
    else:
        _print(report)
    if not report.ok:
        click.get_current_context().exit(NotVerified.exit_code)


def _print(report: Report) -> None:
    click.echo(f"{report.verdict} as of {report.at:%Y-%m-%d %H:%M:%S} UTC")
    for signature in report.signatures:
        who = f"{signature.signer} ({signature.organization})" if signature.signer else "unknown"
        seal_name = f", seal {signature.seal}" if signature.seal else ""
        when = f"{signature.time:%Y-%m-%d %H:%M:%S} UTC" if signature.time else "unknown time"
        proof = "timestamped" if signature.timestamped else "as claimed"
        click.echo(
            f"{signature.id} {signature.kind}: {signature.verdict}; {who}{seal_name}; "
            f"{when}, {proof}"
        )
    _print_findings(report.all_findings())


def _print_evidenced(report: EvidencedReport) -> None:
    evidence = report.evidence
    proven = f"{evidence.proven:%Y-%m-%d %H:%M:%S} UTC" if evidence.proven else "nothing"
    click.echo(
        f"evidence: {evidence.verdict} as of {evidence.at:%Y-%m-%d %H:%M:%S} UTC; "
        f"{len(evidence.stamps)} timestamps; existence proven at {proven}"
    )
    _print_findings(evidence.all_findings())
    _print(report.document)


def _print_findings(findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        mark = "ok  " if finding.ok else "FAIL"
        where = f" [{finding.where}]" if finding.where else ""
        click.echo(f"{mark} {finding.text_zh} | {finding.text_en}{where}")
