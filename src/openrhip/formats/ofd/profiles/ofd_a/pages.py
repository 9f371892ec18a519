"""Converting what stands on pages, in templates, annotations and composite objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.profiles.ofd_a import content, geometry, structure
from openrhip.formats.ofd.profiles.ofd_a.bench import Bench, add, cut, drop, elements, fresh
from openrhip.formats.ofd.profiles.ofd_a.entry import drop_actions
from openrhip.formats.ofd.profiles.view import ANNOTATION, PAGE, TEMPLATE, Sheet

_MOST_GLYPHS = 0xFFFF


@dataclass
class Used:
    """What a font is used for: code points, glyphs, and which glyph stands for which code."""

    codes: set[int] = field(default_factory=set)
    glyphs: set[int] = field(default_factory=set)
    pairs: dict[int, int] = field(default_factory=dict)


@dataclass
class Usage:
    """Fonts and images in use; jumps that become link annotations: (page part, objects)."""

    fonts: dict[str, Used] = field(default_factory=lambda: defaultdict(Used))
    links: dict[int, list[Element]] = field(default_factory=lambda: defaultdict(list))


def convert_sheet(
    bench: Bench, sheet: Sheet, usage: Usage, unembedded: Mapping[str, object]
) -> None:
    """One page or other part, in place. unembedded: fonts whose glyph numbers mean nothing."""
    root, part = sheet.root, sheet.part
    changed = False
    if sheet.kind in (PAGE, TEMPLATE):
        changed |= drop_actions(bench, root, "page-actions", part)
        changed |= _layers(bench, root, part)
    changed |= _object_actions(bench, sheet, usage)
    changed |= _blocks(bench, sheet)
    changed |= _clips(bench, root, part)
    changed |= _attributes(bench, root, part)
    for unit in elements(root, "TextObject"):
        changed |= _text(bench, unit, part, unembedded)
        _note_font(unit, usage)
    for element in root.iter():
        if isinstance(element.tag, str):
            bench.saw(element.get("ID", ""))
    if changed:
        bench.touch(part)


def _layers(bench: Bench, root: Element, part: str) -> bool:
    seen: set[str] = set()
    changed = False
    for layer in elements(root, "Layer"):
        name = layer.get("Name")
        if name is None:
            continue
        free, number = name, 2
        while free in seen:
            free, number = f"{name}_{number}", number + 1
        seen.add(free)
        if free != name:
            layer.set("Name", free)
            bench.say("layer-names", f"图层改名为 {free[:40]}", f"a layer is now {free[:40]}", part)
            changed = True
    return changed


def _object_actions(bench: Bench, sheet: Sheet, usage: Usage) -> bool:
    """Objects lose their actions; a jump from a page goes on as a link annotation there."""
    changed = False
    for group in elements(sheet.root, "Actions"):
        owner = group.getparent()
        if owner is None or not geometry.numbers(owner.get("Boundary", ""), 4):
            continue
        if px.local(owner) == "Appearance":
            continue
        drop_actions(
            bench, owner,
            "annotation-actions" if sheet.kind == ANNOTATION else "object-actions", sheet.part,
        )  # fmt: skip
        if sheet.kind == ANNOTATION:
            _jumps_to_nowhere(bench, owner, sheet.part)
            changed = True
            continue
        left = px.child(owner, "Actions")
        if left is not None:
            kept = sheet.kind == PAGE and _upright(owner)
            if kept:
                usage.links[sheet.number].append(_link_of(owner, left))
            else:
                drop(left)
            bench.say(
                "object-actions",
                "图元的跳转改为链接注释" if kept else "图元的跳转已去除",
                "a jump became a link annotation" if kept else "a jump was taken out",
                f"{sheet.part}#{owner.get('ID', '')}",
            )
        changed = True
    return changed


def _jumps_to_nowhere(bench: Bench, owner: Element, part: str) -> None:
    pages, marks = bench.targets
    for group in list(px.children(owner, "Actions")):
        for action in list(px.children(group, "Action")):
            if not structure.lands(action, pages, marks):
                drop(action)
                bench.say(
                    "annotation-actions", "跳转目标不存在，动作已去除", "a jump to nowhere", part
                )
        if not len(group):
            drop(group)


def _upright(unit: Element) -> bool:
    """Whether the object's boundary is that on the page: no block of a kind moves it."""
    return all(
        px.local(one) in ("Layer", "PageBlock", "Content", "Page") for one in unit.iterancestors()
    )


def _link_of(owner: Element, actions: Element) -> Element:
    """A frame without ink that carries the jump, at the object's place."""
    frame = fresh(owner, "PathObject")
    frame.set("Boundary", owner.get("Boundary", ""))
    frame.set("Stroke", "false")
    box = geometry.numbers(owner.get("Boundary", ""), 4) or (0.0, 0.0, 1.0, 1.0)
    width, height = f"{box[2]:g}", f"{box[3]:g}"
    frame.append(actions)
    add(frame, "AbbreviatedData", f"M 0 0 L {width} 0 L {width} {height} L 0 {height} C")
    return frame


def _blocks(bench: Bench, sheet: Sheet) -> bool:
    """Blocks nested too deep dissolve into the one around them; in annotations all do."""
    changed = False
    for block in reversed(list(elements(sheet.root, "PageBlock"))):
        parent = block.getparent()
        if parent is None:
            continue
        shown = sheet.kind == ANNOTATION
        if not shown and content.block_depth(block) <= content.DEEPEST:
            continue
        at = parent.index(block)
        for child in list(block):
            parent.insert(at, child)
            at += 1
        drop(block)
        bench.say(
            "annotation-blocks" if shown else "page-blocks", "页块已展平", "a block was dissolved",
            sheet.part,
        )  # fmt: skip
        changed = True
    return changed


def _clips(bench: Bench, root: Element, part: str) -> bool:
    changed = False
    for clip, unit in list(content.clips(root)):
        empty, covers = geometry.is_empty(clip), geometry.covers(clip, unit)
        if not empty and not covers:
            continue
        group = clip.getparent()
        drop(clip)
        if group is not None and not len(group):
            drop(group)
        where = f"{part}#{unit.get('ID', '')}"
        if empty:
            unit.set("Visible", "false")
            bench.say(
                "clips-empty", "空裁剪区已去除，图元不可见", "an empty clip was taken out", where
            )
        else:
            bench.say(
                "clips-redundant", "多余的裁剪区已去除", "a needless clip was taken out", where
            )
        changed = True
    return changed


def _attributes(bench: Bench, root: Element, part: str) -> bool:
    changed = False
    for unit in elements(root, "TextObject", "PathObject", "CompositeObject", "ImageObject"):
        kind = px.local(unit)
        names: tuple[str, ...] = ()
        rule = "stroke-attributes"
        if kind == "CompositeObject":
            names, rule = content.STROKES, "composite-attributes"
        elif kind == "ImageObject":
            names, rule = ("Fill",), "image-fill"
            if unit.get("Interpolate", "false").lower() in content.YES:
                unit.set("Interpolate", "false")
                bench.say("interpolate", "Interpolate 设为 false", "Interpolate is now false", part)
                changed = True
        elif not content.strokes(unit):
            names = content.STROKE_ATTRIBUTES
        gone = [name for name in names if cut(unit, name)]
        if kind in ("CompositeObject", "ImageObject"):
            gone += _colours(unit, kind)
        if gone:
            words = " ".join(gone)
            where = f"{part}#{unit.get('ID', '')}"
            bench.say(rule, f"属性已去除：{words}", f"taken out: {words}", where)
            changed = True
    return changed


def _colours(unit: Element, kind: str) -> list[str]:
    names = ("FillColor",) if kind == "ImageObject" else ("FillColor", "StrokeColor")
    found = [child for name in names for child in px.children(unit, name)]
    for child in found:
        drop(child)
    return [px.local(child) for child in found]


def _text(bench: Bench, unit: Element, part: str, unembedded: Mapping[str, object]) -> bool:
    changed = False
    where = f"{part}#{unit.get('ID', '')}"
    across = content.scaled_across(unit)
    if across is not None and across > 0 and not unit.get("HScale") and not _cut(unit):
        _scale(unit, across)
        bench.say(
            "text-scale", f"改用 HScale={across:g}", f"HScale={across:g} in place of CTM", where
        )
        changed = True
    if unit.get("Font", "") in unembedded:
        glyphs = list(px.children(unit, "CGTransform"))
        for one in glyphs:
            drop(one)
        if glyphs:
            bench.say(
                "fonts-embedded",
                "原字型缺失，字形编号已去除",
                "glyph numbers of a lost font",
                where,
            )
            changed = True
    return changed


def _cut(unit: Element) -> bool:
    return px.child(unit, "Clips") is not None


def _scale(unit: Element, across: float) -> None:
    """The matrix' scaling in HScale; places of characters are scaled in its stead."""
    matrix = geometry.numbers(unit.get("CTM", ""), 6) or (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    for code in px.children(unit, "TextCode"):
        if (x := geometry.numbers(code.get("X", ""), 1)) is not None:
            code.set("X", f"{x[0] * across + matrix[4]:.6g}")
        if (y := geometry.numbers(code.get("Y", ""), 1)) is not None:
            code.set("Y", f"{y[0] + matrix[5]:.6g}")
        if steps := code.get("DeltaX"):
            code.set("DeltaX", _scaled_steps(steps, across))
    del unit.attrib["CTM"]
    unit.set("HScale", f"{across:.6g}")


def _scaled_steps(steps: str, across: float) -> str:
    words, out, at = steps.split(), [], 0
    while at < len(words):
        if words[at] == "g" and at + 2 < len(words):
            out += words[at : at + 2]
            at += 2
        step = geometry.numbers(words[at], 1)
        out.append(f"{step[0] * across:.6g}" if step else words[at])
        at += 1
    return " ".join(out)


def _note_font(unit: Element, usage: Usage) -> None:
    """The characters and glyphs of a text object. Glyph lists stand before their TextCode."""
    used = usage.fonts[unit.get("Font", "")]
    waiting: list[Element] = []
    for child in unit:
        name = px.local(child)
        if name == "CGTransform":
            waiting.append(child)
        elif name == "TextCode":
            text = child.text or ""
            used.codes.update(map(ord, text))
            for transform in waiting:
                _note_glyphs(transform, text, used)
            waiting = []
    for transform in waiting:
        _note_glyphs(transform, "", used)


def _note_glyphs(transform: Element, text: str, used: Used) -> None:
    words = px.text(transform, "Glyphs").split()
    glyphs = [int(word) for word in words if word.isascii() and word.isdigit() and len(word) < 6]
    glyphs = [glyph for glyph in glyphs if glyph <= _MOST_GLYPHS]
    used.glyphs.update(glyphs)
    at, count = (transform.get("CodePosition", ""), transform.get("CodeCount", "1"))
    if at.isdigit() and count.isdigit() and int(count) == len(glyphs):
        for char, glyph in zip(text[int(at) : int(at) + len(glyphs)], glyphs, strict=False):
            used.pairs.setdefault(ord(char), glyph)
