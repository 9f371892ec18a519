"""Citizens' sign-in in two short pages (居民登录)."""

from __future__ import annotations

from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from openrhip.site.accounts import signin
from openrhip.site.accounts.pages.forms import CitizenForm, CodeForm
from openrhip.site.accounts.rules import CODE_LIFETIME
from openrhip.site.accounts.service import citizens, trail
from openrhip.site.preferences import safe_next


@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Step one: who are you. The answer never says whether the person is known."""
    form = CitizenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        asked = citizens.ask_code(
            name=form.cleaned_data["name"],
            id_number=form.cleaned_data["id_number"],
            address=signin.address_of(request),
        )
        if asked is None:
            form.add_error(None, _("尝试次数过多，请一小时后再试。"))
        else:
            request.session.flush()
            request.session["challenge"] = asked.id
            request.session["shown_code"] = asked.shown_code
            request.session["next"] = safe_next(request, "")
            return redirect("sign-in-code")
    context = {
        "form": form,
        "ended": request.session.pop("ended", ""),
        "next": safe_next(request, ""),
    }
    return render(request, "accounts/sign_in.jinja", context)


@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Step two: the code from the message."""
    challenge = request.session.get("challenge")
    if not challenge:
        return redirect("sign-in")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = citizens.check_code(
            challenge=challenge,
            code=form.cleaned_data["code"],
            address=signin.address_of(request),
        )
        if person:
            onward = request.session.get("next") or ""
            signin.finish_citizen(request, person)
            return HttpResponseRedirect(onward) if onward else redirect("my-records")
        form.add_error("code", _("验证码不正确或已过期，或者姓名、身份证号码与登记的不一致。"))
    context = {
        "form": form,
        "shown_code": request.session.get("shown_code", ""),
        "minutes": int(CODE_LIFETIME.total_seconds() // 60),
    }
    return render(request, "accounts/code.jinja", context)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session, for citizens and staff."""
    visitor = request.visitor  # type: ignore[attr-defined]
    trail.note(
        kind="sign-out",
        ok=True,
        address=signin.address_of(request),
        account=visitor.account,
        person=visitor.person,
    )
    auth.logout(request)
    return redirect("signed-out")


def signed_out(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/signed_out.jinja")
