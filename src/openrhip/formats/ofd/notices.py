"""What a reader did not understand, left out or replaced (说明): never silently.

Codes: "object.malformed", "object.unknown", "element.unknown", "resource.missing", "font.replaced",
"font.unreadable", "glyph.missing", "image.unreadable", "colour.unknown", "path.malformed",
"text.malformed", "annotation.malformed", "action.unknown", "template.missing", "group.too-deep".
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notice:
    """code: for programs; the text in both languages; where: part, or part and object."""

    code: str
    text_zh: str
    text_en: str
    where: str = ""

    def as_dict(self) -> dict[str, str]:
        return {
            "code": self.code,
            "text_zh": self.text_zh,
            "text_en": self.text_en,
            "where": self.where,
        }


_MOST = 500


class Notices(list[Notice]):
    """Notices in the order they came up, each once, and not without end."""

    def __init__(self) -> None:
        super().__init__()
        self._known: set[Notice] = set()

    def add(self, notice: Notice) -> None:
        if notice not in self._known and len(self) < _MOST:
            self._known.add(notice)
            self.append(notice)

    def note(self, code: str, text_zh: str, text_en: str, where: str = "") -> None:
        self.add(Notice(code, text_zh, text_en, where))
