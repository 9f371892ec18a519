"""The report of a batch (批次报告): what was wrong, where, and what to do, by rule.

Made from the batch's state and the catalogue. Whoever reads it corrects the rows in the source
system and sends the batch again; nothing in it needs another document to be understood.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from openrhip.collect.rules.findings import Finding
from openrhip.collect.rules.jobs import Example, RuleHits
from openrhip.collect.rules.kinds import Level, Rule
from openrhip.collect.rules.sheets import sheet
from openrhip.collect.rules.tables import Severity, Table

EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class Group:
    """One rule that was broken. count: rows (of findings: what `zh` says); columns: zh names of
    what the rule reads; examples: the first rows at fault, personal values masked.
    """

    rule: str
    level: Level
    severity: Severity
    count: int
    columns: tuple[str, ...]
    zh: str
    en: str
    fix_zh: str
    fix_en: str
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """received = loaded + quarantined. more: rows at fault beyond the examples; they are all in
    the file of quarantined rows. problem: why the batch was refused whole, zh and en, or empty.
    """

    batch: str
    unit: str
    unit_name: str
    table: str
    table_zh: str
    table_en: str
    day: date
    state: str
    current: bool
    received_at: datetime | None
    rows_declared: int
    received: int
    loaded: int
    quarantined: int
    marked: int
    problem_zh: str
    problem_en: str
    remedy: str
    groups: tuple[Group, ...]

    @property
    def ok(self) -> bool:
        return self.state == "loaded" and not self.groups

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "format": "openrhip-batch-report-1",
            "batch": self.batch,
            "unit": {"code": self.unit, "name": self.unit_name},
            "table": {"code": self.table, "zh": self.table_zh, "en": self.table_en},
            "day": self.day.isoformat(),
            "state": self.state,
            "current": self.current,
            "received_at": self.received_at.isoformat() if self.received_at else None,
            "rows": {
                "declared": self.rows_declared,
                "received": self.received,
                "loaded": self.loaded,
                "quarantined": self.quarantined,
                "marked": self.marked,
            },
            "problem": {"zh": self.problem_zh, "en": self.problem_en, "remedy": self.remedy}
            if self.problem_zh or self.problem_en
            else None,
            "rules": [_group(group) for group in self.groups],
        }


def groups_of(
    table: Table, rules: Iterable[Rule], hits: Sequence[RuleHits], findings: Sequence[Finding]
) -> tuple[Group, ...]:
    """By rule: errors first, then by how many rows; whatever concerns the whole batch on top."""
    known = {rule.id: rule for rule in rules}
    found = [_of_hits(table, known.get(one.rule), one) for one in hits if one.count > 0]
    found += [
        Group(
            rule=one.rule,
            level=one.level,
            severity=one.severity,
            count=one.count,
            columns=(),
            zh=one.zh,
            en=one.en,
            fix_zh=one.fix_zh,
            fix_en=one.fix_en,
        )
        for one in findings
    ]
    return tuple(
        sorted(
            found,
            key=lambda group: (
                group.level is Level.ROW,
                group.severity is not Severity.ERROR,
                -group.count,
                group.rule,
            ),
        )
    )


def as_sheet(report: Report) -> str:
    """CSV: a line for each example of each rule; a rule without examples has one line."""
    return sheet(SHEET_HEADING, _sheet_rows(report))


SHEET_HEADING = (
    "规则 rule",
    "级别 severity",
    "行数 rows",
    "问题 what",
    "处理 what to do",
    "栏目 columns",
    "行号 line",
    "栏目名 column",
    "值 value",
)
_SEVERITY = {Severity.ERROR: "错误 error", Severity.WARNING: "警告 warning"}


def _sheet_rows(report: Report) -> Iterable[Sequence[object]]:
    if report.problem_zh or report.problem_en:
        words = f"{report.problem_zh} | {report.problem_en}"
        yield ("", "拒收 refused", report.received, words, report.remedy, "", "", "", "")
    for group in report.groups:
        head = (
            group.rule,
            _SEVERITY[group.severity],
            group.count,
            f"{group.zh} | {group.en}",
            f"{group.fix_zh} | {group.fix_en}",
            "、".join(group.columns),
        )
        for example in group.examples:
            yield (*head, example.line, example.column, example.value)
        if not group.examples:
            yield (*head, "", "", "")


def as_text(report: Report) -> str:
    """For a terminal."""
    rows = (
        f"实收 received {report.received:,} = 入库 loaded {report.loaded:,}"
        f" + 隔离 quarantined {report.quarantined:,}; 警告 marked {report.marked:,}"
    )
    said = [
        f"{report.batch}  {report.unit_name}  {report.table} {report.table_zh}  {report.day}",
        f"{report.state}{'' if report.current else ' (不是当前批次 not the current one)'}  {rows}",
    ]
    if report.problem_zh or report.problem_en:
        said.append(f"拒收 refused: {report.problem_zh} | {report.problem_en}")
        if report.remedy:
            said.append(f"  → {report.remedy}")
    for group in report.groups:
        mark = "✗" if group.severity is Severity.ERROR else "!"
        said.append(f"{mark} {group.count:>9,}  {group.rule}: {group.zh} | {group.en}")
        said.append(f"{'':>13}→ {group.fix_zh} | {group.fix_en}")
        said += [
            f"{'':>13}line {one.line:,}  {one.column} = {shown(one.value)}"
            for one in group.examples[:3]
        ]
    if report.ok:
        said.append("✓ 没有问题 nothing at fault")
    return "\n".join(said)


def shown(value: str) -> str:
    """A value on a terminal: control characters cannot steer it."""
    bare = "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in value[:80])
    return bare + ("…" if len(value) > 80 else "")


def _of_hits(table: Table, rule: Rule | None, hits: RuleHits) -> Group:
    examples = hits.examples[:EXAMPLES]
    if rule is None:  # of an older catalogue
        words = ("采集目录已更新，该规则不再使用", "a rule of an earlier catalogue", "", "")
        return Group(
            hits.rule, Level.ROW, Severity.WARNING, hits.count, (), *words, examples=examples
        )
    return Group(
        rule=rule.id,
        level=Level.ROW,
        severity=rule.severity,
        count=hits.count,
        columns=tuple(_column_name(table, name) for name in rule.columns),
        zh=rule.zh,
        en=rule.en,
        fix_zh=rule.fix_zh,
        fix_en=rule.fix_en,
        examples=examples,
    )


def _column_name(table: Table, name: str) -> str:
    try:
        return f"{table.column(name).zh} {name}"
    except KeyError:
        return name


def _group(group: Group) -> Mapping[str, Any]:
    return {
        "rule": group.rule,
        "level": str(group.level),
        "severity": str(group.severity),
        "rows": group.count,
        "columns": list(group.columns),
        "zh": group.zh,
        "en": group.en,
        "fix_zh": group.fix_zh,
        "fix_en": group.fix_en,
        "examples": [
            {"line": one.line, "column": one.column, "value": one.value} for one in group.examples
        ],
    }
