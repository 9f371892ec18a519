"""SELECTs over the lake's files (读取语句). Superseded and withdrawn rows are left out.

A row with amend flag 2 or 3 stands in the place of rows of the same unit and key of earlier days;
rows with flag 3 are never read. Of a snapshot only the newest one of each unit is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from openrhip.collect.lake import layout
from openrhip.collect.lake.log import Entry, Log
from openrhip.collect.rules.tables import Period, Table
from openrhip.kernel.errors import NotFound

if TYPE_CHECKING:
    from openrhip.collect.lake.delta import DeltaLake


def sql(
    log: Log,
    table: Table,
    *,
    since: date | None,
    until: date | None,
    units: Sequence[str],
    current: bool,
    columns: Sequence[str],
) -> str:
    """The SELECT; over no rows at all where nothing was loaded."""
    entries = [entry for entry in log.entries(units=units, since=since, until=until) if entry.rows]
    if current and table.period is Period.SNAPSHOT:
        entries = _newest(entries)
    read = ", ".join(map(quoted, columns)) if columns else "*"
    if not entries:
        return f"SELECT {read} FROM {_nothing(log, table)}"  # noqa: S608 - names of our own
    source = files_sql(log.folder / entry.path for entry in entries)
    conditions = list(_bounds(entries, units=units, since=since, until=until))
    if current:
        conditions.append("amend_flag IS DISTINCT FROM '3'")
        amending = _amending(log, since=since, units=units) if table.key else []
        if amending:
            conditions.append(_superseded(table, amending))
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {read} FROM {source} AS r{where}"  # noqa: S608 - names and paths of our own


def rows_sql(lake: DeltaLake, table: Table, *, unit: str, day: date, batch: str) -> str | None:
    """The rows of one batch, standing or replaced."""
    own = [
        path
        for path in lake.files_of(table=table.code, day=day, batch=batch)
        if pq.read_metadata(path).num_rows
    ]
    if own:
        return f"SELECT * FROM {files_sql(own)}"  # noqa: S608 - paths of our own
    log = lake.log(table.code)
    entries = [entry for entry in log.entries(units=[unit], since=day, until=day) if entry.rows]
    merged = [log.folder / entry.path for entry in entries if entry.batch in ("", batch)]
    if merged:
        return (
            f"SELECT * FROM {files_sql(merged)} "  # noqa: S608 - paths of our own
            f"WHERE _day = DATE '{day}' AND _batch = {literal(batch)}"
        )
    known = any(entry.batch == batch for entry in log.entries(units=[unit], since=day, until=day))
    if known or lake.files_of(table=table.code, day=day, batch=batch):
        return f"SELECT * FROM {_nothing(log, table)}"  # noqa: S608 - columns of our own
    return None


def batch_in(paths: Iterable[Path], day: date) -> str | None:
    """The batch of a day within merged files."""
    for path in paths:
        found = pq.read_table(path, columns=["_day", "_batch"])
        batches = pc.unique(found.filter(pc.equal(found["_day"], day))["_batch"]).to_pylist()
        if batches:
            return str(batches[0])
    return None


def batches_in(path: Path) -> dict[tuple[str, date], str]:
    """The batches of a merged file, by unit and day."""
    found = pq.read_table(path, columns=["_unit", "_day", "_batch"])
    rows = found.group_by(["_unit", "_day", "_batch"]).aggregate([]).to_pylist()
    return {(row["_unit"], row["_day"]): row["_batch"] for row in rows}


def files_sql(paths: Iterable[Path]) -> str:
    """DuckDB's name for these Parquet files together. Raises NotFound for none."""
    names = [literal(str(path)) for path in paths]
    if not names:
        raise NotFound("no rows of this table are here")
    return f"read_parquet([{', '.join(names)}], union_by_name = true)"


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _bounds(
    entries: Sequence[Entry], *, units: Sequence[str], since: date | None, until: date | None
) -> Iterable[str]:
    """What the choice of files alone does not ensure: merged files hold several days."""
    if units:
        yield f"_unit IN ({', '.join(literal(unit) for unit in units)})"
    if since is not None and any(entry.least < since for entry in entries):
        yield f"_day >= DATE '{since}'"
    if until is not None and any(entry.most > until for entry in entries):
        yield f"_day <= DATE '{until}'"


def _newest(entries: Sequence[Entry]) -> list[Entry]:
    last: dict[str, date] = {}
    for entry in entries:
        last[entry.unit] = max(entry.most, last.get(entry.unit, entry.most))
    return [entry for entry in entries if entry.most == last[entry.unit]]


def _amending(log: Log, *, since: date | None, units: Sequence[str]) -> list[Path]:
    """Files that hold rows with amend flag 2 or 3, of this day or later."""
    entries = log.entries(units=units, since=since)
    return [log.folder / entry.path for entry in entries if entry.rows and entry.amends]


def _superseded(table: Table, amending: Sequence[Path]) -> str:
    """No row of a later day amends or withdraws this one."""
    same = " AND ".join(f"a.{quoted(name)} = r.{quoted(name)}" for name in ("_unit", *table.key))
    return (
        f"NOT EXISTS (SELECT 1 FROM {files_sql(amending)} AS a "  # noqa: S608 - names of our own
        f"WHERE a.amend_flag IN ('2', '3') AND {same} AND a._day > r._day)"
    )


_DUCK: dict[Any, str] = {
    "string": "VARCHAR",
    "large_string": "VARCHAR",
    "int64": "BIGINT",
    "date32[day]": "DATE",
    "timestamp[us]": "TIMESTAMP",
    "bool": "BOOLEAN",
}


def _nothing(log: Log, table: Table) -> str:
    """A table with the right columns and no rows."""
    schema = log.schema() or layout.schema_of(table)
    columns = []
    for field in schema:
        kind = str(field.type)
        duck = _DUCK.get(kind) or kind.replace("decimal128", "DECIMAL")
        columns.append(f"CAST(NULL AS {duck}) AS {quoted(field.name)}")
    return f"(SELECT {', '.join(columns)} LIMIT 0) AS r"
