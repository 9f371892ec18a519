"""Putting batches into the tables and finding their rows again (入库与读取)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from openrhip.collect.lake import keeping, layout, reading
from openrhip.collect.lake.keys import Keys
from openrhip.collect.lake.locks import held
from openrhip.collect.lake.log import TRIES, Entry, Log, unavailable
from openrhip.collect.rules.jobs import Part
from openrhip.collect.rules.tables import Table
from openrhip.kernel.config import current
from openrhip.kernel.errors import Conflict
from openrhip.kernel.files import sync_folder

MOST_OPEN = 400


def open_lake() -> DeltaLake:
    """The lake of this installation."""
    return DeltaLake(current().home)


class DeltaLake:
    """Implements ports.Lake below a home folder. Safe for several processes."""

    def __init__(self, home: Path) -> None:
        self.rows = home / "lake"
        self.faults = home / "quarantine"
        self._logs: OrderedDict[Path, Log] = OrderedDict()
        self._guard = threading.Lock()
        self._keys = Keys(home / "collect" / "keys", self)

    # --- writing

    def replace(self, parts: Sequence[Part], *, table: Table) -> None:
        """Put these parts in place of what their unit, table and day held, in one commit."""
        with self._writing(self.rows / table.code, table) as log:
            self._replace(log, parts, layout.schema_of(table))

    def quarantine(self, parts: Sequence[Part], *, table: Table) -> None:
        """The same for rows at fault. A part without files says that none is at fault any more."""
        with self._writing(self.faults / table.code, table) as log:
            self._replace(log, parts, layout.fault_schema_of(table))

    def hold(self, part: Part) -> None:
        """Keep the rows at fault of a batch that was refused: for its report, in no table."""
        folder = self.faults / part.table
        for number, written in enumerate(part.files):
            layout.move_in(written.path, folder / layout.name_of(part, number))
        if part.files:
            sync_folder((folder / layout.name_of(part, 0)).parent)

    # --- what stands

    def batch_of(self, *, table: str, unit: str, day: date) -> str | None:
        """Which batch stands there now, as the log says."""
        log = self.log(table)
        entries = log.entries(units=[unit], since=day, until=day)
        named = next((entry.batch for entry in entries if entry.batch), None)
        if named or not entries:
            return named
        return reading.batch_in([log.folder / entry.path for entry in entries], day)

    def standing(self, *, table: str) -> dict[tuple[str, date], str]:
        """Which batch stands for every unit and day of a table."""
        log = self.log(table)
        found: dict[tuple[str, date], str] = {}
        for entry in log.entries():
            if entry.batch:
                found[entry.unit, entry.least] = entry.batch
            else:
                found |= reading.batches_in(log.folder / entry.path)
        return found

    def quarantined_batch_of(self, *, table: str, unit: str, day: date) -> str | None:
        """Whose rows at fault stand there now, if any are."""
        entries = self.fault_log(table).entries(units=[unit], since=day, until=day)
        return entries[0].batch if entries else None

    def files(
        self,
        *,
        table: str,
        units: Sequence[str] = (),
        since: date | None = None,
        until: date | None = None,
    ) -> list[Path]:
        """The current Parquet files that may hold such rows."""
        log = self.log(table)
        entries = log.entries(units=units, since=since, until=until)
        return [log.folder / entry.path for entry in entries if entry.rows]

    def files_of(self, *, table: str, day: date, batch: str) -> list[Path]:
        """The files of one batch, whether it stands or was replaced; empty once they are gone.

        Rows of a closed month may have been merged into a file with others: `rows_sql` reads them.
        """
        folder = self.rows / table / layout.month(day)
        return sorted(path for path in folder.glob(f"{batch}-*.parquet"))

    def quarantine_file(self, *, table: str, day: date, batch: str) -> Path | None:
        """The rows at fault of a batch, loaded or refused."""
        path = self.faults / table / layout.month(day) / f"{batch}-0.parquet"
        return path if path.exists() else None

    # --- reading

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
        return reading.sql(
            self.log(table.code),
            table,
            since=since,
            until=until,
            units=units,
            current=current,
            columns=columns,
        )

    def relation(
        self,
        connection: Any,
        table: Table,
        *,
        since: date | None = None,
        until: date | None = None,
        units: Sequence[str] = (),
        current: bool = True,
    ) -> Any:
        """`sql` as a relation of a DuckDB connection."""
        return connection.sql(
            self.sql(table, since=since, until=until, units=units, current=current)
        )

    def rows_sql(self, *, table: Table, unit: str, day: date, batch: str) -> str | None:
        """SELECT of the rows of one batch, standing or replaced; None once they are gone."""
        return reading.rows_sql(self, table, unit=unit, day=day, batch=batch)

    def sources(self) -> list[str]:
        """The tables that have ever been loaded, by code."""
        if not self.rows.is_dir():
            return []
        return sorted(path.parent.name for path in self.rows.glob("*/_delta_log"))

    # --- keys

    def stored_keys(self, *, table: Table, unit: str, but_day: date, asked: Any) -> Any:
        """Of the asked keys those on other days of the unit, not withdrawn."""
        return self._keys.known(
            table=table.code, key=table.key, unit=unit, but_day=but_day, asked=asked
        )

    def known_keys(self, *, table: Table, key: Sequence[str], unit: str | None, asked: Any) -> Any:
        """Of the asked keys those that occur in a table (of one unit, or of the whole city)."""
        return self._keys.known(
            table=table.code, key=tuple(key), unit=unit, but_day=None, asked=asked
        )

    def has_rows(self, *, table: str, unit: str | None = None) -> bool:
        """Whether anything of a table (of a unit) was ever loaded."""
        return bool(self.log(table).entries(units=[unit] if unit else ()))

    # --- keeping

    def compact(self, *, table: str, before: date) -> int:
        """Merge the small files of months that ended before; answers how many went."""
        return keeping.compact(self, table, before=before)

    def vacuum(self, *, table: str, keep_days: int, grace_days: int = 2) -> int:
        """Remove files that no reader and no history needs any more; answers how many."""
        return keeping.vacuum(self, table, keep_days=keep_days, grace_days=grace_days)

    # --- logs

    def log(self, table: str) -> Log:
        return self._log(self.rows / layout.checked(table), parted=False)

    def fault_log(self, table: str) -> Log:
        return self._log(self.faults / layout.checked(table), parted=True)

    def _log(self, folder: Path, *, parted: bool) -> Log:
        with self._guard:
            log = self._logs.get(folder)
            if log is not None:
                self._logs.move_to_end(folder)
                return log
        log = Log(folder, parted=parted)
        if folder.is_dir():
            with held(log.lock):
                log.mend()
        with self._guard:
            log = self._logs.setdefault(folder, log)
            while len(self._logs) > MOST_OPEN:
                self._logs.popitem(last=False)
        return log

    @contextmanager
    def _writing(self, folder: Path, table: Table) -> Iterator[Log]:
        log = self._log(folder, parted=folder.parent == self.faults)
        layout.checked(table.code)
        with held(log.lock):
            yield log

    def _replace(self, log: Log, parts: Sequence[Part], schema: Any) -> None:
        for attempt in range(TRIES):
            add, remove = self._plan(log, parts)
            if not add and not remove:
                return
            log.extend(schema)
            try:
                log.commit(add=add, remove=remove, schema=schema, changed=True)
            except Conflict:
                if attempt + 1 == TRIES:
                    raise unavailable(log.folder) from None
                continue
            for entry in remove:
                layout.touch(log.folder / entry.path)
            return

    def _plan(self, log: Log, parts: Sequence[Part]) -> tuple[list[Entry], list[Entry]]:
        """Files to add, moved in and durable under their names; files to take out."""
        add: list[Entry] = []
        remove: list[Entry] = []
        months: set[Path] = set()
        for part in parts:
            standing = log.entries(units=[part.unit], since=part.day, until=part.day)
            if any(entry.batch == part.batch for entry in standing):
                if not log.parted:
                    continue  # this batch is in: the commit was made, only its end was not told
                # Rows at fault go in first. Where the good ones did not follow, the batch was
                # checked again, and what it found now takes the place under the same name.
                standing = [] if part.files else standing
            for entry in standing:
                if entry.least == entry.most:
                    remove.append(entry)
                elif entry not in remove:
                    add += keeping.without(log, entry, part.unit, part.day)
                    remove.append(entry)
            for entry in layout.moved(log, part):
                add.append(entry)
                months.add((log.folder / entry.path).parent)
        for folder in months:
            sync_folder(folder)
        return add, remove
