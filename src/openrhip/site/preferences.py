"""Language and view (语言、长辈版), kept in cookies so that they outlive the session."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

LANGUAGE_COOKIE = "language"
VIEW_COOKIE = "view"
ELDER = "elder"
_YEAR = 365 * 24 * 3600


def language_of(text: str) -> str:
    """The language asked for, or Chinese."""
    return "en" if text == "en" else "zh-hans"


def elder_view(request: HttpRequest) -> bool:
    return request.COOKIES.get(VIEW_COOKIE) == ELDER


def safe_next(request: HttpRequest, fallback: str = "/") -> str:
    """Where to go on to: an address of this site, never another's."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return wanted
    return fallback


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep what was chosen and go back to the page."""
    response = HttpResponseRedirect(safe_next(request))
    if "language" in request.POST:
        _keep(response, LANGUAGE_COOKIE, language_of(request.POST["language"]))
    if "view" in request.POST:
        _keep(response, VIEW_COOKIE, ELDER if request.POST["view"] == ELDER else "normal")
    return response


def _keep(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=_YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
