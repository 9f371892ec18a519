"""The embedded store: one SQLite file, WAL, synchronous=FULL, written by one process.

A lock file beside it keeps a second sequencer out, also one that was left over.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import apsw

from openrhip.kernel.errors import Conflict, NotFound, Unavailable
from openrhip.kernel.files import make_folder, sync_folder
from openrhip.ledger.ports import Group

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entry (idx INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS tile (id INTEGER PRIMARY KEY, hashes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS request
    (key TEXT PRIMARY KEY, first INTEGER NOT NULL, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS checkpoint (size INTEGER PRIMARY KEY, note TEXT NOT NULL);
"""
_BUSY_MS = 10_000
_LEVEL_SHIFT = 56


def tile_id(level: int, index: int) -> int:
    """Level and index of a tile in one 63-bit key."""
    return level << _LEVEL_SHIFT | index


class SqliteStore:
    """path: of the database file; synchronous: FULL, or NORMAL to show in tests what it loses."""

    def __init__(self, path: Path, *, synchronous: str = "FULL") -> None:
        self.path = path
        self._synchronous = synchronous
        self._db: apsw.Connection | None = None
        self._lock: int | None = None

    def open(self, *, write: bool) -> None:
        self.close()
        try:
            if write:
                self._take_lock()
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
                flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
            else:
                flags = apsw.SQLITE_OPEN_READONLY
            db = apsw.Connection(str(self.path), flags=flags)
            self._db = db
            db.set_busy_timeout(_BUSY_MS)
            if write:
                # Each statement is run to its end: one that answers a row stops the ones behind it.
                db.execute("PRAGMA journal_mode=WAL").fetchall()
                db.execute(f"PRAGMA synchronous={self._synchronous}").fetchall()
                db.execute(_SCHEMA).fetchall()
                sync_folder(self.path.parent)
        except (apsw.Error, OSError) as error:
            self.close()
            raise _unavailable(error) from error

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def latest(self) -> tuple[int, str] | None:
        rows = self._all("SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1")
        return rows[0] if rows else None

    def checkpoint(self, size: int) -> str | None:
        rows = self._all("SELECT note FROM checkpoint WHERE size = ?", (size,))
        return rows[0][0] if rows else None

    def checkpoints(self, after: int, most: int) -> Sequence[tuple[int, str]]:
        return self._all(
            "SELECT size, note FROM checkpoint WHERE size > ? ORDER BY size LIMIT ?", (after, most)
        )

    def entries(self, first: int, count: int) -> list[bytes]:
        rows = self._all(
            "SELECT body FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx", (first, first + count)
        )
        return [row[0] for row in rows]

    def tile(self, level: int, index: int) -> bytes:
        rows = self._all("SELECT hashes FROM tile WHERE id = ?", (tile_id(level, index),))
        if not rows:
            raise NotFound(f"there is no full tile {index} at level {level}")
        data: bytes = rows[0][0]
        return data

    def requests(self, keys: Iterable[str]) -> dict[str, tuple[int, int]]:
        found = {}
        for key in keys:
            rows = self._all("SELECT first, count FROM request WHERE key = ?", (key,))
            if rows:
                found[key] = rows[0]
        return found

    def commit(self, group: Group) -> None:
        db = self._connection()
        indexes = range(group.first, group.first + len(group.entries))
        try:
            db.execute("BEGIN IMMEDIATE")
            db.executemany(
                "INSERT INTO entry VALUES (?, ?)", zip(indexes, group.entries, strict=True)
            )
            db.executemany(
                "INSERT INTO tile VALUES (?, ?)", [(tile_id(lv, i), d) for lv, i, d in group.tiles]
            )
            db.executemany("INSERT INTO request VALUES (?, ?, ?)", group.requests)
            db.execute("INSERT INTO checkpoint VALUES (?, ?)", (group.size, group.note))
            db.execute("COMMIT")
        except apsw.Error as error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise _unavailable(error) from error

    def _take_lock(self) -> None:
        make_folder(self.path.parent)
        path = self.path.with_name(self.path.name + ".lock")
        self._lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            self._lock = None
            raise Conflict(
                "another ledger process writes this log",
                where=str(self.path),
                remedy="stop it first; a log has one writer",
            ) from error

    def _connection(self) -> apsw.Connection:
        if self._db is None:
            raise Unavailable("the store of the ledger is closed")
        return self._db

    def _all(self, sql: str, values: tuple[Any, ...] = ()) -> list[Any]:
        try:
            return list(self._connection().execute(sql, values))
        except apsw.Error as error:
            raise _unavailable(error) from error


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(f"the store of the ledger failed: {type(error).__name__}")
