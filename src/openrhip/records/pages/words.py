"""Closed sets of records in the page's language: kinds of document, groups, levels (文书种类)."""

from __future__ import annotations

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from openrhip.formats.cda import Kind

_KINDS = {kind.code: kind for kind in Kind}


def chinese() -> bool:
    return (get_language() or "zh").startswith("zh")


def kind_text(code: str) -> str:
    """出院小结, in English Discharge summary; an unknown code is shown as it is."""
    kind = _KINDS.get(code)
    if kind is None:
        return code
    return kind.title_zh if chinese() else kind.title_en


def level_text(level: int) -> str:
    return _("特别敏感") if level >= 5 else _("一般")


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
