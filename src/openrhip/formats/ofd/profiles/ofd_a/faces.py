"""Fonts of an archived copy: embedded, as subsets with the tables of 6.2.6c.

A font that the package holds is cut down to what is used, its glyphs keeping their numbers, and
gets the small tables that it lacks. One that is only named is replaced by a free font of its
kind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

import uharfbuzz as hb

from openrhip.formats.ofd import fonts
from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.fonts import Font
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.profiles.ofd_a import faces_half, sfnt
from openrhip.formats.ofd.profiles.ofd_a.bench import Bench, add, drop
from openrhip.formats.ofd.profiles.ofd_a.pages import Usage, Used
from openrhip.formats.ofd.profiles.view import Resource
from openrhip.formats.ofd.render import faces_cff, faces_sfnt
from openrhip.formats.ofd.render.faces_house import like
from openrhip.formats.ofd.render.scene_items import FontRes
from openrhip.kernel.errors import Problem

_LOOKS = ("Bold", "Italic", "Serif")
_FLAGS = (
    hb.SubsetFlags.RETAIN_GIDS | hb.SubsetFlags.NOTDEF_OUTLINE | hb.SubsetFlags.NO_LAYOUT_CLOSURE
)
_DROPPED = ("GSUB", "GPOS", "GDEF", "BASE", "DSIG", "JSTF", "kern", "EBDT", "EBLC", "EBSC")


def unembedded(bench: Bench) -> dict[str, Resource]:
    """Fonts by id that the package only names."""
    return {font.id: font for font in bench.view.resources("Font") if not font.file}


def convert_fonts(bench: Bench, usage: Usage) -> None:
    """All fonts of the document's lists. usage: of its pages."""
    groups: dict[str, list[Resource]] = defaultdict(list)
    for font in bench.view.resources("Font"):
        if font.file:
            groups[font.file].append(font)
        else:
            _replace(bench, font, usage.fonts.get(font.id))
    for file, listed in groups.items():
        whole = Used()
        for font in listed:
            one = usage.fonts.get(font.id)
            if one is not None:
                whole.codes |= one.codes
                whole.glyphs |= one.glyphs
                whole.pairs = {**one.pairs, **whole.pairs}
        _cut_down(bench, file, listed, whole)


def _element(bench: Bench, font: Resource) -> Element | None:
    """The font in the tree that is being changed."""
    root = bench.tree(font.list_part)
    for group in root:
        for item in px.children(group, "Font"):
            if item.get("ID", "") == font.id:
                return item
    return None


def _drop_unused(bench: Bench, font: Resource, element: Element) -> None:
    group = element.getparent()
    drop(element)
    if group is not None and not len(group):
        drop(group)
    bench.touch(font.list_part)
    name = font.element.get("FontName", "")[:60]
    bench.say(
        "fonts-embedded", f"未使用的字型 {name} 已去除", f"unused {name} removed", font.list_part
    )


def _replace(bench: Bench, font: Resource, used: Used | None) -> None:
    element = _element(bench, font)
    if element is None:
        return
    name = font.element.get("FontName", "")[:60]
    where = f"{font.list_part}#{font.id}"
    bench.touch(font.list_part)
    if used is None or not used.codes:
        group = element.getparent()
        drop(element)
        if group is not None and not len(group):
            drop(group)
        bench.say("fonts-embedded", f"未使用的字型 {name} 已去除", f"unused {name} removed", where)
        return
    text = {chr(code) for code in used.codes if code >= 0x20}
    face, lost = choose(font, text)
    part = bench.name(f"Res/Font_{font.id or '0'}.otf")
    names = f"{font.element.get('FontName', '')} {font.element.get('FamilyName', '')}"
    make = faces_half.subset if faces_half.is_half(names) else fonts.subset
    bench.parts[part] = make(face, text - lost or {" "})
    for old in list(px.children(element, "FontFile")):
        drop(old)
    element.set("FontName", face.label)
    add(element, "FontFile", f"/{part}")
    bench.say(
        "fonts-embedded",
        f"包内没有字型 {name}，改用并嵌入 {face.label}",
        f"font {name} is not in the package: {face.label} was embedded in its place",
        where,
    )
    if lost:
        signs = " ".join(f"U+{ord(char):04X}" for char in sorted(lost)[:20])
        bench.say(
            "fonts-embedded", f"没有字型含有 {signs}", f"no font has {signs}", where, done=False
        )


def choose(font: Resource, text: Collection[str]) -> tuple[Font, set[str]]:
    """The free font that stands for a named one, and the characters it lacks."""
    element = font.element
    flags = {name: element.get(name, "false") in ("true", "1") for name in _LOOKS}
    named = FontRes(
        id=font.id, name=element.get("FamilyName", ""), label=element.get("FontName", ""),
        part="", bold=flags["Bold"], italic=flags["Italic"], serif=flags["Serif"],
    )  # fmt: skip
    wanted = like(named)
    order = [Font.RARE_BOLD if wanted.bold else Font.RARE]
    if wanted.font is Font.SERIF and not wanted.bold:
        order.insert(0, Font.MORE)
    best: tuple[Font, set[str]] = order[0], set(text)
    for face in order:
        lost = {char for char in text if not fonts.has(face, char)}
        if len(lost) < len(best[1]) or not lost:
            best = face, lost
        if not lost:
            break
    return best


def _cut_down(bench: Bench, file: str, listed: Sequence[Resource], used: Used) -> None:
    data = bench.package.read(file)
    name = listed[0].element.get("FontName", "") or "Embedded"
    if not used.codes and not used.glyphs and not bench.versions:
        for font in listed:
            element = _element(bench, font)
            if element is not None:
                _drop_unused(bench, font, element)
        return
    try:
        face, whole = sfnt.opened(data, name)
        used = _as_glyphs(whole, used)
        small = whole if bench.versions else subset(face, whole, used)
        made = sfnt.completed(small, name=name, glyphs=used.pairs)
        added = sorted(set(sfnt.tables(made)) - set(faces_sfnt.tables(data)))
    except Problem as problem:
        bench.say(
            "font-tables", f"字型 {name[:60]} 无法处理：{problem.what}",
            f"font {name[:60]}: {problem.what}", file, done=False,
        )  # fmt: skip
        return
    if made == data:
        return
    bench.parts[file] = made
    note_zh = f"，补充 {' '.join(added)}" if added else ""
    note_en = f", with {' '.join(added)}" if added else ""
    bench.say(
        "font-tables" if added else "fonts-embedded",
        f"字型 {name[:60]} 由 {len(data)} 字节减为 {len(made)}{note_zh}",
        f"font {name[:60]}: {len(data)} bytes became {len(made)}{note_en}",
        file,
    )


def _as_glyphs(data: bytes, used: Used) -> Used:
    """The numbers of a CFF font keyed by character identifiers (CID) as its glyphs."""
    table = faces_sfnt.tables(data).get("CFF ")
    glyphs = faces_cff.cids(table) if table else {}
    if not glyphs:
        return used
    return Used(
        used.codes,
        used.glyphs | {glyphs[number] for number in used.glyphs if number in glyphs},
        {code: glyphs.get(number, number) for code, number in used.pairs.items()},
    )


def subset(face: hb.Face, data: bytes, used: Used) -> bytes:
    """Only what is used, glyph numbers kept; the font itself if that is smaller or it cannot be
    cut."""
    try:
        wanted = hb.SubsetInput()
        wanted.unicode_set.update(used.codes)
        wanted.glyph_set.update({0, *(glyph for glyph in used.glyphs if glyph < face.glyph_count)})
        wanted.drop_table_tag_set.update(int.from_bytes(tag.encode(), "big") for tag in _DROPPED)
        wanted.flags = _FLAGS
        made = bytes(wanted.subset(face).blob.data)
    except (hb.HarfBuzzError, ValueError, RuntimeError):
        return data
    have, kept = set(faces_sfnt.tables(data)), set(faces_sfnt.tables(made))
    if not kept >= have & {"head", "maxp", "hhea", "hmtx", "glyf", "loca", "CFF "}:
        return data
    return made if len(made) < len(data) else data
