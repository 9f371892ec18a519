"""Rules about entry, document, actions, annotations, signatures, attachments, encryption."""

from __future__ import annotations

from collections.abc import Iterator

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import ENTRY
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.profiles.ofd_a import attaching
from openrhip.formats.ofd.profiles.ofd_a.signatures import listed, standard_form
from openrhip.formats.ofd.profiles.rules import Breach
from openrhip.formats.ofd.profiles.view import ANNOTATION, PAGE, TEMPLATE, Sheet, View
from openrhip.kernel.errors import Problem

ARCHIVE = "OFD-A"
INTEGRITY = "OFDEntries.xml"
ENCRYPTED = ("Encryptions.xml", "decryptseed.dat", "entriesmap.dat")
ARCHIVAL_NAMES = ("题名", "责任者", "日期")
"""Of DA/T 46-2009, what every archived document can state."""
_UNITS = ("TextObject", "PathObject", "ImageObject", "CompositeObject", "VideoObject")


def doc_type(view: View) -> Iterator[Breach]:
    found = view.entry.get("DocType", "")
    if found != ARCHIVE:
        yield Breach(ENTRY, f"DocType={found[:20]!r}", f"DocType={found[:20]!r}")


def single_document(view: View) -> Iterator[Breach]:
    for _ in view.bodies[1:]:
        yield Breach(ENTRY, f"{len(view.bodies)} 个文档体", f"{len(view.bodies)} document bodies")


def external(view: View) -> Iterator[Breach]:
    for part, location in view.lost:
        yield Breach(part, f"{location} 不在包内", f"{location} is not in the package")


def unrelated(view: View) -> Iterator[Breach]:
    allowed = view.reachable | {INTEGRITY, _integrity_value(view)}
    for part in view.package.parts:
        if part not in allowed and part not in ENCRYPTED:
            yield Breach(part, "没有任何文件引用它", "nothing leads to it")


def _integrity_value(view: View) -> str:
    if INTEGRITY not in view.package:
        return ""
    try:
        location = px.text(view.package.xml(INTEGRITY), "SignedValueLoc")
        return view.package.resolve(location, base=INTEGRITY)
    except Problem:
        return ""


def metadata(view: View) -> Iterator[Breach]:
    known = view.documents[0].metadata
    lacking = [name for name in ARCHIVAL_NAMES if not known.get(name)]
    if lacking:
        words = "、".join(lacking)
        yield Breach(ENTRY, f"没有 {words}", f"lacks {words}")


def _has(view: View, name: str) -> Iterator[Breach]:
    for part, root in view.roots:
        for _ in px.children(root, name):
            yield Breach(part, f"有 {name}", f"has {name}")


def permissions(view: View) -> Iterator[Breach]:
    return _has(view, "Permissions")


def preferences(view: View) -> Iterator[Breach]:
    return _has(view, "VPreferences")


def extensions(view: View) -> Iterator[Breach]:
    return _has(view, "Extensions")


def kind_of_action(action: Element) -> str:
    """Goto, URI, GotoA, Sound, Movie; "" if it does nothing."""
    kinds = [px.local(one) for one in action if px.local(one) not in ("", "Region")]
    return kinds[0] if kinds else ""


def other_actions(owner: Element) -> Iterator[Element]:
    """The actions directly of an element that are no jump within the document."""
    for group in px.children(owner, "Actions"):
        for action in px.children(group, "Action"):
            if kind_of_action(action) != "Goto":
                yield action


def document_actions(view: View) -> Iterator[Breach]:
    for part, root in view.roots:
        for action in other_actions(root):
            kind = kind_of_action(action)
            yield Breach(part, f"动作 {kind}", f"a {kind} action")


def page_actions(view: View, sheet: Sheet) -> Iterator[Breach]:
    del view
    if sheet.kind in (PAGE, TEMPLATE):
        for action in other_actions(sheet.root):
            kind = kind_of_action(action)
            yield Breach(sheet.part, f"动作 {kind}", f"a {kind} action")


def object_actions(view: View, sheet: Sheet) -> Iterator[Breach]:
    """Objects of pages carry no action at all: a jump stands in a link annotation."""
    del view
    for actions in sheet.root.iter("{*}Actions"):
        owner = actions.getparent()
        if owner is None or px.local(owner) not in _UNITS:
            continue
        if sheet.kind != ANNOTATION:
            name = owner.get("ID", "")
            yield Breach(
                f"{sheet.part}#{name}", f"对象 {name} 有动作", f"object {name} has actions"
            )


def annotation_actions(view: View, sheet: Sheet) -> Iterator[Breach]:
    del view
    if sheet.kind == ANNOTATION:
        for actions in sheet.root.iter("{*}Action"):
            if (kind := kind_of_action(actions)) != "Goto":
                yield Breach(sheet.part, f"动作 {kind}", f"a {kind} action")


def outline_actions(view: View) -> Iterator[Breach]:
    for part, root in view.roots:
        for element in outline_elements(root):
            for action in other_actions(element):
                kind = kind_of_action(action)
                yield Breach(part, f"动作 {kind}", f"a {kind} action")


def outline_elements(root: Element) -> Iterator[Element]:
    outlines = px.child(root, "Outlines")
    if outlines is not None:
        yield from outlines.iter("{*}OutlineElem")


def outline_targets(view: View) -> Iterator[Breach]:
    pages, marks = targets(view)
    for part, root in view.roots:
        for element in outline_elements(root):
            for group in px.children(element, "Actions"):
                for action in px.children(group, "Action"):
                    if kind_of_action(action) == "Goto" and not lands(action, pages, marks):
                        yield Breach(part, "目标不存在", "it leads to no page")


def targets(view: View) -> tuple[frozenset[str], frozenset[str]]:
    """Ids of pages and names of bookmarks."""
    marks = {
        item.get("Name", "")
        for _, root in view.roots
        for item in px.children(px.child(root, "Bookmarks"), "Bookmark")
    }
    return frozenset(page.id for page in view.pages()), frozenset(marks)


def lands(action: Element, pages: frozenset[str], marks: frozenset[str]) -> bool:
    """Whether a jump has a page or bookmark to land on."""
    goto = px.child(action, "Goto")
    if (place := px.child(goto, "Dest")) is not None:
        return place.get("PageID", "") in pages
    mark = px.child(goto, "Bookmark")
    return mark is not None and mark.get("Name", "") in marks


def tags(view: View) -> Iterator[Breach]:
    lists = view.of_kind("tags")
    for part, location in view.lost:
        if part in lists:
            yield Breach(part, f"{location} 不在包内", f"{location} is not in the package")


def annotation_flags(view: View, sheet: Sheet) -> Iterator[Breach]:
    del view
    for note in _annotations(sheet):
        wrong = [
            name
            for name in ("ReadOnly", "NoZoom", "NoRotate")
            if note.get(name, "true" if name == "ReadOnly" else "false") not in ("true", "1")
        ]
        if wrong:
            what = f"{note.get('ID', '')}: {', '.join(wrong)}"
            yield Breach(sheet.part, what, what)


def annotation_blocks(view: View, sheet: Sheet) -> Iterator[Breach]:
    del view
    for note in _annotations(sheet):
        for shown in px.children(note, "Appearance"):
            for _ in px.children(shown, "PageBlock"):
                name = note.get("ID", "")
                yield Breach(sheet.part, f"注释 {name}", f"annotation {name}")


def _annotations(sheet: Sheet) -> Iterator[Element]:
    if sheet.kind == ANNOTATION:
        yield from px.children(sheet.root, "Annot")


def signatures(view: View) -> Iterator[Breach]:
    """Signatures in the forms of the national standards may stay (6.13.1)."""
    for line in listed(view.package):
        if not standard_form(view.package, line):
            yield Breach(line.list_part, f"{line.kind} {line.id}", f"{line.kind} {line.id}")


def attachments(view: View) -> Iterator[Breach]:
    for one in view.package.attachments():
        if not attaching.stays(one.name, one.media_type):
            kind = one.media_type[:40] or one.name.rpartition(".")[2][:20]
            yield Breach(one.part, f"格式 {kind}", f"format {kind}")


def encryption(view: View) -> Iterator[Breach]:
    for part in ENCRYPTED:
        if part in view.package:
            yield Breach(part, "加密文件", "an encrypted package")
