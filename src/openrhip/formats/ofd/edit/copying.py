"""Content taken into another document: ids anew, references along, resources shared by content.

Two resources that say the same, down to the bytes of their files, become one. Sources: GB/T
33190-2016 §7.9 (resources), §8 to §13 (what refers to them), §14 (actions).
"""

from __future__ import annotations

import hashlib
import posixpath
from copy import deepcopy
from dataclasses import dataclass, field
from typing import NamedTuple

from lxml import etree

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.edit.sources import FILES, Resource, Scope, Source
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package_xml import NAMESPACE, Element
from openrhip.kernel.errors import TooLarge

_OFD = frozenset({NAMESPACE, "http://www.ofdspec.org", ""})
_MEDIA = ("ImageMask", "Substitution", "Thumbnail")
_ATTRIBUTES = {
    "Font": "Font",
    "DrawParam": "DrawParam",
    "Relative": "DrawParam",
    "ColorSpace": "ColorSpace",
    **dict.fromkeys(_MEDIA, "MultiMedia"),
}
_TYPES = {"Font": "Font", "MultiMedia": "Image", "ColorSpace": "Profile"}
_MOST_IDS = 5_000_000
_MAX_DEPTH = 24


class Media(NamedTuple):
    """A file of the new document: where its bytes are in an input."""

    source: Source
    part: str
    name: str


@dataclass
class Copier:
    """Hands out ids and keeps the resources of the document being made."""

    notices: Notices
    last_id: int = 0
    pages: dict[tuple[Source, str], int] = field(default_factory=dict)
    objects: dict[tuple[Source, str], dict[str, int]] = field(default_factory=dict)
    attachments: dict[tuple[Source, str], str] = field(default_factory=dict)
    bookmarks: dict[tuple[Source, str], str] = field(default_factory=dict)
    attached: list[Media] = field(default_factory=list)
    resources: dict[str, list[Element]] = field(default_factory=dict)
    media: dict[bytes, Media] = field(default_factory=dict)
    _known: dict[tuple[Scope, str, str], int] = field(default_factory=dict)
    _same: dict[bytes, int] = field(default_factory=dict)
    _open: set[tuple[Scope, str, str]] = field(default_factory=set)

    def next_id(self) -> int:
        self.last_id += 1
        if self.last_id > _MOST_IDS:
            raise TooLarge(f"more than {_MOST_IDS} objects")
        return self.last_id

    def copy(
        self, element: Element, scope: Scope, where: str, ids: dict[str, int] | None = None
    ) -> Element:
        """The element with new ids and references. ids: old id → new one, filled in."""
        made = deepcopy(element)
        made.tail = None
        self._normal(made)
        doomed: list[Element] = []
        for item in made.iter("*"):
            name = px.local(item)
            if "ID" in item.attrib:
                number = self.next_id()
                if ids is not None:
                    ids.setdefault(item.get("ID", ""), number)
                item.set("ID", str(number))
            self._references(item, name, scope, where)
            if name == "Action" and not self._action(item, scope.source, where):
                doomed.append(item)
        for item in doomed:
            _remove(item)
        return made

    def _normal(self, made: Element) -> None:
        """Every element in the one namespace that this package writes; comments go."""
        for item in list(made.iter()):
            tag = item.tag
            if not isinstance(tag, str):
                _remove(item, empty=False)
                continue
            space, _, name = tag.rpartition("}")
            if space.removeprefix("{") in _OFD:
                item.tag = f"{{{NAMESPACE}}}{name}"

    def _references(self, item: Element, name: str, scope: Scope, where: str) -> None:
        for attribute, kind in _ATTRIBUTES.items():
            if attribute in item.attrib:
                item.set(attribute, str(self.resource(kind, item.get(attribute, ""), scope, where)))
        if "ResourceID" in item.attrib:
            kind = "CompositeGraphicUnit" if name == "CompositeObject" else "MultiMedia"
            item.set(
                "ResourceID", str(self.resource(kind, item.get("ResourceID", ""), scope, where))
            )
        elif name in _MEDIA and (item.text or "").strip():
            item.text = str(self.resource("MultiMedia", (item.text or "").strip(), scope, where))
        space = scope.source.default_space
        if space and name.endswith("Color") and not item.get("ColorSpace") and item.get("Value"):
            item.set("ColorSpace", str(self.resource("ColorSpace", space, scope, where)))

    def _action(self, item: Element, source: Source, where: str) -> bool:
        """Whether the action still leads somewhere; its target is renumbered."""
        for target in item.iter("*"):
            name = px.local(target)
            if name == "Dest":
                page = self.pages.get((source, target.get("PageID", "")))
                if page is None:
                    return self._lost(where)
                target.set("PageID", str(page))
            elif name == "Bookmark":
                name = self.keep_bookmark(source, target.get("Name", ""))
                if not name:
                    return self._lost(where)
                target.set("Name", name)
            elif name == "GotoA":
                attached = self.attachments.get((source, target.get("AttachID", "")))
                if attached is None:
                    return self._lost(where)
                target.set("AttachID", attached)
        return True

    def keep_bookmark(self, source: Source, name: str) -> str:
        """The name of a bookmark in the result; "" if its page is not there."""
        key = (source, name)
        dest = px.child(source.bookmarks.get(name), "Dest")
        if dest is None or (source, dest.get("PageID", "")) not in self.pages:
            return ""
        if key not in self.bookmarks:
            taken, free, count = set(self.bookmarks.values()), name, 1
            while free in taken:
                count += 1
                free = f"{name} ({count})"
            self.bookmarks[key] = free
        return self.bookmarks[key]

    def _lost(self, where: str) -> bool:
        self.notices.note(
            "action.dropped",
            "动作的目标不在结果中，已去掉",
            "an action was left out: its target is not in the result",
            where,
        )
        return False

    def resource(self, kind: str, key: str, scope: Scope, where: str) -> int:
        """The new id of a resource; taken over when first asked for."""
        found = scope.find(kind, key)
        if found is None:
            return self._absent(kind, key, scope, where)
        home, resource = found
        memo = (home, kind, key)
        if memo in self._known:
            return self._known[memo]
        if memo in self._open or len(self._open) > _MAX_DEPTH:
            return self._absent(kind, key, scope, where)
        self._open.add(memo)
        try:
            self._known[memo] = self._take(resource, home, where)
        finally:
            self._open.discard(memo)
        return self._known[memo]

    def _absent(self, kind: str, key: str, scope: Scope, where: str) -> int:
        self.notices.note(
            "resource.missing",
            f"引用的资源不存在：{kind} {key[:20]}",
            f"a resource that is referred to is not there: {kind} {key[:20]}",
            where,
        )
        memo = (scope, kind, key)
        if memo not in self._known:
            self._known[memo] = self.next_id()
        return self._known[memo]

    def _take(self, resource: Resource, scope: Scope, where: str) -> int:
        made = self.copy(resource.element, scope, where)
        digest = b""
        if resource.file:
            digest = scope.source.digest(resource.file)
            self._file(made, resource, scope.source, digest)
        elif (file := px.child(made, FILES.get(resource.kind, "-"))) is not None:
            made.remove(file)  # it leads to nothing, which was noted
        key = resource.kind.encode() + digest + plain(made)
        if key in self._same:
            return self._same[key]
        number = int(made.get("ID") or self.next_id())
        made.set("ID", str(number))
        self._same[key] = number
        self.resources.setdefault(resource.kind, []).append(made)
        return number

    def _file(self, made: Element, resource: Resource, source: Source, digest: bytes) -> None:
        kind = resource.kind
        known = self.media.get(digest)
        if known is None:
            suffix = posixpath.splitext(resource.file)[1].lower()
            suffix = (
                suffix if suffix[1:].isalnum() and suffix.isascii() and len(suffix) < 9 else ".bin"
            )
            name = f"{_TYPES[kind]}_{len(self.media) + 1}{suffix}"
            known = self.media[digest] = Media(source, resource.file, name)
        if kind == "ColorSpace":
            made.set("Profile", known.name)
            return
        file = px.child(made, FILES[kind])
        if file is not None:
            file.text = known.name


def plain(element: Element) -> bytes:
    """What content says apart from its own ids: equal content, equal bytes."""
    whole = hashlib.sha256()
    for event, item in etree.iterwalk(element, events=("start", "end")):
        if event == "end":
            whole.update(b"/")
            continue
        said = [str(item.tag), (item.text or "").strip()]
        said += sorted(f"{key}={value}" for key, value in item.attrib.items() if key != "ID")
        for word in said:
            data = word.encode("utf-8", "surrogatepass")
            whole.update(len(data).to_bytes(4, "big") + data)
        whole.update(b";")
    return whole.digest()


def _remove(item: Element, *, empty: bool = True) -> None:
    """Take an element out; with `empty`, also a list of actions that is then empty."""
    parent = item.getparent()
    if parent is None:
        return
    if item.tail:
        before = item.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + item.tail
        else:
            parent.text = (parent.text or "") + item.tail
    parent.remove(item)
    if empty and px.local(parent) == "Actions" and not len(parent):
        _remove(parent, empty=False)
