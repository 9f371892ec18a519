"""What a verification asks of the package as a whole: closure and container."""

from __future__ import annotations

import base64
from collections.abc import Collection, Sequence

from openrhip.formats.gm.findings import Finding
from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd.package import ENTRY, Package
from openrhip.formats.ofd.signing_open import annotated, annotation_files, annotation_lists
from openrhip.formats.ofd.signing_records import Record
from openrhip.formats.ofd.signing_xml import PROVIDER
from openrhip.formats.ofd.verify_findings import failed, held
from openrhip.formats.ofd.verify_listing import listing
from openrhip.formats.ofd.verify_naming import Kind, Names
from openrhip.kernel.errors import Problem

_MOST_NAMED = 20


def closure(package: Package, names: Names, found: Sequence[Record | None]) -> list[Finding]:
    """Every part is listed by each signature, or belongs to a later one (GM/T 0099: 防夹带).

    What an earlier signature leaves out and a later one protects is undecided for the earlier one
    if it is an annotation (`ofd.added`); so is OFD.xml, which many programs never protect, if the
    documents' roots are protected (`ofd.entry`). A medical record's
    annotations may be added later (`signing_open`): they are named.
    """
    known = [record for record in found if record is not None]
    lists = {record.listed.list_part for record in known}
    free = annotation_lists(package)
    notes = annotation_files(package) if free else frozenset()
    parts, beside = set(package.parts), lists | listing(package)
    findings: list[Finding] = []
    told: list[Finding] = []
    for number, record in enumerate(known):
        later = known[number + 1 :]
        open_parts = parts - record.covered - record.own_parts - beside
        for other in later:
            open_parts -= other.own_parts
        if free and _allows(record, package):
            told += _annotated(package, record, open_parts & notes, free)
            findings += _taken_off(package, record, notes)
            open_parts -= free | notes
        findings += [
            _foreign(names, part, record, later) for part in sorted(open_parts)[:_MOST_NAMED]
        ]
    if len(known) < len(found):
        return [*findings, *told]  # the unreadable signature has its own finding
    if not findings:
        open_zh = "（病历的注释列表除外）" if free else ""
        open_en = " but the record's list of annotations" if free else ""
        findings.append(
            held(
                "ofd.closure",
                f"包内 {len(package.parts)} 个文件均受签名保护{open_zh}，没有夹带",
                f"all {len(package.parts)} parts are protected{open_en}; nothing else is in the"
                " package",
            )
        )
    return [*findings, *told]


def _allows(record: Record, package: Package) -> bool:
    """Whether the signature covers what says that annotations stay open."""
    roots = {document.root for document in package.documents}
    return record.covered >= roots | {ENTRY}


def _annotated(
    package: Package, record: Record, added: Collection[str], free: frozenset[str]
) -> list[Finding]:
    """Annotations that came after a signature hold no proof of who made them: each is named."""
    told = [
        held(
            "ofd.annotations",
            f"注释在签名 {record.id} 之后加入，不受该签名保护",
            f"the annotations were added after signature {record.id}, which does not protect them",
            part,
        )
        for part in sorted(added)[:_MOST_NAMED]
    ]
    lists = sorted(free - record.covered)
    noted = record.parameters.get(records.ANNOTATIONS)
    if noted and _encoded(b"".join(map(package.digest, lists))) != noted:
        told.append(
            held(
                "ofd.annotations",
                f"注释列表在签名 {record.id} 之后改动：注释的增减不受该签名保护",
                f"the list of annotations changed after signature {record.id}, which does not"
                " protect it",
                lists[0] if lists else "",
            )
        )
    return told


def _taken_off(package: Package, record: Record, notes: frozenset[str]) -> list[Finding]:
    """Annotations that the signature protects are still listed, and where they were.

    Of signatures that noted nothing of the list, only that they are listed can be known.
    """
    noted = set(record.parameters.get(records.ANNOTATED, "").split("\n")) - {""}
    lost = {line.partition(" /")[2] for line in noted - annotated(package)}
    lost |= {part for part in record.covered - notes if _is_annotation(package, part)}
    return [
        failed(
            "ofd.annotations",
            f"签名 {record.id} 保护的注释已不在其页面上：在其后从注释列表移除或移到他页",
            f"an annotation that signature {record.id} protects is no longer on its page: it was "
            "taken off the list, or moved, after it",
            part,
        )
        for part in sorted(lost)[:_MOST_NAMED]
    ]


def _is_annotation(package: Package, part: str) -> bool:
    try:
        return (
            part.lower().endswith(".xml")
            and package.mentions(part, b"PageAnnot")
            and px.local(package.xml(part)) == "PageAnnot"
        )
    except Problem:
        return False  # what is wrong with the part, its digest says


def _foreign(names: Names, part: str, record: Record, later: Sequence[Record]) -> Finding:
    name = names.of(part)
    keeper = next((other.id for other in later if part in other.covered), "")
    if name.kind is Kind.ENTRY and names.rooted(record):
        return failed(
            "ofd.entry",
            f"入口文件 OFD.xml 不受签名 {record.id} 保护（文档根受其保护）：元数据是否改动无法判定",
            f"OFD.xml is not protected by signature {record.id}, the document's root is: whether "
            "metadata was changed cannot be known",
            part,
        )
    if keeper:
        return failed(
            "ofd.added" if name.kind is Kind.ANNOTATIONS else "ofd.closure",
            f"{name.zh}不受签名 {record.id} 保护，在其后、签名 {keeper} 之前加入或改动",
            f"{name.en} is not protected by signature {record.id}: it was added or changed after "
            f"it and before {keeper}",
            part,
        )
    return failed(
        "ofd.closure",
        f"{name.zh}不受签名 {record.id} 保护，也不属于之后的任何签名：夹带",
        f"{name.en} is not protected by signature {record.id} nor belongs to a later one",
        part,
    )


def container(package: Package, last: Record | None) -> list[Finding]:
    """If the last signature fixes the container to the byte, that it is as it was then."""
    if last is None or last.provider != PROVIDER or records.CONTAINER not in last.parameters:
        return []
    free = annotation_lists(package) - last.covered
    notes = free | (annotation_files(package) - last.covered) if free else free
    notes |= listing(package) - last.covered
    findings = [_order(package, last, notes), *_headers(package)]
    list_part = last.listed.list_part
    if _encoded(package.form(list_part, without=notes)) != last.parameters[records.CONTAINER]:
        findings.append(
            failed(
                "ofd.container",
                f"签名 {last.id} 之后，容器中部件的封装字节（文件头或压缩数据）被改动",
                f"bytes of the container (headers or compressed data) changed after {last.id}",
                "container",
            )
        )
    if _encoded(package.digest(list_part)) != last.parameters.get(records.LIST):
        findings.append(
            failed(
                "ofd.list",
                f"签名 {last.id} 之后，签名列表被改动",
                f"the list of signatures changed after signature {last.id}",
                list_part,
            )
        )
    if all(finding.ok for finding in findings):
        return [
            held(
                "ofd.container",
                f"容器自签名 {last.id} 以来逐字节未变",
                f"the container is as signature {last.id} left it, byte for byte",
            )
        ]
    return [finding for finding in findings if not finding.ok]


def _order(package: Package, last: Record, notes: Collection[str]) -> Finding:
    """The last three parts are the list, this signature's description and its value; of others,
    only annotations that the signature leaves open, and a list of all files, may follow."""
    names = tuple(name for name in package.entries if name not in notes)
    begins = [entry.begin for entry in package.entries.values()]
    ok = names[-3:] == (last.listed.list_part, last.part, last.value_part)
    ok = ok and begins == sorted(begins) and package.data[-2:] == b"\0\0"  # and no comment
    return Finding(
        "ofd.container",
        ok,
        "容器中部件的次序与签名时一致" if ok else f"签名 {last.id} 之后，容器中部件的次序被改动",
        "the parts stand in their order" if ok else f"the order of parts changed after {last.id}",
        "" if ok else "directory",
    )


def _headers(package: Package) -> list[Finding]:
    return [
        failed(
            "ofd.container",
            "文件头与签名时不同（时间、属性、版本或附加字段被改动）",
            "a header differs from what was signed (time, attributes, version or extra field)",
            entry.name,
        )
        for entry in package.entries.values()
        if not entry.canonical
    ][:_MOST_NAMED]


def _encoded(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
