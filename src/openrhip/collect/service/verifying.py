"""Whether database and lake agree (核对), and loading again what the lake lacks after a restore."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from openrhip.collect import models
from openrhip.collect.lake.locks import held
from openrhip.collect.rules.states import State
from openrhip.collect.service import choosing, doors, processing
from openrhip.collect.service.room import guarded
from openrhip.kernel import clock
from openrhip.kernel.database import writing

LOADED_AGAIN = "loaded again: the lake lacked it"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A unit, table and day for which rows and lake name different batches, or one names none.

    mended: the batch of the rows was loaded from its originals again.
    """

    unit: str
    table: str
    day: date
    in_rows: str | None
    in_lake: str | None
    mended: bool = False


def check_lake(*, mend: bool = False) -> tuple[Disagreement, ...]:
    """Every unit, table and day on which database and lake disagree.

    mend: batches that the lake lacks are loaded from their originals again. What only the lake
    knows (a database restored from an older copy) is told: the unit sends that day anew.
    """
    tables = set(doors.lake().sources())
    tables |= set(models.Batch.objects.filter(current=True).values_list("table", flat=True))
    found: list[Disagreement] = []
    with guarded():
        for table in sorted(tables):
            with held(choosing.turn_of(table)):
                found += _of_table(table, mend=mend)
    return tuple(found)


def _of_table(table: str, *, mend: bool) -> Iterator[Disagreement]:
    rows = {
        (row.unit_id, row.day): row
        for row in models.Batch.objects.filter(table=table, current=True).select_related("unit")
    }
    lake = doors.lake().standing(table=table)
    for cell in sorted(rows.keys() | lake.keys()):
        row, batch = rows.get(cell), lake.get(cell)
        if row is not None and row.id == batch:
            continue
        mended = mend and row is not None and _again(row)
        yield Disagreement(cell[0], table, cell[1], row.id if row else None, batch, mended)


def _again(row: models.Batch) -> bool:
    """Check and load a batch again, as if it had just come; it gets an entry of its own again."""
    row.state, row.current, row.catalogue, row.receipt = State.RECEIVED.value, False, "", None
    with writing():
        models.Batch.objects.filter(pk=row.pk).update(
            state=row.state, current=False, catalogue="", receipt=None, leaf=None, finished_at=None
        )
        models.Step.objects.create(batch=row, state=row.state, at=clock.now(), note=LOADED_AGAIN)
    return (
        not processing.run([row]) and models.Batch.objects.filter(pk=row.pk, current=True).exists()
    )
