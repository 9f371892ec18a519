"""Rules of a profile as a table: a clause, what it demands, how it is found broken, what to do.

`run` goes over the pages once for all rules and gives one finding per rule: the first place where
it is broken, how often, and the remedy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from openrhip.formats.gm.findings import Finding
from openrhip.formats.ofd.profiles.view import Sheet, View
from openrhip.kernel.errors import Problem

_MOST = 1000
"""Breaches that are counted per rule."""


@dataclass(frozen=True, slots=True)
class Breach:
    """One place where a rule is broken, and what stands there (ids and names, no personal data)."""

    where: str
    zh: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """whole: over the package; each: over every page, template and annotation file.

    clause: of the standard. advice: what the standard only recommends is told, and never fails.
    """

    code: str
    clause: str
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str
    whole: Callable[[View], Iterable[Breach]] | None = None
    each: Callable[[View, Sheet], Iterable[Breach]] | None = None
    advice: bool = False


@dataclass
class _Tally:
    first: Breach | None = None
    count: int = 0
    problem: Problem | None = None

    def take(self, breaches: Iterable[Breach]) -> None:
        for breach in breaches:
            self.first = self.first or breach
            self.count += 1
            if self.count >= _MOST:
                return


@dataclass
class _Bench:
    rules: Sequence[Rule]
    tallies: dict[str, _Tally] = field(default_factory=dict)

    def tally(self, rule: Rule) -> _Tally:
        return self.tallies.setdefault(rule.code, _Tally())


def run(rules: Sequence[Rule], view: View, *, source: str) -> tuple[Finding, ...]:
    """One finding per rule, in the order of the table. source: the standard, for the text."""
    bench = _Bench(rules)
    for rule in rules:
        if rule.whole is not None:
            _attempt(bench.tally(rule), partial(rule.whole, view))
    paged = [rule for rule in rules if rule.each is not None]
    for sheet in _sheets(view, bench, paged):
        for rule in paged:
            if rule.each is not None:
                _attempt(bench.tally(rule), partial(rule.each, view, sheet))
    return tuple(_finding(rule, bench.tally(rule), source) for rule in rules)


def _sheets(view: View, bench: _Bench, paged: Sequence[Rule]) -> Iterator[Sheet]:
    """What can be read; a page that cannot fails every rule about pages."""
    try:
        yield from view.sheets()
    except Problem as problem:
        for rule in paged:
            bench.tally(rule).problem = problem


def _attempt(tally: _Tally, find: Callable[[], Iterable[Breach]]) -> None:
    if tally.problem is not None or tally.count >= _MOST:
        return
    try:
        tally.take(find())
    except Problem as problem:
        tally.problem = problem


def _finding(rule: Rule, tally: _Tally, source: str) -> Finding:
    zh, en = f"{source} {rule.clause} {rule.zh}", f"{source} {rule.clause}: {rule.en}"
    if tally.problem is not None:
        return Finding(
            rule.code,
            ok=False,
            text_zh=f"{zh}：无法检查（{tally.problem.what}）",
            text_en=f"{en}: cannot be checked ({tally.problem.what})",
            where=tally.problem.where,
        )
    if tally.first is None:
        return Finding(rule.code, ok=True, text_zh=zh, text_en=en)
    some_zh = f"；发现 {tally.count} 处" + (f"，如{tally.first.zh}" if tally.first.zh else "")
    some_en = f"; {tally.count} found" + (f", as {tally.first.en}" if tally.first.en else "")
    advice_zh, advice_en = ("（建议项）", " (advice)") if rule.advice else ("", "")
    return Finding(
        rule.code,
        ok=rule.advice,
        text_zh=f"{zh}{advice_zh}{some_zh}；处理：{rule.remedy_zh}",
        text_en=f"{en}{advice_en}{some_en}; do: {rule.remedy_en}",
        where=tally.first.where,
    )
