"""Oversight: the policy set in force, and emergency accesses to review (授权策略、紧急调阅复核)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from openrhip.directory import service as directory
from openrhip.directory.pages.asked import AskedRequest
from openrhip.directory.pages.words import masked_name
from openrhip.directory.service import EmergencyView, Obligation
from openrhip.kernel.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One policy as a sentence."""

    id: str
    forbids: bool
    text: str
    duties: str


@dataclass(frozen=True, slots=True)
class EmergencyRow:
    """One emergency access."""

    id: str
    at: datetime
    review_by: datetime
    overdue: bool
    staff: str
    place: str
    patient: str
    document_id: str
    reason: str
    own: bool
    verdict: str
    tone: str
    note: str


class FindingForm(forms.Form):
    """The privacy officer's finding."""

    justified = forms.ChoiceField(
        label=gettext_lazy("结论"),
        choices=[
            ("yes", gettext_lazy("确属急救，合理")),
            ("no", gettext_lazy("不合理，另行处理")),
        ],
        error_messages={"required": gettext_lazy("请选择结论")},
    )
    note = forms.CharField(
        label=gettext_lazy("核查说明"),
        min_length=2,
        max_length=500,
        help_text=gettext_lazy("写明核对了什么，例如急诊登记、值班表"),
        error_messages={"required": gettext_lazy("请写明核查说明")},
    )


@require_safe
def policies(request: AskedRequest) -> HttpResponse:
    """The set in force, policy by policy, and its files."""
    chinese = (get_language() or "").startswith("zh")
    rows = [
        PolicyRow(
            id=reason.id,
            forbids=effect == "forbid",
            text=reason.zh if chinese else reason.en,
            duties=_("、").join(_duty(item) for item in duties),
        )
        for effect, reason, duties in directory.explain_policies()
    ]
    info = directory.policy_set_info()
    context = {
        "permits": [row for row in rows if not row.forbids],
        "forbids": [row for row in rows if row.forbids],
        "info": info,
        "by": _staff_name(info.by.removeprefix("staff:")) if info.by else "",
    }
    return render(request, "directory/policies.jinja", context)


@require_safe
def emergencies(request: AskedRequest) -> HttpResponse:
    """Those to review, the most urgent first, then those reviewed."""
    views = directory.emergencies(by=request.actor, open_only=False)
    rows = [(view.justified is None, _emergency(view, request.actor)) for view in views]
    context = {
        "open": [row for waiting, row in rows if waiting],
        "done": [row for waiting, row in rows if not waiting][::-1],
    }
    return render(request, "directory/emergencies.jinja", context)


@require_http_methods(["GET", "POST"])
def emergency(request: AskedRequest, emergency_id: str) -> HttpResponse:
    """One emergency access and the finding."""
    found = next(
        (
            item
            for item in directory.emergencies(by=request.actor, open_only=False, limit=10_000)
            if item.emergency_id == emergency_id
        ),
        None,
    )
    if found is None:
        raise NotFound("no such emergency access")
    form = FindingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        directory.review_emergency(
            emergency_id=emergency_id,
            justified=form.cleaned_data["justified"] == "yes",
            note=form.cleaned_data["note"],
            by=request.actor,
        )
        messages.success(request, _("复核结论已经保存。"))
        return redirect("emergencies")
    context = {
        "form": form,
        "row": _emergency(found, request.actor),
        "open": found.justified is None,
    }
    return render(request, "directory/emergency.jinja", context)


def _emergency(view: EmergencyView, actor: directory.Actor) -> EmergencyRow:
    if view.justified is None:
        verdict, tone = (_("已超期"), "bad") if view.overdue else (_("待复核"), "warn")
    else:
        verdict, tone = (_("合理"), "good") if view.justified else (_("不合理"), "bad")
    return EmergencyRow(
        id=view.emergency_id,
        at=view.at,
        review_by=view.review_by,
        overdue=view.overdue,
        staff=_staff_name(view.staff_code),
        place=_place(view.institution_code),
        patient=masked_name(directory.person(view.person_id).name),
        document_id=view.document_id,
        reason=view.reason,
        own=view.staff_code == actor.staff_code,
        verdict=verdict,
        tone=tone,
        note=view.note,
    )


def _duty(name: str) -> str:
    words: dict[str, str] = {
        Obligation.NOTIFY_PATIENT: _("通知患者"),
        Obligation.NOTIFY_OFFICER: _("通知隐私保护专员"),
        Obligation.REVIEW: _("限期复核"),
    }
    return words.get(name, name)


def _staff_name(code: str) -> str:
    try:
        return directory.staff(code).name
    except NotFound:
        return code


def _place(code: str) -> str:
    try:
        return directory.institution(code).name
    except (NotFound, Conflict):
        return code
