"""The operator's list of accounts (登录账户): reset a lost second factor, close an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from openrhip.directory.pages.words import role_text
from openrhip.kernel.errors import NotFound, Refused
from openrhip.site.accounts import signin
from openrhip.site.accounts.service import factors, staff
from openrhip.site.accounts.service.staff import AccountRow


@dataclass(frozen=True, slots=True)
class Row:
    """One account in the list."""

    id: int
    name: str
    full_name: str
    place: str
    roles: str
    state: str
    tone: str
    last: datetime | None
    active: bool
    has_factor: bool


@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    """Everyone who may sign in."""
    return render(request, "accounts/accounts.jinja", {"rows": [_row(a) for a in staff.accounts()]})


@require_http_methods(["GET", "POST"])
def account(request: HttpRequest, account_id: int) -> HttpResponse:
    """One account: what may be done to it, each a posted form with its own button."""
    found = next((item for item in staff.accounts() if item.id == account_id), None)
    if found is None:
        raise NotFound("no such account")
    own = request.visitor.account  # type: ignore[attr-defined]
    if request.method == "POST":
        if found.id == own:
            raise Refused("nobody resets or closes their own account")
        address = signin.address_of(request)
        if request.POST.get("deed") == "reset":
            factors.reset(account=found.id, by=own, address=address)
            messages.success(request, _("已重置。下次登录时重新绑定身份验证器。"))
        elif request.POST.get("deed") == "close":
            staff.close_account(account=found.id, by=own, address=address)
            messages.success(request, _("账户已停用。"))
        return redirect("accounts")
    context = {"row": _row(found), "own": found.id == own}
    return render(request, "accounts/account.jinja", context)


def _row(item: AccountRow) -> Row:
    if not item.active:
        state, tone = _("已停用"), ""
    elif item.has_factor:
        state, tone = _("正常"), "good"
    else:
        state, tone = _("未绑定第二要素"), "warn"
    return Row(
        id=item.id,
        name=item.name,
        full_name=item.full_name,
        place=item.place,
        roles=_("、").join(role_text(role) for role in item.roles),
        state=state,
        tone=tone,
        last=item.last_login,
        active=item.active,
        has_factor=item.has_factor,
    )
