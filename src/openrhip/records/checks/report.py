"""The report (检测报告): one line per check, faults with place and remedy, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from openrhip.formats.gm import sm3
from openrhip.kernel.canonical import canonical_json

MOST_FAULTS = 50


class Property(StrEnum):
    """The four properties of an electronic record (GB/T 18894-2016, DA/T 70-2018)."""

    AUTHENTICITY = "authenticity"
    INTEGRITY = "integrity"
    USABILITY = "usability"
    SAFETY = "safety"

    @property
    def zh(self) -> str:
        return _PROPERTIES_ZH[self]


_PROPERTIES_ZH = {
    Property.AUTHENTICITY: "真实性",
    Property.INTEGRITY: "完整性",
    Property.USABILITY: "可用性",
    Property.SAFETY: "安全性",
}


class Result(StrEnum):
    """What a check came to. NOT_RUN: an earlier fault leaves nothing to look at."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not-run"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: what, where, and what the hospital does about it."""

    zh: str
    en: str
    where: str = ""
    remedy_zh: str = ""
    remedy_en: str = ""

    def as_dict(self) -> dict[str, str]:
        return {
            "zh": self.zh,
            "en": self.en,
            "where": self.where,
            "remedy_zh": self.remedy_zh,
            "remedy_en": self.remedy_en,
        }


@dataclass(frozen=True, slots=True)
class Line:
    """One check's result. more: faults beyond those listed."""

    id: str
    property: Property
    zh: str
    en: str
    result: Result
    faults: tuple[Fault, ...] = ()
    more: int = 0

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "property": self.property.value,
            "property_zh": self.property.zh,
            "zh": self.zh,
            "en": self.en,
            "result": self.result.value,
            "faults": [fault.as_dict() for fault in self.faults],
            "more": self.more,
        }


@dataclass(frozen=True, slots=True)
class FourReport:
    """The whole report. ok: every check passed."""

    lines: tuple[Line, ...]

    @property
    def ok(self) -> bool:
        return all(line.result is Result.PASSED for line in self.lines)

    @property
    def failed(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.result is Result.FAILED)

    @property
    def fingerprint(self) -> str:
        """SM3 of what failed and where: the same faults, the same fingerprint."""
        faults = [[line.id, *(f"{f.where}|{f.en}" for f in line.faults)] for line in self.failed]
        return sm3.hexdigest(canonical_json(faults))

    def as_dict(self) -> dict[str, Any]:
        properties = {
            one.value: {
                "zh": one.zh,
                "ok": all(
                    line.result is Result.PASSED for line in self.lines if line.property is one
                ),
            }
            for one in Property
        }
        return {
            "ok": self.ok,
            "properties": properties,
            "checks": [line.as_dict() for line in self.lines],
        }


_MARKS = {Result.PASSED: "✓", Result.FAILED: "✗", Result.NOT_RUN: "–"}


def as_text(report: dict[str, Any]) -> str:
    """The report of `as_dict` as a person at the hospital reads it."""
    lines = [f"四性检测 Four-property check: {'通过 passed' if report['ok'] else '未通过 failed'}"]
    for name, summary in report["properties"].items():
        lines.append(f"\n{summary['zh']} {name}: {'✓' if summary['ok'] else '✗'}")
        for check in report["checks"]:
            if check["property"] != name:
                continue
            mark = _MARKS[Result(check["result"])]
            lines.append(f"  {mark} {check['id']} {check['zh']} / {check['en']}")
            for fault in check["faults"]:
                place = f" [{fault['where']}]" if fault["where"] else ""
                lines.append(f"      {fault['zh']}{place}")
                lines.append(f"      {fault['en']}")
                if fault["remedy_zh"]:
                    lines.append(f"      → {fault['remedy_zh']} / {fault['remedy_en']}")
            if check["more"]:
                lines.append(f"      … {check['more']}")
    return "\n".join(lines) + "\n"
