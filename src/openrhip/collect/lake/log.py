"""The log of one Delta table (表日志): opened once, kept up to date, written by one at a time.

`deltalake` writes and reads the log but does not force it to the disk. Here a commit is durable
when `commit` returns, and what a power cut may leave of one that was not yet is taken away by
`mend`: nobody was told of it.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Schema
from deltalake.exceptions import CommitFailedError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from openrhip.kernel.errors import Conflict, Unavailable
from openrhip.kernel.files import make_folder, sync_folder, write_durably

BOUNDS = ("_unit", "_day", "_batch")
CHECKPOINT_EVERY = 50
OPEN_SECONDS = 3_600.0
TRIES = 8
_MARK = "openrhip.actions"
_CONFIGURATION = {
    # Files that left the table are kept for the history; `lake.keeping` alone removes them.
    "delta.deletedFileRetentionDuration": "interval 3650 days",
    "delta.logRetentionDuration": "interval 30 days",
    "delta.enableExpiredLogCleanup": "false",
}
# Bounds are stated of these columns alone: else readers know those of the first 32 columns only,
# and ours stand behind all others.
_STATED = {"delta.dataSkippingStatsColumns": ",".join((*BOUNDS, "amend_flag"))}


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the table. path: below the table's folder; of one unit, days from least to most.

    batch: the only one in it, or "" for a file that was merged from several. amends: rows with
    amend flag 2 or 3 are among them.
    """

    path: str
    size: int
    rows: int
    unit: str
    least: date
    most: date
    batch: str
    amends: bool = False

    def stats(self, *, parted: bool) -> str:
        """Bounds by which any reader of Delta passes over the file."""
        if parted:
            return json.dumps({"numRecords": self.rows})
        low = {"_unit": self.unit, "_day": self.least.isoformat(), "_batch": self.batch or "0"}
        high = {**low, "_day": self.most.isoformat(), "_batch": self.batch or "f"}
        low["amend_flag"], high["amend_flag"] = "1", "3" if self.amends else "1"
        return json.dumps({"numRecords": self.rows, "minValues": low, "maxValues": high})

    def parts(self) -> dict[str, str | None]:
        """Values of the columns that are not in the file itself (quarantine)."""
        return {"_unit": self.unit, "_day": self.least.isoformat(), "_batch": self.batch}


class Log:
    """One table. parted: unit, day and batch are no columns of its files but stand in the log."""

    def __init__(self, folder: Path, *, parted: bool = False) -> None:
        self.folder = folder
        self.parted = parted
        self._table: DeltaTable | None = None
        self._opened = 0.0
        self._guard = threading.RLock()
        self._files: tuple[int, pa.Table] | None = None
        self._seen = -1

    @property
    def lock(self) -> Path:
        return self.folder.parent / ".locks" / self.folder.name

    @property
    def version(self) -> int:
        """The newest version; -1 for a table that is not there yet."""
        self.refresh()
        return -1 if self._table is None else int(self._table.version())

    def refresh(self) -> DeltaTable | None:
        """The table as it is now, or None."""
        with self._guard:
            now = time.monotonic()
            try:
                # Opened anew now and then: commits that were summed up and cleared are not missed.
                if self._table is None or now - self._opened > OPEN_SECONDS:
                    if not (self.folder / "_delta_log").is_dir():
                        return None
                    self._table, self._opened = DeltaTable(self.folder), now
                elif self._commit_file(self._table.version() + 1).exists():
                    self._table.update_incremental()
            except TableNotFoundError:
                return None
            return self._table

    def files(self) -> pa.Table:
        """The files that make up the table: path, size, rows, unit, least, most, batch."""
        with self._guard:
            version = self.version
            if self._files is None or self._files[0] != version:
                self._files = (version, self._read_files())
            return self._files[1]

    def entries(
        self,
        *,
        units: Sequence[str] = (),
        since: date | None = None,
        until: date | None = None,
    ) -> list[Entry]:
        """The files that may hold rows of these units and days."""
        found = self.files()
        masks = []
        if units:
            masks.append(pc.is_in(found["unit"], pa.array(list(units), pa.string())))
        if since is not None:
            masks.append(pc.greater_equal(found["most"], pa.scalar(since, pa.date32())))
        if until is not None:
            masks.append(pc.less_equal(found["least"], pa.scalar(until, pa.date32())))
        for mask in masks[1:]:
            masks[0] = pc.and_(masks[0], mask)
        return [Entry(**row) for row in (found.filter(masks[0]) if masks else found).to_pylist()]

    def commit(
        self, *, add: Sequence[Entry], remove: Sequence[Entry], schema: pa.Schema, changed: bool
    ) -> None:
        """Enter files and take out others, at once and for good. The lock is held by the caller.

        changed: rows came or went; merging files changes none. Raises Conflict, Unavailable.
        """
        table = self.refresh() or self._create(schema)
        self._settle(table)
        now = int(time.time() * 1000)
        actions: list[AddAction | RemoveAction] = [
            AddAction(
                path=entry.path,
                size=entry.size,
                partition_values=entry.parts() if self.parted else {},
                modification_time=now,
                data_change=changed,
                stats=entry.stats(parted=self.parted),
            )
            for entry in add
        ]
        actions += [
            RemoveAction(entry.path, changed, now, entry.size, entry.parts() if self.parted else {})
            for entry in remove
        ]
        properties = CommitProperties(custom_metadata={_MARK: len(actions)}, max_commit_retries=0)
        try:
            table.create_write_transaction(
                actions,
                mode="append",
                schema=table.schema(),
                partition_by=list(BOUNDS) if self.parted else None,
                commit_properties=properties,
                post_commithook_properties=PostCommitHookProperties(create_checkpoint=False),
            )
        except CommitFailedError as error:
            # A writer that does not know our lock was quicker; the caller looks again and retries.
            raise Conflict("another commit came first", where=self.folder.name) from error
        table.update_incremental()
        self._settle(table)
        if table.version() % CHECKPOINT_EVERY == 0:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Sum the log up, so that opening stays quick. The lock is held by the caller."""
        table = self.refresh()
        if table is None:
            return
        logs, mark = self.folder / "_delta_log", self.folder / "_delta_log" / ".checkpointing"
        write_durably(mark, str(table.version()).encode())
        table.create_checkpoint()
        for path in logs.glob(f"{table.version():020d}.checkpoint*"):
            _sync(path)
        _sync(logs / "_last_checkpoint")
        sync_folder(logs)
        mark.unlink()

    def clear(self) -> None:
        """Sum up, and let go of the log's own files that are older than a month. Lock is held."""
        table = self.refresh()
        if (
            table is None
            or self._commit_file(int(table.version())).stat().st_mtime < self._summed()
        ):
            return
        self.checkpoint()
        table.cleanup_metadata()
        sync_folder(self.folder / "_delta_log")

    def mend(self) -> None:
        """Take away what a power cut left of a commit or checkpoint that nobody was told of."""
        logs = self.folder / "_delta_log"
        if not logs.is_dir():
            return
        mark = logs / ".checkpointing"
        if mark.exists():
            for path in (logs / "_last_checkpoint", *logs.glob(f"{_text(mark):0>20}.checkpoint*")):
                path.unlink(missing_ok=True)
            sync_folder(logs)
            mark.unlink()
        commits = sorted(logs.glob("*.json"))
        if commits and not _whole(commits[-1]):
            commits[-1].unlink()
            sync_folder(logs)
            self._table = self._files = None

    def extend(self, schema: pa.Schema) -> None:
        """Columns that the catalogue has and the table lacks are added to it."""
        table = self.refresh()
        if table is None:
            return
        known = {field.name for field in table.schema().fields}
        fresh = [field for field in Schema.from_arrow(schema).fields if field.name not in known]
        if fresh:
            table.alter.add_columns(fresh)
            self._settle(table)

    def schema(self) -> pa.Schema | None:
        table = self.refresh()
        return None if table is None else pa.schema(table.schema().to_arrow())

    def _create(self, schema: pa.Schema) -> DeltaTable:
        make_folder(self.folder / "_delta_log")
        if self.parted:
            kinds = (pa.string(), pa.date32(), pa.string())
            for name, kind in zip(BOUNDS, kinds, strict=True):
                schema = schema.append(pa.field(name, kind))
        self._table = DeltaTable.create(
            self.folder,
            schema=Schema.from_arrow(schema),
            mode="ignore",
            partition_by=list(BOUNDS) if self.parted else None,
            configuration=_CONFIGURATION | ({} if self.parted else _STATED),
        )
        self._settle(self._table)
        return self._table

    def _settle(self, table: DeltaTable) -> None:
        """Commits up to this version are durable, whoever made them."""
        version = int(table.version())
        if version == self._seen:
            return
        for number in range(max(0, self._seen + 1, version - 3), version + 1):
            with suppress(FileNotFoundError):
                _sync(self._commit_file(number))
        sync_folder(self.folder / "_delta_log")
        self._seen = version

    def _summed(self) -> float:
        """When the log was summed up last."""
        last = self.folder / "_delta_log" / "_last_checkpoint"
        return last.stat().st_mtime if last.exists() else 0.0

    def _commit_file(self, version: int) -> Path:
        return self.folder / "_delta_log" / f"{version:020d}.json"

    def _read_files(self) -> pa.Table:
        if self._table is None:
            return _NONE
        found = pa.table(self._table.get_add_actions(flatten=True))
        least, most = ("partition", "partition") if self.parted else ("min", "max")
        if not found.num_rows or f"{least}._unit" not in found.column_names:
            return _NONE
        batch = found[f"{least}._batch"]
        alone = pc.equal(batch, found[f"{most}._batch"])
        amends: Any = pa.nulls(found.num_rows, pa.bool_())
        if not self.parted:
            amends = pc.not_equal(found["max.amend_flag"], "1")
        return pa.table(
            [
                found["path"],
                found["size_bytes"],
                found["num_records"],
                found[f"{least}._unit"],
                found[f"{least}._day"],
                found[f"{most}._day"],
                pc.if_else(alone, batch, pa.scalar("", batch.type)),
                pc.fill_null(amends, self.parted is False),
            ],
            names=_NONE.column_names,
        ).cast(_NONE.schema)


_NONE = pa.table(
    {
        "path": pa.array([], pa.string()),
        "size": pa.array([], pa.int64()),
        "rows": pa.array([], pa.int64()),
        "unit": pa.array([], pa.string()),
        "least": pa.array([], pa.date32()),
        "most": pa.array([], pa.date32()),
        "batch": pa.array([], pa.string()),
        "amends": pa.array([], pa.bool_()),
    }
)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _text(path: Path) -> str:
    return path.read_text("ascii", "replace").strip("\0 \n")


def _whole(path: Path) -> bool:
    """Whether a commit is there to its last line: it says itself how many actions it has."""
    try:
        lines: list[Mapping[str, Any]] = [
            json.loads(line) for line in path.read_bytes().splitlines() if line.strip()
        ]
    except ValueError:
        return False
    info = next((line["commitInfo"] for line in lines if "commitInfo" in line), None)
    if info is None:
        return False
    told = info.get(_MARK)
    return told is None or int(told) == sum("add" in line or "remove" in line for line in lines)


def unavailable(folder: Path) -> Unavailable:
    return Unavailable("the log of the table is busy", where=folder.name, remedy="try again")
