"""`openrhip records` and `openrhip verify`: the archive from the command line, bundles offline."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from openrhip.records.cli.common import JSON
from openrhip.records.cli.common import say as _say
from openrhip.records.cli.common import start as _start
from openrhip.records.cli.evidence import archive_copy, evidence


@click.group()
def cli() -> None:
    """Documents of the archive (病历文件)."""


cli.add_command(evidence)
cli.add_command(archive_copy)


@cli.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--institution", required=True, help="Code of the institution that would deposit it.")
@JSON
def check(file: Path, institution: str, as_json: bool) -> None:
    """Four-property check of FILE (四性检测); keeps nothing."""
    _start()
    from openrhip.kernel.errors import NotVerified
    from openrhip.records import service
    from openrhip.records.checks.report import as_text

    report = service.four_properties(file.read_bytes(), institution=institution).as_dict()
    _say(as_json, report, as_text(report))
    if not report["ok"]:
        raise NotVerified("the document would be refused")


@cli.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--institution", required=True, help="Code of the depositing institution.")
@JSON
def deposit(file: Path, institution: str, as_json: bool) -> None:
    """Deposit FILE on this machine, without HTTP (归档接收)."""
    _start()
    from openrhip.kernel.errors import NotVerified
    from openrhip.records import service
    from openrhip.records.checks.report import as_text

    outcome = service.deposit(institution=institution, content=file.read_bytes())
    text = as_text(outcome.report)
    word = "archived as" if outcome.accepted else "refused as"
    _say(as_json, outcome.as_dict(), f"{word} {outcome.number}\n{text}")
    if not outcome.accepted:
        raise NotVerified("the document was refused", where=outcome.number)


@cli.command()
@click.option("--institution", help="Only this institution.")
@click.option("--kind", help="Only this kind, such as C0053.")
@click.option("--person", help="Only this person (opaque id).")
@click.option("--page", default=1, show_default=True)
@JSON
def search(
    institution: str | None, kind: str | None, person: str | None, page: int, as_json: bool
) -> None:
    """List archived documents, newest first (检索)."""
    _start()
    from openrhip.records import service

    found = service.search(institution=institution, kind=kind, person_id=person, page=page)
    items = [_plain(item) for item in found.items]
    lines = [
        f"{item.id}  {item.recorded_at:%Y-%m-%d}  {item.kind}  {item.title}  "
        f"{item.institution_name}  v{item.version}"
        for item in found.items
    ]
    lines.append(f"{found.total} documents, page {found.number} of {found.pages}")
    _say(as_json, {"total": found.total, "page": page, "items": items}, "\n".join(lines))


@cli.command()
@click.option("--institution", help="Only this institution.")
@click.option("--page", default=1, show_default=True)
@JSON
def refusals(institution: str | None, page: int, as_json: bool) -> None:
    """List refused deposits with their reasons (拒收)."""
    _start()
    from openrhip.records import service

    found = service.refusals(institution=institution, page=page)
    lines = [
        f"{item.refused_at:%Y-%m-%d %H:%M}  {item.institution_name}  {', '.join(item.reasons)}"
        for item in found.items
    ]
    lines.append(f"{found.total} refusals, page {found.number} of {found.pages}")
    items = [_plain(item) for item in found.items]
    _say(as_json, {"total": found.total, "items": items}, "\n".join(lines))


@cli.command()
@click.option("--days", default=30, show_default=True, help="Days up to today.")
@JSON
def figures(days: int, as_json: bool) -> None:
    """Deposits and refusals by institution and day (统计)."""
    _start()
    from openrhip.kernel.periods import city_day
    from openrhip.records.figures import figures as count

    today = city_day(datetime.now(UTC))
    found = count(since=today - timedelta(days=days - 1), until=today)
    lines = [
        f"{row.day}  {row.institution_name}  {row.deposited} deposited  {row.refused} refused"
        for row in found.days
    ]
    if found.deposited:
        lines.append(f"with long-term evidence: {found.evidenced} of {found.deposited}")
    _say(as_json, _plain(found), "\n".join(lines) or "nothing in these days")


@cli.command()
@JSON
def settle(as_json: bool) -> None:
    """Finish what a crash left: rows without receipt, uploads nobody finished (清理)."""
    _start()
    from openrhip.records import service

    content = {"settled": service.finish_pending(), "swept": service.sweep_uploads()}
    _say(as_json, content, f"{content['settled']} settled, {content['swept']} uploads swept")


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--trust",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of your own root certificates and revocation lists.",
)
@click.option("--log-key", help="The ledger's public key, or a file that holds it.")
@click.option(
    "--trust-inside",
    is_flag=True,
    help="Believe the keys inside: you have compared them with the published ones.",
)
@JSON
def verify(
    bundle: Path, trust: Path | None, log_key: str | None, trust_inside: bool, as_json: bool
) -> None:
    """Verify a proof bundle offline, without the platform (离线验证).

    Roots and log key are those given; else, on a machine of the platform, those of the home folder
    OPENRHIP_HOME. With neither the verdict is indeterminate (exit code 4): the bundle may agree
    with itself, but only keys that you trust prove who made it.
    """
    from openrhip.formats.gm.chain import TrustStore
    from openrhip.kernel.errors import NotVerified
    from openrhip.records import bundle as bundles

    if not trust_inside:
        trust, log_key = trust or _home_trust(), log_key or _home_log_key()
    store = TrustStore.load_folder(trust) if trust else None
    if log_key and Path(log_key).is_file():
        log_key = Path(log_key).read_text("utf-8").strip()
    report = bundles.verify(bundle.read_bytes(), store, log_key, trust_inside=trust_inside)
    _say(as_json, report.as_dict(), _bundle_text(report))
    if report.verdict == "indeterminate":
        raise NotVerified(
            "the bundle agrees with itself, but nothing you trust vouches for it",
            where=str(bundle),
            remedy="give --trust and --log-key from a source of your own, or compare the keys "
            "shown with the published ones and give --trust-inside",
        )
    if not report.ok:
        raise NotVerified("the bundle does not hold", where=str(bundle))


def _home_trust() -> Path | None:
    """The trusted roots of this machine's home folder, if OPENRHIP_HOME names one."""
    import os

    from openrhip.kernel import config

    if not os.environ.get("OPENRHIP_HOME"):
        return None
    settings = config.current()
    folder = Path(settings["trust"]) if settings["trust"] else settings.home / "pki" / "trust"
    return folder if folder.is_dir() else None


def _home_log_key() -> str | None:
    """The ledger's public key in this machine's home folder, if OPENRHIP_HOME names one."""
    import os

    file = Path(os.environ.get("OPENRHIP_HOME", "")) / "ledger" / "log.vkey"
    return str(file) if os.environ.get("OPENRHIP_HOME") and file.is_file() else None


_VERDICTS = {
    "valid": "成立 holds",
    "invalid": "不成立 DOES NOT HOLD",
    "indeterminate": "无法判定 INDETERMINATE: 包内自洽，但未与您信任的根证书和账本公钥核对 / "
    "consistent inside, but not anchored in roots and a log key that you trust",
}


def _bundle_text(report: Any) -> str:
    lines = []
    for finding in report.findings:
        mark = "✓" if finding.ok else "✗"
        place = f" [{finding.where}]" if finding.where else ""
        lines.append(f"{mark} {finding.text_zh} / {finding.text_en}{place}")
    lines += [f"! {note.text_zh} / {note.text_en}" for note in report.notes]
    for one in report.signatures:
        lines.append(f"  {one['kind']}: {one['signer']}, {one['organization']}, {one['time']}")
    lines.append(f"deposited {report.deposited_at}, exported {report.exported_at}")
    if report.existed_at:
        lines.append(
            f"证据记录证明存在于 existence proven by its evidence record: {report.existed_at}"
        )
    return "\n".join([*lines, f"证明包 bundle: {_VERDICTS[report.verdict]}"])


def _plain(item: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(item)
