"""The catalogue for units' developers (采集目录): tables, value sets, sample files."""

from __future__ import annotations

import csv
import io
from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from openrhip.collect import service as collect
from openrhip.collect.catalogue import describing
from openrhip.collect.catalogue.describing import Words
from openrhip.collect.pages import heat, words
from openrhip.collect.pages.console import download
from openrhip.collect.pages.forms import TableFilter
from openrhip.collect.pages.places import CONSOLE, Place, Tab, desk_of
from openrhip.collect.rules.tables import Catalogue, Owner, Table, ValueSet
from openrhip.collect.service import doors
from openrhip.directory.pages.asked import AskedRequest
from openrhip.directory.pages.words import chinese
from openrhip.directory.service import Role
from openrhip.kernel import clock
from openrhip.kernel.errors import NotFound
from openrhip.kernel.periods import city_day

SAMPLE_ROWS = 100
MOST_CODES = 2_000


@require_safe
def tables(request: AskedRequest) -> HttpResponse:
    """Tables by domain, of districts, hospitals or both."""
    known = doors.catalogue()
    place = _place(request)
    domains = [domain for domain, _ in heat.by_domain(known.tables.values())]
    form = TableFilter(request.GET or None, domains=domains)
    owner, domain = form.chosen()
    if owner is None and place and place.unit and not form.is_bound:
        owner = collect.unit(place.unit).owner
        form.initial["owner"] = owner.value
    wanted = [
        table
        for table in known.tables.values()
        if (owner is None or owner in table.owed_by) and domain in ("", table.domain)
    ]
    declared = set(collect.declared(place.unit)) if place and place.unit else None
    context = {
        "tabs": _tabs(request, place),
        "form": form,
        "total": len(wanted),
        "groups": [
            (words.domain_text(name), [_row(table, declared) for table in found])
            for name, found in heat.by_domain(wanted)
        ],
        "owed": [(words.owner_text(one), len(known.owed(one))) for one in Owner],
    }
    return render(request, "collect/catalogue.jinja", context)


@require_safe
def table(request: AskedRequest, code: str) -> HttpResponse:
    """Everything a unit's developer needs to send a table."""
    known = doors.catalogue()
    told = describing.describe(_table(known, code), known, _sample_day())
    context = {
        "tabs": _tabs(request, _place(request)),
        "d": told,
        "name": words.named(told.table),
        "purpose": told.table.purpose_zh if chinese() else told.table.purpose_en,
        "pick": _pick,
        "named": words.named,
        "types": {line.column.name: words.type_text(line.column.type) for line in told.columns},
        "kept": {
            line.column.name: words.personal_text(line.column.personal) for line in told.columns
        },
        "severity": words.severity_text,
        "tone": words.severity_tone,
        "domain": words.domain_text(told.table.domain),
        "file_of": file_of,
        "rows": SAMPLE_ROWS,
        "others": {code: words.named(one) for code, one in known.tables.items()},
    }
    return render(request, "collect/table.jinja", context)


@require_safe
def sample(request: AskedRequest, code: str) -> HttpResponse:
    """Made-up rows that pass every rule, as a unit would send them."""
    del request
    known = doors.catalogue()
    made = describing.example(_table(known, code), known, _sample_day(), SAMPLE_ROWS)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(made.column_names)
    texts = ([value or "" for value in column.to_pylist()] for column in made.columns)
    writer.writerows(zip(*texts, strict=True))
    return download(out.getvalue(), f"{code}-sample.csv", "text/csv; charset=utf-8")


@require_safe
def values(request: AskedRequest) -> HttpResponse:
    """All value sets, with the tables that use them counted."""
    known = doors.catalogue()
    used: dict[str, int] = {}
    for one in known.tables.values():
        for key in {column.values for column in one.columns if column.values}:
            used[key] = used.get(key, 0) + 1
    asked = request.GET.get("q", "").strip()[:60]
    found = [
        one for _key, one in sorted(known.values.items()) if not asked or _speaks_of(one, asked)
    ]
    context = {
        "tabs": _tabs(request, _place(request)),
        "asked": asked,
        "total": len(found),
        "rows": [
            {
                "file": file_of(one.key),
                "key": one.key,
                "name": _name(one),
                "codes": len(one.codes),
                "complete": one.complete,
                "used": used.get(one.key, 0),
                "source": one.source,
            }
            for one in found
        ],
    }
    return render(request, "collect/values.jinja", context)


@require_safe
def value_set(request: AskedRequest, name: str) -> HttpResponse:
    """The codes of a value set, and who uses it."""
    known = doors.catalogue()
    found = next((one for key, one in known.values.items() if file_of(key) == name), None)
    if found is None:
        raise NotFound("no such value set", where=name[:60])
    users = [
        (
            code,
            words.named(one),
            [column.name for column in one.columns if column.values == found.key],
        )
        for code, one in sorted(known.tables.items())
        if any(column.values == found.key for column in one.columns)
    ]
    context = {
        "tabs": _tabs(request, _place(request)),
        "set": found,
        "name": _name(found),
        "codes": found.codes[:MOST_CODES],
        "left": max(0, len(found.codes) - MOST_CODES),
        "users": users,
    }
    return render(request, "collect/value_set.jinja", context)


def file_of(key: str) -> str:
    """A value set in an address: GB/T 2261.1 → GB-T-2261.1."""
    return key.replace("/", "-").replace(" ", "-")


def _place(request: AskedRequest) -> Place | None:
    """Where the visitor came from: the console, a unit's desk, or neither."""
    roles = request.actor.roles
    if Role.OPERATOR in roles:
        return CONSOLE
    if Role.DATA_MANAGER not in roles:
        return None
    try:
        return desk_of(request)
    except NotFound:
        return None


def _tabs(request: AskedRequest, place: Place | None) -> tuple[Tab, ...]:
    return place.tabs(request) if place else ()


def _row(table: Table, declared: set[str] | None) -> dict[str, object]:
    return {
        "code": table.code,
        "name": words.named(table),
        "purpose": table.purpose_zh if chinese() else table.purpose_en,
        "owners": words.owners_text(table.owed_by),
        "period": words.period_text(table.period),
        "columns": len(table.columns),
        "declared": declared is not None and table.code in declared,
    }


def _table(known: Catalogue, code: str) -> Table:
    found = known.tables.get(code)
    if found is None:
        raise NotFound("no such table in the catalogue", where=code[:60])
    return found


def _sample_day() -> date:
    return city_day(clock.now())


def _pick(item: Words) -> str:
    return item.zh if chinese() else item.en


def _name(item: ValueSet) -> str:
    return item.zh if chinese() else item.en


def _speaks_of(item: ValueSet, asked: str) -> bool:
    low = asked.lower()
    return any(low in text.lower() for text in (item.key, item.zh, item.en, item.source))
