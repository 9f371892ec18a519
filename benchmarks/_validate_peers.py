"""What `validate_load` measures, each in a process of its own.

`python -m benchmarks._validate_peers WHO CSV FOLDER` prints one line of JSON: seconds, processor
seconds, peak memory in GB, rows.

The peers are written as their users write them: 22 rules as expressions, text columns in, good rows
typed in zstd Parquet, bad rows with their rules beside them. They seal and mask nothing.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks import _visits

DAY = date(2020, 6, 1)
TODAY = date(2020, 7, 2)
_TYPED = {
    "birth_date": "DATE", "visit_at": "TIMESTAMP", "total_fee": "DECIMAL(10, 2)",
    "drug_fee": "DECIMAL(10, 2)", "exam_fee": "DECIMAL(10, 2)", "other_fee": "DECIMAL(10, 2)",
}  # fmt: skip


def openrhip(path: Path, folder: Path, *, sealed: bool = True) -> dict[str, Any]:
    """The engine, then both commits to Delta."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from openrhip.collect.engine.duckdb_engine import DuckDbEngine
    from openrhip.collect.engine.sealing import Sealer
    from openrhip.collect.lake.delta import DeltaLake
    from openrhip.collect.rules.jobs import CheckJob, InputFile, Known, Part

    table, catalogue = _visits.table()
    institutions = pa.array(_visits.ORGS)
    known = Known(
        references={
            "BENCH_VISIT.org_code.reference": lambda asked: asked.filter(
                pc.is_in(asked.column(0), value_set=institutions)
            )
        }
    )
    work = folder / "work"
    work.mkdir()
    seal = Sealer(bytes(range(32))) if sealed else None
    files = (InputFile(path, path.name),)
    job = CheckJob(
        catalogue, table, files, "U1", DAY, "B1", work, TODAY, known, seal
    )  # fmt: skip
    result = DuckDbEngine().check(job)
    lake = DeltaLake(folder / "home")
    lake.replace([Part(table.code, "U1", DAY, "B1", result.good)], table=table)
    faults = result.quarantine
    if faults is not None:
        lake.quarantine([Part(table.code, "U1", DAY, "B1", (faults,))], table=table)
    kept = lake.quarantine_file(table=table.code, day=DAY, batch="B1")
    return {
        "received": result.received,
        "loaded": result.loaded,
        "quarantined": result.quarantined,
        "checked": result.seconds,
        "faults": str(kept),
    }


def unsealed(path: Path, folder: Path) -> dict[str, Any]:
    """The same without tokens in place of identity numbers."""
    return openrhip(path, folder, sealed=False)


def without_rules(path: Path, folder: Path) -> dict[str, Any]:
    """DuckDB alone: parse, cast, zstd Parquet."""
    import duckdb

    names = [column.name for column in _visits.table()[0].columns]
    casts = [
        f'TRY_CAST("{name}" AS {_TYPED[name]}) AS "{name}"' if name in _TYPED else f'"{name}"'
        for name in names
    ]
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    source = f"read_csv('{path}', header=true, columns={{{columns}}}, auto_detect=false)"
    target = folder / "all.parquet"
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(
            f"COPY (SELECT {', '.join(casts)} FROM {source})"  # noqa: S608 - names of our own
            f" TO '{target}' (COMPRESSION zstd)"
        )
        rows = connection.execute(f"SELECT count(*) FROM '{target}'").fetchone()  # noqa: S608
    assert rows is not None
    return {"received": rows[0], "loaded": rows[0], "quarantined": 0}


def polars(path: Path, folder: Path) -> dict[str, Any]:
    """Polars, streaming: expressions and two sinks, written by hand."""
    import polars as pl

    frame = pl.scan_csv(path, infer_schema=False).with_row_index("line", offset=1)
    rules = _expressions(pl)
    frame = frame.with_columns(**_typed(pl)).with_columns(
        **{f"bad {rule}": made.fill_null(value=False) for rule, made in rules.items()}
    )
    bad = pl.any_horizontal(f"bad {rule}" for rule in rules)
    names = [column.name for column in _visits.table()[0].columns]
    good = frame.filter(~bad).select(
        pl.col("line"), *(pl.col(f"{n}:t").alias(n) if n in _TYPED else pl.col(n) for n in names)
    )
    told = pl.concat_str(
        [pl.when(f"bad {rule}").then(pl.lit(rule + ",")).otherwise(pl.lit("")) for rule in rules]
    )
    faulty = frame.filter(bad).select("line", told.alias("rules"), *names)
    paths = folder / "good.parquet", folder / "bad.parquet"
    sinks = [
        part.sink_parquet(target, compression="zstd", lazy=True)
        for part, target in zip((good, faulty), paths, strict=True)
    ]
    pl.collect_all(sinks, engine="streaming")
    counts = [pl.scan_parquet(one).select(pl.len()).collect().item() for one in paths]
    return {"received": sum(counts), "loaded": counts[0], "quarantined": counts[1]}


def pandera(path: Path, folder: Path) -> dict[str, Any]:
    """pandera on Polars: the table in memory, every rule a check, lazily gathered."""
    import pandera.polars as pa
    import polars as pl
    from pandera.errors import SchemaErrors

    frame = pl.read_csv(path, infer_schema=False).with_row_index("line", offset=1)
    frame = frame.with_columns(**_typed(pl))
    checks = [
        pa.Check(
            lambda data, made=made: data.lazyframe.select(~made.fill_null(value=False)), name=rule
        )
        for rule, made in _expressions(pl).items()
    ]
    schema = pa.DataFrameSchema({}, checks=checks)
    try:
        schema.validate(frame, lazy=True)
        places: list[int] = []
    except SchemaErrors as error:
        places = sorted(set(error.failure_cases["index"].drop_nulls().to_list()))
    bad = pl.Series("row", places, pl.UInt32)
    marked = frame.with_row_index("row")
    marked.filter(~pl.col("row").is_in(bad.implode())).write_parquet(folder / "good.parquet")
    marked.filter(pl.col("row").is_in(bad.implode())).write_parquet(folder / "bad.parquet")
    return {
        "received": frame.height,
        "loaded": frame.height - len(places),
        "quarantined": len(places),
    }


def _typed(pl: Any) -> dict[str, Any]:
    day = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    typed = {
        "birth_date:t": pl.when(pl.col("birth_date").str.contains(day + r"\z")).then(
            pl.col("birth_date").str.to_date("%Y-%m-%d", strict=False)
        ),
        "visit_at:t": pl.when(
            pl.col("visit_at").str.contains(day + r" ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\z")
        ).then(pl.col("visit_at").str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False)),
    }
    for name in ("total_fee", "drug_fee", "exam_fee", "other_fee"):
        form = pl.col(name).str.contains(r"^-?(0|[1-9][0-9]{0,7})(\.[0-9]{1,2})?\z")
        cast = pl.col(name).cast(pl.Decimal(10, 2), strict=False)
        typed[f"{name}:t"] = pl.when(form).then(cast)
    return typed


def _expressions(pl: Any) -> dict[str, Any]:
    """The 22 rules, true where broken."""
    col, identity = pl.col, pl.col("id_number")
    shape = r"^[1-9][0-9]{16}[0-9X]\z"
    digits = [identity.str.slice(at, 1).cast(pl.Int32, strict=False) for at in range(17)]
    total = sum((one * (2 ** (17 - at) % 11) for at, one in enumerate(digits)), pl.lit(0))
    last = identity.str.slice(17, 1)
    check = pl.when(last == "X").then(10).otherwise(last.cast(pl.Int32, strict=False))
    born = identity.str.slice(6, 8).str.to_date("%Y%m%d", strict=False)
    sound = identity.str.contains(shape) & ((total + check) % 11 == 1) & (born <= TODAY)
    sex_names = pl.col("sex_name").is_in(["男", "男性"]) & (col("sex_code") == "1")
    sex_names |= pl.col("sex_name").is_in(["女", "女性"]) & (col("sex_code") == "2")
    odd = identity.str.slice(16, 1).cast(pl.Int32, strict=False) % 2 == 1
    differs = identity.str.slice(6, 8) != col("birth_date:t").dt.strftime("%Y%m%d")
    differs |= (col("sex_code") == "1") & ~odd | (col("sex_code") == "2") & odd
    parts = sum((col(f"{n}_fee:t").fill_null(0) for n in ("drug", "exam", "other")), pl.lit(0))
    day = col("visit_at:t").dt.date()
    return {
        "visit_no.required": col("visit_no").is_null(),
        "visit_no.pattern": ~col("visit_no").str.contains(r"^V[0-9]{12}\z"),
        "key.unique": col("visit_no").is_duplicated() & col("visit_no").is_not_null(),
        "id_number.identity": identity.is_not_null() & ~sound.fill_null(value=False),
        "identity_agrees": identity.str.contains(shape) & differs,
        "name.required": col("name").is_null(),
        "name.form": col("name").str.contains(r"[\x00-\x1F\x7F]|^[ \x{3000}]|[ \x{3000}]$"),
        "name.length": col("name").str.len_chars() > 50,
        "sex_code.values": ~col("sex_code").is_in(["0", "1", "2", "9"]),
        "sex_name.name-agrees": col("sex_code").is_in(["1", "2"]) & ~sex_names,
        "birth_date.form": col("birth_date").is_not_null() & col("birth_date:t").is_null(),
        "visit_at.form": col("visit_at").is_not_null() & col("visit_at:t").is_null(),
        "day": ~day.is_between(date(2020, 6, 1), date(2020, 6, 30)),
        "born_first": col("birth_date:t") > day,
        "dept_code.values": ~col("dept_code").is_in(_visits.DEPARTMENTS),
        "diag_code.pattern": ~col("diag_code").str.contains(r"^[A-Z][0-9]{2}(\.[0-9]{1,3})?\z"),
        "total_fee.form": col("total_fee").is_not_null() & col("total_fee:t").is_null(),
        "fees": col("total_fee:t") != parts,
        "drug_fee.range": col("drug_fee:t") < 0,
        "phone.phone": ~col("phone").str.contains(
            r"^((\+86-?)?1[3-9][0-9]{9}|(0[0-9]{2,3}-?)?[2-9][0-9]{6,7}(-[0-9]{1,6})?)\z"
        ),
        "org_code.reference": ~col("org_code").is_in(_visits.ORGS),
        "amend_flag.values": ~col("amend_flag").is_in(["1", "2", "3"]),
    }


WHO: dict[str, Callable[[Path, Path], dict[str, Any]]] = {
    "openrhip": openrhip,
    "unsealed": unsealed,
    "without_rules": without_rules,
    "polars": polars,
    "pandera": pandera,
}


def main(who: str, path: Path, folder: Path) -> None:
    started = time.perf_counter()
    found = WHO[who](path, folder)
    spent = time.perf_counter() - started
    use = resource.getrusage(resource.RUSAGE_SELF)
    found |= {
        "seconds": spent,
        "processor": use.ru_utime + use.ru_stime,
        "memory": use.ru_maxrss / 1e6,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
