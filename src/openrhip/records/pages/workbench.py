"""The clinician's workbench (医生工作台): records of a patient, purpose, reading, emergency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from openrhip.directory import service as directory
from openrhip.directory.pages.asked import AskedRequest
from openrhip.directory.pages.paging import page_number, pages_of
from openrhip.directory.pages.words import masked_name, one_line, one_of, purpose_text
from openrhip.directory.service import Action, Actor, DocumentFacts, Purpose
from openrhip.kernel import clock
from openrhip.kernel.errors import Refused
from openrhip.kernel.periods import city_day
from openrhip.records import service as records
from openrhip.records.pages import viewer
from openrhip.records.pages.present import access_row, document_row
from openrhip.records.service import DisclosureRefused, DocumentSummary

_KEY = "emergency"
_PURPOSES = (Purpose.TREATMENT, Purpose.QUALITY, Purpose.PUBLIC_HEALTH, Purpose.RESEARCH)


@dataclass(frozen=True, slots=True)
class Banner:
    """Whose records these are."""

    person_id: str
    name: str
    line: str


class EmergencyForm(forms.Form):
    """Why the record must be opened now."""

    reason = forms.CharField(
        label=gettext_lazy("紧急调阅的理由"),
        min_length=4,
        max_length=500,
        help_text=gettext_lazy(
            "写明患者现在的情况，例如：急诊抢救，意识不清，需要了解过敏史和用药"
        ),
        error_messages={
            "required": gettext_lazy("请写明理由"),
            "min_length": gettext_lazy("理由太短，请写明患者现在的情况"),
        },
    )
    understood = forms.BooleanField(
        label=gettext_lazy("我知道：患者会立即收到通知，这次调阅须由隐私保护专员复核"),
        error_messages={"required": gettext_lazy("请确认您知道后果")},
    )


@require_safe
def patient(request: AskedRequest, person_id: str) -> HttpResponse:
    """The patient's documents that may be listed for the purpose; of others nothing is said."""
    found = directory.person(person_id)
    reason = _reason(request, found.person_id)
    purpose = Purpose.EMERGENCY if reason else _purpose(request)
    page = records.search(person_id=found.person_id, page=page_number(request), size=50)
    allowed = [item for item in page.items if _may(request.actor, item, purpose, reason)]
    known = bool(allowed) or found.person_id in _treated(request.actor)
    context = {
        "banner": _banner(found, masked=not known),
        "rows": [document_row(item) for item in allowed],
        "paging": pages_of(request, page),
        "purpose": purpose.value,
        "purpose_text": purpose_text(purpose),
        "purposes": [(item.value, purpose_text(item)) for item in _PURPOSES],
        "emergency": bool(reason),
        "reason": reason,
    }
    return render(request, "records/patient.jinja", context)


@require_POST
def ask(request: AskedRequest, document_id: str) -> HttpResponse:
    """Ask for a document with a purpose: it opens, or the page says which policy refuses."""
    item = records.document(document_id)
    person = directory.person(item.person_id)
    reason = _reason(request, person.person_id)
    purpose = Purpose.EMERGENCY if reason else _purpose(request)
    try:
        made = records.disclose(
            who=request.actor,
            document_id=document_id,
            purpose=purpose,
            emergency_reason=reason or None,
        )
    except DisclosureRefused as refusal:
        return _refused(request, person, purpose, refusal)
    return redirect("work-reading", document_id, made.access_id)


@require_safe
def reading(request: AskedRequest, document_id: str, access_id: str) -> HttpResponse:
    """The document with watermark, its text, its coded data, versions and who else looked."""
    try:
        made = viewer.opened(access_id=access_id, document_id=document_id, who=request.actor)
    except Refused:
        item = records.document(document_id)
        context: dict[str, object] = {"document": document_row(item), "person_id": item.person_id}
        return render(request, "records/work_lapsed.jinja", context)
    content = made.content()
    source = viewer.source_of(content)
    chapters = viewer.chapters(source)
    person = directory.person(made.document.person_id)
    context = {
        "banner": _banner(person, masked=False),
        "document": document_row(made.document),
        "access_id": access_id,
        "leaves": viewer.leaves(content),
        "chapters": chapters,
        "in_words": request.GET.get("as") == "words" and bool(chapters),
        "data": viewer.data_of(source),
        "versions": [document_row(item) for item in records.versions(document_id)],
        "accesses": [access_row(item) for item in records.accesses_to(document_id, size=5).items],
        "watermark": made.watermark,
        "entry": made.receipt.index,
        "until": made.asked_at + timedelta(minutes=15),
    }
    return render(request, "records/work_reading.jinja", context)


@require_http_methods(["GET", "POST"])
def emergency(request: AskedRequest, person_id: str) -> HttpResponse:
    """Break glass: a warning, a reason, an acknowledgement; then half an hour for this patient.

    It is entered and told at once, before anything of the patient is listed.
    """
    found = directory.person(person_id)
    form = EmergencyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            records.declare_emergency(
                who=request.actor,
                person_id=found.person_id,
                reason=form.cleaned_data["reason"],
            )
        except DisclosureRefused as refusal:
            return _refused(request, found, Purpose.EMERGENCY, refusal)
        kept = dict(request.session.get(_KEY, {}))
        kept[found.person_id] = {
            "reason": form.cleaned_data["reason"],
            "at": clock.now().isoformat(),
        }
        request.session[_KEY] = kept
        return redirect("patient", found.person_id)
    context = {"form": form, "banner": _banner(found, masked=True)}
    return render(request, "records/emergency_access.jinja", context)


@require_POST
def end_emergency(request: AskedRequest, person_id: str) -> HttpResponse:
    """Back to the ordinary rules at once."""
    kept = dict(request.session.get(_KEY, {}))
    kept.pop(person_id, None)
    request.session[_KEY] = kept
    return redirect("patient", person_id)


def _refused(
    request: AskedRequest, person: directory.Person, purpose: Purpose, refusal: DisclosureRefused
) -> HttpResponse:
    """Which policy refuses, and what the clinician can do."""
    context = {
        "banner": _banner(person, masked=True),
        "reasons": one_of(refusal.decision.reasons),
        "purpose_text": purpose_text(purpose),
        "access_id": refusal.access_id,
        "may_break": purpose is not Purpose.EMERGENCY,
    }
    return render(request, "records/refused.jinja", context, status=403)


def _purpose(request: AskedRequest) -> Purpose:
    text = request.POST.get("purpose") or request.GET.get("purpose") or ""
    return next((item for item in _PURPOSES if item.value == text), Purpose.TREATMENT)


def _reason(request: AskedRequest, person_id: str) -> str:
    """The reason given for this patient within the last half hour, else empty."""
    kept = request.session.get(_KEY, {}).get(person_id)
    if not kept or clock.now() - datetime.fromisoformat(kept["at"]) > records.EMERGENCY_LASTS:
        return ""
    return str(kept["reason"])


def _may(actor: Actor, item: DocumentSummary, purpose: Purpose, reason: str) -> bool:
    """Whether the policies allow this document to be listed."""
    facts = DocumentFacts(
        document_id=item.id,
        kind=item.kind,
        custodian_code=item.institution,
        level=item.level,
        author_staff_code=item.author,
    )
    decision = directory.decide(
        who=actor,
        whose=item.person_id,
        document=facts,
        purpose=purpose,
        emergency_reason=reason or None,
        action=Action.LIST,
    )
    return decision.allowed


def _treated(actor: Actor) -> tuple[str, ...]:
    return directory.treated_people(
        institution_code=actor.institution_code,
        department_code=actor.department_code,
        limit=200,
    )


def _banner(person: directory.Person, *, masked: bool) -> Banner:
    """The full name only for those who may see at least that a record exists."""
    return Banner(
        person_id=person.person_id,
        name=masked_name(person.name) if masked else person.name,
        line=one_line(person, city_day(clock.now())),
    )
