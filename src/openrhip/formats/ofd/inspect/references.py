"""Checking what refers to what inside a document (引用检查): IDs, resources, pages, objects.

Sources: GB/T 33190-2016 §6 (ST_ID, ST_RefID), §7.5 (MaxUnitID), §7.9 (resources), §16 (ObjectRef).
"""

from __future__ import annotations

from openrhip.formats.gm.findings import Finding
from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import Document, Package
from openrhip.formats.ofd.package_xml import Element

_MOST = 20
_REFERENCES: dict[str, tuple[tuple[str, str], ...]] = {
    "TextObject": (("Font", "Font"), ("DrawParam", "DrawParam")),
    "Text": (("Font", "Font"), ("DrawParam", "DrawParam")),
    "PathObject": (("DrawParam", "DrawParam"),),
    "Path": (("DrawParam", "DrawParam"),),
    "Area": (("DrawParam", "DrawParam"),),
    "ImageObject": (
        ("ResourceID", "MultiMedia"),
        ("Substitution", "MultiMedia"),
        ("ImageMask", "MultiMedia"),
        ("DrawParam", "DrawParam"),
    ),
    "CompositeObject": (("ResourceID", "CompositeGraphicUnit"), ("DrawParam", "DrawParam")),
    "Layer": (("DrawParam", "DrawParam"),),
    "DrawParam": (("Relative", "DrawParam"),),
    "FillColor": (("ColorSpace", "ColorSpace"),),
    "StrokeColor": (("ColorSpace", "ColorSpace"),),
    "Color": (("ColorSpace", "ColorSpace"),),
    "BorderColor": (("ColorSpace", "ColorSpace"),),
    "CellContent": (("Thumbnail", "MultiMedia"),),
    "Sound": (("ResourceID", "MultiMedia"),),
    "Movie": (("ResourceID", "MultiMedia"),),
    "Template": (("TemplateID", "TemplatePage"),),
    "Dest": (("PageID", "Page"),),
    "GotoA": (("AttachID", "Attachment"),),
    "StampAnnot": (("PageRef", "Page"),),
}
"""Element → its references: attribute, and kind of element it must name."""
_NAMES_ZH = {
    "Font": "字型", "DrawParam": "绘制参数", "MultiMedia": "多媒体", "ColorSpace": "颜色空间",
    "CompositeGraphicUnit": "矢量图像", "TemplatePage": "模板页", "Page": "页",
    "Attachment": "附件",
    "Bookmark": "书签", "Object": "图元",
}  # fmt: skip
_TARGETS = frozenset({
    "Font", "DrawParam", "MultiMedia", "ColorSpace", "CompositeGraphicUnit", "TemplatePage",
})  # fmt: skip


class References:
    """IDs and references of one document, gathered part by part, then compared."""

    def __init__(self, package: Package, document: Document) -> None:
        self.findings: list[Finding] = []
        self._root = document.root
        body = package.body(document)
        self._max = px.text(px.child(body, "CommonData"), "MaxUnitID")
        self._default = px.text(px.child(body, "CommonData"), "DefaultCS")
        self._ids: dict[str, str] = {}
        self._highest = 0
        self._known: dict[str, set[str]] = {
            "Page": set(document.pages.ids),
            "Bookmark": {
                one.get("Name", "") for one in px.children(px.child(body, "Bookmarks"), "Bookmark")
            },
        }
        self._wanted: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}

    def _add(self, code: str, text_zh: str, text_en: str, where: str) -> None:
        count = self._counts[code] = self._counts.get(code, 0) + 1
        if count <= _MOST:
            self.findings.append(Finding(code, False, text_zh, text_en, where))

    def part(self, part: str, kind: str, root: Element) -> None:
        """Take in a part of the document."""
        own = kind not in ("Attachments", "Signatures", "Signature", "DocVersion")
        for element in root.iter("{*}*"):
            name = px.local(element)
            key = element.get("ID")
            if key and own and name != "CustomTag":
                self._define(key, name, part)
            elif key and name == "Attachment":
                self._known.setdefault("Attachment", set()).add(key)
            if name in _REFERENCES:
                self._refer(element, name, part)
            elif name == "ObjectRef":
                self._want("Page", element.get("PageRef", ""), part)
                self._want("Object", (element.text or "").strip(), part)
            elif name == "Bookmark" and _parent(element) == "Goto":
                self._want("Bookmark", element.get("Name", ""), part)
            elif name in ("Substitution", "Thumbnail"):
                self._want("MultiMedia", (element.text or "").strip(), part)
            elif name == "Page" and (page := element.get("PageID")):
                self._want("Page", page, part)

    def _define(self, key: str, name: str, part: str) -> None:
        before = self._ids.get(key)
        if before is not None:
            self._add(
                "reference.id",
                f"标识 {key[:20]} 重复（另见 {before}）；文档内标识须唯一，请改号",
                f"the ID {key[:20]} stands also in {before}; IDs are unique in a document: "
                "renumber one",
                f"{part} {name}",
            )
        else:
            self._ids[key] = part
        if key.isdecimal() and len(key) < 11:
            self._highest = max(self._highest, int(key))
        if name in _TARGETS:
            self._known.setdefault(name, set()).add(key)

    def _refer(self, element: Element, name: str, part: str) -> None:
        for attribute, kind in _REFERENCES[name]:
            value = element.get(attribute)
            if value:
                self._want(kind, value, part)

    def _want(self, kind: str, key: str, part: str) -> None:
        self._wanted.setdefault((kind, key), part)

    def close(self) -> list[Finding]:
        """Compare, once all parts are in."""
        if self._default:
            self._want("ColorSpace", self._default, self._root)
        self._known["Object"] = set(self._ids)
        for (kind, key), part in self._wanted.items():
            if key not in self._known.get(kind, ()):
                self._add(
                    "reference.id-missing",
                    f"引用的{_NAMES_ZH.get(kind, kind)} {key[:40]} 不存在；请补上或删除引用",
                    f"there is no {kind} {key[:40]}; add it or take the reference away",
                    part,
                )
        if self._max.isdecimal() and len(self._max) < 11 and int(self._max) < self._highest:
            self._add(
                "reference.max-id",
                f"MaxUnitID 为 {self._max}，小于已用的最大标识；请改为 {self._highest}",
                f"MaxUnitID is {self._max}, below the highest ID in use; write {self._highest}",
                self._root,
            )
        for code, count in self._counts.items():
            if count > _MOST:
                more = count - _MOST
                self.findings.append(
                    Finding(code, False, f"同类问题另有 {more} 处", f"{more} more of the same",
                            self._root)
                )  # fmt: skip
        return self.findings


def _parent(element: Element) -> str:
    parent = element.getparent()
    return px.local(parent) if parent is not None else ""
