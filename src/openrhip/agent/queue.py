"""The node's durable queue (任务队列): SQLite in WAL mode, synchronous=FULL, one process at a time.

A step is in the queue when `step` returns; every step is also kept as a row with its time.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apsw

from openrhip.agent.rules import FINAL, Form, Job, State, check_step, wait_seconds
from openrhip.kernel import clock, ids
from openrhip.kernel.errors import Conflict, NotFound
from openrhip.kernel.files import make_folder, sync_folder

SCHEMA = """
CREATE TABLE IF NOT EXISTS job (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, form TEXT NOT NULL, state TEXT NOT NULL,
  source_key TEXT NOT NULL, companion_key TEXT NOT NULL,
  laid_out_key TEXT NOT NULL DEFAULT '', sealed_key TEXT NOT NULL DEFAULT '',
  sealed_size INTEGER NOT NULL DEFAULT 0, upload_id TEXT NOT NULL DEFAULT '',
  attempts INTEGER NOT NULL DEFAULT 0, due_at TEXT NOT NULL, seen_at TEXT NOT NULL,
  changed_at TEXT NOT NULL, problem TEXT NOT NULL DEFAULT '', answer TEXT,
  UNIQUE (source_key, companion_key)
) STRICT;
CREATE INDEX IF NOT EXISTS job_due ON job (state, due_at);
CREATE TABLE IF NOT EXISTS step (
  job TEXT NOT NULL REFERENCES job (id), at TEXT NOT NULL, state TEXT NOT NULL, note TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS step_job ON step (job);
"""
COLUMNS = (
    "id, name, form, state, source_key, companion_key, laid_out_key, sealed_key, sealed_size, "
    "upload_id, attempts, due_at, seen_at, changed_at, problem, answer"
)
_FIELDS = frozenset({"laid_out_key", "sealed_key", "sealed_size", "upload_id", "answer", "problem"})


class Queue:
    """Jobs by the digest of what was found: the same bytes are one job, however often seen."""

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        self.path = path
        self._db: Any = apsw.Connection(str(path))
        self._db.setbusytimeout(10_000)
        self._db.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        self._db.execute(SCHEMA)
        sync_folder(path.parent)

    def close(self) -> None:
        self._db.close()

    def admit(self, *, name: str, form: Form, source_key: str, companion_key: str = "") -> Job:
        """The job of these bytes, made if there is none."""
        now = _text(clock.now())
        with self._write():
            self._db.execute(
                "INSERT INTO job (id, name, form, state, source_key, companion_key, due_at,"
                " seen_at, changed_at) VALUES (?,?,?,?,?,?,?,?,?)"
                " ON CONFLICT (source_key, companion_key) DO NOTHING",
                (ids.new_id(), name, form, State.SEEN, source_key, companion_key, now, now, now),
            )
            made = self._db.changes()
            job = self._one("source_key=? AND companion_key=?", (source_key, companion_key))
            if made:
                self._note(job.id, State.SEEN, name)
        return job

    def step(self, job: Job, state: State, *, note: str = "", **fields: Any) -> Job:
        """Go to the next state with what it brings. Durable on return. Raises Conflict."""
        check_step(job.state, state)
        values = dict(fields)
        if unknown := set(values) - _FIELDS:
            raise Conflict(f"a step does not set {sorted(unknown)}")
        if values.get("answer") is not None:
            values["answer"] = json.dumps(values["answer"], ensure_ascii=False)
        values.setdefault("problem", "")
        now = _text(clock.now())
        values |= {"state": state, "changed_at": now, "attempts": 0, "due_at": now}
        assign = ", ".join(f"{name}=?" for name in values)  # names are ours, see _FIELDS
        with self._write():
            self._db.execute(
                f"UPDATE job SET {assign} WHERE id=? AND state=?",  # noqa: S608
                (*values.values(), job.id, job.state),
            )
            if self._db.changes() != 1:
                raise Conflict("the job went on in the meantime", where=job.id)
            self._note(job.id, state, note)
            return self.job(job.id)

    def postpone(self, job: Job, problem: str) -> Job:
        """The step failed for now: wait longer each time."""
        due = clock.now() + timedelta(seconds=wait_seconds(job.attempts))
        with self._write():
            self._db.execute(
                "UPDATE job SET attempts=attempts+1, due_at=?, problem=? WHERE id=?",
                (_text(due), problem[:500], job.id),
            )
            return self.job(job.id)

    def hurry(self) -> int:
        """Let everything that waits try at once; answers how many."""
        with self._write():
            self._db.execute(
                "UPDATE job SET due_at=? WHERE attempts > 0 AND state NOT IN (?, ?)",
                (_text(clock.now()), *sorted(FINAL)),
            )
            return int(self._db.changes())

    def job(self, job_id: str) -> Job:
        return self._one("id=?", (job_id,))

    def find(self, *, source_key: str, companion_key: str = "") -> Job | None:
        rows = list(self._select("source_key=? AND companion_key=?", (source_key, companion_key)))
        return rows[0] if rows else None

    def due(self, *, most: int = 100) -> list[Job]:
        """Unfinished jobs whose time has come, oldest first."""
        return list(
            self._select(
                "state NOT IN (?, ?) AND due_at <= ? ORDER BY seen_at, id LIMIT ?",
                (*sorted(FINAL), _text(clock.now()), most),
            )
        )

    def jobs(self, *, state: State | None = None, most: int = 200) -> list[Job]:
        """Newest first."""
        if state is None:
            return list(self._select("1 ORDER BY changed_at DESC, id LIMIT ?", (most,)))
        return list(self._select("state=? ORDER BY changed_at DESC, id LIMIT ?", (state, most)))

    def counts(self) -> dict[str, int]:
        """How many jobs stand in each state."""
        found = {state.value: 0 for state in State}
        found.update(self._db.execute("SELECT state, count(*) FROM job GROUP BY state"))
        return found

    def steps(self, job_id: str) -> list[tuple[str, str, str]]:
        """(time, state, note) of each step of a job, in order."""
        return list(
            self._db.execute(
                "SELECT at, state, note FROM step WHERE job=? ORDER BY rowid", (job_id,)
            )
        )

    @contextmanager
    def _write(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _note(self, job_id: str, state: State, note: str) -> None:
        self._db.execute(
            "INSERT INTO step (job, at, state, note) VALUES (?,?,?,?)",
            (job_id, _text(clock.now()), state, note[:300]),
        )

    def _one(self, where: str, values: tuple[Any, ...]) -> Job:
        for job in self._select(where, values):
            return job
        raise NotFound("no such job in the queue")

    def _select(self, where: str, values: tuple[Any, ...]) -> Iterator[Job]:
        # `where` is one of the literals above, never input.
        for row in self._db.execute(f"SELECT {COLUMNS} FROM job WHERE {where}", values).fetchall():  # noqa: S608
            yield _job(row)


class Lock:
    """At most one node works on a folder; the lock goes with the process, however it ends."""

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._handle)
            raise Conflict(
                "another node works on this folder", where=str(path), remedy="stop it first"
            ) from error

    def release(self) -> None:
        """Give the folder free; harmless if done before."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def _job(row: tuple[Any, ...]) -> Job:
    return Job(
        id=row[0],
        name=row[1],
        form=Form(row[2]),
        state=State(row[3]),
        source_key=row[4],
        companion_key=row[5],
        laid_out_key=row[6],
        sealed_key=row[7],
        sealed_size=row[8],
        upload_id=row[9],
        attempts=row[10],
        due_at=_time(row[11]),
        seen_at=_time(row[12]),
        changed_at=_time(row[13]),
        problem=row[14],
        answer=None if row[15] is None else json.loads(row[15]),
    )


def _text(at: datetime) -> str:
    return clock.rfc3339(at)


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
