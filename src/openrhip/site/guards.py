"""Who may open a page (准入): said once per route, in `urls.py`, next to its address."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from openrhip.directory.rules.access import Role
from openrhip.site import errors
from openrhip.site.accounts import rules, signin
from openrhip.site.accounts.rules import Kind
from openrhip.site.accounts.service import throttle, trail

View = Callable[..., HttpResponseBase]


def open_to_all(view: View) -> View:
    """A page without sign-in; says so explicitly."""
    return _marked(view, lambda _request: None)


def citizen(view: View) -> View:
    """A citizen's own page."""
    return _marked(view, lambda request: _wants(request, Kind.CITIZEN, "sign-in"))


def staff(*roles: Role) -> Callable[[View], View]:
    """A page for staff with one of the roles; none named: any staff."""

    def check(request: HttpRequest) -> HttpResponseBase | None:
        turned_away = _wants(request, Kind.STAFF, "staff-sign-in")
        if turned_away is None and roles and not request.visitor.may(*roles):  # type: ignore[attr-defined]
            return errors.page(request, 403)
        return turned_away

    return lambda view: _marked(view, check)


def counted_search(view: View) -> View:
    """Posted searches for people are noted and limited, found or not."""

    @wraps(view)
    def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST":
            account = request.visitor.account  # type: ignore[attr-defined]
            free = throttle.try_once(
                what="search", who=str(account), limit=rules.SEARCHES_PER_ACCOUNT
            )
            address = signin.address_of(request)
            trail.note(kind=trail.SEARCH, ok=free, address=address, account=account)
            if not free:
                return errors.page(request, 429, _("一小时内查找的患者过多，请稍后再试。"))
        return view(request, *args, **kwargs)

    return counted


def _wants(request: HttpRequest, kind: Kind, door: str) -> HttpResponseBase | None:
    visitor = request.visitor  # type: ignore[attr-defined]
    if visitor.kind is kind:
        return None
    if visitor.kind is Kind.NOBODY and request.method == "GET":
        return HttpResponseRedirect(f"{reverse(door)}?next={quote(request.get_full_path())}")
    return errors.page(request, 403)


def _marked(view: View, check: Callable[[HttpRequest], HttpResponseBase | None]) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return check(request) or view(request, *args, **kwargs)

    guarded.guard = check  # type: ignore[attr-defined]  # a test asks every route for it
    return guarded
