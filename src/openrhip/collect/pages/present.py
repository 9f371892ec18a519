"""Presenters: what the service answers, as the pages show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from openrhip.collect.pages import words
from openrhip.collect.pages.places import Place
from openrhip.collect.rules.lines import PERSONS, Coverage, Line
from openrhip.collect.rules.oddities import Oddity
from openrhip.collect.rules.reports import Group, Report
from openrhip.collect.rules.scoring import Scores
from openrhip.collect.rules.states import BatchState
from openrhip.collect.rules.tables import Catalogue
from openrhip.collect.service.faults import Fault, FaultGroup
from openrhip.directory.pages.words import chinese

OLD = 7  # days open from which a fault stands out


@dataclass(frozen=True, slots=True)
class LineRow:
    """A unit in the table of the month."""

    name: str
    href: str
    declared: str
    owed: int
    uploaded: int
    rows: int
    days: int
    many_days: bool
    visits: int
    discharges: int
    persons: tuple[int, ...]
    complete: str
    faults: int


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch in a list."""

    id: str
    href: str
    unit: str
    table: str
    code: str
    day: date
    state: str
    tone: str
    at: datetime
    received: int
    loaded: int
    quarantined: int
    marked: int
    current: bool
    late: int
    via: str
    problem: str


@dataclass(frozen=True, slots=True)
class FaultRow:
    """The open faults of a unit and rule."""

    href: str
    unit: str
    table: str
    what: str
    todo: str
    rule: str
    severity: str
    tone: str
    days: int
    rows: int
    first: datetime
    age: int
    old: bool
    last: date


@dataclass(frozen=True, slots=True)
class Rate:
    """A score: share as text, and what it is made of. part: from 0 to 100 for the bar."""

    name: str
    text: str
    made_of: str
    part: float
    known: bool


def line_row(line: Line, found: Coverage, place: Place) -> LineRow:
    days = len(list(found.month.days()))
    return LineRow(
        name=line.name,
        href=place.home(line.unit, found.month),
        declared=_("未反馈") if line.declared is None else f"{line.declared}",
        owed=line.owed,
        uploaded=line.uploaded,
        rows=line.rows,
        days=line.upload_days,
        many_days=line.upload_days > days,
        visits=line.visits,
        discharges=line.discharges,
        persons=tuple(line.person_count(kind) or 0 for kind in PERSONS),
        complete=words.percent(line.scores.completeness if line.scores else None),
        faults=line.open_faults,
    )


def batch_row(
    item: BatchState, place: Place, catalogue: Catalogue, names: Mapping[str, str]
) -> BatchRow:
    table = catalogue.tables.get(item.table)
    return BatchRow(
        id=item.id,
        href=place.batch(item.id),
        unit=names.get(item.unit, item.unit),
        table=words.named(table) if table else item.table,
        code=item.table,
        day=item.day,
        state=words.state_text(item.state),
        tone=words.state_tone(item.state),
        at=item.received_at,
        received=item.received if item.settled else item.rows_declared,
        loaded=item.loaded,
        quarantined=item.quarantined,
        marked=item.marked,
        current=item.current,
        late=item.late_days,
        via=words.via_text(item.via),
        problem=trouble(item),
    )


def trouble(item: BatchState) -> str:
    if item.problem is None:
        return ""
    return item.problem.zh if chinese() else item.problem.en


def fault_row(item: FaultGroup, place: Place, catalogue: Catalogue) -> FaultRow:
    table = catalogue.tables.get(item.table)
    return FaultRow(
        href=place.rule(item.unit, item.rule),
        unit=item.unit_name,
        table=words.named(table) if table else item.table,
        what=said(item),
        todo=said(item, "fix_"),
        rule=item.rule,
        severity=words.severity_text(item.severity),
        tone=words.severity_tone(item.severity),
        days=item.days,
        rows=item.rows,
        first=item.first_at,
        age=item.days_open,
        old=item.days_open >= OLD,
        last=item.last_day,
    )


def said(item: Fault | FaultGroup | Group | Oddity, stem: str = "") -> str:
    """The words of a fault, rule or oddity in the page's language."""
    found: str = getattr(item, f"{stem}{'zh' if chinese() else 'en'}")
    return found


def group_view(group: Group, table: str) -> dict[str, Any]:
    """A broken rule on the page of a batch."""
    return {
        "rule": group.rule,
        "short": group.rule.removeprefix(f"{table}."),
        "severity": words.severity_text(group.severity),
        "tone": words.severity_tone(group.severity),
        "level": words.level_text(group.level),
        "is_row": group.level == "row",
        "count": group.count,
        "what": said(group),
        "todo": said(group, "fix_"),
        "columns": _("、").join(group.columns),
        "examples": group.examples,
        "more": max(0, group.count - len(group.examples)) if group.examples else 0,
    }


def report_view(report: Report) -> dict[str, Any]:
    """Sums and rules of a batch's report."""
    return {
        "table": report.table_zh if chinese() else report.table_en,
        "problem": report.problem_zh if chinese() else report.problem_en,
        "remedy": _own_language(report.remedy),
        "groups": [group_view(group, report.table) for group in report.groups],
        "errors": sum(group.severity == "error" for group in report.groups),
        "warnings": sum(group.severity != "error" for group in report.groups),
    }


def _own_language(remedy: str) -> str:
    """Of a remedy written `中文 / English` the part in the page's language."""
    zh, slash, en = remedy.partition(" / ")
    return (zh if chinese() else en) if slash else remedy


def rates(found: Scores | None, line: Line | None, limits: Sequence[Decimal]) -> list[Rate]:
    """Completeness, timeliness by limit, correctness, consistency, overall."""
    if found is None:
        return []

    def of(name: str, share: Decimal | None, made_of: str = "") -> Rate:
        part = float(share or 0) * 100
        return Rate(name, words.percent(share), made_of, round(part, 1), share is not None)

    out = [of(_("完整率"), found.completeness, _parts(line, line.actual if line else 0))]
    for at, (limit, share) in enumerate(zip(limits, found.timeliness, strict=False)):
        timely = line.timely[at] if line and at < len(line.timely) else 0
        name = _("及时率（%(limit)s）") % {"limit": words.days_text(limit)}
        out.append(of(name, share, _parts(line, timely)))
    passed = f"{line.received - line.quarantined:,}/{line.received:,}" if line else ""
    agreed = f"{line.actual - line.doubtful:,}/{line.actual:,}" if line else ""
    return [
        *out,
        of(_("正确率"), found.correctness, passed),
        of(_("一致率"), found.consistency, agreed),
        of(_("综合评分"), found.overall),
    ]


def _parts(line: Line | None, number: int) -> str:
    return f"{number:,}/{line.expected:,}" if line and line.expected else ""


def table_names(codes: Sequence[str], catalogue: Catalogue) -> list[str]:
    """Names of tables with their codes, by domain."""
    known = catalogue.tables
    return [f"{words.named(known[code])} {code}" if code in known else code for code in codes]
