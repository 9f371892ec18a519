"""Checking parts against the structure of the standard (结构检查): order, numbers, types."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from openrhip.formats.gm.findings import Finding
from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.inspect.schema_tables import ROOTS, TABLE
from openrhip.formats.ofd.package_xml import NAMESPACE, Element

_SCHEMA = "{http://www.w3.org/2001/XMLSchema-instance}"
_ITEM = re.compile(r"\(([^)]+)\)([?*+]?)|(\w+)(?::(\w+))?([?*+]|\{\d\})?")
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_NUMBERS = rf"\s*(?:{_NUMBER}(?:\s+{_NUMBER})*)?\s*"
_DELTAS = rf"\s*(?:(?:g\s+\d+\s+)?{_NUMBER}(?:\s+(?:g\s+\d+\s+)?{_NUMBER})*)?\s*"
_DATE = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_ZONE = r"(?:Z|[-+]\d{2}:\d{2})?"
_LAST = "TextCode"
"""What a transformation of glyphs stands before."""
_MOST = 10
"""Findings of one kind in one part that are told one by one."""


def _full(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def _unsigned(text: str) -> bool:
    text = text.strip()
    return text.isascii() and text.isdecimal() and len(text) < 11 and int(text) < 1 << 32


_TYPES: dict[str, tuple[Callable[[str], bool], str, str]] = {
    "str": (lambda _: True, "", ""),
    "any": (lambda _: True, "", ""),
    "loc": (lambda text: bool(text.strip()), "路径", "a location"),
    "id": (_unsigned, "小于 4294967296 的非负整数", "a whole number below 4294967296"),
    "ref": (_unsigned, "标识的编号", "the number of an ID"),
    "xid": (
        _full(r"\s*[^\W\d][\w.\-]*\s*"),
        "以字母开头的名称",
        "a name that begins with a letter",
    ),
    "int": (_full(r"\s*[-+]?\d{1,10}\s*"), "整数", "a whole number"),
    "num": (_full(rf"\s*{_NUMBER}\s*"), "数值", "a number"),
    "bool": (_full(r"\s*(?:true|false|0|1)\s*"), "true 或 false", "true or false"),
    "box": (_full(rf"\s*{_NUMBER}(?:\s+{_NUMBER}){{3}}\s*"), "四个数值", "four numbers"),
    "pos": (_full(rf"\s*{_NUMBER}\s+{_NUMBER}\s*"), "两个数值", "two numbers"),
    "array6": (_full(rf"\s*{_NUMBER}(?:\s+{_NUMBER}){{5}}\s*"), "六个数值", "six numbers"),
    "array": (_full(_NUMBERS), "若干数值", "numbers"),
    "colour": (
        _full(rf"{_NUMBERS}|\s*#?[0-9A-Fa-f]+(?:\s+#?[0-9A-Fa-f]+)*\s*"),
        "颜色分量",
        "numbers",
    ),
    "deltas": (_full(_DELTAS), "数值，或 g 个数 数值", "numbers, or g count number"),
    "path": (lambda text: bool(text.strip()), "路径数据", "path data"),
    "date": (_full(rf"\s*{_DATE}{_ZONE}\s*"), "日期，如 2026-11-25", "a date like 2026-11-25"),
    "datetime": (
        _full(rf"\s*{_DATE}T\d{{2}}:\d{{2}}:\d{{2}}(?:\.\d+)?{_ZONE}\s*"),
        "时间，如 2026-11-25T08:30:00",
        "an instant like 2026-11-25T08:30:00",
    ),
    "base64": (_full(r"[A-Za-z0-9+/\s]*={0,2}\s*"), "Base64", "Base64"),
}
"""Simple type → whether a text is of it, and what it should be in both languages."""


class Particle(NamedTuple):
    """A place in the order: names with their kinds, how often at least and at most (0: any)."""

    names: dict[str, str]
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Kind:
    """What may stand in an element; text: simple type of its own text, "" for none."""

    content: tuple[Particle, ...]
    attributes: dict[str, tuple[str, bool]]
    text: str


@cache
def kinds() -> dict[str, Kind]:
    """The table, read once."""
    return {name: _kind(content, attributes) for name, content, attributes in TABLE}


def _kind(content: str, attributes: str) -> Kind:
    text = content[1:] if content.startswith("=") else ""
    particles = () if text else tuple(_particles(content))
    return Kind(particles, dict(map(_attribute, attributes.split())), text)


def _attribute(word: str) -> tuple[str, tuple[str, bool]]:
    name, _, kind = word.partition(":")
    return name, (kind.rstrip("!"), kind.endswith("!"))


def _particles(content: str) -> Iterator[Particle]:
    for found in _ITEM.finditer(content):
        group, group_count, name, kind, count = found.groups()
        if group:
            pairs = [one.partition(":") for one in group.split("|")]
            names = {one: other or one for one, _, other in pairs}
        else:
            names = {name: kind or name}
        sign = (group_count if group else count) or ""
        if sign.startswith("{"):
            yield Particle(names, int(sign[1]), 0)
        else:
            yield Particle(names, int(sign in ("", "+")), 0 if sign in ("*", "+") else 1)


class Checker:
    """Checks the elements of one part, and gives each finding its place."""

    def __init__(self, part: str) -> None:
        self.part = part
        self.findings: list[Finding] = []
        self._names: set[str] = set()
        self._counts: dict[str, int] = {}

    def root(self, element: Element, expected: str) -> list[Finding]:
        """Check a whole part. expected: the name that its root must have."""
        name = px.local(element)
        if name != expected:
            self._add("schema.root", element, f"根元素应为 {expected}，实为 {name}",
                      f"the root is {name} and should be {expected}")  # fmt: skip
        if not str(element.tag).startswith(f"{{{NAMESPACE}}}"):
            self._add(
                "schema.namespace",
                element,
                f"命名空间应为 {NAMESPACE}",
                f"the namespace should be {NAMESPACE}",
            )
        if name in ROOTS:
            self._element(element, name)
        left = {code: count - _MOST for code, count in self._counts.items() if count > _MOST}
        for code, count in left.items():
            self.findings.append(
                Finding(code, False, f"同类问题另有 {count} 处", f"{count} more of the same",
                        self.part)
            )  # fmt: skip
        return self.findings

    def _add(self, code: str, element: Element, text_zh: str, text_en: str) -> None:
        count = self._counts[code] = self._counts.get(code, 0) + 1
        if count <= _MOST:
            where = f"{self.part} {px.local(element)}"
            if key := element.get("ID"):
                where += f" ID={key[:40]}"
            where += f" line {element.sourceline}"
            self.findings.append(Finding(code, False, text_zh, text_en, where))

    def _element(self, element: Element, kind_name: str) -> None:
        kind = kinds().get(kind_name)
        if kind is None:
            self._simple(element, kind_name)
            return
        self._attributes(element, kind)
        if kind.text:
            self._value(element, kind.text, element.text or "", "")
            return
        self._children(element, kind)

    def _simple(self, element: Element, kind: str) -> None:
        if kind != "any":
            self._value(element, kind, element.text or "", "")
            for child in element:
                if px.local(child):
                    self._unknown(child)

    def _attributes(self, element: Element, kind: Kind) -> None:
        known = kind.attributes
        for name, (_, required) in known.items():
            if required and name not in element.attrib:
                self._add("schema.attribute", element, f"缺少必需的属性 {name}，请补上",
                          f"the attribute {name} is missing; add it")  # fmt: skip
        for key, value in element.attrib.items():
            name = str(key)
            rule = known.get(name)
            if rule is not None:
                self._value(element, rule[0], str(value), name)
            elif not name.startswith((_SCHEMA, "{http://www.w3.org/XML/")):
                self._add("schema.unknown", element, f"标准中没有属性 {name}，请删除",
                          f"the standard knows no attribute {name} here; leave it out")  # fmt: skip

    def _value(self, element: Element, kind: str, value: str, name: str) -> None:
        if kind in _TYPES:
            holds, expected_zh, expected = _TYPES[kind]
            ok = holds(value)
        else:
            choices = kind.split("|")
            expected_zh, expected = "、".join(choices) + " 之一", "one of " + ", ".join(choices)
            ok = value.strip() in choices
        if kind == "xid" and name == "ID":
            if value in self._names:
                ok, expected_zh, expected = False, "不重复的名称", "a name that stands here once"
            self._names.add(value)
        if not ok:
            place = f"属性 {name}" if name else "内容"
            self._add(
                "schema.value",
                element,
                f"{place}的值 {value[:40]!r} 无效，应为{expected_zh}",
                f"{name or 'content'} is {value[:40]!r} and should be {expected}",
            )

    def _unknown(self, element: Element) -> None:
        name = px.local(element)
        self._add("schema.unknown", element, f"标准中此处没有元素 {name}，请删除",
                  f"the standard knows no element {name} here; leave it out")  # fmt: skip

    def _children(self, element: Element, kind: Kind) -> None:
        stray = [element.text, *(child.tail for child in element)]
        if any(text and not text.isspace() for text in stray):
            self._add("schema.text", element, "元素中有多余的文字，请删除",
                      "text stands where the standard has none; remove it")  # fmt: skip
        at, count = 0, 0
        particles = kind.content
        for child in element:
            name = px.local(child)
            if not name:
                continue
            found = next((n for n in range(at, len(particles)) if name in particles[n].names), None)
            if found is None:
                self._misplaced(child, name, particles)
                continue
            if found != at:
                self._missing(element, particles[at:found], count)
                at, count = found, 0
            count += 1
            most = particles[at].most
            if most and count > most:
                self._add("schema.order", child, f"元素 {name} 出现多次，只能有 {most} 个",
                          f"{name} stands here {count} times; at most {most} may")  # fmt: skip
            self._element(child, particles[at].names[name])
        self._missing(element, particles[at:], count)
        if particles and _LAST in particles[-1].names and len(element):
            names = [name for child in element if (name := px.local(child))]
            if names and names[-1] in particles[-1].names and names[-1] != _LAST:
                self._add("schema.missing", element, f"{names[-1]} 之后缺少 {_LAST}，请补上",
                          f"{_LAST} is missing behind {names[-1]}; add it")  # fmt: skip

    def _misplaced(self, child: Element, name: str, particles: tuple[Particle, ...]) -> None:
        for particle in particles:
            if name in particle.names:
                self._add("schema.order", child, f"元素 {name} 的位置不符合标准规定的次序",
                          f"{name} stands behind elements that should follow it")  # fmt: skip
                self._element(child, particle.names[name])
                return
        self._unknown(child)

    def _missing(self, element: Element, skipped: tuple[Particle, ...], count: int) -> None:
        for number, particle in enumerate(skipped):
            if number == 0 and count >= particle.least:
                continue
            if sum(px.local(child) in particle.names for child in element) < particle.least:
                names = " | ".join(particle.names)
                self._add("schema.missing", element, f"缺少必需的子元素 {names}，请补上",
                          f"the element {names} is missing; add it")  # fmt: skip
