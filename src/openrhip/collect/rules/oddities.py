"""Oddities of a month (异常情况): what a careful reader of the coverage table would ask about.

Each rule looks at a unit's line, beside its own line of the month before and the lines of its
peers (units of the same kind), and says in words what is odd and what to do. None of them needs
anybody to have said anything: all figures come from what was received.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import TypeVar

from openrhip.collect.rules.changes import FAR, modified_z
from openrhip.collect.rules.lines import BASIC, DIABETES, HYPERTENSION, Earlier, Line
from openrhip.collect.rules.scoring import percent, rate
from openrhip.kernel.periods import Month

MANY_VISITS = 1_000
MANY_ROWS = 1_000
SHARE_OF_DAYS = 0.9  # upload days below this share of the month's days are few
SHARE_AT_FAULT = 0.1
TIMES_LAST_MONTH = 2.0
PEERS = 8  # units of the same kind, from which on they are compared
TIMES_PEERS = 2.0


@dataclass(frozen=True, slots=True)
class Oddity:
    """code: which rule; unit, name: whose line; zh, en: what; fix_zh, fix_en: what to do."""

    code: str
    unit: str
    name: str
    zh: str
    en: str
    fix_zh: str
    fix_en: str


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the rules look at."""

    line: Line
    before: Earlier | None
    days: int  # of the month that are due by now
    whole: int  # days of the month
    peers: tuple[Line, ...]  # the line itself among them


_Words = tuple[str, str]
_Rule = Callable[[_Seen], _Words | None]
_R = TypeVar("_R", bound=_Rule)
_RULES: dict[str, tuple[_Rule, str, str]] = {}


def oddities(
    lines: Sequence[Line],
    *,
    month: Month,
    days: int | None = None,
    before: Mapping[str, Earlier] | None = None,
) -> tuple[Oddity, ...]:
    """What is odd, by rule and unit. days: of the month due by now, all if it is over."""
    whole = len(list(month.days()))
    found = []
    for line in lines:
        peers = tuple(one for one in lines if one.owner is line.owner)
        last = (before or {}).get(line.unit)
        seen = _Seen(line, last, whole if days is None else days, whole, peers)
        found += [_said(code, line, seen) for code in _RULES]
    order = {code: at for at, code in enumerate(_RULES)}
    told = [one for one in found if one is not None]
    return tuple(sorted([*told, *_twins(lines)], key=lambda one: order.get(one.code, len(order))))


def _said(code: str, line: Line, seen: _Seen) -> Oddity | None:
    rule, fix_zh, fix_en = _RULES[code]
    words = rule(seen)
    return words and Oddity(code, line.unit, line.name, words[0], words[1], fix_zh, fix_en)


def _rule(code: str, fix_zh: str, fix_en: str) -> Callable[[_R], _R]:
    def keep(rule: _R) -> _R:
        _RULES[code] = (rule, fix_zh, fix_en)
        return rule

    return keep


@_rule(
    "more-upload-days",
    "上传天数按到达日计，次月到达的也算；如无补传，请核对前置机时钟",
    "arrivals in the next month count too; where nothing was sent late, check the node's clock",
)
def _more_days(seen: _Seen) -> _Words | None:
    days = seen.line.upload_days
    if days <= seen.whole:
        return None
    return (
        f"上传天数{days}天，多于当月的{seen.whole}天",
        f"{days} upload days in a month of {seen.whole}",
    )


@_rule(
    "tables-without-rows",
    "核对导出程序：表已上传，但全部为空",
    "check the export: tables came, and all of them were empty",
)
def _no_rows(seen: _Seen) -> _Words | None:
    line = seen.line
    if not line.uploaded or line.rows:
        return None
    return (
        f"已上传{line.uploaded}张表，但0行、{line.upload_days}天",
        f"{line.uploaded} tables uploaded, with 0 rows on {line.upload_days} days",
    )


@_rule("nothing-sent", "联系该单位：本月没有任何上传", "call the unit: nothing came in this month")
def _nothing(seen: _Seen) -> _Words | None:
    if seen.line.uploaded:
        return None
    return "本月未上传任何表", "no table was uploaded in this month"


@_rule(
    "never-declared",
    "请该单位反馈申明上传表",
    "ask the unit to declare its tables",
)
def _never_declared(seen: _Seen) -> _Words | None:
    line = seen.line
    if line.declared is not None or not line.uploaded:
        return None
    return (
        f"未反馈申明，却已上传{line.uploaded}张表",
        f"never declared its tables, yet uploaded {line.uploaded}",
    )


@_rule(
    "not-declared",
    "请该单位补充申明，或停传不再需要的表",
    "ask the unit to declare them too, or to stop sending them",
)
def _not_declared(seen: _Seen) -> _Words | None:
    line = seen.line
    if line.declared is None:
        return None
    over = len(line.not_declared) or max(0, line.uploaded - line.declared)
    if not over:
        return None
    return (
        f"上传了{over}张未申明的表{_some(line.not_declared)}",
        f"{over} tables were uploaded that were not declared{_some(line.not_declared)}",
    )


@_rule(
    "declared-not-sent",
    "核对这些表是否仍有数据；没有的请更新申明",
    "check whether these tables still have data; else change the declaration",
)
def _not_sent(seen: _Seen) -> _Words | None:
    line = seen.line
    if not line.declared or not line.uploaded:
        return None
    missing = len(line.not_sent) or max(0, line.declared - line.uploaded)
    if not missing:
        return None
    return (
        f"申明{line.declared}张表，其中{missing}张本月未上传{_some(line.not_sent)}",
        f"{missing} of {line.declared} declared tables never came{_some(line.not_sent)}",
    )


@_rule(
    "empty-tables",
    "确认这些表整月确无数据",
    "confirm that these tables had no data all month",
)
def _empty(seen: _Seen) -> _Words | None:
    line = seen.line
    if not line.empty or not line.rows:
        return None
    number = len(line.empty)
    return (
        f"{number}张表整月只传了空批次{_some(line.empty)}",
        f"{number} tables came empty all month{_some(line.empty)}",
    )


@_rule(
    "few-days",
    "补传缺少的日期；核对每日上传任务",
    "send the missing days; check the daily job",
)
def _few_days(seen: _Seen) -> _Words | None:
    line = seen.line
    days = line.upload_days if line.data_days is None else max(line.upload_days, line.data_days)
    if not line.rows or days >= SHARE_OF_DAYS * seen.days:
        return None
    return (
        f"只有{line.upload_days}天上传数据（应有{seen.days}天）",
        f"data came on {line.upload_days} days only, of {seen.days}",
    )


@_rule(
    "no-discharges",
    "核对出院记录表是否上传、出院业务是否发生",
    "check whether discharges happened and their table is sent",
)
def _no_discharges(seen: _Seen) -> _Words | None:
    line = seen.line
    if line.discharges or line.visits < MANY_VISITS:
        return None
    return (
        f"门急诊{line.visits:,}人次，出院0人次",
        f"{line.visits:,} visits and no discharge",
    )


@_rule(
    "no-visits",
    "核对门急诊就诊记录表是否上传",
    "check whether the table of visits is sent",
)
def _no_visits(seen: _Seen) -> _Words | None:
    line = seen.line
    if line.visits or line.rows < MANY_ROWS:
        return None
    return f"数据{line.rows:,}行，门急诊0人次", f"{line.rows:,} rows and no visit"


@_rule(
    "visits-without-charges",
    "核对费用明细表是否上传",
    "check whether the tables of charges are sent",
)
def _no_charges(seen: _Seen) -> _Words | None:
    line = seen.line
    if line.charges != 0 or line.visits < MANY_VISITS:
        return None
    return (
        f"门急诊{line.visits:,}人次，费用明细0行",
        f"{line.visits:,} visits and no row of charges",
    )


@_rule(
    "many-at-fault",
    "按批次报告更正后重发",
    "correct what the reports of the batches name, and send again",
)
def _at_fault(seen: _Seen) -> _Words | None:
    line = seen.line
    if line.received < MANY_ROWS or line.quarantined <= SHARE_AT_FAULT * line.received:
        return None
    share = percent(rate(line.quarantined, line.received))
    return f"{share}的行被隔离", f"{share} of the rows are in quarantine"


@_rule(
    "far-from-last-month",
    "核对是否漏传或重复上传",
    "check whether something is missing or came twice",
)
def _last_month(seen: _Seen) -> _Words | None:
    line, before = seen.line, seen.before
    # A running month is compared with the same share of the month before.
    if before is None or not seen.days or max(before.rows, line.rows) < MANY_ROWS:
        return None
    usual = before.rows * seen.days / seen.whole
    if line.rows * TIMES_LAST_MONTH >= usual and line.rows <= TIMES_LAST_MONTH * usual:
        return None
    return (
        f"数据量{line.rows:,}行，上月{before.rows:,}行",
        f"{line.rows:,} rows, after {before.rows:,} in the month before",
    )


@_rule(
    "fewer-persons",
    "累计人数不应减少：核对是否误撤销",
    "a cumulative figure does not fall: check for records withdrawn by mistake",
)
def _fewer_persons(seen: _Seen) -> _Words | None:
    if seen.before is None:
        return None
    for kind, number in seen.line.persons:
        last = seen.before.person_count(kind)
        if last is not None and number < last:
            word = _PERSON_WORDS[kind]
            return (
                f"{word[0]}累计{number:,}人，少于上月的{last:,}人",
                f"{number:,} persons with {word[1]}, fewer than the {last:,} of the month before",
            )
    return None


@_rule(
    "managed-without-record",
    "核对慢病管理对象是否都已建档",
    "check whether everybody who is managed has a basic record",
)
def _managed(seen: _Seen) -> _Words | None:
    basic = seen.line.person_count(BASIC)
    for kind in (HYPERTENSION, DIABETES):
        number = seen.line.person_count(kind)
        if basic is not None and number is not None and number > basic:
            word = _PERSON_WORDS[kind]
            return (
                f"{word[0]}{number:,}人，多于基本信息{basic:,}人",
                f"{number:,} persons with {word[1]}, more than the {basic:,} with a basic record",
            )
    return None


@_rule(
    "rows-per-visit-unlike-peers",
    "核对是否缺少门急诊记录，或其他表重复上传",
    "check for missing visits, or other tables that came twice",
)
def _rows_per_visit(seen: _Seen) -> _Words | None:
    found = _unlike(seen, lambda line: (line.rows, line.visits))
    return found and (
        f"每门急诊人次{found[0]:,.1f}行数据，同类单位中位数为{found[1]:,.1f}行",
        f"{found[0]:,.1f} rows a visit, where the median of such units is {found[1]:,.1f}",
    )


@_rule(
    "discharges-unlike-peers",
    "核对出院记录是否漏传",
    "check for missing discharges",
)
def _discharges_per_visit(seen: _Seen) -> _Words | None:
    found = _unlike(seen, lambda line: (line.discharges, line.visits))
    return found and (
        f"每百门急诊人次出院{found[0] * 100:,.2f}人次，同类单位中位数为{found[1] * 100:,.2f}",
        f"{found[0] * 100:,.2f} discharges per 100 visits (median of peers: {found[1] * 100:,.2f})",
    )


def _unlike(seen: _Seen, figures: Callable[[Line], tuple[int, int]]) -> tuple[float, float] | None:
    """A unit's ratio and its peers' median, where it is far from it on the scale of logarithms."""
    ratios = {
        line.unit: a / b for line in seen.peers for a, b in (figures(line),) if a > 0 and b > 0
    }
    own = ratios.get(seen.line.unit)
    if own is None or len(ratios) < PEERS or figures(seen.line)[1] < MANY_VISITS // 10:
        return None
    logs = sorted(map(log, ratios.values()))
    middle = sorted(ratios.values())[len(ratios) // 2]
    far = abs(modified_z(log(own), logs, least=0.05)) >= FAR
    return (own, middle) if far and not 1 / TIMES_PEERS < own / middle < TIMES_PEERS else None


def _twins(lines: Sequence[Line]) -> Iterator[Oddity]:
    """Units with the very same figures: one was copied from the other, or sent under both codes."""
    first: dict[tuple[int, int, int], Line] = {}
    for line in lines:
        figures = (line.rows, line.visits, line.discharges)
        if line.rows < MANY_ROWS:
            continue
        other = first.setdefault(figures, line)
        if other is not line:
            yield Oddity(
                "same-figures",
                line.unit,
                line.name,
                f"行数、门急诊和出院人次与{other.name}完全相同",
                f"rows, visits and discharges are exactly those of {other.name}",
                "核对是否用错机构代码",
                "check whether the code of another institution was used",
            )


_PERSON_WORDS = {
    BASIC: ("健康档案基本信息", "a basic record"),
    HYPERTENSION: ("高血压管理", "hypertension management"),
    DIABETES: ("糖尿病管理", "diabetes management"),
}


def _some(codes: Sequence[str]) -> str:
    """Up to five of the tables, in brackets."""
    if not codes:
        return ""
    rest = f" +{len(codes) - 5}" if len(codes) > 5 else ""
    return f" ({', '.join(codes[:5])}{rest})"
