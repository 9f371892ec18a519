"""A unit's own desk (本单位采集): the same pages as the operator's, of this unit alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from openrhip.collect.pages import batches as batch_pages
from openrhip.collect.pages import units
from openrhip.collect.pages.places import Place, asked_month, desk_of, month_of
from openrhip.directory.pages.asked import AskedRequest
from openrhip.kernel.errors import NotFound

View = Callable[..., HttpResponseBase]


def _own(view: View) -> View:
    """The view gets the desk of the visitor's unit; who has none is told what to do."""

    @wraps(view)
    def shown(request: AskedRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            place = desk_of(request)
        except NotFound:
            return render(request, "collect/no_unit.jinja", status=404)
        return view(request, place, *args, **kwargs)

    return shown


@require_safe
@_own
def home(request: AskedRequest, place: Place) -> HttpResponse:
    """This month, or the one asked for."""
    return units.month_page(request, place, place.unit, month_of(request))


@require_safe
@_own
def month(request: AskedRequest, place: Place, month: str) -> HttpResponse:
    return units.month_page(request, place, place.unit, asked_month(month))


@require_safe
@_own
def faults(request: AskedRequest, place: Place) -> HttpResponse:
    return units.faults_page(request, place)


@require_http_methods(["GET", "HEAD", "POST"])
@_own
def rule(request: AskedRequest, place: Place, rule: str) -> HttpResponse:
    return units.rule_page(request, place, place.unit, rule)


@require_safe
@_own
def batches(request: AskedRequest, place: Place) -> HttpResponse:
    return batch_pages.list_page(request, place)


@require_safe
@_own
def batch(request: AskedRequest, place: Place, batch_id: str) -> HttpResponse:
    return batch_pages.batch_page(request, place, batch_id)


@require_safe
@_own
def batch_file(request: AskedRequest, place: Place, batch_id: str, name: str) -> HttpResponseBase:
    del request
    return batch_pages.file_of(place, batch_id, name)
