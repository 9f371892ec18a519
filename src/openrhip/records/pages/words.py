"""Closed sets of records in the page's language: kinds of document, groups, levels (文书种类)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from openrhip.directory.pages.words import chinese
from openrhip.formats.cda import Kind

_KINDS = {kind.code: kind for kind in Kind}


def kind_text(code: str) -> str:
    """出院小结, in English Discharge summary; an unknown code is shown as it is."""
    kind = _KINDS.get(code)
    if kind is None:
        return code
    return kind.title_zh if chinese() else kind.title_en


def level_text(level: int) -> str:
    return _("特别敏感") if level >= 5 else _("一般")
