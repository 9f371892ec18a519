"""Finding a patient (查找患者): exact particulars in, as little as needed out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from openrhip.directory import service as directory
from openrhip.directory.pages.asked import AskedRequest
from openrhip.directory.pages.words import masked_name, one_line
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed
from openrhip.kernel.periods import city_day


@dataclass(frozen=True, slots=True)
class Hit:
    """A person in a list."""

    person_id: str
    name: str
    line: str


class FindForm(forms.Form):
    """One number, or a name with birth date or telephone."""

    id_number = forms.CharField(label=_("身份证号码"), max_length=40, required=False)
    health_card = forms.CharField(label=_("健康卡号"), max_length=64, required=False)
    name = forms.CharField(label=_("姓名"), max_length=80, required=False)
    birth_date = forms.DateField(
        label=_("出生日期"),
        required=False,
        input_formats=["%Y-%m-%d", "%Y%m%d", "%Y/%m/%d"],
        error_messages={"invalid": _("出生日期写成 1980-05-12 的样子")},
    )
    phone = forms.CharField(label=_("手机号码"), max_length=24, required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        by_name = given.get("name") and (given.get("birth_date") or given.get("phone"))
        if not self.errors and not (given.get("id_number") or given.get("health_card") or by_name):
            raise forms.ValidationError(
                _("请填写身份证号码或健康卡号；只有姓名时，还要填写出生日期或手机号码")
            )
        return given


@require_http_methods(["GET", "POST"])
def find(request: AskedRequest) -> HttpResponse:
    """The workbench's first page: search, and the people under treatment here.

    A search is posted, so that no particulars enter addresses and logs.
    """
    form = FindForm(request.POST or None)
    found: tuple[directory.Person, ...] | None = None
    if request.method == "POST" and form.is_valid():
        given = {key: value for key, value in form.cleaned_data.items() if value}
        try:
            found = directory.find_people(**given, limit=10)
        except Malformed:
            form.add_error(None, _("号码不完整，或者校验位不对。请与证件核对。"))
    today = city_day(clock.now())
    named = bool(form.is_bound and not form.errors and form.cleaned_data.get("name"))
    hits = [
        Hit(item.person_id, item.name if named else masked_name(item.name), one_line(item, today))
        for item in found or ()
    ]
    context = {
        "form": form,
        "searched": found is not None,
        "hits": hits,
        "treated": _treated(request.actor),
    }
    return render(request, "directory/find_patient.jinja", context)


def _treated(actor: directory.Actor) -> list[Hit]:
    """Those whom the actor's department treats now."""
    today = city_day(clock.now())
    ids = directory.treated_people(
        institution_code=actor.institution_code, department_code=actor.department_code, limit=30
    )
    people = [directory.person(person_id) for person_id in ids]
    return [Hit(item.person_id, item.name, one_line(item, today)) for item in people]
