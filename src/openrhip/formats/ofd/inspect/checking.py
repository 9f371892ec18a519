"""Checking a package (检查): container, structure, references, fonts, pictures, profiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.findings import Finding
from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd import profiles
from openrhip.formats.ofd.inspect import media
from openrhip.formats.ofd.inspect.reaching import LEAF, TAGS, Reached, reach, unreadable
from openrhip.formats.ofd.inspect.references import References
from openrhip.formats.ofd.inspect.resources import Resources
from openrhip.formats.ofd.inspect.schema import Checker
from openrhip.formats.ofd.inspect.schema_tables import ROOTS
from openrhip.formats.ofd.package import Document, Package, open_package
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.profiles.gmt0099 import check_integrity
from openrhip.formats.ofd.signing_records import listed, read_record
from openrhip.kernel.errors import Problem, TooLarge

STANDARD, INTEGRITY = "ofd", "gmt-0099"
ADVICE = frozenset({"font.embedded", "part.unused", "path.irregular", "reference.outside"})
"""What the standard does not forbid, but readers elsewhere may stumble over."""
_ENTRIES = "OFDEntries.xml"
"""The list of files of GM/T 0099."""
_TEXT = ("Page", "PageAnnot", "Res")


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All findings; ok: nothing is wrong that is more than advice."""

    profile: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return all(one.ok or one.code in ADVICE for one in self.findings)

    def as_dict(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "profile": self.profile,
            "findings": [one.as_dict() for one in self.findings],
        }


def check(
    data: bytes | Path | Package, profile: str = STANDARD, *, trust: TrustStore | None = None
) -> CheckReport:
    """Check a package against the standard and a profile of it.

    trust: whose signature over the list of files counts, for the profile "gmt-0099".

    Raises Malformed, NotFound, TooLarge.
    """
    more = None if profile in (STANDARD, INTEGRITY) else profiles.profile(profile)
    package = data if isinstance(data, Package) else open_package(data)
    findings = [*_check(package)]
    if more is not None:
        findings += more.check(package)
    if profile == INTEGRITY:
        known = trust or TrustStore([])
        findings += check_integrity(package.data, trust=known, limits=package.limits).findings
    return CheckReport(profile, tuple(findings))


def _check(package: Package) -> Iterator[Finding]:
    whole = reach(package)
    yield from whole.findings
    schema = list(_structure(package, whole))
    yield from schema or [_held("schema", "各部件结构符合标准", "every part has its structure")]
    for document in package.documents:
        yield from _document(package, document)
    yield from _unused(package, whole)
    for notice in package.notices:
        if notice.code.startswith(("name.", "xml.")):
            yield Finding(
                f"container.{notice.code}" if notice.code.startswith("name.") else notice.code,
                False, notice.text_zh, notice.text_en, notice.where,
            )  # fmt: skip


def _structure(package: Package, whole: Reached) -> Iterator[Finding]:
    told = {one.where for one in whole.findings if one.code == "part.unreadable"}
    for part in package.parts:
        kind = whole.parts.get(part, LEAF)
        try:
            if kind in ROOTS:
                yield from Checker(part).root(package.xml(part), kind)
            elif kind == TAGS:
                package.xml(part)
            else:
                package.read(part)
        except TooLarge:
            raise
        except Problem as problem:
            if part not in told:
                yield unreadable(part, problem)


def _tree(package: Package, part: str) -> Element | None:
    """The parsed part; None if it cannot be read, which has been told."""
    try:
        return package.xml(part)
    except TooLarge:
        raise
    except Problem:
        return None


def _document(package: Package, document: Document) -> Iterator[Finding]:
    inside = reach(package, document.root, "Document")
    references, usage = References(package, document), media.Usage()
    resources = Resources(package, document)
    for part, kind in inside.parts.items():
        if (kind in ROOTS or kind == TAGS) and (root := _tree(package, part)) is not None:
            references.part(part, kind, root)
            if kind in _TEXT:
                usage.part(root)
            if kind == "Page":
                resources.of_page(part, root)
    steps: tuple[tuple[Callable[[], Any], Finding], ...] = (
        (references.close, _held("reference", "引用均有所指", "every reference has its target")),
        (lambda: media.check_fonts(package, resources, usage),
         _held("font", "字型均已嵌入且可用", "every font is inside and usable")),
        (lambda: media.check_images(package, resources),
         _held("image", "图像均可读取", "every picture can be read")),
    )  # fmt: skip
    for step, held in steps:
        found = list(step())
        yield from found or [held]


def _unused(package: Package, whole: Reached) -> Iterator[Finding]:
    """Parts that nothing leads to. Lists of protection stand beside the documents."""
    known = {_ENTRIES, "Encryptions.xml", "entriesmap.dat", "decryptseed.dat"}
    if _ENTRIES in package and (root := _tree(package, _ENTRIES)) is not None:
        known.add(px.text(root, "SignedValueLoc").lstrip("/"))
    with suppress(Problem):  # what else makes up a signature: data kept for later judges
        known.update(*(read_record(package, line).own_parts for line in listed(package)))
    for part in package.parts:
        if part not in whole.parts and part not in known:
            yield Finding(
                "part.unused",
                False,
                "包内文件未被引用；请删除，或补上引用",
                "nothing leads to this part; remove it, or refer to it",
                part,
            )


def _held(code: str, text_zh: str, text_en: str) -> Finding:
    return Finding(code, True, text_zh, text_en)
