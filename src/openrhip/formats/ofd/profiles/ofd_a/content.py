"""Rules about what stands on pages, in templates and in annotations."""

from __future__ import annotations

from collections.abc import Iterator

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.profiles.ofd_a import geometry
from openrhip.formats.ofd.profiles.rules import Breach
from openrhip.formats.ofd.profiles.view import ANNOTATION, Sheet, View

DEEPEST = 3
STROKE_ATTRIBUTES = ("LineWidth", "Cap", "Join", "MiterLimit", "DashPattern", "DashOffset")
STROKES = (*STROKE_ATTRIBUTES, "Stroke", "Fill")
YES = ("true", "1")
_LINES = frozenset(STROKE_ATTRIBUTES)


def units(sheet: Sheet, *names: str) -> Iterator[Element]:
    yield from sheet.root.iter(*(f"{{*}}{name}" for name in names))


def _at(sheet: Sheet, unit: Element, zh: str = "", en: str = "") -> Breach:
    name = unit.get("ID", "")
    return Breach(f"{sheet.part}#{name}" if name else sheet.part, zh or name, en or name)


def layer_names(view: View, sheet: Sheet) -> Iterator[Breach]:
    del view
    seen: set[str] = set()
    for layer in units(sheet, "Layer"):
        name = layer.get("Name")
        if name is not None and name in seen:
            yield _at(sheet, layer, f"图层名 {name[:40]} 重复", f"layer name {name[:40]} again")
        seen.add(name or "")


def page_blocks(view: View, sheet: Sheet) -> Iterator[Breach]:
    del view
    for block in units(sheet, "PageBlock"):
        depth = block_depth(block)
        if depth > DEEPEST:
            yield _at(sheet, block, f"嵌套 {depth} 层", f"nested {depth} deep")


def block_depth(block: Element) -> int:
    return 1 + sum(px.local(one) == "PageBlock" for one in block.iterancestors())


def clips_redundant(view: View, sheet: Sheet) -> Iterator[Breach]:
    del view
    for clip, unit in clips(sheet.root):
        if geometry.covers(clip, unit):
            yield _at(sheet, unit)


def clips_empty(view: View, sheet: Sheet) -> Iterator[Breach]:
    del view
    for clip, unit in clips(sheet.root):
        if geometry.is_empty(clip):
            yield _at(sheet, unit)


def clips(root: Element) -> Iterator[tuple[Element, Element]]:
    """(clip, object it cuts)."""
    for clip in root.iter("{*}Clip"):
        group = clip.getparent()
        unit = group.getparent() if group is not None else None
        if unit is not None:
            yield clip, unit


def strokes(unit: Element) -> bool:
    """Whether a text or path draws its outline; by default paths do and texts do not."""
    usual = "true" if px.local(unit) == "PathObject" else "false"
    return unit.get("Stroke", usual) in YES


def stroke_attributes(view: View, sheet: Sheet) -> Iterator[Breach]:
    del view
    for unit in units(sheet, "TextObject", "PathObject"):
        if not _LINES.isdisjoint(unit.keys()) and not strokes(unit):
            yield _at(sheet, unit)


def composite_attributes(view: View, sheet: Sheet) -> Iterator[Breach]:
    del view
    for unit in units(sheet, "CompositeObject"):
        if any(unit.get(name) is not None for name in STROKES) or _colours(unit):
            yield _at(sheet, unit)


def _colours(unit: Element) -> bool:
    return any(px.local(one) in ("FillColor", "StrokeColor") for one in unit)


def image_fill(view: View, sheet: Sheet) -> Iterator[Breach]:
    del view
    for unit in units(sheet, "ImageObject", "VideoObject"):
        if unit.get("Fill") is not None or px.child(unit, "FillColor") is not None:
            yield _at(sheet, unit)


def interpolate(view: View, sheet: Sheet) -> Iterator[Breach]:
    del view
    for unit in units(sheet, "ImageObject"):
        if unit.get("Interpolate", "false").lower() in YES:
            yield _at(sheet, unit)


def text_size(view: View, sheet: Sheet) -> Iterator[Breach]:
    del view
    for unit in units(sheet, "TextObject"):
        if not unit.get("Size", "").strip():
            yield _at(sheet, unit)


def text_scale(view: View, sheet: Sheet) -> Iterator[Breach]:
    del view
    for unit in units(sheet, "TextObject"):
        if (across := scaled_across(unit)) is not None and not unit.get("HScale"):
            yield _at(sheet, unit, f"横向缩放 {across:g}", f"scaled by {across:g}")


def scaled_across(unit: Element) -> float | None:
    """The factor, if the object's matrix does nothing but scale it across (and move it)."""
    written = unit.get("CTM")
    matrix = geometry.numbers(written, 6) if written else None
    if matrix is None:
        return None
    a, b, c, d = matrix[:4]
    upright = abs(b) < 1e-6 and abs(c) < 1e-6 and abs(d - 1) < 1e-6
    return a if upright and abs(a - 1) > 1e-6 else None


def videos(view: View, sheet: Sheet) -> Iterator[Breach]:
    del view
    for unit in units(sheet, "VideoObject"):
        yield _at(sheet, unit, "视频对象", "a video object")


def scanned(view: View, sheet: Sheet) -> Iterator[Breach]:
    """A page that is one picture and nothing that can be read or searched."""
    del view
    if sheet.kind == ANNOTATION or sheet.number < 0:
        return
    pictures = next(units(sheet, "ImageObject"), None)
    words = next(units(sheet, "TextObject", "CompositeObject"), None)
    if pictures is not None and words is None and px.child(sheet.root, "Template") is None:
        yield Breach(sheet.part, "只有图像，没有文字", "pictures, and no text")
