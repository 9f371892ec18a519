"""What follows from a checked batch (批次的后续): coverage, faults, findings against the history.

Called in the very transaction that loads or refuses a batch, so that coverage is never behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from openrhip.collect.rules import covering, findings
from openrhip.collect.rules.covering import Cell, Sent
from openrhip.collect.rules.findings import Finding
from openrhip.collect.rules.jobs import RuleHits
from openrhip.collect.rules.tables import Catalogue, Table
from openrhip.collect.service import (
    cells,
    comparing,
    crosschecks,
    doors,
    faults,
    persons,
    reading,
    terms,
)
from openrhip.collect.service.cells import Key
from openrhip.kernel import statements

OVERTAKEN = "overtaken"  # refused because a newer batch had come: says nothing about the data


@dataclass(frozen=True, slots=True)
class _Checked:
    """A batch as far as it matters here, and its trouble if it was refused."""

    sequence: int
    sent_at: datetime
    declared: int
    trouble: Mapping[str, Any]
    sent: Sent


def follow(
    keys: Iterable[Key],
    *,
    catalogue: Catalogue | None = None,
    hits: Mapping[str, Sequence[RuleHits]] | None = None,
) -> None:
    """Bring coverage and faults of these units, tables and days up to date. Inside `writing()`.

    hits: of batches just checked, by id; those of others are read. Doing it twice changes nothing.
    Keys are taken in order, so that two processes never wait for each other.
    """
    known = catalogue or doors.catalogue()
    for key in sorted(set(keys)):
        table = known.tables.get(key[1])
        if table is not None:
            _follow(key, table, known, hits or {})


def _follow(
    key: Key, table: Table, catalogue: Catalogue, hits: Mapping[str, Sequence[RuleHits]]
) -> None:
    before = cells.begin(key)
    batches = [_checked(row) for row in statements.ask(_BATCHES, *key)]
    now = cells.keep(key, before, [one.sent for one in batches], table=table)
    if now.rows != before[0].rows or now.sends != before[0].sends:
        persons.note_records(key[0], table, key[2])
    newest = _newest(batches)
    if newest is None:
        return
    broken = hits.get(newest.sent.id)
    if broken is None:
        broken = _kept_hits(newest.sequence)
    judged = faults.judge(
        batch=newest.sent.id,
        at=newest.sent.received_at,
        loaded=newest.sent.state == covering.LOADED,
        hits=broken,
        found=_found(key, table, now, newest),
    )
    faults.follow(key, judged, rules=terms.rules(catalogue, table.code))
    crosschecks.ask(key, now, before[0], table=table, catalogue=catalogue)


def _found(key: Key, table: Table, cell: Cell, newest: _Checked) -> list[Finding]:
    if newest.sent.state == covering.REFUSED:
        trouble = newest.trouble
        return [
            findings.of_refusal(
                table,
                zh=str(trouble.get("zh", "")),
                en=str(trouble.get("en", "")),
                remedy=str(trouble.get("remedy", "")),
            )
        ]
    found = (
        findings.of_count(table, declared=newest.declared, received=newest.sent.received),
        comparing.odd(unit=key[0], table=table, day=key[2], cell=cell),
    )
    return [one for one in found if one is not None]


def _newest(batches: Sequence[_Checked]) -> _Checked | None:
    told = [one for one in batches if one.trouble.get("code") != OVERTAKEN]
    return max(told, key=lambda one: (one.sent_at, one.sequence), default=None)


def _kept_hits(sequence: int) -> tuple[RuleHits, ...]:
    rows = statements.ask("SELECT hits FROM collect_report WHERE batch_id = %s", sequence)
    return reading.unpack_hits(bytes(rows[0][0])) if rows else ()


def _checked(row: Sequence[Any]) -> _Checked:
    values = (row[4], row[5], _instant(row[6]), *row[7:13], bool(row[13]))
    sent = Sent(**dict(zip(cells.SENT, values, strict=True)))
    trouble = statements.json_value(row[3]) or {}
    return _Checked(row[0], _instant(row[1]), row[2], trouble, sent)


def _instant(value: Any) -> datetime:
    """SQLite gives instants as text, in UTC and without saying so."""
    found: datetime = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_BATCHES = (
    "SELECT sequence, sent_at, rows_declared, problem, id, state, received_at, received, loaded, "
    "quarantined, marked, amended, withdrawn, current FROM collect_batch "
    "WHERE unit_id = %s AND \"table\" = %s AND day = %s AND state IN ('loaded', 'refused')"
)
