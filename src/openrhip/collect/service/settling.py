"""Settling checked batches (定案): lake, rows, coverage, ledger, in this order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date

from openrhip.collect import models
from openrhip.collect.rules.jobs import CheckResult, Part, Written
from openrhip.collect.rules.states import OPEN, State, Trouble
from openrhip.collect.rules.tables import Table
from openrhip.collect.service import doors, entering, following, reading
from openrhip.collect.service.checking import Outcome
from openrhip.kernel import clock, events, ids, statements
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Unavailable

LOADED, REFUSED = "collect.batch-loaded", "collect.batch-refused"
"""Events; payload: {"batches": [id, …]}, those that were settled together."""
Cell = tuple[str, str, date]
_SAVE = (
    "UPDATE collect_batch SET received = %s, loaded = %s, quarantined = %s, marked = %s, "
    "amended = %s, withdrawn = %s, engine = %s, catalogue = %s WHERE sequence = %s"
)
_END = (
    "UPDATE collect_batch SET state = %s, finished_at = %s, current = %s, problem = %s, "
    "entry_key = %s, entry_place = %s, leaf = %s WHERE sequence = %s"
)
_OVERTAKEN = Trouble(
    "overtaken",
    "同一机构、表、日期已有签名时间更晚的批次",
    "a batch of this unit, table and day that was signed later stands already",
    "manifest/sent_at",
    "如应以本批次为准，请重新签名发送 / sign the manifest anew if this is what shall stand",
)


def settle(outcomes: Sequence[Outcome]) -> None:
    """Bring checked batches of one table to their end; durable, each wholly or not at all."""
    if not outcomes:
        return
    standing = _standing([outcome.row for outcome in outcomes])
    for outcome in outcomes:
        before = standing.get(_cell(outcome.row))
        if outcome.trouble is None and before and before.sent_at > outcome.row.sent_at:
            outcome.trouble = _OVERTAKEN
    good = [outcome for outcome in outcomes if outcome.trouble is None]
    _note_outcomes(good)
    _into_lake(good)
    for outcome in outcomes:
        if outcome.trouble and outcome.result and outcome.result.quarantine:
            doors.lake().hold(_part(outcome.row, [outcome.result.quarantine]))
    ended = [(outcome.row, outcome.table, outcome.trouble) for outcome in outcomes]
    _finish(ended, outcomes, standing)


def resume(row: models.Batch) -> bool:
    """Whether the lake holds this batch already, so that a crash only kept its row from saying so;
    then the row follows. The outcome is in the row since before the commit.
    """
    if row.state not in OPEN or not row.catalogue:
        return False
    if doors.lake().batch_of(table=row.table, unit=row.unit_id, day=row.day) != row.id:
        return False
    _finish([(row, doors.catalogue().tables[row.table], None)], (), _standing([row]))
    return True


def _note_outcomes(good: Sequence[Outcome]) -> None:
    """What was found goes into the rows before the lake is changed: after a crash it is there."""
    if not good:
        return
    digest = doors.catalogue().digest
    with writing():
        for outcome in good:
            if outcome.result is not None:
                _apply(outcome.row, outcome.result, digest)
                _save(outcome.row)
        _reports(good)


def _apply(row: models.Batch, result: CheckResult, digest: str) -> None:
    row.received, row.loaded = result.received, result.loaded
    row.quarantined, row.marked = result.quarantined, result.marked
    row.amended, row.withdrawn = result.amended, result.withdrawn
    row.engine, row.catalogue = result.engine, digest or "none"


def _save(row: models.Batch) -> None:
    statements.change(
        _SAVE,
        *(row.received, row.loaded, row.quarantined, row.marked, row.amended, row.withdrawn),
        *(row.engine, row.catalogue, row.pk),
    )


def _reports(outcomes: Sequence[Outcome]) -> None:
    found = [
        models.Report(batch_id=outcome.row.pk, hits=reading.pack_hits(outcome.result.hits))
        for outcome in outcomes
        if outcome.result is not None
    ]
    models.Report.objects.bulk_create(
        found, update_conflicts=True, unique_fields=["batch"], update_fields=["hits"]
    )


def _into_lake(good: Sequence[Outcome]) -> None:
    """Rows at fault first, then the good ones: the second commit is what decides."""
    if not good:
        return
    lake, table = doors.lake(), good[0].table
    faults, rows = [], []
    for outcome in good:
        result = outcome.result
        if result is not None:
            faults.append(_part(outcome.row, [result.quarantine] if result.quarantine else []))
            rows.append(_part(outcome.row, result.good))
    lake.quarantine(faults, table=table)
    lake.replace(rows, table=table)


def _part(row: models.Batch, files: Sequence[Written]) -> Part:
    return Part(row.table, row.unit_id, row.day, row.id, tuple(files))


def _finish(
    ended: Sequence[tuple[models.Batch, Table, Trouble | None]],
    outcomes: Sequence[Outcome],
    standing: Mapping[Cell, models.Batch],
) -> None:
    """The rows say what the lake holds, in one transaction with coverage; then the ledger."""
    now, key = clock.now(), ids.new_id()
    refused = [outcome for outcome in outcomes if outcome.trouble]
    with writing():
        for outcome in refused:
            if outcome.result is not None:
                _apply(outcome.row, outcome.result, doors.catalogue().digest)
                outcome.row.loaded = 0
                _save(outcome.row)
        _reports(refused)
        _stand_down(
            standing[_cell(row)]
            for row, _, trouble in ended
            if not trouble and _cell(row) in standing
        )
        for place, (row, _, trouble) in enumerate(ended):
            before = None if trouble else standing.get(_cell(row))
            row.state = (State.REFUSED if trouble else State.LOADED).value
            row.finished_at, row.current = now, trouble is None
            row.problem = asdict(trouble) if trouble else None
            row.entry_key, row.entry_place = key, place
            row.leaf = entering.leaf_of(
                row, trouble=trouble, replaced=before.digest if before else None
            )
            _end(row)
        models.Step.objects.bulk_create(
            models.Step(batch=row, state=row.state, at=now) for row, _, _ in ended
        )
        _follow(ended, outcomes)
    try:
        entering.enter([row for row, _, _ in ended])
    except Unavailable:
        return  # the batch is settled; `finish_pending` makes its entry when the ledger is back


def _end(row: models.Batch) -> None:
    statements.change(
        _END,
        *(row.state, row.finished_at, row.current),
        *(json.dumps(row.problem, ensure_ascii=False) if row.problem else None,),
        *(row.entry_key, row.entry_place, json.dumps(row.leaf), row.pk),
    )


def _cell(row: models.Batch) -> Cell:
    return row.unit_id, row.table, row.day


def _standing(rows: Sequence[models.Batch]) -> dict[Cell, models.Batch]:
    """What stands for the units, tables and days of these batches, other than themselves."""
    if not rows:
        return {}
    found = models.Batch.objects.filter(
        table=rows[0].table,
        current=True,
        unit_id__in={row.unit_id for row in rows},
        day__in={row.day for row in rows},
    ).only("sequence", "unit_id", "table", "day", "sent_at", "digest")
    own = {row.pk for row in rows}
    return {_cell(row): row for row in found if row.pk not in own}


def _stand_down(rows: Iterable[models.Batch]) -> None:
    models.Batch.objects.filter(pk__in=[row.pk for row in rows]).update(current=False)


def _follow(
    ended: Sequence[tuple[models.Batch, Table, Trouble | None]], outcomes: Sequence[Outcome]
) -> None:
    """Coverage and faults of these batches, in the transaction of their end."""
    hits = {one.row.id: one.result.hits for one in outcomes if one.result is not None}
    following.follow([(row.unit_id, row.table, row.day) for row, _, _ in ended], hits=hits)
    for kind, wanted in ((LOADED, False), (REFUSED, True)):
        batches = [row.id for row, _, trouble in ended if bool(trouble) is wanted]
        if batches:
            events.publish(kind, {"batches": batches})
