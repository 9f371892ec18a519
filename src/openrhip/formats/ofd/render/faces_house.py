"""Which of our fonts stands in for a font that a file only names (字体替换).

By the name first: 宋 仿 楷 Times are serif, 黑 雅黑 Arial are not, 标宋 and 粗 are bold; then by
what the resource says of itself. Founder's names (方正, FZ…) are taken apart by their letters.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from openrhip.formats.ofd.fonts import Font
from openrhip.formats.ofd.render.scene_items import FontRes

_SANS = (
    "黑", "圆", "等线", "苹方", "美黑", "综艺", "sans", "hei", "gothic", "dengxian", "youyuan",
    "pingfang", "arial", "helvetica", "calibri", "tahoma", "verdana", "segoe", "consolas",
    "trebuchet", "lucida", "roboto", "franklin", "impact", "mono", "wingding", "symbol", "frutiger",
    "univers",
)  # fmt: skip
_SERIF = (
    "宋", "仿", "楷", "明", "隶", "魏", "行", "serif", "song", "sun", "ming", "fang", "kai",
    "times", "roman", "georgia", "garamond", "cambria", "minion", "century", "palatino", "bookman",
    "batang",    "courier", "antiqua", "lisu", "weibei",
)  # fmt: skip
_BOLD = ("bold", "heavy", "black", "粗", "标宋", "大黑", "特黑", "超", "xbs", "dbs", "demi")
_HALF = (
    "宋",
    "仿",
    "楷",
    "黑体",
    "simsun",
    "simhei",
    "song",
    "kaiti",
    "fangsong",
    "simkai",
    "fz",
    "st",
)
_FIXED = ("courier", "consolas", "mono", "typewriter", "menlo")
_SLANT = ("italic", "oblique", "斜")
_FOUNDER_SANS = re.compile(r"fz(?:ht|xh|zh|dh|ch|lt?h|y[1-4]|xy|zy|cy|yh|zyjw|mh|th|hei)")
_SUBSET = re.compile(r"^[a-z]{6}\+")


class Like(NamedTuple):
    """font: ours; bold, italic: what the name and the resource ask for; half: its Latin letters
    are all half an em wide, fixed: all of one width."""

    font: Font
    bold: bool
    italic: bool
    half: bool = False
    fixed: bool = False


def like(res: FontRes) -> Like:
    name = _SUBSET.sub("", f"{res.name} {res.label}".lower().strip())
    found = _like(res, name)
    fixed = res.fixed or any(word in name for word in _FIXED)
    return found._replace(half=any(word in name for word in _HALF), fixed=fixed)


def _like(res: FontRes, name: str) -> Like:
    bold = res.bold or any(word in name for word in _BOLD)
    italic = res.italic or any(word in name for word in _SLANT)
    if _FOUNDER_SANS.match(name):
        return Like(Font.SANS, bold, italic)
    if "sansserif" in name.replace("-", "").replace(" ", "") or "sans" in name:
        return Like(Font.SANS, bold, italic)
    serif = any(word in name for word in _SERIF)
    sans = any(word in name for word in _SANS)
    if sans and not (serif and res.serif):
        return Like(Font.SANS, bold, italic)
    if serif or res.serif or name.startswith(("fz", "hy", "st")) or not name:
        return Like(Font.SERIF, bold, italic)
    return Like(Font.SANS, bold, italic)


def shown(font: Font) -> str:
    """Its name for people."""
    return font.label
