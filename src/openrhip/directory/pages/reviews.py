"""The review list of the patient index (疑似同一人): compare, decide, undo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from openrhip.directory import service as directory
from openrhip.directory.pages.asked import AskedRequest
from openrhip.directory.pages.words import field_text, sex_text
from openrhip.directory.service import MergeStep, Person, Review
from openrhip.kernel.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    id: str
    first: str
    second: str
    points: int
    agree: str
    differ: str
    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Compared:
    """One particular of both sides."""

    label: str
    first: str
    second: str
    same: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One merge or unmerge; can_undo: it is still in force."""

    text: str
    at: datetime
    by: str
    why: str
    entry: str
    person_id: str
    can_undo: bool


class VerdictForm(forms.Form):
    """Same or not, and why: the reason stays in the history."""

    same = forms.ChoiceField(
        label=gettext_lazy("判断"),
        choices=[("yes", gettext_lazy("是同一人，合并")), ("no", gettext_lazy("不是同一人，分开"))],
        error_messages={"required": gettext_lazy("请选择判断")},
    )
    why = forms.CharField(
        label=gettext_lazy("依据"),
        min_length=2,
        max_length=500,
        help_text=gettext_lazy("例如：核对身份证原件，电话联系患者本人"),
        error_messages={"required": gettext_lazy("请写明依据")},
    )


class UndoForm(forms.Form):
    why = forms.CharField(
        label=gettext_lazy("拆分的依据"),
        min_length=2,
        max_length=500,
        error_messages={"required": gettext_lazy("请写明依据")},
    )


@require_safe
def reviews(request: AskedRequest) -> HttpResponse:
    """Open pairs, the oldest first."""
    rows = [_row(review) for review in directory.reviews(open_only=True)]
    settled = [review for review in directory.reviews(open_only=False) if review.verdict]
    context = {"rows": rows, "settled": [_settled(review) for review in settled[::-1][:30]]}
    return render(request, "directory/reviews.jinja", context)


@require_http_methods(["GET", "POST"])
def review(request: AskedRequest, review_id: str) -> HttpResponse:
    """Both registrations side by side, and the decision."""
    found = _find(review_id)
    form = VerdictForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        same = form.cleaned_data["same"] == "yes"
        directory.settle_review(
            review_id=review_id, same=same, by=request.actor, why=form.cleaned_data["why"]
        )
        messages.success(request, _("已合并，并写入存证账本。") if same else _("已分开。"))
        return redirect("reviews")
    context = {
        "form": form,
        "review": _row(found),
        "pairs": _compare(found),
        "open": not found.verdict,
        "person_id": found.known.person_id,
    }
    return render(request, "directory/review.jinja", context)


@require_http_methods(["GET", "POST"])
def history(request: AskedRequest, person_id: str) -> HttpResponse:
    """Merges and unmerges of one person; the latest may be undone."""
    form = UndoForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        directory.unmerge(
            person_id=request.POST.get("entry", "")[:32],
            by=request.actor,
            why=form.cleaned_data["why"],
        )
        messages.success(request, _("已拆分，两份登记恢复为合并前的样子。"))
        return redirect("merge-history", person_id)
    person = directory.person(person_id)
    steps = [_step(step, person) for step in directory.merge_history(person_id)][::-1]
    context = {"form": form, "person": person, "steps": steps, "sex": sex_text(person.sex)}
    return render(request, "directory/merge_history.jinja", context)


def _find(review_id: str) -> Review:
    for item in directory.reviews(open_only=False, limit=10_000):
        if item.review_id == review_id:
            return item
    raise NotFound("no such review")


def _row(item: Review) -> Row:
    return Row(
        id=item.review_id,
        first=item.fresh.name,
        second=item.known.name,
        points=item.points,
        agree=_("、").join(field_text(field) for field in item.agree),
        differ=_("、").join(field_text(field) for field in item.differ),
        source=_place(item.source),
        at=item.at,
    )


def _settled(item: Review) -> dict[str, object]:
    words = {"merged": _("已合并"), "distinct": _("不是同一人"), "split": _("合并后又拆分")}
    return {
        "id": item.review_id,
        "first": item.fresh.name,
        "second": item.known.name,
        "verdict": words.get(item.verdict, item.verdict),
        "person_id": item.known.person_id,
        "merged": item.verdict == "merged",
    }


def _compare(item: Review) -> list[Compared]:
    first, second = item.fresh, item.known
    pairs = [
        ("name", _("、").join(first.names), _("、").join(second.names)),
        ("sex", sex_text(first.sex), sex_text(second.sex)),
        ("birth_date", first.birth_date.isoformat(), second.birth_date.isoformat()),
        ("id_number", first.id_number, second.id_number),
        ("health_card", _number(first, "health_card"), _number(second, "health_card")),
        ("phone", first.phone, second.phone),
    ]
    rows = [
        Compared(field_text(field), one or "—", other or "—", field in item.agree)
        for field, one, other in pairs
    ]
    one, other = (_("、").join(_place(code) for code in side.sources) for side in (first, second))
    return [*rows, Compared(_("登记来源"), one, other, one == other)]


def _number(person: Person, kind: str) -> str:
    return next((item.masked for item in person.numbers if item.kind == kind), "")


def _place(code: str) -> str:
    try:
        return directory.institution(code).name
    except (NotFound, Conflict):
        return code


def _step(step: MergeStep, person: Person) -> Step:
    merged = step.verb == "merge"
    return Step(
        text=_("合并") if merged else _("拆分"),
        at=step.at,
        by=_who(step.by),
        why=step.why,
        entry=str((step.receipt or {}).get("index", "")),
        person_id=step.person_id,
        can_undo=merged and step.person_id in person.merged_ids,
    )


def _who(reference: str) -> str:
    kind, __, code = reference.partition(":")
    try:
        return directory.staff(code).name if kind == "staff" else reference
    except NotFound:
        return reference
