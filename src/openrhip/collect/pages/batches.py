"""Batches (批次): the list, one batch with its report, and its files."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from openrhip.collect import service as collect
from openrhip.collect.pages import present, words
from openrhip.collect.pages.console import download
from openrhip.collect.pages.forms import BatchFilter
from openrhip.collect.pages.places import CONSOLE, Place, chooser, month_of
from openrhip.collect.rules.states import BatchState, State
from openrhip.collect.service import doors
from openrhip.directory import service as directory
from openrhip.directory.pages.asked import AskedRequest
from openrhip.directory.pages.paging import page_number, pages_of
from openrhip.directory.pages.words import chinese
from openrhip.kernel.errors import NotFound, Problem
from openrhip.ledger.rules import Receipt, verify_receipt

CSV = "text/csv; charset=utf-8"


@require_safe
def batches(request: AskedRequest) -> HttpResponse:
    """All units' batches."""
    return list_page(request, CONSOLE)


@require_safe
def batch(request: AskedRequest, batch_id: str) -> HttpResponse:
    """One batch."""
    return batch_page(request, CONSOLE, batch_id)


@require_safe
def batch_file(request: AskedRequest, batch_id: str, name: str) -> HttpResponseBase:
    """One of its files."""
    del request
    return file_of(CONSOLE, batch_id, name)


def list_page(request: AskedRequest, place: Place) -> HttpResponse:
    """Newest first, filtered by unit, table, state and month."""
    catalogue = doors.catalogue()
    months = chooser(month_of(request))
    form = BatchFilter(request.GET or None, place=place, catalogue=catalogue, months=months)
    chosen = form.chosen()
    if place.unit:
        chosen["unit"] = place.unit
    day = _day(request.GET.get("day", ""))
    found = collect.batch_page(**chosen, day=day, number=page_number(request))
    names = {one.code: one.name for one in collect.units()}
    context = {
        "place": place,
        "tabs": place.tabs(request),
        "form": form,
        "day": day,
        "total": found.total,
        "rows": [present.batch_row(one, place, catalogue, names) for one in found.items],
        "paging": pages_of(request, found),
        "filtered": bool(chosen.keys() - {"unit"} or day or (chosen and not place.unit)),
    }
    return render(request, "collect/batches.jinja", context)


def batch_page(request: AskedRequest, place: Place, batch_id: str) -> HttpResponse:
    """States, counts, what was broken, files, receipt, and what came before and after."""
    state = of_place(place, batch_id)
    report = collect.report(batch_id)
    catalogue = doors.catalogue()
    names = {state.unit: report.unit_name}
    past = collect.history(state.unit, state.table, state.day)
    context = {
        "place": place,
        "tabs": place.tabs(request),
        "batch": state,
        "row": present.batch_row(state, place, catalogue, names),
        "unit_href": place.home(state.unit),
        "known": state.table in catalogue.tables,
        "said": present.report_view(report),
        "steps": [
            (words.state_text(one.state), words.state_tone(one.state), one.at, one.note)
            for one in collect.steps(batch_id)
        ],
        "refused": state.state is State.REFUSED,
        "waiting": not state.settled,
        "past": [present.batch_row(one, place, catalogue, names) for one in reversed(past)],
        "receipt": _receipt(state),
    }
    return render(request, "collect/batch.jinja", context)


def file_of(place: Place, batch_id: str, name: str) -> HttpResponseBase:
    """report.csv, report.json, rows.csv or receipt.json of a batch. Raises NotFound."""
    state = of_place(place, batch_id)
    stem = f"{state.unit}-{state.table}-{state.day:%Y%m%d}"
    if name == "report.csv":
        return download(collect.report_sheet(batch_id), f"{stem}-report.csv", CSV)
    if name == "report.json":
        text = json.dumps(collect.report(batch_id).as_dict(), ensure_ascii=False, indent=2)
        return download(text, f"{stem}-report.json", "application/json")
    if name == "receipt.json" and state.receipt:
        text = json.dumps(dict(state.receipt), ensure_ascii=False, indent=2)
        return download(text, f"{stem}-receipt.json", "application/json")
    if name != "rows.csv":
        raise NotFound("no such file of a batch", where=name[:40])
    response = StreamingHttpResponse(collect.rows_at_fault(batch_id), content_type=CSV)
    response["Content-Disposition"] = f'attachment; filename="{stem}-rows.csv"'
    return response


def of_place(place: Place, batch_id: str) -> BatchState:
    """The batch, if it may be seen here. Raises NotFound also for another unit's batch."""
    try:
        state = collect.batch(batch_id)
    except Problem as problem:
        raise NotFound("no such batch", where="batch") from problem
    if not place.owns(state.unit):
        raise NotFound("no such batch", where="batch")
    return state


def _receipt(state: BatchState) -> dict[str, Any] | None:
    """The ledger's receipt, checked on the spot where the ledger answers."""
    if not state.receipt:
        return None
    receipt = Receipt.from_dict(dict(state.receipt))
    shown: dict[str, Any] = {"log": receipt.log, "index": receipt.index, "lines": []}
    try:
        door: Any = directory.ledger()
        leaf = door.entry(receipt.index).leaf
        found = verify_receipt(leaf, receipt, log_key=door.key())
    except Problem:
        return shown | {"problem": _("账本此刻没有应答，回执稍后再核验。")}
    shown["lines"] = [(one.ok, one.text_zh if chinese() else one.text_en) for one in found]
    return shown


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
