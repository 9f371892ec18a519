"""A cluster that checks (Spark 校验引擎): the same rules, over Spark Connect, on Spark or Sail.

The batch's folder must be reachable for the cluster under the same path. Rows are staged there as
text, checked by one plan whose result is kept, and split into loaded rows and quarantine from it.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
import uuid
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from openrhip.collect.engine import masking, spark_staging
from openrhip.collect.engine.compiling import Lookup, compile_rules
from openrhip.collect.engine.spark_sql import Plan, name
from openrhip.collect.engine.splitting import shape_rule
from openrhip.collect.engine.sqltext import select
from openrhip.collect.engine.writing import Writer, quarantine_schema
from openrhip.collect.ports import Engine
from openrhip.collect.rules.jobs import CheckJob, CheckResult, Example, RuleHits, Written
from openrhip.collect.rules.kinds import Kind
from openrhip.kernel.errors import Misconfigured, Problem, Unavailable
from openrhip.kernel.files import sync_folder

# What the plan's meaning rests on, whatever the cluster's own defaults are.
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.parquet.compression.codec": "zstd",
    # Java does not compile longer methods at all: rules in one of them would run ten times slower
    "spark.sql.codegen.hugeMethodLimit": "8000",
}
READ_AT_ONCE = 65_536
RETRIES = 5  # of a call that a cluster does not answer, over some 20 seconds


class SparkEngine(Engine):
    """Checks batches on a cluster. url: sc://host:port of its Spark Connect server."""

    name = "spark"

    def __init__(self, url: str, *, retries: int = RETRIES) -> None:
        self.url = url
        self._retries = retries
        self._lock = threading.Lock()
        self._session: Any = None

    def check(self, job: CheckJob) -> CheckResult:
        """Checks one batch and writes its files. Raises Malformed or TooLarge: refused whole;
        Unavailable: the cluster does not answer or failed.
        """
        started = time.perf_counter()
        work = job.out / "_spark"
        work.mkdir()
        try:
            staged = spark_staging.stage(job, work / "text")
            with self._telling(), _Batch(self.session(), job, work) as batch:
                return batch.result(staged, engine=self.name, started=started)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def read_delta(self, folder: Path | str) -> Any:
        """A lake's table as the cluster sees it (a Spark DataFrame). Raises Unavailable where the
        cluster has no Delta Lake.
        """
        with self._telling():
            found = self.session().read.format("delta").load(str(folder))
            found.schema  # noqa: B018 - asks the cluster, which may lack what it takes
            return found

    def close(self) -> None:
        """End the session."""
        with self._lock:
            if self._session is not None:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    self._session.stop()
                self._session = None

    def session(self) -> Any:
        """The session with the cluster, made when first asked for."""
        with self._lock:
            if self._session is None:
                self._session = _connected(self.url, self._retries)
            return self._session

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """What a cluster says in its own words becomes a problem of ours."""
        try:
            yield
        except Problem:
            raise
        except Exception as error:
            if not type(error).__module__.startswith(("pyspark", "grpc")):
                raise
            self._session = None  # it may have ended with its server: the next batch asks anew
            raise _problem(error, self.url) from error


def _connected(url: str, retries: int) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pandas, which Spark's client asks for its version
            from pyspark.sql.connect.client.retries import DefaultPolicy  # noqa: PLC0415 - an extra
            from pyspark.sql.connect.session import SparkSession  # noqa: PLC0415 - the same

            session: Any = SparkSession(connection=url)
    except ImportError as error:
        raise Misconfigured(
            f"the client of Spark is not installed: {error.name}",
            where="collect_engine",
            remedy='pip install "openrhip[spark]"',
        ) from error
    session.client.set_retry_policies([DefaultPolicy(max_retries=retries)])
    for setting, value in SETTINGS.items():
        session.conf.set(setting, value)
    return session


def _problem(error: Exception, url: str) -> Problem:
    """Unavailable with the first line of what the cluster said, without values out of rows."""
    said = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    if "delta" in said.lower() and "DATA_SOURCE_NOT_FOUND" in str(error):
        return Unavailable(
            "the cluster cannot read Delta Lake",
            where=url,
            remedy="give it the jars of delta-spark, see docs/spark.md",
        )
    return Unavailable(
        f"the cluster did not do it ({type(error).__name__}): {said}",
        where=url,
        remedy="openrhip collect engine check",
    )


class _Batch:
    """One batch on a cluster; its views are dropped at the end."""

    def __init__(self, session: Any, job: CheckJob, work: Path) -> None:
        self.session, self.job, self.work = session, job, work
        self.prefix = f"rhip_{uuid.uuid4().hex[:12]}"
        self.compiled = compile_rules(job.table, job.catalogue)
        self.plan = Plan(job, self.compiled, self.prefix)
        self._views: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for view in self._views:
            self.session.catalog.dropTempView(view)

    def result(self, staged: spark_staging.Staged, *, engine: str, started: float) -> CheckResult:
        self._view(self.prefix, self.work / "text", spark_staging.staged_schema(self.job))
        for relation, view in self.plan.members.items():
            folder = self.work / view
            spark_staging.write_codes(self.compiled.relations[relation], folder)
            self._view(view, folder, pa.schema([("code", pa.string())]))
        for lookup in self.compiled.lookups:
            self._look_up(lookup)
        checked = f"{self.prefix}_checked"
        schema = self._write(self.plan.checked(), self.work / "checked")
        self._view(checked, self.work / "checked", schema)
        rows, bad, marked, amended, withdrawn, *hits = self._row(self.plan.totals(checked))
        shapes = len(staged.shapes)
        good = self._good(checked) if rows > bad else ()
        return CheckResult(
            received=rows + shapes,
            loaded=sum(written.rows for written in good),
            quarantined=bad + shapes,
            marked=marked,
            amended=amended,
            withdrawn=withdrawn,
            hits=self._hits(checked, hits, staged),
            good=good,
            quarantine=self._quarantine(checked, staged) if bad or shapes else None,
            engine=engine,
            seconds=time.perf_counter() - started,
        )

    def _look_up(self, lookup: Lookup) -> None:
        """Bring the double or known keys of a rule into the plan."""
        if lookup.rule.kind is Kind.UNIQUE:
            self.plan.join(lookup, self.plan.double(lookup))
            return
        known = self.job.known
        ask = known.stored
        if lookup.rule.kind is Kind.REFERENCE:
            ask = known.references.get(lookup.rule.id)
        if ask is None:
            return
        asked = self._arrow(self.plan.asked(lookup)).rename_columns(list(lookup.rule.columns))
        answer = ask(asked) if asked.num_rows else asked
        view = f"{self.prefix}_known_{lookup.bit}"
        spark_staging.write_keys(answer, self.work / view)
        keys = [(f"k{at}", pa.string()) for at in range(len(lookup.key))]
        self._view(view, self.work / view, pa.schema(keys))
        self.plan.join(lookup, select(["*"], name(view)))

    def _good(self, checked: str) -> tuple[Written, ...]:
        folder = self.work / "good"
        self._write(self.plan.good(checked), folder)
        found: list[Written] = []
        for part in _parts(folder):
            rows = pq.ParquetFile(part).metadata.num_rows
            if rows:
                path = self.job.out / f"good-{len(found)}.parquet"
                part.rename(path)
                found.append(_durable(path, rows))
        sync_folder(self.job.out)
        return tuple(found)

    def _quarantine(self, checked: str, staged: spark_staging.Staged) -> Written | None:
        """One file: what the cluster put aside, then the lines that are no rows."""
        folder = self.work / "quarantine"
        self._write(self.plan.quarantine(checked), folder)
        schema = quarantine_schema(self.job.table)
        writer = Writer(self.job.out / "quarantine.parquet", schema, ["_rules"])
        for part in _parts(folder):
            for batch in pq.ParquetFile(part).iter_batches(READ_AT_ONCE):
                writer.write(pa.Table.from_batches([batch]).cast(schema))
        if staged.shapes:
            count = len(staged.shapes)
            lines = pa.array([line for line, _ in staged.shapes], pa.int64())
            rule = pa.array([shape_rule(self.job.table.code)] * count)
            empty = [pa.nulls(count, pa.string())] * len(self.job.table.columns)
            writer.write(pa.table([lines, rule, *empty], schema=schema))
        return writer.close()

    def _hits(
        self, checked: str, hits: Sequence[int], staged: spark_staging.Staged
    ) -> tuple[RuleHits, ...]:
        examples = self._examples(checked, [bit for bit, count in enumerate(hits) if count])
        found = [
            RuleHits(self.compiled.rules[bit].id, hits[bit], shown)
            for bit, shown in examples.items()
        ]
        if staged.shapes:
            shown = staged.shapes[: self.job.limits.examples]
            found.append(
                RuleHits(
                    shape_rule(self.job.table.code),
                    len(staged.shapes),
                    tuple(Example(line, "", f"{one.fields or '?'} fields") for line, one in shown),
                )
            )
        return tuple(found)

    def _examples(self, checked: str, broken: Sequence[int]) -> dict[int, tuple[Example, ...]]:
        """For each of these rules the first rows at fault."""
        if not broken:
            return {}
        lines: dict[int, list[int]] = {bit: [] for bit in broken}
        for row in self._arrow(self.plan.examples(checked, broken)).to_pylist():
            lines[row["bit"]].append(row["_line"])
        first = {bit: self.compiled.rules[bit].columns[0] for bit in broken}
        wanted = sorted({line for found in lines.values() for line in found})
        sql = self.plan.lines(checked, wanted, sorted(set(first.values())))
        rows = {row["_line"]: row for row in self._arrow(sql).to_pylist()}
        return {
            bit: tuple(self._example(rows[line], first[bit]) for line in sorted(found))
            for bit, found in lines.items()
        }

    def _example(self, row: dict[str, Any], column: str) -> Example:
        personal = self.job.table.column(column).personal
        return Example(row["_line"], column, masking.masked(row[column] or "", personal))

    def _view(self, view: str, folder: Path, schema: Any) -> None:
        """A view of files. schema: of Arrow (text and whole numbers) or of Spark."""
        if isinstance(schema, pa.Schema):
            schema = ", ".join(
                f"{name(field.name)} {'STRING' if field.type == pa.string() else 'BIGINT'}"
                for field in schema
            )
        files = self.session.read.schema(schema).parquet(str(folder.absolute()))
        files.createOrReplaceTempView(view)
        self._views.append(view)

    def _write(self, sql: str, folder: Path) -> Any:
        """Keep what a statement gives as Parquet; answers its columns."""
        found = self.session.sql(sql)
        found.write.mode("error").parquet(str(folder.absolute()))
        return found.schema

    def _arrow(self, sql: str) -> pa.Table:
        return self.session.sql(sql).toArrow()

    def _row(self, sql: str) -> list[int]:
        (row,) = self._arrow(sql).to_pylist()
        return [int(value) for value in row.values()]


def _parts(folder: Path) -> list[Path]:
    """The Parquet files that a cluster wrote, in its order."""
    return sorted(
        part for part in folder.rglob("*.parquet") if not part.name.startswith((".", "_"))
    )


def _durable(path: Path, rows: int) -> Written:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return Written(path, rows, path.stat().st_size)
