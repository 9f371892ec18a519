"""Following every location of a package (路径遍历): which parts it uses, and as what.

Sources: GB/T 33190-2016 §6 (locations), §7 to §20 (where they stand).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from openrhip.formats.gm.findings import Finding
from openrhip.formats.ofd.inspect.resources import locate
from openrhip.formats.ofd.package import ENTRY, Package
from openrhip.formats.ofd.package_xml import Element
from openrhip.kernel.errors import NotFound, Problem, TooLarge

LEAF, TAGS = "", "Tags"
_MOST = 200
_PLACES: dict[str, dict[str, tuple[str, str]]] = {
    "OFD": {
        "DocRoot": ("", "Document"),
        "Version": ("BaseLoc", "DocVersion"),
        "Signatures": ("", "Signatures"),
        "Cover": ("", LEAF),
    },
    "DocVersion": {"DocRoot": ("", "Document"), "File": ("", LEAF)},
    "Document": {
        "PublicRes": ("", "Res"),
        "DocumentRes": ("", "Res"),
        "TemplatePage": ("BaseLoc", "Page"),
        "Page": ("BaseLoc", "Page"),
        "Annotations": ("", "Annotations"),
        "CustomTags": ("", "CustomTags"),
        "Attachments": ("", "Attachments"),
        "Extensions": ("", "Extensions"),
    },
    "Page": {"PageRes": ("", "Res")},
    "Res": {"FontFile": ("", LEAF), "MediaFile": ("", LEAF), "ColorSpace": ("Profile", LEAF)},
    "Annotations": {"FileLoc": ("", "PageAnnot")},
    "Attachments": {"FileLoc": ("", LEAF)},
    "CustomTags": {"FileLoc": ("", TAGS), "SchemaLoc": ("", LEAF)},
    "Extensions": {"ExtendData": ("", LEAF)},
    "Signatures": {"Signature": ("BaseLoc", "Signature")},
    "Signature": {"SignedValue": ("", LEAF), "BaseLoc": ("", LEAF), "ImageLoc": ("", LEAF)},
}
"""Kind of part: element → (attribute with the location, or "" for its text; kind it leads to)."""
_OUTSIDE = frozenset({"Attachments", "Extensions"})
"""Lists whose files may lie outside of the package."""


@dataclass(slots=True)
class Reached:
    """parts: each with its kind, in the order found; findings: what leads nowhere, or is odd."""

    parts: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def of(self, *kinds: str) -> Iterator[str]:
        """The parts of these kinds."""
        for part, kind in self.parts.items():
            if kind in kinds:
                yield part


def reach(package: Package, start: str = ENTRY, kind: str = "OFD") -> Reached:
    """Follow every location from a part on. Raises TooLarge."""
    found = Reached({start: kind})
    waiting = [(start, kind)]
    while waiting:
        part, as_kind = waiting.pop()
        if as_kind not in _PLACES:
            continue
        try:
            places = list(_locations(package, part, as_kind))
        except TooLarge:
            raise
        except Problem as problem:
            found.findings.append(unreadable(part, problem))
            continue
        for location, goal, folder in places:
            target = _target(package, part, location, folder, found.findings)
            if target and target not in found.parts:
                found.parts[target] = goal
                waiting.append((target, goal))
    return found


def _locations(package: Package, part: str, kind: str) -> Iterator[tuple[str, str, str]]:
    """Location, kind it leads to, and the folder that files of a resource list may stand in."""
    places = _PLACES[kind]
    if kind == "Page" and not package.mentions(part, b"PageRes"):
        return
    root = package.xml(part)
    folder = root.get("BaseLoc", "") if kind == "Res" else ""
    for element in root.iter(*(f"{{*}}{name}" for name in places)):
        attribute, goal = places[str(element.tag).rpartition("}")[2]]
        if kind == "Signature" and attribute == "" and _name(element.getparent()) == "SignedInfo":
            continue
        location = element.get(attribute) if attribute else element.text
        if location and location.strip():
            yield location.strip(), goal, folder


def _name(element: Element | None) -> str:
    return str(element.tag).rpartition("}")[2] if element is not None else ""


def _target(
    package: Package, part: str, location: str, folder: str, findings: list[Finding]
) -> str:
    try:
        if not folder:
            return package.resolve(location, base=part, strict=True)
    except Problem:
        pass
    target = locate(package, location, part, folder)
    if len(findings) >= _MOST:
        return target
    if not target:
        kind = package.xml(part)
        outside = _name(kind) in _OUTSIDE and ("://" in location or location.startswith(".."))
        findings.append(_outside(part, location) if outside else _missing(package, part, location))
    elif not folder or not _regular(package, part, location, folder, target):
        findings.append(
            Finding(
                "path.irregular",
                False,
                f"路径 {location[:120]} 不是相对于所在文件的路径，其他阅读器可能找不到；"
                f"请改为 /{target}",
                f"{location[:120]} is not relative to the part that says it: other readers may "
                f"not find it; write /{target}",
                part,
            )
        )
    return target


def _regular(package: Package, part: str, location: str, folder: str, target: str) -> bool:
    inside = location if location.startswith("/") else f"{folder.rstrip('/')}/{location}"
    try:
        return package.resolve(inside, base=part, strict=True) == target
    except Problem:
        return False


def _missing(package: Package, part: str, location: str) -> Finding:
    try:
        package.resolve(location, base=part)
        what = "no part"
    except NotFound:
        what = "no part"
    except Problem as problem:
        what = problem.what
    return Finding(
        "reference.missing",
        False,
        f"路径 {location[:120]} 所指的文件不在包内；请补上文件或删除引用",
        f"{location[:120]} leads to nothing in the package ({what}); add the part or the "
        "reference away",
        part,
    )


def _outside(part: str, location: str) -> Finding:
    return Finding(
        "reference.outside",
        False,
        f"附件在文件之外：{location[:120]}；长期保存时请放入包内",
        f"a file outside of the package: {location[:120]}; for keeping put it inside",
        part,
    )


def unreadable(part: str, problem: Problem) -> Finding:
    """The finding for a part that is damaged or no XML."""
    return Finding(
        "part.unreadable",
        False,
        f"部件无法读取：{problem.what}；请重新生成该文件",
        f"the part cannot be read: {problem.what}; produce it anew",
        part,
    )
