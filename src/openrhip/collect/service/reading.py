"""Batches as others see them (批次查询)."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from openrhip.collect import models
from openrhip.collect.rules.jobs import Example, RuleHits
from openrhip.collect.rules.states import BatchState, State, Step, Trouble
from openrhip.kernel import ids
from openrhip.kernel.errors import Malformed, NotFound
from openrhip.kernel.periods import Month

PAGE = 50


def batch(batch_id: str) -> BatchState:
    """A batch with what its check found. Raises Malformed, NotFound."""
    if not ids.is_id(batch_id):
        raise Malformed("no id of a batch", where="batch")
    row = models.Batch.objects.filter(id=batch_id).first()
    if row is None:
        raise NotFound("no such batch", where="batch")
    return view(row, hits=True)


def batches(
    *,
    unit: str | None = None,
    table: str | None = None,
    state: State | None = None,
    month: Month | None = None,
    page: int = 1,
) -> tuple[BatchState, ...]:
    """Newest first, 50 a page, without hits. month: of the batch's day."""
    rows = models.Batch.objects.order_by("-sequence")
    if unit is not None:
        rows = rows.filter(unit_id=unit)
    if table is not None:
        rows = rows.filter(table=table)
    if state is not None:
        rows = rows.filter(state=state.value)
    if month is not None:
        days = list(month.days())
        rows = rows.filter(day__gte=days[0], day__lte=days[-1])
    start = PAGE * (max(1, page) - 1)
    return tuple(view(row) for row in rows[start : start + PAGE])


def history(unit: str, table: str, day: date) -> tuple[BatchState, ...]:
    """Every batch of a unit, table and day, in the order of arrival; one of them may stand."""
    rows = models.Batch.objects.filter(unit_id=unit, table=table, day=day)
    return tuple(view(row, hits=True) for row in rows.order_by("sequence"))


def steps(batch_id: str) -> tuple[Step, ...]:
    """The states a batch had, with their times."""
    rows = models.Step.objects.filter(batch__id=batch_id).order_by("id")
    return tuple(Step(State(row.state), row.at, row.note) for row in rows)


def view(row: models.Batch, *, hits: bool = False, already: bool = False) -> BatchState:
    """A row as a dataclass."""
    return BatchState(
        id=row.id,
        unit=row.unit_id,
        table=row.table,
        day=row.day,
        state=State(row.state),
        sent_at=row.sent_at,
        received_at=row.received_at,
        via=row.via,
        rows_declared=row.rows_declared,
        received=row.received,
        loaded=row.loaded,
        quarantined=row.quarantined,
        marked=row.marked,
        amended=row.amended,
        withdrawn=row.withdrawn,
        late_days=row.late_days,
        current=row.current,
        hits=_hits(row) if hits else (),
        problem=Trouble(**row.problem) if row.problem else None,
        receipt=row.receipt,
        finished_at=row.finished_at,
        catalogue=row.catalogue,
        already=already,
    )


def pack_hits(hits: Sequence[RuleHits]) -> bytes:
    """What a check found, as kept in the report of a batch."""
    text = json.dumps([asdict(one) for one in hits], ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode(), 6)


def unpack_hits(data: bytes) -> tuple[RuleHits, ...]:
    """The inverse of `pack_hits`."""
    found: Iterable[Mapping[str, Any]] = json.loads(zlib.decompress(data))
    return tuple(
        RuleHits(
            one["rule"], one["count"], tuple(Example(**example) for example in one["examples"])
        )
        for one in found
    )


def _hits(row: models.Batch) -> tuple[RuleHits, ...]:
    if row.state == State.RECEIVED:
        return ()
    kept = models.Report.objects.filter(pk=row.pk).first()
    return unpack_hits(bytes(kept.hits)) if kept else ()
