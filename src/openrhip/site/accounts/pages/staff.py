"""Staff sign in: password, then the second factor; enrolment at the first sign-in (职工登录)."""

from __future__ import annotations

import base64

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from openrhip.kernel.errors import Malformed
from openrhip.site.accounts import rules, signin
from openrhip.site.accounts.pages.forms import (
    EnrolForm,
    PasswordForm,
    SecondStepForm,
    StaffForm,
)
from openrhip.site.accounts.service import factors, keys, passkeys, staff, trail
from openrhip.site.context import home_of
from openrhip.site.preferences import safe_next

_ENROL = "enrol"


@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Step one: account and password."""
    form = StaffForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        account = staff.check_password(
            name=form.cleaned_data["name"],
            password=form.cleaned_data["password"],
            address=signin.address_of(request),
        )
        if account is not None:
            onward = safe_next(request, "")
            signin.start_second_step(request, account.id)
            request.session["next"] = onward
            return redirect("second-step" if account.has_factor else "enrol")
        form.add_error(
            None,
            _("账户名或口令不正确。多次出错后，账户会暂停登录 15 分钟。"),
        )
    context = {
        "form": form,
        "ended": request.session.pop("ended", ""),
        "next": safe_next(request, ""),
    }
    return render(request, "accounts/staff_sign_in.jinja", context)


@require_http_methods(["GET", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """Step two: the app's code or a recovery code; the passkey's answer comes as JSON."""
    account = signin.pending(request)
    if not account:
        return redirect("staff-sign-in")
    known = staff.account(account)
    if not known.has_factor:
        return redirect("enrol")
    form = SecondStepForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed, address = rules.tidy_code(form.cleaned_data["code"]), signin.address_of(request)
        check = factors.check_totp if len(typed) == 6 else factors.check_recovery_code
        if check(account=account, code=typed, address=address):
            return HttpResponseRedirect(arrive(request, account))
        form.add_error("code", _("动态码或恢复码不正确，或者已经用过。请等下一个动态码再试。"))
    context = {
        "form": form,
        "account": known,
        "passkey": known.passkeys > 0 and passkeys.possible(),
        "shown_code": factors.shown_code(account=account),
    }
    return render(request, "accounts/second_step.jinja", context)


@require_http_methods(["GET", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """First sign-in, or one more app: bind an authenticator app and hand out recovery codes."""
    account = signin.pending(request) or request.visitor.account  # type: ignore[attr-defined]
    if not account:
        return redirect("staff-sign-in")
    known = staff.account(account)
    if signin.pending(request) and known.has_factor:
        return redirect("second-step")
    secret = _enrolment_secret(request, account)
    form = EnrolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if factors.enrol_totp(
            account=account,
            secret=secret,
            code=form.cleaned_data["code"],
            address=signin.address_of(request),
        ):
            onward = arrive(request, account)
            codes = factors.new_recovery_codes(account=account)
            return _show_codes(request, codes, onward)
        form.add_error("code", _("动态码不正确。请确认手机时间准确，再填写最新的动态码。"))
    uri = factors.provisioning_uri(secret=secret, name=known.name)
    context = {
        "form": form,
        "account": known,
        "picture": segno.make(uri, error="m").svg_data_uri(scale=5, border=3, light="#fff"),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "first": not known.has_factor,
    }
    return render(request, "accounts/enrol.jinja", context)


@require_http_methods(["GET"])
def security(request: HttpRequest) -> HttpResponse:
    """The account's own security page: factors and recent sign-ins."""
    account = request.visitor.account  # type: ignore[attr-defined]
    context = {
        "account": staff.account(account),
        "passkeys": passkeys.passkeys_of(account=account),
        "passkeys_possible": passkeys.possible(),
        "codes_left": factors.recovery_codes_left(account=account),
        "events": [_event_row(event) for event in trail.recent(account=account)],
    }
    return render(request, "accounts/security.jinja", context)


@require_http_methods(["GET", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    """A new password; this session stays, all others end."""
    account = request.visitor.account  # type: ignore[attr-defined]
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            changed = staff.change_password(
                account=account,
                old=form.cleaned_data["old"],
                new=form.cleaned_data["new"],
                address=signin.address_of(request),
            )
        except Malformed as problem:
            form.add_error("new", problem.what)
        else:
            if changed:
                signin.finish_staff(request, account)
                messages.success(request, _("口令已经修改，其他设备上的登录已经退出。"))
                return redirect("security")
            form.add_error("old", _("现在的口令不正确，或者尝试次数过多。"))
    return render(request, "accounts/change_password.jinja", {"form": form})


@require_POST
def new_codes(request: HttpRequest) -> HttpResponse:
    """Replace the recovery codes: the old ones end."""
    account = request.visitor.account  # type: ignore[attr-defined]
    codes = factors.new_recovery_codes(account=account)
    trail.note(kind="recovery-codes", ok=True, address=signin.address_of(request), account=account)
    return _show_codes(request, codes, "/staff/security/")


@require_POST
def remove_passkey(request: HttpRequest, key: int) -> HttpResponse:
    account = request.visitor.account  # type: ignore[attr-defined]
    passkeys.remove(account=account, key=key)
    trail.note(kind="passkey-remove", ok=True, address=signin.address_of(request), account=account)
    return redirect("security")


def _show_codes(request: HttpRequest, codes: list[str], onward: str) -> HttpResponse:
    context = {"codes": codes, "onward": onward}
    return render(request, "accounts/recovery_codes.jinja", context)


def arrive(request: HttpRequest, account: int) -> str:
    """Sign in for good; answers where to go. The page that follows knows the new visitor."""
    onward = request.session.get("next") or ""
    if not request.visitor.account:  # type: ignore[attr-defined]
        request.visitor = signin.finish_staff(request, account)  # type: ignore[attr-defined]
    request.session.pop(_ENROL, None)
    return onward or home_of(request.visitor)  # type: ignore[attr-defined]


def _enrolment_secret(request: HttpRequest, account: int) -> str:
    """One secret for the whole of an enrolment, sealed in the session."""
    owner = str(account)
    if kept := request.session.get(_ENROL):
        return keys.unseal(base64.b64decode(kept), purpose=_ENROL, owner=owner)
    secret = factors.new_secret()
    sealed = keys.seal(secret, purpose=_ENROL, owner=owner)
    request.session[_ENROL] = base64.b64encode(sealed).decode()
    return secret


def _event_row(event: trail.SignInEvent) -> dict[str, object]:
    words = {
        "password": _("口令"),
        "totp": _("动态码"),
        "totp-enrol": _("绑定身份验证器"),
        "recovery-code": _("恢复码"),
        "recovery-codes": _("更换恢复码"),
        "passkey": _("通行密钥"),
        "passkey-enrol": _("登记通行密钥"),
        "passkey-remove": _("移除通行密钥"),
        "sign-out": _("退出"),
        "password-change": _("修改口令"),
        "factor-reset": _("管理员重置第二要素"),
        "factor-reset-other": _("重置他人的第二要素"),
        "closed-other": _("停用他人的账户"),
    }
    return {
        "at": event.at,
        "what": words.get(event.kind, event.kind),
        "ok": event.ok,
        "result": _("成功") if event.ok else _("未通过"),
        "address": event.address,
    }
