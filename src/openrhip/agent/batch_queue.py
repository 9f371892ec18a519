"""The node's durable queue of batches (批次队列): SQLite in WAL mode, synchronous=FULL.

A step is in the queue when `step` returns. The data files stay where they were put until the centre
has judged them; the queue holds their names, their marks and the signed manifest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import apsw

from openrhip.agent.rules import wait_seconds
from openrhip.agent.watch import Mark
from openrhip.kernel import clock, ids
from openrhip.kernel.errors import Conflict, NotFound
from openrhip.kernel.files import make_folder, sync_folder

SCHEMA = """
CREATE TABLE IF NOT EXISTS batch (
  id TEXT PRIMARY KEY, source TEXT NOT NULL UNIQUE, unit_table TEXT NOT NULL, day TEXT NOT NULL,
  folder TEXT NOT NULL, files TEXT NOT NULL, envelope BLOB NOT NULL DEFAULT x'',
  state TEXT NOT NULL, number TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0,
  due_at TEXT NOT NULL, seen_at TEXT NOT NULL, changed_at TEXT NOT NULL,
  problem TEXT NOT NULL DEFAULT '', answer TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS batch_due ON batch (state, due_at);
"""
_COLUMNS = (
    "id, source, unit_table, day, folder, files, envelope, state, number, attempts, due_at, "
    "seen_at, changed_at, problem, answer"
)
_FIELDS = frozenset({"envelope", "number", "answer", "problem"})


class BatchStep(StrEnum):
    """Where a batch stands; what the state names is durable."""

    FOUND = "found"  # 已发现: its files lie there, whole
    SIGNED = "signed"  # 已签名: the manifest is
    RECEIVED = "received"  # 已接收: the centre keeps it, and checks
    LOADED = "loaded"  # 已入库: in the tables; the report is here
    REFUSED = "refused"  # 被拒收: the report is here; correct, and put it down again
    GONE = "gone"  # 已撤回: the files were changed or taken away before they were sent


FINAL_STEPS = (BatchStep.LOADED, BatchStep.REFUSED, BatchStep.GONE)
NEXT_STEPS = {
    BatchStep.FOUND: (BatchStep.SIGNED, BatchStep.REFUSED, BatchStep.GONE),
    BatchStep.SIGNED: (BatchStep.RECEIVED, BatchStep.REFUSED, BatchStep.GONE),
    BatchStep.RECEIVED: (BatchStep.LOADED, BatchStep.REFUSED, BatchStep.SIGNED),
    **dict.fromkeys(FINAL_STEPS, ()),
}


@dataclass(frozen=True, slots=True)
class BatchJob:
    """A batch on its way. number: its id at the centre; folder: "" for a lone file."""

    id: str
    source: str
    table: str
    day: date
    folder: str
    files: tuple[tuple[str, Mark], ...]
    envelope: bytes
    state: BatchStep
    number: str
    attempts: int
    due_at: datetime
    seen_at: datetime
    changed_at: datetime
    problem: str
    answer: dict[str, Any] | None

    @property
    def name(self) -> str:
        return f"{self.table} {self.day}"

    def as_dict(self) -> dict[str, Any]:
        """The batch as `openrhip agent status --json` shows it."""
        return {
            "id": self.id,
            "table": self.table,
            "day": self.day.isoformat(),
            "files": [Path(path).name for path, _ in self.files],
            "state": self.state,
            "batch": self.number,
            "attempts": self.attempts,
            "due_at": self.due_at.isoformat(),
            "seen_at": self.seen_at.isoformat(),
            "changed_at": self.changed_at.isoformat(),
            "problem": self.problem,
            "answer": self.answer,
        }


class BatchQueue:
    """Batches by the state of the files they were made of: what lies there is one batch."""

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        self._db: Any = apsw.Connection(str(path))
        self._db.setbusytimeout(10_000)
        self._db.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        self._db.execute(SCHEMA)
        sync_folder(path.parent)

    def close(self) -> None:
        self._db.close()

    def admit(
        self,
        *,
        source: str,
        table: str,
        day: date,
        folder: str,
        files: tuple[tuple[str, Mark], ...],
    ) -> BatchJob:
        """The job of these files, made if there is none."""
        now = clock.rfc3339(clock.now())
        with self._write():
            self._db.execute(
                "INSERT INTO batch (id, source, unit_table, day, folder, files, state, due_at,"
                " seen_at, changed_at) VALUES (?,?,?,?,?,?,?,?,?,?)"
                " ON CONFLICT (source) DO NOTHING",
                (
                    ids.new_id(),
                    source,
                    table,
                    day.isoformat(),
                    folder,
                    json.dumps([[path, *mark] for path, mark in files]),
                    BatchStep.FOUND,
                    *(now, now, now),
                ),
            )
            return self._one("source=?", (source,))

    def step(self, job: BatchJob, state: BatchStep, **fields: Any) -> BatchJob:
        """Go to the next state with what it brings. Durable on return. Raises Conflict."""
        if state not in NEXT_STEPS[job.state] or set(fields) - _FIELDS:
            raise Conflict(f"a batch does not go from {job.state} to {state}")
        if fields.get("answer") is not None:
            fields["answer"] = json.dumps(fields["answer"], ensure_ascii=False)
        now = clock.rfc3339(clock.now())
        values = {"problem": ""} | fields
        if state in FINAL_STEPS:
            values["envelope"] = b""
        values |= {"state": state, "changed_at": now, "attempts": 0, "due_at": now}
        assign = ", ".join(f"{name}=?" for name in values)  # names are ours, see _FIELDS
        with self._write():
            self._db.execute(
                f"UPDATE batch SET {assign} WHERE id=? AND state=?",  # noqa: S608
                (*values.values(), job.id, job.state),
            )
            if self._db.changes() != 1:
                raise Conflict("the batch went on in the meantime", where=job.id)
            return self._one("id=?", (job.id,))

    def postpone(self, job: BatchJob, problem: str) -> BatchJob:
        """Not yet: wait longer each time. problem: why, "" if that is as it should be."""
        due = clock.now() + timedelta(seconds=wait_seconds(job.attempts))
        with self._write():
            self._db.execute(
                "UPDATE batch SET attempts=attempts+1, due_at=?, problem=? WHERE id=?",
                (clock.rfc3339(due), problem[:500], job.id),
            )
            return self._one("id=?", (job.id,))

    def hurry(self) -> int:
        """Let everything that waits try at once; answers how many."""
        with self._write():
            self._db.execute(
                "UPDATE batch SET due_at=? WHERE attempts > 0 AND state NOT IN (?,?,?)",
                (clock.rfc3339(clock.now()), *FINAL_STEPS),
            )
            return int(self._db.changes())

    def forget(self, before: datetime) -> None:
        """Remove what was finished before then: its files are long away."""
        old = "state IN (?,?,?) AND changed_at < ?"
        values = (*FINAL_STEPS, clock.rfc3339(before))
        if any(self._select(f"{old} LIMIT 1", values)):
            with self._write():
                self._db.execute(f"DELETE FROM batch WHERE {old}", values)  # noqa: S608

    def due(self, *, most: int = 100) -> list[BatchJob]:
        """Unfinished batches whose time has come, oldest first."""
        return list(
            self._select(
                "state NOT IN (?,?,?) AND due_at <= ? ORDER BY seen_at, id LIMIT ?",
                (*FINAL_STEPS, clock.rfc3339(clock.now()), most),
            )
        )

    def jobs(self, *, most: int = 200) -> list[BatchJob]:
        """Newest first."""
        return list(self._select("1 ORDER BY changed_at DESC, id LIMIT ?", (most,)))

    def counts(self) -> dict[str, int]:
        found = {state.value: 0 for state in BatchStep}
        found.update(self._db.execute("SELECT state, count(*) FROM batch GROUP BY state"))
        return found

    @contextmanager
    def _write(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _one(self, where: str, values: tuple[Any, ...]) -> BatchJob:
        for job in self._select(where, values):
            return job
        raise NotFound("no such batch in the queue")

    def _select(self, where: str, values: tuple[Any, ...]) -> Iterator[BatchJob]:
        # `where` is one of the literals above, never input.
        query = f"SELECT {_COLUMNS} FROM batch WHERE {where}"  # noqa: S608
        for row in self._db.execute(query, values).fetchall():
            yield _job(row)


def _job(row: tuple[Any, ...]) -> BatchJob:
    return BatchJob(
        id=row[0],
        source=row[1],
        table=row[2],
        day=date.fromisoformat(row[3]),
        folder=row[4],
        files=tuple((path, Mark(*mark)) for path, *mark in json.loads(row[5])),
        envelope=bytes(row[6]),
        state=BatchStep(row[7]),
        number=row[8],
        attempts=row[9],
        due_at=_time(row[10]),
        seen_at=_time(row[11]),
        changed_at=_time(row[12]),
        problem=row[13],
        answer=None if row[14] is None else json.loads(row[14]),
    )


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
