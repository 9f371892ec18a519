"""The two exchanges of a passkey (通行密钥), called by static/site/passkeys.mjs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from openrhip.kernel.errors import Problem
from openrhip.site.accounts import signin
from openrhip.site.accounts.pages.forms import PasskeyForm
from openrhip.site.accounts.pages.staff import arrive
from openrhip.site.accounts.service import passkeys

_CHALLENGE = "passkey"


@require_POST
def options(request: HttpRequest) -> HttpResponse:
    """What the browser is asked: to sign in during step two, to register when signed in."""
    if account := signin.pending(request):
        asked = passkeys.sign_in_options(account=account)
    elif account := request.visitor.account:  # type: ignore[attr-defined]
        asked = passkeys.registration_options(account=account)
    else:
        return _problem(_("登录已经过期，请重新登录。"), 403)
    request.session[_CHALLENGE] = asked.challenge
    return HttpResponse(asked.json, content_type="application/json")


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Step two by passkey."""
    account, challenge = signin.pending(request), request.session.pop(_CHALLENGE, "")
    form = PasskeyForm(request.POST)
    if not account or not challenge or not form.is_valid():
        return _problem(_("登录已经过期，请重新登录。"), 403)
    if not passkeys.check(
        account=account,
        challenge=challenge,
        answer=form.cleaned_data["answer"],
        address=signin.address_of(request),
    ):
        return _problem(_("通行密钥没有通过验证。可以改用动态码。"), 422)
    return JsonResponse({"next": arrive(request, account)})


@require_POST
def register(request: HttpRequest) -> HttpResponse:
    """Bind a passkey to the account that is signed in."""
    account, challenge = request.visitor.account, request.session.pop(_CHALLENGE, "")  # type: ignore[attr-defined]
    form = PasskeyForm(request.POST)
    if not account or not challenge or not form.is_valid():
        return _problem(_("登录已经过期，请重新登录。"), 403)
    try:
        passkeys.register(
            account=account,
            challenge=challenge,
            answer=form.cleaned_data["answer"],
            label=form.cleaned_data["label"],
            address=signin.address_of(request),
        )
    except Problem:
        return _problem(
            _("这个通行密钥不能登记：浏览器的回答与平台的请求不符，或者已经登记过。"), 422
        )
    return JsonResponse({"next": "/staff/security/"})


def _problem(text: str, status: int) -> JsonResponse:
    return JsonResponse({"problem": text}, status=status)
