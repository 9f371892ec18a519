"""Pages of the site itself: front door, accessibility statement."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def front(request: HttpRequest) -> HttpResponse:
    """The front door: citizens first, staff beside."""
    return render(request, "site/front.jinja")


def accessibility(request: HttpRequest) -> HttpResponse:
    """How the pages can be used by everyone, and whom to tell when they cannot."""
    return render(request, "site/accessibility.jinja")


def health(request: HttpRequest) -> HttpResponse:
    """For supervisors: the web process answers."""
    del request
    return HttpResponse("ok\n", content_type="text/plain")
