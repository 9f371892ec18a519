"""What became of a run, and its entry in the ledger (查询存证): kind `query`, one for each."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from openrhip.collect import models
from openrhip.collect.asking import running
from openrhip.collect.asking.judging import GROUP_SIZE
from openrhip.collect.asking.lineage import Told
from openrhip.collect.asking.running import Outcome
from openrhip.collect.rules.questions import Column, Run, State
from openrhip.collect.service import doors, entering
from openrhip.directory.service import Actor, Role
from openrhip.directory.service.entries import fields_of
from openrhip.formats.gm import sm3
from openrhip.kernel import clock, ids
from openrhip.kernel.canonical import canonical_json
from openrhip.kernel.clock import rfc3339
from openrhip.kernel.database import writing
from openrhip.ledger.rules import Entry

SEVERAL = "several"
_ACTIONS = {
    State.ANSWERED: "answer",
    State.REFUSED: "refuse",
    State.FAILED: "fail",
    State.CANCELLED: "cancel",
    State.OVERTIME: "overtime",
}


def settle(row: models.QueryRun, *, cancelled: bool = False) -> models.QueryRun:
    """Take up what its process left and enter it; nothing happens while it runs, or again."""
    if row.state == State.RUNNING.value and not _finished(row, cancelled):
        return row
    enter(row)
    return row


def prepare(row: models.QueryRun, action: str, reason: str = "") -> None:
    """The entry of a run: who, the digest of the text, the tables, how many rows, the outcome."""
    leaf = {**row.told.pop("actor", {}), "time": rfc3339(row.finished_at or row.at)}
    leaf |= {"document": row.digest, "document_id": row.id, "action": action, "count": row.rows}
    if row.tables:
        joined = ":".join(row.tables)
        leaf["document_kind"] = joined if len(joined) <= 64 else SEVERAL
        leaf["manifest"] = sm3.hexdigest(canonical_json(row.tables))
    if reason:
        leaf["reason_code"] = reason
    row.leaf = leaf


def enter(row: models.QueryRun) -> None:
    """Into the ledger, once, however often it is asked for. Raises Unavailable."""
    if row.receipt is not None or row.leaf is None:
        return
    row.receipt = entering.ledger().append(Entry("query", row.leaf), key=row.id).to_dict()
    with writing():
        models.QueryRun.objects.filter(pk=row.pk, receipt__isnull=True).update(receipt=row.receipt)


def enter_export(row: models.QueryRun, by: Actor, *, masked: bool) -> None:
    """That an answer was taken away. Raises Unavailable: then it is not."""
    leaf = {**actor_fields(by), "time": rfc3339(clock.now()), "document": row.digest}
    leaf |= {"document_id": row.id, "action": "export", "count": row.rows}
    leaf["reason_code"] = "masked" if masked else "whole"
    entering.ledger().append(Entry("query", leaf), key=ids.new_id())


def refuse_person(by: Actor, text: str) -> None:
    """Somebody without the right tried. Raises Unavailable."""
    leaf = {**actor_fields(by), "time": rfc3339(clock.now())}
    leaf |= {"document": sm3.hexdigest(text.encode()), "action": "refuse", "count": 0}
    leaf["reason_code"] = "no-right"
    entering.ledger().append(Entry("query", leaf), key=ids.new_id())


def role_of(by: Actor) -> str:
    """The role that counts here."""
    if Role.ANALYST in by.roles:
        return Role.ANALYST.value
    return by.roles[0].value if by.roles else ""


def actor_fields(by: Actor) -> dict[str, str | int]:
    """Who, as the ledger names them, in the role in which they ask."""
    fields = fields_of(by)
    if role_of(by):
        fields["role"] = role_of(by)
    return fields


def view(row: models.QueryRun) -> Run:
    """What crosses the door. An answer is there once its entry is."""
    leaf, receipt = row.leaf or {}, row.receipt or {}
    state = State(row.state)
    going = state is State.RUNNING
    return Run(
        id=row.id,
        at=row.at,
        by=row.by,
        sql=row.sql,
        parameters=dict(row.parameters),
        state=state,
        query=row.query,
        digest=row.digest,
        tables=tuple(row.tables),
        rows=row.rows,
        truncated=row.truncated,
        seconds=row.seconds,
        progress=running.progress(doors.folder("asked") / row.id) if going else None,
        columns=tuple(Column(**one) for one in row.columns),
        problem=row.problem,
        where=row.where,
        reason=str(leaf.get("reason_code", "")),
        kept=row.kept and bool(receipt),
        entry=receipt.get("index"),
    )


def _finished(row: models.QueryRun, cancelled: bool) -> bool:
    """Whether it is over; then the row says how, for good."""
    folder = doors.folder("asked") / row.id
    going = running.alive(folder)
    found = running.outcome(folder)
    if found is None and going:
        if clock.now() < row.until:
            return False
        running.stop(folder)
        found = running.outcome(folder)
    _take(row, found, cancelled=cancelled, overtime=_is_overtime(row, folder))
    row.finished_at = clock.now()
    prepare(row, _ACTIONS[State(row.state)], row.told.pop("reason", ""))
    with writing():
        fresh = models.QueryRun.objects.filter(pk=row.pk, state=State.RUNNING.value)
        mine = fresh.update(**{name: getattr(row, name) for name in _CHANGED})
    if not mine:
        row.refresh_from_db()
    if row.state == State.ANSWERED.value:
        running.tidy(folder)
    else:
        running.clear(folder)
    return True


_CHANGED = (
    *("state", "finished_at", "rows", "truncated", "seconds", "columns", "problem", "where"),
    *("kept", "leaf", "told"),
)


def _take(row: models.QueryRun, found: Outcome | None, *, cancelled: bool, overtime: bool) -> None:
    if found is None:
        row.state = State.FAILED.value
        row.told["reason"] = "ended"
        if cancelled or overtime:
            row.state = (State.CANCELLED if cancelled else State.OVERTIME).value
            row.told.pop("reason")
        return
    row.seconds = found.seconds
    if found.state != "answered":
        row.state, row.problem = State.FAILED.value, found.text[:1000]
        row.told["reason"] = found.problem or "failed"
        return
    row.state, row.kept = State.ANSWERED.value, True
    row.rows, row.truncated = found.rows, found.truncated
    row.columns = _columns(row.told, found)


def _columns(told: dict[str, Any], found: Outcome) -> list[dict[str, Any]]:
    known = Told(
        frozenset(told["personal"]),
        frozenset(told["derived"]),
        frozenset(told["counted"]),
        tuple((a, b, c) for a, b, c in told["places"]) if told["places"] else None,
    )
    shown = [pair for pair in found.columns if pair[0] != GROUP_SIZE]
    made = [known.column(at, name, kind) for at, (name, kind) in enumerate(shown)]
    return [
        {
            "name": one.name,
            "type": one.type,
            "personal": one.personal,
            "derived": one.derived,
            "count": one.count,
        }
        for one in made
    ]


def _is_overtime(row: models.QueryRun, folder: Path) -> bool:
    """Killed by its own alarm: it is gone, and its time was over."""
    try:
        lived = time.time() - (folder / "process").stat().st_mtime
    except FileNotFoundError:
        return False
    limit = (row.until - row.at).total_seconds() - running.GRACE
    return bool(lived >= limit)
