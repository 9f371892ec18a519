"""Annotations of an archived copy: flags, links in place of objects' jumps, and what signatures
were (6.10, 6.13)."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageChops

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.profiles.ofd_a import signatures
from openrhip.formats.ofd.profiles.ofd_a.bench import Bench, add, cut, fresh, insert_in_order, legal
from openrhip.formats.ofd.profiles.ofd_a.entry import DOCUMENT_ORDER
from openrhip.formats.ofd.profiles.ofd_a.media import the_list
from openrhip.formats.ofd.profiles.ofd_a.pages import Usage
from openrhip.formats.ofd.profiles.view import DOCUMENT
from openrhip.formats.ofd.render import images
from openrhip.kernel import clock
from openrhip.kernel.errors import Problem

_FLAGS = ("ReadOnly", "NoZoom", "NoRotate")
_MOST_WORDS = 2000
CREATOR = "OpenRHIP"


@dataclass(frozen=True, slots=True)
class _Note:
    """An annotation to be written on a page."""

    kind: str
    subtype: str
    box: tuple[float, float, float, float]
    words: tuple[tuple[str, str], ...]
    content: tuple[Element, ...]


def convert_annotations(bench: Bench, root: Element, part: str) -> None:
    """The flags of 6.10.1, and no reference to a signature that is gone (6.13.2)."""
    changed = False
    for note in px.children(root, "Annot"):
        for name in _FLAGS:
            if note.get(name) not in ("true", "1"):
                note.set(name, "true")
                changed = True
        if cut(note, "SignRef"):
            bench.say("signatures", "注释的 SignRef 已去除", "SignRef was taken out", part)
            changed = True
    if changed:
        bench.touch(part)
        bench.say(
            "annotation-flags", "注释设为只读、不缩放、不旋转",
            "annotations are read-only now and neither zoom nor rotate", part,
        )  # fmt: skip


def add_notes(bench: Bench, usage: Usage) -> None:
    """Links and signatures as annotations of their pages."""
    wanted: dict[int, list[_Note]] = defaultdict(list)
    for number, frames in usage.links.items():
        wanted[number] += [_link(frame) for frame in frames]
    for fact in signatures.facts(bench.package):
        for number, note in _signature(bench, fact):
            wanted[number].append(note)
    pages = bench.package.documents[bench.number].pages
    for number, notes in sorted(wanted.items()):
        if 0 <= number < len(pages):
            _write(bench, pages[number].id, notes)


def _link(frame: Element) -> _Note:
    box = [float(word) for word in frame.get("Boundary", "").split()]
    frame.set("Boundary", f"0 0 {box[2]:g} {box[3]:g}")
    return _Note("Link", "Goto", (box[0], box[1], box[2], box[3]), (), (frame,))


def _signature(bench: Bench, fact: signatures.Fact) -> Iterator[tuple[int, _Note]]:
    """The facts stand with the first place that shows, or on the first page."""
    numbers = {page.id: at for at, page in enumerate(bench.package.documents[bench.number].pages)}
    words = fact.words[:_MOST_WORDS]
    if fact.trouble:
        bench.say(
            "signatures", f"签名 {fact.id} 无法完整读取：{fact.trouble}",
            f"signature {fact.id} cannot be read in full: {fact.trouble}", done=False,
        )  # fmt: skip
    image = _seal_image(bench, fact) if fact.picture else ""
    told = False
    for stamp in fact.stamps:
        if stamp.page_id not in numbers:
            continue
        box = signatures.shown(stamp)
        content = (_picture(bench, image, stamp.box, box),) if image else ()
        yield (
            numbers[stamp.page_id],
            _Note("Stamp", f"SignatureIn{fact.kind}", box, () if told else words, content),
        )
        told = True
    if not told:
        yield 0, _Note("Stamp", f"SignatureIn{fact.kind}", (0.0, 0.0, 0.0, 0.0), words, ())
    bench.say(
        "signatures", f"签名 {fact.id} 的信息记入注释，签名已去除",
        f"what signature {fact.id} says stands in a note; the signature was taken out",
    )  # fmt: skip


def _picture(
    bench: Bench,
    image: str,
    whole: tuple[float, float, float, float],
    box: tuple[float, float, float, float],
) -> Element:
    made = fresh(bench.document, "ImageObject")
    left, top = whole[0] - box[0], whole[1] - box[1]
    made.set("Boundary", f"0 0 {box[2]:g} {box[3]:g}")
    made.set("CTM", f"{whole[2]:g} 0 0 {whole[3]:g} {left:g} {top:g}")
    made.set("ResourceID", image)
    return made


def _seal_image(bench: Bench, fact: signatures.Fact) -> str:
    """The seal's picture as an image of the document; its id, or "" if it cannot be shown."""
    try:
        data = _inked(fact.picture)
    except Problem as problem:
        bench.say(
            "signatures", f"签章 {fact.id} 的印章图像无法转换：{problem.what}",
            f"the picture of seal {fact.id} cannot be converted: {problem.what}", done=False,
        )  # fmt: skip
        return ""
    part = bench.name("Res/Seal.png")
    bench.parts[part] = data
    list_part, listed = the_list(bench, DOCUMENT)
    group = px.child(listed, "MultiMedias")
    if group is None:
        group = add(listed, "MultiMedias")
    number = bench.next_id()
    item = add(group, "MultiMedia", ID=number, Type="Image", Format="PNG")
    add(item, "MediaFile", f"/{part}")
    bench.touch(list_part)
    return number


def _inked(data: bytes) -> bytes:
    """The seal as a PNG whose paper is clear: what lies under a seal shows through (6.13.3)."""
    if data.startswith(b"PK"):  # a seal that is itself an OFD
        from openrhip.formats.ofd import render  # noqa: PLC0415  only for such seals

        data = render.to_png(data, page=0, dpi=300)
    elif data.startswith(b"\x89PNG") and images.decode(data).alpha is not None:
        return data
    picture = images.decode(data)
    if picture.alpha is not None:
        return _png(picture.full())
    page = picture.image().convert("RGB")
    red, green, blue = page.split()
    darkest = ImageChops.darker(red, ImageChops.darker(green, blue))
    page.putalpha(darkest.point([min(255, 2 * (255 - value)) for value in range(256)]))
    return _png(page)


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _write(bench: Bench, page: str, notes: list[_Note]) -> None:
    part, root = _file_of(bench, page)
    today = clock.now().date().isoformat()
    for note in notes:
        made = add(
            root, "Annot", ID=bench.next_id(), Type=note.kind, Creator=CREATOR, LastModDate=today,
            Subtype=note.subtype, ReadOnly="true", NoZoom="true", NoRotate="true",
        )  # fmt: skip
        if note.words:
            add(made, "Remark", "归档前的签名信息（GB/T 42133 6.13）")
            group = add(made, "Parameters")
            for name, text in note.words:
                add(group, "Parameter", text, Name=legal(name[:200]))
        shown = add(made, "Appearance", Boundary=" ".join(f"{one:g}" for one in note.box))
        for unit in note.content:
            unit.set("ID", bench.next_id())
            shown.append(unit)
    bench.touch(part)


def _file_of(bench: Bench, page: str) -> tuple[str, Element]:
    """The annotation file of a page, made and listed if there is none."""
    list_part, listed = _list(bench)
    for item in px.children(listed, "Page"):
        if item.get("PageID", "") == page:
            part = bench.package.resolve(px.text(item, "FileLoc"), base=list_part)
            return part, bench.tree(part)
    part = bench.name("Annots/Annot.xml")
    item = add(listed, "Page", PageID=page)
    add(item, "FileLoc", f"/{part}")
    bench.touch(list_part)
    return part, bench.start(part, "PageAnnot")


def _list(bench: Bench) -> tuple[str, Element]:
    if location := px.text(bench.document, "Annotations"):
        for part in bench.trees:
            if f"/{part}" == location:
                return part, bench.tree(part)
        part = bench.package.resolve(location, base=bench.root_part)
        return part, bench.tree(part)
    part = bench.name("Annotations.xml")
    made = add(bench.document, "Annotations", f"/{part}")
    bench.document.remove(made)
    insert_in_order(bench.document, made, DOCUMENT_ORDER)
    bench.touch(bench.root_part)
    return part, bench.start(part, "Annotations")
