"""Findings that no single row shows (批次、当日、历史层面的问题), with what to do about them."""

from __future__ import annotations

from dataclasses import dataclass

from openrhip.collect.rules.changes import Change, Kind
from openrhip.collect.rules.kinds import Level
from openrhip.collect.rules.tables import Severity, Table


@dataclass(frozen=True, slots=True)
class Finding:
    """rule: TABLE.slug; count: rows or keys concerned; zh, en: what; fix_zh, fix_en: what to do."""

    rule: str
    level: Level
    severity: Severity
    count: int
    zh: str
    en: str
    fix_zh: str
    fix_en: str


_CHANGE_WORDS = {
    Kind.ZERO: (
        "当日0行，而{span}的中位数为{median:,}行",
        "no row that day, where the median of {span_en} is {median:,}",
        "确认当日是否有业务；如有，重新导出并重发",
        "confirm that there was no business; else export and send again",
    ),
    Kind.LOW: (
        "当日{rows:,}行，远少于{span}的中位数{median:,}行",
        "{rows:,} rows, far below the median {median:,} of {span_en}",
        "核对导出条件和时间范围，数据不全的重发",
        "check what was exported and for which hours; send again if it is not all",
    ),
    Kind.HIGH: (
        "当日{rows:,}行，远多于{span}的中位数{median:,}行",
        "{rows:,} rows, far above the median {median:,} of {span_en}",
        "核对是否重复导出或混入其他日期的数据",
        "check for rows exported twice or of other days",
    ),
    Kind.MOST: (
        "当日{rows:,}行，超过以往最多一天（{most:,}行）的3倍",
        "{rows:,} rows, more than three times the most that ever came ({most:,})",
        "核对是否重复导出或混入其他日期的数据",
        "check for rows exported twice or of other days",
    ),
}


def of_change(table: Table, change: Change) -> Finding:
    """The finding that a day's rows are odd against the unit's own history."""
    span = f"此前{change.days}个同一星期几" if change.weekday else f"此前{change.days}天"
    span_en = (
        f"{change.days} such weekdays before"
        if change.weekday
        else (f"the {change.days} days before")
    )
    zh, en, fix_zh, fix_en = _CHANGE_WORDS[change.kind]
    facts = {
        "rows": change.rows,
        "median": change.median,
        "most": change.most,
        "span": span,
        "span_en": span_en,
    }
    return Finding(
        rule=f"{table.code}.change.{change.kind}",
        level=Level.HISTORY,
        severity=Severity.WARNING,
        count=1,
        zh=zh.format(**facts),
        en=en.format(**facts),
        fix_zh=fix_zh,
        fix_en=fix_en,
    )


def of_count(table: Table, *, declared: int, received: int) -> Finding | None:
    """The rows that came against those the manifest promised."""
    if declared == received:
        return None
    return Finding(
        rule=f"{table.code}.count",
        level=Level.BATCH,
        severity=Severity.WARNING,
        count=abs(declared - received),
        zh=f"清单写{declared:,}行，实收{received:,}行",
        en=f"the manifest says {declared:,} rows, {received:,} came",
        fix_zh="核对导出程序，重新导出并重发",
        fix_en="check the export; export and send again",
    )


def of_refusal(table: Table, *, zh: str, en: str, remedy: str = "") -> Finding:
    """A batch that was refused whole: nothing of it was loaded."""
    return Finding(
        rule=f"{table.code}.refused",
        level=Level.BATCH,
        severity=Severity.ERROR,
        count=1,
        zh=f"整批拒收：{zh}",
        en=f"the batch was refused whole: {en}",
        fix_zh="更正后重发整批",
        fix_en=remedy or "correct it and send the whole batch again",
    )


def of_total(
    rule: str, severity: Severity, words: tuple[str, str, str, str], *, wrong: int, line: int
) -> Finding:
    """Totals of one table that are not those of its rows in another table of that day."""
    zh, en, fix_zh, fix_en = words
    return Finding(
        rule=rule,
        level=Level.DAY,
        severity=severity,
        count=wrong,
        zh=f"{zh}：{wrong:,}行，最先在第{line:,}行",
        en=f"{en}: {wrong:,} rows, the first of them line {line:,}",
        fix_zh=fix_zh,
        fix_en=fix_en,
    )
