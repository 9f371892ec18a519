"""`openrhip records evidence`: long-term evidence, run by hand or looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from openrhip.records.cli.common import JSON, say, start

DOCUMENT = click.argument("document")


@click.group()
def evidence() -> None:
    """Long-term evidence of documents (长期证据, RFC 4998).

    The worker makes one hash tree with one timestamp each night, renews and re-hashes in time;
    these commands do the same at once, and show it.
    """


@evidence.command()
@JSON
def run(as_json: bool) -> None:
    """Give evidence to every document that has none, renew what is due (归集)."""
    start()
    from openrhip.records.service.preservation import running

    _say_done(running.run(), as_json)


@evidence.command()
@JSON
def status(as_json: bool) -> None:
    """How many documents have evidence, what is due when (状态)."""
    start()
    from openrhip.records.service.preservation import showing

    found = showing.status()
    algorithms = ", ".join(f"{name} {count}" for name, count in found.algorithms.items()) or "none"
    until = f"{found.next_renewal:%Y-%m-%d}" if found.next_renewal else "none"
    last = f"{found.last_night:%Y-%m-%d %H:%M} UTC" if found.last_night else "never"
    trees = f"{found.trees} ({algorithms}), renewals: {found.renewals}"
    lines = [
        f"documents with evidence: {found.documents}, without: {found.pending}",
        f"trees: {trees}, unfinished: {found.unfinished}",
        f"next timestamp to end: {until}; last nightly run: {last}",
        *(f"! {zh} / {en}" for zh, en in found.warnings),
    ]
    say(as_json, found.as_dict(), "\n".join(lines))


@evidence.command()
@DOCUMENT
@JSON
def show(document: str, as_json: bool) -> None:
    """Show the timestamps over DOCUMENT and its linked copies (查看)."""
    start()
    from openrhip.records.service import copies
    from openrhip.records.service.preservation import showing

    found, linked = showing.of_document(document), copies.of(document)
    lines = [f"existed at {found.since:%Y-%m-%d %H:%M:%S} UTC"]
    lines += [
        f"chain {one.chain}  {one.at:%Y-%m-%d %H:%M:%S}  {one.algorithm}, {one.leaves} leaves  "
        f"{one.authority}, good until {one.expires or 'unknown'}"
        for one in found.stamps
    ]
    lines += [f"copy {one.kind}  SM3 {one.digest}, of {one.original}" for one in linked]
    content = {**found.as_dict(), "copies": [one.as_dict() for one in linked]}
    say(as_json, content, "\n".join(lines))


@evidence.command()
@DOCUMENT
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the evidence record goes, such as record.ers.",
)
@JSON
def export(document: str, output: Path, as_json: bool) -> None:
    """Write the evidence record of DOCUMENT, for `openrhip ofd verify --evidence` (导出)."""
    start()
    from openrhip.kernel.files import write_durably
    from openrhip.records.service.preservation import showing

    content = showing.record_of(document)
    write_durably(output, content, mode=0o644)
    say(
        as_json,
        {"output": str(output), "bytes": len(content)},
        f"{output}: {len(content)} bytes",
    )


@evidence.command()
@click.argument("document", required=False)
@click.option("--at", "moment", help="As of this instant, e.g. 2050-01-01T00:00:00Z.")
@click.option("--read", is_flag=True, help="Read the documents' bytes from the archive again.")
@JSON
def verify(document: str | None, moment: str | None, read: bool, as_json: bool) -> None:
    """Verify the evidence of DOCUMENT, or of all; exit code 4 unless it holds (核验)."""
    start()
    from openrhip.kernel.errors import NotVerified
    from openrhip.records.service.preservation import showing

    at = _instant(moment)
    if document:
        report = showing.verify(document, at=at, read=read)
        entered = showing.entered(document)
        marks = [
            f"{'✓' if one.ok else '✗'} {one.text_zh} / {one.text_en} [{one.where}]"
            for one in (*report.all_findings(), *entered)
        ]
        proven = f"{report.proven:%Y-%m-%d %H:%M:%S} UTC" if report.proven else "nothing"
        text = "\n".join([*marks, f"{report.verdict}; existence proven at {proven}"])
        content = {**report.as_dict(), "ledger": [one.as_dict() for one in entered]}
        say(as_json, content, text)
        if not (report.ok and all(one.ok for one in entered)):
            raise NotVerified("the evidence does not hold", where=document)
        return
    count, last = 0, 0
    wrong: list[str] = []
    while part := showing.covered_documents(after=last):
        count, last = count + len(part), part[-1][0]
        wrong += [one for _, one in part if not showing.verify(one, at=at, read=read).ok]
    found = {"verified": count, "wrong": wrong[:100], "wrong_count": len(wrong)}
    say(as_json, found, "\n".join([f"{count} verified, {len(wrong)} wrong", *wrong[:100]]))
    if wrong:
        raise NotVerified(f"the evidence of {len(wrong)} documents does not hold")


@evidence.command()
@click.option("--before", help="Renew all that ends before this day, e.g. 2031-01-01.")
@JSON
def renew(before: str | None, as_json: bool) -> None:
    """Put new timestamps over those that end soon (时间戳续期)."""
    start()
    from openrhip.records.service.preservation import running

    _say_done(running.renew(before=_instant(before)), as_json)


@evidence.command()
@click.option("--algorithm", help="Digest: sm3, sha256, sha3_512, …")
@click.option("--most", type=click.IntRange(min=1), help="Stop after about so many documents.")
@click.option("--abandon", is_flag=True, help="Forget a re-hash that has no timestamp yet.")
@JSON
def rehash(algorithm: str | None, most: int | None, abandon: bool, as_json: bool) -> None:
    """Hash all documents and their evidence anew by another digest (哈希树续期).

    May be stopped and called again: it goes on where it was.
    """
    if (algorithm is None) is not abandon:
        raise click.UsageError("give --algorithm, or --abandon")
    start()
    from openrhip.records.service.preservation import running

    if algorithm is None:
        count = running.abandon()
        say(as_json, {"abandoned": count}, f"{count} documents forgotten")
        return
    _say_done(running.rehash(algorithm=algorithm, most=most), as_json)


@click.command("archive-copy")
@DOCUMENT
@JSON
def archive_copy(document: str, as_json: bool) -> None:
    """Make the OFD-A copy of DOCUMENT, linked to it by digest (归档副本, GB/T 42133)."""
    start()
    from openrhip.records.service import copies

    made = copies.make(document_id=document)
    text = f"{made.kind} {made.id}: {made.size} bytes, SM3 {made.digest}, of {made.original}"
    say(as_json, made.as_dict(), text)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("not a day or an instant of ISO 8601") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _say_done(done: Any, as_json: bool) -> None:
    content = {"documents": done.documents, "renewed": done.renewed, "stamps": done.stamps}
    text = f"{done.documents} documents, {done.renewed} trees renewed, {done.stamps} timestamps"
    say(as_json, content, text)
