"""Ports (端口): the engine that checks, the lake that keeps the tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from openrhip.collect.rules.jobs import CheckJob, CheckResult, Part
from openrhip.collect.rules.tables import Table
from openrhip.kernel.errors import Problem


class Engine(Protocol):
    """Checks a batch in one pass. Embedded default: DuckDB; outgrown: Spark Connect."""

    name: str

    def check(self, job: CheckJob) -> CheckResult:
        """Raises Malformed (no such columns, broken encoding …) or TooLarge: refused whole."""
        ...

    def check_many(self, jobs: Sequence[CheckJob]) -> list[CheckResult | Problem]:
        """Batches of one table; one that is refused whole answers its problem."""
        return [self._or_problem(job) for job in jobs]

    def _or_problem(self, job: CheckJob) -> CheckResult | Problem:
        try:
            return self.check(job)
        except Problem as problem:
            return problem


class Lake(Protocol):
    """The loaded tables (Delta Lake). Every verb is idempotent; what it answered is durable."""

    def replace(self, parts: Sequence[Part], *, table: Table) -> None:
        """Put these parts in place of what their unit, table and day held, in one commit."""
        ...

    def quarantine(self, parts: Sequence[Part], *, table: Table) -> None:
        """The same for rows at fault; a part without files says that none is at fault any more."""
        ...

    def hold(self, part: Part) -> None:
        """Keep the rows at fault of a batch that was refused: for its report, in no table."""
        ...

    def has_rows(self, *, table: str, unit: str | None = None) -> bool:
        """Whether anything of a table (of a unit) was ever loaded."""
        ...

    def batch_of(self, *, table: str, unit: str, day: date) -> str | None:
        """Which batch stands there now: the truth after a crash."""
        ...

    def standing(self, *, table: str) -> dict[tuple[str, date], str]:
        """Which batch stands for every unit and day of a table."""
        ...

    def files(
        self,
        *,
        table: str,
        units: Sequence[str] = (),
        since: date | None = None,
        until: date | None = None,
    ) -> list[Path]:
        """The current Parquet files that may hold such rows."""
        ...

    def sql(
        self,
        table: Table,
        *,
        since: date | None = None,
        until: date | None = None,
        units: Sequence[str] = (),
        current: bool = True,
        columns: Sequence[str] = (),
    ) -> str:
        """DuckDB's SELECT over the rows; current leaves out what was superseded or withdrawn."""
        ...

    def quarantine_file(self, *, table: str, day: date, batch: str) -> Path | None:
        """The rows at fault of a batch, loaded or refused."""
        ...

    def stored_keys(self, *, table: Table, unit: str, but_day: date, asked: Any) -> Any:
        """Of the asked keys (Arrow table) those on other days of the unit, not withdrawn."""
        ...

    def known_keys(self, *, table: Table, key: Sequence[str], unit: str | None, asked: Any) -> Any:
        """Of the asked keys those that occur in a table (of one unit, or of the whole city)."""
        ...

    def sources(self) -> list[str]:
        """The tables that have ever been loaded, by code."""
        ...

    def compact(self, *, table: str, before: date) -> int:
        """Merge the small files of months that ended before; answers how many went."""
        ...

    def vacuum(self, *, table: str, keep_days: int) -> int:
        """Remove what was replaced longer ago and nobody needs any more; answers how many files."""
        ...
