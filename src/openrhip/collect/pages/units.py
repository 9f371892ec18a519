"""A unit's month (单位的采集情况): scores, heat map, open faults, batches; and its faults."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from openrhip.collect import service as collect
from openrhip.collect.pages import heat, present, words
from openrhip.collect.pages.charts import rows_by_day
from openrhip.collect.pages.console import download
from openrhip.collect.pages.forms import ConfirmForm, FaultFilter
from openrhip.collect.pages.places import (
    CONSOLE,
    Place,
    asked_month,
    chooser,
    first_day,
    month_of,
    month_text,
)
from openrhip.collect.rules.lines import Coverage, Line, TableCell
from openrhip.collect.rules.tables import Catalogue, Period
from openrhip.collect.service import doors
from openrhip.collect.service.faults import Fault
from openrhip.directory.pages.asked import AskedRequest
from openrhip.directory.pages.charts import daily_chart
from openrhip.kernel.errors import NotFound
from openrhip.kernel.periods import Month

LAST = 6  # batches and faults shown on a unit's page


@require_safe
def unit_month(request: AskedRequest, code: str, month: str) -> HttpResponse:
    """The operator's look at a unit."""
    return month_page(request, CONSOLE, code, asked_month(month))


def month_page(request: AskedRequest, place: Place, code: str, month: Month) -> HttpResponse:
    """Everything about a unit's month. Raises NotFound."""
    found = collect.coverage_of(month, unit=code)
    line = found.lines[0]
    catalogue = doors.catalogue()
    faults = collect.fault_groups(unit=code)
    batches = collect.batch_page(unit=code, month=month)
    cells = collect.table_days(unit=code, month=month)
    address = place.home(code, month).replace(str(month), "{}")
    context = {
        "place": place,
        "tabs": place.tabs(request),
        "chooser": chooser(month, address),
        "month": month,
        "month_text": month_text(month),
        "line": line,
        "until": found.until,
        "started": found.until >= first_day(month),
        "rates_of": present.rates(line.scores, line, found.limits),
        "map": heat.tables_by_day(found, line, cells, catalogue, place),
        "signs": heat.cell_legend(),
        "others": _others(found, line, catalogue),
        "faults": [present.fault_row(one, place, catalogue) for one in faults[:LAST]],
        "fault_count": len(faults),
        "batches": [
            present.batch_row(one, place, catalogue, {code: line.name})
            for one in batches.items[:LAST]
        ],
        "batch_total": batches.total,
        "persons": [(words.person_text(kind), count) for kind, count in line.persons],
        **_charts(found, line),
        **_lists(found, line, catalogue),
    }
    return render(request, "collect/unit.jinja", context)


@require_safe
def faults(request: AskedRequest) -> HttpResponse:
    """Open faults of all units."""
    return faults_page(request, CONSOLE)


def faults_page(request: AskedRequest, place: Place) -> HttpResponse:
    """Open faults by unit and rule, or each by itself as CSV."""
    months = chooser(month_of(request))
    form = FaultFilter(request.GET or None, place=place, months=months)
    chosen = form.chosen()
    unit = place.unit or chosen.get("unit")
    month = chosen.get("month")
    if request.GET.get("as") == "csv":
        text = collect.faults_sheet(collect.list_faults(unit=unit, month=month))
        return download(text, "faults.csv", "text/csv; charset=utf-8")
    catalogue = doors.catalogue()
    groups = list(collect.fault_groups(unit=unit, month=month))
    if unit is None:
        groups.sort(key=lambda one: (one.severity != "error", one.first_at, one.unit))
    context = {
        "place": place,
        "tabs": place.tabs(request),
        "form": form,
        "rows": [present.fault_row(one, place, catalogue) for one in groups[:SHOWN]],
        "total": len(groups),
        "errors": sum(one.severity == "error" for one in groups),
        "old": sum(one.days_open >= present.OLD for one in groups),
        "csv": place.faults(**{"unit": unit, "month": month, "as": "csv"}),
    }
    return render(request, "collect/faults.jinja", context)


SHOWN = 200  # rules broken on one page; the sheet has all of them


@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: AskedRequest, code: str, rule: str) -> HttpResponse:
    """A rule that a unit broke."""
    return rule_page(request, CONSOLE, code, rule)


def rule_page(request: AskedRequest, place: Place, code: str, rule: str) -> HttpResponse:
    """The days on which a unit's data breaks a rule; findings may be confirmed. Raises NotFound."""
    unit = collect.unit(code)
    found = collect.list_faults(unit=code, rule=rule[:200])
    if not found:
        return render(
            request,
            "collect/rule_done.jinja",
            {"place": place, "tabs": place.tabs(request), "unit": unit, "rule": rule[:200]},
        )
    form = ConfirmForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        number = form.cleaned_data["fault"]
        if number not in {one.id for one in found}:
            raise NotFound("no such open fault", where="fault")
        collect.confirm_fault(
            fault=number, by=request.actor.staff_code, why=form.cleaned_data["why"]
        )
        messages.success(request, _("已确认并记下理由。"))
        return redirect(request.path)
    catalogue = doors.catalogue()
    table = catalogue.tables.get(found[0].table)
    context = {
        "place": place,
        "tabs": place.tabs(request),
        "unit": unit,
        "form": form,
        "first": found[0],
        "table": words.named(table) if table else found[0].table,
        "known": table is not None,
        "what": present.said(found[0]),
        "todo": present.said(found[0], "fix_"),
        "severity": words.severity_text(found[0].severity),
        "tone": words.severity_tone(found[0].severity),
        "level": words.level_text(found[0].level),
        "is_row": found[0].level == "row",
        "confirmable": _confirmable(found[0]),
        "rows": [_fault(one, place) for one in found[:SHOWN]],
        "total": len(found),
    }
    return render(request, "collect/rule.jinja", context)


def _fault(one: Fault, place: Place) -> dict[str, Any]:
    return {
        "id": one.id,
        "day": one.day,
        "count": one.count,
        "what": present.said(one),
        "first": one.first_at,
        "age": one.days_open,
        "batch": place.batch(one.last_batch),
        "history": place.batches(unit=one.unit, table=one.table, day=one.day),
    }


def _confirmable(one: Fault) -> bool:
    return one.level != "row" and one.severity != "error"


def _charts(found: Coverage, line: Line) -> dict[str, Any]:
    """Daily tables in time and late against those due; and rows."""
    cells = list(found.days[line.unit])
    return {
        "days": [cell for cell in cells if cell.day <= found.until],
        "tables_chart": daily_chart(
            [(cell.day, cell.timely, max(0, cell.tables - cell.timely)) for cell in cells]
        ),
        "rows_chart": rows_by_day([(cell.day, cell.rows, cell.quarantined) for cell in cells]),
        "due": max((cell.expected for cell in cells), default=0),
    }


def _lists(found: Coverage, line: Line, catalogue: Catalogue) -> dict[str, Any]:
    unasked = [cell.table for cell in found.tables[line.unit] if not heat.asked(line, cell)]
    return {
        "unasked": present.table_names(unasked, catalogue),
        "not_sent": present.table_names(line.not_sent, catalogue),
        "not_declared": present.table_names(line.not_declared, catalogue),
        "empty_tables": present.table_names(line.empty, catalogue),
    }


def _others(found: Coverage, line: Line, catalogue: Catalogue) -> list[dict[str, Any]]:
    """Monthly tables and registers: no days, only whether they came."""
    return [
        {
            "code": cell.table,
            "name": words.named(catalogue.tables[cell.table]),
            "period": words.period_text(catalogue.tables[cell.table].period),
            "state": _came(cell),
            "rows": cell.rows,
            "quarantined": cell.quarantined,
            "last": cell.last,
        }
        for cell in found.tables[line.unit]
        if heat.asked(line, cell)
        and cell.table in catalogue.tables
        and catalogue.tables[cell.table].period is not Period.DAY
    ]


def _came(cell: TableCell) -> tuple[str, str]:
    if cell.days:
        return (_("已到"), "good")
    if cell.expected:
        return (_("应到未到"), "bad")
    return (_("未到期"), "") if cell.declared or cell.owed else (_("不要求"), "")
