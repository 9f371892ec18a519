"""Findings (核验结论): what a verification looked at and what it found, one line per check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: a stable code, whether it holds, one line in both languages, and the place."""

    code: str
    ok: bool
    text_zh: str
    text_en: str
    where: str = ""

    def as_dict(self) -> dict[str, str | bool]:
        """The finding as it leaves in JSON."""
        return {
            "code": self.code,
            "ok": self.ok,
            "zh": self.text_zh,
            "en": self.text_en,
            "where": self.where,
        }
