"""Between sessions and accounts: what a session carries, and how it becomes a visitor."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest

from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.site.accounts import rules
from openrhip.site.accounts.rules import Visitor
from openrhip.site.accounts.service import citizens, staff

_CITIZEN = "citizen"
_PENDING = "pending"
_BACKEND = "django.contrib.auth.backends.ModelBackend"


def visitor_of(request: HttpRequest) -> Visitor:
    """Who the session says this is. Raises NotFound or Refused for one who is no more."""
    if person := request.session.get(_CITIZEN):
        return citizens.visitor(person)
    if request.user.is_authenticated:
        return staff.visitor(int(request.user.pk))
    return Visitor()


def address_of(request: HttpRequest) -> str:
    """The caller's network address; only a trusted proxy is believed when it names another."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    if address in settings.TRUSTED_PROXIES:
        named = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")[-1].strip()
        return (named or address)[:64]
    return address[:64]


def start_second_step(request: HttpRequest, account: int) -> None:
    """Remember that the password was right; the key of the session changes."""
    request.session.flush()
    request.session[_PENDING] = {"account": account, "at": clock.now().isoformat()}


def pending(request: HttpRequest) -> int:
    """The account between its two steps, 0 if none or too long ago."""
    kept: dict[str, Any] = request.session.get(_PENDING) or {}
    if not kept:
        return 0
    if clock.now() - datetime.fromisoformat(kept["at"]) > rules.STEP_LIFETIME:
        del request.session[_PENDING]
        return 0
    return int(kept["account"])


def finish_staff(request: HttpRequest, account: int) -> Visitor:
    """Both steps are done: the session becomes the account's, under a new key."""
    request.session.flush()
    with writing():
        auth.login(request, staff.user(account), backend=_BACKEND)
    return staff.visitor(account)


def finish_citizen(request: HttpRequest, person: str) -> Visitor:
    """The code was right: the session becomes the citizen's, under a new key."""
    visitor = citizens.visitor(person)
    request.session.flush()
    request.session[_CITIZEN] = person
    request.session.cycle_key()
    return visitor
