"""What surrounds every page: headers, language and view, the visitor, problems as pages."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from openrhip.kernel import clock
from openrhip.kernel.errors import NotFound, Problem, Refused
from openrhip.site import errors
from openrhip.site.accounts import signin
from openrhip.site.accounts.rules import Kind, Visitor, idle_limit
from openrhip.site.preferences import LANGUAGE_COOKIE, elder_view, language_of

Answer = Callable[[HttpRequest], HttpResponse]
_log = logging.getLogger(__name__)

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
_NOTE_EVERY = timedelta(minutes=1)


class SecurityHeaders:
    """Headers that no view may forget. Personal pages are not kept by caches."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.answer(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()"
        )
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class Proxies:
    """What a proxy says of the client counts only if it comes from a proxy that is named."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.META.get("REMOTE_ADDR", "") not in settings.TRUSTED_PROXIES:
            for name in ("HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST"):
                request.META.pop(name, None)
        return self.answer(request)


class Preferences:
    """Chinese unless the visitor chose English: the browser's own language does not decide."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        code = language_of(request.COOKIES.get(LANGUAGE_COOKIE, ""))
        request.LANGUAGE_CODE = code
        with translation.override(code):
            return self.answer(request)


class Visitors:
    """Puts the visitor on the request and ends sessions that idled too long."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        visitor = Visitor()
        if not request.path.startswith(settings.STATIC_URL):
            try:
                visitor = signin.visitor_of(request)
            except (NotFound, Refused):
                logout(request)
        if visitor.kind is not Kind.NOBODY and self._idled(request, visitor):
            logout(request)
            request.session["ended"] = visitor.kind.value
            visitor = Visitor()
        request.visitor = visitor  # type: ignore[attr-defined]
        request.actor = visitor.actor  # type: ignore[attr-defined]
        request.elder = elder_view(request)  # type: ignore[attr-defined]
        return self.answer(request)

    def _idled(self, request: HttpRequest, visitor: Visitor) -> bool:
        now = clock.now()
        text = request.session.get("seen")
        seen = datetime.fromisoformat(text) if text else now
        if now - seen > idle_limit(visitor.kind):
            return True
        if not text or now - seen > _NOTE_EVERY:
            request.session["seen"] = now.isoformat()
        return False


class Problems:
    """A typed problem becomes a page with its sentence and its status."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Problem):
            return None
        if error.status >= 500:
            _log.error("%s at %s: %s", error.code, request.resolver_match, error)
        return errors.problem(request, error)
