"""The store in PostgreSQL 15 or later: the same tables in a schema of their own, `ledger`.

The writer holds an advisory lock for as long as it is connected, so that a log has one writer.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from typing import Any

from openrhip.kernel.errors import Conflict, Misconfigured, NotFound, Problem, Unavailable
from openrhip.ledger.ports import Group

_LOCK = 0x6C6564676572
"""`ledger` in ASCII: the number of the advisory lock."""

_SCHEMA = """
CREATE SCHEMA IF NOT EXISTS ledger;
CREATE TABLE IF NOT EXISTS ledger.entry (idx bigint PRIMARY KEY, body bytea NOT NULL);
CREATE TABLE IF NOT EXISTS ledger.tile
    (level smallint, idx bigint, hashes bytea NOT NULL, PRIMARY KEY (level, idx));
CREATE TABLE IF NOT EXISTS ledger.request
    (key text PRIMARY KEY, first bigint NOT NULL, count bigint NOT NULL);
CREATE TABLE IF NOT EXISTS ledger.checkpoint (size bigint PRIMARY KEY, note text NOT NULL);
"""


class PostgresStore:
    """url: postgresql://user:password@host:port/name."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._db: Any = None
        try:
            self._psycopg: Any = importlib.import_module("psycopg")
        except ImportError as error:
            raise Misconfigured(
                "the PostgreSQL driver is missing", remedy="pip install 'openrhip[postgres]'"
            ) from error

    def open(self, *, write: bool) -> None:
        self.close()
        try:
            self._db = self._psycopg.connect(
                self._url, autocommit=True, connect_timeout=10, application_name="openrhip-ledger"
            )
            if write:
                self._begin_writing()
        except self._psycopg.Error as error:
            self.close()
            raise _unavailable(error) from error
        except Problem:
            self.close()
            raise

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def latest(self) -> tuple[int, str] | None:
        rows = self._all("SELECT size, note FROM ledger.checkpoint ORDER BY size DESC LIMIT 1")
        return rows[0] if rows else None

    def checkpoint(self, size: int) -> str | None:
        rows = self._all("SELECT note FROM ledger.checkpoint WHERE size = %s", (size,))
        return rows[0][0] if rows else None

    def checkpoints(self, after: int, most: int) -> Sequence[tuple[int, str]]:
        return self._all(
            "SELECT size, note FROM ledger.checkpoint WHERE size > %s ORDER BY size LIMIT %s",
            (after, most),
        )

    def entries(self, first: int, count: int) -> list[bytes]:
        rows = self._all(
            "SELECT body FROM ledger.entry WHERE idx >= %s AND idx < %s ORDER BY idx",
            (first, first + count),
        )
        return [row[0] for row in rows]

    def tile(self, level: int, index: int) -> bytes:
        rows = self._all(
            "SELECT hashes FROM ledger.tile WHERE level = %s AND idx = %s", (level, index)
        )
        if not rows:
            raise NotFound(f"there is no full tile {index} at level {level}")
        data: bytes = rows[0][0]
        return data

    def requests(self, keys: Iterable[str]) -> dict[str, tuple[int, int]]:
        wanted = list(keys)
        if not wanted:
            return {}
        rows = self._all(
            "SELECT key, first, count FROM ledger.request WHERE key = ANY(%s)", (wanted,)
        )
        return {key: (first, count) for key, first, count in rows}

    def commit(self, group: Group) -> None:
        indexes = list(range(group.first, group.first + len(group.entries)))
        try:
            db = self._connection()
            with db.transaction(), db.cursor(binary=True) as cursor:
                cursor.execute(
                    "INSERT INTO ledger.entry SELECT * FROM unnest(%s::bigint[], %s::bytea[])",
                    (indexes, list(group.entries)),
                )
                for row in group.tiles:
                    cursor.execute("INSERT INTO ledger.tile VALUES (%s, %s, %s)", row)
                if group.requests:
                    columns = [list(column) for column in zip(*group.requests, strict=True)]
                    cursor.execute(
                        "INSERT INTO ledger.request"
                        " SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bigint[])",
                        columns,
                    )
                cursor.execute(
                    "INSERT INTO ledger.checkpoint VALUES (%s, %s)", (group.size, group.note)
                )
        except self._psycopg.Error as error:
            raise _unavailable(error) from error

    def _begin_writing(self) -> None:
        [[locked]] = self._all("SELECT pg_try_advisory_lock(%s)", (_LOCK,))
        if not locked:
            raise Conflict(
                "another ledger process writes this log",
                remedy="stop it first; a log has one writer",
            )
        self._db.execute("SET synchronous_commit = on")
        [[fsync]] = self._all("SHOW fsync")
        if fsync != "on":
            raise Misconfigured(
                "the database runs with fsync off: what it acknowledges may be lost",
                remedy="set fsync = on in postgresql.conf",
            )
        self._db.execute(_SCHEMA)

    def _connection(self) -> Any:
        if self._db is None:
            raise Unavailable("the store of the ledger is closed")
        return self._db

    def _all(self, sql: str, values: tuple[Any, ...] = ()) -> list[Any]:
        try:
            rows: list[Any] = self._connection().execute(sql, values or None).fetchall()
        except self._psycopg.Error as error:
            raise _unavailable(error) from error
        return rows


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(f"the store of the ledger failed: {type(error).__name__}")
