"""Checking fonts and pictures (字型与图像检查): readable, inside, a glyph for each character."""

from __future__ import annotations

from collections.abc import Iterator

import uharfbuzz as hb

from openrhip.formats.gm.findings import Finding
from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.inspect.resources import Resource, Resources
from openrhip.formats.ofd.package import Package
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.render import images
from openrhip.formats.ofd.render.faces_open import open_font
from openrhip.kernel.errors import Problem

_SHOWN = 12


class Usage:
    """Which characters and glyphs the text of a document asks of each font."""

    def __init__(self) -> None:
        self.chars: dict[str, set[str]] = {}
        self.glyphs: dict[str, int] = {}

    def part(self, root: Element) -> None:
        """Take in the text objects of a part."""
        for element in root.iter("{*}TextObject", "{*}Text"):
            font = element.get("Font")
            if font:
                self._object(element, font)

    def _object(self, element: Element, font: str) -> None:
        chars = self.chars.setdefault(font, set())
        spans: list[tuple[int, int]] = []
        for child in element:
            name = px.local(child)
            if name == "CGTransform":
                at, count = _whole(child.get("CodePosition")), _whole(child.get("CodeCount"), 1)
                spans.append((at, at + count))
                glyphs = [_whole(word) for word in px.text(child, "Glyphs").split()]
                if glyphs:
                    self.glyphs[font] = max(self.glyphs.get(font, 0), *glyphs)
            elif name == "TextCode":
                text = child.text or ""
                chars.update(_uncovered(text, spans))
                spans = []


def _uncovered(text: str, spans: list[tuple[int, int]]) -> Iterator[str]:
    """The stretches of a text that no transformation of glyphs covers."""
    at = 0
    for start, end in sorted(spans):
        yield from text[at : max(start, at)]
        at = max(at, end)
    yield from text[at:]


def _whole(value: str | None, usual: int = 0) -> int:
    return int(value) if value and value.isdecimal() and len(value) < 9 else usual


def check_fonts(package: Package, resources: Resources, usage: Usage) -> Iterator[Finding]:
    """Fonts that are not inside, cannot be read, or lack glyphs for the text."""
    for font in resources.every():
        if font.kind != "Font":
            continue
        where = f"{font.listed} Font ID={font.id} {font.name}"
        if not font.file:
            if not font.location:
                yield _finding(
                    "font.embedded",
                    "字型没有嵌入，其他设备上显示可能不同；请嵌入字型文件",
                    "the font is not inside: it may look different elsewhere; embed it",
                    where,
                )
            continue
        yield from _face(package, font, usage, where)


def _face(package: Package, font: Resource, usage: Usage, where: str) -> Iterator[Finding]:
    try:
        face = open_font(package.read(font.file), (font.name,))
    except Problem as problem:
        yield _finding("font.unreadable", f"字型文件无法读取：{problem.what}",
                       f"the font's file cannot be read: {problem.what}", where)  # fmt: skip
        return
    if face is None:
        yield _finding(
            "font.unreadable",
            "字型文件损坏或格式未知，文字无法按原样显示；请重新嵌入",
            "the font's file is damaged or of no known kind; embed it anew",
            f"{where} {font.file}",
        )
        return
    opened = hb.Font(face)
    lacking = sorted(
        char
        for char in usage.chars.get(font.id, ())
        if char.isprintable() and not char.isspace() and not opened.get_nominal_glyph(ord(char))
    )
    if lacking:
        shown = "".join(lacking[:_SHOWN])
        yield _finding(
            "font.glyph",
            f"字型中缺少 {len(lacking)} 个字符的字形：{shown}；请嵌入含有这些字的字型",
            f"the font has no glyph for {len(lacking)} characters: {shown}; embed one that has",
            where,
        )
    highest = usage.glyphs.get(font.id, 0)
    if highest >= face.glyph_count:
        yield _finding(
            "font.glyph",
            f"文字引用了字形 {highest}，字型只有 {face.glyph_count} 个字形",
            f"the text asks for glyph {highest} of {face.glyph_count}",
            where,
        )


def check_images(package: Package, resources: Resources) -> Iterator[Finding]:
    """Pictures that cannot be read."""
    seen: set[str] = set()
    for medium in resources.every():
        if medium.kind != "MultiMedia" or not medium.file or medium.file in seen:
            continue
        seen.add(medium.file)
        if medium.element.get("Type", "Image") != "Image":
            continue
        try:
            images.decode(package.read(medium.file))
        except Problem as problem:
            yield _finding(
                "image.unreadable",
                f"图像无法读取：{problem.what}；请换成 PNG 或 JPEG",
                f"the picture cannot be read: {problem.what}; replace it by PNG or JPEG",
                f"{medium.listed} MultiMedia ID={medium.id} {medium.file}",
            )


def _finding(code: str, text_zh: str, text_en: str, where: str) -> Finding:
    return Finding(code, False, text_zh, text_en, where)
