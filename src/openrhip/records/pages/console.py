"""The operator's console (运行管理): deposits, refused files, ledger health, hospitals' nodes."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from openrhip.directory import service as directory
from openrhip.directory.pages.asked import AskedRequest
from openrhip.directory.pages.charts import daily_chart
from openrhip.directory.pages.paging import page_number, pages_of
from openrhip.directory.pages.words import both, chinese
from openrhip.kernel import clock
from openrhip.kernel.errors import NotFound, Problem
from openrhip.kernel.periods import city_day, day_bounds
from openrhip.ledger.rules import Receipt, verify_receipt
from openrhip.ledger.service.door import checkpoint_of
from openrhip.records import service as records
from openrhip.records.figures import figures
from openrhip.records.pages.proof import lines
from openrhip.records.service import Figures, RefusalSummary
from openrhip.records.service.contacts import contacts

_SPANS = {"7": 7, "14": 14, "30": 30, "90": 90}
_QUIET = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class HospitalRow:
    """One institution's sums over the span."""

    name: str
    deposited: int
    refused: int
    share: str
    size: int


@dataclass(frozen=True, slots=True)
class DayRow:
    day: date
    deposited: int
    refused: int


@dataclass(frozen=True, slots=True)
class EntryRow:
    """A recent entry of the ledger: kind and time, no content."""

    index: int
    kind: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A hospital's node as the centre hears it."""

    name: str
    code: str
    last: datetime | None
    deposit: datetime | None
    refusal: datetime | None
    state: str
    tone: str


class SpanForm(forms.Form):
    """Days back from today, and one institution or all."""

    days = forms.ChoiceField(
        label=gettext_lazy("时间"),
        required=False,
        choices=[
            ("14", gettext_lazy("最近 14 天")),
            ("7", gettext_lazy("最近 7 天")),
            ("30", gettext_lazy("最近 30 天")),
            ("90", gettext_lazy("最近 90 天")),
        ],
    )
    institution = forms.ChoiceField(label=gettext_lazy("医疗机构"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["institution"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        places = [(item.code, item.name) for item in directory.institutions()]
        field.choices = [("", _("全部机构")), *places]

    def chosen(self) -> tuple[int, str | None]:
        given = self.cleaned_data if self.is_bound and self.is_valid() else {}
        return _SPANS.get(given.get("days") or "14", 14), given.get("institution") or None


@require_safe
def deposits(request: AskedRequest) -> HttpResponse:
    """What came in, by day and hospital: a chart and the same numbers as tables."""
    form = SpanForm(request.GET or None)
    days, institution = form.chosen()
    today = city_day(clock.now())
    found = figures(since=today - timedelta(days=days - 1), until=today, institution=institution)
    by_day = _by_day(found)
    context = {
        "form": form,
        "figures": found,
        "chart": daily_chart([(row.day, row.deposited, row.refused) for row in by_day]),
        "days": by_day[::-1],
        "hospitals": _by_hospital(found),
        "reasons": [(_check(code), count) for code, count in found.reasons.items()],
    }
    return render(request, "records/deposits.jinja", context)


@require_safe
def refusals(request: AskedRequest) -> HttpResponse:
    """Files that were refused, newest first, with what failed."""
    form = SpanForm(request.GET or None)
    days, institution = form.chosen()
    since = day_bounds(city_day(clock.now()) - timedelta(days=days - 1))[0]
    page = records.refusals(institution=institution, since=since, page=page_number(request))
    context = {
        "form": form,
        "rows": [_refusal(item) for item in page.items],
        "paging": pages_of(request, page),
    }
    return render(request, "records/refusals.jinja", context)


@require_safe
def refusal(request: AskedRequest, refusal_id: str) -> HttpResponse:
    """One refused file's four-property report, as its hospital gets it."""
    item = _find_refusal(refusal_id)
    checks = item.report.get("checks", [])
    names = {check["property"]: check["property_zh"] for check in checks}
    groups = [
        {
            "title": _property(name),
            "ok": item.report["properties"][name]["ok"],
            "checks": [_check_row(check) for check in checks if check["property"] == name],
        }
        for name in names
    ]
    context = {"row": _refusal(item), "groups": groups, "digest": item.digest}
    return render(request, "records/refusal.jinja", context)


@require_safe
def ledger_health(request: AskedRequest) -> HttpResponse:
    """Whether the ledger answers, how far it is, and whether its newest entry proves."""
    context: dict[str, Any] = {"answers": False}
    try:
        context = _health()
    except Problem as problem:
        context["problem"] = problem.what
    return render(request, "records/ledger_health.jinja", context)


@require_safe
def nodes(request: AskedRequest) -> HttpResponse:
    """When each hospital's node was heard last."""
    heard = {item.institution: item for item in contacts()}
    rows = []
    hospitals = [place for place in directory.institutions() if place.kind == "hospital"]
    for place in hospitals:
        item = heard.get(place.code)
        last = item.last if item else None
        if last is None:
            state, tone = _("从未联系"), ""
        elif clock.now() - last > _QUIET:
            state, tone = _("超过一天没有联系"), "warn"
        else:
            state, tone = _("正常"), "good"
        rows.append(
            NodeRow(
                place.name,
                place.code,
                last,
                item.deposit if item else None,
                item.refusal if item else None,
                state,
                tone,
            )
        )
    return render(request, "records/nodes.jinja", {"rows": rows})


def _by_day(found: Figures) -> list[DayRow]:
    sums: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0])
    for row in found.days:
        sums[row.day][0] += row.deposited
        sums[row.day][1] += row.refused
    span = (found.until - found.since).days + 1
    all_days = [found.since + timedelta(days=at) for at in range(span)]
    return [DayRow(day, *sums[day]) for day in all_days]


def _by_hospital(found: Figures) -> list[HospitalRow]:
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in found.days:
        line = sums[row.institution_name]
        line[0] += row.deposited
        line[1] += row.refused
        line[2] += row.bytes
    return [
        HospitalRow(name, good, bad, f"{bad / (good + bad):.1%}" if good + bad else "—", size)
        for name, (good, bad, size) in sorted(sums.items(), key=lambda pair: -pair[1][0])
    ]


def _refusal(item: RefusalSummary) -> dict[str, Any]:
    failed = [check for check in item.report.get("checks", []) if check["result"] == "failed"]
    faults = [fault for check in failed for fault in check["faults"]]
    return {
        "id": item.id,
        "at": item.refused_at,
        "place": item.institution_name,
        "size": item.size,
        "failed": _("、").join(both(check) for check in failed) or _("、").join(item.reasons),
        "remedy": both(faults[0], "remedy") if faults else "",
    }


def _find_refusal(refusal_id: str) -> RefusalSummary:
    number = 1
    while True:
        page = records.refusals(page=number, size=100)
        for item in page.items:
            if item.id == refusal_id:
                return item
        if number >= page.pages:
            raise NotFound("no such refusal")
        number += 1


def _check_row(check: dict[str, Any]) -> dict[str, Any]:
    words = {"passed": _("通过"), "failed": _("未通过"), "not-run": _("未检测")}
    tones = {"passed": "good", "failed": "bad", "not-run": ""}
    return {
        "text": both(check),
        "result": words.get(check["result"], check["result"]),
        "tone": tones.get(check["result"], ""),
        "faults": [
            {
                "text": both(fault),
                "where": fault.get("where", ""),
                "remedy": both(fault, "remedy"),
            }
            for fault in check["faults"]
        ],
        "more": check.get("more", 0),
    }


def _property(name: str) -> str:
    return {
        "authenticity": _("真实性"),
        "integrity": _("完整性"),
        "usability": _("可用性"),
        "safety": _("安全性"),
    }.get(name, name)


def _check(code: str) -> str:
    """The name of a check, from any report that has it."""
    for item in records.refusals(size=100).items:
        for check in item.report.get("checks", []):
            if check["id"] == code:
                return both(check)
    return code


def _health() -> dict[str, Any]:
    door: Any = directory.ledger()
    begun = time.perf_counter()
    note = door.checkpoint()
    took = (time.perf_counter() - begun) * 1000
    point = checkpoint_of(note)
    recent, findings = [], []
    for index in range(max(0, point.size - 12), point.size):
        entry = door.entry(index)
        when = _moment(str(entry.fields.get("time", ""))[:19])
        recent.append(EntryRow(index, _kind(entry.kind), when))
    if point.size:
        receipt: Receipt = door.receipt(point.size - 1)
        leaf = door.entry(point.size - 1).leaf
        findings = lines(tuple(verify_receipt(leaf, receipt, log_key=door.key())))
    return {
        "answers": True,
        "took": f"{took:.0f}",
        "size": point.size,
        "origin": point.origin,
        "root": point.root.hex(),
        "recent": recent[::-1],
        "last": recent[-1].at if recent else None,
        "findings": findings,
        "sound": all(line.ok for line in findings),
        "note": note,
        **_evidence(),
    }


def _evidence() -> dict[str, Any]:
    """Long-term evidence: how many documents have it, and what needs somebody."""
    found = records.evidence_status()
    return {"evidence": found, "worries": [zh if chinese() else en for zh, en in found.warnings]}


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(f"{text}+00:00") if text else None


def _kind(kind: str) -> str:
    return {
        "deposit": _("归档"),
        "disclose": _("病历调阅"),
        "refuse": _("拒绝"),
        "consent": _("授权"),
        "policy": _("策略"),
        "export": _("导出"),
        "emergency": _("紧急调阅"),
        "identity": _("主索引"),
        "evidence": _("证据"),
    }.get(kind, kind)
