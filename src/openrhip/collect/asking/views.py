"""Relations as views over files (视图): the current rows, without what may not be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from openrhip.collect.asking.judging import Use
from openrhip.collect.asking.relations import SHORT, TOKENS, Field, Kind, Relation
from openrhip.collect.asking.running import View
from openrhip.collect.lake.reading import files_sql, quoted
from openrhip.collect.ports import Lake
from openrhip.collect.rules.tables import Catalogue
from openrhip.kernel.errors import Refused

CHUNK = 50_000
MOST_SMALL = 2_000_000  # rows of the database that a question reads
_ARROW = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DATE": pa.date32()}
_FILES = re.compile(r"'((?:[^']|'')*\.parquet)'")
Rows = Callable[[Use], Iterable[Sequence[Any]]]


class Views:
    """Made for one question. folder: where small tables are written; rows: of what the database
    has (coverage, units). units: whose rows are read, () for all.
    """

    def __init__(
        self, catalogue: Catalogue, lake: Lake, folder: Path, rows: Rows, units: Sequence[str] = ()
    ) -> None:
        self.catalogue = catalogue
        self.lake = lake
        self.folder = folder
        self.rows = rows
        self.units = tuple(units)
        self._written: dict[tuple[str, Any, Any], Path] = {}

    def of(self, uses: Sequence[Use]) -> tuple[list[View], list[str]]:
        """A view for each use, and every file that one of them reads."""
        views, paths = [], dict[str, None]()
        for use in uses:
            sql = self._source(use)
            paths |= dict.fromkeys(path.replace("''", "'") for path in _FILES.findall(sql))
            relation = use.relation
            listed = ", ".join(map(_shown, relation.readable))
            wide = ", ".join(f"CAST(NULL AS {one.type}) AS {quoted(one.name)}"
                             for one in relation.readable)  # fmt: skip
            wider = f"({sql}) UNION ALL BY NAME (SELECT {wide} WHERE false)"
            views.append(
                View(
                    schema=use.schema,
                    name=relation.name,
                    sql=f"SELECT {listed} FROM ({sql})",  # noqa: S608 - names of our own
                    wider=f"SELECT {listed} FROM ({wider})",  # noqa: S608
                )
            )
        return views, list(paths)

    def _source(self, use: Use) -> str:
        relation = use.relation
        if relation.kind is Kind.TABLE:
            return self.lake.sql(
                self.catalogue.tables[relation.code],
                since=use.since,
                until=use.until,
                units=self.units,
            )
        key = (relation.name, use.since, use.until)
        if key not in self._written:
            self._written[key] = self._write(relation, self._small(use), len(self._written))
        return f"SELECT * FROM {files_sql([self._written[key]])}"  # noqa: S608

    def _small(self, use: Use) -> Iterable[Sequence[Any]]:
        relation, sets = use.relation, self.catalogue.values
        if relation.kind is Kind.VALUE_SET:
            return sets[relation.code].codes
        if relation.kind is Kind.VALUES:
            return [(key, *pair) for key, one in sets.items() for pair in one.codes]
        if relation.kind is Kind.TABLES:
            return [
                (one.code, one.zh, one.en, one.domain, one.period.value)
                for one in self.catalogue.tables.values()
            ]
        return self.rows(use)

    def _write(self, relation: Relation, rows: Iterable[Sequence[Any]], number: int) -> Path:
        schema = pa.schema([(one.name, _ARROW[one.type]) for one in relation.fields])
        path = self.folder / f"t{number}.parquet"
        waiting, written = iter(rows), 0
        with pq.ParquetWriter(path, schema) as file:
            while chunk := list(islice(waiting, CHUNK)):
                written += len(chunk)
                if written > MOST_SMALL:
                    raise Refused(
                        f"{relation.name} has too many rows to be asked whole",
                        where=relation.name,
                        remedy=f"name the days: {relation.day or 'day'} >= …",
                    )
                columns = zip(*chunk, strict=True)
                arrays = [
                    pa.array(column, field.type)
                    for column, field in zip(columns, schema, strict=True)
                ]
                file.write_table(pa.table(arrays, schema=schema))
        return path


def _shown(field: Field) -> str:
    name = quoted(field.name)
    return f"left({name}, {SHORT}) AS {name}" if field.personal in TOKENS else name
