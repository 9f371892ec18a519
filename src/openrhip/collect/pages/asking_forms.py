"""Forms of the analysts' pages (查询表单): the query, its parameters, saving it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from openrhip.collect import service as collect
from openrhip.collect.pages.asking_words import parameter_label
from openrhip.collect.rules.questions import MOST_TEXT, ChartKind, ChartPlan, Parameter, Sort
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed
from openrhip.kernel.periods import Month

PREFIX = "p-"
_EARLIER = {"month_from": 6}
_TYPES = {Sort.MONTH: "month", Sort.DAY: "date"}


class QuestionForm(forms.Form):
    """The text of a query; fields for the marks in it are added as they are found."""

    sql = forms.CharField(
        label=gettext_lazy("查询语句（SQL）"),
        max_length=MOST_TEXT,
        widget=forms.Textarea,
        strip=False,
    )

    def __init__(
        self, data: Any = None, *, parameters: Iterable[Parameter] = (), **kwargs: Any
    ) -> None:
        self.parameters = tuple(parameters)
        self.typed = {} if data is None else dict(data.items())
        if data is not None:
            # a mark that was just written has no field yet: it comes with what is usual
            usual = {PREFIX + one.name: one.default or _usual(one) for one in self.parameters}
            data = {**usual, **self.typed}
        super().__init__(data, **kwargs)
        for one in self.parameters:
            self.fields[PREFIX + one.name] = _field(one)
            self.fields[PREFIX + one.name].initial = one.default or _usual(one)

    def given(self) -> dict[str, str]:
        """Values of the marks, as they were typed."""
        return {one.name: self.typed.get(PREFIX + one.name, "")[:200] for one in self.parameters}

    def complain(self, problem: Malformed) -> None:
        """Show a problem at the field that it is about."""
        name = PREFIX + problem.where
        self.add_error(name if name in self.fields else "sql", _sentence(problem))

    def shown(self) -> list[tuple[Any, str]]:
        """Fields of the marks, and of what type each is in HTML."""
        return [
            (self[PREFIX + one.name], _TYPES.get(one.sort, "select" if _chooses(one) else "text"))
            for one in self.parameters
        ]


class SaveForm(forms.Form):
    """A name for a query, and how its answer is drawn."""

    name = forms.CharField(label=gettext_lazy("名称"), max_length=100)
    about = forms.CharField(label=gettext_lazy("说明"), max_length=300, required=False)
    chart = forms.ChoiceField(
        label=gettext_lazy("图形"),
        required=False,
        choices=[
            ("", gettext_lazy("只要表格")),
            ("bar", gettext_lazy("条形图")),
            ("line", gettext_lazy("折线图")),
        ],
    )
    x = forms.ChoiceField(label=gettext_lazy("名称或日期的栏目"), required=False)
    y = forms.ChoiceField(label=gettext_lazy("数值的栏目"), required=False)
    series = forms.ChoiceField(label=gettext_lazy("分组的栏目"), required=False)
    shared = forms.BooleanField(label=gettext_lazy("让其他数据分析员也能使用"), required=False)

    def __init__(self, *args: Any, columns: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("x", "y", "series"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
            field.choices = [("", "—"), *((one, one) for one in columns)]

    def plan(self) -> ChartPlan:
        given = self.cleaned_data
        kind = ChartKind(given["chart"] or "")
        if kind is ChartKind.NONE or not given["x"] or not given["y"]:
            return ChartPlan()
        return ChartPlan(kind, given["x"], given["y"], given["series"])


def _field(one: Parameter) -> forms.Field:
    label = parameter_label(one)
    if one.sort is Sort.UNIT:
        units = [(unit.code, unit.name) for unit in collect.units()]
        return forms.ChoiceField(label=label, required=False, choices=[("", _("全部单位")), *units])
    return forms.CharField(label=label, required=False, max_length=200)


def _chooses(one: Parameter) -> bool:
    return one.sort is Sort.UNIT


def _usual(one: Parameter) -> str:
    """A month that is over."""
    if one.sort is not Sort.MONTH:
        return ""
    month = Month.of(clock.now())
    for _number in range(_EARLIER.get(one.name, 1)):
        month = Month(month.year - (month.month == 1), (month.month - 2) % 12 + 1)
    return str(month)


def _sentence(problem: Malformed) -> str:
    if problem.what == "a value is missing":
        return _("请填写%(name)s") % {"name": _label(problem.where)}
    if problem.what.startswith("this is no "):
        return _("%(name)s的写法不对") % {"name": _label(problem.where)}
    return problem.what


def _label(name: str) -> str:
    return parameter_label(Parameter.named(name))
