"""Where the locations of the documents lead (路径闭合): to parts that are there, and never to those
that belong to signatures.

A signature's own parts and the list of signatures are what a later signer may add or change; a
document that took content from them, or from a part that is yet to come, would not be fixed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from openrhip.formats.gm.findings import Finding
from openrhip.formats.ofd.package import ENTRY, Package
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.signing_open import annotation_files, annotation_lists
from openrhip.formats.ofd.verify_findings import failed, held
from openrhip.formats.ofd.verify_listing import listing
from openrhip.kernel.errors import NotFound, Problem, TooLarge

_MOST_NAMED = 20
_PER_PART = 4
_LEAF = ""
_NOTES = "notes"
_PLACES: dict[str, dict[str, tuple[str, str]]] = {
    "entry": {
        "DocRoot": ("", "document"),
        "Version": ("BaseLoc", "version"),
        "Cover": ("", _LEAF),
    },
    "version": {"DocRoot": ("", "document"), "File": ("", _LEAF)},
    "document": {
        "PublicRes": ("", "resources"),
        "DocumentRes": ("", "resources"),
        "TemplatePage": ("BaseLoc", "page"),
        "Page": ("BaseLoc", "page"),
        "Annotations": ("", _NOTES),
        "CustomTags": ("", "files"),
        "Attachments": ("", "files"),
        "Extensions": ("", "files"),
    },
    "page": {"PageRes": ("", "resources")},
    "resources": {
        "FontFile": ("", _LEAF),
        "MediaFile": ("", _LEAF),
        "ColorSpace": ("Profile", _LEAF),
    },
    _NOTES: {"FileLoc": ("", _LEAF)},
    "files": {"FileLoc": ("", _LEAF), "SchemaLoc": ("", _LEAF), "ExtendData": ("", _LEAF)},
}
"""Kind of part: element → (attribute with the location, or "" for its text; kind it leads to)."""


def reach(package: Package, own: Collection[str]) -> list[Finding]:
    """Follow every location from OFD.xml on. own: parts of signatures, and their lists."""
    findings: list[Finding] = []
    notes = annotation_lists(package) | annotation_files(package)
    own = {*own, *listing(package)}
    waiting, seen = [(ENTRY, "entry")], {(ENTRY, "entry")}
    left = _PER_PART * package.limits.parts
    while waiting and len(findings) < _MOST_NAMED:
        part, kind = waiting.pop()
        try:
            for location, goal in _locations(package, part, kind):
                left -= 1
                if left < 0:
                    raise TooLarge("too many locations to follow", where=part)
                target = _target(package, part, kind, location)
                if target in own:
                    findings.append(_into_signatures(part, target))
                elif target in notes and _NOTES not in (kind, goal):
                    findings.append(_into_notes(part, target))
                elif goal and (target, goal) not in seen:
                    seen.add((target, goal))
                    waiting.append((target, goal))
        except NotFound as problem:
            findings.append(
                failed(
                    "ofd.dangling",
                    f"文档引用的文件不在包内：{problem.what}",
                    f"a location of the document leads to nothing: {problem.what}",
                    part,
                )
            )
        except Problem as problem:
            findings.append(
                failed("ofd.location", f"路径无法确定：{problem.what}", problem.what, part)
            )
    if findings:
        return findings
    return [
        held(
            "ofd.locations",
            "文档引用的文件均在包内，且不指向签名文件",
            "every location leads to one part, and none to those of signatures",
        )
    ]


def _locations(package: Package, part: str, kind: str) -> Iterator[tuple[str, str]]:
    """Each location in a part, and the kind of part it leads to."""
    places = _PLACES[kind]
    if kind == "page" and not package.mentions(part, b"PageRes"):
        return  # nearly every page: not parsed for this
    for element in package.xml(part).iter(*(f"{{*}}{name}" for name in places)):
        attribute, goal = places[_name(element)]
        location = element.get(attribute) if attribute else element.text
        if location and location.strip():
            yield location, goal


def _target(package: Package, part: str, kind: str, location: str) -> str:
    """The part; files of a resource list may also stand in its own folder (BaseLoc)."""
    folder = package.xml(part).get("BaseLoc", "").rstrip("/") if kind == "resources" else ""
    if not folder or location.strip().startswith("/"):
        return package.resolve(location, base=part)
    inside = f"{folder}/{location.strip()}"
    found: set[str] = set()
    for trial in (inside, location):
        try:
            found.add(package.resolve(trial, base=part))
        except NotFound:
            continue
    if len(found) != 1:
        what = "several parts" if found else "no part"
        raise NotFound(f"{what} at {location[:200]!r}", where=part)
    return found.pop()


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _into_notes(part: str, target: str) -> Finding:
    return failed(
        "ofd.reach",
        f"文档内容引用了注释文件 {target}：签名不保护其内容",
        f"the document takes content from {target}, an annotation that signatures leave open",
        part,
    )


def _into_signatures(part: str, target: str) -> Finding:
    return failed(
        "ofd.reach",
        f"文档内容引用了签名文件 {target}：其内容不受保护",
        f"the document takes content from {target}, which belongs to signatures",
        part,
    )
