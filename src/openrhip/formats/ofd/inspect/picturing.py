"""Differences as a picture (差异图): pages side by side, changed places framed."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from openrhip.formats.ofd import render
from openrhip.formats.ofd.inspect.differences import Differences, PageChange
from openrhip.formats.ofd.package import Box, Package
from openrhip.kernel.errors import Problem

MOST = 12
"""Pages that are shown."""
_GAP = 8
_OLD, _NEW = (214, 40, 40, 70), (20, 130, 70, 70)
_MARGIN = 0.6


def picture(
    before: Package, after: Package, differences: Differences, *, dpi: int = 60, most: int = MOST
) -> bytes:
    """A PNG with the changed pages, the old ones left and the new ones right. b"" if none."""
    rows: list[Image.Image] = []
    for change in differences.pages[:most]:
        boxes = [(one.box_before, one.box_after) for one in change.texts]
        boxes += [(one.box_before, one.box_after) for one in change.drawings]
        left = _side(before, change.before, [a for a, _ in boxes if a], (_OLD, dpi))
        right = _side(after, change.after, [b for _, b in boxes if b], (_NEW, dpi))
        rows.append(_beside(left, right, change))
    if not rows:
        return b""
    width = max(row.width for row in rows)
    sheet = Image.new("RGB", (width, sum(row.height + _GAP for row in rows)), "white")
    y = 0
    for row in rows:
        sheet.paste(row, (0, y))
        y += row.height + _GAP
    out = io.BytesIO()
    sheet.save(out, "PNG", compress_level=6)
    return out.getvalue()


def _side(
    package: Package, page: int | None, boxes: list[Box], look: tuple[tuple[int, ...], int]
) -> Image.Image | None:
    """The page with its changed places; None if it has none; grey if it cannot be drawn."""
    if page is None:
        return None
    color, dpi = look
    try:
        data = render.to_png(package, page=page, dpi=dpi)
        x, y, *_ = package.page_box(package.pages[page])
    except Problem as problem:
        package.tell(problem, "页面无法绘制", "a page cannot be drawn")
        return Image.new("RGB", (200, 280), (230, 230, 230))
    with Image.open(io.BytesIO(data)) as opened:
        image = opened.convert("RGB")
    scale = dpi / 25.4
    over = Image.new("RGBA", image.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(over)
    for left, top, wide, tall in boxes:
        corner = ((left - x - _MARGIN) * scale, (top - y - _MARGIN) * scale)
        other = ((left - x + wide + _MARGIN) * scale, (top - y + tall + _MARGIN) * scale)
        pen.rectangle((*corner, *other), fill=color, outline=color[:3])
    return Image.alpha_composite(image.convert("RGBA"), over).convert("RGB")


def _beside(left: Image.Image | None, right: Image.Image | None, change: PageChange) -> Image.Image:
    width = max(one.width for one in (left, right) if one is not None)
    height = max(one.height for one in (left, right) if one is not None)
    row = Image.new("RGB", (2 * width + 3 * _GAP, height + 2 * _GAP + 12), (245, 245, 245))
    pen = ImageDraw.Draw(row)
    for number, (image, index) in enumerate(((left, change.before), (right, change.after))):
        x = _GAP + number * (width + _GAP)
        title = f"page {index + 1} ({change.kind})" if index is not None else "-"
        pen.text((x, 2), title, fill=(60, 60, 60))
        if image is not None:
            row.paste(image, (x, _GAP + 12))
    return row
