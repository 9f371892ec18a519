"""A citizen's consents (我的授权): as they stand, give, withdraw, history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from openrhip.directory import service as directory
from openrhip.directory.pages.asked import AskedRequest
from openrhip.directory.pages.consent_forms import ConsentForm
from openrhip.directory.pages.words import purpose_text
from openrhip.directory.service import ConsentStatus, ConsentView, Effect, Grantee
from openrhip.kernel import clock
from openrhip.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class ConsentCard:
    """A consent in the citizen's words. tone: colour of the tag."""

    id: str
    title: str
    scope: str
    given_at: datetime
    until: str
    ended_at: datetime | None
    state: str
    tone: str
    in_force: bool
    entries: tuple[str, ...]
    pending: bool


@require_safe
def my_consents(request: AskedRequest) -> HttpResponse:
    """What stands now, and below it the history."""
    cards = [card(view) for view in directory.consents_of(request.actor.person_id)]
    context = {
        "current": [item for item in cards if item.in_force],
        "past": [item for item in cards if not item.in_force],
    }
    return render(request, "directory/my_consents.jinja", context)


@require_http_methods(["GET", "POST"])
def give(request: AskedRequest) -> HttpResponse:
    """Five questions, then the consent is in the ledger and in force."""
    places = [(item.code, item.name) for item in directory.institutions() if item.active]
    form = ConsentForm(request.POST or None, institutions=places)
    if request.method == "POST" and form.is_valid():
        directory.give_consent(
            person_id=request.actor.person_id,
            scope=form.scope(),
            by=request.actor,
            evidence="online, signed in with a one-time code",
            valid_until=form.until(clock.now()),
        )
        messages.success(request, _("已经生效，并写入存证账本。"))
        return redirect("my-consents")
    return render(request, "directory/give_consent.jinja", {"form": form})


@require_http_methods(["GET", "POST"])
def withdraw(request: AskedRequest, consent_id: str) -> HttpResponse:
    """Ask once more, then withdraw: it counts from that moment."""
    view = directory.consent(consent_id)
    if view.person_id not in directory.same_person_ids(request.actor.person_id):
        raise NotFound("no such consent")
    if request.method == "POST":
        directory.withdraw_consent(consent_id=consent_id, by=request.actor)
        messages.success(request, _("已经撤回，立即生效。"))
        return redirect("my-consents")
    return render(request, "directory/withdraw_consent.jinja", {"card": card(view)})


def card(view: ConsentView) -> ConsentCard:
    """Present one consent."""
    now = clock.now()
    ended = view.withdrawn_at or (
        view.valid_until if view.valid_until and view.valid_until <= now else None
    )
    withdrawn = view.status is ConsentStatus.WITHDRAWN
    allows = view.scope.effect is Effect.PERMIT
    if withdrawn:
        state, tone = _("已撤回"), ""
    elif ended:
        state, tone = _("已到期"), ""
    else:
        state, tone = (_("允许"), "good") if allows else (_("不允许"), "bad")
    return ConsentCard(
        id=view.consent_id,
        title=_title(view),
        scope=_scope(view),
        given_at=view.given_at,
        until=_until(view),
        ended_at=ended,
        state=state,
        tone=tone,
        in_force=ended is None,
        entries=tuple(str(receipt.get("index", "")) for receipt in view.receipts),
        pending=view.pending,
    )


def _title(view: ConsentView) -> str:
    who = {
        Grantee.ALL_TREATING: _("正在给我看病的医务人员"),
        Grantee.EVERYONE: _("所有人"),
    }.get(view.scope.grantee, view.grantee_name or view.scope.grantee_code)
    pattern = _("允许%(who)s查看") if view.scope.effect is Effect.PERMIT else _("不允许%(who)s查看")
    return pattern % {"who": who}


def _scope(view: ConsentView) -> str:
    permit = view.scope.effect is Effect.PERMIT
    if view.scope.level >= 5:
        what = _("包括特别敏感的病历") if permit else _("特别敏感的病历")
    else:
        what = _("一般病历") if permit else _("全部病历")
    purposes = [purpose_text(item) for item in sorted(view.scope.purposes)]
    joined = _("、").join(purposes) if purposes else _("所有用途")
    return f"{what} · {joined}"


def _until(view: ConsentView) -> str:
    if view.valid_until is None:
        return _("直到撤回")
    local = view.valid_until.astimezone(clock.CITY_ZONE)
    return f"{local:%Y-%m-%d}"
