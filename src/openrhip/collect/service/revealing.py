"""Rows as they came (原始行): for whoever corrects, out of the sealed originals.

The tables keep tokens and masked texts; whoever needs a value as it was sent asks for it by batch
and line. That is entered in the ledger before anything is given out.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openrhip.collect import models
from openrhip.collect.engine.duckdb_engine import chunks_of
from openrhip.collect.rules.jobs import CheckJob
from openrhip.collect.service import checking, doors, entering
from openrhip.collect.service.room import guarded
from openrhip.directory import service as directory
from openrhip.directory.service import Actor, Role
from openrhip.directory.service.entries import fields_of
from openrhip.kernel import clock, ids
from openrhip.kernel.errors import Malformed, NotFound, Refused
from openrhip.kernel.files import make_folder
from openrhip.kernel.periods import city_day
from openrhip.ledger.rules import Entry

MOST_LINES = 1_000
OF_UNIT = frozenset({Role.RECORDS_CLERK, Role.OPERATOR})
OF_CENTRE = frozenset({Role.PRIVACY_OFFICER})


@dataclass(frozen=True, slots=True)
class OriginalRow:
    """A row as it was sent. values: column → text, None where the field was empty."""

    line: int
    values: Mapping[str, str | None]


def original_rows(
    *, batch_id: str, lines: Sequence[int], by: Actor, own_machine: bool = False
) -> tuple[OriginalRow, ...]:
    """Rows of a batch by line, unmasked, in order; lines that no row has are left out.

    own_machine: a request that the unit's own certificate signed. Raises Refused, NotFound,
    Malformed, Unavailable (the ledger does not answer: nothing is given out).
    """
    wanted = sorted(set(lines))
    if len(wanted) > MOST_LINES or any(line < 1 for line in wanted):
        raise Malformed(f"lines are counted from 1, at most {MOST_LINES} at once", where="lines")
    row = models.Batch.objects.filter(id=batch_id).first() if ids.is_id(batch_id) else None
    if row is None or not (own_machine or may_read(by, row.unit_id)):
        if row is None:
            raise NotFound("no such batch", where="batch")
        raise Refused(
            "rows as they were sent are for the unit's own records clerks and operators, and for "
            "the privacy officer",
            remedy="sign in with a second factor",
        )
    with guarded():
        _enter(row, by, len(wanted))
        return tuple(_read(row, wanted))


def may_read(by: Actor, unit: str) -> bool:
    """Whether somebody may see rows of this unit as they came."""
    if not by.second_factor:
        return False
    roles = frozenset(by.roles)
    return bool(roles & OF_CENTRE) or (by.institution_code == unit and bool(roles & OF_UNIT))


def _enter(row: models.Batch, by: Actor, count: int) -> None:
    fields = fields_of(by, document=row.digest, document_id=row.id, document_kind=row.table)
    fields |= {"institution": row.unit_id, "action": "read", "count": count}
    entering.ledger().append(Entry("batch", fields), key=ids.new_id())


def _read(row: models.Batch, wanted: Sequence[int]) -> list[OriginalRow]:
    catalogue = doors.catalogue()
    table = catalogue.tables.get(row.table)
    if table is None:
        raise NotFound("the catalogue no longer has this table", where=row.table)
    folder = doors.folder("work") / f"read-{ids.new_id()}"
    make_folder(folder)
    folder.chmod(0o700)
    found: list[OriginalRow] = []
    try:
        files = checking.inputs(row, checking.manifest_of(row), folder)
        job = CheckJob(
            catalogue=catalogue,
            table=table,
            files=tuple(files),
            unit=row.unit_id,
            day=row.day,
            batch=row.id,
            out=folder,
            today=city_day(clock.now()),
        )
        for chunk in chunks_of(job):
            places = {line: at for at, line in enumerate(chunk.lines().tolist())}
            at = [places[line] for line in wanted if line in places]
            numbers = [line for line in wanted if line in places]
            rows = chunk.raw.take(at).to_pylist() if at else []
            found += [OriginalRow(*pair) for pair in zip(numbers, rows, strict=True)]
            if wanted and chunk.first + chunk.count > wanted[-1]:
                break
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return found


def actor_of_machine(unit: str) -> Actor:
    """Who stands in the ledger when a unit's own node asks for its rows."""
    known = directory.institution(unit)
    return Actor(staff_code=f"node:{known.code}", institution_code=known.code)
