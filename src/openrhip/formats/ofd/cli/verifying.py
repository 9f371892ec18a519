"""`ofd verify`: judge all signatures and seals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from openrhip.formats.ofd.cli.common import FILE, JSON, instant, read_file, say, trust_folder
from openrhip.kernel.errors import NotVerified

if TYPE_CHECKING:
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
@JSON
def verify(file: Path, trust: Path | None, moment: str | None, as_json: bool) -> None:
    """Judge all signatures and seals; exit code 4 unless everything holds (验签、验章)."""
    from openrhip.formats.gm.chain import TrustStore
    from openrhip.formats.ofd.verifying import verify as judge

    at = instant(moment)
    report = judge(read_file(file), trust=TrustStore.load_folder(trust_folder(trust)), at=at)
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
    for finding in report.all_findings():
        mark = "ok  " if finding.ok else "FAIL"
        where = f" [{finding.where}]" if finding.where else ""
        click.echo(f"{mark} {finding.text_zh} | {finding.text_en}{where}")
