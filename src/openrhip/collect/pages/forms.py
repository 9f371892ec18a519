"""Filters of the lists (筛选): everything in the address, nonsense means no filter."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from openrhip.collect import service as collect
from openrhip.collect.pages.places import Chooser, Place
from openrhip.collect.pages.words import domain_text, named, state_text
from openrhip.collect.rules.states import State
from openrhip.collect.rules.tables import Catalogue, Owner
from openrhip.kernel.periods import Month


class BatchFilter(forms.Form):
    """Unit, table, state and month of the list of batches."""

    unit = forms.ChoiceField(label=gettext_lazy("单位"), required=False)
    table = forms.ChoiceField(label=gettext_lazy("表"), required=False)
    state = forms.ChoiceField(label=gettext_lazy("状态"), required=False)
    month = forms.ChoiceField(label=gettext_lazy("数据月份"), required=False)

    def __init__(
        self, *args: Any, place: Place, catalogue: Catalogue, months: Chooser, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        tables = sorted(catalogue.tables.values(), key=lambda one: one.code)
        _choices(self, "table", _("全部表"), [(t.code, f"{t.code} {named(t)}") for t in tables])
        _choices(self, "state", _("全部状态"), [(s.value, state_text(s)) for s in State])
        _choices(self, "month", _("全部月份"), months.months)
        if place.unit:
            del self.fields["unit"]
        else:
            units = [(one.code, one.name) for one in collect.units()]
            _choices(self, "unit", _("全部单位"), units)

    def chosen(self) -> dict[str, Any]:
        """Arguments for the service. A field that does not hold is left out."""
        if not self.is_bound:
            return {}
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        if "state" in given:
            given["state"] = State(given["state"])
        if "month" in given:
            given["month"] = Month.parse(given["month"])
        return given


class FaultFilter(forms.Form):
    """Unit and month of the list of faults."""

    unit = forms.ChoiceField(label=gettext_lazy("单位"), required=False)
    month = forms.ChoiceField(label=gettext_lazy("数据月份"), required=False)

    def __init__(self, *args: Any, place: Place, months: Chooser, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices(self, "month", _("全部月份"), months.months)
        if place.unit:
            del self.fields["unit"]
        else:
            _choices(self, "unit", _("全部单位"), [(one.code, one.name) for one in collect.units()])

    def chosen(self) -> dict[str, Any]:
        if not self.is_bound:
            return {}
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        if "month" in given:
            given["month"] = Month.parse(given["month"])
        return given


class TableFilter(forms.Form):
    """Who owes a table, and its domain."""

    owner = forms.ChoiceField(label=gettext_lazy("谁上传"), required=False)
    domain = forms.ChoiceField(label=gettext_lazy("业务域"), required=False)

    def __init__(self, *args: Any, domains: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owners = [(Owner.HOSPITAL.value, _("医院")), (Owner.DISTRICT.value, _("区"))]
        _choices(self, "owner", _("全部"), owners)
        _choices(self, "domain", _("全部业务域"), [(one, domain_text(one)) for one in domains])

    def chosen(self) -> tuple[Owner | None, str]:
        if not self.is_bound:
            return None, ""
        self.is_valid()
        given = self.cleaned_data
        return Owner(given["owner"]) if given.get("owner") else None, given.get("domain") or ""


class ConfirmForm(forms.Form):
    """That a finding is as it should be."""

    fault = forms.IntegerField(widget=forms.HiddenInput)
    why = forms.CharField(
        label=gettext_lazy("为什么没有问题"),
        help_text=gettext_lazy("例如：当天停诊；该科室本月起并入另一院区。会记下您的姓名。"),
        min_length=2,
        max_length=300,
    )


def _choices(form: forms.Form, name: str, whole: str, choices: Any) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
    field.choices = [("", whole), *choices]
