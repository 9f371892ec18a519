"""Images, audio and video, colour spaces, and where resources are listed (6.2.6, 6.3.1, 6.5)."""

from __future__ import annotations

import io
import posixpath
from collections.abc import Collection

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.profiles.ofd_a import resources
from openrhip.formats.ofd.profiles.ofd_a.bench import Bench, add, drop, elements, insert_in_order
from openrhip.formats.ofd.profiles.view import DOCUMENT, OF_PAGE, PUBLIC, Resource
from openrhip.formats.ofd.render import images
from openrhip.kernel.errors import Problem

COMMON_ORDER = ("MaxUnitID", "PageArea", "PublicRes", "DocumentRes", "TemplatePage", "DefaultCS")
_PUBLIC = ("ColorSpaces", "Fonts")
_OTHER = ("DrawParams", "MultiMedias", "CompositeGraphicUnits")
_ITEMS = {
    "ColorSpaces": "ColorSpace",
    "Fonts": "Font",
    "DrawParams": "DrawParam",
    "MultiMedias": "MultiMedia",
    "CompositeGraphicUnits": "CompositeGraphicUnit",
}


def convert_media(bench: Bench) -> None:
    """Before anything moves: each resource where its list has it."""
    for resource in (*bench.view.resources("Font"), *bench.view.resources("MultiMedia")):
        _straighten(bench, resource)
    for media in tuple(bench.view.resources("MultiMedia")):
        element = _element(bench, media)
        if element is None:
            continue
        kind = media.element.get("Type", "")
        if kind in ("Audio", "Video"):
            _take_out(bench, media, element, kind)
        elif kind == "Image":
            _image(bench, media, element)
    for space in tuple(bench.view.resources("ColorSpace")):
        element = _element(bench, space)
        kind = space.element.get("Type", "")
        if element is not None and space.location and not space.file:
            del element.attrib["Profile"]
            bench.touch(space.list_part)
            bench.say(
                "external", f"颜色配置文件 {space.location[:80]} 不在包内",
                f"profile {space.location[:80]} is not in the package", space.list_part,
            )  # fmt: skip
        if (
            element is not None
            and kind != kind.upper()
            and kind.upper() in resources.ALLOWED_COLOURS
        ):
            element.set("Type", kind.upper())
            bench.touch(space.list_part)
            bench.say(
                "colour-spaces", f"类型写作 {kind.upper()}", f"type {kind.upper()}", space.list_part
            )


def _straighten(bench: Bench, resource: Resource) -> None:
    """A location that only generous readers follow is written as the name of the part."""
    folder = bench.tree(resource.list_part).get("BaseLoc", "").strip()
    base = resource.list_part.rpartition("/")[0]
    if resource.location.startswith("/"):
        plain = resource.location[1:]
    else:
        plain = posixpath.normpath(posixpath.join("/", base, folder, resource.location))[1:]
    element = _element(bench, resource)
    if not resource.file or plain == resource.file or element is None:
        return
    for child in element:
        if px.local(child) in ("FontFile", "MediaFile"):
            child.text = f"/{resource.file}"
    bench.touch(resource.list_part)
    bench.say(
        "external", f"路径 {resource.location[:80]} 改为 /{resource.file}",
        f"{resource.location[:80]} is written /{resource.file} now", resource.list_part,
    )  # fmt: skip


def _element(bench: Bench, resource: Resource) -> Element | None:
    for group in bench.tree(resource.list_part):
        for item in px.children(group, px.local(resource.element)):
            if item.get("ID", "") == resource.id:
                return item
    return None


def _take_out(bench: Bench, media: Resource, element: Element, kind: str) -> None:
    group = element.getparent()
    drop(element)
    if group is not None and not len(group):
        drop(group)
    bench.touch(media.list_part)
    digest = bench.package.digest(media.file).hex() if media.file else ""
    size = bench.package.entries[media.file].size if media.file else 0
    bench.say(
        "audio-video", f"{kind} 资源 {media.id} 已移出", f"{kind} {media.id} was taken out",
        media.list_part, summary=f"{kind} {media.location[:120]} {size} bytes SM3 {digest}",
    )  # fmt: skip


def missing_images(bench: Bench) -> frozenset[str]:
    """Ids of images whose file is not in the package."""
    return frozenset(image.id for image in resources.images(bench.view) if not image.file)


def drop_missing(bench: Bench, root: Element, part: str, gone: Collection[str]) -> None:
    """What names an image, or a list of resources, that is not there (6.1)."""
    for unit in elements(root, "ImageObject") if gone else ():
        if unit.get("ResourceID", "") in gone:
            name = unit.get("ID", "")
            drop(unit)
            bench.touch(part)
            bench.say(
                "external", f"图像对象 {name} 的图像不在包内，对象已去除",
                f"image object {name} had no image in the package and was taken out", part,
            )  # fmt: skip
    for item in list(px.children(root, "PageRes")):
        if not bench.view.find(px.text(item), part):
            drop(item)
            bench.touch(part)
            bench.say("external", "页面资源文件不在包内", "a list of resources is not there", part)


def _image(bench: Bench, media: Resource, element: Element) -> None:
    names = [px.local(child) for child in resources.extras(media)]
    for child in list(element):
        if px.local(child) in names:
            drop(child)
    if names:
        bench.touch(media.list_part)
        bench.say(
            "image-extensions", f"图像 {media.id} 的扩展数据已去除",
            f"private data of image {media.id} was taken out", media.list_part,
        )  # fmt: skip
    if not media.file:
        group = element.getparent()
        drop(element)
        if group is not None and not len(group):
            drop(group)
        bench.touch(media.list_part)
        bench.say(
            "external", f"图像 {media.id} 的文件 {media.location[:80]} 不在包内",
            f"image {media.id}: {media.location[:80]} is not in the package", media.list_part,
        )  # fmt: skip
        return
    data = bench.package.read(media.file)
    if resources.image_kind(data):
        return
    try:
        picture = images.decode(data).full()
    except Problem as problem:
        bench.say(
            "image-formats", f"图像 {media.id} 无法转换：{problem.what}",
            f"image {media.id} cannot be converted: {problem.what}", media.file, done=False,
        )  # fmt: skip
        return
    part = bench.name(f"Res/Image_{media.id or '0'}.png")
    out = io.BytesIO()
    picture.save(out, "PNG")
    bench.parts[part] = out.getvalue()
    for child in list(px.children(element, "MediaFile")):
        drop(child)
    add(element, "MediaFile", f"/{part}")
    element.set("Format", "PNG")
    bench.touch(media.list_part)
    bench.say(
        "image-formats", f"图像 {media.id} 转为 PNG", f"image {media.id} became PNG", media.file
    )


def place_resources(bench: Bench) -> None:
    """Fonts and colour spaces in PublicRes, what pages share in DocumentRes."""
    shared = {breach.where for breach in resources.shared_images(bench.view)}
    for part, scope in bench.view.resource_lists:
        root = bench.tree(part)
        wrong = _OTHER if scope == PUBLIC else _PUBLIC
        for group in list(root):
            name = px.local(group)
            if name in wrong:
                goal = PUBLIC if name in _PUBLIC else DOCUMENT
                moved = list(px.children(group, _ITEMS[name]))
                _move(bench, part, root, moved, goal)
                drop(group)
                bench.touch(part)
                if moved:
                    bench.say(
                        "resource-place", f"{name} 移至 {_FILES[goal]}", f"{name}: {_FILES[goal]}",
                        part,
                    )  # fmt: skip
            elif name == "MultiMedias" and scope == OF_PAGE:
                _share(bench, part, root, group, shared)


def _share(bench: Bench, part: str, root: Element, group: Element, shared: set[str]) -> None:
    moved = [
        item
        for item in px.children(group, "MultiMedia")
        if bench.view.file_of(part, root, px.text(item, "MediaFile")) in shared
    ]
    if moved:
        _move(bench, part, root, moved, DOCUMENT)
        if not len(group):
            drop(group)
        bench.say("image-place", "多页共用的图像移至 DocumentRes", "shared images moved", part)


_FILES = {PUBLIC: "PublicRes", DOCUMENT: "DocumentRes"}


def _move(bench: Bench, part: str, root: Element, items: list[Element], goal: str) -> None:
    """Resources into the list of another scope; what they name is written from the root."""
    target_part, target = the_list(bench, goal)
    for item in items:
        group = item.getparent()
        name = px.local(group) if group is not None else ""
        holder = px.child(target, name)
        if holder is None:
            holder = add(target, name)
        known = {one.get("ID", "") for one in holder}
        for child in item.iter():
            if px.local(child) in ("FontFile", "MediaFile"):
                child.text = _absolute(bench, part, root, (child.text or "").strip())
        if profile := item.get("Profile", "").strip():
            item.set("Profile", _absolute(bench, part, root, profile))
        if item.get("ID", "") in known:
            drop(item)  # the same resource listed by several pages
        else:
            holder.append(item)
    bench.touch(part)
    bench.touch(target_part)


def _absolute(bench: Bench, part: str, root: Element, location: str) -> str:
    if location.startswith("/"):
        return location
    file = bench.view.file_of(part, root, location)
    return f"/{file}" if file else location


def the_list(bench: Bench, scope: str) -> tuple[str, Element]:
    """The resource list of a scope; made if the document has none."""
    common = px.child(bench.document, "CommonData")
    if common is None:
        common = add(bench.document, "CommonData")
        bench.document.remove(common)
        bench.document.insert(0, common)
    name = _FILES[scope]
    for item in px.children(common, name):
        part = _resolved(bench, px.text(item))
        if part:
            return part, bench.tree(part)
    part = bench.name(f"{name}.xml")
    root = bench.start(part, "Res")
    root.set("BaseLoc", "Res")
    made = add(common, name, posixpath.basename(part))
    common.remove(made)
    insert_in_order(common, made, COMMON_ORDER)
    bench.touch(bench.root_part)
    return part, root


def _resolved(bench: Bench, location: str) -> str:
    if not location:
        return ""
    made = posixpath.normpath(posixpath.join(bench.folder, location)) if bench.folder else location
    if made in bench.trees:
        return made
    try:
        return bench.package.resolve(location, base=bench.root_part)
    except Problem:
        return ""
