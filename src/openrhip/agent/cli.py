"""`openrhip agent`: make, run and watch a hospital's node (前置机)."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from openrhip.agent.service import Status

HOME = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("agent"),
    envvar="OPENRHIP_AGENT_HOME",
    show_default=True,
    help="The node's folder.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def cli() -> None:
    """The hospital's node: watches a folder, seals records, uploads them (前置机)."""


@cli.command()
@HOME
@JSON
@click.option("--institution", required=True, help="The institution's code.")
@click.option("--centre", required=True, help="Address of the centre.")
@click.option(
    "--keys",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A key folder to copy this institution's keys from (development).",
)
@click.option("--tsa", default="-", help="Timestamp authority; - uses the development one.")
@click.option("--allow-http", is_flag=True, help="Allow plain HTTP to another machine.")
def init(
    home: Path,
    as_json: bool,
    institution: str,
    centre: str,
    keys: Path | None,
    tsa: str,
    allow_http: bool,
) -> None:
    """Make a node's folder with its agent.toml."""
    from openrhip.agent import service

    config = service.init(
        home,
        institution=institution,
        centre_url=centre,
        keys=keys,
        tsa_url=tsa,
        allow_http="yes" if allow_http else "no",
    )
    _say(as_json, {"home": str(config.home), "inbox": str(config.inbox)}, f"node in {config.home}")


@cli.command()
@HOME
@JSON
@click.option("--once", is_flag=True, help="Stop when nothing is left to do now.")
def run(home: Path, as_json: bool, once: bool) -> None:
    """Work until SIGTERM or Ctrl-C; a running step is finished or resumes at the next start."""
    from openrhip.agent import service

    node = service.open_node(home)
    wake = threading.Event()

    def stop(*_: Any) -> None:
        node.stop()
        wake.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    try:
        idle = 0
        while not node.stopping:
            moved = node.round()
            idle = 0 if moved else idle + 1
            if once and idle >= 2:
                break
            wake.wait(0.05 if moved or once else node.config.poll_seconds)
        counts = node.queue.counts()
    finally:
        node.close()
    _say(as_json, {"counts": counts}, ", ".join(f"{n} {state}" for state, n in counts.items()))


@cli.command()
@HOME
@JSON
@click.option("--most", default=50, show_default=True, help="How many jobs to show.")
def status(home: Path, as_json: bool, most: int) -> None:
    """Show the queue, and what the centre refused and why."""
    from openrhip.agent import service

    found = service.status(home, most=most)
    content = {
        "institution": found.institution,
        "centre": found.centre_url,
        "counts": found.counts,
        "waiting_files": list(found.waiting_files),
        "unknown_files": list(found.unknown_files),
        "jobs": [job.as_dict() for job in found.jobs],
        "batch_counts": found.batch_counts,
        "batches": [job.as_dict() for job in found.batches],
        "unknown_batch_files": list(found.unknown_batch_files),
    }
    lines = [f"{found.institution} -> {found.centre_url}"]
    lines.append("  ".join(f"{state}: {number}" for state, number in found.counts.items()))
    for job in found.jobs:
        lines.append(f"{job.changed_at:%Y-%m-%d %H:%M:%S}  {job.state:<13} {job.name}")
        lines += [f"    {line}" for line in _why(job.answer, job.problem)]
    lines += [f"waits for its description (.xml): {name}" for name in found.waiting_files]
    lines += [f"not a kind of file that is taken: {name}" for name in found.unknown_files]
    lines += _batch_lines(found)
    _say(as_json, content, "\n".join(lines))


@cli.command()
@HOME
@JSON
@click.option("--job", default="", help="Only this refused job.")
@click.option("--anew", is_flag=True, help="Lay out and seal again instead of sending the same.")
def retry(home: Path, as_json: bool, job: str, anew: bool) -> None:
    """Let refused jobs try again, and waiting ones at once."""
    from openrhip.agent import service

    number = service.retry(home, job_id=job, again=anew)
    _say(as_json, {"retried": number}, f"{number} jobs will be tried again")


def _why(answer: dict[str, Any] | None, problem: str) -> list[str]:
    """Why a job waits or was refused, one line for each reason."""
    lines = [problem] if problem else []
    if answer and not answer.get("accepted"):
        if fault := answer.get("problem"):
            place = f" [{fault['where']}]" if fault.get("where") else ""
            lines.append(f"{fault.get('what', '')}{place} {fault.get('remedy', '')}".strip())
        for line in answer.get("report", {}).get("checks", ()):
            for found in line.get("faults", ()):
                lines.append(f"{line['id']} {found['zh']} / {found['en']} [{found['where']}]")
                lines.append(f"   -> {found['remedy_zh']} / {found['remedy_en']}")
    return lines


def _batch_lines(found: Status) -> list[str]:
    """Batches of collected data: how many in each state, the newest, what is no batch."""
    if not found.batches and not found.unknown_batch_files:
        return []
    lines = [
        "batches  " + "  ".join(f"{one}: {number}" for one, number in found.batch_counts.items())
    ]
    for job in found.batches:
        answer = job.answer or {}
        rows = (
            f"  {answer['loaded']:,} loaded, {answer['quarantined']:,} quarantined"
            if "loaded" in answer
            else ""
        )
        lines.append(f"{job.changed_at:%Y-%m-%d %H:%M:%S}  {job.state:<13} {job.name}{rows}")
        lines += [f"    {job.problem}"] if job.problem else []
        if fault := answer.get("problem"):
            what = fault.get("what") or f"{fault.get('zh', '')} / {fault.get('en', '')}"
            lines.append(f"    {what} {fault.get('remedy', '')}".rstrip())
        if "report" in answer:
            lines.append(f"    {answer['report']}")
    lines += [f"no batch of a table and a day: {name}" for name in found.unknown_batch_files]
    return lines


def _say(as_json: bool, content: dict[str, Any], text: str) -> None:
    click.echo(json.dumps(content, ensure_ascii=False, default=str) if as_json else text)
