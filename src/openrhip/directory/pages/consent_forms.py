"""The form of a consent: five plain questions instead of a legal text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from openrhip.directory.service import Effect, Grantee, Purpose, Scope

ALLOW, OBJECT = "permit", "refuse"
TREATING, PLACE, EVERYONE = "all-treating", "institution", "everyone"
_SPANS = {"90": timedelta(days=90), "365": timedelta(days=365)}


class ConsentForm(forms.Form):
    """What is said, for whom, which records, what for, how long."""

    effect = forms.ChoiceField(
        label=_("您要怎样做？"),
        choices=[(ALLOW, _("允许查看我的病历")), (OBJECT, _("不允许查看我的病历"))],
        error_messages={"required": _("请选择允许还是不允许")},
    )
    grantee = forms.ChoiceField(
        label=_("对谁？"),
        choices=[
            (TREATING, _("正在给我看病的医务人员")),
            (PLACE, _("某一家医疗机构")),
            (EVERYONE, _("所有人（只用于不允许）")),
        ],
        error_messages={"required": _("请选择对谁")},
    )
    institution = forms.ChoiceField(
        label=_("医疗机构"), required=False, help_text=_("只在上面选“某一家医疗机构”时填写")
    )
    level = forms.ChoiceField(
        label=_("哪些病历？"),
        choices=[
            ("4", _("一般病历")),
            ("5", _("特别敏感的病历（如精神卫生、性病、生殖）")),
        ],
        initial="4",
        help_text=_("允许“特别敏感的病历”时也包括一般病历；不允许“一般病历”时也包括特别敏感的病历"),
        error_messages={"required": _("请选择哪些病历")},
    )
    purposes = forms.MultipleChoiceField(
        label=_("用于什么？"),
        choices=[
            (Purpose.TREATMENT.value, _("诊疗")),
            (Purpose.QUALITY.value, _("医疗质量管理")),
            (Purpose.RESEARCH.value, _("科学研究")),
        ],
        initial=[Purpose.TREATMENT.value],
        error_messages={"required": _("请至少选择一种用途")},
    )
    span = forms.ChoiceField(
        label=_("到什么时候？"),
        choices=[("90", _("三个月")), ("365", _("一年")), ("", _("一直有效，直到我撤回"))],
        required=False,
        initial="365",
    )

    def __init__(self, *args: Any, institutions: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["institution"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [("", _("请选择")), *institutions]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("grantee") == PLACE and not given.get("institution"):
            self.add_error("institution", _("请选择一家医疗机构"))
        if given.get("grantee") == EVERYONE and given.get("effect") == ALLOW:
            self.add_error("grantee", _("不能允许所有人查看；请选择医务人员或一家医疗机构"))
        return given

    def scope(self) -> Scope:
        """The scope the answers mean."""
        given = self.cleaned_data
        grantee = Grantee(given["grantee"])
        return Scope(
            grantee=grantee,
            grantee_code=given["institution"] if grantee is Grantee.INSTITUTION else "",
            purposes=frozenset(Purpose(item) for item in given["purposes"]),
            level=int(given["level"]),
            effect=Effect(given["effect"]),
        )

    def until(self, now: datetime) -> datetime | None:
        span = _SPANS.get(self.cleaned_data.get("span", ""))
        return now + span if span else None
