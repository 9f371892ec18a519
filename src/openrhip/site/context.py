"""What the shell of every page needs: view, language, who is signed in, where one can go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from openrhip.directory.rules.access import Role
from openrhip.site.accounts.rules import CLINICAL, Kind, Visitor
from openrhip.site.preferences import elder_view


@dataclass(frozen=True, slots=True)
class Item:
    """One link of the navigation; here: the page shown is this one or below it."""

    text: str
    href: str
    here: bool


@dataclass(frozen=True, slots=True)
class Shell:
    """elder: 长辈版; dense: tables of the staff; area: whose pages these are."""

    elder: bool
    english: bool
    development: bool
    visitor: Visitor
    navigation: tuple[Item, ...]
    path: str
    home: str
    service: str
    dense: bool

    @property
    def html_classes(self) -> str:
        return " ".join(("app", "app--elder" if self.elder else "app--normal"))


def _entries(visitor: Visitor) -> list[tuple[str, str]]:
    if visitor.kind is Kind.CITIZEN:
        return [
            (_("我的病历"), "my-records"),
            (_("谁看过"), "my-accesses"),
            (_("我的授权"), "my-consents"),
            (_("我的通知"), "my-notices"),
        ]
    entries = []
    if visitor.may(*CLINICAL):
        entries.append((_("查找患者"), "find-patient"))
    if visitor.may(Role.OPERATOR):
        entries += [
            (_("归档情况"), "deposits"),
            (_("退回的文件"), "refusals"),
            (_("数据采集"), "collection"),
            (_("存证账本"), "ledger-health"),
            (_("医院节点"), "agents"),
            (_("授权策略"), "policies"),
            (_("登录账户"), "accounts"),
        ]
    if visitor.may(Role.DATA_MANAGER):
        entries += [(_("本单位采集"), "unit-desk"), (_("采集目录"), "catalogue")]
    if visitor.may(Role.ANALYST):
        entries.append((_("数据查询"), "questions"))
    if visitor.may(Role.RECORDS_CLERK):
        entries.append((_("疑似同一人"), "reviews"))
    if visitor.may(Role.PRIVACY_OFFICER):
        entries.append((_("紧急调阅复核"), "emergencies"))
        if not visitor.may(Role.OPERATOR):
            entries.append((_("授权策略"), "policies"))
    if visitor.kind is Kind.STAFF:
        entries.append((_("账户安全"), "security"))
    return entries


def _service(visitor: Visitor) -> str:
    if visitor.kind is Kind.CITIZEN:
        return _("我的健康档案")
    if visitor.may(*CLINICAL):
        return _("医生工作台")
    if visitor.kind is Kind.STAFF:
        return _("运行管理")
    return ""


def home_of(visitor: Visitor) -> str:
    """The first page of a visitor."""
    entries = _entries(visitor)
    return reverse(entries[0][1]) if entries else reverse("front")


def shell(request: HttpRequest) -> dict[str, Any]:
    visitor: Visitor = getattr(request, "visitor", Visitor())
    items = tuple(
        Item(text, href, request.path.startswith(href))
        for text, href in ((text, reverse(name)) for text, name in _entries(visitor))
    )
    return {
        "shell": Shell(
            elder=elder_view(request),
            english=translation.get_language() == "en",
            development=settings.DEVELOPMENT,
            visitor=visitor,
            navigation=items,
            path=request.get_full_path(),
            home=home_of(visitor),
            service=_service(visitor),
            dense=visitor.kind is Kind.STAFF,
        )
    }
