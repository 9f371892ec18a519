"""Closed sets of the directory in the page's language (代码的中文与英文)."""

from __future__ import annotations

import unicodedata
from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from openrhip.directory.service import Person, Purpose, Role


def chinese() -> bool:
    return (get_language() or "zh").startswith("zh")


def purpose_text(purpose: str) -> str:
    """Purpose of use; unknown codes are shown as they are."""
    words: dict[str, str] = {
        Purpose.TREATMENT: _("诊疗"),
        Purpose.EMERGENCY: _("急救"),
        Purpose.PAYMENT: _("医保结算与支付"),
        Purpose.QUALITY: _("医疗质量管理"),
        Purpose.RESEARCH: _("科学研究"),
        Purpose.PUBLIC_HEALTH: _("公共卫生"),
        Purpose.OWN_ACCESS: _("本人或监护人查阅"),
    }
    return words.get(purpose, purpose)


def role_text(role: str) -> str:
    words: dict[str, str] = {
        Role.DOCTOR: _("医师"),
        Role.NURSE: _("护士"),
        Role.PHARMACIST: _("药师"),
        Role.RECORDS_CLERK: _("病案管理员"),
        Role.PRIVACY_OFFICER: _("隐私保护专员"),
        Role.PUBLIC_HEALTH: _("公共卫生人员"),
        Role.OPERATOR: _("平台运维人员"),
        Role.DATA_MANAGER: _("数据管理员"),
        Role.ANALYST: _("数据分析员"),
        Role.CITIZEN: _("居民本人"),
        Role.GUARDIAN: _("监护人"),
        Role.THIRD_PARTY: _("第三方机构人员"),
    }
    return words.get(role, role)


def sex_text(code: str) -> str:
    return {"1": _("男"), "2": _("女")}.get(code, _("性别未说明"))


def age_text(born: date, today: date) -> str:
    """Whole years; for the first two years months."""
    months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    if months < 24:
        return _("%(months)s 个月") % {"months": max(0, months)}
    return _("%(years)s 岁") % {"years": months // 12}


def masked_name(name: str) -> str:
    """王*芳, 李*, and for names of several words the first letters: enough to recognise."""
    plain = unicodedata.normalize("NFC", name)
    if " " in plain:
        return " ".join(f"{word[0]}*" for word in plain.split() if word)
    if len(plain) <= 2:
        return plain[:1] + "*"
    return plain[0] + "*" * (len(plain) - 2) + plain[-1]


def field_text(field: str) -> str:
    """What two registrations agree or differ in."""
    return {
        "id_number": _("身份证号码"),
        "health_card": _("健康卡号"),
        "local_id": _("院内号"),
        "name": _("姓名"),
        "birth_date": _("出生日期"),
        "sex": _("性别"),
        "phone": _("手机号码"),
    }.get(field, field)


def one_line(person: Person, today: date) -> str:
    """女 · 46 岁 · 1101**********1234."""
    parts = [sex_text(person.sex), age_text(person.birth_date, today), person.id_number]
    return " · ".join(part for part in parts if part)


def both(item: dict[str, str], field: str = "") -> str:
    """The text of a report or finding in the page's language: zh/en, or field_zh/field_en."""
    stem = f"{field}_" if field else ""
    return item.get(f"{stem}{'zh' if chinese() else 'en'}", "")


def one_of(reasons: tuple[str, ...]) -> list[str]:
    """Lines of `id: 中文 / English` in the page's language."""
    shown = []
    for line in reasons:
        _id, _sep, rest = line.partition(": ")
        zh, _slash, en = rest.partition(" / ")
        shown.append((zh if chinese() else en) or line)
    return shown
