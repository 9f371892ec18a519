"""Pages of several documents as one new document (拼装): what merging and splitting share.

Whatever is not carried over is in the notices. Sources: GB/T 33190-2016 §7 (document, outlines),
§14 (actions), §15 (annotations), §16 (custom tags), §20 (attachments).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lxml import etree

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.edit import carrying
from openrhip.formats.ofd.edit.copying import Copier, plain
from openrhip.formats.ofd.edit.packing import entry_part, pack
from openrhip.formats.ofd.edit.sources import Scope, Source
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package import Page
from openrhip.formats.ofd.package_xml import NAMESPACE, Element
from openrhip.kernel.errors import Malformed, TooLarge

_MOST_PAGES = 100_000
_FOLDER = "Doc_0"


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """A page to take: of which input, and which one."""

    source: Source
    page: Page


@dataclass(frozen=True, slots=True)
class Options:
    """title: of the result; "" keeps that of the first input. titles: put each input's outline
    under an entry with its title. attachments: carry them over."""

    title: str = ""
    titles: bool = False
    attachments: bool = True


def element(name: str, parent: Element | None = None, text: str = "", **attributes: str) -> Element:
    tag = f"{{{NAMESPACE}}}{name}"
    if parent is None:
        made = etree.Element(tag, nsmap={"ofd": NAMESPACE})
    else:
        made = etree.SubElement(parent, tag)
    for key, value in attributes.items():
        made.set(key, value)
    if text:
        made.text = text
    return made


@dataclass
class Assembly:
    """A document being put together: parts by name, in the order they are written."""

    notices: Notices
    options: Options = field(default_factory=Options)
    parts: dict[str, bytes | Element] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.copier = Copier(self.notices)
        self._templates: dict[bytes, int] = {}
        self._template_list: list[Element] = []
        self._known_templates: dict[tuple[Source, str], int] = {}

    def build(self, chosen: Sequence[Chosen]) -> bytes:
        """The new package. Raises Malformed, NotFound, TooLarge."""
        if not chosen:
            raise Malformed("no page was chosen", remedy="name at least one page")
        if len(chosen) > _MOST_PAGES:
            raise TooLarge(f"{len(chosen)} pages; at most {_MOST_PAGES}")
        inputs = list(dict.fromkeys(one.source for one in chosen))
        numbers = [self.copier.next_id() for _ in chosen]
        for one, number in zip(chosen, numbers, strict=True):
            self.copier.pages.setdefault((one.source, one.page.id), number)
        attached = carrying.attachments(self.copier, inputs) if self.options.attachments else []
        pages = element("Pages")
        seen: set[tuple[Source, str]] = set()
        notes: dict[int, Element] = {}
        annotations = {source: carrying.notes_of(source) for source in inputs}
        for at, (one, number) in enumerate(zip(chosen, numbers, strict=True)):
            location = f"Pages/Page_{at}/Content.xml"
            again = (one.source, one.page.id) in seen
            seen.add((one.source, one.page.id))
            self.parts[f"{_FOLDER}/{location}"] = self._page(one, again=again)
            element("Page", pages, ID=str(number), BaseLoc=location)
            for note, part in annotations[one.source].get(one.page.id, ()):
                copied = self.copier.copy(note, one.source.scope, part)
                if number in notes:
                    notes[number].extend(list(copied))
                else:
                    notes[number] = copied
        document = self._document(inputs, pages)
        self._lists(document, inputs, notes, attached)
        return self._finish(document, inputs)

    def _page(self, one: Chosen, *, again: bool) -> Element:
        source, part = one.source, one.page.part
        tree = source.package.xml(part)
        ids = {} if again else self.copier.objects.setdefault((source, one.page.id), {})
        made = self.copier.copy(tree, source.scope_of(tree, part), part, ids)
        for item in list(px.children(made, "PageRes")):
            made.remove(item)
        templates = list(px.children(made, "Template"))
        for item in templates:
            number = self._template(source, item.get("TemplateID", ""), part)
            if number:
                item.set("TemplateID", str(number))
            else:
                made.remove(item)
        if px.child(made, "Area") is None and source.area is not None:
            area = self.copier.copy(source.area, source.scope, part)
            area.tag = f"{{{NAMESPACE}}}Area"
            place = len([item for item in made if px.local(item) == "Template"])
            made.insert(place, area)
        return made

    def _template(self, source: Source, key: str, where: str) -> int:
        """The new id of a template page; 0 if there is none."""
        if (source, key) in self._known_templates:
            return self._known_templates[source, key]
        item = source.templates.get(key)
        number = 0
        if item is not None:
            part = source.package.resolve(item.get("BaseLoc", ""), base=source.document.root)
            number = self._take_template(source, item, part)
        else:
            self.notices.note(
                "template.missing", "模板页不存在", "a template page is not there", where
            )
        self._known_templates[source, key] = number
        return number

    def _take_template(self, source: Source, item: Element, part: str) -> int:
        tree = source.package.xml(part)
        made = self.copier.copy(tree, source.scope_of(tree, part), part)
        for inner in list(px.children(made, "PageRes")):
            made.remove(inner)
        key = plain(made)
        if key in self._templates:
            return self._templates[key]
        number = self._templates[key] = self.copier.next_id()
        location = f"Temps/Temp_{len(self._templates) - 1}/Content.xml"
        self.parts[f"{_FOLDER}/{location}"] = made
        listed = element("TemplatePage", ID=str(number))
        for name in ("Name", "ZOrder"):
            if value := item.get(name):
                listed.set(name, value)
        listed.set("BaseLoc", location)
        self._template_list.append(listed)
        return number

    def _document(self, inputs: Sequence[Source], pages: Element) -> Element:
        root = element("Document")
        common = element("CommonData", root)
        element("MaxUnitID", common, "0")
        first = inputs[0]
        if first.area is not None:
            common.append(self.copier.copy(first.area, first.scope, first.document.root))
        else:
            element("PhysicalBox", element("PageArea", common), "0 0 210 297")
        root.append(pages)
        for item in carrying.outlines(self.copier, inputs, titles=self.options.titles):
            root.append(item)
        for item in carrying.settings(self.copier, inputs, self.notices):
            root.append(item)
        return root

    def _lists(
        self,
        document: Element,
        inputs: Sequence[Source],
        notes: dict[int, Element],
        attached: list[Element],
    ) -> None:
        """Bookmarks, annotations, tags, attachments and extensions, in the schema's order."""
        bookmarks = carrying.bookmarks(self.copier)
        if bookmarks is not None:
            document.append(bookmarks)
        if notes:
            listed = element("Annotations")
            for number, note in notes.items():
                location = f"Annots/Page_{number}/Annotation.xml"
                page = element("Page", listed, PageID=str(number))
                element("FileLoc", page, location)
                self.parts[f"{_FOLDER}/{location}"] = note
            self._listed(document, "Annotations", listed)
        tags, files = carrying.tags(self.copier, inputs, self.notices)
        if files:
            self.parts |= {f"{_FOLDER}/{name}": content for name, content in files.items()}
            self._listed(document, "CustomTags", tags)
        if attached:
            listed = element("Attachments")
            listed.extend(attached)
            self._listed(document, "Attachments", listed)
        extensions = carrying.extensions(self.copier, inputs, self.notices)
        if len(extensions):
            self._listed(document, "Extensions", extensions)

    def _listed(self, document: Element, name: str, listed: Element) -> None:
        element(name, document, f"{name}.xml")
        self.parts[f"{_FOLDER}/{name}.xml"] = listed

    def _resources(self, common: Element) -> None:
        groups = {
            "PublicRes": ("ColorSpace", "DrawParam", "Font"),
            "DocumentRes": ("MultiMedia", "CompositeGraphicUnit"),
        }
        for name, kinds in groups.items():
            if not any(self.copier.resources.get(kind) for kind in kinds):
                continue
            listed = element("Res", BaseLoc="Res")
            for kind in kinds:
                if found := self.copier.resources.get(kind):
                    element(f"{kind}s", listed).extend(found)
            self.parts[f"{_FOLDER}/{name}.xml"] = listed
            element(name, common, f"{name}.xml")
        common.extend(self._template_list)

    def _finish(self, document: Element, inputs: Sequence[Source]) -> bytes:
        common = document[0]
        self._resources(common)
        common[0].text = str(self.copier.last_id)
        entry = entry_part(inputs, self.options.title, self.notices)
        whole = {"OFD.xml": entry, f"{_FOLDER}/Document.xml": document, **self.parts}
        media = {f"{_FOLDER}/Res/{item.name}": item for item in self.copier.media.values()}
        attached = {f"{_FOLDER}/Attachs/{item.name}": item for item in self.copier.attached}
        return pack(whole, {**media, **attached})


__all__ = ["Assembly", "Chosen", "Options", "Scope", "element"]
