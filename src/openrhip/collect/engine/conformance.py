"""Does an engine answer as it must? One case file for each kind of rule (引擎一致性检查).

The expected faults of every row were written by hand. Every engine answers row for row:
`openrhip collect engine check` asks the one that is configured.
"""

from __future__ import annotations

import csv
import re
import shutil
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from openrhip.collect import catalogue
from openrhip.collect.ports import Engine
from openrhip.collect.rules.deriving import row_rules
from openrhip.collect.rules.jobs import CheckJob, CheckResult, InputFile, Known
from openrhip.collect.rules.kinds import Kind
from openrhip.collect.rules.tables import Catalogue, Table

FOLDER = Path(__file__).parent / "cases"
CODE = "CASE"
_USUAL = {"org_code": "12330100470116614F", "amend_flag": "1", "collected_at": "20260630T080000"}
_DAY = "2026-06-30"
_REPEATED = re.compile(r"\{(.)\*([0-9]+)\}")
_OF_TABLE = ("columns", "key", "period", "day_column", "unique_in_store", "references", "rules")


@dataclass(frozen=True, slots=True)
class Case:
    """Rows of a small table (text, None where empty) and for each the ids of the rules it breaks.

    stored: keys on other days of the unit (None: not asked); known: rule id → keys.
    """

    kind: Kind
    name: str
    catalogue: Catalogue
    table: Table
    rows: tuple[dict[str, str | None], ...]
    broken: tuple[frozenset[str], ...]
    day: date
    today: date
    stored: frozenset[tuple[str, ...]] | None
    known: Mapping[str, frozenset[tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine answered. broken: per row; good: loaded rows by line, as they were kept."""

    result: CheckResult
    broken: tuple[frozenset[str], ...]
    good: dict[int, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A row on which an engine errs. missed, invented: ids of rules."""

    case: str
    line: int
    missed: tuple[str, ...]
    invented: tuple[str, ...]


@cache
def cases() -> tuple[Case, ...]:
    """Every case of every kind."""
    return tuple(case for path in sorted(FOLDER.glob("*.toml")) for case in _read(path))


def _read(path: Path) -> Iterable[Case]:
    content = tomllib.loads(path.read_text("utf-8"))
    for item in content["cases"]:
        yield _case(Kind(content["kind"]), {**content, **item}, path.name)


def _case(kind: Kind, item: Mapping[str, Any], where: str) -> Case:
    told = {name: item[name] for name in _OF_TABLE if name in item}
    told["columns"] = [{"zh": each["name"], "en": each["name"], **each} for each in item["columns"]]
    frame = {"code": CODE, "zh": CODE, "en": CODE, "domain": "case", "source": "case"}
    table = catalogue.read_table({**frame, "owed_by": [], "key": [], **told}, where=where)
    fields, usual = item["fields"], {**_USUAL, **item.get("usual", {})}
    rows, broken = [], []
    for *values, faults in item["rows"]:
        given = dict(zip(fields, map(_repeat, values), strict=True))
        row = {column.name: None for column in table.columns} | usual | given
        rows.append({name: value or None for name, value in row.items()})
        broken.append(frozenset(f"{CODE}.{slug}" for slug in faults.split()))
    stored = item.get("stored")
    return Case(
        kind=kind,
        name=f"{kind}: {item['name']}",
        catalogue=_catalogue(table, item.get("values", ()), where),
        table=table,
        rows=tuple(rows),
        broken=tuple(broken),
        day=date.fromisoformat(item.get("day", _DAY)),
        today=date.fromisoformat(item.get("today", _DAY)),
        stored=None if stored is None else frozenset(map(tuple, stored)),
        known={
            f"{CODE}.{slug}": frozenset(map(tuple, keys))
            for slug, keys in item.get("known", {}).items()
        },
    )


def _repeat(value: str) -> str:
    """`{x*1000}` stands for a thousand x."""
    match = _REPEATED.fullmatch(value)
    return match[1] * int(match[2]) if match else value


def _catalogue(table: Table, sets: Sequence[Mapping[str, Any]], where: str) -> Catalogue:
    frame = {"zh": "case", "en": "case", "version": "1", "source": "case"}
    own = [catalogue.read_values({**frame, **each}, where=where) for each in sets]
    common = {key: found for key, found in catalogue.load().values.items() if key.startswith("OR-")}
    return Catalogue({CODE: table}, common | {each.key: each for each in own})


def run(engine: Engine, folder: Path) -> Iterator[tuple[Case, tuple[Difference, ...]]]:
    """Ask an engine every case, as Parquet and as CSV. folder: reachable for it under this path."""
    for at, case in enumerate(cases()):
        found: list[Difference] = []
        for form in ("parquet", "csv"):
            own = folder / f"case-{at}-{form}"
            own.mkdir()
            asked = case if form == "parquet" else without_nul(case)
            found += differences(asked, ask(engine, asked, own, form=form).broken)
            shutil.rmtree(own)
        yield case, tuple(found)


def without_nul(case: Case) -> Case:
    """The case without rows that hold NUL: no CSV file may, it is refused whole."""
    kept = [
        at for at, row in enumerate(case.rows) if not any("\0" in (v or "") for v in row.values())
    ]
    rows = tuple(case.rows[at] for at in kept)
    return replace(case, rows=rows, broken=tuple(case.broken[at] for at in kept))


def ask(
    engine: Engine, case: Case, folder: Path, *, encoding: str = "utf-8", form: str = "csv"
) -> Answer:
    """What an engine says of a case. folder: an empty one for what is written."""
    source, out = folder / f"case.{form}", folder / "out"
    out.mkdir()
    write_rows(source, case.table, case.rows, encoding=encoding)
    job = CheckJob(
        catalogue=case.catalogue,
        table=case.table,
        files=(InputFile(source, source.name, form, encoding, rows=len(case.rows)),),
        unit=_USUAL["org_code"],
        day=case.day,
        batch="case",
        out=out,
        today=case.today,
        known=Known(
            stored=None if case.stored is None else known_among(case.stored),
            references={rule: known_among(keys) for rule, keys in case.known.items()},
        ),
    )
    return told(engine.check(job), len(case.rows))


def write_rows(
    path: Path, table: Table, rows: Sequence[Mapping[str, str | None]], *, encoding: str
) -> None:
    """As a unit would send them. In CSV every other row has all its fields in quotes."""
    names = [column.name for column in table.columns]
    if path.suffix == ".parquet":
        text = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
        pq.write_table(pa.table(text), path)
        return
    with path.open("w", encoding=encoding, newline="") as file:
        plain = csv.writer(file, quoting=csv.QUOTE_MINIMAL)
        quoted = csv.writer(file, quoting=csv.QUOTE_ALL)
        plain.writerow(names)
        for at, row in enumerate(rows):
            (quoted if at % 2 else plain).writerow(row.get(name) or "" for name in names)


def known_among(keys: frozenset[tuple[str, ...]]) -> Callable[[pa.Table], pa.Table]:
    """A look-up that knows these keys."""

    def known(asked: pa.Table) -> pa.Table:
        rows = zip(*(column.to_pylist() for column in asked.columns), strict=True)
        return asked.filter(pa.array([row in keys for row in rows], pa.bool_()))

    return known


def told(result: CheckResult, rows: int) -> Answer:
    """The written files read back: each row's broken rules, and the rows that were kept."""
    broken: list[frozenset[str]] = [frozenset()] * rows
    good: dict[int, dict[str, Any]] = {}
    for written in result.good:
        for row in pq.ParquetFile(written.path).read().to_pylist():
            good[row["_line"]] = row
            broken[row["_line"] - 1] = _ids(row["_marks"])
    if result.quarantine is not None:
        read = pq.ParquetFile(result.quarantine.path).read(["_line", "_rules"])
        for row in read.to_pylist():
            broken[row["_line"] - 1] = _ids(row["_rules"])
    return Answer(result, tuple(broken), good)


def _ids(text: str | None) -> frozenset[str]:
    return frozenset(text.split(",")) if text else frozenset()


def differences(case: Case, broken: Sequence[frozenset[str]]) -> tuple[Difference, ...]:
    """Where an answer is not what the case asks."""
    return tuple(
        Difference(
            case.name, line, tuple(sorted(expected - found)), tuple(sorted(found - expected))
        )
        for line, (expected, found) in enumerate(zip(case.broken, broken, strict=True), start=1)
        if expected != found
    )


def kinds_covered() -> frozenset[Kind]:
    """The kinds of rule that some row of the cases breaks."""
    by_id = {
        rule.id: rule.kind
        for case in cases()
        for rule in row_rules(case.table)
        if any(rule.id in each for each in case.broken)
    }
    return frozenset(by_id.values())
