"""Converting OFD.xml and Document.xml: one document, its metadata, no permissions or actions."""

from __future__ import annotations

from collections.abc import Mapping

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import ENTRY
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.profiles.ofd_a import structure
from openrhip.formats.ofd.profiles.ofd_a.bench import Bench, add, drop, insert_in_order

INFO_ORDER = (
    "DocID", "Title", "Author", "Subject", "Abstract", "CreationDate", "ModDate", "DocUsage",
    "Cover", "Keywords", "Creator", "CreatorVersion", "CustomDatas",
)  # fmt: skip
DOCUMENT_ORDER = (
    "CommonData", "Pages", "Outlines", "Permissions", "Actions", "VPreferences", "Bookmarks",
    "Annotations", "CustomTags", "Attachments", "Extensions",
)  # fmt: skip
_LISTS = ("Annotations", "CustomTags", "Attachments")
ORIGINAL = "OriginalSM3"
"""CustomData: SM3 of the file that was converted, hexadecimal: the link to the signed original."""
ORIGINAL_TYPE = "OriginalDocType"
SUMMARY = "移出摘要"
"""CustomData, numbered: what was taken out (6.2.2d, 6.2.6g, 6.15.2)."""


def convert_entry(bench: Bench, digest: str) -> None:
    """One DocBody of type OFD-A without signatures, linked to the original by digest."""
    entry = bench.entry
    body = bench.body
    for other in list(px.children(entry, "DocBody")):
        if other is not body:
            drop(other)
            bench.say("single-document", "其他文档体未转换", "another document was left out", ENTRY)
    before = entry.get("DocType", "OFD")
    if before != structure.ARCHIVE:
        entry.set("DocType", structure.ARCHIVE)
        bench.say("doc-type", f"DocType {before} 改为 OFD-A", f"{before} became OFD-A", ENTRY)
    for listed in list(px.children(body, "Signatures")):
        drop(listed)
        bench.say("signatures", "签名列表已去除", "the list of signatures was taken out", ENTRY)
    state(bench, {ORIGINAL: digest, ORIGINAL_TYPE: before})
    bench.touch(ENTRY)


def state(bench: Bench, words: Mapping[str, str]) -> None:
    """Write CustomData items; those of the same name are replaced."""
    body = bench.body
    info = px.child(body, "DocInfo")
    if info is None:
        info = add(body, "DocInfo")
        body.remove(info)
        body.insert(0, info)
    group = px.child(info, "CustomDatas")
    if group is None:
        group = add(info, "CustomDatas")
        info.remove(group)
        insert_in_order(info, group, INFO_ORDER)
    known = {item.get("Name", ""): item for item in px.children(group, "CustomData")}
    for name, text in words.items():
        if name in known:
            known[name].text = text
        else:
            add(group, "CustomData", text, Name=name)
    bench.touch(ENTRY)


def state_archival(bench: Bench, given: Mapping[str, str]) -> None:
    """Metadata under the names of DA/T 46 (6.2.1b): those given, then what the document says."""
    known = bench.package.documents[bench.number].metadata
    wanted = {
        "题名": known.get("Title", ""),
        "责任者": known.get("Responsible", "") or known.get("Author", ""),
        "日期": known.get("CreationDate", ""),
        "文件编号": known.get("DocumentId", "") or known.get("DocID", ""),
        "主题词": known.get("Keywords", ""),
        "格式信息": "OFD-A",
        **given,
    }
    words = {name: text for name, text in wanted.items() if text and not known.get(name)}
    state(bench, words)
    names = "、".join(words)
    bench.say("metadata", f"著录元数据：{names}", f"metadata were stated: {names}", ENTRY)


def drop_dangling(bench: Bench) -> None:
    """References of Document.xml to parts that the package does not have (6.1)."""
    root = bench.document
    common = px.child(root, "CommonData")
    named = [
        *(one for name in ("PublicRes", "DocumentRes") for one in px.children(common, name)),
        *(one for name in _LISTS for one in px.children(root, name)),
        *px.children(common, "TemplatePage"),
    ]
    for element in named:
        location = (element.get("BaseLoc") or element.text or "").strip()
        if not bench.view.find(location, bench.root_part):
            _dangling(bench, element, location, bench.root_part)
    for name, child in (("Annotations", "Page"), ("Attachments", "Attachment")):
        part = bench.view.find(px.text(root, name), bench.root_part)
        if part:
            for item in list(px.children(bench.tree(part), child)):
                location = px.text(item, "FileLoc")
                if not bench.view.find(location, part):
                    _dangling(bench, item, location, part)


def _dangling(bench: Bench, element: Element, location: str, part: str) -> None:
    drop(element)
    bench.touch(part)
    bench.say(
        "external", f"引用的 {location[:120]} 不在包内，引用已去除",
        f"{location[:120]} is not in the package: the reference was taken out", part,
    )  # fmt: skip


def convert_document(bench: Bench) -> None:
    """Document.xml: no permissions, preferences, extensions, and no action but jumps."""
    root = bench.document
    for name, rule in (
        ("Permissions", "permissions"),
        ("VPreferences", "view-preferences"),
        ("Extensions", "extensions"),
    ):
        for found in list(px.children(root, name)):
            drop(found)
            bench.say(rule, f"{name} 已去除", f"{name} was taken out", bench.root_part)
    drop_actions(bench, root, "document-actions", bench.root_part)
    pages, marks = bench.targets
    for element in list(structure.outline_elements(root)):
        drop_actions(bench, element, "outline-actions", bench.root_part)
        for group in list(px.children(element, "Actions")):
            for action in list(px.children(group, "Action")):
                if not structure.lands(action, pages, marks):
                    drop(action)
                    bench.say(
                        "outline-targets", "跳转目标不存在，动作已去除",
                        "a jump to nowhere was taken out", bench.root_part,
                    )  # fmt: skip
            if not len(group):
                drop(group)
    bench.touch(bench.root_part)


def drop_actions(bench: Bench, owner: Element, rule: str, part: str) -> bool:
    """Take the actions out that are no jump; whether there were any."""
    found = list(structure.other_actions(owner))
    for action in found:
        kind = structure.kind_of_action(action)
        drop(action)
        bench.say(
            rule, f"动作 {kind} 已去除", f"a {kind} action was taken out", part,
            summary=_what(action, kind),
        )  # fmt: skip
    for group in list(px.children(owner, "Actions")):
        if not len(group):
            drop(group)
    return bool(found)


def _what(action: Element, kind: str) -> str:
    """Where an action led, as far as it says."""
    done = px.child(action, kind) if kind else None
    names = [str(name) for name in done.attrib] if done is not None else []
    words = [f"{name}={done.get(name, '')[:200]}" for name in names] if done is not None else []
    return " ".join((kind, *words)).strip()
