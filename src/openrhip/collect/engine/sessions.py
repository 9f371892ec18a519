"""DuckDB held tight (受限会话): in memory, without files, network, extensions or Python's names.

All it ever reads are Arrow columns registered by us; its configuration is locked before the first
query. Connections are kept: opening one costs more than checking a small batch.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from openrhip.collect.engine.sqltext import name, select
from openrhip.collect.rules.jobs import Limits

CHUNK = "chunk"


class Cursor:
    """One thread's way to the rules' SQL."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._relations: dict[str, tuple[str, ...]] = {}

    def run(self, sql: str, rows: pa.Table) -> pa.Table:
        """SQL over one chunk, in its order."""
        self.connection.register(CHUNK, rows)
        try:
            return self.connection.execute(sql).to_arrow_table()
        finally:
            self.connection.unregister(CHUNK)

    def relate(self, relations: dict[str, tuple[str, ...]]) -> None:
        """Registers value sets that are too large for a list."""
        for relation, codes in relations.items():
            if self._relations.get(relation) is not codes:
                self.connection.register(relation, pa.table({"code": list(codes)}))
                self._relations[relation] = codes

    def hashes(
        self, rows: pa.Table, columns: Sequence[str]
    ) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
        """A hash of each whole key, and the rows that have one."""
        listed = ", ".join(map(name, columns))
        missing = " OR ".join(f"{name(column)} IS NULL" for column in columns)
        sql = select([f"hash({listed}) AS h", f"{missing} AS n"], CHUNK)
        found = self.run(sql, rows)
        there = np.flatnonzero(~found["n"].to_numpy())
        return found["h"].to_numpy()[there], there


class Sessions:
    """Cursors of one locked database a process, taken and given back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner: tuple[int, str] | None = None
        self._database: duckdb.DuckDBPyConnection | None = None
        self._free: dict[bool, list[Cursor]] = {True: [], False: []}

    @contextmanager
    def cursor(self, limits: Limits, *, lean: bool = False) -> Iterator[Cursor]:
        """A cursor for one thread. lean: plans are not optimised, which few rows do not repay."""
        with self._lock:
            owner = (os.getpid(), limits.memory)
            if self._owner != owner or self._database is None:
                self._database, self._owner = _opened(limits.memory), owner
                self._free = {True: [], False: []}
            free, database = self._free[lean], self._database
            cursor = free.pop() if free else _cursor(database, lean=lean)
        try:
            yield cursor
        finally:
            with self._lock:
                if self._owner == owner:
                    self._free[lean].append(cursor)


def _cursor(database: duckdb.DuckDBPyConnection, *, lean: bool) -> Cursor:
    connection = database.cursor()
    if lean:
        connection.execute("PRAGMA disable_optimizer")
    return Cursor(connection)


def _opened(memory: str) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(
        ":memory:",
        config={
            "threads": 1,
            "memory_limit": memory,
            "temp_directory": "",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "python_enable_replacements": False,
            "preserve_insertion_order": True,
        },
    )
    for option in ("enable_external_access = false", "lock_configuration = true"):
        database.execute(f"SET {option}")
    return database
