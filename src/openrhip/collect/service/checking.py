"""Checking batches (校验): originals opened in work folders, the engine asked.

A work folder is of this process alone and goes when the batch is settled; what it held in the
clear is gone with it.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from openrhip.agent import manifest as manifests
from openrhip.agent.manifest import BatchFile, Manifest
from openrhip.collect import models
from openrhip.collect.engine import documents
from openrhip.collect.rules.deriving import rules_of
from openrhip.collect.rules.jobs import CheckJob, CheckResult, InputFile, Known
from openrhip.collect.rules.kinds import Kind, Rule
from openrhip.collect.rules.states import Trouble, over_tolerance
from openrhip.collect.rules.tables import Table
from openrhip.collect.service import doors, originals
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed, NotFound, NotVerified, Problem, TooLarge
from openrhip.kernel.files import make_folder
from openrhip.kernel.periods import city_day

_log = logging.getLogger(__name__)
REFUSING = (Malformed, TooLarge, NotVerified)


@dataclass(slots=True)
class Outcome:
    """What became of a batch at the check: a result, a reason to refuse it, or both."""

    row: models.Batch
    table: Table
    result: CheckResult | None = None
    trouble: Trouble | None = None
    folder: Path = field(default_factory=Path)


def prepare(row: models.Batch, *, folder: Path) -> tuple[Outcome, CheckJob | None]:
    """What the engine is to be asked of a batch; no job where it cannot be read at all.

    Raises Unavailable, Misconfigured, NotFound: not its fault, it waits.
    """
    catalogue = doors.catalogue()
    table = catalogue.tables.get(row.table)
    if table is None:
        raise NotFound("the catalogue no longer has this table", where=row.table)
    outcome = Outcome(row, table, folder=folder)
    try:
        files = tuple(inputs(row, manifest_of(row), folder))
    except REFUSING as problem:
        outcome.trouble = trouble_of(problem)
        return outcome, None
    return outcome, CheckJob(
        catalogue=catalogue,
        table=table,
        files=files,
        unit=row.unit_id,
        day=row.day,
        batch=row.id,
        out=folder / "out",
        today=city_day(clock.now()),
        known=known_of(table, row),
        seal=doors.seal(),
    )


def check(
    prepared: Sequence[tuple[Outcome, CheckJob | None]],
) -> Iterator[tuple[Outcome, Exception | None]]:
    """Check batches of one table. What is a batch's own fault becomes its trouble; what is not
    comes beside it, and the batch waits.
    """
    asked = [(outcome, job) for outcome, job in prepared if job is not None]
    answers = _answers([job for _, job in asked])
    yield from ((outcome, None) for outcome, job in prepared if job is None)
    for (outcome, _), answer in zip(asked, answers, strict=True):
        if isinstance(answer, REFUSING):
            outcome.trouble = trouble_of(answer)
        elif isinstance(answer, Exception):
            yield outcome, answer
            continue
        else:
            outcome.result = answer
            outcome.trouble = judged(outcome.row, answer)
        yield outcome, None


def _answers(jobs: Sequence[CheckJob]) -> Sequence[CheckResult | Exception]:
    """Small batches are asked together; if one brings that down, each is asked alone."""
    engine = doors.engine()
    for job in jobs:
        make_folder(job.out)
    try:
        return engine.check_many(jobs)
    except Exception as error:  # noqa: BLE001 - answered, or told below
        if len(jobs) == 1:
            return [error]
        _log.warning("checking %d batches together failed: %s", len(jobs), type(error).__name__)
    answers: list[CheckResult | Exception] = []
    for job in jobs:
        shutil.rmtree(job.out)
        make_folder(job.out)
        try:
            answers += engine.check_many([job])
        except Exception as error:  # noqa: BLE001 - the others of the group go on
            answers.append(error)
    return answers


def judged(row: models.Batch, result: CheckResult) -> Trouble | None:
    """Why a checked batch is refused as a whole, if it is."""
    if result.received != row.rows_declared:
        return Trouble(
            "count",
            f"清单写明{row.rows_declared}行，实收{result.received}行",
            f"the manifest says {row.rows_declared} rows, {result.received} came",
            "manifest/rows",
            "重新导出并重发 / export and send again",
        )
    share = row.unit.tolerance
    if over_tolerance(result, share):
        return Trouble(
            "tolerance",
            f"{result.received}行中有{result.quarantined}行不合格，超过允许的{share:.2%}",
            f"{result.quarantined} of {result.received} rows are at fault, over {share:.2%}",
            "",
            "按报告更正后重发整批 / correct as the report says and send the whole batch again",
        )
    return None


def trouble_of(problem: Problem) -> Trouble:
    return Trouble(
        problem.code,
        f"整批不可读：{problem.what}",
        problem.what,
        problem.where,
        problem.remedy,
    )


def manifest_of(row: models.Batch) -> Manifest:
    """The manifest as it was signed."""
    return manifests.read(row.manifest.encode())


def known_of(table: Table, row: models.Batch) -> Known:
    """The look-ups of this batch. A table of which nothing was loaded yet answers nothing."""
    lake = doors.lake()
    references: dict[str, Callable[[Any], Any]] = {}
    stored: Callable[[Any], Any] | None = None
    for rule in rules_of(table):
        if rule.kind is Kind.UNIQUE_STORE:
            stored = partial(_stored, table, row)
        elif rule.kind is Kind.REFERENCE:
            unit = row.unit_id if rule.get("scope") == "unit" else None
            if lake.has_rows(table=rule.get("table"), unit=unit):
                references[rule.id] = partial(_referred, rule, unit)
    return Known(stored=stored, references=references)


def _stored(table: Table, row: models.Batch, asked: Any) -> Any:
    return doors.lake().stored_keys(table=table, unit=row.unit_id, but_day=row.day, asked=asked)


def _referred(rule: Rule, unit: str | None, asked: Any) -> Any:
    table = doors.catalogue().tables[rule.get("table")]
    return doors.lake().known_keys(table=table, key=rule.get_all("key"), unit=unit, asked=asked)


def inputs(row: models.Batch, manifest: Manifest, folder: Path) -> Iterator[InputFile]:
    """The files in the clear, for the engine; documents as the rows they make."""
    files = [
        _input(_in_the_clear(row, number, folder / f"in-{number}.{file.format}"), file)
        for number, file in enumerate(manifest.files)
    ]
    if manifest.files[0].format == "cda":
        table = doors.catalogue().tables[row.table]
        files = [documents.as_table(files, table, folder / "documents.parquet")]
    yield from files


def _in_the_clear(row: models.Batch, number: int, path: Path) -> Path:
    with path.open("wb") as out:
        for part in _original(row, number):
            out.write(part)
    return path


def _input(path: Path, file: BatchFile) -> InputFile:
    return InputFile(
        path=path,
        name=file.name,
        format=file.format,
        encoding=file.encoding or "utf-8",
        delimiter=file.delimiter or ",",
        rows=file.rows,
    )


def _original(row: models.Batch, number: int) -> Iterator[bytes]:
    return originals.open_original(row.id, number, wrapped=row.wrapped_key, at=row.received_at)


@contextmanager
def work_folder(row: models.Batch) -> Iterator[Path]:
    """An empty folder for a batch; it is gone after the block."""
    folder = doors.folder("work") / row.id
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    folder.chmod(0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
