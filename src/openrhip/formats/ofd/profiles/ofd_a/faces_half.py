"""Fonts with Latin letters and digits half an em wide (半角), as 宋体 and its kin have them.

A page that was set in such a font and gets ours in its place would have its letters overlap: ours
are as wide as they like. The fonts hold a second set of glyphs for this (hwid of OpenType).
"""

from __future__ import annotations

from collections.abc import Collection

import uharfbuzz as hb

from openrhip.formats.ofd import fonts
from openrhip.formats.ofd.fonts import Font
from openrhip.formats.ofd.render import faces_sfnt

_WIDE = ("雅黑", "yahei", "等线", "dengxian", "苹方", "pingfang", "noto", "source han", "思源")
_HALF = (
    "simsun", "simhei", "simkai", "simfang", "kaiti", "fangsong", "stsong", "stkai", "stfang",
    "stzhong", "nsimsun", "lisu", "youyuan", "song", "heiti",
)  # fmt: skip
_FLAGS = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NO_LAYOUT_CLOSURE
_DROPPED = ("GSUB", "GPOS", "GDEF", "BASE", "DSIG", "VORG", "vhea", "vmtx", "STAT")
_WEIGHT = "wght"


def is_half(name: str) -> bool:
    """Whether a font of this name has half-width letters: Chinese families but the modern ones."""
    name = name.lower()
    if any(word in name for word in _WIDE):
        return False
    return any(char >= "\u2e80" for char in name) or any(word in name for word in _HALF)


def subset(font: Font, chars: Collection[str]) -> bytes:
    """As `fonts.subset`, with the half-width glyphs where the font has them."""
    face, weight = fonts.loaded(font)
    shaper = hb.Font(face)
    if weight:
        shaper.set_variations({_WEIGHT: float(weight)})
    glyphs = {ord(char): _glyph(shaper, char) for char in chars}
    wanted = hb.SubsetInput()
    wanted.unicode_set.update(glyphs)
    wanted.glyph_set.update(glyphs.values())
    wanted.layout_feature_tag_set.clear()
    wanted.drop_table_tag_set.update(int.from_bytes(tag.encode(), "big") for tag in _DROPPED)
    wanted.flags = _FLAGS
    if weight:
        wanted.pin_axis_location(face, _WEIGHT, float(weight))
        wanted.flags = _FLAGS | hb.SubsetFlags.DOWNGRADE_CFF2
    plan = hb.SubsetPlan(face, wanted)
    renumbered = plan.old_to_new_glyph_mapping
    parts = faces_sfnt.tables(bytes(plan.execute().blob.data))
    parts["cmap"] = faces_sfnt.cmap(
        {code: renumbered[glyph] for code, glyph in glyphs.items() if glyph in renumbered}
    )
    return faces_sfnt.build(parts)


def _glyph(shaper: hb.Font, char: str) -> int:
    """The half-width glyph of an ASCII character, else the usual one."""
    usual = int(shaper.get_nominal_glyph(ord(char)) or 0)
    if not usual or not char.isascii():
        return usual
    buffer = hb.Buffer()
    buffer.add_str(char)
    buffer.guess_segment_properties()
    hb.shape(shaper, buffer, {"hwid": True})
    found = buffer.glyph_infos or []
    return int(found[0].codepoint) if len(found) == 1 else usual
