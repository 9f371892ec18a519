"""Forms of sign-in. What they check is shape; whether it is right is the service's answer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class CitizenForm(forms.Form):
    """Name and identity number, as on the identity card."""

    name = forms.CharField(
        label=_("姓名"),
        max_length=80,
        help_text=_("与身份证上的姓名一致"),
        error_messages={"required": _("请填写姓名")},
    )
    id_number = forms.CharField(
        label=_("身份证号码"),
        min_length=8,
        max_length=24,
        help_text=_("18 位，最后一位可能是字母 X"),
        error_messages={
            "required": _("请填写身份证号码"),
            "min_length": _("身份证号码应当是 18 位，请检查是否漏填"),
            "max_length": _("身份证号码应当是 18 位，请检查是否多填"),
        },
    )


class CodeForm(forms.Form):
    """A code of six digits, however it was typed."""

    code = forms.CharField(
        label=_("验证码"),
        max_length=24,
        help_text=_("6 位数字"),
        error_messages={"required": _("请填写验证码"), "max_length": _("验证码是 6 位数字")},
    )


class StaffForm(forms.Form):
    name = forms.CharField(
        label=_("账户名"), max_length=64, error_messages={"required": _("请填写账户名")}
    )
    password = forms.CharField(
        label=_("口令"),
        max_length=512,
        strip=False,
        error_messages={"required": _("请填写口令")},
    )


class SecondStepForm(forms.Form):
    """The app's code, or a recovery code: told apart by their shape."""

    code = forms.CharField(
        label=_("动态码或恢复码"),
        max_length=40,
        help_text=_("打开手机上的身份验证器，填写 6 位动态码；手机不在身边时填写一个恢复码"),
        error_messages={"required": _("请填写动态码或恢复码")},
    )


class EnrolForm(forms.Form):
    code = forms.CharField(
        label=_("身份验证器显示的 6 位动态码"),
        max_length=24,
        error_messages={"required": _("请填写 6 位动态码")},
    )


class PasswordForm(forms.Form):
    """The old password, and the new one twice."""

    old = forms.CharField(
        label=_("现在的口令"),
        max_length=512,
        strip=False,
        error_messages={"required": _("请填写现在的口令")},
    )
    new = forms.CharField(
        label=_("新口令"),
        max_length=512,
        strip=False,
        help_text=_("至少 12 个字符；可以用一句自己记得住的话"),
        error_messages={"required": _("请填写新口令")},
    )
    again = forms.CharField(
        label=_("再填一次新口令"),
        max_length=512,
        strip=False,
        error_messages={"required": _("请再填一次新口令")},
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("new") and given.get("again") and given["new"] != given["again"]:
            self.add_error("again", _("两次填写的新口令不一致"))
        return given


class PasskeyForm(forms.Form):
    """What the browser's module sends."""

    answer = forms.CharField(max_length=16_384)
    label = forms.CharField(max_length=60, required=False)
