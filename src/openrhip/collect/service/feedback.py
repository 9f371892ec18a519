"""What a unit gets back (反馈): the report of a batch, its rows at fault as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from openrhip.collect import asking, models
from openrhip.collect.rules import reports, sheets
from openrhip.collect.rules.findings import Finding
from openrhip.collect.rules.kinds import Level
from openrhip.collect.rules.reports import Report
from openrhip.collect.rules.states import BatchState
from openrhip.collect.rules.tables import Period, Severity, Table
from openrhip.collect.service import doors, faults, reading, terms
from openrhip.kernel.errors import NotFound

AT_A_TIME = 5_000  # rows


def report(batch_id: str) -> Report:
    """The report of a batch. Raises Malformed, NotFound; Conflict never: one that is not yet
    checked has a report without rules.
    """
    state = reading.batch(batch_id)
    catalogue = doors.catalogue()
    table = catalogue.tables.get(state.table) or _lost(state.table)
    trouble = state.problem
    return Report(
        batch=state.id,
        unit=state.unit,
        unit_name=terms.names().get(state.unit, state.unit),
        table=table.code,
        table_zh=table.zh,
        table_en=table.en,
        day=state.day,
        state=str(state.state),
        current=state.current,
        received_at=state.received_at,
        rows_declared=state.rows_declared,
        received=state.received,
        loaded=state.loaded,
        quarantined=state.quarantined,
        marked=state.marked,
        problem_zh=trouble.zh if trouble else "",
        problem_en=trouble.en if trouble else "",
        remedy=trouble.remedy if trouble else "",
        groups=reports.groups_of(
            table, terms.rules(catalogue, table.code).values(), state.hits, _findings(state)
        ),
    )


def report_sheet(batch_id: str) -> str:
    """The report as CSV that no spreadsheet takes for formulas."""
    return reports.as_sheet(report(batch_id))


def rows_at_fault(batch_id: str) -> Iterator[str]:
    """All quarantined rows of a batch as CSV, in pieces: line, rules, words, then every column as
    it came, personal ones masked. Raises NotFound when no row is, or they are no longer kept.
    """
    state = reading.batch(batch_id)
    catalogue = doors.catalogue()
    path = doors.lake().quarantine_file(table=state.table, day=state.day, batch=state.id)
    if path is None:
        raise NotFound(
            "no rows at fault are kept of this batch",
            where=batch_id,
            remedy="they are kept for the time of setting collect_keep_days"
            if state.quarantined
            else "",
        )
    table = catalogue.tables.get(state.table) or _lost(state.table)
    rules = {rule.id: rule.zh for rule in terms.rules(catalogue, state.table).values()}

    def rows() -> Iterator[Sequence[object]]:
        statement = "SELECT * FROM read_parquet($file) ORDER BY _line"
        with asking.opened() as connection:
            answer = connection.execute(statement, {"file": asking.path(path)})
            names = [column[0] for column in answer.description]
            at = names.index("_rules")
            while chunk := answer.fetchmany(AT_A_TIME):
                for row in chunk:
                    broken = str(row[at] or "").split(",")
                    said = "；".join(rules.get(rule, rule) for rule in broken)
                    values = [v for n, v in zip(names, row, strict=True) if n not in _OWN]
                    yield (row[names.index("_line")], row[at], said, *values)

    columns = _columns(path)
    words = {column.name: f"{column.zh} {column.name}" for column in table.columns}
    heading = ("行号 line", "规则 rules", "问题 what", *(words.get(n, n) for n in columns))
    return sheets.lines(heading, rows())


_OWN = frozenset({"_line", "_rules", "_unit", "_day", "_batch"})


def _columns(path: Path) -> list[str]:
    with asking.opened() as connection:
        answer = connection.execute(
            "SELECT * FROM read_parquet($file) LIMIT 0", {"file": asking.path(path)}
        )
        return [column[0] for column in answer.description if column[0] not in _OWN]


def _findings(state: BatchState) -> list[Finding]:
    """Findings about the batch as a whole, open, closed or confirmed."""
    rows = models.Fault.objects.filter(last_batch=state.id).exclude(level=Level.ROW)
    return [
        Finding(
            rule=row.rule,
            level=Level(row.level),
            severity=Severity(row.severity),
            count=row.count,
            zh=row.zh,
            en=row.en,
            fix_zh=row.fix_zh,
            fix_en=row.fix_en,
        )
        for row in rows.order_by("pk")
        if not row.rule.endswith(".refused")  # the report's `problem` says it
    ]


def _lost(code: str) -> Table:
    """A table that the catalogue no longer has: its batches keep their reports."""
    return Table(
        code=code,
        zh=code,
        en=code,
        purpose_zh="",
        purpose_en="",
        domain="",
        source="",
        owed_by=frozenset(),
        period=Period.DAY,
        key=(),
        columns=(),
    )


def faults_sheet(rows: Sequence[faults.Fault]) -> str:
    """Faults as CSV."""
    return sheets.sheet(
        (
            "单位 unit",
            "单位名称 name",
            "表 table",
            "日期 day",
            "规则 rule",
            "级别 severity",
            "行数 rows",
            "首次发现 first seen",
            "天数 days open",
            "问题 what",
            "处理 what to do",
            "批次 batch",
        ),
        (
            (
                one.unit,
                one.unit_name,
                f"{one.table} {one.table_zh}",
                one.day,
                one.rule,
                str(one.severity),
                one.count,
                one.first_at.date(),
                one.days_open,
                f"{one.zh} | {one.en}",
                f"{one.fix_zh} | {one.fix_en}",
                one.last_batch,
            )
            for one in rows
        ),
    )
