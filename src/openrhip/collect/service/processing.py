"""Processing (入库): batches of one table are checked and go into the lake in one commit.

One process at a time has a table's turn. Order for a group: rows say `checking` → check → outcome
into the rows → rows at fault, then good rows into the lake, durable → rows say `loaded` or
`refused`, in one transaction with coverage → ledger → receipts. After a crash whoever has the
table's turn next asks the lake's log whether a batch is in: then only the rows are behind, and they
follow; if not, the batch is checked again from its originals.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta

from django.db.models import F

from openrhip.collect import models
from openrhip.collect.lake.locks import held
from openrhip.collect.rules.states import OPEN, BatchState, State
from openrhip.collect.service import choosing, reading, settling
from openrhip.collect.service.checking import Outcome, check, prepare, work_folder
from openrhip.collect.service.room import guarded
from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.kernel.errors import NotFound, Problem, Unavailable

LONGEST_WAIT = timedelta(hours=1)
_OPEN = [state.value for state in OPEN]
_log = logging.getLogger(__name__)


def process(*, batch_id: str) -> BatchState:
    """Bring a batch to its end, and before it those of its unit, table and day that came before.

    Raises NotFound, Unavailable (it waits, and the same call may succeed later).
    """
    row = models.Batch.objects.filter(id=batch_id).first()
    if row is None:
        raise NotFound("no such batch", where="batch")
    with guarded(), held(choosing.turn_of(row.table)):
        for one in choosing.until(row):
            failed = run([one])
            if failed:
                raise failed[0]
    return reading.batch(batch_id)


def process_due(*, limit: int = 400) -> int:
    """Bring waiting batches to their end, table by table; answers how many. Several may run it."""
    done = 0
    for table in choosing.tables_due():
        with held(choosing.turn_of(table), wait=False) as mine:
            while mine and done < limit:
                most = min(choosing.MOST_GATHERED, limit - done)
                group = choosing.group(table, most=most)
                if not group:
                    break
                with guarded():
                    failed = run(group)
                done += len(group) - len(failed)
                if len(group) < most or len(failed) == len(group):
                    break  # what came in the meantime is for the next round
        if done >= limit:
            break
    return done


def run(rows: Sequence[models.Batch]) -> list[Problem]:
    """Check and settle batches of one table, at most one of a unit and day; the turn is held.

    Answers the problems of those that must wait: through no fault of their own.
    """
    outcomes: list[Outcome] = []
    failed: list[Problem] = []
    rest: list[models.Batch] = []
    for row in rows:
        try:
            if not settling.resume(row):
                rest.append(row)
        except Exception as error:  # noqa: BLE001 - the others of the group go on
            failed.append(_put_back(row, error))
    if not rest:
        return failed
    _claim(rest)
    with ExitStack() as folders:
        prepared = []
        for row in rest:
            try:
                folder = folders.enter_context(work_folder(row))
                prepared.append(prepare(row, folder=folder))
            except Exception as error:  # noqa: BLE001 - the others of the group go on
                failed.append(_put_back(row, error))
        for outcome, problem in check(prepared):
            if problem is None:
                outcomes.append(outcome)
            else:
                failed.append(_put_back(outcome.row, problem))
        try:
            settling.settle(outcomes)
        except Exception as error:
            for outcome in outcomes:
                _put_back(outcome.row, error)
            raise
    return failed


def _claim(rows: Sequence[models.Batch]) -> None:
    now = clock.now()
    for row in rows:
        row.attempts += 1
        row.state = State.CHECKING.value
    with writing():
        models.Batch.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=State.CHECKING.value, attempts=F("attempts") + 1, wait_until=None
        )
        models.Step.objects.bulk_create(
            models.Step(batch=row, state=State.CHECKING.value, at=now) for row in rows
        )


def _put_back(row: models.Batch, error: Exception) -> Problem:
    """It waits again, each time longer, for what failed was not its fault."""
    name = error.code if isinstance(error, Problem) else type(error).__name__
    _log.warning("batch %s waits: %s", row.id, name)
    now = clock.now()
    wait = min(timedelta(seconds=2 ** min(row.attempts, 12)), LONGEST_WAIT)
    with writing():
        waits = models.Batch.objects.filter(pk=row.pk, state__in=_OPEN).update(
            state=State.RECEIVED.value, wait_until=now + wait
        )
        if waits:
            models.Step.objects.create(
                batch=row, state=State.RECEIVED.value, at=now, note=f"waits: {name}"[:200]
            )
    if isinstance(error, Problem):
        return error
    try:
        with guarded():
            raise error
    except Problem as problem:
        return problem
    except Exception:  # noqa: BLE001 - told by its kind only: its text may hold what was sent
        return Unavailable(f"the check did not come to an end ({name})", where=row.id)
