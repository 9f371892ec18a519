"""The operator's view of the city (采集总览): the month, heat maps, persons with records."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from openrhip.collect import service as collect
from openrhip.collect.figures import CollectionFigures, figures, in_chinese_units
from openrhip.collect.pages import charts, heat, present, words
from openrhip.collect.pages.places import CONSOLE, asked_month, chooser, month_of
from openrhip.collect.rules.lines import PERSONS, Coverage, Silence
from openrhip.collect.rules.scoring import Scores
from openrhip.collect.rules.sheets import sheet
from openrhip.collect.rules.tables import Catalogue, Owner
from openrhip.collect.service import doors
from openrhip.directory.pages.asked import AskedRequest
from openrhip.directory.pages.words import chinese
from openrhip.kernel.errors import NotFound
from openrhip.kernel.periods import Month

FIRST = 8  # silent tables, oddities and refused batches that are shown before the rest is folded


@require_safe
def overview(request: AskedRequest) -> HttpResponse:
    """The month of the whole city, and what needs somebody now."""
    month = month_of(request)
    found = collect.coverage_of(month)
    told = figures(month, found=found, count=False)
    catalogue = doors.catalogue()
    names = {line.unit: line.name for line in found.lines}
    refused, newest = collect.refused_today(most=FIRST)
    context = {
        "tabs": CONSOLE.tabs(request),
        "chooser": chooser(month),
        "month": month,
        "found": found,
        "started": found.until >= date(month.year, month.month, 1),
        "cumulative": _amount(told.cumulative),
        "rows": _amount(told.rows),
        "city": present.rates(found.city, None, found.limits),
        "complete": _city(found.city),
        "sending": sum(line.uploaded > 0 for line in found.lines),
        "waiting": collect.waiting(),
        "refused": refused,
        "refused_rows": [present.batch_row(one, CONSOLE, catalogue, names) for one in newest],
        "silent_units": [one for one in found.silent if not one.table],
        "silent_tables": _silent_tables(found.silent, catalogue),
        "oddities": [_oddity(one, month) for one in told.oddities],
        "faults": sum(line.open_faults for line in found.lines),
        "first": FIRST,
        **_tables(found, told),
        **_days(found),
    }
    return render(request, "collect/overview.jinja", context)


@require_safe
def figures_file(request: AskedRequest, month: str, form: str) -> HttpResponse:
    """Both tables of the bulletin as CSV or JSON."""
    del request
    told = figures(asked_month(month), count=False)
    if form == "json":
        text = json.dumps(told.as_dict(), ensure_ascii=False, indent=2)
        return download(text, f"collection-{told.month}.json", "application/json")
    if form != "csv":
        raise NotFound("no such form", where=form[:20])
    tables = (told.districts, told.hospitals)
    lines: list[tuple[Any, ...]] = []
    for table in tables:
        lines += [(table.heading,), table.columns, *table.filled, ()]
    text = sheet(lines[0], lines[1:])
    return download(text, f"collection-{told.month}.csv", "text/csv; charset=utf-8")


@require_safe
def heat_maps(request: AskedRequest) -> HttpResponse:
    """Units by day, or tables by unit for one kind of unit."""
    month = month_of(request)
    shown = request.GET.get("by", "day")
    kind = Owner.DISTRICT if shown == "district" else Owner.HOSPITAL
    by_table = shown in (Owner.DISTRICT.value, Owner.HOSPITAL.value)
    found = collect.coverage_of(month, owner=kind if by_table else None)
    made = (
        heat.units_by_table(found, doors.catalogue(), kind)
        if by_table
        else heat.units_by_day(found, CONSOLE)
    )
    context = {
        "tabs": CONSOLE.tabs(request),
        "chooser": chooser(month, f"?by={kind.value if by_table else 'day'}&month={{}}"),
        "map": made,
        "signs": heat.share_legend(),
        "by": kind.value if by_table else "day",
        "until": found.until,
        "started": found.until >= date(month.year, month.month, 1),
    }
    return render(request, "collect/heat.jinja", context)


@require_safe
def persons(request: AskedRequest) -> HttpResponse:
    """Persons with health records, cumulative to the end of a month, by district."""
    month = month_of(request)
    found = collect.coverage_of(month, owner=Owner.DISTRICT)
    rows = [(line, tuple(line.person_count(kind) or 0 for kind in PERSONS)) for line in found.lines]
    rows.sort(key=lambda row: (-row[1][0], row[0].unit))
    totals: defaultdict[Month, dict[str, int]] = defaultdict(dict)
    for one in collect.person_totals(until=month):
        totals[one.month][one.kind] = one.persons
    context = {
        "tabs": CONSOLE.tabs(request),
        "chooser": chooser(month),
        "month": month,
        "kinds": [words.person_text(kind) for kind in PERSONS],
        "rows": [(line.name, CONSOLE.home(line.unit, month), counts) for line, counts in rows],
        "sums": tuple(sum(counts[at] for _line, counts in rows) for at in range(len(PERSONS))),
        "chart": charts.lying([(line.name, counts) for line, counts in rows]),
        "counted": any(line.persons for line in found.lines),
        "months_rows": [
            (str(one), tuple(counts.get(kind, 0) for kind in PERSONS))
            for one, counts in sorted(totals.items(), reverse=True)
        ],
    }
    return render(request, "collect/persons.jinja", context)


@require_safe
def unit_now(request: AskedRequest, code: str) -> HttpResponse:
    """To the unit's page of the month asked for."""
    return redirect("collection-unit-month", code, month_of(request))


def download(text: str, name: str, kind: str) -> HttpResponse:
    """A file to be kept."""
    response = HttpResponse(text, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _tables(found: Coverage, told: CollectionFigures) -> dict[str, Any]:
    rows = {
        owner: [
            present.line_row(line, found, CONSOLE) for line in found.lines if line.owner is owner
        ]
        for owner in Owner
    }
    return {
        "districts": rows[Owner.DISTRICT],
        "hospitals": rows[Owner.HOSPITAL],
        "headings": {
            "districts": told.districts.heading if chinese() else _("各区采集情况"),
            "hospitals": told.hospitals.heading if chinese() else _("各医院采集情况"),
        },
        "kinds": [words.person_text(kind) for kind in PERSONS],
    }


def _days(found: Coverage) -> dict[str, Any]:
    sums: dict[date, list[int]] = {day: [0, 0] for day in found.month.days()}
    for cells in found.days.values():
        for cell in cells:
            sums[cell.day][0] += cell.rows
            sums[cell.day][1] += cell.quarantined
    days = [(day, good, bad) for day, (good, bad) in sums.items()]
    return {
        "chart": charts.rows_by_day(days),
        "days": [one for one in days if one[0] <= found.until],
    }


def _amount(number: int) -> str:
    return in_chinese_units(number) if chinese() else f"{number:,}"


def _city(scores: Scores | None) -> str:
    return words.percent(scores.completeness if scores else None)


def _oddity(one: Any, month: Month) -> dict[str, str]:
    return {
        "name": one.name,
        "href": CONSOLE.home(one.unit, month),
        "what": present.said(one),
        "todo": present.said(one, "fix_"),
    }


def _silent_tables(silent: tuple[Silence, ...], catalogue: Catalogue) -> list[dict[str, Any]]:
    """Silent tables by unit: the names of the tables, the longest silence."""
    found: defaultdict[tuple[str, str], list[Silence]] = defaultdict(list)
    for one in silent:
        if one.table:
            found[one.unit, one.name].append(one)
    return [
        {
            "unit": unit,
            "name": name,
            "count": len(ones),
            "tables": words.listed(present.table_names([one.table for one in ones], catalogue), 4),
            "days": max(one.days or 0 for one in ones),
        }
        for (unit, name), ones in found.items()
    ]
