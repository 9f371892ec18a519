"""Questions to the loaded tables (查询数据湖): DuckDB over the lake's Parquet files, bounded.

Names of columns come from the catalogue and are quoted; values are bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from openrhip.kernel.files import make_folder

MEMORY = "1GB"
THREADS = 2


@contextmanager
def opened(
    *, spill: Path | None = None, memory: str = MEMORY, threads: int = THREADS
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own, in memory; what does not fit goes to the folder `spill`."""
    settings: dict[str, Any] = {
        "memory_limit": memory,
        "threads": threads,
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if spill is not None:
        make_folder(spill)
        settings["temp_directory"] = str(spill)
    connection = duckdb.connect(":memory:", config=settings)
    try:
        yield connection
    finally:
        connection.close()


def ask(
    connection: duckdb.DuckDBPyConnection, statement: str, values: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    """The rows of a SELECT with $name marks."""
    return connection.execute(statement, dict(values)).fetchall()


def name(column: str) -> str:
    """A column's name in SQL."""
    return '"' + column.replace('"', '""') + '"'


def path(file: Path) -> str:
    """A file as `read_parquet` takes it: a literal path, never a pattern."""
    return str(file).translate(_LITERAL)


_LITERAL = str.maketrans({"[": "[[]", "]": "[]]", "*": "[*]", "?": "[?]"})
