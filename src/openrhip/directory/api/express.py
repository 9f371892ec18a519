"""A short way for machines (快速通道): API requests need neither sessions nor languages nor pages.

First in MIDDLEWARE, it answers what lies under /api/ at once, with its own few headers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from openrhip.directory.api.door import answer_problem, problem_json
from openrhip.kernel.errors import NotFound, Problem

PREFIX = "/api/"
_log = logging.getLogger(__name__)


class Express:
    """Middleware: calls the view of an API address directly."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIX):
            return self.answer(request)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return answer_problem(request, NotFound("no such address", where="path"))
        request.resolver_match = match
        try:
            response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        except Problem as problem:
            return answer_problem(request, problem)
        except Exception:  # noqa: BLE001 - a machine gets JSON whatever happens
            _log.exception("an API request failed unexpectedly")
            return problem_json(500, {"code": "failed", "what": "the centre failed; try again"})
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Cache-Control", "no-store")
        return response
